#include "base/text.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace gac::base {

namespace {

void append_utf8(UChar32 c, std::string& out) {
    char buffer[U8_MAX_LENGTH];
    std::int32_t length = 0;
    UBool failed = false;
    const auto code = static_cast<std::uint32_t>(c);
    U8_APPEND(reinterpret_cast<std::uint8_t*>(buffer), length, U8_MAX_LENGTH, code, failed);
    if (!failed) {
        out.append(buffer, static_cast<std::size_t>(length));
    }
}

// Decodes one code point; a negative result is a byte that is not UTF-8. Advances `at`.
UChar32 next_code_point(std::string_view text, std::size_t& at) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    UChar32 c = 0;
    U8_NEXT(bytes, at, text.size(), c);
    return c;
}

}  // namespace

bool is_ascii(std::string_view text) {
    constexpr std::size_t kWord = sizeof(std::uint64_t);
    const char* const from = text.data();
    const auto load = [from](std::size_t at) {
        std::uint64_t word = 0;
        std::memcpy(&word, from + at, kWord);
        return word;
    };
    std::uint64_t all = 0;
    if (text.size() >= kWord) {
        const std::size_t last = text.size() - kWord;
        for (std::size_t at = 0; at < last; at += kWord) {
            all |= load(at);
        }
        all |= load(last);
    } else {
        for (const char c : text) {
            all |= static_cast<unsigned char>(c);
        }
    }
    return (all & 0x8080'8080'8080'8080) == 0;
}

bool is_utf8(std::string_view text) {
    if (is_ascii(text)) {
        return true;
    }
    for (std::size_t at = 0; at < text.size();) {
        if (next_code_point(text, at) < 0) {
            return false;
        }
    }
    return true;
}

std::string repair_utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t start = at;
        if (next_code_point(text, at) < 0) {
            out += "\xEF\xBF\xBD";
        } else {
            out.append(text.substr(start, at - start));
        }
    }
    return out;
}

bool equal_ignoring_ascii_case(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) {
        return false;
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (ascii_lower(a[i]) != ascii_lower(b[i])) {
            return false;
        }
    }
    return true;
}

// By pointers: every value that rules ask for runs through this loop, and compilers make vectors of
// it.
bool ascii_lower(std::string_view text, char* out) {
    const char* from = text.data();
    const std::size_t size = text.size();
    unsigned char all = 0;
    for (std::size_t i = 0; i < size; ++i) {
        const auto c = static_cast<unsigned char>(from[i]);
        all |= c;
        out[i] = static_cast<char>(c | (static_cast<unsigned char>(c - 'A') < 26 ? 0x20 : 0));
    }
    return all < 0x80;
}

std::string ascii_lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        c = ascii_lower(c);
    }
    return out;
}

void append_folded(std::string_view text, std::string& out) {
    for (std::size_t at = 0; at < text.size();) {
        if (static_cast<unsigned char>(text[at]) < 0x80) {
            out += ascii_lower(text[at++]);
            continue;
        }
        const std::size_t start = at;
        const UChar32 c = next_code_point(text, at);
        if (c < 0) {
            out.append(text.substr(start, at - start));
        } else {
            append_utf8(u_foldCase(c, U_FOLD_CASE_DEFAULT), out);
        }
    }
}

std::string fold_case(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    append_folded(text, out);
    return out;
}

std::string fold_for_search(std::string_view text) {
    if (is_ascii(text)) {
        return ascii_lower(text);
    }
    UErrorCode status = U_ZERO_ERROR;
    static const icu::Normalizer2* const kDecompose = icu::Normalizer2::getNFDInstance(status);
    const auto whole = icu::UnicodeString::fromUTF8(
        icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
    const icu::UnicodeString decomposed = kDecompose->normalize(whole, status);
    std::string out;
    out.reserve(text.size());
    for (std::int32_t i = 0; i < decomposed.length();) {
        const UChar32 c = decomposed.char32At(i);
        i += U16_LENGTH(c);
        if (u_charType(c) == U_NON_SPACING_MARK) {
            continue;
        }
        const UChar32 folded = u_foldCase(c, U_FOLD_CASE_DEFAULT);
        append_utf8(folded == 0x111 ? 'd' : folded, out);
    }
    return out;
}

std::size_t code_point_length(std::string_view text, std::size_t at) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
        return 1;
    }
    std::size_t end = at;
    return next_code_point(text, end) < 0 ? 1 : end - at;
}

bool contains_literal(std::string_view text, std::string_view needle) {
    if (needle.size() < 2 || text.size() < needle.size()) {
        return text.contains(needle);
    }
    const std::size_t places = text.size() - needle.size() + 1;
#ifdef __SSE2__
    // Sixteen places at once: those where the needle's first and last byte stand.
    constexpr std::size_t kStep = 16;
    if (places >= kStep) {
        const __m128i first = _mm_set1_epi8(needle.front());
        const __m128i last = _mm_set1_epi8(needle.back());
        const char* const from = text.data();
        const auto load = [](const char* bytes) {
            return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
        };
        for (std::size_t at = 0;; at = std::min(at + kStep, places - kStep)) {
            const __m128i both =
                _mm_and_si128(_mm_cmpeq_epi8(load(from + at), first),
                              _mm_cmpeq_epi8(load(from + at + needle.size() - 1), last));
            for (auto mask = static_cast<unsigned>(_mm_movemask_epi8(both)); mask != 0;
                 mask &= mask - 1) {
                const char* place = from + at + std::countr_zero(mask);
                if (std::memcmp(place + 1, needle.data() + 1, needle.size() - 2) == 0) {
                    return true;
                }
            }
            if (at + kStep >= places) {
                return false;
            }
        }
    }
#endif
    for (std::size_t at = 0; at < places; ++at) {
        if (text[at] == needle.front()
            && std::memcmp(text.data() + at, needle.data(), needle.size()) == 0) {
            return true;
        }
    }
    return false;
}

void append_json_string(std::string_view text, std::string& out) {
    static constexpr char kHex[] = "0123456789abcdef";
    out += '"';
    std::size_t clean = 0;
    const bool whole = is_utf8(text);
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x80 && !whole) {
            const std::size_t start = at;
            if (next_code_point(text, at) < 0) {
                out.append(text.substr(clean, start - clean));
                out += "\xEF\xBF\xBD";
                clean = at;
            }
            continue;
        }
        if (byte >= 0x20 && c != '"' && c != '\\') {
            ++at;
            continue;
        }
        out.append(text.substr(clean, at - clean));
        switch (c) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            case '\t':
                out += "\\t";
                break;
            default:
                out += "\\u00";
                out += kHex[byte >> 4];
                out += kHex[byte & 15];
        }
        clean = ++at;
    }
    out.append(text.substr(clean));
    out += '"';
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n";
    const std::size_t from = text.find_first_not_of(kBlank);
    if (from == std::string_view::npos) {
        return {};
    }
    return text.substr(from, text.find_last_not_of(kBlank) - from + 1);
}

std::string hex(std::string_view bytes) {
    static constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
    }
    return out;
}

}  // namespace gac::base
