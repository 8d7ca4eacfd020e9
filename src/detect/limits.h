// Bounds of what an engine and the correlation behind it keep.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace gac::detect {

struct Limits {
    std::size_t correlation_groups_max = 100'000;   // of one rule; the stalest is evicted
    std::size_t correlation_entries_max = 65'536;   // of one group; the oldest is evicted. A rule
                                                    // that asks for more gets it, up to a million
    std::size_t correlation_bytes_max = 256 << 20;  // all windows; the stalest is evicted
    std::size_t correlation_events_max = 1'000;     // ids named in one detection
    base::Duration lateness = base::Duration::minutes(5);  // events older than the newest by more
                                                           // than this are not correlated
    std::uint64_t correlation_seed = 0;  // of hashes; secret where strangers choose the values
    std::size_t matched_value_bytes_max = 2'048;  // of one value in a detection
};

}  // namespace gac::detect
