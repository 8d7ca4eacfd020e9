// Time as the whole product stores it: UTC, microseconds since 1970. Zones appear only where text
// is read or shown. Clocks are passed in, so that tests own time.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gac::base {

// A span of time in microseconds; may be negative.
struct Duration {
    std::int64_t us = 0;

    static constexpr Duration seconds(std::int64_t n) { return {n * 1'000'000}; }
    static constexpr Duration millis(std::int64_t n) { return {n * 1'000}; }
    static constexpr Duration minutes(std::int64_t n) { return seconds(n * 60); }
    static constexpr Duration hours(std::int64_t n) { return minutes(n * 60); }
    static constexpr Duration days(std::int64_t n) { return hours(n * 24); }
    constexpr auto operator<=>(const Duration&) const = default;
    constexpr Duration operator+(Duration other) const { return {us + other.us}; }
    constexpr Duration operator-(Duration other) const { return {us - other.us}; }
};

struct TimePoint {
    std::int64_t us = 0;

    constexpr auto operator<=>(const TimePoint&) const = default;
    constexpr TimePoint operator+(Duration d) const { return {us + d.us}; }
    constexpr TimePoint operator-(Duration d) const { return {us - d.us}; }
    constexpr Duration operator-(TimePoint other) const { return {us - other.us}; }
};

// Calendar fields of a UTC instant (or, with an offset applied first, of a local one).
struct CivilTime {
    int year = 1970;
    int month = 1;  // 1..12
    int day = 1;    // 1..31
    int hour = 0;
    int minute = 0;
    int second = 0;
    int micros = 0;
};

TimePoint from_civil(const CivilTime& civil);  // proleptic Gregorian, UTC; fields must be in range
CivilTime to_civil(TimePoint time);
bool is_valid(const CivilTime& civil);  // leap second 60 is accepted and folds into the next minute

// A fixed-offset or named zone. Named zones come from the system's zone files (Asia/Ho_Chi_Minh,
// UTC, +07:00).
class Zone {
public:
    static Result<Zone> parse(std::string_view name);
    static Zone utc() { return {}; }
    // Offset from UTC at that local wall time; for a time that occurs twice, the first.
    Duration offset_at_local(const CivilTime& local) const;
    Duration offset_at(TimePoint utc) const;
    const std::string& name() const { return name_; }

private:
    std::string name_ = "UTC";
    Duration fixed_{};
    struct Transition {
        std::int64_t at_s;
        std::int32_t offset_s;
    };
    std::string transitions_;  // packed Transition records of the zone file, ascending; empty =
                               // fixed offset
    friend Result<Zone> load_zone(std::string_view);
};

// RFC 3339 / ISO 8601: "2026-11-22T21:59:13.000001Z", offsets +07:00 or +0700, blank or 'T'
// between, 0..9 fraction digits (cut to micros). Without an offset the text is taken in `zone`.
std::optional<TimePoint> parse_rfc3339(std::string_view text, const Zone& zone = Zone::utc());

// Always "2026-11-22T21:59:13.000001Z".
std::string format_rfc3339(TimePoint time);

// RFC 3339, or relative to `now`: "-15m", "-7d", "now", "now-1h" (units s m h d w).
Result<TimePoint> parse_time_argument(std::string_view text, TimePoint now);

class Clock {
public:
    virtual ~Clock() = default;
    virtual TimePoint now() const = 0;
};

class SystemClock final : public Clock {
public:
    TimePoint now() const override;
};

// For tests: stands still until moved.
class FakeClock final : public Clock {
public:
    explicit FakeClock(TimePoint start) : now_(start) {}
    TimePoint now() const override { return now_; }
    void advance(Duration by) { now_ = now_ + by; }
    void set(TimePoint to) { now_ = to; }

private:
    TimePoint now_;
};

// Monotonic microseconds, for measuring and deadlines only.
std::int64_t monotonic_us();

}  // namespace gac::base
