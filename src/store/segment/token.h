// Where a token ends, and where digits do: sixteen or eight bytes at once, for texts that are taken
// apart millions of times. Pure; any thread.
#pragma once

#ifdef __SSSE3__
#include <tmmintrin.h>
#endif

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace gac::store {

inline constexpr std::array<bool, 256> kSeparator = [] {
    std::array<bool, 256> out{};
    for (std::size_t c = 0; c <= 0x20; ++c) {
        out[c] = true;
    }
    for (const char c : {'=', ':', '/', '"', '\'', '(', ')', '[', ']', '{', '}', ',', ';', '&', '?',
                         '<', '>', '|', '\\'}) {
        out[static_cast<unsigned char>(c)] = true;
    }
    return out;
}();

// Ends a token.
inline bool is_separator(char c) { return kSeparator[static_cast<unsigned char>(c)]; }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The first separator from `at` on, or `end`.
inline const char* token_end(const char* at, const char* end) {
#ifdef __SSSE3__
    // A byte is a separator when its two halves have a bit in common. What shares a bit of the high
    // half has separators at the same low ones.
    static constexpr auto kHalves = [] {
        std::array<std::array<char, 16>, 2> halves{};  // by the low half, by the high half
        constexpr char kHigh[16] = {1, 1, 2, 4, 0, 8, 0, 8};
        for (std::size_t c = 0; c < 256; ++c) {
            halves[1][c >> 4] = kHigh[c >> 4];
            if (kSeparator[c]) {
                halves[0][c & 15] = static_cast<char>(halves[0][c & 15] | kHigh[c >> 4]);
            }
        }
        for (std::size_t c = 0; c < 256; ++c) {
            if (((halves[0][c & 15] & halves[1][c >> 4]) != 0) != kSeparator[c]) {
                throw "the set of separators has no such form";  // while compiling
            }
        }
        return halves;
    }();
    const auto load = [](const char* from) {
        return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    };
    const __m128i low_bits = load(kHalves[0].data());
    const __m128i high_bits = load(kHalves[1].data());
    for (; end - at >= 16; at += 16) {
        const __m128i bytes = load(at);
        const __m128i half = _mm_set1_epi8(15);
        const __m128i low = _mm_shuffle_epi8(low_bits, _mm_and_si128(bytes, half));
        const __m128i high =
            _mm_shuffle_epi8(high_bits, _mm_and_si128(_mm_srli_epi16(bytes, 4), half));
        const __m128i none = _mm_cmpeq_epi8(_mm_and_si128(low, high), _mm_setzero_si128());
        const auto separators = ~static_cast<unsigned>(_mm_movemask_epi8(none)) & 0xffffU;
        if (separators != 0) {
            return at + std::countr_zero(separators);
        }
    }
#endif
    while (at < end && !is_separator(*at)) {
        ++at;
    }
    return at;
}

// The first byte from `at` on that is no digit, or `end`.
inline const char* digits_end(const char* at, const char* end) {
    constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101U;
    if constexpr (std::endian::native == std::endian::little) {
        for (; end - at >= 8; at += 8) {
            std::uint64_t bytes = 0;
            std::memcpy(&bytes, at, sizeof bytes);
            // '0' to '9' are 3 in the high half, also when 6 is added.
            const std::uint64_t other =
                ((bytes & 0xf0 * kOnes) ^ 0x30 * kOnes)
                | ((((bytes & 0x7f * kOnes) + 6 * kOnes) & 0xf0 * kOnes) ^ 0x30 * kOnes);
            if (other != 0) {
                return at + std::countr_zero(other) / 8;
            }
        }
    }
    while (at < end && is_digit(*at)) {
        ++at;
    }
    return at;
}

}  // namespace gac::store
