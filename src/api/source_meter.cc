#include "api/source_meter.h"

#include <algorithm>

namespace gac::api {

namespace {

std::int64_t hour_of(base::TimePoint time) { return time.us / base::Duration::hours(1).us; }
std::size_t slot_of(std::int64_t hour) { return static_cast<std::size_t>(hour % 24); }

}  // namespace

void SourceMeter::turn_to(Meter& meter, std::int64_t hour) {
    const std::int64_t first = std::max(meter.hour + 1, hour - 23);
    for (std::int64_t h = first; h <= hour; ++h) {
        meter.hour_events[slot_of(h)] = 0;
        meter.hour_failed[slot_of(h)] = 0;
    }
    meter.hour = std::max(meter.hour, hour);
}

void SourceMeter::sample(base::TimePoint now, const std::map<std::string, Count>& counts) {
    meters_.with([&](auto& meters) {
        for (const auto& [name, count] : counts) {
            Meter& meter = meters[name];
            turn_to(meter, hour_of(now));
            meter.hour_events[slot_of(meter.hour)] +=
                count.events - std::min(meter.last.events, count.events);
            meter.hour_failed[slot_of(meter.hour)] +=
                count.failed - std::min(meter.last.failed, count.failed);
            meter.last = count;
            meter.samples[meter.taken++ % kSamples] = {now, count.events};
        }
    });
}

SourceMeter::Reading SourceMeter::reading(const std::string& source, base::TimePoint now) const {
    return meters_.with([&](const auto& meters) {
        Reading reading;
        const auto found = meters.find(source);
        if (found == meters.end()) {
            return reading;
        }
        Meter meter = found->second;
        turn_to(meter, hour_of(now));
        if (meter.taken >= 2) {
            const Sample& newest = meter.samples[(meter.taken - 1) % kSamples];
            const Sample& oldest =
                meter.samples[meter.taken > kSamples ? meter.taken % kSamples : 0];
            const auto seconds = static_cast<double>((newest.time - oldest.time).us) / 1e6;
            if (seconds > 0) {
                reading.per_second = static_cast<double>(newest.events - oldest.events) / seconds;
            }
        }
        std::uint64_t recent = 0;
        std::uint64_t recent_failed = 0;
        for (std::int64_t i = 0; i < 24; ++i) {
            const std::size_t slot = slot_of(meter.hour - 23 + i);
            reading.hours[static_cast<std::size_t>(i)] = meter.hour_events[slot];
            reading.failed_24h += meter.hour_failed[slot];
            if (i >= 22) {  // the hour that runs may be a minute old
                recent += meter.hour_events[slot];
                recent_failed += meter.hour_failed[slot];
            }
        }
        if (recent > 0) {
            reading.failed_percent =
                100.0 * static_cast<double>(recent_failed) / static_cast<double>(recent);
        }
        return reading;
    });
}

}  // namespace gac::api
