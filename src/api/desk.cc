// /api/v1/desk: the watch desk in one answer.
#include <algorithm>
#include <array>

#include "api/alert_json.h"
#include "api/source_json.h"

namespace gac::api {

namespace {

using access::Permission;

constexpr int kRows = 20;
constexpr int kClosedRows = 5;

Result<> write_alerts(Api::State& state, JsonWriter& json, const access::Scope& scope,
                      std::string_view name, const response::AlertFilter& filter,
                      response::Sort sort, int limit) {
    GAC_TRY(page, state.backend.alerts.list(scope, filter, sort, {}, limit));
    json.key(name).open_array();
    for (const response::Alert& alert : page.alerts) {
        write_alert(state, json, alert);
    }
    json.close_array();
    return {};
}

Result<> write_urgent(Api::State& state, JsonWriter& json, const access::Scope& scope,
                      const response::AlertFilter& base) {
    response::AlertFilter critical = base;
    critical.status = {response::Status::New};
    critical.level = {event::Level::Critical};
    GAC_TRY(oldest, state.backend.alerts.list(scope, critical, response::Sort::Oldest, {}, 1));
    json.key("oldest");
    oldest.alerts.empty() ? json.null() : json.value(oldest.alerts.front().created);
    return {};
}

Result<> write_figures(Api::State& state, JsonWriter& json, const Call& call,
                       const access::Scope& scope, const response::AlertFilter& base) {
    response::AlertFilter critical = base;
    critical.status = {response::Status::New};
    critical.level = {event::Level::Critical};
    GAC_TRY(urgent, state.backend.alerts.counts(scope, critical, call.actor));
    json.key("critical_unacknowledged").open_object().field("count", urgent.fresh);
    GAC_CHECK(write_urgent(state, json, scope, base));
    json.close_object();

    GAC_TRY(all, state.backend.alerts.counts(scope, base, call.actor));
    response::AlertFilter late = base;
    late.overdue = true;
    GAC_TRY(latest, state.backend.alerts.list(scope, late, response::Sort::Due, {}, 1));
    json.key("overdue").open_object().field("count", all.overdue).key("unit");
    state.units.write(json, latest.alerts.empty() ? std::nullopt : latest.alerts.front().unit);
    json.close_object();
    json.field("open", all.fresh + all.acknowledged);
    return {};
}

Result<> write_mine(Api::State& state, JsonWriter& json, const Call& call,
                    const access::Scope& scope, const response::AlertFilter& base) {
    const auto me = call.actor.user();
    response::AlertFilter mine = base;
    mine.status = {response::Status::New, response::Status::Acknowledged};
    mine.assignee = me;
    response::AlertPage page;
    std::int64_t count = 0;
    if (me) {
        GAC_TRY(found, state.backend.alerts.list(scope, mine, response::Sort::Due, {}, kRows));
        GAC_TRY(counts, state.backend.alerts.counts(scope, mine, call.actor));
        page = std::move(found);
        count = counts.fresh + counts.acknowledged;
    }
    std::optional<base::TimePoint> next;
    for (const response::Alert& alert : page.alerts) {
        if (alert.due && (!next || *alert.due < *next)) {
            next = alert.due;
        }
    }
    json.key("mine").open_object().field("count", count).field("next_due", next).close_object();
    json.key("my_alerts").open_array();
    for (const response::Alert& alert : page.alerts) {
        write_alert(state, json, alert);
    }
    json.close_array();
    return {};
}

Result<> write_sources(Api::State& state, JsonWriter& json, const access::Scope& scope) {
    GAC_TRY(sources, state.backend.source_book.list(scope));
    const base::TimePoint now = state.now();
    double rate = 0;
    std::size_t total = 0;
    std::array<std::uint64_t, 24> hours{};
    std::vector<SourceView> silent;
    for (response::Source& source : sources) {
        if (source.drill) {
            continue;
        }
        ++total;
        SourceView view = view_of(state, std::move(source), now);
        rate += view.reading.per_second;
        for (std::size_t i = 0; i < hours.size(); ++i) {
            hours[i] += view.reading.hours[i];
        }
        if (view.health == SourceHealth::Silent) {
            silent.push_back(std::move(view));
        }
    }
    // The usual rate: the quietest and busiest whole hours of the last day in which anything came.
    std::vector<std::uint64_t> busy;
    for (std::size_t i = 0; i + 1 < hours.size(); ++i) {
        if (hours[i] > 0) {
            busy.push_back(hours[i]);
        }
    }
    json.key("events_per_second").open_object().field("now", rate);
    json.key("usual_low");
    busy.size() < 3 ? json.null()
                    : json.value(static_cast<double>(*std::ranges::min_element(busy)) / 3600);
    json.key("usual_high");
    busy.size() < 3 ? json.null()
                    : json.value(static_cast<double>(*std::ranges::max_element(busy)) / 3600);
    json.close_object();
    json.key("silent_sources").open_object().field("count", silent.size());
    json.field("total", total).close_object();
    json.key("silent").open_array();
    for (const SourceView& view : silent) {
        write_source(state, json, view, now);
    }
    json.close_array();
    return {};
}

Result<net::Response> show(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::AlertsView));
    GAC_CHECK(call.only({"unit"}));
    GAC_TRY(base, alert_filter_of(state, call, call.query));
    const base::TimePoint now = state.now();
    JsonWriter json;
    json.open_object().field("as_of", now);
    GAC_CHECK(write_figures(state, json, call, scope, base));
    GAC_CHECK(write_mine(state, json, call, scope, base));
    GAC_CHECK(write_sources(state, json, scope));
    response::AlertFilter critical = base;
    critical.status = {response::Status::New};
    critical.level = {event::Level::Critical};
    GAC_CHECK(
        write_alerts(state, json, scope, "critical", critical, response::Sort::Oldest, kRows));
    response::AlertFilter closed = base;
    closed.status = {response::Status::Closed};
    GAC_CHECK(write_alerts(state, json, scope, "recently_closed", closed, response::Sort::Newest,
                           kClosedRows));
    GAC_TRY(hours,
            state.backend.alerts.per_hour(scope, base, now - base::Duration::hours(23), now));
    json.key("hours").open_array();
    for (const auto& hour : hours) {
        write_hour(json, hour);
    }
    return json_response(json.close_array().close_object().take());
}

constexpr Route kRoutes[] = {{"GET", "/api/v1/desk", Access::Any, show}};

}  // namespace

std::span<const Route> desk_routes() { return kRoutes; }

}  // namespace gac::api
