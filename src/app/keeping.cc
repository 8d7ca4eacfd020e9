#include "app/keeping.h"

#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "db/session.h"

namespace gac::app {

namespace {

// A month is never shorter here than in any calendar.
constexpr std::int64_t kDaysOfMonth = 31;

base::Duration months(std::int64_t count) { return base::Duration::days(count * kDaysOfMonth); }

std::string times_of(const store::Removal& removal, bool newest) {
    return removal.events == 0 ? std::string()
                               : base::format_rfc3339(newest ? removal.newest : removal.oldest);
}

std::string bound(base::TimePoint time, bool open) {
    return open ? std::string() : base::format_rfc3339(time);
}

}  // namespace

Result<store::Query> query_of(const response::LegalHold& hold) {
    auto query = store::parse(hold.query, hold.created);
    if (!query) {
        return std::unexpected(
            base::at(fmt::format("legal hold \"{}\"", hold.name), std::move(query).error()));
    }
    if (!store::is_filter_alone(*query)) {
        return fail(Code::InvalidArgument, "what is held is told by a filter, without pipes",
                    fmt::format("legal hold \"{}\"", hold.name));
    }
    if (hold.from) {
        query->range.from = *hold.from;
    }
    if (hold.to) {
        query->range.to = *hold.to;
    }
    if (!hold.source.empty()) {
        query->only_sources = std::vector<std::string>{hold.source};
    }
    return query;
}

Result<std::vector<store::Query>> held_events(response::LegalHolds& holds) {
    std::vector<store::Query> held;
    GAC_TRY(all, holds.list(false));
    for (const response::LegalHold& hold : all) {
        GAC_TRY(query, query_of(hold));
        held.push_back(std::move(query));
    }
    return held;
}

Result<store::Keeping> read_keeping(const Config& config, db::Database& database,
                                    response::Regulations& regulations, response::LegalHolds& holds,
                                    base::TimePoint now) {
    store::Keeping keeping;
    std::int64_t age = config.retention_months;
    if (age == 0 && config.retention_level > 0) {
        const std::string key =
            fmt::format("history.retention_months.level_{}", config.retention_level);
        GAC_TRY(of_level,
                database.read([&](db::Session& session) -> Result<std::optional<std::int64_t>> {
                    return regulations.number(session, key, now);
                }));
        if (!of_level) {
            return fail(Code::NotFound, fmt::format("the regulation in force does not say {}", key),
                        "retention_level");
        }
        age = *of_level;
    }
    keeping.age_max = months(age);
    for (const std::string& entry : config.retention_by_source) {
        const std::size_t at = entry.rfind('=');
        std::int64_t count = -1;
        if (at != std::string::npos) {
            std::from_chars(entry.data() + at + 1, entry.data() + entry.size(), count);
        }
        if (at == 0 || count < 0 || count > 1200) {
            return fail(Code::InvalidArgument, fmt::format("\"{}\" is not source=months", entry),
                        "retention_by_source");
        }
        keeping.age_by_source.emplace(entry.substr(0, at), months(count));
    }
    keeping.bytes_max = static_cast<std::uint64_t>(config.retention_gib_max) << 30;
    if (config.disk_full != "refuse" && config.disk_full != "oldest-first") {
        return fail(Code::InvalidArgument,
                    fmt::format("\"{}\" is neither refuse nor oldest-first", config.disk_full),
                    "disk_full");
    }
    keeping.oldest_first = config.disk_full == "oldest-first";
    GAC_TRY(held, held_events(holds));
    keeping.held = std::move(held);
    return keeping;
}

Result<> audit_retention(access::Audit& audit, const store::Removal& removal) {
    return audit.append(
        access::Actor::system("retention"),
        {.action = "history.retention",
         .object_kind = "events",
         .detail = access::detail_json({{"because", store::name_of(removal.reason)},
                                        {"events", std::to_string(removal.events)},
                                        {"held", std::to_string(removal.held_events)},
                                        {"oldest", times_of(removal, false)},
                                        {"newest", times_of(removal, true)},
                                        {"files", std::to_string(removal.files_removed)},
                                        {"rewritten", std::to_string(removal.files_rewritten)},
                                        {"bytes", std::to_string(removal.bytes_freed)}})});
}

Result<store::Removal> delete_events(store::Store& store, access::Audit& audit,
                                     const access::Actor& who, const store::Query& query,
                                     std::string_view reason) {
    const std::string from = bound(query.range.from, query.range.from == store::TimeRange{}.from);
    const std::string to = bound(query.range.to, query.range.to == store::TimeRange{}.to);
    GAC_CHECK(audit.append(
        who, {.action = "history.delete_begin",
              .object_kind = "events",
              .detail = access::detail_json(
                  {{"query", query.text}, {"from", from}, {"to", to}, {"reason", reason}})}));
    auto removal = store.remove(query);
    if (!removal) {
        GAC_CHECK(audit.append(
            who, {.action = "history.delete_failed",
                  .object_kind = "events",
                  .detail = access::detail_json({{"query", query.text},
                                                 {"from", from},
                                                 {"to", to},
                                                 {"error", removal.error().message()}})}));
        return removal;
    }
    GAC_CHECK(audit.append(who, {.action = "history.delete",
                                 .object_kind = "events",
                                 .detail = access::detail_json(
                                     {{"query", query.text},
                                      {"from", from},
                                      {"to", to},
                                      {"reason", reason},
                                      {"events", std::to_string(removal->events)},
                                      {"held", std::to_string(removal->held_events)},
                                      {"oldest", times_of(*removal, false)},
                                      {"newest", times_of(*removal, true)},
                                      {"fingerprint", removal->fingerprint},
                                      {"files", std::to_string(removal->files_removed)},
                                      {"rewritten", std::to_string(removal->files_rewritten)},
                                      {"waiting", std::to_string(removal->files_waiting)}})}));
    return removal;
}

}  // namespace gac::app
