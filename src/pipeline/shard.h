// One worker: one thread, one bounded queue. Takes chunks, decodes them into a batch, lets the
// rules judge it, appends it to history and hands detections on, by way of the correlation stage;
// answers waiting senders when their events are durable. Order is fixed: match, append, raise.
// Nothing here allocates per event or speaks SQL.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/queue.h"
#include "base/snapshot.h"
#include "detect/engine.h"
#include "detect/indicator_engine.h"
#include "event/batch.h"
#include "ingest/decoder.h"
#include "pipeline/chunk.h"
#include "pipeline/correlation.h"
#include "pipeline/indicator_service.h"
#include "pipeline/rule_service.h"
#include "pipeline/source_table.h"
#include "store/event_sink.h"

namespace gac::pipeline {

// What all shards share; outlives them.
struct ShardParts {
    std::shared_ptr<const event::ProfileSet> profiles;
    store::EventSink& sink;
    SourceTable& sources;
    Correlation& correlation;
    RuleService& rules;
    const IndicatorService* indicators = nullptr;  // none: events are judged by rules alone
    const base::Clock& clock;
    std::uint32_t event_bytes_max = 1 << 20;
};

class Shard {
public:
    Shard(const ShardParts& parts, std::size_t queue_bytes_max);
    ~Shard();

    // Waits while the queue is full; false when the shard is stopping.
    bool push(Chunk chunk);
    // False when the queue is full (then `chunk` is untouched) or the shard is stopping.
    bool try_push(Chunk& chunk);
    bool has_room(std::size_t bytes) const { return queue_.has_room(bytes); }
    std::size_t queued_bytes() const { return queue_.weight(); }
    // Receipt of the chunk that waits longest.
    std::optional<base::TimePoint> oldest_waiting() const {
        return queue_.at_front([](const Chunk& chunk) { return chunk.received; });
    }
    // No more input; what is queued is still worked off. The destructor waits for that.
    void close() { queue_.close(); }

private:
    // A chunk with a waiting sender, some of whose events may already be appended.
    struct Waiting {
        std::move_only_function<void(Receipt)> done;
        Receipt receipt;
        store::Position position;
    };

    void run();
    void take(Chunk chunk);
    ingest::Decoder* decoder_for(const std::string& format);
    void flush();
    void judge(const Correlation::Ticket& ticket);
    Result<store::Position> append();
    void finish(Waiting waiting);

    ShardParts parts_;
    base::BoundedQueue<Chunk> queue_;
    std::unique_ptr<event::EventBatch> batch_;
    std::unique_ptr<detect::Engine> engine_;
    std::shared_ptr<const detect::RuleSet> rules_;
    std::unique_ptr<detect::IndicatorEngine> indicators_;
    std::vector<event::Detection> detections_;
    detect::CorrelationFeed feed_;
    std::unordered_map<std::string, std::unique_ptr<ingest::Decoder>> decoders_;
    std::vector<Waiting> complete_;  // chunks whose last event is in the batch
    Result<> lost_;                  // why events of the current chunk were not kept
    store::Position position_;
    std::int64_t costs_told_us_ = 0;
    bool stream_ = false;  // the batch holds events of streams: they wait for room on the disk
    std::thread thread_;
};

}  // namespace gac::pipeline
