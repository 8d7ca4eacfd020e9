// /api/v1/alerts: lists, groups, one alert, and what people do to them.
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "api/alert_json.h"
#include "api/body.h"
#include "api/rule_json.h"
#include "base/text.h"

namespace gac::api {

namespace {

using access::Permission;
using response::Alert;

constexpr base::Duration kOutcomeSpan = base::Duration::days(90);
constexpr std::size_t kNewestOfGroup = 3;

Result<base::AlertId> alert_id(const Call& call) {
    const auto id = base::AlertId::parse(call.path.at(0));
    if (!id) {
        return fail(Code::NotFound, "there is no such alert", "id");
    }
    return *id;
}

bool may_handle(const Call& call) {
    return call.actor.kind == access::Actor::Kind::Token
               ? access::grants(call.actor.scope, Permission::AlertsHandle)
               : access::grants(call.actor.role, Permission::AlertsHandle);
}

Result<net::Response> list(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::AlertsView));
    GAC_CHECK(call.only({"status", "level", "unit", "rule", "host", "source", "assignee", "verdict",
                         "overdue", "drill", "q", "from", "to", "updated_after", "sort", "cursor",
                         "limit"}));
    GAC_TRY(filter, alert_filter_of(state, call, call.query));
    GAC_TRY(limit, call.number("limit", 100, 1, 500));
    auto sort = filter.updated_after ? response::Sort::Updated : response::Sort::Newest;
    if (const auto name = call.parameter("sort"); !name.empty()) {
        const auto parsed = response::parse_sort(name);
        if (!parsed) {
            return fail(Code::InvalidArgument, fmt::format("'{}' is not an order", name), "sort");
        }
        sort = *parsed;
    }
    const base::TimePoint as_of = state.now();
    GAC_TRY(page, state.backend.alerts.list(scope, filter, sort, call.parameter("cursor"),
                                            static_cast<int>(limit)));
    GAC_TRY(counts, state.backend.alerts.counts(scope, filter, call.actor));
    JsonWriter json;
    json.open_object().key("alerts").open_array();
    for (const Alert& alert : page.alerts) {
        write_alert(state, json, alert);
    }
    json.close_array().field("total", counts.fresh + counts.acknowledged + counts.closed);
    json.key("cursor");
    page.cursor.empty() ? json.null() : json.value(page.cursor);
    json.field("as_of", as_of).close_object();
    return json_response(json.take());
}

// Groups as they stand in the queue: what is due first, then the higher level, then the newer.
void sort_groups(std::vector<response::AlertGroup>& groups, std::string_view order) {
    const auto due = [](const response::AlertGroup& group) {
        return group.due ? group.due->us : std::numeric_limits<std::int64_t>::max();
    };
    std::ranges::sort(groups, [&](const auto& a, const auto& b) {
        if (order == "newest") {
            return a.last_seen > b.last_seen;
        }
        if (order == "count") {
            return a.alerts > b.alerts;
        }
        if (order == "due" && due(a) != due(b)) {
            return due(a) < due(b);
        }
        if (a.level != b.level) {
            return a.level > b.level;
        }
        return std::tie(b.last_seen, a.rule_id, a.unit) < std::tie(a.last_seen, b.rule_id, b.unit);
    });
}

Result<> write_group(Api::State& state, const access::Scope& scope,
                     const response::AlertFilter& filter, const response::AlertGroup& group,
                     JsonWriter& json) {
    response::AlertFilter mine = filter;
    mine.rule_id = group.rule_id;
    mine.unit = group.unit;
    mine.without_unit = !group.unit;
    GAC_TRY(newest, state.backend.alerts.list(scope, mine, response::Sort::Newest, {},
                                              static_cast<int>(kNewestOfGroup)));
    json.open_object();
    json.field("key", fmt::format("{}|{}", group.rule_id, group.unit ? group.unit->text() : ""));
    json.field("rule_id", group.rule_id).field("rule_title", group.rule_title);
    json.field("rule_title_vi", group.rule_title_vi).key("unit");
    state.units.write(json, group.unit);
    json.field("level", event::name_of(group.level)).field("count", group.alerts);
    json.field("events", group.events).field("hosts", group.hosts);
    json.field("unacknowledged", group.unacknowledged).field("overdue", group.overdue);
    json.key("spark").open_array();
    for (const std::uint32_t hour : group.hours) {
        json.value(hour);
    }
    json.close_array();
    json.field("first", group.first_seen).field("last", group.last_seen);
    json.field("due", group.due).key("due_kind");
    group.due ? json.value("acknowledge") : json.null();
    json.field("drill", group.drill > 0);
    json.key("newest").open_array();
    for (const Alert& alert : newest.alerts) {
        write_alert(state, json, alert);
    }
    json.close_array().close_object();
    return {};
}

