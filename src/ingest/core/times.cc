#include "ingest/core/times.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

namespace gac::ingest {

namespace {

int two_digits(const char* text) { return (text[0] - '0') * 10 + (text[1] - '0'); }

// "06:55:46": whether those eight bytes are such.
bool is_clock(const char* text) {
    return is_digit(text[0]) && is_digit(text[1]) && text[2] == ':' && is_digit(text[3])
           && is_digit(text[4]) && text[5] == ':' && is_digit(text[6]) && is_digit(text[7]);
}

// "06:55:46", "06:55:46.123456", "06:55:46,123"
bool scan_clock(Scan& scan, base::CivilTime& civil) {
    if (const std::string_view text = scan.rest();
        text.size() > 8 && is_clock(text.data()) && text[8] != '.' && text[8] != ',') {
        civil.hour = two_digits(text.data());
        civil.minute = two_digits(text.data() + 3);
        civil.second = two_digits(text.data() + 6);
        scan.skip(8);
        return true;
    }
    const auto hour = scan.number(2);
    if (!hour || !scan.eat(':')) {
        return false;
    }
    const auto minute = scan.number(2);
    if (!minute || !scan.eat(':')) {
        return false;
    }
    const auto second = scan.number(2);
    if (!second) {
        return false;
    }
    civil.hour = *hour;
    civil.minute = *minute;
    civil.second = *second;
    const std::string_view rest = scan.rest();
    if (rest.size() > 1 && (rest[0] == '.' || rest[0] == ',') && is_digit(rest[1])) {
        scan.skip(1);
        int scale = 100'000;
        while (is_digit(scan.peek())) {
            civil.micros += (scan.peek() - '0') * scale;
            scale /= 10;
            scan.skip(1);
        }
    }
    return true;
}

base::TimePoint to_utc(const base::CivilTime& civil, const base::Zone& zone) {
    return base::from_civil(civil) - zone.offset_at_local(civil);
}

// Numbers since 1970: below 1e11 they are seconds, then each unit takes three digits more.
std::optional<base::TimePoint> from_epoch(std::int64_t number) {
    if (number <= 0) {
        return std::nullopt;
    }
    if (number < 100'000'000'000) {
        return base::TimePoint{number * 1'000'000};
    }
    if (number < 100'000'000'000'000) {
        return base::TimePoint{number * 1'000};
    }
    if (number < 100'000'000'000'000'000) {
        return base::TimePoint{number};
    }
    return base::TimePoint{number / 1'000};
}

}  // namespace

int month_of(std::string_view name) {
    static constexpr std::array<std::string_view, 12> kMonths = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    if (name.size() != 3) {
        return 0;
    }
    for (std::size_t i = 0; i < kMonths.size(); ++i) {
        if (kMonths[i][0] == (name[0] & ~0x20) && kMonths[i][1] == (name[1] | 0x20)
            && kMonths[i][2] == (name[2] | 0x20)) {
            return static_cast<int>(i) + 1;
        }
    }
    return 0;
}

namespace {

// Month, day, the year if it stands there, and the clock.
bool scan_bsd(Scan& ahead, base::CivilTime& civil, bool& has_year) {
    civil.month = month_of(ahead.rest().substr(0, 3));
    if (civil.month == 0) {
        return false;
    }
    ahead.skip(3);
    if (!ahead.eat(' ')) {
        return false;
    }
    ahead.blanks();
    const auto day = ahead.number(2);
    if (!day || !ahead.eat(' ')) {
        return false;
    }
    civil.day = *day;
    const std::string_view rest = ahead.rest();
    has_year = rest.size() > 5 && is_digit(rest[0]) && is_digit(rest[1]) && is_digit(rest[2])
               && is_digit(rest[3]) && rest[4] == ' ';
    if (has_year) {
        civil.year = *ahead.number(4);
        ahead.skip(1);
    }
    return scan_clock(ahead, civil);
}

}  // namespace

std::optional<base::TimePoint> scan_bsd_time_of(Scan& scan, const base::Zone& zone, int year) {
    Scan ahead = scan;
    base::CivilTime civil;
    bool has_year = false;
    if (!scan_bsd(ahead, civil, has_year) || has_year) {
        return std::nullopt;
    }
    civil.year = year;
    if (!base::is_valid(civil)) {
        return std::nullopt;
    }
    scan = ahead;
    return to_utc(civil, zone);
}

std::optional<base::TimePoint> scan_bsd_time(Scan& scan, const base::Zone& zone,
                                             base::TimePoint received) {
    Scan ahead = scan;
    base::CivilTime civil;
    bool has_year = false;
    if (!scan_bsd(ahead, civil, has_year)) {
        return std::nullopt;
    }
    if (has_year) {
        if (!base::is_valid(civil)) {
            return std::nullopt;
        }
        scan = ahead;
        return to_utc(civil, zone);
    }
    // A log tells of the past: the latest year that does not put the line into the future. Clocks
    // that run ahead, and zones that a profile has wrong, get two days; so a line of the first of
    // January that arrives on New Year's Eve is next year's.
    const base::TimePoint latest = received + base::Duration::days(2);
    const int year = base::to_civil(latest).year;
    std::optional<base::TimePoint> best;
    for (int candidate = year + 1; candidate > year - 9 && !best; --candidate) {
        civil.year = candidate;  // nine years back there was a 29 February
        if (base::is_valid(civil)) {
            const base::TimePoint time = to_utc(civil, zone);
            if (time <= latest) {
                best = time;
            }
        }
    }
    if (best) {
        scan = ahead;
    }
    return best;
}

std::optional<base::TimePoint> BsdClock::usual(std::string_view text, const base::Zone& zone,
                                               base::TimePoint received) const {
    if (zone_ != &zone || text.size() <= kUsual
        || std::memcmp(text.data(), date_, sizeof date_) != 0 || text[sizeof date_] != ' '
        || !is_clock(text.data() + sizeof date_ + 1) || text[kUsual] == '.'
        || text[kUsual] == ',') {
        return std::nullopt;
    }
    const int hour = two_digits(text.data() + 7);
    const int minute = two_digits(text.data() + 10);
    const int second = two_digits(text.data() + 13);
    if (hour > 23 || minute > 59 || second > 59) {
        return std::nullopt;
    }
    const base::TimePoint time =
        midnight_ + base::Duration::seconds(hour * 3600 + minute * 60 + second);
    return is_latest(time, received) ? std::optional(time) : std::nullopt;
}

std::optional<base::TimePoint> BsdClock::scan(Scan& scan, const base::Zone& zone,
                                              base::TimePoint received) {
    const std::string_view rest = scan.rest();
    const bool known = zone_ == &zone && rest.size() > sizeof date_ && rest[sizeof date_] == ' '
                       && std::memcmp(rest.data(), date_, sizeof date_) == 0;
    if (known) {
        Scan ahead = scan;
        ahead.skip(sizeof date_ + 1);
        base::CivilTime clock;
        if (scan_clock(ahead, clock) && clock.hour < 24 && clock.minute < 60 && clock.second < 60) {
            const base::TimePoint time =
                midnight_ + base::Duration::seconds(clock.hour * 3600 + clock.minute * 60)
                + base::Duration{clock.second * 1'000'000 + clock.micros};
            if (is_latest(time, received)) {
                scan = ahead;
                return time;
            }
        }
    }
    const auto time = scan_bsd_time(scan, zone, received);
    if (time && rest.size() > sizeof date_ && rest[sizeof date_] == ' ') {
        // Only a day on which the zone's offset does not change may be remembered.
        const base::Duration offset = zone.offset_at(*time);
        base::CivilTime day = base::to_civil(*time + offset);
        day.hour = day.minute = day.second = day.micros = 0;
        const base::TimePoint midnight = base::from_civil(day) - offset;
        const base::TimePoint next = midnight + base::Duration::days(1);
        if (zone.offset_at(midnight) == offset && zone.offset_at(next) == offset) {
            std::memcpy(date_, rest.data(), sizeof date_);
            zone_ = &zone;
            midnight_ = midnight;
        }
    }
    return time;
}

std::optional<base::TimePoint> scan_iso_time(Scan& scan, const base::Zone& zone) {
    const std::string_view rest = scan.rest();
    if (rest.size() < 19 || !is_digit(rest[0]) || rest[4] != '-' || rest[7] != '-') {
        return std::nullopt;
    }
    // A date and a clock with a blank between are one time.
    const std::size_t from = rest[10] == ' ' ? 11 : 0;
    std::size_t end = rest.find_first_of(" \t", from);
    if (end == std::string_view::npos) {
        end = rest.size();
    }
    std::string_view text = rest.substr(0, end);
    if (text.ends_with(':')) {  // "2026-08-21T10:15:30+07:00: %ASA-..."
        text.remove_suffix(1);
    }
    const auto time = base::parse_rfc3339(text, zone);
    if (time) {
        scan.skip(end + 1);
    }
    return time;
}

std::optional<base::TimePoint> parse_clf_time(std::string_view text, const base::Zone& zone) {
    // As all servers write it: "17/May/2015:10:05:03 +0000".
    if (text.size() == 26 && is_digit(text[0]) && is_digit(text[1]) && text[2] == '/'
        && text[6] == '/' && is_digit(text[7]) && is_digit(text[8]) && is_digit(text[9])
        && is_digit(text[10]) && text[11] == ':' && is_clock(text.data() + 12) && text[20] == ' '
        && (text[21] == '+' || text[21] == '-') && is_digit(text[22]) && is_digit(text[23])
        && is_digit(text[24]) && is_digit(text[25])) {
        const base::CivilTime civil{.year = two_digits(&text[7]) * 100 + two_digits(&text[9]),
                                    .month = month_of(text.substr(3, 3)),
                                    .day = two_digits(&text[0]),
                                    .hour = two_digits(&text[12]),
                                    .minute = two_digits(&text[15]),
                                    .second = two_digits(&text[18])};
        const int hours = two_digits(&text[22]);
        const int minutes = two_digits(&text[24]);
        if (!base::is_valid(civil) || hours > 23 || minutes > 59) {
            return std::nullopt;
        }
        const base::Duration offset = base::Duration::minutes(hours * 60 + minutes);
        return text[21] == '-' ? base::from_civil(civil) + offset
                               : base::from_civil(civil) - offset;
    }
    Scan scan(text);
    base::CivilTime civil;
    const auto day = scan.number(2);
    if (!day || !scan.eat('/')) {
        return std::nullopt;
    }
    civil.day = *day;
    civil.month = month_of(scan.rest().substr(0, 3));
    scan.skip(3);
    if (!scan.eat('/')) {
        return std::nullopt;
    }
    const auto year = scan.number(4);
    if (!year || !scan.eat(':') || !scan_clock(scan, civil)) {
        return std::nullopt;
    }
    civil.year = *year;
    if (!base::is_valid(civil)) {
        return std::nullopt;
    }
    scan.blanks();
    if (scan.done()) {
        return to_utc(civil, zone);
    }
    const bool west = scan.peek() == '-';
    if (!west && scan.peek() != '+') {
        return std::nullopt;
    }
    scan.skip(1);
    const auto hours = scan.number(2);
    scan.eat(':');
    const auto minutes = scan.number(2);
    if (!hours || !minutes || *hours > 23 || *minutes > 59 || !scan.done()) {
        return std::nullopt;
    }
    const base::Duration offset = base::Duration::minutes(*hours * 60 + *minutes);
    return west ? base::from_civil(civil) + offset : base::from_civil(civil) - offset;
}

std::optional<base::TimePoint> time_of(const event::ValueRef& value, const base::Zone& zone) {
    switch (value.type()) {
        case event::Type::Time:
            return value.time();
        case event::Type::Integer:
            return from_epoch(value.integer());
        case event::Type::Float: {
            const double seconds = value.number();
            if (!(seconds > 0) || seconds > 9.2e18) {
                return std::nullopt;
            }
            return seconds < 1e11 ? base::TimePoint{std::llround(seconds * 1e6)}
                                  : from_epoch(std::llround(seconds));
        }
        case event::Type::String: {
            std::string scratch;
            const std::string_view text = trim_blanks(value.text(scratch));
            if (const auto time = base::parse_rfc3339(text, zone)) {
                return time;
            }
            if (const auto number = parse_integer(text)) {
                return from_epoch(*number);
            }
            double seconds = 0;
            const char* end = text.data() + text.size();
            const auto [stop, fault] = std::from_chars(text.data(), end, seconds);
            if (fault == std::errc{} && stop == end && seconds > 0 && seconds < 1e11) {
                return base::TimePoint{std::llround(seconds * 1e6)};
            }
            return std::nullopt;
        }
        case event::Type::List:
            return value.list().empty() ? std::nullopt : time_of(value.list()[0], zone);
        case event::Type::Null:
        case event::Type::Bool:
        case event::Type::Ip:
            return std::nullopt;
    }
    return std::nullopt;
}

}  // namespace gac::ingest
