// Correlation in the running server: one stage behind all shards. A shard opens a ticket for each
// batch, which gives the ids of its events and the rules in force; when the batch is in history it
// goes through the stage, in the order of ids whatever shard is faster, and what single events and
// correlations found goes to the raiser together. So the windows are a function of history alone,
// and a replay of the same events finds the same.
//
// The windows survive a restart: they are written to a file every so often, after so many events
// and at the end, always with the mark "holds exactly the events below this id", when those events
// are durable and what they led to is raised. Whoever starts again loads the file and replays
// history from the mark (pipeline/replay.h), so that nothing is counted twice and nothing is
// missed, after a kill too.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/snapshot.h"
#include "base/time.h"
#include "detect/correlator.h"
#include "event/batch.h"
#include "event/detection.h"
#include "event/profile.h"
#include "pipeline/raiser.h"
#include "pipeline/rule_service.h"
#include "pipeline/source_table.h"
#include "store/event_sink.h"

namespace gac::pipeline {

// The correlator between two runs.
struct Windows {
    std::filesystem::path file;  // empty: not kept
    detect::Limits limits;
    std::unique_ptr<detect::Correlator> correlator;
    std::optional<event::EventId> mark;  // holds the events below; nothing: none was saved

    // Reads the file, if there is one that fits a history that ends before `end`. A file that
    // cannot be used is told in the log, and the windows begin empty.
    static Windows open(const std::filesystem::path& file,
                        const std::shared_ptr<const detect::RuleSet>& rules, event::EventId end,
                        std::size_t lanes);
};

// What the stage shares with the shards; outlives it.
struct CorrelationParts {
    std::shared_ptr<const event::ProfileSet> profiles;
    store::EventSink& sink;
    SourceTable& sources;
    Raiser& raiser;
    RuleService& rules;
};

class Correlation {
public:
    struct Ticket {
        std::uint64_t number = 0;
        event::EventId first = 0;  // id of the batch's first event
        std::uint32_t events = 0;
        std::shared_ptr<const detect::RuleSet> rules;
    };

    Correlation(const CorrelationParts& parts, Windows windows, base::Duration save_every);
    // Saves the windows. Every ticket must have been put or cancelled.
    ~Correlation();

    const detect::Limits& limits() const { return windows_.limits; }

    // put or cancel must follow, on any thread. Waits for older tickets when the rules have
    // changed.
    Ticket open(std::uint32_t events);
    // The batch stands in history at `position`. It is taken away when correlation needs it, and a
    // fresh one comes back; `detections` and `feed` come back empty.
    void put(const Ticket& ticket, store::Position position,
             std::unique_ptr<event::EventBatch>& batch, std::vector<event::Detection>& detections,
             detect::CorrelationFeed& feed);
    void cancel(const Ticket& ticket);
    // Waits until everything that was put before is with the raiser.
    void drain();
    // Writes the file now. False when it could not; that is in the log.
    bool save();

private:
    void raise(const Ticket& ticket, const event::EventBatch& batch,
               std::vector<event::Detection>& detections);
    void keep(const std::stop_token& stop);
    void publish();
    event::EventId events_behind();  // of the newest id given out

    CorrelationParts parts_;
    Windows windows_;
    base::Duration save_every_;

    std::mutex open_mutex_;  // the order of tickets, ids and rule sets is one
    std::uint64_t next_ticket_ = 0;
    event::EventId end_ = 0;  // after the newest id given out
    std::shared_ptr<const detect::RuleSet> rules_;

    std::mutex save_mutex_;
    std::optional<event::EventId> saved_;     // mark of the file
    std::int64_t busy_us_ = 0;                // of the last save, without waiting for others
    std::atomic<std::uint64_t> position_{0};  // newest in history
    base::Guarded<std::vector<std::unique_ptr<event::EventBatch>>> spare_;
    detect::CorrelatorStats published_;

    std::mutex wait_mutex_;
    std::condition_variable_any wait_;
    std::jthread keeper_;
};

}  // namespace gac::pipeline
