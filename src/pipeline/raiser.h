// Detections on their way to being alerts: one thread takes them off the shards and writes them to
// the control database in batches, so that no shard ever waits for SQL. The queue is bounded; a
// full one makes shards wait.
#pragma once

#include <atomic>
#include <memory>
#include <set>
#include <string_view>
#include <thread>
#include <vector>

#include "base/queue.h"
#include "base/result.h"
#include "base/snapshot.h"
#include "event/batch.h"
#include "response/alerts.h"
#include "store/event_sink.h"

namespace gac::pipeline {

// What one shard found in one batch, whose events have the ids [first, upto).
struct RaisedBatch {
    std::vector<response::Sighting> sightings;
    event::EventId first = 0;
    event::EventId upto = 0;
};

class Raiser {
public:
    // What is settled is remembered under this name: events before it need no replay after a crash.
    static constexpr std::string_view kStream = "events";

    explicit Raiser(response::Alerts& alerts);
    ~Raiser();

    // Ids for a batch about to be matched; push or cancel must follow.
    event::EventId open(store::EventSink& sink, std::uint32_t events);
    void push(RaisedBatch batch);
    void cancel(event::EventId first);
    // Waits until everything pushed so far is written.
    void drain();

private:
    void run(const std::stop_token& stop);
    bool write(const std::vector<response::Sighting>& sightings, event::EventId settled,
               const std::stop_token& stop);

    response::Alerts& alerts_;
    base::BoundedQueue<RaisedBatch> queue_;
    struct Open {
        std::set<event::EventId> firsts;  // of batches whose detections are not written yet
        event::EventId end = 0;           // after the newest id given out
    };

    event::EventId settled_after(const std::vector<RaisedBatch>& written);

    base::Guarded<Open> open_;
    std::atomic<std::uint64_t> pushed_{0};
    std::atomic<std::uint64_t> written_{0};
    std::jthread thread_;
};

}  // namespace gac::pipeline
