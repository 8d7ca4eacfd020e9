#include "access/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "access/audit.h"
#include "access/gate.h"
#include "base/text.h"
#include "db/session.h"

namespace gac::access {

namespace {

constexpr std::array<std::string_view, 7> kKinds = {"province", "department", "commune", "hospital",
                                                    "school",   "operator",   "other"};
constexpr std::size_t kTextMax = 300;
constexpr std::string_view kColumns =
    "id, code, name, name_en, kind, parent_id, valid_from, valid_to, contact_name, contact_phone, "
    "contact_email, "
    "updated, version";

Result<> check_code(std::string_view code) {
    const bool good = !code.empty() && code.size() <= 64 && std::ranges::all_of(code, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    });
    if (!good) {
        return fail(Code::InvalidArgument, "unit code is 1 to 64 of a-z 0-9 - _ .", "code");
    }
    return {};
}

Result<> check_text(std::string_view text, std::string_view field, bool required = false) {
    if (text.size() > kTextMax || !base::is_utf8(text)) {
        return fail(Code::InvalidArgument,
                    fmt::format("must be UTF-8 of at most {} bytes", kTextMax), std::string(field));
    }
    if (required && base::trim(text).empty()) {
        return fail(Code::InvalidArgument, "must not be empty", std::string(field));
    }
    return {};
}

Result<> check_kind(std::string_view kind) {
    if (std::ranges::find(kKinds, kind) == kKinds.end()) {
        return fail(Code::InvalidArgument, fmt::format("unknown kind of unit '{}'", kind), "kind");
    }
    return {};
}

Unit read_unit(const db::RowView& row) {
    Unit unit;
    unit.id = row.id<UnitId>(0);
    unit.code = row.string(1);
    unit.name = row.string(2);
    unit.name_en = row.string(3);
    unit.kind = row.string(4);
    unit.parent = row.maybe_id<UnitId>(5);
    unit.valid_from = row.time(6);
    unit.valid_to = row.maybe_time(7);
    unit.contact_name = row.string(8);
    unit.contact_phone = row.string(9);
    unit.contact_email = row.string(10);
    unit.updated = row.time(11);
    unit.version = row.integer(12);
    return unit;
}

Result<> add_lineage(db::Session& session, std::vector<Unit>& units) {
    std::unordered_map<std::string, Unit*> by_id;
    for (Unit& unit : units) {
        by_id[unit.id.text()] = &unit;
    }
    return session.each("SELECT predecessor_id, successor_id FROM unit_lineage ORDER BY 1, 2", {},
                        [&](const db::RowView& row) {
                            const auto old = by_id.find(row.string(0));
                            const auto heir = by_id.find(row.string(1));
                            if (old != by_id.end()) {
                                old->second->successors.push_back(row.id<UnitId>(1));
                            }
                            if (heir != by_id.end()) {
                                heir->second->predecessors.push_back(row.id<UnitId>(0));
                            }
                        });
}

Result<Unit> load(db::Session& session, std::string_view column, const db::Arg& value) {
    std::vector<Unit> units;
    GAC_CHECK(session.each(fmt::format("SELECT {} FROM units WHERE {} = ?", kColumns, column),
                           std::span(&value, 1),
                           [&](const db::RowView& row) { units.push_back(read_unit(row)); }));
    if (units.empty()) {
        return fail(Code::NotFound, "no such unit");
    }
    GAC_CHECK(add_lineage(session, units));
    return std::move(units.front());
}

// A parent chain must end: no unit may stand above itself.
Result<> check_parent(db::Session& session, UnitId unit, const std::optional<UnitId>& parent) {
    if (!parent) {
        return {};
    }
    GAC_TRY(known, session.number("SELECT count(*) FROM units WHERE id = ?", {*parent}));
    if (known == 0) {
        return fail(Code::InvalidArgument, "no such parent unit", "parent");
    }
    GAC_TRY(circle, session.number(
                        "WITH RECURSIVE up(id) AS (SELECT ? UNION SELECT u.parent_id FROM units u "
                        "JOIN up ON u.id = up.id WHERE u.parent_id IS NOT NULL) "
                        "SELECT count(*) FROM up WHERE id = ?",
                        {*parent, unit}));
    if (circle > 0) {
        return fail(Code::InvalidArgument, "a unit cannot stand above itself", "parent");
    }
    return {};
}

}  // namespace

Result<Unit> Units::add(const Actor& who, const NewUnit& unit) {
    GAC_CHECK(check_code(unit.code));
    GAC_CHECK(check_kind(unit.kind));
    GAC_CHECK(check_text(unit.name, "name", true));
    GAC_CHECK(check_text(unit.name_en, "name_en"));
    GAC_CHECK(check_text(unit.contact_name, "contact_name"));
    GAC_CHECK(check_text(unit.contact_phone, "contact_phone"));
    GAC_CHECK(check_text(unit.contact_email, "contact_email"));
    return database_.transact([&](db::Session& session) -> Result<Unit> {
        const base::TimePoint now = clock_.now();
        const UnitId id = UnitId::make(now);
        GAC_CHECK(check_parent(session, id, unit.parent));
        GAC_TRY(taken, session.number("SELECT count(*) FROM units WHERE code = ?", {unit.code}));
        if (taken > 0) {
            return fail(Code::AlreadyExists, fmt::format("unit code '{}' is taken", unit.code),
                        "code");
        }
        GAC_CHECK(
            session.run("INSERT INTO units (id, code, name, name_en, kind, parent_id, valid_from, "
                        "contact_name, contact_phone, contact_email, updated) "
                        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        {id, unit.code, unit.name, unit.name_en, unit.kind, unit.parent,
                         unit.valid_from.value_or(now), unit.contact_name, unit.contact_phone,
                         unit.contact_email, now}));
        GAC_CHECK(
            audit_.append(session, who,
                          {.action = "unit.add",
                           .object_kind = "unit",
                           .object_id = id.text(),
                           .unit = id,
                           .detail = detail_json({{"code", unit.code}, {"name", unit.name}})}));
        return load(session, "id", id);
    });
}

