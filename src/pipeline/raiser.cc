#include "pipeline/raiser.h"

#include <algorithm>
#include <iterator>

#include "base/log.h"
#include "base/metrics.h"
#include "base/time.h"

namespace gac::pipeline {

namespace {
constexpr std::size_t kQueuedDetectionsMax = 50'000;
constexpr std::size_t kBatchesAtOnce = 64;
constexpr auto kRetryAfter = std::chrono::milliseconds(500);
constexpr std::int64_t kMarkEveryUs = 500'000;
}  // namespace

Raiser::Raiser(response::Alerts& alerts)
    : alerts_(alerts),
      queue_(kQueuedDetectionsMax),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Raiser::~Raiser() {
    thread_.request_stop();
    queue_.close();
}

event::EventId Raiser::open(store::EventSink& sink, std::uint32_t events) {
    // Under the lock, so that no later id can be settled before this one is known to be open.
    return open_.with([&](Open& open) {
        const event::EventId first = sink.reserve(events);
        open.firsts.insert(first);
        open.end = first + events;
        return first;
    });
}

void Raiser::cancel(event::EventId first) {
    open_.with([&](Open& open) { open.firsts.erase(first); });
}

event::EventId Raiser::settled_after(const std::vector<RaisedBatch>& written) {
    return open_.with([&](Open& open) {
        for (const RaisedBatch& batch : written) {
            open.firsts.erase(batch.first);
        }
        return open.firsts.empty() ? open.end : *open.firsts.begin();
    });
}

void Raiser::push(RaisedBatch batch) {
    const std::size_t weight = batch.sightings.size() + 1;
    pushed_.fetch_add(1);
    if (!queue_.push(std::move(batch), weight)) {
        written_.fetch_add(1);
        written_.notify_all();
    }
}

void Raiser::drain() {
    const std::uint64_t target = pushed_.load();
    for (std::uint64_t seen = written_.load(); seen < target; seen = written_.load()) {
        written_.wait(seen);
    }
}

void Raiser::run(const std::stop_token& stop) {
    event::EventId written_to = 0;
    std::int64_t written_at = 0;
    std::vector<RaisedBatch> together;
    std::vector<response::Sighting> sightings;
    for (;;) {
        auto first = queue_.pop(std::chrono::seconds(1));
        if (!first) {
            if (queue_.closed()) {
                return;
            }
            continue;
        }
        together.push_back(*std::move(first));
        while (together.size() < kBatchesAtOnce) {
            auto more = queue_.pop(std::chrono::microseconds(0));
            if (!more) {
                break;
            }
            together.push_back(*std::move(more));
        }
        for (RaisedBatch& batch : together) {
            std::ranges::move(batch.sightings, std::back_inserter(sightings));
        }
        const event::EventId settled = settled_after(together);
        // Batches in which nothing was found only move the mark; once in a while is enough for
        // that.
        const bool mark_is_old =
            base::monotonic_us() - written_at > kMarkEveryUs && settled != written_to;
        if (!sightings.empty() || mark_is_old || queue_.closed()) {
            if (!write(sightings, settled, stop)) {
                return;  // the next start replays these events
            }
            written_to = settled;
            written_at = base::monotonic_us();
        }
        written_.fetch_add(together.size());
        written_.notify_all();
        together.clear();
        sightings.clear();
    }
}

bool Raiser::write(const std::vector<response::Sighting>& sightings, event::EventId settled,
                   const std::stop_token& stop) {
    static base::Counter& raised =
        base::counter("gac_detections_total", {}, "Detections handed to the alert desk");
    for (;;) {
        const auto report =
            alerts_.raise(sightings, {.stream = std::string(kStream), .raised_to = settled});
        if (report) {
            raised.add(sightings.size());
            return true;
        }
        base::log_error("pipeline", "alerts could not be written, trying again: {}",
                        report.error().message());
        if (stop.stop_requested()) {
            return false;
        }
        std::this_thread::sleep_for(kRetryAfter);
    }
}

}  // namespace gac::pipeline
