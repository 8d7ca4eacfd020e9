#include "response/saved_searches.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "access/audit.h"
#include "base/text.h"
#include "db/session.h"

namespace gac::response {

namespace {

constexpr std::string_view kSelect =
    "SELECT s.id, s.name, s.note, s.query, s.span, s.from_time, s.to_time, s.columns, s.view, "
    "s.shared, s.owner_id, u.name, s.unit_id, s.created_at, s.changed_at, s.changed_by, "
    "s.removed_at, s.version FROM saved_searches s JOIN users u ON u.id = s.owner_id";

std::vector<std::string> split_columns(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const auto comma = text.find(',');
        out.emplace_back(text.substr(0, comma));
        text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    }
    return out;
}

SavedSearch read_search(const db::RowView& row) {
    SavedSearch out;
    out.id = row.id<SavedSearchId>(0);
    out.name = row.string(1);
    out.note = row.string(2);
    out.query = row.string(3);
    out.span = row.string(4);
    out.from = row.maybe_time(5);
    out.to = row.maybe_time(6);
    out.columns = split_columns(row.text(7));
    out.view = row.string(8);
    out.shared = row.truth(9);
    out.owner = row.id<base::UserId>(10);
    out.owner_name = row.string(11);
    out.unit = row.maybe_id<base::UnitId>(12);
    out.created_at = row.time(13);
    out.changed_at = row.time(14);
    out.changed_by = row.string(15);
    out.removed = !row.is_null(16);
    out.version = row.integer(17);
    return out;
}

Result<std::vector<SavedSearch>> load(db::Session& session, std::string_view where,
                                      std::span<const db::Arg> args) {
    std::vector<SavedSearch> out;
    GAC_CHECK(session.each(fmt::format("{} WHERE {} ORDER BY s.name, s.id", kSelect, where), args,
                           [&](const db::RowView& row) { out.push_back(read_search(row)); }));
    return out;
}

// NotFound also for what he may not see: its existence is nobody else's business.
Result<SavedSearch> load_visible(db::Session& session, const access::Actor& who,
                                 const access::Scope& scope, SavedSearchId id) {
    const db::Arg args[] = {id};
    GAC_TRY(found, load(session, "s.id = ?", args));
    if (!found.empty()) {
        SavedSearch& one = found.front();
        const bool own = who.user() == one.owner;
        if (own || (one.shared && !one.removed && scope.allows(one.unit))) {
            return std::move(one);
        }
    }
    return fail(Code::NotFound, "there is no such saved search", "id");
}

Result<> check_editor(const access::Actor& who, const SavedSearch& one,
                      SavedSearches::Editor editor) {
    if (who.user() != one.owner && editor == SavedSearches::Editor::Owner) {
        return fail(Code::PermissionDenied,
                    fmt::format("only {} may change this saved search", one.owner_name));
    }
    return {};
}

Result<> check_version(const SavedSearch& one, std::optional<std::int64_t> version) {
    if (version && *version != one.version) {
        return fail(Code::Conflict, fmt::format("{} changed it meanwhile", one.changed_by),
                    "If-Match");
    }
    return {};
}

Result<> check_text(std::string_view text, std::size_t bytes_max, std::string_view where,
                    bool required) {
    if (required && base::trim(text).empty()) {
        return fail(Code::InvalidArgument, "must not be empty", std::string(where));
    }
    if (text.size() > bytes_max || !base::is_utf8(text)) {
        return fail(Code::InvalidArgument,
                    fmt::format("must be UTF-8 of at most {} bytes", bytes_max),
                    std::string(where));
    }
    return {};
}

bool is_span(std::string_view text) {
    if (text.size() < 2 || text.size() > 8 || text.front() == '0') {
        return false;
    }
    return std::ranges::all_of(text.substr(0, text.size() - 1),
                               [](char c) { return c >= '0' && c <= '9'; })
           && std::string_view("smhd").contains(text.back());
}

Result<> check(const SearchText& wanted) {
    GAC_CHECK(check_text(wanted.name, SavedSearches::kNameMax, "name", true));
    GAC_CHECK(check_text(wanted.note, SavedSearches::kNoteMax, "note", false));
    GAC_CHECK(check_text(wanted.query, SavedSearches::kQueryMax, "query", false));
    if (!wanted.span.empty() && !is_span(wanted.span)) {
        return fail(Code::InvalidArgument, "is not a span such as 24h", "span");
    }
    if (!wanted.span.empty() && (wanted.from || wanted.to)) {
        return fail(Code::InvalidArgument, "counts back from now, so from and to are left out",
                    "span");
    }
    if (wanted.from && wanted.to && *wanted.to <= *wanted.from) {
        return fail(Code::InvalidArgument, "the span ends before it begins", "to");
    }
    if (wanted.columns.size() > SavedSearches::kColumnsMax) {
        return fail(Code::InvalidArgument,
                    fmt::format("at most {} columns", SavedSearches::kColumnsMax), "columns");
    }
    for (const std::string& column : wanted.columns) {
        GAC_CHECK(check_text(column, SavedSearches::kColumnMax, "columns", true));
        if (column.contains(',')) {
            return fail(Code::InvalidArgument, "a column's name has no comma", "columns");
        }
    }
    const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
    if (wanted.view.size() > 20 || !std::ranges::all_of(wanted.view, is_letter)) {
        return fail(Code::InvalidArgument, "is not the name of a view", "view");
    }
    return {};
}

std::string joined(const std::vector<std::string>& columns) {
    return fmt::format("{}", fmt::join(columns, ","));
}

access::Deed deed_of(std::string_view action, const SavedSearch& one) {
    return {
        .action = action,
        .object_kind = "saved_search",
        .object_id = one.id.text(),
        .unit = one.unit,
        .detail = access::detail_json(
            {{"name", one.name}, {"query", one.query}, {"shared", one.shared ? "true" : "false"}})};
}

}  // namespace

