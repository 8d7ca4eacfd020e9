#include "pipeline/sample_night.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <condition_variable>
#include <map>
#include <mutex>
#include <tuple>

#include <fmt/format.h>

#include "base/file.h"
#include "base/log.h"
#include "ingest/input.h"

namespace gac::pipeline {

namespace {

constexpr std::size_t kManifestBytesMax = 1 << 20;
constexpr std::size_t kLinesMax = 1'000'000;
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

int number_at(std::string_view text, std::size_t at, std::size_t digits) {
    int value = 0;
    while (digits > 0 && at < text.size() && text[at] == ' ') {  // " 1" in BSD dates
        ++at;
        --digits;
    }
    const char* from = text.data() + std::min(at, text.size());
    const char* to = text.data() + std::min(at + digits, text.size());
    const auto [end, fault] = std::from_chars(from, to, value);
    return fault == std::errc{} && end == to ? value : -1;
}

int month_at(std::string_view text, std::size_t at) {
    const auto found = std::ranges::find(kMonths, text.substr(std::min(at, text.size()), 3));
    return found == kMonths.end() ? -1 : static_cast<int>(found - kMonths.begin()) + 1;
}

std::optional<TimePlace> checked(std::size_t at, const base::CivilTime& civil) {
    if (!base::is_valid(civil)) {
        return std::nullopt;
    }
    return TimePlace{at, base::from_civil(civil)};
}

std::string bsd_text(base::TimePoint wall) {
    const base::CivilTime t = base::to_civil(wall);
    return fmt::format("{} {:2} {:02}:{:02}:{:02}", kMonths[static_cast<std::size_t>(t.month - 1)],
                       t.day, t.hour, t.minute, t.second);
}

std::string combined_text(base::TimePoint wall) {
    const base::CivilTime t = base::to_civil(wall);
    return fmt::format("{:02}/{}/{:04}:{:02}:{:02}:{:02}", t.day,
                       kMonths[static_cast<std::size_t>(t.month - 1)], t.year, t.hour, t.minute,
                       t.second);
}

std::string iso_text(base::TimePoint wall) {
    const base::CivilTime t = base::to_civil(wall);
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", t.year, t.month, t.day, t.hour,
                       t.minute, t.second);
}

// "date=2026-11-21 time=18:00:02" of key=value firewalls.
void move_date_and_time(std::string& line, base::TimePoint wall) {
    const std::size_t date = line.find("date=");
    const std::size_t time = line.find("time=", date == std::string::npos ? 0 : date);
    if (date == std::string::npos || time == std::string::npos || date + 15 > line.size()
        || time + 13 > line.size()) {
        return;
    }
    const std::string text = iso_text(wall);
    line.replace(date + 5, 10, text, 0, 10);
    line.replace(time + 5, 8, text, 11, 8);
}

LineTime parse_line_time(const std::string& name) {
    if (name == "combined") {
        return LineTime::Combined;
    }
    return name == "EventTime" ? LineTime::EventTime : LineTime::Syslog;
}

Result<SampleNight> read_manifest(const std::filesystem::path& folder) {
    const std::filesystem::path path = folder / "night.yaml";
    GAC_TRY(text, base::read_file(path, kManifestBytesMax));
    SampleNight night;
    try {
        const YAML::Node root = YAML::Load(text);
        night.name = root["name"].as<std::string>();
        GAC_TRY(zone, base::Zone::parse(root["zone"].as<std::string>()));
        night.zone_offset = zone.offset_at({0});
        const auto end = base::parse_rfc3339(root["to"].as<std::string>());
        if (!end) {
            return fail(Code::InvalidArgument, "key \"to\" is not an RFC 3339 time", path.string());
        }
        night.wall_end = *end + night.zone_offset;
        night.year = base::to_civil(night.wall_end).year;
        for (const auto& unit : root["units"]) {
            night.units.push_back({unit["id"].as<std::string>(), unit["name"].as<std::string>(),
                                   unit["name_en"].as<std::string>("")});
        }
        for (const auto& host : root["hosts"]) {
            night.hosts.push_back({host["name"].as<std::string>(), host["unit"].as<std::string>(),
                                   host["address"].as<std::string>("")});
        }
        for (const auto& file : root["files"]) {
            night.files.push_back(
                {folder / file["path"].as<std::string>(), file["source"].as<std::string>(),
                 file["format"].as<std::string>(""), file["host"].as<std::string>(""),
                 parse_line_time(file["time"].as<std::string>(""))});
        }
        for (const auto& node : root["stories"]) {
            const auto from = base::parse_rfc3339(node["from"].as<std::string>());
            const auto to = base::parse_rfc3339(node["to"].as<std::string>());
            if (!from || !to) {
                return fail(Code::InvalidArgument, "a story's times are not RFC 3339",
                            fmt::format("{}:{}", path.string(), node.Mark().line + 1));
            }
            SampleStory story{node["id"].as<std::string>(), *from, *to, {}};
            for (const auto& rule : node["rules"]) {
                story.rules.push_back(rule.as<std::string>());
            }
            night.stories.push_back(std::move(story));
        }
    } catch (const YAML::Exception& fault) {
        return fail(Code::InvalidArgument, fault.msg,
                    fmt::format("{}:{}", path.string(), fault.mark.line + 1));
    }
    return night;
}

}  // namespace

