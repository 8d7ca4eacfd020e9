// Hunts of a running server: those that people ask for, one after the other, and by itself one for
// what is new in the lists in force. The latter goes through history from the newest event back, on
// one thread of low priority; after each part it raises alerts for what it found and notes how far
// it is, so that a restart goes on from there. Raising twice does no harm. Owns two threads; every
// function may be called by any thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <thread>

#include "base/result.h"
#include "base/time.h"
#include "event/profile.h"
#include "pipeline/hunt.h"
#include "pipeline/indicator_service.h"
#include "pipeline/known_entries.h"
#include "pipeline/rule_service.h"
#include "pipeline/source_table.h"
#include "response/alerts.h"
#include "response/hunts.h"
#include "store/event_source.h"

namespace gac::pipeline {

struct HuntParts {
    const store::EventSource& history;
    std::function<event::EventId()> events_end;  // ids below are in history
    const IndicatorService& lists;
    const RuleService& rules;  // tells which lists are switched off
    std::shared_ptr<const event::ProfileSet> profiles;
    const SourceTable& sources;
    response::Alerts& alerts;
    response::Hunts& book;
    const base::Clock& clock;
};

struct HuntSettings {
    bool automatic = true;  // hunt for new entries by itself
    base::Duration back{};  // how far; zero = everything kept
    std::filesystem::path known_file;
    event::EventId part = 20'000'000;  // events between two notes of how far it is
    base::Duration look_every = base::Duration::seconds(1);
};

class HuntService {
public:
    static constexpr std::size_t kWaitingMax = 20;
    static constexpr std::size_t kFindingsKept = 5'000;
    static constexpr std::size_t kFindingsBytesMax = std::size_t{8} << 20;

    HuntService(HuntParts parts, HuntSettings settings);
    ~HuntService();
    HuntService(const HuntService&) = delete;
    HuntService& operator=(const HuntService&) = delete;

    struct Wanted {
        std::string name;
        std::string indicators;  // lines of a list, or
        std::string list;        // the name of a list in force
        std::optional<base::TimePoint> from, to;
        std::optional<std::vector<std::string>> only_sources;  // set by access control
        bool text = false;                                     // look in message texts too
    };
    // LimitExceeded when too many are waiting; InvalidArgument when nothing in the text is an
    // indicator.
    Result<response::Hunt> ask(const response::Actor& who, Wanted wanted);
    // What the `hunt` pipe of a search looks with. NotFound when no list of that name is in force.
    Result<std::shared_ptr<const store::Hunter>> hunter(const std::string& list) const;
    // False when it is not waiting or running.
    bool cancel(response::HuntId id);
    // Until the hunt has ended, at most that long.
    void wait(response::HuntId id, base::Duration longest);

    struct Running {
        std::uint64_t events = 0, units_done = 0, units_all = 0;
    };
    std::optional<Running> running(response::HuntId id) const;

    // For tests: until what is new in the lists has been hunted for.
    bool settled() const { return settled_; }

private:
    struct Job {
        response::Hunt hunt;
        response::Actor who;
        std::shared_ptr<const detect::IndicatorSet> set;
        Wanted wanted;
        std::set<std::pair<std::string, std::string>> found;  // type and text
        // By list and indicator, host: at which time its alert stands, so that later parts join it.
        std::map<std::pair<std::string, std::string>, base::TimePoint> times;
        std::uint64_t kept = 0;  // findings in the book
        std::stop_source stop;
        std::shared_ptr<store::Progress> progress = std::make_shared<store::Progress>();
    };
    void work(const std::stop_token& stop);
    void run(Job& job);
    void watch(const std::stop_token& stop);
    void hunt_new(const std::stop_token& stop);
    Result<> remember(Job& job);
    Result<bool> hunt_part(Job& job, event::EventId begin, event::EventId end);
    Result<std::uint64_t> raise(Job& job, const HuntReport& report);
    Result<std::shared_ptr<const detect::IndicatorSet>> set_of(const Wanted& wanted) const;

    const HuntParts parts_;
    const HuntSettings settings_;
    const response::Actor self_ = response::Actor::system("hunt");
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<std::shared_ptr<Job>> waiting_;
    std::map<std::string, std::shared_ptr<Job>> jobs_;  // waiting and running, by id
    std::atomic<bool> settled_{false};
    std::jthread worker_, watcher_;  // last: they use the others
};

}  // namespace gac::pipeline
