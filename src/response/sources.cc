#include "response/sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "access/audit.h"
#include "base/text.h"
#include "db/session.h"

namespace gac::response {

namespace {

constexpr base::Duration kSilenceMin = base::Duration::minutes(5);
constexpr std::int64_t kGapsToSilence = 4;
constexpr base::Duration kSnoozeMax = base::Duration::days(30);
constexpr base::Duration kExpectedMax = base::Duration::days(366);
constexpr std::size_t kNameMax = 200;
constexpr std::size_t kSampleMax = 2000;
constexpr std::size_t kNoteMax = 2000;

constexpr std::array<std::string_view, 4> kStates = {"active", "silent", "snoozed", "disabled"};
constexpr std::string_view kColumns =
    "name, kind, profile, format, note, unit_id, created, first_event, last_event, events, bytes, "
    "parse_failures, "
    "usual_gap, expected_silence, snoozed_until, failure_sample, failure_reason, enabled, drill, "
    "version";

std::string clip(std::string_view text, std::size_t bytes) {
    if (text.size() <= bytes) {
        return base::repair_utf8(text);
    }
    // Not in the middle of a character.
    while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0U) == 0x80U) {
        --bytes;
    }
    return base::repair_utf8(text.substr(0, bytes));
}

// Learns the longer pauses: a pause above the usual one counts half, a shorter one a fiftieth. One
// long outage must not teach that outages are usual, so no single pause counts for more than what
// would be called silence.
std::int64_t learn(std::int64_t usual, std::int64_t gap) {
    gap = std::min(gap, std::max(kSilenceMin.us, usual * kGapsToSilence));
    return gap > usual ? usual + (gap - usual) / 2 : usual - (usual - gap) / 50;
}

void judge(Source& source, base::TimePoint now) {
    source.silent_after = source.expected_silence.value_or(
        std::max(kSilenceMin, base::Duration{source.usual_gap.us * kGapsToSilence}));
    if (!source.enabled) {
        source.state = SourceState::Disabled;
    } else if (source.drill || now - source.last_event <= source.silent_after) {
        source.state = SourceState::Active;
    } else {
        source.state = source.snoozed_until && *source.snoozed_until > now ? SourceState::Snoozed
                                                                           : SourceState::Silent;
    }
}

Source read_source(const db::RowView& row, base::TimePoint now) {
    Source source;
    source.name = row.string(0);
    source.kind = row.string(1);
    source.profile = row.string(2);
    source.format = row.string(3);
    source.note = row.string(4);
    source.unit = row.maybe_id<UnitId>(5);
    source.created = row.time(6);
    source.first_event = row.time(7);
    source.last_event = row.time(8);
    source.events = static_cast<std::uint64_t>(row.integer(9));
    source.bytes = static_cast<std::uint64_t>(row.integer(10));
    source.parse_failures = static_cast<std::uint64_t>(row.integer(11));
    source.usual_gap = {row.integer(12)};
    if (!row.is_null(13)) {
        source.expected_silence = base::Duration{row.integer(13)};
    }
    source.snoozed_until = row.maybe_time(14);
    source.failure_sample = row.string(15);
    source.failure_reason = row.string(16);
    source.enabled = row.truth(17);
    source.drill = row.truth(18);
    source.version = row.integer(19);
    judge(source, now);
    return source;
}

Result<Source> load(db::Session& session, const Scope& scope, std::string_view name,
                    base::TimePoint now) {
    std::vector<db::Arg> args;
    const std::string sql = fmt::format("SELECT {} FROM sources WHERE {} AND name = ?", kColumns,
                                        scope.where("unit_id", args));
    args.emplace_back(name);
    GAC_TRY(source, session.first(sql, args,
                                  [&](const db::RowView& row) { return read_source(row, now); }));
    if (!source) {
        return fail(Code::NotFound, "no such source");
    }
    return std::move(*source);
}

// Gives true when the source appeared or came back from silence.
Result<bool> store_report(db::Session& session, const SourceReport& report, base::TimePoint now) {
    const std::string name = clip(report.name, kNameMax);
    GAC_TRY(known,
            session.first(fmt::format("SELECT {} FROM sources WHERE name = ?", kColumns), {name},
                          [&](const db::RowView& row) { return read_source(row, now); }));
    if (!known) {
        GAC_CHECK(session.run(
            "INSERT INTO sources (name, kind, profile, format, created, first_event, last_event, "
            "events, bytes, parse_failures, failure_sample, failure_reason, drill) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            {name, report.kind, report.profile, report.format, now, report.first_received,
             report.last_received, report.events, report.bytes, report.parse_failures,
             clip(report.failure_sample, kSampleMax), clip(report.failure_reason, kSampleMax),
             report.drill}));
        return true;
    }
    const std::int64_t gap =
        std::max<std::int64_t>(0, (report.last_received - known->last_event).us);
    const bool keep_failure = report.failure_sample.empty();
    GAC_CHECK(session.run(
        "UPDATE sources SET kind = ?, profile = ?, format = ?, last_event = max(last_event, ?), "
        "events = events + ?, "
        "bytes = bytes + ?, parse_failures = parse_failures + ?, usual_gap = ?, failure_sample = "
        "?, failure_reason = ?, "
        "drill = ? WHERE name = ?",
        {report.kind, report.profile, report.format, report.last_received, report.events,
         report.bytes, report.parse_failures, learn(known->usual_gap.us, gap),
         keep_failure ? known->failure_sample : clip(report.failure_sample, kSampleMax),
         keep_failure ? known->failure_reason : clip(report.failure_reason, kSampleMax),
         report.drill, name}));
    return known->state == SourceState::Silent;
}

}  // namespace

