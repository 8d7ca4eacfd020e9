// Where the pipeline puts events: the small interface that another back end (several machines)
// would implement. Every function may be called by any shard thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "event/batch.h"

namespace gac::store {

// Where an appended batch stands in the order of writing. Ascending, never used twice.
struct Position {
    std::uint64_t sequence = 0;
    constexpr auto operator<=>(const Position&) const = default;
};

struct Health {
    bool writable = true;
    std::string reason;       // why not: "disk full: 3 MiB free, 64 MiB kept in reserve"
    base::TimePoint since{};  // since when not writable
};

class EventSink {
public:
    virtual ~EventSink() = default;

    // n consecutive ids, unique for ever; the first one. Set it as batch.first_id before matching.
    virtual event::EventId reserve(std::uint32_t n) = 0;

    // Searchable when it returns, durable when when_durable says so: only then may a sender be
    // told. The batch may be reset at once. StorageFull while the disk has no room, Unavailable
    // when writing is behind for long.
    virtual Result<Position> append(const event::EventBatch& batch) = 0;

    // Calls once everything up to `position` has been fsynced, or with the error that lost it (then
    // the batch is not searchable either and must be sent again). Called on the store's own thread,
    // or at once on the caller's when already known: it must be short and must not call back into
    // the store.
    virtual void when_durable(Position position, std::move_only_function<void(Result<>)> done) = 0;
    virtual Result<> wait_durable(Position position) = 0;

    virtual Health health() const = 0;
};

}  // namespace gac::store
