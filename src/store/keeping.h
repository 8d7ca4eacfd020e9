// How long events stay, and how they go: retention by age, source and size, what is held against
// it, and deletion by query. Values; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "store/query.h"

namespace gac::store {

// When and how segments are merged.
struct Merging {
    bool on = true;  // in the background; Store::merge() works either way
    int compression_level = 9;
    std::uint32_t block_rows_max = 32'768;
    std::uint32_t fresh_files = 8;              // so many fresh segments start a merge
    std::uint64_t own_file_rows = 1'000'000;    // a source with as many rows in a day has its own
    std::uint64_t bytes_per_second = 64 << 20;  // read and written; 0: as fast as it goes
    std::uint64_t busy_events_per_second = 20'000;         // from here on merging steps back
    base::Duration day_offset = base::Duration::hours(7);  // of the people's clock from UTC
};

// What the background takes away. Nothing, unless told to.
struct Keeping {
    base::Duration age_max{};                             // 0: for ever
    std::map<std::string, base::Duration> age_by_source;  // goes before age_max; 0: for ever
    std::uint64_t bytes_max = 0;                          // of all files; 0: as much as there is
    bool oldest_first =
        false;                // on a full disk the oldest events go; otherwise new ones are refused
    std::vector<Query> held;  // legal hold: never taken away, by nobody
    base::Duration every = base::Duration::hours(1);  // 0: only when Store::retain is called
};

// Whether a question is a filter and nothing else: only such ones say what is held or deleted.
bool is_filter_alone(const Query& query);

enum class RemovalReason : std::uint8_t { Age, Size, DiskFull, Query };
std::string_view name_of(RemovalReason reason);  // "age", "size", "disk_full", "query"

// What was taken away, for the audit trail.
struct Removal {
    RemovalReason reason = RemovalReason::Age;
    std::uint64_t events = 0;
    std::uint64_t held_events = 0;  // would have gone, but are held
    std::uint64_t files_removed = 0;
    std::uint64_t files_rewritten = 0;
    std::uint64_t files_waiting = 0;  // still read by somebody; deleted when they are done
    std::uint64_t bytes_freed = 0;
    base::TimePoint oldest{}, newest{};  // of the events
    // Only for Query. The sum modulo 2^256 (big-endian) of SHA-256(id as 8 bytes little-endian,
    // event.original) over the removed events, in hexadecimal: does not depend on any order.
    std::string fingerprint;
};

}  // namespace gac::store
