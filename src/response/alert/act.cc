// What people do to alerts: each change with its version, timeline row, audit row and the state to
// go back to, all in one transaction.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "access/audit.h"
#include "base/secret.h"
#include "base/text.h"
#include "db/session.h"
#include "response/alert/query.h"
#include "response/alerts.h"
#include "response/regulations.h"

namespace gac::response {

namespace {

constexpr std::size_t kCommentMax = 40'000;
constexpr std::size_t kCommentInAudit = 1000;
constexpr std::size_t kCommentsTogetherMax = 16U << 20U;
constexpr std::size_t kUndoTokenBytes = 16;

// In the order of Action::Kind: the word in the timeline and in the audit trail.
constexpr std::array<std::string_view, 5> kTimelineKinds = {"acknowledged", "assigned", "closed",
                                                            "reopened", "note"};
constexpr std::array<std::string_view, 5> kDeeds = {"alert.acknowledge", "alert.assign",
                                                    "alert.close", "alert.reopen", "alert.note"};

// The part of an alert that people change.
struct State {
    std::int64_t number = 0;
    std::string id;
    std::optional<UnitId> unit;
    event::Level level = event::Level::Medium;
    std::int64_t version = 0;
    Status status = Status::New;
    std::optional<std::int64_t> verdict;
    std::string comment;
    std::optional<UserId> assignee;
    std::optional<base::TimePoint> due, acknowledged_at, closed_at;
    std::string acknowledged_by, closed_by;
};

constexpr std::string_view kStateColumns =
    "number, id, unit_id, level, version, status, verdict, comment, assignee_id, due, "
    "acknowledged_at, closed_at, "
    "acknowledged_by, closed_by";

State read_state(const db::RowView& row) {
    State state;
    state.number = row.integer(0);
    state.id = row.string(1);
    state.unit = row.maybe_id<UnitId>(2);
    state.level = static_cast<event::Level>(row.integer(3));
    state.version = row.integer(4);
    state.status = static_cast<Status>(row.integer(5));
    if (!row.is_null(6)) {
        state.verdict = row.integer(6);
    }
    state.comment = row.string(7);
    state.assignee = row.maybe_id<UserId>(8);
    state.due = row.maybe_time(9);
    state.acknowledged_at = row.maybe_time(10);
    state.closed_at = row.maybe_time(11);
    state.acknowledged_by = row.string(12);
    state.closed_by = row.string(13);
    return state;
}

std::string label(std::int64_t number) { return fmt::format("CB-{}", number); }

Result<> check_action(const Action& action, std::size_t alerts) {
    if (action.kind == Action::Kind::Close && !action.verdict) {
        return fail(Code::InvalidArgument, "closing needs a verdict", "verdict");
    }
    if (action.kind == Action::Kind::Note && base::trim(action.comment).empty()) {
        return fail(Code::InvalidArgument, "a note needs a text", "comment");
    }
    if (action.comment.size() > kCommentMax || !base::is_utf8(action.comment)) {
        return fail(Code::InvalidArgument,
                    fmt::format("comment is UTF-8 of at most {} bytes", kCommentMax), "comment");
    }
    if (action.comment.size() * alerts > kCommentsTogetherMax) {
        return fail(Code::LimitExceeded, "so long a comment fits fewer alerts at once", "comment");
    }
    if (alerts > Alerts::kBulkMax) {
        return fail(Code::LimitExceeded, fmt::format("at most {} alerts at once", Alerts::kBulkMax),
                    "alerts");
    }
    return {};
}

}  // namespace

struct Handler {
    Alerts& alerts;
    db::Session& session;
    const Scope& scope;
    const Actor& who;
    base::TimePoint now, stamp;
    std::vector<Change> changes;

    static Result<Handler> make(Alerts& alerts, db::Session& session, const Scope& scope,
                                const Actor& who) {
        GAC_TRY(last, session.number("SELECT max(updated) FROM alerts"));
        const base::TimePoint now = alerts.clock_.now();
        return Handler{alerts, session, scope, who, now, std::max(now, base::TimePoint{last + 1}),
                       {}};
    }

    Result<State> load(std::string_view column, const db::Arg& value) {
        std::vector<db::Arg> args;
        std::string sql = fmt::format("SELECT {} FROM alerts WHERE {}", kStateColumns,
                                      scope.where("unit_id", args));
        sql += fmt::format(" AND {} = ?", column);
        args.push_back(value);
        GAC_TRY(state, session.first(sql, args, read_state));
        if (!state) {
            return fail(Code::NotFound, "no such alert");
        }
        return std::move(*state);
    }

