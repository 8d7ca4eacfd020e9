#include "store/index/tokens.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>
#include <bit>
#include <cstring>

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

// Bit i for byte i, of some bytes: letters and digits, those that are no digits, and those beyond
// ASCII.
struct Bits {
    std::uint64_t word = 0;
    std::uint64_t letter = 0;
    std::uint64_t beyond_ascii = 0;
};

// Of 16 bytes, which it also puts in lower case.
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
    const auto mask = [](const __m128i& v) { return static_cast<unsigned>(_mm_movemask_epi8(v)); };
    const unsigned beyond = mask(bytes);
    const unsigned letter = mask(between(folded, 'a', 'z')) | beyond;
    return {letter | mask(between(bytes, '0', '9')), letter, beyond};
}
#else
Bits classify16(const char* from, char* lower) {
    Bits bits;
    for (unsigned i = 0; i < 16; ++i) {
        lower[i] = base::ascii_lower(from[i]);
        const bool word = is_word_byte(from[i]);
        bits.word |= std::uint64_t{word} << i;
        bits.letter |= std::uint64_t{word && (from[i] < '0' || from[i] > '9')} << i;
        bits.beyond_ascii |= std::uint64_t{static_cast<unsigned char>(from[i]) >= 0x80} << i;
    }
    return bits;
}
#endif

constexpr unsigned kStep = 64;

Bits classify(const char* from, char* lower) {
    Bits bits;
    for (unsigned part = 0; part < kStep; part += 16) {
        const Bits some = classify16(from + part, lower + part);
        bits.word |= some.word << part;
        bits.letter |= some.letter << part;
        bits.beyond_ascii |= some.beyond_ascii << part;
    }
    return bits;
}

// The lowest `bytes` of up to 8 at `from`, of which more may be read.
std::uint64_t load(const char* from, std::size_t bytes) {
    std::uint64_t value = 0;
    std::memcpy(&value, from, sizeof value);
    return bytes >= 8 ? value : value & ((std::uint64_t{1} << (bytes * 8)) - 1);
}

constexpr unsigned kKnownBits = 10;

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

template <bool kOnlyNew>
void WordScanner::run(std::string_view text, std::vector<std::uint64_t>& hashes) {
    if (lower_.size() < text.size() + 2 * std::size_t{kStep}) {
        lower_.resize((text.size() + 2 * std::size_t{kStep}) * 2);
    }
    std::size_t begin = 0;  // of the word at hand
    bool letter = false;    // in it
    bool beyond = false;
    const auto finish = [&](std::size_t end) {
        const std::size_t size = end - begin;
        if (beyond) {
            // Folding can change its length, and make a border where there was none.
            scan_folded(base::fold_for_search(text.substr(begin, size)), hashes);
            return;
        }
        if (!letter && size <= kDigitsIgnored) {
            return;
        }
        const char* const word = lower_.data() + begin;
        if (kOnlyNew && size <= 16) {
            const Known key{load(word, size), size > 8 ? load(word + 8, size - 8) : 0};
            Known& known =
                known_[((key.low ^ key.high * 3) * 0x9e3779b97f4a7c15U) >> (64 - kKnownBits)];
            if (known.low == key.low && known.high == key.high) {
                return;
            }
            known = key;
        }
        hashes.push_back(word_hash({word, size}));
    };
    std::uint64_t inside = 0;  // 1 when the step before ended in a word
    for (std::size_t at = 0; at < text.size(); at += kStep) {
        const std::size_t here = text.size() - at;
        Bits bits;
        if (here < kStep) {
            char last[kStep] = {};
            std::copy_n(text.data() + at, here, last);
            bits = classify(last, lower_.data() + at);
        } else {
            bits = classify(text.data() + at, lower_.data() + at);
        }
        const std::uint64_t before = bits.word << 1 | inside;
        std::uint64_t begins = bits.word & ~before;
        std::uint64_t ends = ~bits.word & before;
        std::uint64_t among = ~std::uint64_t{0};  // bytes from the word's begin on
        while (ends != 0) {
            const auto end = static_cast<unsigned>(std::countr_zero(ends));
            if (inside == 0) {
                const auto from = static_cast<unsigned>(std::countr_zero(begins));
                begins &= begins - 1;
                begin = at + from;
                among = ~std::uint64_t{0} << from;
                letter = beyond = false;
            }
            among &= (std::uint64_t{1} << end) - 1;
            letter = letter || (bits.letter & among) != 0;
            beyond = beyond || (bits.beyond_ascii & among) != 0;
            finish(at + end);
            inside = 0;
            ends &= ends - 1;
        }
        if (inside == 0 && begins != 0) {
            const auto from = static_cast<unsigned>(std::countr_zero(begins));
            begin = at + from;
            among = ~std::uint64_t{0} << from;
            letter = beyond = false;
        }
        inside = bits.word >> (kStep - 1);
        if (inside != 0) {
            letter = letter || (bits.letter & among) != 0;
            beyond = beyond || (bits.beyond_ascii & among) != 0;
        }
    }
    if (inside != 0) {
        finish(text.size());
    }
}

void WordScanner::scan(std::string_view text, std::vector<std::uint64_t>& hashes) {
    run<false>(text, hashes);
}

void WordScanner::scan_new(std::string_view text, std::vector<std::uint64_t>& hashes) {
    if (known_.empty()) {
        forget();
    }
    run<true>(text, hashes);
}

void WordScanner::forget() { known_.assign(std::size_t{1} << kKnownBits, {}); }

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
