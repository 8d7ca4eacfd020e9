#include "response/rules_book.h"

#include <fmt/format.h>

#include "access/audit.h"
#include "base/text.h"
#include "db/session.h"
#include "response/alerts.h"

namespace gac::response {

namespace {

constexpr std::size_t kRuleIdMax = 200;
constexpr std::size_t kReasonMax = 2000;
constexpr std::string_view kColumns =
    "rule_id, enabled, reason, changed_by, changed_at, hits, alerts, last_hit, version";

RuleState read_state(const db::RowView& row) {
    RuleState state;
    state.rule_id = row.string(0);
    state.enabled = row.truth(1);
    state.reason = row.string(2);
    state.changed_by = row.string(3);
    state.changed_at = row.maybe_time(4);
    state.hits = static_cast<std::uint64_t>(row.integer(5));
    state.alerts = static_cast<std::uint64_t>(row.integer(6));
    state.last_hit = row.maybe_time(7);
    state.version = row.integer(8);
    return state;
}

Result<RuleState> load(db::Session& session, std::string_view rule_id) {
    GAC_TRY(state,
            session.first(fmt::format("SELECT {} FROM rule_states WHERE rule_id = ?", kColumns),
                          {rule_id}, read_state));
    return state ? std::move(*state) : RuleState{.rule_id = std::string(rule_id)};
}

}  // namespace

Result<std::vector<RuleState>> RulesBook::list() {
    std::vector<RuleState> states;
    GAC_CHECK(database_.read([&](db::Session& session) {
        return session.each(fmt::format("SELECT {} FROM rule_states ORDER BY rule_id", kColumns),
                            {}, [&](const db::RowView& row) { states.push_back(read_state(row)); });
    }));
    return states;
}

Result<RuleState> RulesBook::find(std::string_view rule_id) {
    return database_.read([&](db::Session& session) { return load(session, rule_id); });
}

Result<std::vector<std::string>> RulesBook::disabled() {
    std::vector<std::string> ids;
    GAC_CHECK(database_.read([&](db::Session& session) {
        return session.each("SELECT rule_id FROM rule_states WHERE enabled = 0 ORDER BY rule_id",
                            {}, [&](const db::RowView& row) { ids.push_back(row.string(0)); });
    }));
    return ids;
}

Result<std::map<std::string, RuleVerdicts, std::less<>>> RulesBook::verdicts(
    const Scope& scope, base::TimePoint since) {
    std::vector<db::Arg> args = {static_cast<int>(Status::Closed), since,
                                 static_cast<int>(Verdict::True), static_cast<int>(Verdict::False),
                                 static_cast<int>(Verdict::BenignTrue)};
    const std::string mine = scope.where("unit_id", args);
    std::map<std::string, RuleVerdicts, std::less<>> out;
    GAC_CHECK(database_.read([&](db::Session& session) {
        return session.each(
            fmt::format(
                "SELECT rule_id, verdict, count(*) FROM alerts WHERE status = ? AND "
                "closed_at >= ? AND verdict IN (?, ?, ?) AND drill = 0 AND {} GROUP BY 1, 2",
                mine),
            args, [&](const db::RowView& row) {
                RuleVerdicts& of_rule = out[row.string(0)];
                of_rule.judged += row.integer(2);
                if (static_cast<Verdict>(row.integer(1)) == Verdict::False) {
                    of_rule.false_alarms += row.integer(2);
                }
            });
    }));
    return out;
}

Result<RuleState> RulesBook::set_enabled(const Actor& who, std::string_view rule_id,
                                         std::optional<std::int64_t> expected_version, bool enabled,
                                         std::string_view reason) {
    if (rule_id.empty() || rule_id.size() > kRuleIdMax || !base::is_utf8(rule_id)) {
        return fail(Code::InvalidArgument, "no such rule", "rule_id");
    }
    if (!enabled && base::trim(reason).empty()) {
        return fail(Code::InvalidArgument, "say why the rule is switched off", "reason");
    }
    if (reason.size() > kReasonMax || !base::is_utf8(reason)) {
        return fail(Code::InvalidArgument,
                    fmt::format("reason is UTF-8 of at most {} bytes", kReasonMax), "reason");
    }
    std::vector<Change> changes;
    auto state = database_.transact([&](db::Session& session) -> Result<RuleState> {
        GAC_TRY(old, load(session, rule_id));
        if (old.version != expected_version.value_or(old.version)) {
            return fail(Code::Conflict,
                        fmt::format("somebody changed the rule meanwhile: it is at version {}, not "
                                    "{}",
                                    old.version, *expected_version));
        }
        GAC_CHECK(session.run(
            "INSERT INTO rule_states (rule_id, enabled, reason, changed_by, changed_at, version) "
            "VALUES (?, ?, ?, ?, ?, 1) ON CONFLICT (rule_id) DO UPDATE SET enabled = "
            "excluded.enabled, "
            "reason = excluded.reason, changed_by = excluded.changed_by, "
            "changed_at = excluded.changed_at, version = version + 1",
            {rule_id, enabled, reason, who.name, clock_.now()}));
        GAC_CHECK(audit_.append(session, who,
                                {.action = enabled ? "rule.enable" : "rule.disable",
                                 .object_kind = "rule",
                                 .object_id = std::string(rule_id),
                                 .detail = access::detail_json({{"reason", reason}})}));
        changes.push_back({.kind = "rule.changed", .id = std::string(rule_id)});
        GAC_CHECK(feed_.write(session, changes));
        return load(session, rule_id);
    });
    if (state) {
        feed_.tell(changes);
    }
    return state;
}

}  // namespace gac::response
