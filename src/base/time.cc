#include "base/time.h"

#include <charconv>
#include <chrono>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

namespace gac::base {

namespace {

// Days since 1970-01-01, after H. Hinnant, "chrono-compatible low-level date algorithms".
std::int64_t days_from_civil(int year, int month, int day) {
    const int y = year - (month <= 2 ? 1 : 0);
    const int era = (y >= 0 ? y : y - 399) / 400;
    const int yoe = y - era * 400;
    const int doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    const int doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return static_cast<std::int64_t>(era) * 146097 + doe - 719468;
}

bool two_digits(std::string_view text, std::size_t at, int& out) {
    if (at + 2 > text.size() || text[at] < '0' || text[at] > '9' || text[at + 1] < '0'
        || text[at + 1] > '9') {
        return false;
    }
    out = (text[at] - '0') * 10 + (text[at + 1] - '0');
    return true;
}

std::uint32_t big32(const char* p) {
    unsigned char b[4];
    std::memcpy(b, p, 4);
    return (std::uint32_t{b[0]} << 24) | (std::uint32_t{b[1]} << 16) | (std::uint32_t{b[2]} << 8)
           | b[3];
}

}  // namespace

TimePoint from_civil(const CivilTime& civil) {
    const std::int64_t days = days_from_civil(civil.year, civil.month, civil.day);
    const std::int64_t seconds =
        days * 86400 + civil.hour * 3600 + civil.minute * 60 + civil.second;
    return {seconds * 1'000'000 + civil.micros};
}

CivilTime to_civil(TimePoint time) {
    std::int64_t seconds = time.us / 1'000'000;
    std::int64_t micros = time.us % 1'000'000;
    if (micros < 0) {
        micros += 1'000'000;
        --seconds;
    }
    std::int64_t days = seconds / 86400;
    std::int64_t rest = seconds % 86400;
    if (rest < 0) {
        rest += 86400;
        --days;
    }
    const std::int64_t z = days + 719468;
    const std::int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    const std::int64_t doe = z - era * 146097;
    const std::int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const std::int64_t mp = (5 * doy + 2) / 153;
    CivilTime civil;
    civil.day = static_cast<int>(doy - (153 * mp + 2) / 5 + 1);
    civil.month = static_cast<int>(mp < 10 ? mp + 3 : mp - 9);
    civil.year = static_cast<int>(yoe + era * 400 + (civil.month <= 2 ? 1 : 0));
    civil.hour = static_cast<int>(rest / 3600);
    civil.minute = static_cast<int>(rest / 60 % 60);
    civil.second = static_cast<int>(rest % 60);
    civil.micros = static_cast<int>(micros);
    return civil;
}

bool is_valid(const CivilTime& c) {
    static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (c.year < 1 || c.year > 9999 || c.month < 1 || c.month > 12 || c.day < 1 || c.hour < 0
        || c.hour > 23 || c.minute < 0 || c.minute > 59 || c.second < 0 || c.second > 60) {
        return false;
    }
    const bool leap = (c.year % 4 == 0 && c.year % 100 != 0) || c.year % 400 == 0;
    return c.day <= kDays[c.month - 1] + (c.month == 2 && leap ? 1 : 0);
}

// TZif version 2 (RFC 8536 section 3): the second, 64-bit data block is read; footer rules are not
// needed for zones that no longer change, and beyond the last transition its offset holds.
Result<Zone> load_zone(std::string_view name) {
    if (name.find("..") != std::string_view::npos || name.starts_with('/')) {
        return fail(Code::InvalidArgument, fmt::format("time zone name \"{}\" is not valid", name));
    }
    std::ifstream file("/usr/share/zoneinfo/" + std::string(name), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    if (bytes.size() < 44 || !bytes.starts_with("TZif") || bytes[4] < '2') {
        return fail(Code::NotFound,
                    fmt::format("time zone \"{}\" is not known to this system", name));
    }
    const auto header_counts = [&](std::size_t at, std::uint32_t(&n)[6]) {
        for (std::size_t i = 0; i < 6; ++i) {
            n[i] = big32(bytes.data() + at + 20 + i * 4);
        }
    };
    std::uint32_t n[6];  // isut, isstd, leap, time, type, char counts
    header_counts(0, n);
    const std::size_t first_block =
        std::size_t{n[3]} * 5 + std::size_t{n[4]} * 6 + n[5] + std::size_t{n[2]} * 8 + n[1] + n[0];
    const std::size_t second = 44 + first_block;
    if (second + 44 > bytes.size()) {
        return fail(Code::Corrupt, fmt::format("time zone file of \"{}\" is cut short", name));
    }
    header_counts(second, n);
    const std::size_t times = second + 44;
    const std::size_t kinds = times + std::size_t{n[3]} * 8;
    const std::size_t types = kinds + n[3];
    if (types + std::size_t{n[4]} * 6 > bytes.size() || n[4] == 0) {
        return fail(Code::Corrupt, fmt::format("time zone file of \"{}\" is cut short", name));
    }
    Zone zone;
    zone.name_ = std::string(name);
    const auto offset_of = [&](std::uint32_t type) {
        return static_cast<std::int32_t>(big32(bytes.data() + types + std::size_t{type} * 6));
    };
    zone.fixed_ = Duration::seconds(offset_of(0));
    for (std::uint32_t i = 0; i < n[3]; ++i) {
        const char* p = bytes.data() + times + std::size_t{i} * 8;
        const auto at = static_cast<std::int64_t>((std::uint64_t{big32(p)} << 32) | big32(p + 4));
        const auto type = static_cast<unsigned char>(bytes[kinds + i]);
        if (type >= n[4]) {
            return fail(Code::Corrupt, fmt::format("time zone file of \"{}\" is damaged", name));
        }
        const Zone::Transition transition{at, offset_of(type)};
        zone.transitions_.append(reinterpret_cast<const char*>(&transition), sizeof transition);
    }
    return zone;
}

Result<Zone> Zone::parse(std::string_view name) {
    if (name == "UTC" || name == "Z" || name == "utc") {
        return Zone{};
    }
    if (name.size() == 6 && (name[0] == '+' || name[0] == '-') && name[3] == ':') {
        int hours = 0;
        int minutes = 0;
        if (two_digits(name, 1, hours) && two_digits(name, 4, minutes) && hours < 15
            && minutes < 60) {
            Zone zone;
            zone.name_ = std::string(name);
            const std::int64_t seconds = hours * 3600 + minutes * 60;
            zone.fixed_ = Duration::seconds(name[0] == '-' ? -seconds : seconds);
            return zone;
        }
    }
    return load_zone(name);
}

Duration Zone::offset_at(TimePoint utc) const {
    Duration offset = fixed_;
    const std::int64_t seconds = utc.us / 1'000'000;
    for (std::size_t at = 0; at < transitions_.size(); at += sizeof(Transition)) {
        Transition transition;
        std::memcpy(&transition, transitions_.data() + at, sizeof transition);
        if (transition.at_s > seconds) {
            break;
        }
        offset = Duration::seconds(transition.offset_s);
    }
    return offset;
}

Duration Zone::offset_at_local(const CivilTime& local) const {
    if (transitions_.empty()) {
        return fixed_;
    }
    const TimePoint wall = from_civil(local);
    const Duration guess = offset_at(wall - offset_at(wall));
    return offset_at(wall - guess);
}

std::optional<TimePoint> parse_rfc3339(std::string_view text, const Zone& zone) {
    CivilTime c;
    int century = 0;
    int year = 0;
    if (text.size() < 19 || !two_digits(text, 0, century) || !two_digits(text, 2, year)
        || text[4] != '-' || !two_digits(text, 5, c.month) || text[7] != '-'
        || !two_digits(text, 8, c.day) || (text[10] != 'T' && text[10] != ' ' && text[10] != 't')
        || !two_digits(text, 11, c.hour) || text[13] != ':' || !two_digits(text, 14, c.minute)
        || text[16] != ':' || !two_digits(text, 17, c.second)) {
        return std::nullopt;
    }
    c.year = century * 100 + year;
    std::size_t at = 19;
    if (at < text.size() && (text[at] == '.' || text[at] == ',')) {
        int scale = 100'000;
        const std::size_t start = ++at;
        for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
            c.micros += (text[at] - '0') * scale;
            scale /= 10;
        }
        if (at == start || at - start > 9) {
            return std::nullopt;
        }
    }
    if (!is_valid(c)) {
        return std::nullopt;
    }
    if (at == text.size()) {
        return from_civil(c) - zone.offset_at_local(c);
    }
    if (text[at] == 'Z' || text[at] == 'z') {
        return at + 1 == text.size() ? std::optional(from_civil(c)) : std::nullopt;
    }
    if (text[at] == ' ') {  // "2026-11-22 21:59:13 +0700"
        ++at;
    }
    if (at >= text.size() || (text[at] != '+' && text[at] != '-')) {
        return std::nullopt;
    }
    const bool negative = text[at] == '-';
    int hours = 0;
    int minutes = 0;
    if (!two_digits(text, at + 1, hours)) {
        return std::nullopt;
    }
    at += 3;
    if (at < text.size() && text[at] == ':') {
        ++at;
    }
    if (at < text.size() && !two_digits(text, at, minutes)) {
        return std::nullopt;
    }
    if ((at != text.size() && at + 2 != text.size()) || hours > 23 || minutes > 59) {
        return std::nullopt;
    }
    const Duration offset = Duration::minutes(hours * 60 + minutes);
    return negative ? from_civil(c) + offset : from_civil(c) - offset;
}

std::string format_rfc3339(TimePoint time) {
    const CivilTime c = to_civil(time);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", c.year, c.month, c.day, c.hour,
                       c.minute, c.second, c.micros);
}