Result<net::Response> groups(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::AlertsView));
    GAC_CHECK(call.only({"status", "level", "unit", "rule", "host", "source", "assignee", "verdict",
                         "overdue", "drill", "q", "from", "to", "sort", "cursor", "limit"}));
    GAC_TRY(filter, alert_filter_of(state, call, call.query));
    GAC_TRY(limit, call.number("limit", 100, 1, 200));
    GAC_TRY(begin, call.number("cursor", 0, 0, 1'000'000));
    const std::string_view order = call.has_parameter("sort") ? call.parameter("sort") : "due";
    if (order != "due" && order != "newest" && order != "level" && order != "count") {
        return fail(Code::InvalidArgument, fmt::format("'{}' is not an order", order), "sort");
    }
    const base::TimePoint as_of = state.now();
    GAC_TRY(all, state.backend.alerts.groups(scope, filter, 500));
    sort_groups(all.groups, order);
    std::int64_t alerts = 0;
    for (const auto& group : all.groups) {
        alerts += group.alerts;
    }
    const auto size = static_cast<std::int64_t>(all.groups.size());
    const std::int64_t end = std::min(size, begin + limit);
    JsonWriter json;
    json.open_object().key("groups").open_array();
    for (std::int64_t i = begin; i < end; ++i) {
        GAC_CHECK(write_group(state, scope, filter, all.groups[static_cast<std::size_t>(i)], json));
    }
    json.close_array().field("total_groups", size).field("total_alerts", alerts);
    json.field("truncated", all.truncated).key("cursor");
    end < size ? json.value(std::to_string(end)) : json.null();
    json.field("as_of", as_of).close_object();
    return json_response(json.take());
}

Result<net::Response> counts(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::AlertsView));
    GAC_CHECK(call.only({"unit"}));
    GAC_TRY(filter, alert_filter_of(state, call, call.query));
    GAC_TRY(text, count_json(state, scope, call.actor, filter));
    response::AlertFilter open = filter;
    open.status = {response::Status::New, response::Status::Acknowledged};
    GAC_TRY(all, state.backend.alerts.groups(scope, open));
    GAC_TRY(silent, state.backend.source_book.silent(scope));
    text.pop_back();
    text +=
        fmt::format(R"(,"open_groups":{},"silent_sources":{}}})", all.groups.size(), silent.size());
    return json_response(std::move(text));
}

Result<net::Response> hourly(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::AlertsView));
    GAC_CHECK(call.only({"unit", "drill"}));
    GAC_TRY(filter, alert_filter_of(state, call, call.query));
    const base::TimePoint now = state.now();
    GAC_TRY(hours,
            state.backend.alerts.per_hour(scope, filter, now - base::Duration::hours(23), now));
    JsonWriter json;
    json.open_object().key("hours").open_array();
    for (const auto& hour : hours) {
        write_hour(json, hour);
    }
    return json_response(json.close_array().close_object().take());
}

std::string_view entity_kind(std::string_view field) {
    if (field.ends_with(".ip") || field.ends_with("IpAddress")) {
        return "ip";
    }
    if (field.contains("user") || field.contains("User")) {
        return "user";
    }
    if (field.contains("hash")) {
        return "hash";
    }
    if (field.starts_with("host.")) {
        return "host";
    }
    if (field.ends_with(".domain")) {
        return "domain";
    }
    if (field.starts_with("url.")) {
        return "url";
    }
    return field.ends_with("process.executable") || field.ends_with("Image") ? "process" : "";
}

