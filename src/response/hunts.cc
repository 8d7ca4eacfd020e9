#include "response/hunts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "access/audit.h"
#include "base/text.h"
#include "db/session.h"

namespace gac::response {

namespace {

constexpr std::array<std::string_view, 6> kStatus = {"waiting",   "running", "done",
                                                     "cancelled", "failed",  "interrupted"};
constexpr std::string_view kColumns =
    "id, automatic, name, owner_id, owner_name, status, created, ended, from_time, to_time, "
    "id_end, done_to, fingerprint, indicators, events, found, alerts, partial";

Hunt read_hunt(const db::RowView& row, bool findings) {
    Hunt out;
    out.id = row.id<HuntId>(0);
    out.automatic = row.truth(1);
    out.name = row.string(2);
    out.owner_id = row.string(3);
    out.owner_name = row.string(4);
    const auto status = std::ranges::find(kStatus, row.text(5));
    out.status = status == kStatus.end() ? HuntStatus::Failed
                                         : static_cast<HuntStatus>(status - kStatus.begin());
    out.created = row.time(6);
    out.ended = row.maybe_time(7);
    out.from = row.maybe_time(8);
    out.to = row.maybe_time(9);
    out.id_end = static_cast<event::EventId>(row.integer(10));
    out.done_to = static_cast<event::EventId>(row.integer(11));
    out.fingerprint = row.string(12);
    out.indicators = static_cast<std::uint64_t>(row.integer(13));
    out.events = static_cast<std::uint64_t>(row.integer(14));
    out.found = static_cast<std::uint64_t>(row.integer(15));
    out.alerts = static_cast<std::uint64_t>(row.integer(16));
    out.partial = row.string(17);
    if (findings) {
        out.findings = row.string(18);
    }
    return out;
}

std::string detail_of(const Hunt& hunt) {
    std::string out = "{\"name\":";
    base::append_json_string(hunt.name, out);
    fmt::format_to(std::back_inserter(out),
                   ",\"automatic\":{},\"indicators\":{},\"status\":\"{}\",\"events\":{},"
                   "\"found\":{},\"alerts\":{}}}",
                   hunt.automatic, hunt.indicators, name_of(hunt.status), hunt.events, hunt.found,
                   hunt.alerts);
    return out;
}

bool has_ended(HuntStatus status) {
    return status != HuntStatus::Waiting && status != HuntStatus::Running;
}

}  // namespace

std::string_view name_of(HuntStatus status) { return kStatus[static_cast<std::size_t>(status)]; }

Result<Hunt> Hunts::add(const access::Actor& who, Hunt hunt) {
    hunt.created = clock_.now();
    hunt.id = HuntId::make(hunt.created);
    hunt.owner_id = who.kind == access::Actor::Kind::System ? std::string() : who.id.text();
    hunt.owner_name = who.name;
    GAC_CHECK(database_.transact([&](db::Session& session) -> Result<> {
        GAC_CHECK(session.run(
            "INSERT INTO hunts (id, automatic, name, owner_id, owner_name, status, created, "
            "from_time, to_time, id_end, done_to, fingerprint, indicators) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            {hunt.id, hunt.automatic, hunt.name, hunt.owner_id, hunt.owner_name,
             name_of(hunt.status), hunt.created, hunt.from, hunt.to, hunt.id_end, hunt.done_to,
             hunt.fingerprint, hunt.indicators}));
        GAC_CHECK(
            session.run("DELETE FROM hunts WHERE status NOT IN ('waiting', 'running') AND "
                        "id NOT IN (SELECT id FROM hunts ORDER BY created DESC LIMIT ?)",
                        {kKept}));
        return audit_.append(session, who,
                             {.action = "hunt.start",
                              .object_kind = "hunt",
                              .object_id = hunt.id.text(),
                              .detail = detail_of(hunt)});
    }));
    return hunt;
}

