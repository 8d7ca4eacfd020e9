#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "ingest/core/scan.h"
#include "ingest/evtx/values.h"

namespace gac::ingest::evtx {

namespace {

template <class T>
bool integer(std::string_view bytes, event::ValueRef& out) {
    T value{};
    if (bytes.size() != sizeof(T)) {
        return false;
    }
    std::memcpy(&value, bytes.data(), sizeof(T));
    out = event::ValueRef(static_cast<std::int64_t>(value));
    return true;
}

// The shortest text of a number, read again: a float is the number that its digits say.
template <class T>
bool real(std::string_view bytes, base::Arena& arena, event::ValueRef& out) {
    T value{};
    if (bytes.size() != sizeof(T)) {
        return false;
    }
    std::memcpy(&value, bytes.data(), sizeof(T));
    if (!std::isfinite(value)) {
        out = event::ValueRef();
        return true;
    }
    const std::string text = fmt::format("{}", value);
    const std::string_view digits = std::string_view(text).substr(text[0] == '-' ? 1 : 0);
    if (std::ranges::all_of(digits, is_digit)) {
        const auto whole = parse_integer(text);
        out = whole ? event::ValueRef(*whole) : event::ValueRef(arena.copy(text));
        return true;
    }
    double number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    out = event::ValueRef(number);
    return true;
}

std::string_view latin1(std::string_view bytes, base::Arena& arena) {
    while (bytes.ends_with('\0')) {
        bytes.remove_suffix(1);
    }
    char* const to = static_cast<char*>(arena.allocate(bytes.size() * 2, 1));
    char* at = to;
    for (const char c : bytes) {
        at = put_code_point(static_cast<unsigned char>(c), at);
    }
    return {to, at};
}

std::string_view hex(std::string_view bytes, base::Arena& arena) {
    char* const to = static_cast<char*>(arena.allocate(bytes.size() * 2, 1));
    char* at = to;
    for (const char c : bytes) {
        *at++ = "0123456789ABCDEF"[static_cast<unsigned char>(c) >> 4];
        *at++ = "0123456789ABCDEF"[static_cast<unsigned char>(c) & 15];
    }
    return {to, at};
}

bool list(ValueType type, std::string_view bytes, base::Arena& arena, event::ValueRef& out) {
    std::vector<event::ValueRef> values;
    const auto add = [&](std::string_view element) {
        values.emplace_back();
        return to_value({static_cast<std::uint8_t>(type), element}, arena, values.back());
    };
    if (type == ValueType::String || type == ValueType::AnsiString) {
        each_text(type, bytes, add);
    } else {
        const std::size_t size = size_of(type);
        if (size == 0 || bytes.size() % size != 0) {
            return false;
        }
        for (std::size_t at = 0; at < bytes.size(); at += size) {
            if (!add(bytes.substr(at, size))) {
                return false;
            }
        }
    }
    if (values.size() > kListMax) {
        return false;
    }
    const auto copy = arena.copy(std::span<const event::ValueRef>(values));
    out = event::ValueRef(std::span<const event::ValueRef>(copy));
    return true;
}

}  // namespace

bool to_value(const Value& value, base::Arena& arena, event::ValueRef& out) {
    const auto type = static_cast<ValueType>(value.type & ~kArrayFlag);
    const std::string_view bytes = value.bytes;
    if (value.is_array()) {
        return list(type, bytes, arena, out);
    }
    switch (type) {
        case ValueType::String:
        case ValueType::EvtXml:
            out = event::ValueRef(decode_utf16(without_blanks_at_end(bytes), arena));
            return true;
        case ValueType::AnsiString:
            out = event::ValueRef(latin1(bytes, arena));
            return true;
        case ValueType::Int8:
            return integer<std::int8_t>(bytes, out);
        case ValueType::UInt8:
            return integer<std::uint8_t>(bytes, out);
        case ValueType::Int16:
            return integer<std::int16_t>(bytes, out);
        case ValueType::UInt16:
            return integer<std::uint16_t>(bytes, out);
        case ValueType::Int32:
            return integer<std::int32_t>(bytes, out);
        case ValueType::UInt32:
            return integer<std::uint32_t>(bytes, out);
        case ValueType::Int64:
            return integer<std::int64_t>(bytes, out);
        case ValueType::UInt64: {
            if (!integer<std::uint64_t>(bytes, out)) {
                return false;
            }
            if (out.integer() < 0) {  // beyond what an Integer holds: digits
                const fmt::format_int text(static_cast<std::uint64_t>(out.integer()));
                out = event::ValueRef(arena.copy({text.data(), text.size()}));
            }
            return true;
        }
        case ValueType::Real32:
            return real<float>(bytes, arena, out);
        case ValueType::Real64:
            return real<double>(bytes, arena, out);
        case ValueType::Bool: {
            if (!integer<std::uint32_t>(bytes, out)) {
                return false;
            }
            out = event::ValueRef(out.integer() != 0);
            return true;
        }
        case ValueType::Binary:
            out = event::ValueRef(hex(bytes, arena));
            return true;
        case ValueType::Guid:
        case ValueType::SizeT:
        case ValueType::EvtHandle:
        case ValueType::FileTime:
        case ValueType::SysTime:
        case ValueType::Sid:
        case ValueType::HexInt32:
        case ValueType::HexInt64: {
            char text[kFixedTextMax];
            const std::size_t length = fixed_text(type, bytes, text);
            out = event::ValueRef(arena.copy({text, length}));
            return length > 0;
        }
        case ValueType::Null:
        case ValueType::BinXml:
            return false;
    }
    return false;
}

}  // namespace gac::ingest::evtx
