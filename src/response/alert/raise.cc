// How detections become alerts. A call is one transaction: sightings are gathered by (rule, key),
// the alerts that they could belong to are looked up once per key, and each alert is written once
// however many events it got.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "access/audit.h"
#include "base/assert.h"
#include "base/secret.h"
#include "base/text.h"
#include "db/session.h"
#include "response/alert/json.h"
#include "response/alerts.h"
#include "response/hosts.h"
#include "response/regulations.h"

namespace gac::response {

namespace {

constexpr std::int64_t kHourUs = 3'600'000'000;
constexpr std::size_t kSamplesMax = 5;
constexpr std::size_t kSampleBytesMax = 64 * 1024;
constexpr std::size_t kSampleCutTo = 16 * 1024;
constexpr std::size_t kFieldMax = 300;
constexpr std::size_t kKeyMax = 200;
constexpr std::size_t kMatchedMax = 50;
constexpr std::size_t kMatchedBytesMax = 2000;
constexpr std::size_t kRuleTextMax = 4000;
constexpr std::size_t kListMax = 50;
// Event ids of an alert that are remembered. While it grows more of them, so that batches which
// overtake each other still count; after its window only what is shown.
constexpr std::int64_t kEventsWhileActive = 16'384;
constexpr std::int64_t kEventsSlack = 4'096;
constexpr std::int64_t kEventsKept = 1'000;
constexpr std::string_view kGroupedKey = "*";

std::string clip(std::string_view text, std::size_t bytes) {
    if (text.size() > bytes) {
        while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0U) == 0x80U) {
            --bytes;
        }
        text = text.substr(0, bytes);
    }
    return base::is_utf8(text) ? std::string(text) : base::repair_utf8(text);
}

std::vector<std::string> clip_list(const std::vector<std::string>& list) {
    std::vector<std::string> clipped;
    for (std::size_t i = 0; i < std::min(list.size(), kListMax); ++i) {
        clipped.push_back(clip(list[i], kFieldMax));
    }
    return clipped;
}

// One event as evidence. An event of monstrous size is kept as the beginning of its text.
std::string clip_sample(const std::string& sample) {
    if (sample.size() <= kSampleBytesMax) {
        return sample;
    }
    std::string cut = "{\"_truncated\":";
    base::append_json_string(clip(sample, kSampleCutTo), cut);
    return cut + "}";
}

struct Resolved {
    std::optional<UnitId> unit;
    int safety_level = 0;
};

// Of its contributing events.
base::TimePoint first_of(const event::Detection& detection) {
    return detection.first.value_or(detection.time);
}

// What one alert is about, within a rule.
std::string key_of(const Sighting& sighting, const Resolved& resolved) {
    std::string key = sighting.detection.drill ? "drill|" : "|";
    key += resolved.unit ? resolved.unit->text() : "";
    if (sighting.detection.group.empty()) {
        key += "|h|";
        key += !sighting.host.empty()      ? base::fold_case(sighting.host)
               : !sighting.host_ip.empty() ? sighting.host_ip
                                           : sighting.source;
    } else {
        for (const auto& [field, value] : sighting.detection.group) {
            key += fmt::format("|{}:{}={}:{}", field.size(), field, value.size(), value);
        }
    }
    return key.size() <= kKeyMax ? clip(key, kKeyMax) : "#" + base::hex(base::sha256(key));
}

std::string grouped_key(const Sighting& sighting, const Resolved& resolved) {
    return fmt::format("{}{}|{}", kGroupedKey, sighting.detection.drill ? "drill" : "",
                       resolved.unit ? resolved.unit->text() : "");
}

// An alert that sightings of one key may belong to, with what this call adds to it.
struct Candidate {
    std::int64_t number = 0;
    AlertId id;
    std::optional<UnitId> unit;
    base::TimePoint window_start;
    bool closed = false;
    bool fresh = false;  // made by this call
    std::int64_t kept = 0;
    std::int64_t trimmed_below = 0;
    // this call's part
    std::uint64_t events = 0;
    base::TimePoint first_seen, last_seen;
    std::map<std::int64_t, std::uint32_t> hours;
    std::unordered_set<event::EventId> seen;
    std::optional<std::size_t> samples;  // stored ones; not known until asked

    bool covers(base::TimePoint time) const {
        const base::Duration away = time - window_start;
        return away < Alerts::kWindow && base::Duration{-away.us} < Alerts::kWindow;
    }
};