std::string_view name_of(SourceState state) { return kStates[static_cast<std::size_t>(state)]; }

Result<> SourceBook::report(std::span<const SourceReport> reports) {
    std::vector<Change> changes;
    const auto done = database_.transact([&](db::Session& session) -> Result<> {
        const base::TimePoint now = clock_.now();
        for (const SourceReport& report : reports) {
            GAC_TRY(news, store_report(session, report, now));
            if (news) {
                GAC_TRY(unit, session.first(
                                  "SELECT unit_id FROM sources WHERE name = ?", {report.name},
                                  [](const db::RowView& row) { return row.maybe_id<UnitId>(0); }));
                changes.push_back({.kind = "source.changed",
                                   .id = report.name,
                                   .unit = unit.value_or(std::nullopt)});
            }
        }
        return feed_.write(session, changes);
    });
    if (done) {
        feed_.tell(changes);
    }
    return done;
}

Result<std::vector<Source>> SourceBook::list(const Scope& scope) {
    const base::TimePoint now = clock_.now();
    std::vector<db::Arg> args;
    const std::string sql = fmt::format("SELECT {} FROM sources WHERE {} ORDER BY name", kColumns,
                                        scope.where("unit_id", args));
    std::vector<Source> sources;
    GAC_CHECK(database_.read([&](db::Session& session) {
        return session.each(
            sql, args, [&](const db::RowView& row) { sources.push_back(read_source(row, now)); });
    }));
    return sources;
}

Result<Source> SourceBook::find(const Scope& scope, std::string_view name) {
    return database_.read(
        [&](db::Session& session) { return load(session, scope, name, clock_.now()); });
}

Result<std::vector<Source>> SourceBook::silent(const Scope& scope) {
    GAC_TRY(sources, list(scope));
    std::erase_if(sources,
                  [](const Source& source) { return source.state != SourceState::Silent; });
    return sources;
}

Result<Source> SourceBook::update(const Scope& scope, const Actor& who, std::string_view name,
                                  std::int64_t expected_version, const SourceChange& change,
                                  std::string_view why) {
    const base::TimePoint now = clock_.now();
    if (change.expected_silence && *change.expected_silence
        && ((*change.expected_silence)->us <= 0 || **change.expected_silence > kExpectedMax)) {
        return fail(Code::InvalidArgument, "expected silence is above zero and at most a year",
                    "expected_silence");
    }
    if (change.snoozed_until && *change.snoozed_until
        && **change.snoozed_until - now > kSnoozeMax) {
        return fail(Code::InvalidArgument, "a source can be snoozed for 30 days at most",
                    "snoozed_until");
    }
    if (change.note && (change.note->size() > kNoteMax || !base::is_utf8(*change.note))) {
        return fail(Code::InvalidArgument,
                    fmt::format("note is UTF-8 of at most {} bytes", kNoteMax), "note");
    }
    std::vector<Change> changes;
    auto result = database_.transact([&](db::Session& session) -> Result<Source> {
        GAC_TRY(source, load(session, scope, name, now));
        if (source.version != expected_version) {
            return fail(Code::Conflict, fmt::format("source is at version {}", source.version));
        }
        const std::optional<UnitId> old_unit = source.unit;
        source.unit = change.unit.value_or(source.unit);
        source.expected_silence = change.expected_silence.value_or(source.expected_silence);
        source.snoozed_until = change.snoozed_until.value_or(source.snoozed_until);
        source.enabled = change.enabled.value_or(source.enabled);
        source.note = change.note.value_or(source.note);
        if (source.unit && source.unit != old_unit) {
            GAC_TRY(known,
                    session.number("SELECT count(*) FROM units WHERE id = ?", {*source.unit}));
            if (known == 0 || !scope.allows(source.unit)) {
                return fail(Code::InvalidArgument, "no such unit", "unit");
            }
        }
        const std::optional<std::int64_t> expected =
            source.expected_silence ? std::optional(source.expected_silence->us) : std::nullopt;
        GAC_CHECK(session.run(
            "UPDATE sources SET unit_id = ?, expected_silence = ?, snoozed_until = ?, enabled = ?, "
            "note = ?, version = version + 1 WHERE name = ?",
            {source.unit, expected, source.snoozed_until, source.enabled, source.note, name}));
        const auto seconds = [](const std::optional<std::int64_t>& us) {
            return us ? std::to_string(*us / 1'000'000) : std::string();
        };
        GAC_CHECK(audit_.append(
            session, who,
            {.action = "source.update",
             .object_kind = "source",
             .object_id = std::string(name),
             .unit = source.unit,
             .detail = access::detail_json(
                 {{"why", why},
                  {"unit", source.unit ? source.unit->text() : ""},
                  {"expected_silence_s", seconds(expected)},
                  {"snoozed_until",
                   source.snoozed_until ? base::format_rfc3339(*source.snoozed_until) : ""},
                  {"enabled", source.enabled ? "true" : "false"}})}));
        changes.push_back({.kind = "source.changed", .id = std::string(name), .unit = source.unit});
        GAC_CHECK(feed_.write(session, changes));
        ++source.version;
        judge(source, now);
        return source;
    });
    if (result) {
        feed_.tell(changes);
    }
    return result;
}

Result<std::int64_t> SourceBook::remove_drill(const Actor& who) {
    return database_.transact([&](db::Session& session) -> Result<std::int64_t> {
        GAC_TRY(removed, session.run("DELETE FROM sources WHERE drill = 1"));
        GAC_CHECK(
            audit_.append(session, who,
                          {.action = "drill.remove_sources",
                           .object_kind = "drill",
                           .detail = access::detail_json({{"sources", std::to_string(removed)}})}));
        return removed;
    });
}

}  // namespace gac::response
