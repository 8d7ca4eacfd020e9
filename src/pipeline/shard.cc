#include "pipeline/shard.h"

#include "base/log.h"
#include "base/metrics.h"
#include "ingest/framing.h"

namespace gac::pipeline {

namespace {

constexpr std::uint32_t kBatchEventsMax = 2048;
constexpr std::size_t kBatchBytesMax = 1 << 20;
constexpr auto kIdleWait = std::chrono::milliseconds(200);
constexpr std::int64_t kTellCostsUs = 1'000'000;
constexpr auto kRoomWait = std::chrono::milliseconds(200);
constexpr base::Duration kDelayed = base::Duration::seconds(1);

}  // namespace

Shard::Shard(const ShardParts& parts, std::size_t queue_bytes_max)
    : parts_(parts),
      queue_(queue_bytes_max),
      batch_(std::make_unique<event::EventBatch>()),
      thread_([this] { run(); }) {}

Shard::~Shard() {
    queue_.close();
    thread_.join();
}

bool Shard::push(Chunk chunk) {
    const std::size_t weight = weight_of(chunk);
    return queue_.push(std::move(chunk), weight);
}

bool Shard::try_push(Chunk& chunk) { return queue_.try_push(chunk, weight_of(chunk)); }

void Shard::run() {
    if (parts_.indicators != nullptr) {
        indicators_ = std::make_unique<detect::IndicatorEngine>(parts_.indicators->plan(),
                                                                parts_.indicators->active());
    }
    for (;;) {
        auto chunk = queue_.pop(batch_->empty() ? kIdleWait : std::chrono::microseconds(0));
        if (chunk) {
            take(*std::move(chunk));
        } else if (!batch_->empty()) {
            flush();
        } else if (queue_.closed()) {
            return;
        }
    }
}

void Shard::take(Chunk chunk) {
    const bool stream = !chunk.done;
    if (stream != stream_ && !batch_->empty()) {
        flush();
    }
    stream_ = stream;
    Waiting waiting{std::move(chunk.done), {}, {}};
    lost_ = {};
    const base::TimePoint begun = parts_.clock.now();
    const SourceInfo info = parts_.sources.info(chunk.source);
    const std::uint64_t bytes = chunk.bytes.size();
    std::uint64_t events = 0;
    std::uint64_t failed = 0;
    std::uint64_t unsaved = 0;  // of `events`, those still in the batch

    std::string format = chunk.format.empty() ? info.format : chunk.format;
    if (format.empty()) {
        format = (*parts_.profiles)[info.profile].format;
    }
    ingest::Decoder& decoder = *decoder_for(format);
    const auto decode = [&](const ingest::Frame& frame) {
        if (!lost_) {
            return;  // the disk is full: the sender is told how many were kept before
        }
        const std::uint32_t before = batch_->size();
        decoder.decode(frame.bytes,
                       {.source = chunk.source,
                        .profile = info.profile,
                        .received = chunk.received,
                        .peer = chunk.peer,
                        .truncated = frame.truncated,
                        .drill = chunk.drill},
                       *batch_);
        for (std::uint32_t row = before; row < batch_->size(); ++row) {
            failed += batch_->heads()[row].parse_failed ? 1u : 0u;
        }
        events += batch_->size() - before;
        unsaved += batch_->size() - before;
        if (batch_->size() >= kBatchEventsMax || batch_->raw_bytes() >= kBatchBytesMax) {
            flush();
            if (!lost_) {
                events -= unsaved;
            }
            unsaved = 0;
        }
    };
    if (chunk.framing == Framing::Lines) {
        ingest::LineFramer framer(parts_.event_bytes_max);
        framer.feed(chunk.bytes, decode);
        framer.finish(decode);
    } else {
        std::size_t start = 0;
        for (const Cut& cut : chunk.cuts) {
            decode({.bytes = std::string_view(chunk.bytes).substr(start, cut.end - start),
                    .truncated = cut.truncated});
            start = cut.end;
        }
    }
    parts_.sources.count(chunk.source, events, bytes, failed, chunk.received);
    if (begun - chunk.received > kDelayed) {
        static base::Counter& delayed =
            base::counter("gac_pipeline_delayed_events_total", {},
                          "Events that waited for a worker for more than a second");
        delayed.add(events);
    }
    if (stream) {
        return;
    }
    waiting.receipt.accepted = events;
    waiting.receipt.failed = failed;
    if (!lost_) {
        waiting.receipt.outcome = lost_;
        finish(std::move(waiting));
    } else if (batch_->empty()) {  // its last events went with an earlier flush, or it held none
        waiting.position = position_;
        finish(std::move(waiting));
    } else {
        complete_.push_back(std::move(waiting));
    }
}

ingest::Decoder* Shard::decoder_for(const std::string& format) {
    if (const auto found = decoders_.find(format); found != decoders_.end()) {
        return found->second.get();
    }
    const auto make = [&](std::string_view name) {
        return ingest::make_decoder(name, {.profiles = parts_.profiles,
                                           .fields = ingest::FieldChoice::all(),
                                           .keep_raw = true,
                                           .event_bytes_max = parts_.event_bytes_max});
    };
    auto made = make(format);
    if (!made) {
        base::log_error("pipeline", "no decoder \"{}\", reading by shape: {}", format,
                        made.error().message());
        made = make("auto");
    }
    return decoders_.emplace(format, *std::move(made)).first->second.get();
}

// Rules and lists that came meanwhile are taken up here, between two batches.
void Shard::judge(const Correlation::Ticket& ticket) {
    if (!engine_) {
        rules_ = ticket.rules;
        engine_ = std::make_unique<detect::Engine>(rules_, parts_.correlation.limits());
    }
    const std::int64_t now = base::monotonic_us();
    if (ticket.rules != rules_ || now - costs_told_us_ > kTellCostsUs) {
        parts_.rules.add_costs(engine_->take_costs());
        costs_told_us_ = now;
    }
    if (ticket.rules != rules_) {
        rules_ = ticket.rules;
        engine_->swap_rules(rules_);
    }
    detections_.clear();
    feed_.clear();
    engine_->match(*batch_, detections_, feed_);
    if (indicators_ != nullptr) {
        if (auto set = parts_.indicators->active(); set != indicators_->set()) {
            indicators_->swap(std::move(set));
        }
        indicators_->set_disabled(parts_.rules.disabled());
        indicators_->match(*batch_, detections_);
    }
}

void Shard::flush() {
    const Correlation::Ticket ticket = parts_.correlation.open(batch_->size());
    batch_->set_first_id(ticket.first);
    judge(ticket);
    const auto kept = append();
    if (kept) {
        static base::Counter& appended =
            base::counter("gac_pipeline_events_total", {}, "Events appended to history");
        appended.add(batch_->size());
        position_ = *kept;
        parts_.correlation.put(ticket, position_, batch_, detections_, feed_);
    } else {
        parts_.correlation.cancel(ticket);
        lost_ = std::unexpected(kept.error());
    }
    for (Waiting& waiting : complete_) {
        if (kept) {
            waiting.position = position_;
        } else {
            waiting.receipt.accepted = 0;
            waiting.receipt.outcome = std::unexpected(kept.error());
        }
        finish(std::move(waiting));
    }
    complete_.clear();
    batch_->reset();
}

Result<store::Position> Shard::append() {
    for (bool told = false;; told = true) {
        auto position = parts_.sink.append(*batch_);
        // A request waits for a store that is only slow: refused now, half of it might be kept.
        const bool worth_waiting = !position
                                   && ((stream_ && position.error().code == Code::StorageFull)
                                       || (position.error().code == Code::Unavailable
                                           && (stream_ || parts_.sink.health().writable)));
        if (position || !worth_waiting || (told && queue_.closed())) {
            if (!position && stream_) {
                base::log_error("pipeline", "{} events of streams were lost: {}", batch_->size(),
                                position.error().message());
                base::counter("gac_pipeline_lost_events_total", {},
                              "Events of streams that could not be stored")
                    .add(batch_->size());
            }
            return position;
        }
        if (!told) {
            base::log_warn("pipeline", "events wait: {}", position.error().message());
        }
        std::this_thread::sleep_for(kRoomWait);
    }
}

void Shard::finish(Waiting waiting) {
    if (!waiting.receipt.outcome || waiting.position == store::Position{}) {
        waiting.done(std::move(waiting.receipt));
        return;
    }
    auto answer = [done = std::move(waiting.done),
                   receipt = std::move(waiting.receipt)](Result<> durable) mutable {
        if (!durable) {
            receipt.accepted = 0;
            receipt.outcome = std::move(durable);
        }
        done(std::move(receipt));
    };
    parts_.sink.when_durable(waiting.position, std::move(answer));
}

}  // namespace gac::pipeline