struct RuleTally {
    std::uint64_t hits = 0;
    std::uint64_t alerts = 0;
    base::TimePoint last;
};

}  // namespace

struct Raise {
    Alerts& alerts;
    db::Session& session;
    RaiseReport report;
    std::vector<Change> changes;
    base::TimePoint stamp;
    base::TimePoint earliest{INT64_MAX / 2}, latest{INT64_MIN / 2};  // of this call's sightings
    std::unordered_map<std::string, std::optional<UnitId>> source_units;
    std::unordered_map<std::string, std::vector<Candidate>> by_key;  // rule \0 key
    std::vector<std::string> key_order;
    std::unordered_map<std::string, std::int64_t> opened_this_minute;  // by rule
    std::unordered_map<std::string, RuleTally> tallies;
    std::array<std::optional<std::optional<std::int64_t>>, 5> due_minutes{};

    Result<> run(std::span<const Sighting> sightings) {
        // Strictly after everything before, so that "changed after" never misses an alert.
        GAC_TRY(last, session.number("SELECT max(updated) FROM alerts"));
        stamp = std::max(alerts.clock_.now(), base::TimePoint{last + 1});
        for (const Sighting& sighting : sightings) {
            earliest = std::min(earliest, sighting.detection.time);
            latest = std::max(latest, sighting.detection.time);
        }
        for (const Sighting& sighting : sightings) {
            GAC_ASSERT(sighting.detection.rule != nullptr);
            GAC_CHECK(take(sighting));
        }
        for (const std::string& key : key_order) {
            for (Candidate& candidate : by_key[key]) {
                GAC_CHECK(store(candidate));
            }
        }
        GAC_CHECK(store_tallies());
        return trim_ended();
    }

    Result<> take(const Sighting& sighting) {
        GAC_TRY(resolved, resolve(sighting));
        GAC_TRY(candidates, candidates_of(sighting, key_of(sighting, resolved)));
        std::vector<event::EventId> ids = sighting.detection.events;
        GAC_CHECK(drop_known(ids, sighting.detection.time, *candidates));
        if (ids.empty() && !sighting.detection.events.empty()) {
            return {};
        }
        Candidate* open = newest_open(sighting, *candidates);
        if (open == nullptr) {
            GAC_TRY(crowded, is_crowded(sighting));
            // Also when it is not crowded now: in a replay the events may stand in the grouped
            // alert.
            GAC_TRY(grouped, candidates_of(sighting, grouped_key(sighting, resolved)));
            GAC_CHECK(drop_known(ids, sighting.detection.time, *grouped));
            if (ids.empty() && !sighting.detection.events.empty()) {
                return {};
            }
            if (crowded) {
                candidates = grouped;
                open = newest_open(sighting, *grouped);
            }
            if (open == nullptr) {
                GAC_TRY(made, create(sighting, resolved, crowded));
                open = &candidates->emplace_back(std::move(made));
            }
        }
        return add(sighting, ids, *open);
    }

    Result<Resolved> resolve(const Sighting& sighting) {
        GAC_TRY(owner, alerts.hosts_.resolve(session, sighting.host, sighting.host_ip));
        if (owner.unit || sighting.source.empty()) {
            return Resolved{owner.unit, owner.safety_level};
        }
        const auto known = source_units.find(sighting.source);
        if (known != source_units.end()) {
            return Resolved{known->second, owner.safety_level};
        }
        GAC_TRY(unit,
                session.first("SELECT unit_id FROM sources WHERE name = ?", {sighting.source},
                              [](const db::RowView& row) { return row.maybe_id<UnitId>(0); }));
        return Resolved{source_units[sighting.source] = unit.value_or(std::nullopt),
                        owner.safety_level};
    }

    // Loaded once a key, for all the times of this call. The list lives in a node of the map:
    // pointers to it stay good, pointers into it do not.
    Result<std::vector<Candidate>*> candidates_of(const Sighting& sighting,
                                                  const std::string& key) {
        const std::string& rule = sighting.detection.rule->id;
        const auto [place, fresh] = by_key.try_emplace(rule + '\0' + key);
        std::vector<Candidate>& list = place->second;
        if (!fresh) {
            return &list;
        }
        key_order.push_back(place->first);
        GAC_CHECK(
            session.each("SELECT number, id, unit_id, window_start, status, events_kept, "
                         "events_trimmed_below FROM alerts "
                         "WHERE rule_id = ? AND alert_key = ? AND window_start > ? AND "
                         "window_start < ? ORDER BY number",
                         {rule, key, earliest - Alerts::kWindow, latest + Alerts::kWindow},
                         [&](const db::RowView& row) {
                             Candidate& one = list.emplace_back();
                             one.number = row.integer(0);
                             one.id = row.id<AlertId>(1);
                             one.unit = row.maybe_id<UnitId>(2);
                             one.window_start = row.time(3);
                             one.closed = static_cast<Status>(row.integer(4)) == Status::Closed;
                             one.kept = row.integer(5);
                             one.trimmed_below = row.integer(6);
                         }));
        return &list;
    }

