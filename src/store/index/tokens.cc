#include "store/index/tokens.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>
#include <bit>

#include "base/text.h"
#include "store/query/tree.h"

namespace gac::store::index {

namespace {

bool is_word_byte(char c) {
    const char low = base::ascii_lower(c);
    return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9')
           || static_cast<unsigned char>(c) >= 0x80;
}

bool is_ignored(std::string_view word) {
    return word.size() <= kDigitsIgnored
           && std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
}

// Bit i for byte i, of 64 bytes at a time: letters and digits; and the bytes in lower case.
struct Bits {
    std::uint64_t word = 0;
    std::uint64_t beyond_ascii = 0;
};

#ifdef __SSE2__
Bits classify16(const char* from, char* lower) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    const auto between = [](const __m128i& v, char low, char high) {
        return _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8(static_cast<char>(low - 1))),
                             _mm_cmplt_epi8(v, _mm_set1_epi8(static_cast<char>(high + 1))));
    };
    const __m128i folded =
        _mm_or_si128(bytes, _mm_and_si128(between(bytes, 'A', 'Z'), _mm_set1_epi8(0x20)));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(lower), folded);
    const auto beyond = static_cast<unsigned>(_mm_movemask_epi8(bytes));
    const auto ascii = static_cast<unsigned>(
        _mm_movemask_epi8(_mm_or_si128(between(folded, 'a', 'z'), between(bytes, '0', '9'))));
    return {ascii | beyond, beyond};
}
#else
Bits classify16(const char* from, char* lower) {
    Bits bits;
    for (unsigned i = 0; i < 16; ++i) {
        lower[i] = base::ascii_lower(from[i]);
        bits.word |= std::uint64_t{is_word_byte(from[i])} << i;
        bits.beyond_ascii |= std::uint64_t{static_cast<unsigned char>(from[i]) >= 0x80} << i;
    }
    return bits;
}
#endif

}  // namespace

std::uint64_t word_hash(std::string_view folded) {
    return XXH3_64bits(folded.data(), folded.size());
}

void WordScanner::scan_folded(std::string_view folded, std::vector<std::uint64_t>& hashes) {
    for (std::size_t at = 0; at < folded.size();) {
        std::size_t end = at;
        while (end < folded.size() && is_word_byte(folded[end])) {
            ++end;
        }
        const std::string_view word = folded.substr(at, end - at);
        if (!word.empty() && !is_ignored(word)) {
            hashes.push_back(word_hash(word));
        }
        at = end + 1;
    }
}

void WordScanner::scan(std::string_view text, std::vector<std::uint64_t>& hashes) {
    constexpr std::size_t kStep = 64;
    const std::size_t whole = (text.size() + kStep - 1) / kStep * kStep;
    if (lower_.size() < whole + kStep) {
        lower_.resize((whole + kStep) * 2);
    }
    std::size_t begin = 0;  // of the word at hand
    bool inside = false;
    bool beyond = false;
    const auto finish = [&](std::size_t end) {
        if (beyond) {
            // Folding can change its length, and make a border where there was none.
            scan_folded(base::fold_for_search(text.substr(begin, end - begin)), hashes);
            return;
        }
        const std::string_view word(lower_.data() + begin, end - begin);
        if (!is_ignored(word)) {
            hashes.push_back(word_hash(word));
        }
    };
    for (std::size_t at = 0; at < text.size(); at += kStep) {
        const std::size_t here = std::min(kStep, text.size() - at);
        char last[kStep] = {};
        const char* from = text.data() + at;
        if (here < kStep) {
            std::copy_n(from, here, last);
            from = last;
        }
        Bits bits;
        for (unsigned part = 0; part < kStep; part += 16) {
            const Bits some = classify16(from + part, lower_.data() + at + part);
            bits.word |= some.word << part;
            bits.beyond_ascii |= some.beyond_ascii << part;
        }
        for (unsigned i = 0; i < here;) {
            if (inside) {
                const auto run =
                    static_cast<unsigned>(std::countr_one(bits.word >> i));  // 0 shifted in: ends
                const unsigned end = std::min<unsigned>(i + run, kStep);
                const std::uint64_t among =
                    (end - i == kStep ? ~std::uint64_t{0} : (std::uint64_t{1} << (end - i)) - 1)
                    << i;
                beyond = beyond || (bits.beyond_ascii & among) != 0;
                if (end >= here && here == kStep) {
                    break;  // it goes on, or ends exactly here: the next step tells
                }
                finish(at + end);
                inside = false;
                i = end;
            } else {
                const std::uint64_t rest = bits.word >> i;
                if (rest == 0) {
                    break;
                }
                i += static_cast<unsigned>(std::countr_zero(rest));
                begin = at + i;
                inside = true;
                beyond = false;
            }
        }
    }
    if (inside) {
        finish(text.size());
    }
}

std::vector<std::uint64_t> whole_words(const Needle& needle) {
    std::vector<std::uint64_t> hashes;
    WordScanner scanner;
    // Runs of letters, digits and wildcards of the needle as typed; each is folded by itself, as
    // texts are. A run with a wildcard is no word for certain, nor is one at an end that is open.
    const std::string_view text = needle.pattern;
    const auto is_wild = [](char c) { return c == query::kAnyMark || c == query::kOneMark; };
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = at;
        bool wild = false;
        while (end < text.size() && (is_word_byte(text[end]) || is_wild(text[end]))) {
            wild = wild || is_wild(text[end]);
            ++end;
        }
        const bool open = !needle.on_word_borders && (at == 0 || end == text.size());
        const std::string_view run = text.substr(at, end - at);
        // Case folding alone takes U+0345 for a letter, folding for search drops it.
        const bool odd = needle.quoted && base::fold_case(run).contains("\xCE\xB9");
        if (!run.empty() && !wild && !open && !odd) {
            scanner.scan(run, hashes);
        }
        at = end + 1;
    }
    std::ranges::sort(hashes);
    const auto rest = std::ranges::unique(hashes);
    hashes.erase(rest.begin(), rest.end());
    return hashes;
}

}  // namespace gac::store::index
