// /api/v1/rules/packs: imported collections of rules and their versions.
#include "pipeline/rule_packs.h"
#include "access/audit.h"
#include "api/body.h"
#include "api/rule_json.h"

namespace gac::api {

namespace {

using access::Permission;
using pipeline::PackChange;
using pipeline::RulePack;

constexpr pipeline::ArchiveLimits kLimits;

void write_pack(JsonWriter& json, const RulePack& pack) {
    json.open_object().field("name", pack.name).field("version", pack.version);
    json.key("versions").open_array();
    for (const pipeline::PackVersion& one : pack.versions) {
        json.open_object().field("version", one.version).field("imported_at", one.imported_at);
        json.field("imported_by", one.imported_by).field("origin", one.origin);
        json.field("rules", one.rules).close_object();
    }
    json.close_array().close_object();
}

std::string change_json(const PackChange& change, bool preview) {
    JsonWriter json;
    json.open_object().field("name", change.name).field("version", change.version);
    json.field("previous", change.previous).field("preview", preview);
    json.field("added", change.added).field("changed", change.changed);
    json.field("removed", change.removed).field("same", change.same);
    json.field("refused", change.refused).field("skipped", change.skipped);
    json.key("rules").open_array();
    for (const PackChange::Rule& rule : change.rules) {
        json.open_object().field("change", pipeline::name_of(rule.kind));
        json.field("id", rule.id).field("title", rule.title).field("path", rule.path);
        json.key("line");
        rule.line > 0 ? json.value(rule.line) : json.null();
        json.field("reason", rule.reason).close_object();
    }
    return json.close_array().close_object().take();
}

Result<net::Response> list(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::RulesView));
    GAC_CHECK(call.only({}));
    GAC_TRY(packs, state.backend.rules.packs().list());
    JsonWriter json;
    json.open_object().key("packs").open_array();
    for (const RulePack& pack : packs) {
        write_pack(json, pack);
    }
    return json_response(json.close_array().close_object().take());
}

Result<net::Response> import_pack(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::RulesEdit));
    GAC_CHECK(call.only({"name", "version", "preview"}));
    GAC_TRY(preview, call.truth("preview"));
    pipeline::RuleService& rules = state.backend.rules;
    const std::string name(call.parameter("name"));
    GAC_TRY(files, pipeline::unpack_rules(call.request.body, kLimits));
    GAC_TRY(wanted,
            pipeline::make_import(std::move(files), name, std::string(call.parameter("version")),
                                  "HTTP", state.now()));
    std::vector<detect::RuleText> others;
    for (const detect::RuleText& text : rules.loading()->texts) {
        const auto pack = rules.packs().pack_of(text.path);
        if (!pack || pack->first != name) {
            others.push_back(text);
        }
    }
    GAC_TRY(change, rules.packs().preview(wanted, others, rules.compile_options()));
    if (preview.value_or(false)) {
        return json_response(change_json(change, true));
    }
    GAC_CHECK(rules.packs().import(wanted, change, call.actor.name, state.now()));
    GAC_CHECK(state.backend.audit.append(
        call.actor, {.action = "rule_pack.import",
                     .object_kind = "rule_pack",
                     .object_id = name,
                     .detail = access::detail_json({{"version", change.version},
                                                    {"previous", change.previous.value_or("")},
                                                    {"rules", std::to_string(change.loaded)}})}));
    GAC_CHECK(rules.reload());
    return json_response(change_json(change, false));
}

Result<net::Response> use_pack(Api::State& state, Call& call) {
    const std::string& name = call.path.at(0);
    GAC_TRY(scope, state.require(call, Permission::RulesEdit, {"rule_pack", name}));
    GAC_TRY(body, Body::parse(call.request, {"version"}));
    GAC_TRY(version, body.text("version", 64));
    GAC_TRY(before, state.backend.rules.packs().find(name));
    GAC_TRY(pack, state.backend.rules.packs().use(name, version));
    GAC_CHECK(state.backend.audit.append(
        call.actor,
        {.action = "rule_pack.use",
         .object_kind = "rule_pack",
         .object_id = name,
         .detail = access::detail_json({{"version", version}, {"previous", before.version}})}));
    GAC_CHECK(state.backend.rules.reload());
    JsonWriter json;
    write_pack(json, pack);
    return json_response(json.take());
}

Result<net::Response> remove_pack(Api::State& state, Call& call) {
    const std::string& name = call.path.at(0);
    GAC_TRY(scope, state.require(call, Permission::RulesEdit, {"rule_pack", name}));
    GAC_CHECK(call.only({"version"}));
    const std::string version(call.parameter("version"));
    GAC_CHECK(state.backend.rules.packs().remove(name, version));
    GAC_CHECK(state.backend.audit.append(call.actor,
                                         {.action = "rule_pack.remove",
                                          .object_kind = "rule_pack",
                                          .object_id = name,
                                          .detail = access::detail_json({{"version", version}})}));
    GAC_CHECK(state.backend.rules.reload());
    return no_content();
}

constexpr Route kRoutes[] = {
    {"GET", "/api/v1/rules/packs", Access::Any, list},
    {"POST", "/api/v1/rules/packs", Access::Any, import_pack, nullptr, kSearchLane,
     kLimits.packed_bytes_max, Permission::RulesEdit},
    {"PATCH", "/api/v1/rules/packs/{name}", Access::Any, use_pack, nullptr, kSearchLane},
    {"DELETE", "/api/v1/rules/packs/{name}", Access::Any, remove_pack, nullptr, kSearchLane},
};

}  // namespace

std::span<const Route> rule_pack_routes() { return kRoutes; }

}  // namespace gac::api
