// Alerts as JSON: one shape for lists, details and the live feed.
#pragma once

#include <string>

#include "api/json_writer.h"
#include "api/state.h"
#include "event/batch.h"
#include "response/alerts.h"

namespace gac::api {

// The members of an alert, without the braces.
void write_alert_members(Api::State& state, JsonWriter& json, const response::Alert& alert);
void write_alert(Api::State& state, JsonWriter& json, const response::Alert& alert);
void write_hour(JsonWriter& json, const response::HourCount& hour);
// The verdict's word in the contract, and back (the short words of the control database are
// understood too).
std::string_view contract_word(response::Verdict verdict);
std::optional<response::Verdict> parse_contract_verdict(std::string_view word);

// AlertCounts of the contract.
Result<std::string> count_json(Api::State& state, const access::Scope& scope,
                               const access::Actor& actor, const response::AlertFilter& filter);

// One event, flat, with "_id" and "_source".
void write_event(Api::State& state, JsonWriter& json, const event::EventRef& event);

// Alerts that are open and counted: real ones unless the call says otherwise.
Result<response::AlertFilter> alert_filter_of(
    Api::State& state, const Call& call,
    const std::vector<std::pair<std::string, std::string>>& values);

}  // namespace gac::api
