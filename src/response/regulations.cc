#include "response/regulations.h"

#include <fmt/format.h>

#include <charconv>

#include "access/audit.h"
#include "base/text.h"
#include "db/session.h"

namespace gac::response {

namespace {

constexpr std::string_view kInForce =
    "SELECT id FROM regulation_sets WHERE valid_from <= ? AND (valid_to IS NULL OR valid_to > ?) "
    "ORDER BY valid_from DESC, id DESC LIMIT 1";
constexpr std::size_t kValuesMax = 200;
constexpr std::size_t kTextMax = 500;

std::optional<std::int64_t> to_number(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    return fault == std::errc{} && end == text.data() + text.size() ? std::optional(number)
                                                                    : std::nullopt;
}

Result<> check_value(const std::string& key, const std::string& value) {
    if (key.empty() || key.size() > kTextMax || value.size() > kTextMax || !base::is_utf8(key)
        || !base::is_utf8(value)) {
        return fail(Code::InvalidArgument, "key and value are UTF-8 texts", key);
    }
    if (key.starts_with("alert.acknowledge_minutes.")) {
        const auto minutes = to_number(value);
        if (!minutes || *minutes < 1 || *minutes > 60 * 24 * 365) {
            return fail(Code::InvalidArgument, "minutes are a number from 1 to 525600", key);
        }
    }
    return {};
}

}  // namespace

Result<std::vector<RegulationSet>> Regulations::list() {
    return database_.read([](db::Session& session) -> Result<std::vector<RegulationSet>> {
        std::vector<RegulationSet> sets;
        GAC_CHECK(
            session.each("SELECT id, name, origin, valid_from, valid_to FROM regulation_sets ORDER "
                         "BY valid_from, id",
                         {}, [&](const db::RowView& row) {
                             sets.push_back({row.string(0),
                                             row.string(1),
                                             row.string(2),
                                             row.time(3),
                                             row.maybe_time(4),
                                             {}});
                         }));
        for (RegulationSet& set : sets) {
            GAC_CHECK(session.each(
                "SELECT key, value FROM regulation_values WHERE set_id = ? ORDER BY key", {set.id},
                [&](const db::RowView& row) {
                    set.values.emplace_back(row.string(0), row.string(1));
                }));
        }
        return sets;
    });
}

Result<> Regulations::change(const access::Actor& who, std::string_view name,
                             const std::vector<std::pair<std::string, std::string>>& values,
                             std::string_view why) {
    if (base::trim(name).empty() || name.size() > kTextMax || !base::is_utf8(name)) {
        return fail(Code::InvalidArgument, "a set of regulations needs a name", "name");
    }
    if (values.empty() || values.size() > kValuesMax) {
        return fail(Code::InvalidArgument,
                    fmt::format("1 to {} values are changed at once", kValuesMax), "values");
    }
    std::string detail = "{\"why\":";
    base::append_json_string(why, detail);
    for (const auto& [key, value] : values) {
        GAC_CHECK(check_value(key, value));
        detail += ',';
        base::append_json_string(key, detail);
        detail += ':';
        base::append_json_string(value, detail);
    }
    detail += '}';
    return database_.transact([&](db::Session& session) -> Result<> {
        const base::TimePoint now = clock_.now();
        const std::string id = base::Uuid::make(now).text();
        GAC_TRY(old, session.first(kInForce, {now, now},
                                   [](const db::RowView& row) { return row.string(0); }));
        GAC_CHECK(
            session.run("INSERT INTO regulation_sets (id, name, origin, valid_from, changed_by) "
                        "VALUES (?, ?, 'own', ?, ?)",
                        {id, name, now, who.name}));
        if (old) {
            GAC_CHECK(
                session.run("INSERT INTO regulation_values (set_id, key, value) "
                            "SELECT ?, key, value FROM regulation_values WHERE set_id = ?",
                            {id, *old}));
            GAC_CHECK(
                session.run("UPDATE regulation_sets SET valid_to = ? WHERE id = ?", {now, *old}));
        }
        for (const auto& [key, value] : values) {
            GAC_CHECK(
                session.run("INSERT INTO regulation_values (set_id, key, value) VALUES (?, ?, ?) "
                            "ON CONFLICT (set_id, key) DO UPDATE SET value = excluded.value",
                            {id, key, value}));
        }
        return audit_.append(session, who,
                             {.action = "regulation.change",
                              .object_kind = "regulation_set",
                              .object_id = id,
                              .detail = detail});
    });
}

Result<std::optional<std::string>> Regulations::value(db::Session& session, std::string_view key,
                                                      base::TimePoint at) {
    GAC_TRY(set, session.first(kInForce, {at, at},
                               [](const db::RowView& row) { return row.string(0); }));
    if (!set) {
        return std::optional<std::string>();
    }
    return session.first("SELECT value FROM regulation_values WHERE set_id = ? AND key = ?",
                         {*set, key}, [](const db::RowView& row) { return row.string(0); });
}

Result<std::optional<std::int64_t>> Regulations::number(db::Session& session, std::string_view key,
                                                        base::TimePoint at) {
    GAC_TRY(text, value(session, key, at));
    return text ? to_number(*text) : std::nullopt;
}

}  // namespace gac::response
