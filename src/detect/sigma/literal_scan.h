// Finds literals anywhere in a text in one pass. Those of seven bytes and more by four-byte grams:
// a piece of each stands in a hash table, and the text is probed at every fourth byte. Short ones,
// or all when there are few, by Teddy; where that cannot, by probing every byte. Builds in
// microseconds, which matters because every route and field has its own set. Immutable once built;
// any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "detect/sigma/teddy.h"

namespace gac::detect::sigma {

class LiteralScan {
public:
    // Folded, not empty, and outlives the scan; the same text gives the same number.
    std::uint32_t add(std::string_view literal);
    void build();
    bool empty() const { return literals_.empty(); }

    // Appends the numbers of the literals that stand in the text, in any order; a number may come
    // more than once.
    void scan(std::string_view folded, std::vector<std::uint32_t>& out) const;
    // The same for a text of which the case of ASCII letters is to be ignored. `scratch` is working
    // memory.
    void scan_caseless(std::string_view text, std::string& scratch,
                       std::vector<std::uint32_t>& out) const;

private:
    struct Entry {
        std::uint32_t gram = 0;  // in lower case, roughly
        std::uint32_t number = 0;
        std::uint32_t offset = 0;  // of the gram in the literal
    };
    // Entries of one stride. `filter` has a bit for each hash that occurs.
    struct Table {
        std::vector<Entry> entries;         // sorted by bucket
        std::vector<std::uint32_t> starts;  // by bucket: first entry; one more at the end
        std::vector<std::uint64_t> filter;
        unsigned filter_shift = 0;
        unsigned bucket_shift = 0;
        void build();
        template <class Use>
        void look_up(std::uint32_t gram, Use&& use) const;
        template <std::size_t stride, class Use>
        void sweep(std::string_view text, Use&& use) const;
    };

    // Both kinds of scan without the tiny literals; `equal` compares a piece of the text with a
    // literal.
    template <class Equal>
    void scan_by(std::string_view text, std::vector<std::uint32_t>& out, Equal&& equal) const;
    void scan_few(std::string_view text, std::vector<std::uint32_t>& out) const;

    std::vector<std::string_view> literals_;
    std::unordered_map<std::string_view, std::uint32_t> numbers_;
    std::optional<Teddy> few_;
    std::vector<std::uint32_t> few_numbers_;  // of what Teddy finds
    Table sparse_;                            // literals of kSparseBytes and more
    Table dense_;                             // of four to six bytes
    std::vector<std::uint32_t> tiny_;         // of one to three bytes: searched one by one
};

}  // namespace gac::detect::sigma
