// Sixteen bytes of text at once: what the quick look at an event is made of. Plain values; any
// thread.
#pragma once

#ifdef __SSE4_1__
#include <smmintrin.h>
#else
#include <array>
#endif

#include <cstdint>
#include <cstring>

namespace gac::detect::ioc {

// Up to eight bytes as a number, the first one lowest; none behind `size` is read.
inline std::uint64_t load_upto8(const char* from, std::size_t size) {
    std::uint64_t out = 0;
    if (size >= 8) {
        std::memcpy(&out, from, 8);
    } else if (size >= 4) {
        std::uint32_t head = 0;
        std::uint32_t tail = 0;
        std::memcpy(&head, from, 4);
        std::memcpy(&tail, from + size - 4, 4);
        out = head | std::uint64_t{tail} << (size - 4) * 8;
    } else if (size > 0) {
        const auto byte = [&](std::size_t at) {
            return std::uint64_t{static_cast<unsigned char>(from[at])} << at * 8;
        };
        out = byte(0) | byte(size / 2) | byte(size - 1);
    }
    return out;
}

class Sixteen {
public:
    // Reads 16 bytes.
    static Sixteen load(const char* from);
    // Reads `size` bytes, at most 16; the others are zero.
    static Sixteen load(const char* from, std::size_t size) {
        if (size >= 16) {
            return load(from);
        }
        char bytes[16];
        const std::uint64_t low = load_upto8(from, size);
        const std::uint64_t high = size > 8 ? load_upto8(from + 8, size - 8) : 0;
        std::memcpy(bytes, &low, 8);
        std::memcpy(bytes + 8, &high, 8);
        return load(bytes);
    }
    void store(char* to) const;

    Sixteen lower() const;  // of ASCII
    // Bit i for byte i that is c; that is above c, as a signed byte; of the two together.
    unsigned equal(char c) const;
    unsigned above(char c) const;
    unsigned beyond_ascii() const;
    // The sixteen as hex digits of a number, the first one highest; false when one is none.
    bool hex(std::uint64_t& number) const;

private:
#ifdef __SSE4_1__
    explicit Sixteen(__m128i bytes) : bytes_(bytes) {}
    static unsigned mask(__m128i bytes) { return static_cast<unsigned>(_mm_movemask_epi8(bytes)); }
    static __m128i between(__m128i bytes, char low, char high) {
        return _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8(static_cast<char>(low - 1))),
                             _mm_cmpgt_epi8(_mm_set1_epi8(static_cast<char>(high + 1)), bytes));
    }
    __m128i bytes_;
#else
    template <class Is>
    unsigned mask(Is&& is) const {
        unsigned out = 0;
        for (unsigned i = 0; i < 16; ++i) {
            out |= (is(bytes_[i]) ? 1U : 0U) << i;
        }
        return out;
    }
    std::array<char, 16> bytes_;
#endif
};

#ifdef __SSE4_1__

inline Sixteen Sixteen::load(const char* from) {
    return Sixteen(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}
inline void Sixteen::store(char* to) const {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes_);
}
inline Sixteen Sixteen::lower() const {
    return Sixteen(
        _mm_or_si128(bytes_, _mm_and_si128(between(bytes_, 'A', 'Z'), _mm_set1_epi8(0x20))));
}
inline unsigned Sixteen::equal(char c) const {
    return mask(_mm_cmpeq_epi8(bytes_, _mm_set1_epi8(c)));
}
inline unsigned Sixteen::above(char c) const {
    return mask(_mm_cmpgt_epi8(bytes_, _mm_set1_epi8(c)));
}
inline unsigned Sixteen::beyond_ascii() const { return mask(bytes_); }
inline bool Sixteen::hex(std::uint64_t& number) const {
    const __m128i digit = between(bytes_, '0', '9');
    const __m128i letter = between(_mm_or_si128(bytes_, _mm_set1_epi8(0x20)), 'a', 'f');
    const __m128i values = _mm_add_epi8(_mm_and_si128(bytes_, _mm_set1_epi8(15)),
                                        _mm_and_si128(letter, _mm_set1_epi8(9)));
    // Two digits make a byte, and the first byte is the highest of the number.
    const __m128i pairs = _mm_maddubs_epi16(values, _mm_set1_epi16(0x0110));
    number = __builtin_bswap64(
        static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_packus_epi16(pairs, pairs))));
    return mask(_mm_or_si128(digit, letter)) == 0xffff;
}

#else

inline Sixteen Sixteen::load(const char* from) {
    Sixteen out;
    std::memcpy(out.bytes_.data(), from, 16);
    return out;
}
inline void Sixteen::store(char* to) const { std::memcpy(to, bytes_.data(), 16); }
inline Sixteen Sixteen::lower() const {
    Sixteen out = *this;
    for (char& c : out.bytes_) {
        c = static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
    return out;
}
inline unsigned Sixteen::equal(char c) const {
    return mask([c](char byte) { return byte == c; });
}
inline unsigned Sixteen::above(char c) const {
    return mask(
        [c](char byte) { return static_cast<signed char>(byte) > static_cast<signed char>(c); });
}
inline unsigned Sixteen::beyond_ascii() const {
    return mask([](char byte) { return (byte & 0x80) != 0; });
}
inline bool Sixteen::hex(std::uint64_t& number) const {
    number = 0;
    for (const char c : bytes_) {
        const char low = static_cast<char>(c | 0x20);
        const bool letter = low >= 'a' && low <= 'f';
        if (!letter && (c < '0' || c > '9')) {
            return false;
        }
        number = number << 4 | static_cast<unsigned>((c & 15) + (letter ? 9 : 0));
    }
    return true;
}

#endif

}  // namespace gac::detect::ioc
