// The way of every event: shard workers, their queues, the correlation stage that they share, and
// the raiser behind them. Listeners, HTTP and followed files only hand in chunks; nothing else here
// starts a thread. A source always goes to the same shard, so its events keep their order.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "event/profile.h"
#include "pipeline/chunk.h"
#include "pipeline/correlation.h"
#include "pipeline/indicator_service.h"
#include "pipeline/raiser.h"
#include "pipeline/rule_service.h"
#include "pipeline/source_table.h"
#include "store/event_sink.h"

namespace gac::pipeline {

class Shard;

struct Settings {
    std::uint32_t shards = 1;
    std::size_t queue_bytes_max = 64 << 20;  // all shards together
    std::uint32_t event_bytes_max = 1 << 20;
    base::Duration save_windows_every = base::Duration::seconds(10);
};

// Outlive the pipeline.
struct Parts {
    std::shared_ptr<const event::ProfileSet> profiles;
    store::EventSink& sink;
    SourceTable& sources;
    RuleService& rules;  // a new set is taken up between batches
    const base::Clock& clock;
    response::Alerts& alerts;
    const IndicatorService* indicators = nullptr;  // none: events are judged by rules alone
};

class Pipeline {
public:
    // `windows` as left by the run before, replayed to the end of history.
    Pipeline(const Parts& parts, const Settings& settings, Windows windows);
    // Works off what is queued: everything handed in is appended (or refused), correlated and
    // raised.
    ~Pipeline();

    // Takes the chunk, or says Unavailable (queue full, try later) or StorageFull, and leaves it
    // untouched.
    Result<> submit(Chunk& chunk);
    // For streams: false when the queue is full, and then the chunk is untouched. A full disk is no
    // reason to refuse: the events of streams wait in the queue.
    bool offer(Chunk& chunk);
    // Waits for room. False when stopping.
    bool push(Chunk chunk);
    // Until everything handed in before the call is appended, durable and raised.
    void drain();

    // Whether offer() would take about so many bytes of that source now. A hint: others offer too.
    bool has_room(event::SourceId source, std::size_t bytes) const;
    std::size_t queued_bytes() const;
    // Puts how far behind the workers are among the metrics, for whoever is about to read them.
    void tell_load() const;
    const base::Clock& clock() const { return parts_.clock; }
    SourceTable& sources() { return parts_.sources; }

private:
    Shard& shard_of(event::SourceId source) const;

    Parts parts_;
    Raiser raiser_;
    std::unique_ptr<Correlation> correlation_;
    std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace gac::pipeline
