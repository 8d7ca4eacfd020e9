// /api/v1/rules/packs: imported collections of rules and their versions.
#include "api/body.h"
#include "api/rule_json.h"

namespace gac::api {

namespace {

using access::Permission;

std::unexpected<Error> no_folder() {
    return fail(Code::Unavailable, "this server has no folder for imported rules");
}

Result<net::Response> list(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::RulesView));
    GAC_CHECK(call.only({}));
    JsonWriter json;
    json.open_object().key("packs").open_array();
    return json_response(json.close_array().close_object().take());
}

Result<net::Response> import_pack(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::RulesEdit));
    return no_folder();
}

Result<net::Response> use_pack(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::RulesEdit, {"rule_pack", call.path.at(0)}));
    return no_folder();
}

Result<net::Response> remove_pack(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::RulesEdit, {"rule_pack", call.path.at(0)}));
    return no_folder();
}

constexpr Route kRoutes[] = {
    {"GET", "/api/v1/rules/packs", Access::Any, list},
    {"POST", "/api/v1/rules/packs", Access::Any, import_pack, nullptr, kSearchLane},
    {"PATCH", "/api/v1/rules/packs/{name}", Access::Any, use_pack, nullptr, kSearchLane},
    {"DELETE", "/api/v1/rules/packs/{name}", Access::Any, remove_pack, nullptr, kSearchLane},
};

}  // namespace

std::span<const Route> rule_pack_routes() { return kRoutes; }

}  // namespace gac::api
