#include "ingest/evtx/utf16.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace gac::ingest::evtx {

std::string_view without_blanks_at_end(std::string_view utf16) {
    std::size_t units = utf16.size() / 2;
    while (units > 0) {
        const std::uint16_t unit = unit_at(utf16, units - 1);
        if (unit != 0 && unit != ' ' && (unit < '\t' || unit > '\r')) {
            break;
        }
        --units;
    }
    return utf16.substr(0, units * 2);
}

std::size_t narrow_ascii(const char* utf16, std::size_t units, char* to) {
    std::size_t i = 0;
#if defined(__SSE2__)
    const __m128i high = _mm_set1_epi16(static_cast<short>(0xff80));
    const auto is_ascii = [&](__m128i both) {
        return _mm_movemask_epi8(_mm_cmpeq_epi16(_mm_and_si128(both, high), _mm_setzero_si128()))
               == 0xffff;
    };
    for (; i + 16 <= units; i += 16) {
        const auto* from = reinterpret_cast<const __m128i*>(utf16 + 2 * i);
        const __m128i a = _mm_loadu_si128(from);
        const __m128i b = _mm_loadu_si128(from + 1);
        if (!is_ascii(_mm_or_si128(a, b))) {
            break;
        }
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i), _mm_packus_epi16(a, b));
    }
    for (; i + 8 <= units; i += 8) {
        const __m128i a = _mm_loadu_si128(reinterpret_cast<const __m128i*>(utf16 + 2 * i));
        if (!is_ascii(a)) {
            break;
        }
        _mm_storel_epi64(reinterpret_cast<__m128i*>(to + i), _mm_packus_epi16(a, a));
    }
#endif
    for (; i < units; ++i) {
        std::uint16_t unit = 0;
        std::memcpy(&unit, utf16 + 2 * i, 2);
        if (unit >= 0x80) {
            break;
        }
        to[i] = static_cast<char>(unit);
    }
    return i;
}

std::string_view decode_utf16(std::string_view utf16, base::Arena& arena) {
    const std::size_t units = utf16.size() / 2;
    char* to = static_cast<char*>(arena.allocate(units, 1));
    const std::size_t plain = narrow_ascii(utf16.data(), units, to);
    if (plain == units) {
        return {to, units};
    }
    std::size_t bytes = plain;
    for (std::size_t i = plain; i < units;) {
        const std::uint32_t c = next_code_point(utf16, units, i);
        bytes += c < 0x80 ? 1U : c < 0x800 ? 2U : c < 0x10000 ? 3U : 4U;
    }
    char* const wide = static_cast<char*>(arena.allocate(bytes, 1));
    std::memcpy(wide, to, plain);
    char* at = wide + plain;
    for (std::size_t i = plain; i < units;) {
        at = put_code_point(next_code_point(utf16, units, i), at);
    }
    return {wide, bytes};
}

}  // namespace gac::ingest::evtx