    // Leaves the events that none of the alerts counts yet. (A detection without events, which
    // there should not be, counts each time.)
    Result<> drop_known(std::vector<event::EventId>& ids, base::TimePoint time,
                        std::vector<Candidate>& candidates) {
        std::size_t left = 0;
        for (const event::EventId id : ids) {
            bool known = false;
            for (Candidate& one : candidates) {
                if (!known && one.covers(time)) {
                    GAC_TRY(counts, counts_event(one, id));
                    known = counts;
                }
            }
            if (!known) {
                ids[left++] = id;
            }
        }
        report.duplicates += ids.size() - left;
        ids.resize(left);
        return {};
    }

    Result<bool> counts_event(Candidate& one, event::EventId id) {
        if (static_cast<std::int64_t>(id) < one.trimmed_below || one.seen.contains(id)) {
            return true;
        }
        if (one.fresh) {
            return false;
        }
        GAC_TRY(stored, session.number("SELECT 1 FROM alert_events WHERE alert = ? AND event = ?",
                                       {one.number, id}));
        if (stored != 0) {
            one.seen.insert(id);
        }
        return stored != 0;
    }

    static Candidate* newest_open(const Sighting& sighting, std::vector<Candidate>& candidates) {
        for (auto one = candidates.rbegin(); one != candidates.rend(); ++one) {
            if (!one->closed && one->covers(sighting.detection.time)) {
                return &*one;
            }
        }
        return nullptr;
    }

    Result<bool> is_crowded(const Sighting& sighting) {
        const std::string& rule = sighting.detection.rule->id;
        const auto known = opened_this_minute.find(rule);
        if (known != opened_this_minute.end()) {
            return known->second >= Alerts::kOpenedPerRuleAndMinute;
        }
        const base::TimePoint from = alerts.clock_.now() - base::Duration::minutes(1);
        GAC_TRY(opened,
                session.number("SELECT count(*) FROM alerts WHERE rule_id = ? AND created > ?",
                               {rule, from}));
        opened_this_minute[rule] = opened;
        return opened >= Alerts::kOpenedPerRuleAndMinute;
    }

    Result<std::optional<base::TimePoint>> due_of(event::Level level, base::TimePoint created) {
        auto& minutes = due_minutes[static_cast<std::size_t>(level)];
        if (!minutes) {
            GAC_TRY(found,
                    alerts.regulations_.number(
                        session, fmt::format("alert.acknowledge_minutes.{}", event::name_of(level)),
                        created));
            minutes = found;
        }
        return *minutes ? std::optional(created + base::Duration::minutes(**minutes))
                        : std::nullopt;
    }

