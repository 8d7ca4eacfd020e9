// The words of a text, as the word filter of a block keeps them and as questions ask for them. A
// word is a longest run of letters and digits of the text folded for search (lower case, Vietnamese
// without marks); bytes beyond ASCII count as letters. Numbers of up to five digits are left out:
// every block has them. A question must only ask for words that stand whole in every text that it
// wants (whole_words). Pure but for scratch memory; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gac::store::index {

inline constexpr std::size_t kDigitsIgnored = 5;

// Of a folded word; part of the file format (docs/formats/segment.md).
std::uint64_t word_hash(std::string_view folded);

class WordScanner {
public:
    // Appends the hash of each word that filters keep, in order, repeated ones too.
    void scan(std::string_view text, std::vector<std::uint64_t>& hashes);
    // The same without most of the words that were given since the last forget: for sets of words.
    void scan_new(std::string_view text, std::vector<std::uint64_t>& hashes);
    void forget();

private:
    template <bool kOnlyNew>
    void run(std::string_view text, std::vector<std::uint64_t>& hashes);
    void scan_folded(std::string_view folded, std::vector<std::uint64_t>& hashes);

    struct Known {  // a word of up to 16 bytes
        std::uint64_t low = 0, high = 0;
    };
    std::string lower_;
    std::vector<Known> known_;
};

// What a question looks for in a text: pieces with wildcards between them.
struct Needle {
    // As typed; kAnyMark and kOneMark of query/tree.h for wildcards.
    std::string_view pattern;
    // A needle that begins (ends) with a letter or digit matches only where a word begins (ends).
    bool on_word_borders = false;
    bool quoted = false;  // marks of Vietnamese count
};

// Hashes of the words that every text holding the needle has whole; without repetition.
std::vector<std::uint64_t> whole_words(const Needle& needle);

}  // namespace gac::store::index
