// One field's value: a 16-byte view. String bytes, IP addresses and list elements live in the
// batch's arena (or in text that outlives the batch), so a ValueRef is valid as long as its batch
// is not reset.
#pragma once

#include <cassert>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "base/time.h"

namespace gac::event {

enum class Type : std::uint8_t { Null, String, Integer, Float, Bool, Ip, Time, List };

class ValueRef {
public:
    constexpr ValueRef() : integer_(0) {}
    constexpr explicit ValueRef(std::string_view text)
        : text_(text.data()), size_(static_cast<std::uint32_t>(text.size())), type_(Type::String) {}
    constexpr explicit ValueRef(std::int64_t integer) : integer_(integer), type_(Type::Integer) {}
    constexpr explicit ValueRef(double number) : float_(number), type_(Type::Float) {}
    constexpr explicit ValueRef(bool truth) : integer_(truth ? 1 : 0), type_(Type::Bool) {}
    constexpr explicit ValueRef(base::TimePoint time) : integer_(time.us), type_(Type::Time) {}
    constexpr explicit ValueRef(const base::IpAddress* address) : ip_(address), type_(Type::Ip) {}
    constexpr explicit ValueRef(std::span<const ValueRef> list)
        : list_(list.data()), size_(static_cast<std::uint32_t>(list.size())), type_(Type::List) {}

    // A String whose text is still the body of a JSON string, escapes and all. Only decoders that
    // were asked for lazy texts give these; whoever asks reads them by text().
    static constexpr ValueRef escaped(std::string_view body) {
        ValueRef out(body);
        out.escaped_ = true;
        return out;
    }

    constexpr Type type() const { return type_; }
    constexpr bool is_null() const { return type_ == Type::Null; }
    constexpr bool is_string() const { return type_ == Type::String; }
    constexpr bool is_escaped() const { return escaped_; }
    constexpr std::string_view escaped_body() const { return {text_, size_}; }
    // Each only for its own type.
    constexpr std::string_view string() const {
        assert(!escaped_);
        return {text_, size_};
    }
    constexpr std::int64_t integer() const { return integer_; }
    constexpr double number() const { return float_; }
    constexpr bool truth() const { return integer_ != 0; }
    constexpr base::TimePoint time() const { return {integer_}; }
    constexpr const base::IpAddress& ip() const { return *ip_; }
    constexpr std::span<const ValueRef> list() const { return {list_, size_}; }

    // The text that string tests see: decimal integers, shortest floats, true/false, canonical
    // addresses, RFC 3339 times; strings as they are. A list or null gives "". `scratch` backs what
    // had to be made.
    std::string_view text(std::string& scratch) const;

    void append_json(std::string& out) const;

private:
    union {
        const char* text_;
        std::int64_t integer_;
        double float_;
        const base::IpAddress* ip_;
        const ValueRef* list_;
    };
    std::uint32_t size_ = 0;
    Type type_ = Type::Null;
    bool escaped_ = false;
};

static_assert(sizeof(ValueRef) == 16);

}  // namespace gac::event