    Result<Candidate> create(const Sighting& sighting, const Resolved& resolved, bool grouped) {
        const event::Detection& detection = sighting.detection;
        const event::RuleInfo& rule = *detection.rule;
        const base::TimePoint created = alerts.clock_.now();
        GAC_CHECK(session.run("UPDATE counters SET value = value + 1 WHERE name = 'alert_number'"));
        GAC_TRY(number, session.number("SELECT value FROM counters WHERE name = 'alert_number'"));
        GAC_TRY(due, due_of(rule.level, created));
        Candidate made;
        made.number = number;
        made.id = AlertId::make(created);
        made.unit = resolved.unit;
        made.window_start = detection.time;
        made.fresh = true;
        made.first_seen = first_of(detection);
        made.last_seen = detection.time;
        made.samples = 0;

        // A grouped alert stands for many hosts and people: it names none.
        const std::string host =
            grouped ? ""
                    : clip(sighting.host.empty() ? sighting.host_ip : sighting.host, kFieldMax);
        const std::string source = clip(sighting.source, kFieldMax);
        const std::string source_ip = grouped ? "" : clip(sighting.source_ip, kFieldMax);
        const std::string user_name = grouped ? "" : clip(sighting.user_name, kFieldMax);
        std::vector<std::pair<std::string, std::string>> group;
        if (!grouped) {
            for (const auto& [field, value] : detection.group) {
                group.emplace_back(clip(field, kFieldMax), clip(value, kFieldMax));
            }
        }
        std::vector<event::Matched> matched;
        for (std::size_t i = 0; i < std::min(detection.matched.size(), kMatchedMax); ++i) {
            matched.push_back({clip(detection.matched[i].field, kFieldMax),
                               clip(detection.matched[i].value, kMatchedBytesMax)});
        }
        std::string search =
            fmt::format("CB-{} {} {} {} {} {} {}", number, clip(rule.title, kFieldMax),
                        clip(rule.title_vi, kFieldMax), host, source, source_ip, user_name);
        for (const auto& [field, value] : group) {
            search += ' ';
            search += value;
        }
        const std::string key =
            grouped ? grouped_key(sighting, resolved) : key_of(sighting, resolved);
        GAC_CHECK(
            session.run("INSERT INTO alerts (number, id, rule_id, alert_key, window_start, "
                        "rule_title, rule_title_vi, "
                        "rule_description, rule_description_vi, kind, level, tags, "
                        "false_positives, unit_id, host, source, "
                        "source_ip, user_name, safety_level, group_values, grouped, drill, "
                        "matched, search_text, created, updated, "
                        "first_seen, last_seen, event_count, due) "
                        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                        "?, ?, ?, ?, ?, ?, 0, ?)",
                        {number,
                         made.id,
                         rule.id,
                         key,
                         made.window_start,
                         clip(rule.title, kFieldMax),
                         clip(rule.title_vi, kFieldMax),
                         clip(rule.description, kRuleTextMax),
                         clip(rule.description_vi, kRuleTextMax),
                         static_cast<int>(rule.kind),
                         static_cast<int>(rule.level),
                         to_json(clip_list(rule.tags)),
                         to_json(clip_list(rule.false_positives)),
                         made.unit,
                         host,
                         source,
                         source_ip,
                         user_name,
                         grouped ? 0 : resolved.safety_level,
                         to_json(group),
                         grouped,
                         detection.drill,
                         to_json(matched),
                         base::fold_for_search(search),
                         created,
                         stamp,
                         made.first_seen,
                         made.last_seen,
                         due}));
        GAC_CHECK(
            session.run("INSERT INTO alert_timeline (alert, time, kind, actor_name, detail) "
                        "VALUES (?, ?, 'raised', '', ?)",
                        {number, created, grouped ? "{\"grouped\":true}" : "{}"}));
        // What a correlation counted beyond the events that it names.
        if (detection.count > detection.events.size()) {
            made.events = detection.count - detection.events.size();
        }
        ++opened_this_minute[rule.id];
        ++report.opened;
        if (!detection.drill) {
            ++tallies[rule.id].alerts;
        }
        return made;
    }

    Result<> add(const Sighting& sighting, const std::vector<event::EventId>& ids, Candidate& to) {
        const event::Detection& detection = sighting.detection;
        for (const event::EventId id : ids) {
            GAC_CHECK(session.run(
                "INSERT INTO alert_events (alert, event) VALUES (?, ?) ON CONFLICT DO NOTHING",
                {to.number, id}));
            to.seen.insert(id);
            ++to.kept;
        }
        const std::uint64_t added =
            ids.empty() ? std::max<std::uint64_t>(detection.count, 1) : ids.size();
        if (to.events == 0) {
            to.first_seen = first_of(detection);
            to.last_seen = detection.time;
        }
        to.events += added;
        to.first_seen = std::min(to.first_seen, first_of(detection));
        to.last_seen = std::max(to.last_seen, detection.time);
        to.hours[detection.time.us / kHourUs] += static_cast<std::uint32_t>(added);
        report.events += added;
        if (!sighting.sample.empty() && !ids.empty()) {
            GAC_CHECK(keep_sample(sighting, ids.back(), to));
        }
        if (!detection.drill) {
            RuleTally& tally = tallies[detection.rule->id];
            tally.hits += added;
            tally.last = std::max(tally.last, detection.time);
        }
        return {};
    }

    Result<> keep_sample(const Sighting& sighting, event::EventId id, Candidate& to) {
        if (!to.samples) {
            GAC_TRY(stored, session.number("SELECT count(*) FROM alert_samples WHERE alert = ?",
                                           {to.number}));
            to.samples = static_cast<std::size_t>(stored);
        }
        if (*to.samples >= kSamplesMax) {
            return {};
        }
        GAC_CHECK(
            session.run("INSERT INTO alert_samples (alert, event, body) VALUES (?, ?, ?) ON "
                        "CONFLICT DO NOTHING",
                        {to.number, id, clip_sample(sighting.sample)}));
        ++*to.samples;
        return {};
    }