    // Only to somebody who may work on it: active, not a mere reader, and of the unit where bound
    // to one.
    Result<> check_assignee(UserId user, const State& alert) {
        const std::string unit = alert.unit ? alert.unit->text() : "";
        GAC_TRY(fits, session.number("SELECT count(*) FROM users WHERE id = ? AND active = 1 AND "
                                     "(role IN ('admin', 'coordinator', "
                                     "'analyst') OR (role IN ('unit_officer', 'operator_desk') AND "
                                     "(unit_id = ? OR EXISTS (SELECT 1 "
                                     "FROM unit_lineage l WHERE l.predecessor_id = ? AND "
                                     "l.successor_id = users.unit_id))))",
                                     {user, unit, unit}));
        if (fits == 0) {
            return fail(Code::InvalidArgument, "this person cannot be given the alert", "assignee");
        }
        return {};
    }

    Result<std::optional<base::TimePoint>> due_from_now(event::Level level) {
        GAC_TRY(
            minutes,
            alerts.regulations_.number(
                session, fmt::format("alert.acknowledge_minutes.{}", event::name_of(level)), now));
        return minutes ? std::optional(now + base::Duration::minutes(*minutes)) : std::nullopt;
    }

    // What the alert becomes, or why it cannot.
    Result<State> changed(State state, const Action& action) {
        switch (action.kind) {
            case Action::Kind::Acknowledge:
                if (state.status != Status::New) {
                    return fail(Code::Conflict, fmt::format("{} is already {}", label(state.number),
                                                            name_of(state.status)));
                }
                state.status = Status::Acknowledged;
                state.acknowledged_at = now;
                state.acknowledged_by = who.name;
                if (!state.assignee) {
                    state.assignee = who.user();
                }
                break;
            case Action::Kind::Assign:
                if (state.status == Status::Closed) {
                    return fail(Code::Conflict, fmt::format("{} is closed", label(state.number)));
                }
                if (action.assignee) {
                    GAC_CHECK(check_assignee(*action.assignee, state));
                }
                state.assignee = action.assignee;
                break;
            case Action::Kind::Close:
                if (state.status == Status::Closed) {
                    return fail(Code::Conflict,
                                fmt::format("{} is already closed", label(state.number)));
                }
                if (state.status == Status::New) {
                    state.acknowledged_at = now;
                    state.acknowledged_by = who.name;
                }
                state.status = Status::Closed;
                state.verdict = static_cast<std::int64_t>(*action.verdict);
                state.comment = action.comment;
                state.closed_at = now;
                state.closed_by = who.name;
                break;
            case Action::Kind::Reopen: {
                if (state.status != Status::Closed) {
                    return fail(Code::Conflict,
                                fmt::format("{} is not closed", label(state.number)));
                }
                GAC_TRY(due, due_from_now(state.level));
                state.status = Status::New;
                state.verdict.reset();
                state.due = due;
                state.acknowledged_at.reset();
                state.acknowledged_by.clear();
                state.closed_at.reset();
                state.closed_by.clear();
                break;
            }
            case Action::Kind::Note:
                break;
        }
        return state;
    }

    Result<> store(const State& state) {
        GAC_CHECK(session.run(
            "UPDATE alerts SET status = ?, verdict = ?, comment = ?, assignee_id = ?, due = ?, "
            "acknowledged_at = ?, "
            "closed_at = ?, acknowledged_by = ?, closed_by = ?, version = ?, updated = ? WHERE "
            "number = ?",
            {static_cast<int>(state.status), state.verdict, state.comment, state.assignee,
             state.due, state.acknowledged_at, state.closed_at, state.acknowledged_by,
             state.closed_by, state.version, stamp, state.number}));
        changes.push_back({.kind = "alert.changed", .id = state.id, .unit = state.unit});
        return {};
    }

