// Times as log lines write them. All give UTC; `zone` is what the source's profile says.
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"
#include "event/value.h"
#include "ingest/core/scan.h"

namespace gac::ingest {

// "Dec 10 06:55:46", "Dec  1 2026 06:55:46.123"; "Dec 10 06:55:46 2026" is not one. Without a year
// it is the latest one that is not after `received` (by more than two days, for clocks that run
// ahead). Advances `scan` behind the time when it fits.
std::optional<base::TimePoint> scan_bsd_time(Scan& scan, const base::Zone& zone,
                                             base::TimePoint received);

// The same of a year that is known; the time must not name one.
std::optional<base::TimePoint> scan_bsd_time_of(Scan& scan, const base::Zone& zone, int year);

// As scan_bsd_time(), remembering the last day that it saw: nearly all lines of a source are of one
// day.
class BsdClock {
public:
    std::optional<base::TimePoint> scan(Scan& scan, const base::Zone& zone,
                                        base::TimePoint received);
    // "Dec 10 06:55:46" at the front, of the day remembered, whole seconds: kUsual bytes and one
    // more, no digit of a fraction.
    static constexpr std::size_t kUsual = 15;
    std::optional<base::TimePoint> usual(std::string_view text, const base::Zone& zone,
                                         base::TimePoint received) const;

private:
    // Whether it is still the latest year that fits.
    static bool is_latest(base::TimePoint time, base::TimePoint received) {
        const base::TimePoint latest = received + base::Duration::days(2);
        return time <= latest && latest < time + base::Duration::days(364);
    }

    char date_[6] = {};  // "Nov 22"
    const base::Zone* zone_ = nullptr;
    base::TimePoint midnight_;
};

// An RFC 3339 time at the front, up to the next blank; "2026-08-21 10:15:30" with a blank inside
// too.
std::optional<base::TimePoint> scan_iso_time(Scan& scan, const base::Zone& zone);

// "17/May/2015:10:05:03 +0000"
std::optional<base::TimePoint> parse_clf_time(std::string_view text, const base::Zone& zone);

// Time fields of structured logs: RFC 3339 text, or a number since 1970 in seconds, milliseconds,
// microseconds or nanoseconds, told apart by size (all stay apart from 1973 to 5138).
std::optional<base::TimePoint> time_of(const event::ValueRef& value, const base::Zone& zone);

// "Jan".."Dec" to 1..12, 0 when it is none.
int month_of(std::string_view name);

}  // namespace gac::ingest
