// /api/v1/sources: who feeds us and how it goes.
#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "api/body.h"
#include "api/source_json.h"
#include "event/render.h"

namespace gac::api {

namespace {

using access::Permission;

constexpr double kFailingPercent = 1.0;

double seconds_of(base::Duration span) { return static_cast<double>(span.us) / 1e6; }

Result<std::vector<SourceView>> views(Api::State& state, const access::Scope& scope) {
    GAC_TRY(all, state.backend.source_book.list(scope));
    const base::TimePoint now = state.now();
    std::vector<SourceView> out;
    for (response::Source& source : all) {
        out.push_back(view_of(state, std::move(source), now));
    }
    std::ranges::sort(out, [](const SourceView& a, const SourceView& b) {
        return std::tie(a.health, a.source.name) < std::tie(b.health, b.source.name);
    });
    return out;
}

void write_disk(JsonWriter& json, const DiskUse& use, base::TimePoint now) {
    json.key("disk").open_object();
    json.field("used_bytes", use.used_bytes).field("free_bytes", use.free_bytes);
    const double days = use.oldest.us == 0 ? 0 : seconds_of(now - use.oldest) / 86'400;
    // A forecast from less than an hour would be a guess.
    if (days * 24 >= 1) {
        const double per_day = static_cast<double>(use.used_bytes) / days;
        json.field("bytes_per_day", per_day);
        json.key("days_left");
        per_day > 0 ? json.value(static_cast<double>(use.free_bytes) / per_day) : json.null();
    }
    json.close_object();
}

Result<net::Response> list(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::SourcesView));
    GAC_CHECK(call.only({}));
    GAC_TRY(all, views(state, scope));
    const base::TimePoint now = state.now();
    std::size_t by_health[3] = {};
    std::size_t unassigned = 0;
    std::uint64_t failed = 0;
    std::uint64_t events = 0;
    double rate = 0;
    JsonWriter json;
    json.open_object().key("sources").open_array();
    for (const SourceView& view : all) {
        write_source(state, json, view, now);
        ++by_health[static_cast<std::size_t>(view.health)];
        unassigned += view.source.unit || view.source.drill ? 0U : 1U;
        if (!view.source.drill) {
            rate += view.reading.per_second;
            failed += view.reading.failed_24h;
            for (const std::uint64_t hour : view.reading.hours) {
                events += hour;
            }
        }
    }
    json.close_array().key("profiles").open_array();
    for (const event::Profile& profile : state.backend.profiles->all()) {
        json.value(profile.name);
    }
    json.close_array().key("formats").open_array();
    for (const std::string& format : state.backend.formats) {
        json.value(format);
    }
    json.close_array().field("total", all.size());
    json.field("silent", by_health[0]).field("failing", by_health[1]);
    json.field("receiving", by_health[2]).field("slow", 0).field("unassigned", unassigned);
    json.field("events_per_second", rate).field("parse_failed", failed);
    json.field(
        "parse_failed_percent",
        events == 0 ? 0.0 : 100.0 * static_cast<double>(failed) / static_cast<double>(events));
    if (state.backend.disk_use) {
        write_disk(json, state.backend.disk_use(), now);
    }
    return json_response(json.close_object().take());
}

Result<> take_profile(Api::State& state, std::string_view source, const std::string& profile) {
    const auto id = state.backend.profiles->find(profile.empty() ? "generic" : profile);
    const auto known = state.backend.sources.find(source);
    if (!id) {
        return fail(Code::InvalidArgument, fmt::format("there is no profile '{}'", profile),
                    "profile");
    }
    if (known) {
        state.backend.sources.set_profile(*known, *id, {});
    }
    return {};
}

Result<response::SourceChange> change_of(const Body& body) {
    response::SourceChange change;
    if (body.has("title")) {
        GAC_TRY(title, body.text_or_empty("title", 200));
        change.note = std::move(title);
    }
    if (body.has("unit_id")) {
        GAC_TRY(text, body.text_or_empty("unit_id", 64));
        const auto unit = base::UnitId::parse(text);
        if (!text.empty() && !unit) {
            return fail(Code::InvalidArgument, fmt::format("'{}' is no unit's id", text),
                        "unit_id");
        }
        change.unit = unit;
    }
    if (body.has("snooze_until")) {
        GAC_TRY(text, body.text_or_empty("snooze_until", 64));
        const auto until = base::parse_rfc3339(text);
        if (!text.empty() && !until) {
            return fail(Code::InvalidArgument, fmt::format("'{}' is not a time", text),
                        "snooze_until");
        }
        change.snoozed_until = until;
    }
    if (body.has("expected_silence_s")) {
        GAC_TRY(seconds, body.number("expected_silence_s", 0, 0, 366L * 86'400));
        change.expected_silence =
            seconds == 0 ? std::optional<base::Duration>() : base::Duration::seconds(seconds);
    }
    return change;
}

Result<net::Response> change(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::SourcesEdit, {"source", call.path.at(0)}));
    GAC_TRY(body, Body::parse(call.request, {"title", "unit_id", "profile", "snooze_until",
                                             "expected_silence_s", "reason"}));
    const std::string& name = call.path.at(0);
    GAC_TRY(source, state.backend.source_book.find(scope, name));
    GAC_TRY(changes, change_of(body));
    GAC_TRY(reason, body.text_or_empty("reason", 2000));
    if (body.has("profile")) {
        GAC_TRY(profile, body.text_or_empty("profile", 64));
        GAC_CHECK(take_profile(state, name, profile));
    }
    GAC_TRY(updated, state.backend.source_book.update(scope, call.actor, name, source.version,
                                                      changes, reason));
    const base::TimePoint now = state.now();
    JsonWriter json;
    write_source(state, json, view_of(state, std::move(updated), now), now);
    return json_response(json.take());
}