void write_entities(JsonWriter& json, const response::AlertDetails& details) {
    std::vector<std::pair<std::string, std::string>> seen;  // kind, value
    json.key("entities").open_array();
    const auto add = [&](std::string_view kind, std::string_view field, const std::string& value) {
        if (kind.empty() || value.empty()
            || std::ranges::find(seen, std::pair(std::string(kind), value)) != seen.end()) {
            return;
        }
        seen.emplace_back(kind, value);
        json.open_object().field("kind", kind).field("value", value).field("field", field);
        json.close_object();
    };
    const Alert& alert = details.alert;
    add("ip", "source.ip", alert.source_ip);
    add("user", "user.name", alert.user_name);
    add("host", "host.name", alert.host);
    for (const auto& [field, value] : alert.group) {
        add(entity_kind(field), field, value);
    }
    for (const auto& matched : details.matched) {
        add(entity_kind(matched.field), matched.field, matched.value);
    }
    json.close_array();
}

void write_timeline_entry(JsonWriter& json, const response::TimelineEntry& entry) {
    json.open_object().field("time", entry.time);
    json.field("kind", entry.kind == "opened"  ? std::string_view("raised")
                       : entry.kind == "noted" ? std::string_view("note")
                                               : std::string_view(entry.kind));
    json.key("actor");
    if (entry.actor.empty()) {
        json.null();
    } else {
        json.open_object().field("id", entry.actor).field("name", entry.actor).close_object();
    }
    boost::json::error_code fault;
    const auto detail = boost::json::parse(entry.detail, fault);
    if (!fault && detail.is_object()) {
        const auto text = [&](const char* name) -> std::string {
            const auto* found = detail.get_object().if_contains(name);
            return found != nullptr && found->is_string()
                       ? std::string(found->get_string().data(), found->get_string().size())
                       : std::string();
        };
        const std::string comment = text("comment").empty() ? text("text") : text("comment");
        json.field("text", comment);
        if (const auto verdict = response::parse_verdict(text("verdict"))) {
            json.field("verdict", contract_word(*verdict));
        }
        json.key("detail").raw(entry.detail);
    }
    json.close_object();
}

void write_pairs(JsonWriter& json, std::string_view name,
                 const std::vector<std::pair<std::string, std::string>>& pairs) {
    json.key(name).open_array();
    for (const auto& [field, value] : pairs) {
        json.open_object().field("field", field).field("value", value).close_object();
    }
    json.close_array();
}

void write_rule(Api::State& state, JsonWriter& json, const Alert& alert) {
    json.key("rule").open_object();
    json.field("id", alert.rule_id).field("title", alert.rule_title);
    json.field("title_vi", alert.rule_title_vi).field("description", alert.rule_description);
    json.field("description_vi", alert.rule_description_vi);
    json.field("level", event::name_of(alert.level)).key("tags").open_array();
    for (const std::string& tag : alert.tags) {
        json.value(tag);
    }
    json.close_array().key("false_positives").open_array();
    for (const std::string& note : alert.false_positives) {
        json.value(note);
    }
    json.close_array().key("false_positives_vi").open_array();
    // The alert keeps the notes as they were when it was raised; the rule may have others by now.
    const auto rule = find_rule(state, alert.rule_id);
    if (rule && rule->false_positives == alert.false_positives) {
        for (const std::string& note : rule->false_positives_vi) {
            json.value(note);
        }
    }
    json.close_array().close_object();
}

// How many hosts have met the address: told only when history could be asked quickly.
void write_prevalence(Api::State& state, JsonWriter& json, const Alert& alert) {
    if (alert.source_ip.empty()) {
        return;
    }
    const base::TimePoint now = state.now();
    auto query = store::parse(fmt::format("source.ip:\"{}\"", alert.source_ip), now);
    if (!query) {
        return;
    }
    query->range = {now - base::Duration::days(30), now + base::Duration::hours(1)};
    store::Budget budget;
    budget.time_max = base::Duration::millis(150);
    const std::vector<std::string> fields{"host.name"};
    const auto top = state.backend.events.top_values(*query, fields, 1, budget);
    if (!top || top->empty() || !top->front().partial.empty()) {
        return;
    }
    json.key("prevalence").open_array().open_object();
    json.field("field", "source.ip").field("value", alert.source_ip);
    json.field("hosts", top->front().distinct).field("events", top->front().events);
    json.close_object().close_array();
}

