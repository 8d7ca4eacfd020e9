// Equality of short texts without a call: most that are compared when events are written have a few
// bytes. Pure.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace gac::store {

inline bool same_bytes(const char* a, const char* b, std::size_t size) {
    const auto differ = [&]<class Word>(Word, std::size_t at) {
        Word x = 0;
        Word y = 0;
        std::memcpy(&x, a + at, sizeof x);
        std::memcpy(&y, b + at, sizeof y);
        return x != y;
    };
    constexpr std::uint64_t kEight = 0;
    if (size >= 8) {
        if (size > 64) {
            return std::memcmp(a, b, size) == 0;
        }
        for (std::size_t at = 0; at + 8 <= size; at += 8) {
            if (differ(kEight, at)) {
                return false;
            }
        }
        return !differ(kEight, size - 8);
    }
    if (size >= 4) {
        return !differ(std::uint32_t{0}, 0) && !differ(std::uint32_t{0}, size - 4);
    }
    if (size >= 2) {
        return !differ(std::uint16_t{0}, 0) && !differ(std::uint16_t{0}, size - 2);
    }
    return size == 0 || *a == *b;
}

inline bool same_bytes(std::string_view a, std::string_view b) {
    return a.size() == b.size() && same_bytes(a.data(), b.data(), a.size());
}

}  // namespace gac::store
