#include "ingest/json/text.h"

#include <bit>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/json_text.h"
#include "base/text.h"

namespace gac::ingest {

namespace {

constexpr std::size_t kStep = 16;

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

}  // namespace

std::string_view unescape(std::string_view body, base::Arena& arena) {
    if (base::find_backslash(body) == std::string_view::npos) {
        return body;
    }
    char* const to = static_cast<char*>(arena.allocate(body.size() + base::kUnescapeSlack, 1));
    return {to, base::unescape_json(body, to)};
}

std::size_t string_length(std::string_view text, std::size_t from, bool& has_escapes) {
    has_escapes = false;
    std::size_t at = from;
    while (at < text.size()) {
        if (at + kStep <= text.size()) {
            const std::uint32_t quotes = matches(text.data() + at, '"');
            const std::uint32_t slashes = matches(text.data() + at, '\\');
            if ((quotes | slashes) == 0) {
                at += kStep;
                continue;
            }
            at += static_cast<std::size_t>(std::countr_zero(quotes | slashes));
        }
        if (text[at] == '"') {
            return at - from;
        }
        if (text[at] == '\\') {
            has_escapes = true;
            ++at;
        }
        ++at;
    }
    return std::string_view::npos;
}

std::size_t value_end(std::string_view text, std::size_t from) {
    std::size_t depth = 0;
    for (std::size_t at = from; at < text.size(); ++at) {
        switch (text[at]) {
            case '"': {
                bool has_escapes = false;
                const std::size_t length = string_length(text, at + 1, has_escapes);
                if (length == std::string_view::npos) {
                    return length;
                }
                at += length + 1;
                if (depth == 0) {
                    return at + 1;
                }
                break;
            }
            case '{':
            case '[':
                ++depth;
                break;
            case '}':
            case ']':
                if (depth == 0) {
                    return at;  // a scalar that ends where its container does
                }
                if (--depth == 0) {
                    return at + 1;
                }
                break;
            case ',':
            case ' ':
            case '\t':
            case '\r':
            case '\n':
                if (depth == 0 && at > from) {
                    return at;
                }
                break;
            default:
                break;
        }
    }
    return depth == 0 ? text.size() : std::string_view::npos;
}

std::string repair_json(std::string_view text) {
    const std::string whole = base::repair_utf8(text);
    std::string out;
    out.reserve(whole.size() + 64);
    bool inside = false;
    for (std::size_t at = 0; at < whole.size(); ++at) {
        const char c = whole[at];
        if (inside && c == '\\' && at + 1 < whole.size()
            && static_cast<unsigned char>(whole[at + 1]) >= 0x20) {
            out += c;
            out += whole[++at];
            continue;
        }
        if (c == '"') {
            inside = !inside;
        }
        if (inside && static_cast<unsigned char>(c) < 0x20) {
            static constexpr char kHex[] = "0123456789abcdef";
            out += "\\u00";
            out += kHex[static_cast<unsigned char>(c) >> 4];
            out += kHex[static_cast<unsigned char>(c) & 15];
            continue;
        }
        out += c;
    }
    return out;
}

}  // namespace gac::ingest