void write_actions(JsonWriter& json, const Call& call, const Alert& alert) {
    json.key("actions").open_array();
    if (may_handle(call)) {
        if (alert.status == response::Status::New) {
            json.value("acknowledge");
        }
        if (alert.status == response::Status::Closed) {
            json.value("reopen");
        } else {
            json.value("assign").value("close");
        }
    }
    json.close_array();
}

std::string etag_of(const Alert& alert) { return fmt::format("\"{}\"", alert.version); }

Result<net::Response> show(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::AlertsView));
    GAC_CHECK(call.only({}));
    GAC_TRY(id, alert_id(call));
    GAC_TRY(details, state.backend.alerts.details(scope, id));
    const Alert& alert = details.alert;
    GAC_TRY(outcomes,
            state.backend.alerts.outcomes(scope, alert.rule_id, state.now() - kOutcomeSpan));
    JsonWriter json;
    json.open_object();
    write_alert_members(state, json, alert);
    json.key("matched").open_array();
    for (const auto& matched : details.matched) {
        json.open_object().field("field", matched.field).field("value", matched.value);
        json.close_object();
    }
    json.close_array();
    write_pairs(json, "group", alert.group);
    json.key("events").open_array();
    for (const std::string& sample : details.samples) {
        json.raw(sample);
    }
    json.close_array();
    write_entities(json, details);
    write_rule(state, json, alert);
    json.key("hours").open_array();
    for (const std::uint32_t hour : details.hours) {
        json.value(hour);
    }
    json.close_array().field("hours_end", details.hours_end);
    json.key("outcomes").open_object().field("days", kOutcomeSpan.us / base::Duration::days(1).us);
    for (std::size_t i = 0; i < outcomes.by_verdict.size(); ++i) {
        json.field(contract_word(static_cast<response::Verdict>(i)), outcomes.by_verdict[i]);
    }
    json.field("open", outcomes.open).close_object();
    write_prevalence(state, json, alert);
    json.key("timeline").open_array();
    for (const auto& entry : details.timeline) {
        write_timeline_entry(json, entry);
    }
    json.close_array();
    write_actions(json, call, alert);
    net::Response response = json_response(json.close_object().take());
    response.headers.add("ETag", etag_of(alert));
    return response;
}

Result<net::Response> events(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::AlertsView));
    GAC_CHECK(call.only({"cursor", "limit"}));
    GAC_TRY(id, alert_id(call));
    GAC_TRY(limit, call.number("limit", 100, 1, 1000));
    GAC_TRY(begin, call.number("cursor", 0, 0, 1'000'000));
    GAC_TRY(details, state.backend.alerts.details(scope, id));
    std::vector<event::EventId> ids = std::move(details.events);
    std::ranges::reverse(ids);
    const auto size = static_cast<std::int64_t>(ids.size());
    const std::int64_t end = std::min(size, begin + limit);
    event::EventBatch batch;
    if (begin < end) {
        GAC_CHECK(state.backend.events.fetch(
            std::span(ids).subspan(static_cast<std::size_t>(begin),
                                   static_cast<std::size_t>(end - begin)),
            batch));
    }
    // What history no longer has, the alert still has a few copies of.
    const bool kept = batch.empty() && begin == 0;
    JsonWriter json;
    json.open_object().key("events").open_array();
    for (std::uint32_t row = 0; row < batch.size(); ++row) {
        write_event(state, json, batch[row]);
    }
    if (kept) {
        for (const std::string& sample : details.samples) {
            json.raw(sample);
        }
    }
    json.close_array().field("kept", kept).field("total", details.alert.count);
    json.key("cursor");
    end < size && !kept ? json.value(std::to_string(end)) : json.null();
    return json_response(json.close_object().take());
}