    Result<> store(Candidate& one) {
        if (one.events == 0) {
            return {};
        }
        for (const auto& [hour, events] : one.hours) {
            GAC_CHECK(session.run(
                "INSERT INTO alert_hours (alert, hour, events) VALUES (?, ?, ?) "
                "ON CONFLICT (alert, hour) DO UPDATE SET events = events + excluded.events",
                {one.number, hour, events}));
        }
        if (one.kept > kEventsWhileActive + kEventsSlack) {
            GAC_CHECK(trim(one.number, kEventsWhileActive, one.kept, one.trimmed_below));
        }
        GAC_CHECK(session.run(
            "UPDATE alerts SET event_count = event_count + ?, first_seen = min(first_seen, ?), "
            "last_seen = max(last_seen, ?), updated = ?, events_kept = ?, events_trimmed_below = ? "
            "WHERE number = ?",
            {one.events, one.first_seen, one.last_seen, stamp, one.kept, one.trimmed_below,
             one.number}));
        report.updated += one.fresh ? 0 : 1;
        changes.push_back({.kind = one.fresh ? "alert.opened" : "alert.activity",
                           .id = one.id.text(),
                           .unit = one.unit});
        return {};
    }

    Result<> trim(std::int64_t number, std::int64_t keep, std::int64_t& kept,
                  std::int64_t& trimmed_below) {
        GAC_TRY(oldest, session.number("SELECT event FROM alert_events WHERE alert = ? ORDER BY "
                                       "event DESC LIMIT 1 OFFSET ?",
                                       {number, keep - 1}));
        GAC_TRY(removed, session.run("DELETE FROM alert_events WHERE alert = ? AND event < ?",
                                     {number, oldest}));
        kept -= removed;
        trimmed_below = std::max(trimmed_below, oldest);
        return {};
    }

    // Of alerts whose window is over one a call: enough to keep up, since a call opens more only in
    // floods.
    Result<> trim_ended() {
        struct Ended {
            std::int64_t number, kept, trimmed_below;
        };
        const base::TimePoint before = alerts.clock_.now() - base::Duration{2 * Alerts::kWindow.us};
        GAC_TRY(ended,
                session.first("SELECT number, events_kept, events_trimmed_below FROM alerts "
                              "WHERE events_kept > 1000 AND updated < ? ORDER BY updated LIMIT 1",
                              {before}, [](const db::RowView& row) {
                                  return Ended{row.integer(0), row.integer(1), row.integer(2)};
                              }));
        if (!ended) {
            return {};
        }
        GAC_CHECK(trim(ended->number, kEventsKept, ended->kept, ended->trimmed_below));
        GAC_CHECK(session.run(
            "UPDATE alerts SET events_kept = ?, events_trimmed_below = ? WHERE number = ?",
            {ended->kept, ended->trimmed_below, ended->number}));
        return {};
    }

    Result<> store_tallies() {
        for (const auto& [rule, tally] : tallies) {
            GAC_CHECK(session.run(
                "INSERT INTO rule_states (rule_id, hits, alerts, last_hit) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (rule_id) DO UPDATE SET hits = hits + excluded.hits, "
                "alerts = alerts + excluded.alerts, "
                "last_hit = max(coalesce(last_hit, 0), excluded.last_hit)",
                {rule, tally.hits, tally.alerts, tally.last}));
        }
        return {};
    }
};

Result<RaiseReport> Alerts::raise(std::span<const Sighting> sightings, const RaiseMark& mark) {
    std::vector<Change> changes;
    auto report = database_.transact([&](db::Session& session) -> Result<RaiseReport> {
        Raise raise{.alerts = *this, .session = session};
        GAC_CHECK(raise.run(sightings));
        if (!mark.stream.empty()) {
            GAC_CHECK(session.run(
                "INSERT INTO raise_marks (stream, raised_to) VALUES (?, ?) "
                "ON CONFLICT (stream) DO UPDATE SET raised_to = max(raised_to, excluded.raised_to)",
                {mark.stream, mark.raised_to}));
        }
        GAC_CHECK(feed_.write(session, raise.changes));
        changes = std::move(raise.changes);
        return raise.report;
    });
    if (report) {
        feed_.tell(changes);
    }
    return report;
}

}  // namespace gac::response
