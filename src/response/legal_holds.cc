#include "response/legal_holds.h"

#include <fmt/format.h>

#include "access/audit.h"
#include "base/text.h"
#include "db/session.h"

namespace gac::response {

namespace {

constexpr std::string_view kSelect =
    "SELECT id, name, reason, query, source, from_time, to_time, created, created_by, lifted, "
    "lifted_by, lifted_reason FROM legal_holds";

LegalHold read_hold(const db::RowView& row) {
    LegalHold hold;
    hold.id = row.id<LegalHoldId>(0);
    hold.name = row.string(1);
    hold.reason = row.string(2);
    hold.query = row.string(3);
    hold.source = row.string(4);
    hold.from = row.maybe_time(5);
    hold.to = row.maybe_time(6);
    hold.created = row.time(7);
    hold.created_by = row.string(8);
    hold.lifted = row.maybe_time(9);
    hold.lifted_by = row.string(10);
    hold.lifted_reason = row.string(11);
    return hold;
}

Result<> check_text(std::string_view text, std::string_view what, std::size_t max, bool needed) {
    if (text.size() > max || !base::is_utf8(text) || (needed && base::trim(text).empty())) {
        return fail(Code::InvalidArgument,
                    fmt::format("a text of {} to {} bytes is needed", needed ? 1 : 0, max),
                    std::string(what));
    }
    return {};
}

}  // namespace

Result<LegalHold> LegalHolds::add(const access::Actor& who, const NewLegalHold& wanted) {
    GAC_CHECK(check_text(wanted.name, "name", kTextMax, true));
    GAC_CHECK(check_text(wanted.reason, "reason", kTextMax, true));
    GAC_CHECK(check_text(wanted.query, "query", kQueryMax, false));
    GAC_CHECK(check_text(wanted.source, "source", kTextMax, false));
    if (wanted.from && wanted.to && *wanted.from >= *wanted.to) {
        return fail(Code::InvalidArgument, "the span ends before it begins", "to");
    }
    return database_.transact([&](db::Session& session) -> Result<LegalHold> {
        GAC_TRY(count, session.number("SELECT count(*) FROM legal_holds WHERE lifted IS NULL"));
        if (count >= static_cast<std::int64_t>(kInForceMax)) {
            return fail(Code::LimitExceeded,
                        fmt::format("there are {} legal holds in force already", kInForceMax));
        }
        LegalHold hold;
        static_cast<NewLegalHold&>(hold) = wanted;
        hold.created = clock_.now();
        hold.id = LegalHoldId{base::Uuid::make(hold.created)};
        hold.created_by = who.name;
        GAC_CHECK(
            session.run("INSERT INTO legal_holds (id, name, reason, query, source, from_time, "
                        "to_time, created, created_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        {hold.id, hold.name, hold.reason, hold.query, hold.source, hold.from,
                         hold.to, hold.created, hold.created_by}));
        GAC_CHECK(audit_.append(
            session, who,
            {.action = "history.hold",
             .object_kind = "legal_hold",
             .object_id = hold.id.text(),
             .detail = access::detail_json(
                 {{"name", hold.name},
                  {"reason", hold.reason},
                  {"query", hold.query},
                  {"source", hold.source},
                  {"from", hold.from ? base::format_rfc3339(*hold.from) : std::string()},
                  {"to", hold.to ? base::format_rfc3339(*hold.to) : std::string()}})}));
        return hold;
    });
}

Result<LegalHold> LegalHolds::lift(const access::Actor& who, LegalHoldId id,
                                   std::string_view reason) {
    GAC_CHECK(check_text(reason, "reason", kTextMax, true));
    return database_.transact([&](db::Session& session) -> Result<LegalHold> {
        GAC_TRY(found, session.first(fmt::format("{} WHERE id = ?", kSelect), {id}, read_hold));
        if (!found) {
            return fail(Code::NotFound, "there is no such legal hold", "id");
        }
        if (found->lifted) {
            return fail(Code::Conflict, "that legal hold is lifted already", "id");
        }
        found->lifted = clock_.now();
        found->lifted_by = who.name;
        found->lifted_reason = std::string(reason);
        GAC_CHECK(session.run(
            "UPDATE legal_holds SET lifted = ?, lifted_by = ?, lifted_reason = ? WHERE id = ?",
            {found->lifted, found->lifted_by, found->lifted_reason, id}));
        GAC_CHECK(audit_.append(
            session, who,
            {.action = "history.lift_hold",
             .object_kind = "legal_hold",
             .object_id = id.text(),
             .detail = access::detail_json({{"name", found->name}, {"reason", reason}})}));
        return std::move(*found);
    });
}

Result<std::vector<LegalHold>> LegalHolds::list(bool lifted_too) {
    return database_.read([&](db::Session& session) -> Result<std::vector<LegalHold>> {
        std::vector<LegalHold> holds;
        GAC_CHECK(session.each(fmt::format("{}{} ORDER BY created DESC, id", kSelect,
                                           lifted_too ? "" : " WHERE lifted IS NULL"),
                               {},
                               [&](const db::RowView& row) { holds.push_back(read_hold(row)); }));
        return holds;
    });
}

}  // namespace gac::response
