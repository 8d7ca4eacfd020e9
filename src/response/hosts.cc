#include "response/hosts.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "access/audit.h"
#include "base/ip.h"
#include "base/text.h"
#include "db/session.h"

namespace gac::response {

namespace {

constexpr std::size_t kHostMax = 255;
constexpr std::size_t kNoteMax = 1000;
constexpr int kListMax = 10'000;

// Addresses in their canonical text, names in lower case without the dot at the end.
std::string canonical(std::string_view host) {
    const std::string_view trimmed = base::trim(host);
    if (const auto address = base::IpAddress::parse(trimmed)) {
        return address->text();
    }
    std::string name = base::fold_case(trimmed);
    if (name.ends_with('.')) {
        name.pop_back();
    }
    return name;
}

}  // namespace

struct HostBook::Table {
    std::int64_t version = -1;
    std::unordered_map<std::string, HostOwner> owners;
};

HostBook::HostBook(db::Database& database, access::Audit& audit, const base::Clock& clock,
                   ChangeFeed& feed)
    : database_(database), audit_(audit), clock_(clock), feed_(feed) {}
HostBook::~HostBook() = default;

Result<> HostBook::set(const Actor& who, std::span<const HostRow> rows, std::string_view why) {
    for (const HostRow& row : rows) {
        const std::string host = canonical(row.host);
        if (host.empty() || host.size() > kHostMax || !base::is_utf8(host)) {
            return fail(Code::InvalidArgument,
                        fmt::format("host is a name or address of at most {} bytes", kHostMax),
                        "host");
        }
        if (row.safety_level < 0 || row.safety_level > 5) {
            return fail(Code::InvalidArgument, "safety level is 1 to 5, or 0 when not known",
                        "safety_level");
        }
        if (row.note.size() > kNoteMax || !base::is_utf8(row.note)) {
            return fail(Code::InvalidArgument,
                        fmt::format("note is UTF-8 of at most {} bytes", kNoteMax), "note");
        }
    }
    std::vector<Change> changes;
    const auto done = database_.transact([&](db::Session& session) -> Result<> {
        for (const HostRow& row : rows) {
            if (row.unit) {
                GAC_TRY(known,
                        session.number("SELECT count(*) FROM units WHERE id = ?", {*row.unit}));
                if (known == 0) {
                    return fail(Code::InvalidArgument, "no such unit", "unit");
                }
            }
            GAC_CHECK(
                session.run("INSERT INTO hosts (host, unit_id, safety_level, note, drill, updated) "
                            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (host) DO UPDATE SET unit_id = "
                            "excluded.unit_id, "
                            "safety_level = excluded.safety_level, note = excluded.note, drill = "
                            "excluded.drill, "
                            "updated = excluded.updated",
                            {canonical(row.host), row.unit, row.safety_level, row.note, row.drill,
                             clock_.now()}));
            GAC_CHECK(audit_.append(
                session, who,
                {.action = "host.set",
                 .object_kind = "host",
                 .object_id = canonical(row.host),
                 .unit = row.unit,
                 .detail = access::detail_json(
                     {{"why", why}, {"safety_level", std::to_string(row.safety_level)}})}));
            changes.push_back(
                {.kind = "host.changed", .id = canonical(row.host), .unit = row.unit});
        }
        GAC_CHECK(
            session.run("UPDATE counters SET value = value + 1 WHERE name = 'hosts_version'"));
        return feed_.write(session, changes);
    });
    if (done) {
        feed_.tell(changes);
    }
    return done;
}

Result<> HostBook::remove(const Actor& who, std::string_view host, std::string_view why) {
    const std::string name = canonical(host);
    std::vector<Change> changes;
    const auto done = database_.transact([&](db::Session& session) -> Result<> {
        GAC_TRY(unit,
                session.first("SELECT unit_id FROM hosts WHERE host = ?", {name},
                              [](const db::RowView& row) { return row.maybe_id<UnitId>(0); }));
        if (!unit) {
            return fail(Code::NotFound, "no such host");
        }
        GAC_CHECK(session.run("DELETE FROM hosts WHERE host = ?", {name}));
        GAC_CHECK(
            session.run("UPDATE counters SET value = value + 1 WHERE name = 'hosts_version'"));
        GAC_CHECK(audit_.append(session, who,
                                {.action = "host.remove",
                                 .object_kind = "host",
                                 .object_id = name,
                                 .unit = *unit,
                                 .detail = access::detail_json({{"why", why}})}));
        changes.push_back({.kind = "host.changed", .id = name, .unit = *unit});
        return feed_.write(session, changes);
    });
    if (done) {
        feed_.tell(changes);
    }
    return done;
}

Result<std::vector<HostRow>> HostBook::list(const Scope& scope, std::string_view text, int limit) {
    std::vector<db::Arg> args;
    std::string sql =
        fmt::format("SELECT host, unit_id, safety_level, note, drill, updated FROM hosts WHERE {}",
                    scope.where("unit_id", args));
    const std::string wanted = base::fold_case(text);
    if (!wanted.empty()) {
        sql += " AND instr(host, ?) > 0";
        args.emplace_back(wanted);
    }
    sql += fmt::format(" ORDER BY host LIMIT {}", std::clamp(limit, 1, kListMax));
    std::vector<HostRow> rows;
    GAC_CHECK(database_.read([&](db::Session& session) {
        return session.each(sql, args, [&](const db::RowView& row) {
            rows.push_back({row.string(0), row.maybe_id<UnitId>(1),
                            static_cast<int>(row.integer(2)), row.string(3), row.truth(4),
                            row.time(5)});
        });
    }));
    return rows;
}

Result<HostOwner> HostBook::resolve(db::Session& session, std::string_view host,
                                    std::string_view ip) {
    GAC_TRY(version, session.number("SELECT value FROM counters WHERE name = 'hosts_version'"));
    auto table = table_.get();
    if (!table || table->version != version) {
        auto fresh = std::make_shared<Table>();
        fresh->version = version;
        GAC_CHECK(session.each("SELECT host, unit_id, safety_level FROM hosts", {},
                               [&](const db::RowView& row) {
                                   fresh->owners[row.string(0)] = {
                                       row.maybe_id<UnitId>(1), static_cast<int>(row.integer(2))};
                               }));
        table = fresh;
        table_.set(fresh);
    }
    const auto find = [&](const std::string& name) {
        const auto found = table->owners.find(name);
        return found == table->owners.end() ? nullptr : &found->second;
    };
    if (!host.empty()) {
        const std::string name = canonical(host);
        if (const HostOwner* owner = find(name)) {
            return *owner;
        }
        // "web-1.xa.example" is also known as "web-1"; an address has no labels.
        if (const std::size_t dot = name.find('.');
            dot != std::string::npos && !base::IpAddress::parse(name)) {
            if (const HostOwner* owner = find(name.substr(0, dot))) {
                return *owner;
            }
        }
    }
    if (!ip.empty()) {
        if (const HostOwner* owner = find(canonical(ip))) {
            return *owner;
        }
    }
    return HostOwner{};
}

}  // namespace gac::response
