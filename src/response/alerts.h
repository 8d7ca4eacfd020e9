// Alerts: what detection found, gathered so that a person can work on it.
//
// raise() is idempotent: one alert per (rule, key, window), where the key is the rule's group-by
// values, or else the host, within one unit; the window is an hour of event time from the first
// detection. Each contributing event counts once, however often it is raised. New activity on a
// closed alert opens a new one; on an acknowledged one it only raises the count. A rule that opens
// more than 60 alerts a minute folds the rest into one alert a unit ("grouped"), which goes on
// counting.
//
// An alert keeps the matched fields and up to five events as evidence, so it can be judged after
// the events are gone. Every change by a person is in the audit trail and the alert's timeline, in
// the same transaction, and can be undone for 30 s. Drill alerts live beside the others, marked,
// and go with one command.
//
// Any thread; blocks on SQL. Scope comes from access::Gate: what is outside it is NotFound.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/gate.h"
#include "base/result.h"
#include "base/time.h"
#include "event/detection.h"
#include "response/changes.h"

namespace gac::access {
class Audit;
}

namespace gac::response {

class HostBook;
class Regulations;

enum class Status : std::uint8_t { New, Acknowledged, Closed };
std::string_view name_of(Status status);  // "new", "acknowledged", "closed"
std::optional<Status> parse_status(std::string_view name);

enum class Verdict : std::uint8_t { True, False, BenignTrue, Duplicate, Drill };
std::string_view name_of(Verdict verdict);  // "true", "false", "benign_true", "duplicate", "drill"
std::optional<Verdict> parse_verdict(std::string_view name);

std::optional<event::Level> parse_level(std::string_view name);  // Sigma's words

// One detection with what its event says. Fields that the event has not stay empty.
struct Sighting {
    event::Detection detection;
    std::string source;  // name of the log source
    std::string host;    // host.name
    std::string host_ip;
    std::string source_ip;
    std::string user_name;
    std::string sample;  // the event as a JSON object; only the first five of an alert are kept, so
                         // under a flood most may be empty
};

// How far a stream of events has been raised, kept in the same transaction: after a crash replay
// from there.
struct RaiseMark {
    std::string stream;
    event::EventId raised_to = 0;  // events below this id are done
};

struct RaiseReport {
    std::uint32_t opened = 0;      // new alerts
    std::uint32_t updated = 0;     // alerts whose count rose
    std::uint64_t events = 0;      // contributing events that were new
    std::uint64_t duplicates = 0;  // contributing events that were known
};

struct Alert {
    AlertId id;
    std::int64_t number = 0;  // shown as CB-<number>
    std::string rule_id, rule_title, rule_title_vi, rule_description, rule_description_vi;
    event::DetectionKind kind = event::DetectionKind::Sigma;
    event::Level level = event::Level::Medium;
    std::vector<std::string> tags, false_positives;
    std::optional<UnitId> unit;  // nothing: host not assigned to a unit
    std::string host, source, source_ip, user_name;
    int safety_level = 0;  // the system's level (cấp độ) 1..5; 0 = not known
    std::vector<std::pair<std::string, std::string>> group;  // correlation: by what it was grouped
    bool grouped = false;                                    // stands for the rest of a flood
    bool drill = false;
    Status status = Status::New;
    std::optional<Verdict> verdict;
    std::string comment;  // of the last closing
    std::optional<UserId> assignee;
    std::string assignee_name;
    std::int64_t version = 1;               // rises with each change by a person
    base::TimePoint created, updated;       // by our clock
    base::TimePoint first_seen, last_seen;  // by the events'
    std::uint64_t count = 0;
    std::optional<base::TimePoint> due;  // to be acknowledged by then
    std::optional<base::TimePoint> acknowledged_at, closed_at;
    std::string acknowledged_by, closed_by;
    std::string label() const;  // "CB-12"
};

struct TimelineEntry {
    std::int64_t seq = 0;
    base::TimePoint time;
    std::string kind;  // raised, acknowledged, assigned, closed, reopened, note, undone
    std::optional<UserId> actor_id;  // nothing: the product itself or a program
    std::string actor;
    std::string detail;  // JSON object
};

struct AlertDetails {
    Alert alert;
    std::vector<event::Matched> matched;    // why it fired: of the first detection
    std::vector<std::string> samples;       // up to five events, JSON objects
    std::vector<event::EventId> events;     // newest first, at most 1000
    std::vector<TimelineEntry> timeline;    // oldest first, the newest 500
    std::array<std::uint32_t, 24> hours{};  // events per hour up to the last one
    base::TimePoint hours_end;              // end of the last hour
};

// Everything that is set must hold.
struct AlertFilter {
    std::vector<Status> status;       // any of
    std::vector<event::Level> level;  // any of
    std::optional<UnitId> unit;
    bool without_unit = false;
    std::string rule_id, host, source_ip, user_name, source;
    std::optional<UserId> assignee;
    bool unassigned = false;
    std::optional<Verdict> verdict;
    std::optional<bool> drill;  // nothing: both
    bool overdue = false;       // new and past due
    std::string text;           // in titles, host, entities, CB number; marks and case ignored
    std::optional<base::TimePoint> updated_after;       // strictly
    std::optional<base::TimePoint> seen_from, seen_to;  // last_seen >= from, first_seen < to
    std::optional<base::TimePoint> created_from, created_to;
};

// A page's order rests on things that never change, so rows neither jump nor repeat while somebody
// turns pages; Updated is for catching up: what changes meanwhile comes again, later.
enum class Sort : std::uint8_t { Newest, Oldest, Level, Due, Updated };
std::optional<Sort> parse_sort(
    std::string_view name);  // "newest", "oldest", "level", "due", "updated"

struct AlertPage {
    std::vector<Alert> alerts;
    std::string cursor;  // empty: this was the last page
};

struct AlertGroup {  // rule x unit
    std::string rule_id, rule_title, rule_title_vi;
    std::optional<UnitId> unit;
    event::Level level = event::Level::Medium;  // the highest
    std::int64_t alerts = 0;
    std::int64_t unacknowledged = 0;
    std::int64_t overdue = 0;
    std::uint64_t events = 0;
    std::int64_t hosts = 0;
    std::int64_t drill = 0;  // alerts of it that are drill
    base::TimePoint first_seen, last_seen;
    std::optional<base::TimePoint> due;  // the nearest of the new ones
    std::array<std::uint32_t, 24>
        hours{};     // alerts active per hour, the last one ends at `hours_end` of the list
    AlertId newest;  // to open at once
};

struct GroupList {
    std::vector<AlertGroup> groups;  // highest level first, then latest
    base::TimePoint hours_end;
    bool truncated = false;  // more than the limit
};

struct AlertCounts {  // of all that the filter lets through, whatever its status
    std::int64_t fresh = 0, acknowledged = 0, closed = 0;
    std::int64_t overdue = 0;
    std::int64_t mine = 0;         // open and assigned to the asker
    std::int64_t unassigned = 0;   // open
    std::int64_t drill = 0;        // open drill alerts, whatever the filter says of drill
    std::int64_t open_groups = 0;  // rule x unit of the open ones
    std::int64_t critical_new = 0;
    std::array<std::int64_t, 5> open_by_level{};  // by event::Level
};

struct Outcomes {  // closed alerts of a rule, drill not counted
    std::int64_t open = 0;
    std::array<std::int64_t, 5> by_verdict{};  // by Verdict
};

struct HourCount {
    base::TimePoint hour;  // its start
    std::array<std::uint32_t, 5> by_level{};
};

// What a person does to alerts.
struct Action {
    enum class Kind : std::uint8_t { Acknowledge, Assign, Close, Reopen, Note };
    Kind kind = Kind::Acknowledge;
    std::optional<UserId> assignee = std::nullopt;  // Assign: nothing = take it away
    std::optional<Verdict> verdict = std::nullopt;  // Close: required
    std::string comment = {};                       // at most 40,000 bytes; Note: required
};
std::optional<Action::Kind> parse_action(
    std::string_view name);  // "acknowledge", "assign", "close", ...

struct AlertRef {
    AlertId id;
    std::optional<std::int64_t> version = std::nullopt;  // refuse when it is another one by now
};

struct Refused {
    AlertId id;
    Error error;
};

struct ActReport {
    std::vector<AlertId> changed;
    std::vector<Refused> refused;
    std::string undo;  // token for undo(), 30 s; empty when nothing can be undone
    base::TimePoint undo_until;
};

class Alerts {
public:
    static constexpr base::Duration kWindow = base::Duration::hours(1);
    static constexpr base::Duration kUndo = base::Duration::seconds(30);
    static constexpr std::size_t kBulkMax = 10'000;
    static constexpr int kOpenedPerRuleAndMinute = 60;

