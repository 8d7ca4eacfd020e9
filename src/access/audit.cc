#include "access/audit.h"

#include <fmt/format.h>

#include <algorithm>

#include "access/gate.h"
#include "base/secret.h"
#include "base/text.h"
#include "db/session.h"

namespace gac::access {

namespace {

constexpr std::size_t kDetailBytesMax = 64 * 1024;
constexpr int kListMax = 1000;

std::string first_prev_hash() { return std::string(64, '0'); }

void add_part(std::string& all, std::string_view part) {
    fmt::format_to(std::back_inserter(all), "{}:{}", part.size(), part);
}

std::string hash_of(const AuditRow& row) {
    std::string all;
    add_part(all, row.prev_hash);
    add_part(all, std::to_string(row.seq));
    add_part(all, std::to_string(row.time.us));
    for (const std::string* part : {&row.actor_kind, &row.actor_id, &row.actor_name, &row.address,
                                    &row.action, &row.object_kind, &row.object_id}) {
        add_part(all, *part);
    }
    add_part(all, row.unit ? row.unit->text() : "");
    add_part(all, row.detail);
    return base::hex(base::sha256(all));
}

constexpr std::string_view kColumns =
    "seq, time, actor_kind, actor_id, actor_name, address, action, object_kind, object_id, "
    "unit_id, detail, "
    "prev_hash, hash";

AuditRow read_row(const db::RowView& row) {
    return {.seq = row.integer(0),
            .time = row.time(1),
            .actor_kind = row.string(2),
            .actor_id = row.string(3),
            .actor_name = row.string(4),
            .address = row.string(5),
            .action = row.string(6),
            .object_kind = row.string(7),
            .object_id = row.string(8),
            .unit = row.maybe_id<UnitId>(9),
            .detail = row.string(10),
            .prev_hash = row.string(11),
            .hash = row.string(12)};
}

}  // namespace

Result<> Audit::append(db::Session& session, const Actor& who, const Deed& deed) {
    if (deed.detail.size() > kDetailBytesMax) {
        return fail(Code::LimitExceeded,
                    fmt::format("audit detail is larger than {} bytes", kDetailBytesMax));
    }
    AuditRow row{.seq = 1,
                 .time = clock_.now(),
                 .actor_kind = std::string(name_of(who.kind)),
                 .actor_id = who.kind == Actor::Kind::System ? std::string() : who.id.text(),
                 .actor_name = who.name,
                 .address = who.address,
                 .action = std::string(deed.action),
                 .object_kind = std::string(deed.object_kind),
                 .object_id = deed.object_id,
                 .unit = deed.unit,
                 .detail = deed.detail.empty() ? "{}" : deed.detail,
                 .prev_hash = first_prev_hash()};
    GAC_CHECK(session.each("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1", {},
                           [&](const db::RowView& last) {
                               row.seq = last.integer(0) + 1;
                               row.prev_hash = last.string(1);
                           }));
    row.hash = hash_of(row);
    GAC_CHECK(session.run(
        "INSERT INTO audit (seq, time, actor_kind, actor_id, actor_name, address, action, "
        "object_kind, object_id, unit_id, detail, prev_hash, hash) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        {row.seq, row.time, row.actor_kind, row.actor_id, row.actor_name, row.address, row.action,
         row.object_kind, row.object_id, row.unit, row.detail, row.prev_hash, row.hash}));
    return {};
}

Result<> Audit::append(const Actor& who, const Deed& deed) {
    return database_.transact([&](db::Session& session) { return append(session, who, deed); });
}

Result<std::vector<AuditRow>> Audit::list(const Scope& scope, const AuditFilter& filter) {
    std::vector<db::Arg> args;
    std::string sql =
        fmt::format("SELECT {} FROM audit WHERE {}", kColumns, scope.where("unit_id", args));
    const auto add = [&](std::string_view condition, db::Arg arg) {
        sql += " AND ";
        sql += condition;
        args.push_back(arg);
    };
    if (filter.from) {
        add("time >= ?", *filter.from);
    }
    if (filter.to) {
        add("time < ?", *filter.to);
    }
    if (!filter.actor_name.empty()) {
        add("actor_name = ?", filter.actor_name);
    }
    if (filter.action.ends_with('.')) {
        add("substr(action, 1, ?) = ?", filter.action.size());
        args.emplace_back(filter.action);
    } else if (!filter.action.empty()) {
        add("action = ?", filter.action);
    }
    if (!filter.object_kind.empty()) {
        add("object_kind = ?", filter.object_kind);
    }
    if (!filter.object_id.empty()) {
        add("object_id = ?", filter.object_id);
    }
    if (filter.before_seq > 0) {
        add("seq < ?", filter.before_seq);
    }
    sql += " ORDER BY seq DESC LIMIT ?";
    args.emplace_back(std::clamp(filter.limit, 1, kListMax));
    std::vector<AuditRow> rows;
    GAC_CHECK(database_.read([&](db::Session& session) {
        return session.each(sql, args,
                            [&](const db::RowView& row) { rows.push_back(read_row(row)); });
    }));
    return rows;
}

Result<AuditCheck> Audit::verify() {
    AuditCheck check;
    check.head_hash = first_prev_hash();
    const std::string sql = fmt::format("SELECT {} FROM audit ORDER BY seq", kColumns);
    GAC_CHECK(database_.read([&](db::Session& session) {
        return session.each(sql, {}, [&](const db::RowView& view) {
            const AuditRow row = read_row(view);
            if (row.seq != check.head_seq + 1) {
                check.reason = fmt::format("row {} is missing", check.head_seq + 1);
            } else if (row.prev_hash != check.head_hash) {
                check.reason = "does not follow the row before it";
            } else if (row.hash != hash_of(row)) {
                check.reason = "its content was changed";
            }
            if (!check.reason.empty()) {
                check.broken_seq = row.seq;
                return false;
            }
            ++check.rows;
            check.head_seq = row.seq;
            check.head_hash = row.hash;
            return true;
        });
    }));
    return check;
}

std::string detail_json(
    std::initializer_list<std::pair<std::string_view, std::string_view>> pairs) {
    std::string text = "{";
    for (const auto& [name, value] : pairs) {
        if (text.size() > 1) {
            text += ',';
        }
        base::append_json_string(name, text);
        text += ':';
        base::append_json_string(value, text);
    }
    return text + "}";
}

}  // namespace gac::access