Result<Unit> Units::update(const Actor& who, UnitId id, std::int64_t expected_version,
                           const UnitChange& change) {
    return database_.transact([&](db::Session& session) -> Result<Unit> {
        GAC_TRY(unit, load(session, "id", id));
        if (unit.version != expected_version) {
            return fail(Code::Conflict, fmt::format("unit is at version {}", unit.version));
        }
        std::string detail = "{";
        const auto take = [&](const std::optional<std::string>& wanted, std::string& field,
                              std::string_view name) -> Result<> {
            if (!wanted || *wanted == field) {
                return {};
            }
            GAC_CHECK(check_text(*wanted, name, name == "name"));
            field = *wanted;
            detail += detail.size() > 1 ? "," : "";
            base::append_json_string(name, detail);
            detail += ':';
            base::append_json_string(field, detail);
            return {};
        };
        GAC_CHECK(take(change.name, unit.name, "name"));
        GAC_CHECK(take(change.name_en, unit.name_en, "name_en"));
        GAC_CHECK(take(change.kind, unit.kind, "kind"));
        GAC_CHECK(take(change.contact_name, unit.contact_name, "contact_name"));
        GAC_CHECK(take(change.contact_phone, unit.contact_phone, "contact_phone"));
        GAC_CHECK(take(change.contact_email, unit.contact_email, "contact_email"));
        GAC_CHECK(check_kind(unit.kind));
        if (change.parent) {
            GAC_CHECK(check_parent(session, id, *change.parent));
            unit.parent = *change.parent;
            detail += detail.size() > 1 ? "," : "";
            detail += "\"parent\":";
            base::append_json_string(unit.parent ? unit.parent->text() : "", detail);
        }
        GAC_CHECK(session.run(
            "UPDATE units SET name = ?, name_en = ?, kind = ?, parent_id = ?, contact_name = ?, "
            "contact_phone = ?, contact_email = ?, updated = ?, version = version + 1 "
            "WHERE id = ?",
            {unit.name, unit.name_en, unit.kind, unit.parent, unit.contact_name, unit.contact_phone,
             unit.contact_email, clock_.now(), id}));
        GAC_CHECK(audit_.append(session, who,
                                {.action = "unit.update",
                                 .object_kind = "unit",
                                 .object_id = id.text(),
                                 .unit = id,
                                 .detail = detail + "}"}));
        return load(session, "id", id);
    });
}

Result<> Units::succeed(const Actor& who, const std::vector<UnitId>& old, UnitId heir,
                        std::string_view why) {
    if (old.empty()) {
        return fail(Code::InvalidArgument, "no unit to follow");
    }
    GAC_CHECK(check_text(why, "why", true));
    return database_.transact([&](db::Session& session) -> Result<> {
        const base::TimePoint now = clock_.now();
        GAC_TRY(next, load(session, "id", heir));
        if (next.valid_to) {
            return fail(Code::InvalidArgument,
                        fmt::format("unit '{}' has ended itself", next.code));
        }
        for (const UnitId& id : old) {
            GAC_TRY(unit, load(session, "id", id));
            // The heir must not be among the ancestors of what it follows.
            GAC_TRY(circle,
                    session.number(
                        "WITH RECURSIVE up(id) AS (SELECT ? UNION SELECT l.predecessor_id FROM "
                        "unit_lineage l JOIN up ON l.successor_id = up.id) "
                        "SELECT count(*) FROM up WHERE id = ?",
                        {id, heir}));
            if (circle > 0) {
                return fail(Code::InvalidArgument,
                            fmt::format("unit '{}' cannot follow itself", next.code));
            }
            GAC_CHECK(session.run(
                "INSERT INTO unit_lineage (predecessor_id, successor_id, since, reason) "
                "VALUES (?, ?, ?, ?)",
                {id, heir, now, why}));
            GAC_CHECK(session.run(
                "UPDATE units SET valid_to = coalesce(valid_to, max(valid_from, ?)), updated = ?, "
                "version = version + 1 WHERE id = ?",
                {now, now, id}));
            GAC_CHECK(
                audit_.append(session, who,
                              {.action = "unit.succeed",
                               .object_kind = "unit",
                               .object_id = id.text(),
                               .unit = id,
                               .detail = detail_json({{"successor", heir.text()}, {"why", why}})}));
        }
        return {};
    });
}

Result<Unit> Units::find(UnitId id) {
    return database_.read([&](db::Session& session) { return load(session, "id", id); });
}

Result<Unit> Units::find_by_code(std::string_view code) {
    return database_.read([&](db::Session& session) { return load(session, "code", code); });
}

Result<std::vector<Unit>> Units::list(const Scope& scope, bool with_ended) {
    std::vector<db::Arg> args;
    std::string sql =
        fmt::format("SELECT {} FROM units WHERE {}", kColumns, scope.where("id", args));
    if (!with_ended) {
        sql += " AND (valid_to IS NULL OR valid_to > ?)";
        args.emplace_back(clock_.now());
    }
    sql += " ORDER BY code";
    return database_.read([&](db::Session& session) -> Result<std::vector<Unit>> {
        std::vector<Unit> units;
        GAC_CHECK(session.each(sql, args,
                               [&](const db::RowView& row) { units.push_back(read_unit(row)); }));
        GAC_CHECK(add_lineage(session, units));
        return units;
    });
}

}  // namespace gac::access
