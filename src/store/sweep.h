// Judging history: events that may be wanted, given whole to somebody who judges them, on all
// cores. What he finds comes together in the order of history. The store knows its columns and
// indexes, the sweeper what an event must have (event::Need); between them stands only this.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "event/batch.h"
#include "event/need.h"
#include "store/query.h"

namespace gac::store {

class Sweeper {
public:
    struct Found {
        virtual ~Found() = default;
    };

    virtual ~Sweeper() = default;
    // Asked once, when it is settled which events there are.
    virtual event::Need need() const = 0;
    // Some events of the range, which meet the need or nearly so; they are gone when it returns.
    // Null: nothing was found. Any thread, several at a time.
    virtual std::unique_ptr<Found> look(const event::EventBatch& events) = 0;
    // One at a time, on any thread. With oldest_first no event before `begun` comes any more, and
    // none of this one is before it. False ends the sweep.
    virtual bool take(Found& found, base::TimePoint begun) = 0;
};

struct SweepQuestion {
    TimeRange range;
    std::optional<std::vector<std::string>> only_sources;  // set by access control
    bool oldest_first = false;  // else blocks with the newest events first
};

struct SweepAnswer {
    std::uint64_t judged_events = 0;   // given to look()
    std::uint64_t scanned_events = 0;  // of blocks that were opened
    std::uint64_t scanned_bytes = 0;
    SkipCounts skips;
    std::string partial;  // empty, or why not everything was looked at
};

}  // namespace gac::store