Result<response::Action> action_of(const Call& call, const Body& body) {
    response::Action action;
    GAC_TRY(name, body.text("action", 32));
    const auto kind = response::parse_action(name);
    if (!kind || *kind == response::Action::Kind::Note) {
        return fail(Code::InvalidArgument,
                    fmt::format("'{}' is not acknowledge, assign, close or reopen", name),
                    "action");
    }
    action.kind = *kind;
    GAC_TRY(comment, body.text_or_empty("comment", 4000));
    action.comment = std::move(comment);
    GAC_TRY(verdict, body.text_or_empty("verdict", 32));
    if (action.kind == response::Action::Kind::Close) {
        action.verdict = parse_contract_verdict(verdict);
        if (!action.verdict) {
            return fail(Code::InvalidArgument,
                        verdict.empty() ? "closing needs a verdict"
                                        : fmt::format("'{}' is not a verdict", verdict),
                        "verdict");
        }
    }
    if (action.kind == response::Action::Kind::Assign) {
        if (!body.has("assignee")) {
            return fail(Code::InvalidArgument, "assigning needs an assignee, or null", "assignee");
        }
        GAC_TRY(who, body.text_or_empty("assignee", 64));
        if (!who.empty()) {
            action.assignee = who == "me" ? call.actor.user() : base::UserId::parse(who);
            if (!action.assignee) {
                return fail(Code::InvalidArgument, fmt::format("'{}' is no user's id", who),
                            "assignee");
            }
        }
    }
    return action;
}

void write_undo(JsonWriter& json, const std::string& token, base::TimePoint until) {
    if (!token.empty()) {
        json.key("undo").open_object().field("token", token).field("until", until).close_object();
    }
}

// Somebody was faster: says so with the alert as it stands.
Result<net::Response> conflict(Api::State& state, Call& call, const access::Scope& scope,
                               base::AlertId id, std::optional<std::int64_t> expected,
                               const Error& error) {
    GAC_TRY(current, state.backend.alerts.find(scope, id));
    const bool version_differs = expected && current.version != *expected;
    Problem problem = problem_of(error);
    problem.status = version_differs ? 412 : 409;
    net::Response response = problem_response(problem, call.request.id);
    JsonWriter json;
    write_alert(state, json, current);
    response.body.insert(response.body.size() - 1, ",\"current\":" + json.take());
    return response;
}

Result<net::Response> change(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::AlertsHandle));
    GAC_TRY(id, alert_id(call));
    if (!call.request.headers.has("if-match")) {
        return version_missing(call);
    }
    GAC_TRY(version, call.expected_version());
    GAC_TRY(body, Body::parse(call.request, {"action", "verdict", "comment", "assignee"}));
    GAC_TRY(action, action_of(call, body));
    auto acted = state.backend.alerts.act(scope, call.actor, {id, version}, action);
    if (!acted) {
        if (acted.error().code == Code::Conflict) {
            return conflict(state, call, scope, id, version, acted.error());
        }
        return std::unexpected(std::move(acted).error());
    }
    JsonWriter json;
    json.open_object().key("alert");
    write_alert(state, json, acted->alert);
    write_undo(json, acted->undo, acted->undo_until);
    net::Response response = json_response(json.close_object().take());
    response.headers.add("ETag", etag_of(acted->alert));
    return response;
}

// The body's filter as name and value, as if they stood in a query.
Result<std::vector<std::pair<std::string, std::string>>> filter_members(const Body& filter) {
    std::vector<std::pair<std::string, std::string>> values;
    for (const char* name :
         {"status", "level", "unit", "rule", "assignee", "drill", "q", "from", "to"}) {
        GAC_TRY(value, filter.text_or_empty(name, 1000));
        values.emplace_back(name, std::move(value));
    }
    GAC_TRY(overdue, filter.truth("overdue", false));
    values.emplace_back("overdue", overdue ? "true" : "");
    return values;
}

Result<std::vector<response::AlertRef>> chosen(Api::State& state, const Call& call,
                                               const access::Scope& scope, const Body& body) {
    GAC_TRY(ids, body.texts("ids", response::Alerts::kBulkMax, 64));
    GAC_TRY(filter, body.object("filter", {"status", "level", "unit", "rule", "assignee", "overdue",
                                           "drill", "q", "from", "to"}));
    if (body.has("ids") == filter.has_value()) {
        return fail(Code::InvalidArgument, "either ids or a filter is needed", "ids");
    }
    std::vector<response::AlertRef> refs;
    if (filter) {
        GAC_TRY(values, filter_members(*filter));
        GAC_TRY(parsed, alert_filter_of(state, call, values));
        return state.backend.alerts.select(scope, parsed);
    }
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const auto id = base::AlertId::parse(ids[i]);
        if (!id) {
            return fail(Code::InvalidArgument, fmt::format("'{}' is no alert's id", ids[i]),
                        fmt::format("ids[{}]", i));
        }
        refs.push_back({*id});
    }
    return refs;
}

