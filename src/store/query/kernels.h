// Inner loops over the columns of one block: rows that pass a test, and small numbers for different
// values, straight from codes and packed numbers. Pure.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "store/query/match.h"
#include "store/segment/column.h"
#include "store/segment/row_set.h"

namespace gac::store::query {

// Calls use(row, index) for the rows of `among` that have the column, ascending.
template <class F>
void for_present(const Column& column, const RowSet& among, F&& use) {
    if (column.everywhere()) {
        among.for_each([&](std::uint32_t row) { use(row, row); });
        return;
    }
    const auto& present = column.present().words();
    std::uint32_t before = 0;  // rows that have it, in the words so far
    for (std::size_t at = 0; at < present.size(); ++at) {
        const std::uint64_t here = present[at];
        const std::uint64_t wanted = here & among.words()[at];
        const bool all = wanted == here;
        std::uint32_t index = before;
        for (std::uint64_t word = wanted; word != 0; word &= word - 1) {
            const auto bit = static_cast<std::uint32_t>(std::countr_zero(word));
            if (!all) {
                index = before
                        + static_cast<std::uint32_t>(
                            std::popcount(here & ((std::uint64_t{1} << bit) - 1)));
            }
            use(static_cast<std::uint32_t>(at * 64 + bit), index++);
        }
        before += static_cast<std::uint32_t>(std::popcount(here));
    }
}

// Adds the rows of `among` whose value passes. False when the column is not of a kind that can be
// answered so: nothing was done then.
bool match_packed(Column& column, Matcher& matcher, const RowSet& among, RowSet& out);

// The different values of a column of numbers, by where they stand first.
struct Places {
    std::vector<std::uint32_t> of_index;  // for each value, its place in `first`
    std::vector<std::uint32_t> first;     // index of a value
};
// False when the column does not hold numbers.
bool number_places(Column& column, Places& out);

}  // namespace gac::store::query