Result<> Hunts::keep(const access::Actor& who, const Hunt& hunt) {
    return database_.transact([&](db::Session& session) -> Result<> {
        GAC_CHECK(
            session.run("UPDATE hunts SET status = ?, ended = ?, done_to = ?, events = ?, "
                        "found = ?, alerts = ?, partial = ?, findings = ? WHERE id = ?",
                        {name_of(hunt.status), hunt.ended, hunt.done_to, hunt.events, hunt.found,
                         hunt.alerts, hunt.partial, hunt.findings, hunt.id}));
        if (!has_ended(hunt.status)) {
            return {};
        }
        GAC_CHECK(session.run("DELETE FROM hunt_places WHERE hunt = ?", {hunt.id}));
        return audit_.append(session, who,
                             {.action = "hunt.end",
                              .object_kind = "hunt",
                              .object_id = hunt.id.text(),
                              .detail = detail_of(hunt)});
    });
}

Result<> Hunts::note(HuntId id, std::span<const HuntPlace> places) {
    if (places.empty()) {
        return {};
    }
    return database_.transact([&](db::Session& session) -> Result<> {
        for (const HuntPlace& place : places) {
            GAC_CHECK(session.run(
                "INSERT INTO hunt_places (hunt, rule_id, type, indicator, host, time) "
                "VALUES (?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (hunt, rule_id, type, indicator, host) DO NOTHING",
                {id, place.rule_id, place.type, place.indicator, place.host, place.time}));
        }
        return {};
    });
}

Result<std::vector<HuntPlace>> Hunts::places(HuntId id) {
    return database_.read([&](db::Session& session) -> Result<std::vector<HuntPlace>> {
        std::vector<HuntPlace> out;
        GAC_CHECK(session.each(
            "SELECT rule_id, type, indicator, host, time FROM hunt_places WHERE hunt = ?", {id},
            [&](const db::RowView& row) {
                out.push_back({.rule_id = row.string(0),
                               .type = row.string(1),
                               .indicator = row.string(2),
                               .host = row.string(3),
                               .time = row.time(4)});
            }));
        return out;
    });
}

Result<std::optional<Hunt>> Hunts::unfinished() {
    return database_.read([&](db::Session& session) {
        return session.first(
            fmt::format("SELECT {}, findings FROM hunts WHERE automatic = 1 AND status IN "
                        "('waiting', 'running') ORDER BY created DESC",
                        kColumns),
            {}, [](const db::RowView& row) { return read_hunt(row, true); });
    });
}

Result<> Hunts::interrupt() {
    return database_.transact([&](db::Session& session) -> Result<> {
        GAC_CHECK(
            session.run("UPDATE hunts SET status = 'interrupted', ended = ? WHERE "
                        "automatic = 0 AND status IN ('waiting', 'running')",
                        {clock_.now()}));
        return {};
    });
}

Result<std::vector<Hunt>> Hunts::list(const access::Actor& who, const access::Scope& scope) {
    return database_.read([&](db::Session& session) -> Result<std::vector<Hunt>> {
        std::vector<Hunt> out;
        GAC_CHECK(session.each(
            fmt::format("SELECT {} FROM hunts WHERE ? OR owner_id = ? ORDER BY created DESC, id "
                        "DESC LIMIT ?",
                        kColumns),
            {scope.everything(), who.id.text(), kListed},
            [&](const db::RowView& row) { out.push_back(read_hunt(row, false)); }));
        return out;
    });
}

Result<Hunt> Hunts::find(HuntId id) {
    return database_.read([&](db::Session& session) -> Result<Hunt> {
        GAC_TRY(found,
                session.first(fmt::format("SELECT {}, findings FROM hunts WHERE id = ?", kColumns),
                              {id}, [](const db::RowView& row) { return read_hunt(row, true); }));
        if (!found) {
            return fail(Code::NotFound, "there is no such hunt", "id");
        }
        return *std::move(found);
    });
}

Result<Hunt> Hunts::find(const access::Actor& who, const access::Scope& scope, HuntId id) {
    GAC_TRY(found, find(id));
    if (!scope.everything() && !owns(who, found)) {
        return fail(Code::NotFound, "there is no such hunt", "id");
    }
    return found;
}

}  // namespace gac::response
