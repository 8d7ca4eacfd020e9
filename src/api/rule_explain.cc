// POST /api/v1/rules/{id}/explain and POST /api/v1/rules/exceptions/preview.
#include "api/body.h"
#include "api/rule_json.h"

namespace gac::api {

Result<net::Response> preview_rule_exception(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, access::Permission::EventsSearch));
    return fail(Code::Unavailable, "history cannot be judged again yet");
}

Result<net::Response> explain_rule(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, access::Permission::RulesView));
    return fail(Code::Unavailable, "rules cannot be explained yet");
}

}  // namespace gac::api