    Alerts(db::Database& database, access::Audit& audit, const base::Clock& clock, ChangeFeed& feed,
           HostBook& hosts, Regulations& regulations);
    ~Alerts();

    // All of them in one transaction: nothing is kept when it fails.
    Result<RaiseReport> raise(std::span<const Sighting> sightings, const RaiseMark& mark = {});
    Result<event::EventId> raised_to(std::string_view stream);  // 0: nothing yet

    Result<AlertPage> list(const Scope& scope, const AlertFilter& filter, Sort sort = Sort::Newest,
                           std::string_view cursor = {}, int limit = 50);  // limit at most 500
    Result<Alert> find(const Scope& scope, AlertId id);
    Result<Alert> find_number(const Scope& scope, std::int64_t number);
    Result<AlertDetails> details(const Scope& scope, AlertId id);
    Result<GroupList> groups(const Scope& scope, const AlertFilter& filter, int limit = 500);
    Result<AlertCounts> counts(const Scope& scope, const AlertFilter& filter, const Actor& asker);
    // Earlier outcomes of a rule here: closed since `since` (90 days ago in the console).
    Result<Outcomes> outcomes(const Scope& scope, std::string_view rule_id, base::TimePoint since);
    // Alerts by the hour of first_seen, without gaps; at most 31 days.
    Result<std::vector<HourCount>> per_hour(const Scope& scope, const AlertFilter& filter,
                                            base::TimePoint from, base::TimePoint to);
    Result<std::int64_t> total(const Scope& scope, const AlertFilter& filter);
    // Ids and versions of what a filter lets through, for a bulk action whose number was shown
    // first.
    Result<std::vector<AlertRef>> select(const Scope& scope, const AlertFilter& filter,
                                         std::size_t limit = kBulkMax);

    // One alert: its new state, or the error (Conflict when the version or status does not fit any
    // more).
    struct Acted {
        Alert alert;
        std::string undo;
        base::TimePoint undo_until;
    };
    Result<Acted> act(const Scope& scope, const Actor& who, const AlertRef& alert,
                      const Action& action);
    // Many: each for itself, in one transaction, with one undo.
    Result<ActReport> act_all(const Scope& scope, const Actor& who,
                              std::span<const AlertRef> alerts, const Action& action);
    // By who did it, once, within 30 s. Alerts that changed since are refused.
    Result<ActReport> undo(const Scope& scope, const Actor& who, std::string_view token);

    // Every drill alert with all that belongs to it. Gives how many.
    Result<std::int64_t> remove_drill(const Actor& who, std::string_view why);

private:
    friend struct Raise;
    friend struct Handler;
    db::Database& database_;
    access::Audit& audit_;
    const base::Clock& clock_;
    ChangeFeed& feed_;
    HostBook& hosts_;
    Regulations& regulations_;
};

}  // namespace gac::response
