// What the files of /api/v1/rules share.
#pragma once

#include <memory>
#include <string_view>

#include "api/body.h"
#include "api/json_writer.h"
#include "api/state.h"
#include "event/detection.h"
#include "response/rule_exceptions.h"

namespace gac::api {

// The loaded rule of this id, or nothing.
std::shared_ptr<const event::RuleInfo> find_rule(Api::State& state, std::string_view id);

// Rule, conditions and unit: what an exception and its preview have in common.
Result<response::NewException> read_exception_wish(Api::State& state, const Body& body);

// POST /api/v1/rules/exceptions/preview
Result<net::Response> preview_rule_exception(Api::State& state, Call& call);
// POST /api/v1/rules/preview
Result<net::Response> preview_rule(Api::State& state, Call& call);
// POST /api/v1/rules/{id}/explain
Result<net::Response> explain_rule(Api::State& state, Call& call);

}  // namespace gac::api
