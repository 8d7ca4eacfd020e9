// Which segments are merged next, and into which files their rows go. Pure functions; any thread.
//
// A fresh segment holds a few seconds or days of all sources. Merged files hold one day (of the
// people's clock) of one source, or of all sources that are too small for a file of their own; days
// with few rows share a file with their neighbours of the same month.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"

namespace gac::store {

struct MergeRules {
    std::uint32_t fresh_files = 8;          // so many fresh ones start a merge
    std::uint32_t files_max = 16;           // read by one merge
    std::uint32_t files_alike = 4;          // merged ones of one size, before they are merged again
    std::uint64_t rows_max = 8'000'000;     // of one merge
    std::uint64_t rows_enough = 4'000'000;  // a file of that size is not merged again
    std::uint64_t own_rows = 1'000'000;     // a source with as many gets its own file
    std::uint64_t day_rows = 250'000;       // a day with fewer shares a file with its neighbours
    base::Duration fresh_age = base::Duration::hours(24);  // then even a single one is merged
    base::Duration day_offset = base::Duration::hours(7);  // of the people's clock from UTC
};

struct MergeInput {
    std::uint64_t rows = 0;
    base::TimePoint time_min, time_max, created;
    bool fresh = false;
    std::string only_source;  // of a file with rows of one source alone, and many; else empty
};

// Numbers of the inputs to merge now; empty: nothing to do. `all`: whatever makes fewer or better
// files, however small.
std::vector<std::size_t> pick_merge(std::span<const MergeInput> inputs, const MergeRules& rules,
                                    base::TimePoint now, bool all);

std::int64_t day_of(base::TimePoint time, base::Duration day_offset);  // days since 1970
// Year and month as one ascending number.
std::int64_t month_of(std::int64_t day);

// Where rows go: asked for every row.
class Partitions {
public:
    // Rows by day, then by source.
    using Counts = std::map<std::int64_t, std::map<std::uint32_t, std::uint64_t>>;
    Partitions(const Counts& counts, const MergeRules& rules);

    std::uint32_t of(std::int64_t day, std::uint32_t source) const;
    std::uint32_t count() const { return count_; }

private:
    struct Period {
        std::uint32_t shared = 0;                    // the partition of small sources
        std::map<std::uint32_t, std::uint32_t> own;  // partition by source
    };
    std::vector<Period> periods_;
    std::map<std::int64_t, std::size_t> period_of_day_;
    std::uint32_t count_ = 0;
};

}  // namespace gac::store
