// Rules written in the console: POST /api/v1/rules and /api/v1/rules/check, DELETE
// /api/v1/rules/{id}.
#include "pipeline/own_rules.h"

#include <algorithm>

#include <fmt/format.h>

#include "access/audit.h"
#include "api/body.h"
#include "api/rule_json.h"

namespace gac::api {

namespace {

using access::Permission;
using pipeline::RuleCheck;

void write_faults(JsonWriter& json, const RuleCheck& check) {
    json.key("faults").open_array();
    for (const detect::RuleFault& fault : check.faults) {
        json.open_object().key("line");
        fault.line > 0 ? json.value(fault.line) : json.null();
        json.field("reason", fault.reason).field("warning", fault.warning).close_object();
    }
    json.close_array();
}

Result<std::string> text_of(const Body& body) {
    return body.text("text", pipeline::OwnRules::kTextMax);
}

// Why it would not load: the first of its faults, with all of them beside it.
net::Response refused(const Call& call, const RuleCheck& check) {
    Problem problem{400, "rule_refused", "is no rule that can be loaded", "text"};
    const auto fault = std::ranges::find(check.faults, false, &detect::RuleFault::warning);
    if (fault != check.faults.end()) {
        problem.message = fault->reason;
        problem.where = fault->line > 0 ? fmt::format("line {}", fault->line) : "text";
    }
    JsonWriter json;
    json.open_object();
    write_faults(json, check);
    const std::string members = json.close_object().take();
    problem.extra = members.substr(1, members.size() - 2);
    return problem_response(problem, call.request.id);
}

Result<net::Response> check(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::RulesView));
    GAC_TRY(body, Body::parse(call.request, {"text"}));
    GAC_TRY(text, text_of(body));
    GAC_TRY(checked, state.own_rules.check(text));
    JsonWriter json;
    json.open_object().field("loads", checked.loads).field("id", checked.id);
    json.field("title", checked.title);
    write_faults(json, checked);
    return json_response(json.close_object().take());
}

Result<net::Response> add(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::RulesEdit));
    GAC_TRY(body, Body::parse(call.request, {"text"}));
    GAC_TRY(text, text_of(body));
    GAC_TRY(saved, state.own_rules.add(text, call.actor.name));
    if (!saved.loads) {
        return refused(call, saved);
    }
    GAC_CHECK(state.backend.audit.append(
        call.actor, {.action = "rule.add",
                     .object_kind = "rule",
                     .object_id = saved.id,
                     .detail = access::detail_json({{"title", saved.title}})}));
    GAC_CHECK(state.backend.rules.reload());
    JsonWriter json;
    json.open_object().field("id", saved.id).field("title", saved.title);
    write_faults(json, saved);
    return json_response(json.close_object().take(), 201);
}

Result<net::Response> remove(Api::State& state, Call& call) {
    const std::string& id = call.path.at(0);
    GAC_TRY(scope, state.require(call, Permission::RulesEdit, {"rule", id}));
    GAC_CHECK(call.only({}));
    const auto rule = find_rule(state, id);
    if (const auto removed = state.own_rules.remove(id, call.actor.name); !removed) {
        if (rule && removed.error().code == Code::NotFound) {
            return fail(Code::Conflict,
                        "it was not written in the console: switch it off, or remove its pack",
                        "id");
        }
        return std::unexpected(removed.error());
    }
    GAC_CHECK(state.backend.audit.append(
        call.actor,
        {.action = "rule.remove",
         .object_kind = "rule",
         .object_id = id,
         .detail = access::detail_json({{"title", rule ? rule->title : std::string()}})}));
    GAC_CHECK(state.backend.rules.reload());
    return no_content();
}

constexpr Route kRoutes[] = {
    {"POST", "/api/v1/rules", Access::Any, add, nullptr, kSearchLane},
    {"POST", "/api/v1/rules/check", Access::Any, check, nullptr, kSearchLane},
    {"DELETE", "/api/v1/rules/{id}", Access::Any, remove, nullptr, kSearchLane},
};

}  // namespace

std::span<const Route> own_rule_routes() { return kRoutes; }

}  // namespace gac::api