Result<TimePoint> parse_time_argument(std::string_view text, TimePoint now) {
    if (const auto absolute = parse_rfc3339(text)) {
        return *absolute;
    }
    std::string_view rest = text;
    if (rest.starts_with("now")) {
        rest.remove_prefix(3);
        if (rest.empty()) {
            return now;
        }
    }
    if (rest.size() >= 3 && (rest[0] == '-' || rest[0] == '+')) {
        std::int64_t amount = 0;
        const char* end = rest.data() + rest.size() - 1;
        const auto [stop, fault] = std::from_chars(rest.data() + 1, end, amount);
        std::int64_t unit = 0;
        switch (rest.back()) {
            case 's':
                unit = 1;
                break;
            case 'm':
                unit = 60;
                break;
            case 'h':
                unit = 3600;
                break;
            case 'd':
                unit = 86400;
                break;
            case 'w':
                unit = 604800;
                break;
            default:
                break;
        }
        if (fault == std::errc{} && stop == end && unit != 0 && amount <= 100'000'000'000 / unit) {
            const Duration span = Duration::seconds(amount * unit);
            return rest[0] == '-' ? now - span : now + span;
        }
    }
    return fail(
        Code::InvalidArgument,
        fmt::format("\"{}\" is neither an RFC 3339 time nor a relative one such as -15m or -7d",
                    text));
}

TimePoint SystemClock::now() const {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return {std::chrono::duration_cast<std::chrono::microseconds>(since).count()};
}

std::int64_t monotonic_us() {
    const auto since = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(since).count();
}

}  // namespace gac::base
