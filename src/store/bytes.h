// Writing the store's little-endian formats into a string. Reading is base::Reader.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/reader.h"

namespace gac::store {

template <class T>
void put(std::string& out, T value) {
    static_assert(std::is_integral_v<T>);
    char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    out.append(bytes, sizeof(T));
}

template <class T>
void put_at(std::string& out, std::size_t at, T value) {
    static_assert(std::is_integral_v<T>);
    std::memcpy(out.data() + at, &value, sizeof(T));
}

inline constexpr std::size_t kVarintMax = 10;

// Returns the end of what was written: at most kVarintMax bytes.
inline char* put_varint(char* to, std::uint64_t value) {
    while (value >= 0x80) {
        *to++ = static_cast<char>(value | 0x80);
        value >>= 7;
    }
    *to++ = static_cast<char>(value);
    return to;
}

inline void put_varint(std::string& out, std::uint64_t value) {
    char bytes[kVarintMax];
    out.append(bytes, put_varint(bytes, value));
}

inline std::uint64_t zigzag(std::int64_t value) {
    return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

inline std::int64_t unzigzag(std::uint64_t value) {
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

// The difference of two numbers that may wrap: put it back with wrapping_add.
inline std::int64_t wrapping_sub(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

inline std::int64_t wrapping_add(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

inline void put_text(std::string& out, std::string_view text) {
    put_varint(out, text.size());
    out.append(text);
}

inline std::string_view read_text(base::Reader& in) { return in.take(in.read_varint()); }

}  // namespace gac::store
