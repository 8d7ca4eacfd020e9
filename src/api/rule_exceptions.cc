// /api/v1/rules/exceptions: what rules must be silent about, until when and why.
#include <algorithm>

#include <fmt/format.h>

#include "api/body.h"
#include "api/rule_json.h"

namespace gac::api {

namespace {

using access::Permission;
using response::ExceptionId;
using response::ExceptionState;
using response::RuleException;

constexpr std::size_t kReasonMax = 2000;

void write_exception(Api::State& state, JsonWriter& json, const RuleException& one) {
    const auto rule = find_rule(state, one.rule_id);
    const std::string fault = state.backend.rules.exception_fault(one.id);
    const ExceptionState now = one.state(state.now());
    json.open_object().field("id", one.id.text()).key("rule_id");
    one.rule_id.empty() ? json.null() : json.value(one.rule_id);
    json.field("rule_title", rule ? rule->title : std::string());
    json.field("rule_title_vi", rule ? rule->title_vi : std::string());
    json.key("conditions").open_array();
    for (const auto& condition : one.conditions) {
        json.open_object().field("field", condition.field);
        json.field("op", response::name_of(condition.op));
        json.field("value", condition.value).close_object();
    }
    json.close_array().field("reason", one.reason).field("created_by", one.created_by);
    json.field("created_at", one.created_at).field("expires", one.expires);
    const bool broken = now == ExceptionState::Active && !fault.empty();
    json.field("state", broken ? std::string_view("broken") : response::name_of(now));
    json.field("fault", broken ? fault : std::string());
    json.key("unit");
    state.units.write(json, one.unit);
    json.field("changed_by", one.changed_by).field("changed_at", one.changed_at);
    json.field("changed_reason", one.changed_reason).field("version", one.version);
    json.close_object();
}

net::Response answer(Api::State& state, const RuleException& one, int status = 200) {
    JsonWriter json;
    write_exception(state, json, one);
    net::Response response = json_response(json.take(), status);
    response.headers.add("ETag", fmt::format("\"{}\"", one.version));
    return response;
}

Result<ExceptionId> id_in_path(const Call& call) {
    const auto id = ExceptionId::parse(call.path.at(0));
    if (!id) {
        return fail(Code::NotFound, "there is no such exception", "id");
    }
    return *id;
}

Result<base::TimePoint> time_of(const Body& body, std::string_view name) {
    GAC_TRY(text, body.text(name, 64));
    const auto time = base::parse_rfc3339(text);
    if (!time) {
        return fail(Code::InvalidArgument, "is not a time such as 2026-12-31T17:00:00Z",
                    std::string(name));
    }
    return *time;
}

Result<net::Response> list(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::RulesView));
    GAC_CHECK(call.only({"rule_id", "state"}));
    const std::string_view rule = call.parameter("rule_id");
    const std::string_view wanted = call.parameter("state");
    constexpr std::string_view kStates[] = {"", "active", "expired", "removed", "broken"};
    if (std::ranges::find(kStates, wanted) == std::end(kStates)) {
        return fail(Code::InvalidArgument, "is not active, expired, removed or broken", "state");
    }
    GAC_TRY(all, state.backend.rule_exceptions.list(scope));
    JsonWriter json;
    json.open_object().key("exceptions").open_array();
    for (const RuleException& one : all) {
        if (!rule.empty() && !one.rule_id.empty() && one.rule_id != rule) {
            continue;
        }
        const ExceptionState now = one.state(state.now());
        const bool broken =
            now == ExceptionState::Active && !state.backend.rules.exception_fault(one.id).empty();
        if (wanted.empty()
            || wanted == (broken ? std::string_view("broken") : response::name_of(now))) {
            write_exception(state, json, one);
        }
    }
    return json_response(json.close_array().close_object().take());
}

Result<net::Response> add(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::RulesEdit));
    GAC_TRY(body,
            Body::parse(call.request, {"rule_id", "conditions", "reason", "expires", "unit_id"}));
    GAC_TRY(wanted, read_exception_wish(state, body));
    GAC_TRY(reason, body.text("reason", kReasonMax));
    GAC_TRY(expires, time_of(body, "expires"));
    wanted.reason = std::move(reason);
    wanted.expires = expires;
    GAC_TRY(made, state.backend.rule_exceptions.add(call.actor, wanted));
    GAC_CHECK(state.backend.rules.reload());
    return answer(state, made, 201);
}

