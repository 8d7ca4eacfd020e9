#include "response/alerts.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <map>

#include "access/audit.h"
#include "db/session.h"
#include "response/alert/json.h"
#include "response/alert/query.h"

namespace gac::response {

namespace {

constexpr int kPageMax = 500;
constexpr int kGroupsMax = 5000;
constexpr std::int64_t kHourUs = 3'600'000'000;
constexpr std::int64_t kHoursMax = 31 * 24;
constexpr std::int64_t kSparkHours = 24;
constexpr int kEventsShown = 1000;
constexpr int kTimelineShown = 500;

Result<std::optional<Alert>> load(db::Session& session, const Scope& scope, std::string_view column,
                                  const db::Arg& value) {
    std::vector<db::Arg> args;
    std::string sql = fmt::format("SELECT {} FROM {} WHERE {}", kAlertColumns, kAlertFrom,
                                  scope.where("a.unit_id", args));
    sql += fmt::format(" AND {} = ?", column);
    args.push_back(value);
    return session.first(sql, args, read_alert);
}

Result<Alert> found(Result<std::optional<Alert>> result) {
    GAC_TRY(alert, std::move(result));
    if (!alert) {
        return fail(Code::NotFound, "no such alert");
    }
    return std::move(*alert);
}

// Parameters that stand before the filter's.
std::vector<db::Arg> joined(std::initializer_list<db::Arg> first, const Where& where) {
    std::vector<db::Arg> args(first);
    args.insert(args.end(), where.args().begin(), where.args().end());
    return args;
}

Result<std::vector<TimelineEntry>> read_timeline(db::Session& session, std::int64_t number) {
    std::vector<TimelineEntry> timeline;
    GAC_CHECK(session.each(
        "SELECT seq, time, kind, actor_id, actor_name, detail FROM alert_timeline WHERE alert = ? "
        "ORDER BY seq DESC LIMIT ?",
        {number, kTimelineShown}, [&](const db::RowView& row) {
            timeline.push_back({row.integer(0), row.time(1), row.string(2), row.maybe_id<UserId>(3),
                                row.string(4), row.string(5)});
        }));
    std::ranges::reverse(timeline);
    return timeline;
}

}  // namespace

Alerts::Alerts(db::Database& database, access::Audit& audit, const base::Clock& clock,
               ChangeFeed& feed, HostBook& hosts, Regulations& regulations)
    : database_(database),
      audit_(audit),
      clock_(clock),
      feed_(feed),
      hosts_(hosts),
      regulations_(regulations) {}
Alerts::~Alerts() = default;

Result<event::EventId> Alerts::raised_to(std::string_view stream) {
    GAC_TRY(mark, database_.read([&](db::Session& session) {
        return session.number("SELECT raised_to FROM raise_marks WHERE stream = ?", {stream});
    }));
    return static_cast<event::EventId>(mark);
}

Result<AlertPage> Alerts::list(const Scope& scope, const AlertFilter& filter, Sort sort,
                               std::string_view cursor, int limit) {
    Where where(scope, filter, clock_.now());
    GAC_CHECK(continue_after(sort, cursor, where));
    const auto wanted = static_cast<std::size_t>(std::clamp(limit, 1, kPageMax));
    // First which, then what: only numbers are sorted. One more than wanted tells whether a page
    // follows.
    const std::string sql = fmt::format(
        "SELECT {} FROM (SELECT number FROM alerts a WHERE {} ORDER BY {} LIMIT {}) p "
        "JOIN alerts a ON a.number = p.number LEFT JOIN users u ON u.id = a.assignee_id ORDER BY "
        "{}",
        kAlertColumns, where.sql(), order_of(sort), wanted + 1, order_of(sort));
    AlertPage page;
    GAC_CHECK(database_.read([&](db::Session& session) {
        return session.each(sql, where.args(), [&](const db::RowView& row) {
            page.alerts.push_back(read_alert(row));
        });
    }));
    if (page.alerts.size() > wanted) {
        page.alerts.pop_back();
        page.cursor = cursor_of(sort, page.alerts.back());
    }
    return page;
}

Result<Alert> Alerts::find(const Scope& scope, AlertId id) {
    return database_.read(
        [&](db::Session& session) { return found(load(session, scope, "a.id", id)); });
}

Result<Alert> Alerts::find_number(const Scope& scope, std::int64_t number) {
    return database_.read(
        [&](db::Session& session) { return found(load(session, scope, "a.number", number)); });
}

Result<AlertDetails> Alerts::details(const Scope& scope, AlertId id) {
    return database_.read([&](db::Session& session) -> Result<AlertDetails> {
        AlertDetails details;
        GAC_TRY(alert, found(load(session, scope, "a.id", id)));
        details.alert = std::move(alert);
        const std::int64_t number = details.alert.number;
        GAC_CHECK(session.each(
            "SELECT matched FROM alerts WHERE number = ?", {number},
            [&](const db::RowView& row) { details.matched = matched_from_json(row.text(0)); }));
        GAC_CHECK(session.each(
            "SELECT body FROM alert_samples WHERE alert = ? ORDER BY event", {number},
            [&](const db::RowView& row) { details.samples.push_back(row.string(0)); }));
        GAC_CHECK(session.each(
            "SELECT event FROM alert_events WHERE alert = ? ORDER BY event DESC LIMIT ?",
            {number, kEventsShown}, [&](const db::RowView& row) {
                details.events.push_back(static_cast<event::EventId>(row.integer(0)));
            }));
        GAC_TRY(timeline, read_timeline(session, number));
        details.timeline = std::move(timeline);
        const std::int64_t last_hour = details.alert.last_seen.us / kHourUs;
        details.hours_end = {(last_hour + 1) * kHourUs};
        const std::int64_t first_hour = last_hour - kSparkHours + 1;
        GAC_CHECK(session.each(
            "SELECT hour, events FROM alert_hours WHERE alert = ? AND hour BETWEEN ? AND ?",
            {number, first_hour, last_hour}, [&](const db::RowView& row) {
                details.hours[static_cast<std::size_t>(row.integer(0) - first_hour)] =
                    static_cast<std::uint32_t>(row.integer(1));
            }));
        return details;
    });
}

Result<GroupList> Alerts::groups(const Scope& scope, const AlertFilter& filter, int limit) {
    const base::TimePoint now = clock_.now();
    const Where where(scope, filter, now);
    const auto wanted = static_cast<std::size_t>(std::clamp(limit, 1, kGroupsMax));
    const std::string sql = fmt::format(
        "SELECT rule_id, unit_id, max(level), count(*), sum(CASE WHEN status = 0 THEN 1 ELSE 0 "
        "END), "
        "sum(CASE WHEN status = 0 AND due < ? THEN 1 ELSE 0 END), sum(event_count), "
        "count(DISTINCT host), sum(drill), "
        "min(first_seen), max(last_seen), min(CASE WHEN status = 0 THEN due END), max(number) "
        "FROM alerts a WHERE {} GROUP BY rule_id, unit_id ORDER BY max(level) DESC, max(last_seen) "
        "DESC, max(number) "
        "LIMIT {}",
        where.sql(), wanted + 1);
    const std::vector<db::Arg> args = joined({now}, where);
    const std::int64_t last_hour = now.us / kHourUs;
    const std::int64_t first_hour = last_hour - kSparkHours + 1;
    const std::string spark_sql = fmt::format(
        "SELECT a.rule_id, a.unit_id, h.hour, count(*) FROM alerts a JOIN alert_hours h ON h.alert "
        "= a.number AND h.hour BETWEEN ? AND ? WHERE a.last_seen >= ? AND {} GROUP BY 1, 2, 3",
        where.sql());
    const std::vector<db::Arg> spark_args =
        joined({first_hour, last_hour, first_hour * kHourUs}, where);
    GroupList list;
    list.hours_end = {(last_hour + 1) * kHourUs};
    auto done = database_.read([&](db::Session& session) -> Result<> {
        std::vector<std::int64_t> newest;
        std::map<std::pair<std::string, std::optional<UnitId>>, std::size_t> places;
        GAC_CHECK(session.each(sql, args, [&](const db::RowView& row) {
            if (list.groups.size() == wanted) {
                list.truncated = true;
                return;
            }
            AlertGroup& group = list.groups.emplace_back();
            group.rule_id = row.string(0);
            group.unit = row.maybe_id<UnitId>(1);
            group.level = static_cast<event::Level>(row.integer(2));
            group.alerts = row.integer(3);
            group.unacknowledged = row.integer(4);
            group.overdue = row.integer(5);
            group.events = static_cast<std::uint64_t>(row.integer(6));
            group.hosts = row.integer(7);
            group.drill = row.integer(8);
            group.first_seen = row.time(9);
            group.last_seen = row.time(10);
            group.due = row.maybe_time(11);
            newest.push_back(row.integer(12));
            places.emplace(std::pair(group.rule_id, group.unit), list.groups.size() - 1);
        }));
        for (std::size_t i = 0; i < newest.size(); ++i) {
            GAC_CHECK(
                session.each("SELECT id, rule_title, rule_title_vi FROM alerts WHERE number = ?",
                             {newest[i]}, [&](const db::RowView& row) {
                                 list.groups[i].newest = row.id<AlertId>(0);
                                 list.groups[i].rule_title = row.string(1);
                                 list.groups[i].rule_title_vi = row.string(2);
                             }));
        }
        return session.each(spark_sql, spark_args, [&](const db::RowView& row) {
            const auto place = places.find(std::pair(row.string(0), row.maybe_id<UnitId>(1)));
            if (place != places.end()) {
                list.groups[place->second]
                    .hours[static_cast<std::size_t>(row.integer(2) - first_hour)] =
                    static_cast<std::uint32_t>(row.integer(3));
            }
        });
    });
    GAC_CHECK(std::move(done));
    return list;
}

Result<AlertCounts> Alerts::counts(const Scope& scope, const AlertFilter& filter,
                                   const Actor& asker) {
    const base::TimePoint now = clock_.now();
    AlertFilter without_drill = filter;
    without_drill.drill.reset();
    const Where where(scope, without_drill, now);
    // Counted by status, level and so on in one pass, summed here.
    const std::string sql = fmt::format(
        "SELECT status, level, drill, CASE WHEN assignee_id IS NULL THEN 0 WHEN assignee_id = ? "
        "THEN 2 ELSE 1 END, "
        "count(*), sum(CASE WHEN due < ? THEN 1 ELSE 0 END) FROM alerts a WHERE {} GROUP BY 1, 2, "
        "3, 4",
        where.sql());
    const std::vector<db::Arg> args = joined({asker.user(), now}, where);
    Where open_where(scope, filter, now);
    open_where.add("a.status <> 2");
    const std::string groups_sql = fmt::format(
        "SELECT count(*) FROM (SELECT DISTINCT rule_id, unit_id FROM alerts a WHERE {})",
        open_where.sql());
    AlertCounts counts;
    auto done = database_.read([&](db::Session& session) -> Result<> {
        GAC_CHECK(session.each(sql, args, [&](const db::RowView& row) {
            const auto status = static_cast<Status>(row.integer(0));
            const auto level = static_cast<std::size_t>(row.integer(1));
            const bool drill = row.truth(2);
            const std::int64_t number = row.integer(4);
            const bool open = status != Status::Closed;
            counts.drill += drill && open ? number : 0;
            if (filter.drill && *filter.drill != drill) {
                return;
            }
            (status == Status::New            ? counts.fresh
             : status == Status::Acknowledged ? counts.acknowledged
                                              : counts.closed) += number;
            if (!open) {
                return;
            }
            counts.open_by_level[level] += number;
            counts.unassigned += row.integer(3) == 0 ? number : 0;
            counts.mine += row.integer(3) == 2 ? number : 0;
            if (status == Status::New) {
                counts.overdue += row.integer(5);
                counts.critical_new +=
                    level == static_cast<std::size_t>(event::Level::Critical) ? number : 0;
            }
        }));
        return session.each(groups_sql, open_where.args(),
                            [&](const db::RowView& row) { counts.open_groups = row.integer(0); });
    });
    GAC_CHECK(std::move(done));
    return counts;
}

Result<Outcomes> Alerts::outcomes(const Scope& scope, std::string_view rule_id,
                                  base::TimePoint since) {
    AlertFilter filter;
    filter.rule_id = rule_id;
    filter.drill = false;
    Where where(scope, filter, clock_.now());
    where.add("(a.status <> 2 OR a.closed_at >= ?)", {since});
    Outcomes outcomes;
    GAC_CHECK(database_.read([&](db::Session& session) {
        return session.each(
            fmt::format("SELECT status, verdict, count(*) FROM alerts a WHERE {} GROUP BY 1, 2",
                        where.sql()),
            where.args(), [&](const db::RowView& row) {
                if (static_cast<Status>(row.integer(0)) != Status::Closed) {
                    outcomes.open += row.integer(2);
                } else {
                    outcomes.by_verdict[static_cast<std::size_t>(row.integer(1))] += row.integer(2);
                }
            });
    }));
    return outcomes;
}

Result<std::vector<HourCount>> Alerts::per_hour(const Scope& scope, const AlertFilter& filter,
                                                base::TimePoint from, base::TimePoint to) {
    const std::int64_t first = from.us / kHourUs;
    const std::int64_t end = (to.us + kHourUs - 1) / kHourUs;
    if (from.us < 0 || end <= first || end - first > kHoursMax) {
        return fail(Code::InvalidArgument, "hours are counted over at most 31 days, from before to",
                    "from");
    }
    std::vector<HourCount> hours(static_cast<std::size_t>(end - first));
    for (std::size_t i = 0; i < hours.size(); ++i) {
        hours[i].hour = {(first + static_cast<std::int64_t>(i)) * kHourUs};
    }
    Where where(scope, filter, clock_.now());
    where.add("a.first_seen >= ? AND a.first_seen < ?", {first * kHourUs, end * kHourUs});
    GAC_CHECK(database_.read([&](db::Session& session) {
        return session.each(
            fmt::format(
                "SELECT first_seen / {}, level, count(*) FROM alerts a WHERE {} GROUP BY 1, 2",
                kHourUs, where.sql()),
            where.args(), [&](const db::RowView& row) {
                hours[static_cast<std::size_t>(row.integer(0) - first)]
                    .by_level[static_cast<std::size_t>(row.integer(1))] =
                    static_cast<std::uint32_t>(row.integer(2));
            });
    }));
    return hours;
}

Result<std::int64_t> Alerts::total(const Scope& scope, const AlertFilter& filter) {
    const Where where(scope, filter, clock_.now());
    std::int64_t count = 0;
    GAC_CHECK(database_.read([&](db::Session& session) {
        return session.each(fmt::format("SELECT count(*) FROM alerts a WHERE {}", where.sql()),
                            where.args(), [&](const db::RowView& row) { count = row.integer(0); });
    }));
    return count;
}

Result<std::vector<AlertRef>> Alerts::select(const Scope& scope, const AlertFilter& filter,
                                             std::size_t limit) {
    const Where where(scope, filter, clock_.now());
    std::vector<AlertRef> refs;
    GAC_CHECK(database_.read([&](db::Session& session) {
        return session.each(
            fmt::format("SELECT id, version FROM alerts a WHERE {} ORDER BY number DESC LIMIT {}",
                        where.sql(), std::min(limit, kBulkMax)),
            where.args(),
            [&](const db::RowView& row) { refs.push_back({row.id<AlertId>(0), row.integer(1)}); });
    }));
    return refs;
}

Result<std::int64_t> Alerts::remove_drill(const Actor& who, std::string_view why) {
    std::vector<Change> changes;
    const auto removed = database_.transact([&](db::Session& session) -> Result<std::int64_t> {
        GAC_TRY(count, session.run("DELETE FROM alerts WHERE drill = 1"));
        GAC_TRY(hosts, session.run("DELETE FROM hosts WHERE drill = 1"));
        GAC_CHECK(
            session.run("UPDATE counters SET value = value + 1 WHERE name = 'hosts_version'"));
        GAC_CHECK(
            audit_.append(session, who,
                          {.action = "drill.remove",
                           .object_kind = "drill",
                           .detail = access::detail_json({{"why", why},
                                                          {"alerts", std::to_string(count)},
                                                          {"hosts", std::to_string(hosts)}})}));
        changes.push_back({.kind = "drill.removed"});
        GAC_CHECK(feed_.write(session, changes));
        return count;
    });
    if (removed) {
        feed_.tell(changes);
    }
    return removed;
}

}  // namespace gac::response
