#include "response/rule_exceptions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "access/audit.h"
#include "base/ip.h"
#include "base/text.h"
#include "db/session.h"

namespace gac::response {

namespace {

constexpr std::size_t kRuleIdMax = 200;
constexpr std::size_t kReasonMax = 2000;
constexpr std::size_t kFieldMax = 200;
constexpr std::size_t kValueMax = 2000;
constexpr std::array<std::string_view, 5> kOps = {"equals", "startswith", "endswith", "contains",
                                                  "cidr"};
constexpr std::array<std::string_view, 3> kStates = {"active", "expired", "removed"};
constexpr std::string_view kColumns =
    "id, rule_id, reason, unit_id, created_by, created_at, expires, removed, changed_by, "
    "changed_at, changed_reason, version";

RuleException read_exception(const db::RowView& row) {
    RuleException out;
    out.id = row.id<ExceptionId>(0);
    out.rule_id = row.string(1);
    out.reason = row.string(2);
    out.unit = row.maybe_id<UnitId>(3);
    out.created_by = row.string(4);
    out.created_at = row.time(5);
    out.expires = row.time(6);
    out.removed = row.truth(7);
    out.changed_by = row.string(8);
    out.changed_at = row.maybe_time(9);
    out.changed_reason = row.string(10);
    out.version = row.integer(11);
    return out;
}

Result<std::vector<RuleException>> load(db::Session& session, std::string_view where,
                                        std::span<const db::Arg> args) {
    std::vector<RuleException> out;
    GAC_CHECK(session.each(
        fmt::format("SELECT {} FROM rule_exceptions WHERE {} ORDER BY id DESC", kColumns, where),
        args, [&](const db::RowView& row) { out.push_back(read_exception(row)); }));
    for (RuleException& one : out) {
        GAC_CHECK(session.each(
            "SELECT field, op, value FROM rule_exception_conditions WHERE exception_id = ? "
            "ORDER BY position",
            {one.id}, [&](const db::RowView& row) {
                one.conditions.push_back(
                    {row.string(0), parse_exception_op(row.text(1)).value_or(ExceptionOp::Equals),
                     row.string(2)});
            }));
    }
    return out;
}

Result<std::vector<std::string>> load_hosts(db::Session& session, UnitId unit) {
    std::vector<std::string> hosts;
    GAC_CHECK(session.each("SELECT host FROM hosts WHERE unit_id = ? ORDER BY host", {unit},
                           [&](const db::RowView& row) { hosts.push_back(row.string(0)); }));
    return hosts;
}

Result<RuleException> load_one(db::Session& session, ExceptionId id) {
    const db::Arg args[] = {id};
    GAC_TRY(found, load(session, "id = ?", args));
    if (found.empty()) {
        return fail(Code::NotFound, "there is no such exception", "id");
    }
    return std::move(found.front());
}

Result<> check_text(std::string_view text, std::size_t bytes_max, std::string_view where,
                    std::string_view missing) {
    if (base::trim(text).empty()) {
        return fail(Code::InvalidArgument, std::string(missing), std::string(where));
    }
    if (text.size() > bytes_max || !base::is_utf8(text)) {
        return fail(Code::InvalidArgument,
                    fmt::format("must be UTF-8 of at most {} bytes", bytes_max),
                    std::string(where));
    }
    return {};
}

Result<> check_expiry(base::TimePoint expires, base::TimePoint now) {
    if (expires <= now) {
        return fail(Code::InvalidArgument, "must lie in the future", "expires");
    }
    if (expires > now + RuleExceptions::kLongest) {
        return fail(Code::InvalidArgument,
                    "must lie within a year: whoever still needs the exception then prolongs it",
                    "expires");
    }
    return {};
}

std::string conditions_text(const std::vector<ExceptionCondition>& conditions) {
    std::string out;
    for (const ExceptionCondition& condition : conditions) {
        out += fmt::format("{}{} {} {}", out.empty() ? "" : "; ", condition.field,
                           name_of(condition.op), condition.value);
    }
    return out;
}

}  // namespace

std::string_view name_of(ExceptionOp op) { return kOps.at(static_cast<std::size_t>(op)); }
std::string_view name_of(ExceptionState state) {
    return kStates.at(static_cast<std::size_t>(state));
}

std::optional<ExceptionOp> parse_exception_op(std::string_view name) {
    const auto* const found = std::ranges::find(kOps, name);
    if (found == kOps.end()) {
        return std::nullopt;
    }
    return static_cast<ExceptionOp>(found - kOps.begin());
}

Result<> RuleExceptions::check(const std::vector<ExceptionCondition>& conditions) {
    if (conditions.empty() || conditions.size() > kConditionsMax) {
        return fail(Code::InvalidArgument,
                    fmt::format("an exception has 1 to {} conditions", kConditionsMax),
                    "conditions");
    }
    for (std::size_t i = 0; i < conditions.size(); ++i) {
        const ExceptionCondition& condition = conditions[i];
        const std::string where = fmt::format("conditions[{}]", i);
        GAC_CHECK(check_text(condition.field, kFieldMax, where + ".field", "names no field"));
        GAC_CHECK(check_text(condition.value, kValueMax, where + ".value", "has no value"));
        if (condition.field.contains('|') || condition.field != base::trim(condition.field)) {
            return fail(Code::InvalidArgument, "a field's name has no blanks around it and no '|'",
                        where + ".field");
        }
        if (condition.op == ExceptionOp::Cidr && !base::IpPrefix::parse(condition.value)) {
            return fail(Code::InvalidArgument, "must be a network such as 10.1.2.0/24",
                        where + ".value");
        }
    }
    return {};
}

Result<RuleException> RuleExceptions::add(const Actor& who, const NewException& wanted) {
    const base::TimePoint now = clock_.now();
    GAC_CHECK(check(wanted.conditions));
    GAC_CHECK(check_text(wanted.reason, kReasonMax, "reason", "say why"));
    GAC_CHECK(check_expiry(wanted.expires, now));
    if (wanted.rule_id.size() > kRuleIdMax || !base::is_utf8(wanted.rule_id)) {
        return fail(Code::InvalidArgument, "no such rule", "rule_id");
    }
    RuleException made;
    static_cast<NewException&>(made) = wanted;
    made.id = ExceptionId::make(now);
    made.created_by = who.name;
    made.created_at = now;
    std::vector<Change> changes;
    auto done = database_.transact([&](db::Session& session) -> Result<> {
        GAC_TRY(count, session.number(
                           "SELECT count(*) FROM rule_exceptions WHERE removed = 0 AND expires > ?",
                           {now}));
        if (static_cast<std::size_t>(count) >= kInForceMax) {
            return fail(Code::LimitExceeded,
                        fmt::format("{} exceptions are in force already", kInForceMax));
        }
        if (wanted.unit) {
            GAC_TRY(known,
                    session.number("SELECT count(*) FROM units WHERE id = ?", {*wanted.unit}));
            if (known == 0) {
                return fail(Code::InvalidArgument, "there is no such unit", "unit_id");
            }
        }
        GAC_CHECK(session.run(
            "INSERT INTO rule_exceptions (id, rule_id, reason, unit_id, created_by, created_at, "
            "expires) VALUES (?, ?, ?, ?, ?, ?, ?)",
            {made.id, made.rule_id, made.reason, made.unit, made.created_by, made.created_at,
             made.expires}));
        for (std::size_t i = 0; i < made.conditions.size(); ++i) {
            const ExceptionCondition& condition = made.conditions[i];
            GAC_CHECK(session.run(
                "INSERT INTO rule_exception_conditions (exception_id, position, field, op, value) "
                "VALUES (?, ?, ?, ?, ?)",
                {made.id, i, condition.field, name_of(condition.op), condition.value}));
        }
        GAC_CHECK(audit_.append(
            session, who,
            {.action = "rule_exception.add",
             .object_kind = "rule_exception",
             .object_id = made.id.text(),
             .unit = made.unit,
             .detail = access::detail_json({{"rule", made.rule_id},
                                            {"conditions", conditions_text(made.conditions)},
                                            {"reason", made.reason},
                                            {"expires", base::format_rfc3339(made.expires)}})}));
        changes.push_back({.kind = "rule.changed", .id = made.rule_id, .unit = made.unit});
        return feed_.write(session, changes);
    });
    if (!done) {
        return std::unexpected(std::move(done).error());
    }
    feed_.tell(changes);
    return made;
}

Result<RuleException> RuleExceptions::change(const Actor& who, ExceptionId id,
                                             std::optional<std::int64_t> expected_version,
                                             const ExceptionChange& change) {
    const base::TimePoint now = clock_.now();
    GAC_CHECK(check_text(change.reason, kReasonMax, "reason", "say why"));
    if (!change.expires && !change.removed) {
        return fail(Code::InvalidArgument, "nothing is to be changed", "expires");
    }
    if (change.expires) {
        GAC_CHECK(check_expiry(*change.expires, now));
    }
    std::vector<Change> changes;
    auto done = database_.transact([&](db::Session& session) -> Result<RuleException> {
        GAC_TRY(old, load_one(session, id));
        if (old.version != expected_version.value_or(old.version)) {
            return fail(Code::Conflict,
                        fmt::format("somebody changed the exception meanwhile: it is at version "
                                    "{}, not {}",
                                    old.version, *expected_version));
        }
        const base::TimePoint expires = change.expires.value_or(old.expires);
        const bool removed = change.removed.value_or(old.removed);
        if (old.removed && !removed && expires <= now) {
            return fail(Code::InvalidArgument, "it has expired meanwhile: give a new end",
                        "expires");
        }
        GAC_CHECK(session.run(
            "UPDATE rule_exceptions SET expires = ?, expiry_noted = CASE WHEN ? THEN 0 ELSE "
            "expiry_noted END, removed = ?, changed_by = ?, changed_at = ?, changed_reason = ?, "
            "version = version + 1 WHERE id = ?",
            {expires, change.expires.has_value(), removed, who.name, now, change.reason, id}));
        const std::string_view action = removed == old.removed ? "rule_exception.change"
                                        : removed              ? "rule_exception.remove"
                                                               : "rule_exception.restore";
        GAC_CHECK(audit_.append(
            session, who,
            {.action = action,
             .object_kind = "rule_exception",
             .object_id = id.text(),
             .unit = old.unit,
             .detail = access::detail_json({{"rule", old.rule_id},
                                            {"reason", change.reason},
                                            {"expires", base::format_rfc3339(expires)}})}));
        changes.push_back({.kind = "rule.changed", .id = old.rule_id, .unit = old.unit});
        GAC_CHECK(feed_.write(session, changes));
        return load_one(session, id);
    });
    if (done) {
        feed_.tell(changes);
    }
    return done;
}

Result<RuleException> RuleExceptions::find(const Scope& scope, ExceptionId id) {
    GAC_TRY(found, database_.read([&](db::Session& session) { return load_one(session, id); }));
    if (!scope.allows(found.unit)) {
        return fail(Code::NotFound, "there is no such exception", "id");
    }
    return found;
}

Result<std::vector<RuleException>> RuleExceptions::list(const Scope& scope) {
    std::vector<db::Arg> args;
    const std::string where = scope.where("unit_id", args);
    return database_.read([&](db::Session& session) { return load(session, where, args); });
}

Result<std::vector<RuleException>> RuleExceptions::in_force() {
    const db::Arg args[] = {clock_.now()};
    return database_.read([&](db::Session& session) -> Result<std::vector<RuleException>> {
        GAC_TRY(out, load(session, "removed = 0 AND expires > ?", args));
        for (RuleException& one : out) {
            if (one.unit) {
                GAC_TRY(hosts, load_hosts(session, *one.unit));
                one.hosts = std::move(hosts);
            }
        }
        return out;
    });
}

Result<std::vector<std::string>> RuleExceptions::hosts_of(UnitId unit) {
    return database_.read([&](db::Session& session) { return load_hosts(session, unit); });
}

Result<std::string> RuleExceptions::stamp() {
    return database_.read([&](db::Session& session) -> Result<std::string> {
        std::string out;
        GAC_CHECK(session.each(
            "SELECT count(*), coalesce(sum(version), 0), count(unit_id) FROM rule_exceptions "
            "WHERE removed = 0 AND expires > ?",
            {clock_.now()}, [&](const db::RowView& row) {
                out = fmt::format("{} {} {}", row.integer(0), row.integer(1), row.integer(2));
            }));
        if (!out.ends_with(" 0")) {
            GAC_TRY(hosts,
                    session.number("SELECT value FROM counters WHERE name = 'hosts_version'"));
            out += fmt::format(" {}", hosts);
        }
        return out;
    });
}

Result<std::size_t> RuleExceptions::note_expired() {
    const base::TimePoint now = clock_.now();
    constexpr std::string_view kDue = "removed = 0 AND expiry_noted = 0 AND expires <= ?";
    const db::Arg args[] = {now};
    GAC_TRY(due, database_.read([&](db::Session& session) { return load(session, kDue, args); }));
    if (due.empty()) {
        return 0;
    }
    std::vector<Change> changes;
    std::size_t noted = 0;
    auto done = database_.transact([&](db::Session& session) -> Result<> {
        for (const RuleException& one : due) {
            GAC_TRY(rows, session.run(fmt::format("UPDATE rule_exceptions SET expiry_noted = 1 "
                                                  "WHERE id = ? AND {}",
                                                  kDue),
                                      {one.id, now}));
            if (rows == 0) {
                continue;  // prolonged meanwhile
            }
            ++noted;
            GAC_CHECK(audit_.append(
                session, Actor::system("rules"),
                {.action = "rule_exception.expire",
                 .object_kind = "rule_exception",
                 .object_id = one.id.text(),
                 .unit = one.unit,
                 .detail = access::detail_json(
                     {{"rule", one.rule_id}, {"expires", base::format_rfc3339(one.expires)}})}));
            changes.push_back({.kind = "rule.changed", .id = one.rule_id, .unit = one.unit});
        }
        return feed_.write(session, changes);
    });
    if (!done) {
        return std::unexpected(std::move(done).error());
    }
    feed_.tell(changes);
    return noted;
}

}  // namespace gac::response