Result<net::Response> bulk(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::AlertsHandle));
    GAC_TRY(body, Body::parse(call.request, {"ids", "filter", "dry_run", "action", "verdict",
                                             "comment", "assignee"}));
    GAC_TRY(action, action_of(call, body));
    GAC_TRY(dry_run, body.truth("dry_run", false));
    GAC_TRY(refs, chosen(state, call, scope, body));
    JsonWriter json;
    json.open_object();
    if (dry_run) {
        json.field("changed", refs.size()).field("skipped", 0);
    } else {
        GAC_TRY(report, state.backend.alerts.act_all(scope, call.actor, refs, action));
        json.field("changed", report.changed.size()).field("skipped", report.refused.size());
        write_undo(json, report.undo, report.undo_until);
    }
    return json_response(json.close_object().take());
}

Result<net::Response> note(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::AlertsHandle));
    GAC_TRY(id, alert_id(call));
    GAC_TRY(body, Body::parse(call.request, {"text"}));
    response::Action action;
    action.kind = response::Action::Kind::Note;
    GAC_TRY(text, body.text("text", 4000));
    action.comment = std::move(text);
    GAC_TRY(acted, state.backend.alerts.act(scope, call.actor, {id}, action));
    JsonWriter json;
    json.open_object().field("time", state.now()).field("kind", "note").key("actor").open_object();
    json.field("id", call.actor.id.text()).field("name", call.actor.name).close_object();
    json.field("text", action.comment).field("version", acted.alert.version);
    return json_response(json.close_object().take(), 201);
}

Result<net::Response> undo(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::AlertsHandle));
    GAC_TRY(report, state.backend.alerts.undo(scope, call.actor, call.path.at(0)));
    if (report.changed.empty() && !report.refused.empty()) {
        return std::unexpected(std::move(report.refused.front().error));
    }
    JsonWriter json;
    json.open_object().field("changed", report.changed.size());
    json.field("skipped", report.refused.size());
    return json_response(json.close_object().take());
}

constexpr Route kRoutes[] = {
    {"GET", "/api/v1/alerts", Access::Any, list},
    {"GET", "/api/v1/alerts/groups", Access::Any, groups},
    {"GET", "/api/v1/alerts/counts", Access::Any, counts},
    {"GET", "/api/v1/alerts/hourly", Access::Any, hourly},
    {"POST", "/api/v1/alerts/bulk", Access::Any, bulk},
    {"GET", "/api/v1/alerts/{id}", Access::Any, show},
    {"PATCH", "/api/v1/alerts/{id}", Access::Any, change},
    {"GET", "/api/v1/alerts/{id}/events", Access::Any, events},
    {"POST", "/api/v1/alerts/{id}/notes", Access::Any, note},
    {"POST", "/api/v1/undo/{token}", Access::Any, undo},
};

}  // namespace

Result<std::string> count_json(Api::State& state, const access::Scope& scope,
                               const access::Actor& actor, const response::AlertFilter& filter) {
    const base::TimePoint as_of = state.now();
    response::AlertFilter real = filter;
    real.drill = false;
    GAC_TRY(all, state.backend.alerts.counts(scope, real, actor));
    response::AlertFilter critical = real;
    critical.status = {response::Status::New};
    critical.level = {event::Level::Critical};
    GAC_TRY(urgent, state.backend.alerts.counts(scope, critical, actor));
    response::AlertFilter drill = filter;
    drill.drill = true;
    GAC_TRY(played, state.backend.alerts.counts(scope, drill, actor));
    JsonWriter json;
    json.open_object().field("open", all.fresh + all.acknowledged).field("mine", all.mine);
    json.field("unassigned", all.unassigned).field("critical_unacknowledged", urgent.fresh);
    json.field("overdue", all.overdue).field("drill", played.fresh + played.acknowledged);
    json.field("as_of", as_of);
    return json.close_object().take();
}

std::span<const Route> alert_routes() { return kRoutes; }

}  // namespace gac::api
