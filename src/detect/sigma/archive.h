// Plain values to bytes and back, for files that the same program wrote: native order, no versions.
// One function `pass(archive, value)` for each type serves both ways.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace gac::detect::sigma {

class Saver {
public:
    static constexpr bool kLoads = false;
    struct Nesting {
        explicit Nesting(Saver&) {}
    };
    explicit Saver(std::string& out) : out_(out) {}
    void raw(const void* from, std::size_t bytes) {
        out_.append(static_cast<const char*>(from), bytes);
    }

private:
    std::string& out_;
};

class Loader {
public:
    static constexpr bool kLoads = true;
    // Held while a value reads values of its own type; too many in each other are a fault.
    class Nesting {
    public:
        explicit Nesting(Loader& loader) : loader_(loader) {
            if (++loader_.depth_ > kDepthMax) {
                loader_.fail();
            }
        }
        ~Nesting() { --loader_.depth_; }
        Nesting(const Nesting&) = delete;
        Nesting& operator=(const Nesting&) = delete;

    private:
        Loader& loader_;
    };
    explicit Loader(std::string_view in) : in_(in) {}
    // Zeros once the bytes have run out.
    void raw(void* to, std::size_t bytes) {
        if (bytes > in_.size()) {
            fail();
            std::memset(to, 0, bytes);
            return;
        }
        std::memcpy(to, in_.data(), bytes);
        in_.remove_prefix(bytes);
    }
    // A count of things that take a byte at least.
    std::size_t count(std::uint32_t said) {
        failed_ = failed_ || said > in_.size();
        return failed_ ? 0 : said;
    }
    std::string_view take(std::size_t bytes) {
        const std::string_view out = in_.substr(0, bytes);
        in_.remove_prefix(out.size());
        return out;
    }
    void fail() {
        failed_ = true;
        in_ = {};
    }
    bool failed() const { return failed_; }
    bool done() const { return in_.empty() && !failed_; }

private:
    static constexpr int kDepthMax = 1'000;
    std::string_view in_;
    int depth_ = 0;
    bool failed_ = false;
};

template <class A, class T>
    requires(std::is_arithmetic_v<T>)
void pass(A& archive, T& value) {
    archive.raw(&value, sizeof value);
}

template <class A>
void pass(A& archive, bool& value) {
    auto byte = static_cast<std::uint8_t>(value);
    pass(archive, byte);
    value = byte != 0;
}

// The last enumerator, defined where the type is passed.
template <class E>
extern const E kLast;

template <class A, class E>
    requires(std::is_enum_v<E>)
void pass(A& archive, E& value) {
    auto number = static_cast<std::underlying_type_t<E>>(value);
    pass(archive, number);
    if constexpr (A::kLoads) {
        if (number > static_cast<std::underlying_type_t<E>>(kLast<E>)) {
            archive.fail();
            number = 0;
        }
        value = static_cast<E>(number);
    }
}

template <class A>
std::size_t pass_count(A& archive, std::size_t have) {
    auto count = static_cast<std::uint32_t>(have);
    pass(archive, count);
    if constexpr (A::kLoads) {
        return archive.count(count);
    }
    return count;
}

template <class A>
void pass(A& archive, std::string& value) {
    const std::size_t size = pass_count(archive, value.size());
    if constexpr (A::kLoads) {
        value = archive.take(size);
    } else {
        archive.raw(value.data(), size);
    }
}

template <class A, class First, class Second>
void pass(A& archive, std::pair<First, Second>& value) {
    pass(archive, value.first);
    pass(archive, value.second);
}

template <class A, class T>
void pass(A& archive, std::vector<T>& values) {
    const std::size_t size = pass_count(archive, values.size());
    if constexpr (A::kLoads) {
        values.clear();
        values.resize(size);
    }
    for (T& value : values) {
        pass(archive, value);
    }
}

template <class A, class T>
void pass(A& archive, std::optional<T>& value) {
    bool has = value.has_value();
    pass(archive, has);
    if (has && !value) {
        value.emplace();
    }
    if (has) {
        pass(archive, *value);
    }
}

template <class A, class... Values>
void pass_all(A& archive, Values&... values) {
    (pass(archive, values), ...);
}

}  // namespace gac::detect::sigma
