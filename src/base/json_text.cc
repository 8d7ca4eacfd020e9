#include "base/json_text.h"

#include <bit>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace gac::base {

namespace {

constexpr std::size_t kStep = kUnescapeSlack;

// Bit i is set where byte i of the next 16 is `c`.
std::uint32_t matches(const char* from, char c) {
#ifdef __SSE2__
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(c))));
#else
    std::uint32_t mask = 0;
    for (unsigned i = 0; i < kStep; ++i) {
        mask |= static_cast<std::uint32_t>(from[i] == c) << i;
    }
    return mask;
#endif
}

// Four hexadecimal digits, or a negative number.
int hex4(std::string_view text) {
    if (text.size() < 4) {
        return -1;
    }
    int value = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        const char c = text[i];
        int digit = 0;
        if (c >= '0' && c <= '9') {
            digit = c - '0';
        } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
            digit = (c | 0x20) - 'a' + 10;
        } else {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

char* put_utf8(std::uint32_t c, char* to) {
    const auto byte = [&](std::uint32_t value) { *to++ = static_cast<char>(value); };
    if (c < 0x80) {
        byte(c);
    } else if (c < 0x800) {
        byte(0xC0 | (c >> 6));
        byte(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        byte(0xE0 | (c >> 12));
        byte(0x80 | ((c >> 6) & 0x3F));
        byte(0x80 | (c & 0x3F));
    } else {
        byte(0xF0 | (c >> 18));
        byte(0x80 | ((c >> 12) & 0x3F));
        byte(0x80 | ((c >> 6) & 0x3F));
        byte(0x80 | (c & 0x3F));
    }
    return to;
}

// One escape at the front of `rest` (which begins with a backslash): writes it, gives its length.
// Never writes more bytes than it reads.
std::size_t put_escape(std::string_view rest, char*& to) {
    if (rest.size() < 2) {
        *to++ = '\\';
        return 1;
    }
    switch (rest[1]) {
        case '"':
        case '\\':
        case '/':
            *to++ = rest[1];
            return 2;
        case 'b':
            *to++ = '\b';
            return 2;
        case 'f':
            *to++ = '\f';
            return 2;
        case 'n':
            *to++ = '\n';
            return 2;
        case 'r':
            *to++ = '\r';
            return 2;
        case 't':
            *to++ = '\t';
            return 2;
        case 'u':
            break;
        default:
            *to++ = '\\';
            return 1;
    }
    const int first = hex4(rest.substr(2));
    if (first < 0) {
        *to++ = '\\';
        return 1;
    }
    auto c = static_cast<std::uint32_t>(first);
    std::size_t used = 6;
    if (c >= 0xD800 && c < 0xE000) {
        const int second = c < 0xDC00 && rest.size() >= 12 && rest[6] == '\\' && rest[7] == 'u'
                               ? hex4(rest.substr(8))
                               : -1;
        if (second >= 0xDC00 && second < 0xE000) {
            c = 0x10000 + ((c - 0xD800) << 10) + (static_cast<std::uint32_t>(second) - 0xDC00);
            used = 12;
        } else {
            c = 0xFFFD;
        }
    }
    to = put_utf8(c, to);
    return used;
}

}  // namespace

std::size_t find_backslash(std::string_view text) {
    std::size_t at = 0;
    for (; at + kStep <= text.size(); at += kStep) {
        if (const std::uint32_t mask = matches(text.data() + at, '\\')) {
            return at + static_cast<std::size_t>(std::countr_zero(mask));
        }
    }
    for (; at < text.size(); ++at) {
        if (text[at] == '\\') {
            return at;
        }
    }
    return std::string_view::npos;
}

std::size_t unescape_json(std::string_view body, char* const begin) {
    std::size_t at = 0;
    char* to = begin;
    while (at < body.size()) {
        if (at + kStep < body.size()) {
            const std::uint32_t mask = matches(body.data() + at, '\\');
            std::memcpy(to, body.data() + at, kStep);
            if (mask == 0) {
                to += kStep;
                at += kStep;
                continue;
            }
            const auto clean = static_cast<std::size_t>(std::countr_zero(mask));
            to += clean;
            at += clean;
            // Nearly every escape is the backslash of a path.
            if (body[at + 1] == '\\') [[likely]] {
                *to++ = '\\';
                at += 2;
            } else {
                at += put_escape(body.substr(at), to);
            }
        } else if (body[at] == '\\') {
            at += put_escape(body.substr(at), to);
        } else {
            *to++ = body[at++];
        }
    }
    return static_cast<std::size_t>(to - begin);
}

void unescape_json(std::string_view body, std::string& out) {
    out.resize(body.size() + kUnescapeSlack);
    out.resize(unescape_json(body, out.data()));
}

}  // namespace gac::base