Result<SavedSearch> SavedSearches::add(const access::Actor& who, const SearchText& wanted) {
    const auto owner = who.user();
    if (!owner) {
        return fail(Code::PermissionDenied, "only people keep searches");
    }
    GAC_CHECK(check(wanted));
    const base::TimePoint now = clock_.now();
    SavedSearch made;
    static_cast<SearchText&>(made) = wanted;
    made.id = SavedSearchId::make(now);
    made.owner = *owner;
    made.owner_name = who.name;
    made.unit = who.unit;
    made.created_at = now;
    made.changed_at = now;
    made.changed_by = who.name;
    auto done = database_.transact([&](db::Session& session) -> Result<> {
        GAC_CHECK(
            session.run("DELETE FROM saved_searches WHERE removed_at < ?", {now - kRemovedKept}));
        GAC_TRY(count,
                session.number("SELECT count(*) FROM saved_searches WHERE owner_id = ?", {*owner}));
        if (static_cast<std::size_t>(count) >= kOwnMax) {
            return fail(Code::LimitExceeded,
                        fmt::format("{} searches are kept already; remove some", kOwnMax));
        }
        const std::string columns = joined(made.columns);
        GAC_CHECK(session.run(
            "INSERT INTO saved_searches (id, name, note, query, span, from_time, to_time, columns, "
            "view, shared, owner_id, unit_id, created_at, changed_at, changed_by) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            {made.id, made.name, made.note, made.query, made.span, made.from, made.to, columns,
             made.view, made.shared, made.owner, made.unit, now, now, who.name}));
        return audit_.append(session, who, deed_of("saved_search.add", made));
    });
    if (!done) {
        return std::unexpected(std::move(done).error());
    }
    return made;
}

Result<SavedSearch> SavedSearches::change(const access::Actor& who, const access::Scope& scope,
                                          SavedSearchId id, std::optional<std::int64_t> version,
                                          const SearchText& wanted, Editor editor) {
    GAC_CHECK(check(wanted));
    return database_.transact([&](db::Session& session) -> Result<SavedSearch> {
        GAC_TRY(one, load_visible(session, who, scope, id));
        GAC_CHECK(check_editor(who, one, editor));
        GAC_CHECK(check_version(one, version));
        static_cast<SearchText&>(one) = wanted;
        one.changed_at = clock_.now();
        one.changed_by = who.name;
        ++one.version;
        const std::string columns = joined(one.columns);
        GAC_CHECK(session.run(
            "UPDATE saved_searches SET name = ?, note = ?, query = ?, span = ?, from_time = ?, "
            "to_time = ?, columns = ?, view = ?, shared = ?, changed_at = ?, changed_by = ?, "
            "version = ? WHERE id = ?",
            {one.name, one.note, one.query, one.span, one.from, one.to, columns, one.view,
             one.shared, one.changed_at, who.name, one.version, id}));
        GAC_CHECK(audit_.append(session, who, deed_of("saved_search.change", one)));
        return one;
    });
}

Result<SavedSearch> SavedSearches::remove(const access::Actor& who, const access::Scope& scope,
                                          SavedSearchId id, std::optional<std::int64_t> version,
                                          bool removed, Editor editor) {
    return database_.transact([&](db::Session& session) -> Result<SavedSearch> {
        GAC_TRY(one, load_visible(session, who, scope, id));
        GAC_CHECK(check_editor(who, one, editor));
        GAC_CHECK(check_version(one, version));
        if (one.removed == removed) {
            return one;
        }
        one.removed = removed;
        one.changed_at = clock_.now();
        one.changed_by = who.name;
        ++one.version;
        const std::optional<base::TimePoint> at =
            removed ? std::optional(one.changed_at) : std::nullopt;
        GAC_CHECK(
            session.run("UPDATE saved_searches SET removed_at = ?, changed_at = ?, changed_by = ?, "
                        "version = ? WHERE id = ?",
                        {at, one.changed_at, who.name, one.version, id}));
        GAC_CHECK(audit_.append(
            session, who, deed_of(removed ? "saved_search.remove" : "saved_search.restore", one)));
        return one;
    });
}

Result<std::vector<SavedSearch>> SavedSearches::list(const access::Actor& who,
                                                     const access::Scope& scope) {
    std::vector<db::Arg> args;
    args.emplace_back(who.user());
    const std::string where =
        fmt::format("s.removed_at IS NULL AND (s.owner_id = ? OR (s.shared = 1 AND {}))",
                    scope.where("s.unit_id", args));
    return database_.read([&](db::Session& session) { return load(session, where, args); });
}

Result<SavedSearch> SavedSearches::find(const access::Actor& who, const access::Scope& scope,
                                        SavedSearchId id) {
    return database_.read(
        [&](db::Session& session) { return load_visible(session, who, scope, id); });
}

}  // namespace gac::response