    Result<> record(const State& state, std::string_view kind, std::string_view deed,
                    const std::string& timeline, std::string audit) {
        GAC_CHECK(session.run(
            "INSERT INTO alert_timeline (alert, time, kind, actor_id, actor_name, detail) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            {state.number, now, kind, who.user(), who.name, timeline}));
        return alerts.audit_.append(session, who,
                                    {.action = deed,
                                     .object_kind = "alert",
                                     .object_id = state.id,
                                     .unit = state.unit,
                                     .detail = std::move(audit)});
    }

    Result<std::string> assignee_name(const std::optional<UserId>& user) {
        if (!user) {
            return std::string();
        }
        GAC_TRY(name, session.first("SELECT display_name FROM users WHERE id = ?", {*user},
                                    [](const db::RowView& row) { return row.string(0); }));
        return name.value_or("");
    }

    Result<std::string> detail(const State& state, const Action& action, std::string_view comment) {
        const std::string number = label(state.number);
        const std::string version = std::to_string(state.version);
        if (action.kind == Action::Kind::Assign) {
            GAC_TRY(name, assignee_name(action.assignee));
            return access::detail_json(
                {{"alert", number},
                 {"version", version},
                 {"assignee_id", action.assignee ? action.assignee->text() : ""},
                 {"assignee", name},
                 {"comment", comment}});
        }
        return access::detail_json({{"alert", number},
                                    {"version", version},
                                    {"verdict", action.verdict && action.kind == Action::Kind::Close
                                                    ? name_of(*action.verdict)
                                                    : std::string_view()},
                                    {"comment", comment}});
    }

    Result<> remember(std::string_view token_hash, const State& before,
                      std::int64_t version_after) {
        GAC_CHECK(session.run(
            "INSERT INTO undo_rows (token_hash, alert, version_after, status, verdict, comment, "
            "assignee_id, due, "
            "acknowledged_at, acknowledged_by, closed_at, closed_by) VALUES (?, ?, ?, ?, ?, ?, ?, "
            "?, ?, ?, ?, ?)",
            {token_hash, before.number, version_after, static_cast<int>(before.status),
             before.verdict, before.comment, before.assignee, before.due, before.acknowledged_at,
             before.acknowledged_by, before.closed_at, before.closed_by}));
        return {};
    }

    Result<> act(const AlertRef& ref, const Action& action, std::string_view token_hash) {
        GAC_TRY(before, load("id", ref.id));
        if (ref.version && *ref.version != before.version) {
            return fail(Code::Conflict,
                        fmt::format("{} is at version {}, not {}", label(before.number),
                                    before.version, *ref.version));
        }
        GAC_TRY(after, changed(before, action));
        ++after.version;
        GAC_CHECK(store(after));
        const auto kind = static_cast<std::size_t>(action.kind);
        GAC_TRY(timeline, detail(after, action, action.comment));
        std::string_view short_comment(action.comment);
        while (short_comment.size() > kCommentInAudit || !base::is_utf8(short_comment)) {
            short_comment =
                short_comment.substr(0, std::min(kCommentInAudit, short_comment.size() - 1));
        }
        GAC_TRY(audit, detail(after, action, short_comment));
        GAC_CHECK(record(after, kTimelineKinds[kind], kDeeds[kind], timeline, std::move(audit)));
        return action.kind == Action::Kind::Note ? Result<>{}
                                                 : remember(token_hash, before, after.version);
    }

    // Bad news that concern one alert only: the others go on.
    static bool concerns_one(const Error& error) {
        return error.code == Code::Conflict || error.code == Code::NotFound
               || error.code == Code::InvalidArgument;
    }

    Result<ActReport> act_all(std::span<const AlertRef> refs, const Action& action) {
        ActReport report;
        const std::string token = base::hex(base::random_bytes(kUndoTokenBytes));
        const std::string token_hash = base::hex(base::sha256(token));
        const base::TimePoint until = now + Alerts::kUndo;
        GAC_CHECK(session.run("DELETE FROM undo_tokens WHERE expires <= ?", {now}));
        GAC_CHECK(session.run(
            "INSERT INTO undo_tokens (token_hash, actor_id, action, expires) VALUES (?, ?, ?, ?)",
            {token_hash, who.id, kDeeds[static_cast<std::size_t>(action.kind)], until}));
        std::set<AlertId> met;
        for (const AlertRef& ref : refs) {
            if (!met.insert(ref.id).second) {
                continue;
            }
            // Nothing is written before the last check of an alert, so a refused one leaves no
            // trace.
            auto done = act(ref, action, token_hash);
            if (done) {
                report.changed.push_back(ref.id);
            } else if (concerns_one(done.error())) {
                report.refused.push_back({ref.id, std::move(done).error()});
            } else {
                return std::unexpected(std::move(done).error());
            }
        }
        if (report.changed.empty() || action.kind == Action::Kind::Note) {
            GAC_CHECK(session.run("DELETE FROM undo_tokens WHERE token_hash = ?", {token_hash}));
        } else {
            report.undo = token;
            report.undo_until = until;
        }
        return report;
    }

    Result<> restore(const State& then, std::string_view action) {
        GAC_TRY(state, load("number", then.number));
        if (state.version != then.version) {
            return fail(Code::Conflict, fmt::format("{} was changed since", label(state.number)));
        }
        State back = then;
        back.id = state.id;
        back.unit = state.unit;
        ++back.version;
        GAC_CHECK(store(back));
        const std::string detail = access::detail_json({{"alert", label(back.number)},
                                                        {"version", std::to_string(back.version)},
                                                        {"undone", action}});
        return record(back, "undone", "alert.undo", detail, detail);
    }

    Result<ActReport> undo(std::string_view token) {
        const std::string token_hash = base::hex(base::sha256(token));
        GAC_TRY(action, session.first("SELECT action FROM undo_tokens WHERE token_hash = ? AND "
                                      "actor_id = ? AND expires > ?",
                                      {token_hash, who.id, now},
                                      [](const db::RowView& row) { return row.string(0); }));
        if (!action) {
            return fail(Code::NotFound, "nothing to undo: unknown, used, or more than 30 s ago");
        }
        struct Row {
            State then;
            AlertId id;
        };
        std::vector<Row> rows;
        GAC_CHECK(session.each(
            "SELECT a.number, a.id, a.unit_id, a.level, r.version_after, r.status, r.verdict, "
            "r.comment, r.assignee_id, "
            "r.due, r.acknowledged_at, r.closed_at, r.acknowledged_by, r.closed_by FROM undo_rows "
            "r "
            "JOIN alerts a ON a.number = r.alert WHERE r.token_hash = ? ORDER BY r.alert",
            {token_hash}, [&](const db::RowView& row) {
                rows.push_back({read_state(row), row.id<AlertId>(1)});
            }));
        ActReport report;
        for (const Row& row : rows) {
            auto done = restore(row.then, *action);
            if (done) {
                report.changed.push_back(row.id);
            } else if (concerns_one(done.error())) {
                report.refused.push_back({row.id, std::move(done).error()});
            } else {
                return std::unexpected(std::move(done).error());
            }
        }
        GAC_CHECK(session.run("DELETE FROM undo_tokens WHERE token_hash = ?", {token_hash}));
        return report;
    }
};

Result<Alerts::Acted> Alerts::act(const Scope& scope, const Actor& who, const AlertRef& alert,
                                  const Action& action) {
    GAC_CHECK(check_action(action, 1));
    std::vector<Change> changes;
    auto acted = database_.transact([&](db::Session& session) -> Result<Acted> {
        GAC_TRY(handler, Handler::make(*this, session, scope, who));
        GAC_TRY(report, handler.act_all(std::span(&alert, 1), action));
        if (report.changed.empty()) {
            return std::unexpected(std::move(report.refused.front().error));
        }
        GAC_CHECK(feed_.write(session, handler.changes));
        changes = std::move(handler.changes);
        GAC_TRY(now, session.first(
                         fmt::format("SELECT {} FROM {} WHERE a.id = ?", kAlertColumns, kAlertFrom),
                         {alert.id}, read_alert));
        if (!now) {
            return fail(Code::NotFound, "no such alert");
        }
        return Acted{std::move(*now), report.undo, report.undo_until};
    });
    if (acted) {
        feed_.tell(changes);
    }
    return acted;
}

Result<ActReport> Alerts::act_all(const Scope& scope, const Actor& who,
                                  std::span<const AlertRef> alerts, const Action& action) {
    GAC_CHECK(check_action(action, alerts.size()));
    std::vector<Change> changes;
    auto report = database_.transact([&](db::Session& session) -> Result<ActReport> {
        GAC_TRY(handler, Handler::make(*this, session, scope, who));
        GAC_TRY(done, handler.act_all(alerts, action));
        GAC_CHECK(feed_.write(session, handler.changes));
        changes = std::move(handler.changes);
        return done;
    });
    if (report) {
        feed_.tell(changes);
    }
    return report;
}

Result<ActReport> Alerts::undo(const Scope& scope, const Actor& who, std::string_view token) {
    std::vector<Change> changes;
    auto report = database_.transact([&](db::Session& session) -> Result<ActReport> {
        GAC_TRY(handler, Handler::make(*this, session, scope, who));
        GAC_TRY(done, handler.undo(token));
        GAC_CHECK(feed_.write(session, handler.changes));
        changes = std::move(handler.changes);
        return done;
    });
    if (report) {
        feed_.tell(changes);
    }
    return report;
}

}  // namespace gac::response
