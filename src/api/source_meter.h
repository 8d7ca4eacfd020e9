// How much each source sends: events a second over the last minute and events an hour over the last
// 24 hours, from counts that only grow. Since the start of the process. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "base/snapshot.h"
#include "base/time.h"

namespace gac::api {

class SourceMeter {
public:
    struct Reading {
        double per_second = 0;
        double failed_percent = 0;              // of the last hour's
        std::array<std::uint64_t, 24> hours{};  // oldest first; the last one runs
        std::uint64_t failed_24h = 0;
    };

    struct Count {
        std::uint64_t events = 0;
        std::uint64_t failed = 0;
    };

    // All counts as they stand at `now`; call every few seconds.
    void sample(base::TimePoint now, const std::map<std::string, Count>& counts);
    Reading reading(const std::string& source, base::TimePoint now) const;

private:
    static constexpr std::size_t kSamples = 13;  // 60 s at 5 s
    struct Sample {
        base::TimePoint time;
        std::uint64_t events = 0;
    };
    struct Meter {
        Count last;
        std::array<Sample, kSamples> samples{};
        std::size_t taken = 0;
        std::array<std::uint64_t, 24> hour_events{};  // ring, by hour since 1970 modulo 24
        std::array<std::uint64_t, 24> hour_failed{};
        std::int64_t hour = 0;  // the newest in the ring
    };
    static void turn_to(Meter& meter, std::int64_t hour);

    base::Guarded<std::map<std::string, Meter>> meters_;
};

}  // namespace gac::api