Result<net::Response> show(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::RulesView));
    GAC_CHECK(call.only({}));
    GAC_TRY(id, id_in_path(call));
    GAC_TRY(found, state.backend.rule_exceptions.find(scope, id));
    return answer(state, found);
}

Result<net::Response> change(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::RulesEdit, {"rule_exception", call.path.at(0)}));
    GAC_TRY(id, id_in_path(call));
    if (!call.request.headers.has("if-match")) {
        return version_missing(call);
    }
    GAC_TRY(version, call.expected_version());
    GAC_TRY(body, Body::parse(call.request, {"expires", "removed", "reason"}));
    response::ExceptionChange wanted;
    GAC_TRY(reason, body.text_or_empty("reason", kReasonMax));
    wanted.reason = std::move(reason);
    if (body.has("expires")) {
        GAC_TRY(expires, time_of(body, "expires"));
        wanted.expires = expires;
    }
    if (body.has("removed")) {
        GAC_TRY(removed, body.truth("removed", false));
        wanted.removed = removed;
    }
    GAC_TRY(found, state.backend.rule_exceptions.find(scope, id));
    auto after = state.backend.rule_exceptions.change(call.actor, found.id, version, wanted);
    if (!after && after.error().code == Code::Conflict) {
        GAC_TRY(current, state.backend.rule_exceptions.find(scope, id));
        JsonWriter json;
        write_exception(state, json, current);
        return version_differs(call, after.error(), json.take());
    }
    GAC_CHECK(after);
    GAC_CHECK(state.backend.rules.reload());
    return answer(state, *after);
}

constexpr Route kRoutes[] = {
    {"GET", "/api/v1/rules/exceptions", Access::Any, list},
    {"POST", "/api/v1/rules/exceptions", Access::Any, add, nullptr, kSearchLane},
    {"POST", "/api/v1/rules/exceptions/preview", Access::Any, preview_rule_exception, nullptr,
     kSearchLane},
    {"GET", "/api/v1/rules/exceptions/{id}", Access::Any, show},
    {"PATCH", "/api/v1/rules/exceptions/{id}", Access::Any, change, nullptr, kSearchLane},
};

}  // namespace

// Rule, conditions and unit: what an exception and its preview have in common.
Result<response::NewException> read_exception_wish(Api::State& state, const Body& body) {
    response::NewException wanted;
    GAC_TRY(rule, body.text_or_empty("rule_id", 200));
    if (!rule.empty() && !find_rule(state, rule)) {
        return fail(Code::NotFound, "no such rule is loaded", "rule_id");
    }
    wanted.rule_id = std::move(rule);
    GAC_TRY(conditions, body.objects("conditions", response::RuleExceptions::kConditionsMax,
                                     {"field", "op", "value"}));
    for (const Body& one : conditions) {
        response::ExceptionCondition condition;
        GAC_TRY(field, one.text("field", 200));
        GAC_TRY(op, one.text("op", 20));
        GAC_TRY(value, one.text("value", 2000));
        const auto known = response::parse_exception_op(op);
        if (!known) {
            return fail(Code::InvalidArgument,
                        "is not equals, startswith, endswith, contains or cidr", "conditions.op");
        }
        wanted.conditions.push_back({std::move(field), *known, std::move(value)});
    }
    GAC_TRY(unit, body.text_or_empty("unit_id", 64));
    if (!unit.empty()) {
        wanted.unit = base::UnitId::parse(unit);
        if (!wanted.unit) {
            return fail(Code::InvalidArgument, "there is no such unit", "unit_id");
        }
    }
    GAC_CHECK(response::RuleExceptions::check(wanted.conditions));
    GAC_CHECK(state.backend.rules.check_exception(wanted));
    return wanted;
}

std::span<const Route> rule_exception_routes() { return kRoutes; }

}  // namespace gac::api