std::optional<TimePlace> find_line_time(std::string_view line, LineTime kind, int year) {
    base::CivilTime civil;
    if (kind == LineTime::Syslog) {
        const std::size_t at = line.starts_with('<') ? line.find('>') + 1 : 0;
        civil = {.year = year,
                 .month = month_at(line, at),
                 .day = number_at(line, at + 4, 2),
                 .hour = number_at(line, at + 7, 2),
                 .minute = number_at(line, at + 10, 2),
                 .second = number_at(line, at + 13, 2)};
        return checked(at, civil);
    }
    if (kind == LineTime::Combined) {
        const std::size_t at = line.find('[') + 1;
        civil = {.year = number_at(line, at + 7, 4),
                 .month = month_at(line, at + 3),
                 .day = number_at(line, at, 2),
                 .hour = number_at(line, at + 12, 2),
                 .minute = number_at(line, at + 15, 2),
                 .second = number_at(line, at + 18, 2)};
        return checked(at, civil);
    }
    constexpr std::string_view kKey = "\"EventTime\": \"";
    const std::size_t key = line.find(kKey);
    if (key == std::string_view::npos) {
        return std::nullopt;
    }
    const std::size_t at = key + kKey.size();
    const auto time = base::parse_rfc3339(line.substr(at, 19));
    return time ? std::optional(TimePlace{at, *time}) : std::nullopt;
}

std::string move_line(std::string_view line, LineTime kind, int year, base::Duration delta) {
    std::string moved(line);
    const auto place = find_line_time(line, kind, year);
    if (!place) {
        return moved;
    }
    const base::TimePoint wall = place->wall + delta;
    switch (kind) {
        case LineTime::Syslog:
            moved.replace(place->at, 15, bsd_text(wall));
            move_date_and_time(moved, wall);
            break;
        case LineTime::Combined:
            moved.replace(place->at, 20, combined_text(wall));
            break;
        case LineTime::EventTime:
            moved.replace(place->at, 19, iso_text(wall));
            break;
    }
    return moved;
}

Result<SampleNight> SampleNight::load(const std::filesystem::path& folder) {
    GAC_TRY(night, read_manifest(folder));
    for (std::uint32_t i = 0; i < night.files.size(); ++i) {
        const SampleFile& file = night.files[i];
        GAC_TRY(input, ingest::Input::open(file.path.string()));
        ingest::Frame frame;
        for (;;) {
            GAC_TRY(more, input->next(frame));
            if (!more) {
                break;
            }
            const auto time = find_line_time(frame.bytes, file.time, night.year);
            if (!time) {
                return fail(Code::InvalidArgument,
                            fmt::format("a line tells no time: {:.80}", frame.bytes),
                            file.path.string());
            }
            if (night.lines.size() == kLinesMax) {
                return fail(Code::LimitExceeded, fmt::format("more than {} lines", kLinesMax),
                            folder.string());
            }
            night.lines.push_back({time->wall, i, static_cast<std::uint32_t>(night.lines.size()),
                                   std::string(frame.bytes)});
        }
    }
    std::ranges::sort(night.lines, {}, [](const SampleLine& line) {
        return std::tuple(line.wall, line.file, line.order);
    });
    return night;
}

SamplePlayer::SamplePlayer(Pipeline& pipeline, const event::ProfileSet& profiles, SampleNight night,
                           base::Duration takes)
    : pipeline_(pipeline), night_(std::move(night)), takes_(takes) {
    for (const SampleFile& file : night_.files) {
        const event::SourceId source = pipeline_.sources().source_id("mau/" + file.source);
        pipeline_.sources().set_kind(source, "sample");
        pipeline_.sources().set_profile(
            source, profiles.find(file.source).value_or(event::ProfileId{}), file.format);
        sources_.push_back(source);
    }
    thread_ = std::jthread([this](const std::stop_token& stop) { play(stop); });
}

SamplePlayer::~SamplePlayer() {
    thread_.request_stop();
    thread_.join();
}

void SamplePlayer::play(const std::stop_token& stop) {
    if (night_.lines.empty()) {
        done_ = true;
        return;
    }
    constexpr std::int64_t kStepUs = 100'000;
    const base::TimePoint start = pipeline_.clock().now();
    const base::TimePoint wall_now{(start + night_.zone_offset).us / 1'000'000 * 1'000'000};
    const base::Duration delta = wall_now - night_.wall_end;
    const base::TimePoint first = night_.lines.front().wall;
    const base::Duration span = night_.lines.back().wall - first;
    std::mutex mutex;
    std::condition_variable_any wake;
    std::size_t next = 0;
    for (std::int64_t played = 0; next < night_.lines.size() && !stop.stop_requested();
         played += kStepUs) {
        // Lines of one step travel together, file by file; a step is far shorter than any
        // correlation's lateness.
        const double share = static_cast<double>(played + kStepUs) / static_cast<double>(takes_.us);
        const base::TimePoint upto =
            first
            + base::Duration{static_cast<std::int64_t>(share * static_cast<double>(span.us)) + 1};
        std::map<std::uint32_t, std::string> together;
        for (; next < night_.lines.size() && night_.lines[next].wall < upto; ++next) {
            const SampleLine& line = night_.lines[next];
            together[line.file] +=
                move_line(line.text, night_.files[line.file].time, night_.year, delta);
            together[line.file] += '\n';
        }
        for (auto& [file, bytes] : together) {
            Chunk chunk;
            chunk.source = sources_[file];
            chunk.peer = night_.files[file].host;
            chunk.bytes = std::move(bytes);
            chunk.received = pipeline_.clock().now();
            chunk.drill = true;
            if (!pipeline_.push(std::move(chunk))) {
                return;
            }
        }
        std::unique_lock lock(mutex);
        wake.wait_for(lock, stop, std::chrono::microseconds(kStepUs), [] { return false; });
    }
    base::log_info("pipeline", "the sample night has been played: {} lines", next);
    done_ = true;
}

}  // namespace gac::pipeline