Result<net::Response> try_line(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::SourcesView));
    GAC_TRY(body, Body::parse(call.request, {"line", "format", "profile"}));
    GAC_TRY(line, body.text("line", 1'000'000));
    GAC_TRY(format, body.text_or_empty("format", 64));
    GAC_TRY(profile, body.text_or_empty("profile", 64));
    GAC_TRY(tried, state.backend.try_line(line, format, profile));
    JsonWriter json;
    json.open_object().field("decoded", tried.decoded).key("events").open_array();
    for (std::uint32_t row = 0; row < tried.events.size(); ++row) {
        // It stands in no history and comes from no source.
        const event::EventRef event = tried.events[row];
        std::string text;
        event::append_event_json(event, (*state.backend.profiles)[event.head().profile], text);
        json.raw(text);
    }
    json.close_array();
    if (!tried.events.empty()) {
        json.field("profile", (*state.backend.profiles)[tried.events.heads().front().profile].name);
    }
    return json_response(json.close_object().take());
}

constexpr Route kRoutes[] = {
    {"GET", "/api/v1/sources", Access::Any, list},
    {"POST", "/api/v1/sources/try-line", Access::Any, try_line},
    {"PATCH", "/api/v1/sources/{name}", Access::Any, change},
};

}  // namespace

std::string_view name_of(SourceHealth health) {
    switch (health) {
        case SourceHealth::Silent:
            return "silent";
        case SourceHealth::Failing:
            return "failing";
        case SourceHealth::Receiving:
            return "receiving";
    }
    return "receiving";
}

SourceView view_of(Api::State& state, response::Source source, base::TimePoint now) {
    SourceView view;
    view.reading = state.meter.reading(source.name, now);
    if (source.state == response::SourceState::Silent) {
        view.health = SourceHealth::Silent;
    } else if (view.reading.failed_percent > kFailingPercent) {
        view.health = SourceHealth::Failing;
    }
    if (const auto id = state.backend.sources.find(source.name)) {
        view.dropped = state.backend.sources.counts(*id).dropped;
    }
    view.source = std::move(source);
    return view;
}

void write_source(Api::State& state, JsonWriter& json, const SourceView& view,
                  base::TimePoint now) {
    const response::Source& source = view.source;
    json.open_object().field("name", source.name).field("title", source.note);
    json.field("kind", source.kind).field("profile", source.profile);
    json.field("format", source.format).key("unit");
    state.units.write(json, source.unit);
    json.field("rate", view.reading.per_second).key("spark").open_array();
    for (const std::uint64_t hour : view.reading.hours) {
        json.value(hour);
    }
    json.close_array().field("events", source.events).field("bytes", source.bytes);
    const auto time_or_null = [&](std::string_view name, base::TimePoint time) {
        json.key(name);
        time.us == 0 ? json.null() : json.value(time);
    };
    time_or_null("first_event", source.first_event);
    time_or_null("last_event", source.last_event);
    json.field("parse_failed", source.parse_failures);
    json.field("parse_failed_percent", source.events == 0
                                           ? 0.0
                                           : 100.0 * static_cast<double>(source.parse_failures)
                                                 / static_cast<double>(source.events));
    json.field("failure_sample", source.failure_sample);
    json.field("failure_reason", source.failure_reason);
    json.field("dropped", view.dropped).field("state", name_of(view.health));
    json.key("silent_for_s");
    view.health == SourceHealth::Silent ? json.value(seconds_of(now - source.last_event))
                                        : json.null();
    json.key("usual_gap_s");
    source.usual_gap.us > 0 ? json.value(seconds_of(source.usual_gap)) : json.null();
    json.field("silent_after_s", seconds_of(source.silent_after));
    json.key("expected_silence_s");
    source.expected_silence ? json.value(seconds_of(*source.expected_silence)) : json.null();
    json.field("snooze_until", source.snoozed_until);
    json.field("drill", source.drill).field("version", source.version).close_object();
}

std::span<const Route> source_routes() { return kRoutes; }

}  // namespace gac::api
