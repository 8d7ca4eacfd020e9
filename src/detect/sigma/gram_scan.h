// Finds literals in a short text in one pass. A few go by Teddy; many by four-byte grams: pieces of
// each literal stand in a hash table, and the text is probed at every fourth byte (literals of
// seven bytes and more), or at every byte (shorter ones). Builds in microseconds, which matters
// because every route has its own set. Immutable once built; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "detect/sigma/teddy.h"

namespace gac::detect::sigma {

class GramScan {
public:
    // Not empty, and outlives the scan; the same text gives the same number.
    std::uint32_t add(std::string_view literal);
    void build();
    bool empty() const { return literals_.empty(); }

    // Appends the numbers of the literals that stand in the text, in any order; a number may come
    // more than once.
    void scan(std::string_view text, std::vector<std::uint32_t>& out) const;

private:
    struct Entry {
        std::uint32_t gram = 0;
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
    };

    std::vector<std::string_view> literals_;
    std::unordered_map<std::string_view, std::uint32_t> numbers_;
    std::optional<Teddy> few_;         // instead of what follows
    Table sparse_;                     // literals of kSparseBytes and more
    Table dense_;                      // of four to six bytes
    std::vector<std::uint32_t> tiny_;  // of one to three bytes: searched one by one
};

}  // namespace gac::detect::sigma
