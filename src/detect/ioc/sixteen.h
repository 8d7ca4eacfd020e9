// Sixteen bytes of text at once: what the quick look at an event is made of. Plain values; any
// thread.
#pragma once

#ifdef __SSE4_1__
#include <smmintrin.h>
#endif

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>

// Sanitizers would find fault with what is read behind a text on its page of memory.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GAC_READ_EXACTLY 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GAC_READ_EXACTLY 1
#endif
#endif

namespace gac::detect::ioc {

inline std::uint64_t load_8(const char* from) {
    std::uint64_t out = 0;
    std::memcpy(&out, from, 8);
    return out;
}

// Up to eight bytes as a number, the first one lowest; none behind `size` is read.
inline std::uint64_t load_upto_8(const char* from, std::size_t size) {
    std::uint64_t out = 0;
    if (size >= 8) {
        out = load_8(from);
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
    // `size` bytes, at least 1; those behind the 16th are left out, those that are not there are
    // zero. What stands behind the text on the same page of memory may be read, too.
    static Sixteen load(const char* from, std::size_t size);
    void store(char* to) const;

    Sixteen lower() const;  // of ASCII
    // Bit i for byte i that is one of these; that is above c, as a signed byte.
    template <class... Chars>
    unsigned equal(Chars... chars) const;
    unsigned above(char c) const;
    unsigned beyond_ascii() const;
    // What the first `size` bytes say as a dotted quad, in host order; nothing when they are none.
    std::optional<std::uint32_t> dotted_quad(std::size_t size) const;
    // The sixteen as hex digits of a number, the first one highest; false when one is none.
    bool hex(std::uint64_t& number) const;

private:
#ifdef __SSE4_1__
    explicit Sixteen(__m128i bytes) : bytes_(bytes) {}
    static constexpr auto kFirst = [] {  // from 16 - n on: n bytes of ones, then zeros
        std::array<char, 32> masks{};
        std::fill_n(masks.begin(), 16, static_cast<char>(0xff));
        return masks;
    }();
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
inline Sixteen Sixteen::load(const char* from, std::size_t size) {
    size = std::min<std::size_t>(size, 16);
#ifndef GAC_READ_EXACTLY
    constexpr std::uintptr_t kPage = 4096;
    if ((reinterpret_cast<std::uintptr_t>(from) & (kPage - 1)) <= kPage - 16) [[likely]] {
        return Sixteen(_mm_and_si128(load(from).bytes_, load(kFirst.data() + 16 - size).bytes_));
    }
#endif
    const std::uint64_t low = load_upto_8(from, size);
    const std::uint64_t high = size > 8 ? load_upto_8(from + 8, size - 8) : 0;
    return Sixteen(_mm_set_epi64x(static_cast<long long>(high), static_cast<long long>(low)));
}
inline void Sixteen::store(char* to) const {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes_);
}
inline Sixteen Sixteen::lower() const {
    return Sixteen(
        _mm_or_si128(bytes_, _mm_and_si128(between(bytes_, 'A', 'Z'), _mm_set1_epi8(0x20))));
}
template <class... Chars>
unsigned Sixteen::equal(Chars... chars) const {
    __m128i found = _mm_setzero_si128();
    ((found = _mm_or_si128(found, _mm_cmpeq_epi8(bytes_, _mm_set1_epi8(chars)))), ...);
    return mask(found);
}
inline unsigned Sixteen::above(char c) const {
    return mask(_mm_cmpgt_epi8(bytes_, _mm_set1_epi8(c)));
}
inline unsigned Sixteen::beyond_ascii() const { return mask(bytes_); }
inline std::optional<std::uint32_t> Sixteen::dotted_quad(std::size_t size) const {
    // Four octets of one to three digits: which bytes are the digits of the first one, …
    static constexpr auto kDigits = [] {
        std::array<std::array<char, 16>, 81> moves{};
        for (std::size_t sizes = 0; sizes < 81; ++sizes) {
            std::size_t from = 0;
            for (std::size_t octet = 0, rest = 27; octet < 4; ++octet, rest /= 3) {
                const std::size_t digits = sizes / rest % 3 + 1;
                for (std::size_t i = 0; i < 4; ++i) {  // the last digit stands last
                    moves[sizes][octet * 4 + i] =
                        static_cast<char>(i + digits < 4 ? 0x80 : from + i + digits - 4);
                }
                from += digits + 1;
            }
        }
        return moves;
    }();
    const unsigned all = (1U << size) - 1;
    const __m128i digit = between(bytes_, '0', '9');
    unsigned ends = (mask(_mm_cmpeq_epi8(bytes_, _mm_set1_epi8('.'))) & all) | 1U << size;
    if ((ends | mask(digit)) != (all | 1U << size)) {
        return std::nullopt;
    }
    unsigned begin = 0;
    unsigned sizes = 0;
    unsigned bad = 0;
    for (int i = 0; i < 4; ++i) {
        bad |= static_cast<unsigned>(ends == 0);
        const auto end = static_cast<unsigned>(std::countr_zero(ends | 1U << 31));
        const unsigned more = end - begin - 1;  // digits behind the first one
        bad |= static_cast<unsigned>(more > 2);
        sizes = sizes * 3 + more;
        begin = end + 1;
        ends &= ends - 1;
    }
    if ((bad | ends) != 0) {
        return std::nullopt;
    }
    const __m128i digits = _mm_shuffle_epi8(_mm_and_si128(bytes_, _mm_set1_epi8(15)),
                                            load(kDigits[sizes].data()).bytes_);
    const __m128i pairs = _mm_maddubs_epi16(digits, _mm_set1_epi32(0x010a'6400));
    const __m128i octets = _mm_madd_epi16(pairs, _mm_set1_epi16(1));
    if (mask(_mm_cmpgt_epi32(octets, _mm_set1_epi32(255))) != 0) {
        return std::nullopt;
    }
    const __m128i words = _mm_packs_epi32(octets, octets);
    return __builtin_bswap32(
        static_cast<std::uint32_t>(_mm_cvtsi128_si32(_mm_packus_epi16(words, words))));
}
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
inline Sixteen Sixteen::load(const char* from, std::size_t size) {
    Sixteen out;
    out.bytes_.fill(0);
    std::memcpy(out.bytes_.data(), from, std::min<std::size_t>(size, 16));
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
template <class... Chars>
unsigned Sixteen::equal(Chars... chars) const {
    return mask([&](char byte) { return ((byte == chars) || ...); });
}
inline unsigned Sixteen::above(char c) const {
    return mask(
        [c](char byte) { return static_cast<signed char>(byte) > static_cast<signed char>(c); });
}
inline unsigned Sixteen::beyond_ascii() const {
    return mask([](char byte) { return (byte & 0x80) != 0; });
}
inline std::optional<std::uint32_t> Sixteen::dotted_quad(std::size_t size) const {
    std::uint32_t value = 0;
    std::size_t at = 0;
    for (int i = 0; i < 4; ++i) {
        std::uint32_t octet = 0;
        const std::size_t begin = at;
        for (; at < size && bytes_[at] >= '0' && bytes_[at] <= '9' && at - begin < 3; ++at) {
            octet = octet * 10 + static_cast<std::uint32_t>(bytes_[at] - '0');
        }
        if (at == begin || octet > 255 || (at == size) != (i == 3)
            || (i < 3 && bytes_[at++] != '.')) {
            return std::nullopt;
        }
        value = value << 8 | octet;
    }
    return value;
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
