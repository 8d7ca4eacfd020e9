// /api/v1/rules/coverage: which ATT&CK techniques the loaded rules speak of.
#include "pipeline/rule_coverage.h"
#include "api/rule_json.h"

namespace gac::api {

namespace {

Result<pipeline::RuleCoverage> coverage_of(Api::State& state) {
    GAC_TRY(states, state.backend.rules_book.list());
    std::map<std::string, std::uint64_t, std::less<>> hits;
    for (const response::RuleState& rule : states) {
        hits.emplace(rule.rule_id, rule.hits);
    }
    const auto set = state.backend.rules.active().get();
    return pipeline::cover(set->rules(), *state.backend.rules.disabled(), hits);
}

void write_counts(JsonWriter& json, const pipeline::CoverageCounts& counts) {
    json.field("rules", counts.rules).field("enabled", counts.enabled).field("hits", counts.hits);
}

Result<net::Response> show(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, access::Permission::RulesView));
    GAC_CHECK(call.only({}));
    GAC_TRY(coverage, coverage_of(state));
    JsonWriter json;
    json.open_object().field("rules", coverage.rules);
    json.field("rules_without_technique", coverage.rules_without_technique);
    json.key("tactics").open_array();
    for (const pipeline::CoveredTactic& tactic : coverage.tactics) {
        json.open_object().field("id", tactic.id);
        write_counts(json, tactic.counts);
        json.close_object();
    }
    json.close_array().key("techniques").open_array();
    for (const pipeline::CoveredTechnique& technique : coverage.techniques) {
        json.open_object().field("id", technique.id).key("tactics").open_array();
        for (const std::string& tactic : technique.tactics) {
            json.value(tactic);
        }
        json.close_array();
        write_counts(json, technique.counts);
        json.key("rule_ids").open_array();
        for (const std::string& rule : technique.rule_ids) {
            json.value(rule);
        }
        json.close_array().close_object();
    }
    return json_response(json.close_array().close_object().take());
}

Result<net::Response> navigator(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, access::Permission::RulesView));
    GAC_CHECK(call.only({}));
    GAC_TRY(coverage, coverage_of(state));
    net::Response response = json_response(pipeline::navigator_layer(coverage, state.now()));
    response.headers.set("Content-Disposition", "attachment; filename=\"gac-attack-layer.json\"");
    return response;
}

constexpr Route kRoutes[] = {
    {"GET", "/api/v1/rules/coverage", Access::Any, show},
    {"GET", "/api/v1/rules/coverage/navigator", Access::Any, navigator},
};

}  // namespace

std::span<const Route> rule_coverage_routes() { return kRoutes; }

}  // namespace gac::api
