#include "pipeline/pipeline.h"

#include <algorithm>
#include <latch>

#include "base/metrics.h"
#include "pipeline/shard.h"

namespace gac::pipeline {

Pipeline::Pipeline(const Parts& parts, const Settings& settings, Windows windows)
    : parts_(parts),
      raiser_(parts.alerts),
      correlation_(std::make_unique<Correlation>(CorrelationParts{.profiles = parts.profiles,
                                                                  .sink = parts.sink,
                                                                  .sources = parts.sources,
                                                                  .raiser = raiser_,
                                                                  .rules = parts.rules},
                                                 std::move(windows), settings.save_windows_every)) {
    const std::uint32_t count = std::max(settings.shards, 1u);
    const ShardParts shared{.profiles = parts_.profiles,
                            .sink = parts_.sink,
                            .sources = parts_.sources,
                            .correlation = *correlation_,
                            .rules = parts_.rules,
                            .indicators = parts_.indicators,
                            .clock = parts_.clock,
                            .event_bytes_max = settings.event_bytes_max};
    for (std::uint32_t i = 0; i < count; ++i) {
        shards_.push_back(std::make_unique<Shard>(shared, settings.queue_bytes_max / count));
    }
}

Pipeline::~Pipeline() {
    for (const auto& shard : shards_) {
        shard->close();
    }
    shards_.clear();
    correlation_->drain();
    raiser_.drain();
    correlation_.reset();
}

Shard& Pipeline::shard_of(event::SourceId source) const {
    return *shards_[static_cast<std::uint32_t>(source) % shards_.size()];
}

Result<> Pipeline::submit(Chunk& chunk) {
    if (const store::Health health = parts_.sink.health(); !health.writable) {
        return fail(Code::StorageFull, health.reason);
    }
    if (!shard_of(chunk.source).try_push(chunk)) {
        return fail(Code::Unavailable, "the input queue is full");
    }
    return {};
}

bool Pipeline::offer(Chunk& chunk) { return shard_of(chunk.source).try_push(chunk); }

bool Pipeline::push(Chunk chunk) {
    Shard& shard = shard_of(chunk.source);
    return shard.push(std::move(chunk));
}

void Pipeline::drain() {
    // An empty chunk with a waiting sender goes through each queue behind everything that is in it.
    std::latch through(static_cast<std::ptrdiff_t>(shards_.size()));
    for (const auto& shard : shards_) {
        Chunk marker;
        marker.source = *parts_.sources.find_or_add("_drain", "");
        marker.format = "line";
        marker.done = [&](Receipt) { through.count_down(); };
        if (!shard->push(std::move(marker))) {
            through.count_down();
        }
    }
    through.wait();
    correlation_->drain();
    raiser_.drain();
}

bool Pipeline::has_room(event::SourceId source, std::size_t bytes) const {
    return shard_of(source).has_room(bytes);
}

void Pipeline::tell_load() const {
    static base::Gauge& bytes =
        base::gauge("gac_queue_bytes", {}, "Input that waits for a worker, in bytes");
    static base::Gauge& age =
        base::gauge("gac_queue_oldest_ms", {}, "How long the oldest waiting input has waited");
    const base::TimePoint now = parts_.clock.now();
    base::TimePoint oldest = now;
    for (const auto& shard : shards_) {
        oldest = std::min(oldest, shard->oldest_waiting().value_or(now));
    }
    bytes.set(static_cast<std::int64_t>(queued_bytes()));
    age.set((now - oldest).us / 1000);
}

std::size_t Pipeline::queued_bytes() const {
    std::size_t total = 0;
    for (const auto& shard : shards_) {
        total += shard->queued_bytes();
    }
    return total;
}

}  // namespace gac::pipeline
