// The sample night (samples/night): real-looking logs of a made-up province with attacks in them,
// played through the whole pipeline as a drill, so that a first start shows a living console. Times
// in the lines are moved so that the night ends when the play begins; twelve hours take under a
// minute.
#pragma once

#include <atomic>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "pipeline/pipeline.h"

namespace gac::pipeline {

// How a line tells its time.
enum class LineTime : std::uint8_t {
    Syslog,     // "Nov 21 18:00:17", and date=… time=… further on where it stands
    Combined,   // "[21/Nov/2026:18:00:04 +0700]"
    EventTime,  // "EventTime": "2026-11-21 18:00:04"
};

// The place and value of the time that a line tells, as wall time of its zone.
struct TimePlace {
    std::size_t at = 0;
    base::TimePoint wall;  // local fields read as if they were UTC
};
std::optional<TimePlace> find_line_time(std::string_view line, LineTime kind, int year);

// The line with every time in it moved by `delta`.
std::string move_line(std::string_view line, LineTime kind, int year, base::Duration delta);

struct SampleUnit {
    std::string id, name, name_en;
};

struct SampleHost {
    std::string name, unit, address;
};

struct SampleLine {
    base::TimePoint wall;
    std::uint32_t file = 0;
    std::uint32_t order = 0;  // among lines of one file and time
    std::string text;
};

struct SampleFile {
    std::filesystem::path path;
    std::string source;  // also its profile
    std::string format;
    std::string host;  // of lines that name none
    LineTime time = LineTime::Syslog;
};

// An attack in the night, for tests and the drill's script.
struct SampleStory {
    std::string id;
    base::TimePoint from, to;
    std::vector<std::string> rules;  // ids of the rules that see it
};

struct SampleNight {
    std::string name;
    base::Duration zone_offset;
    base::TimePoint wall_end;  // when the night ends, as wall time
    int year = 0;
    std::vector<SampleUnit> units;
    std::vector<SampleHost> hosts;
    std::vector<SampleFile> files;
    std::vector<SampleStory> stories;
    std::vector<SampleLine> lines;  // of all files, by time

    static Result<SampleNight> load(const std::filesystem::path& folder);
};

// Plays on a thread of its own; stops early when destroyed.
class SamplePlayer {
public:
    SamplePlayer(Pipeline& pipeline, const event::ProfileSet& profiles, SampleNight night,
                 base::Duration takes = base::Duration::seconds(40));
    ~SamplePlayer();
    bool done() const { return done_; }

private:
    void play(const std::stop_token& stop);

    Pipeline& pipeline_;
    SampleNight night_;
    base::Duration takes_;
    std::vector<event::SourceId> sources_;  // by file
    std::atomic<bool> done_{false};
    std::jthread thread_;
};

}  // namespace gac::pipeline
