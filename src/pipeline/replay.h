// At a start, after a crash or a `gac ingest` without a server: events that are in history but
// whose detections were never raised are judged again, and those that the saved correlation windows
// do not hold yet go into them. Raising is idempotent, so judging an event twice does no harm; what
// was raised already is not raised again.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "event/profile.h"
#include "pipeline/correlation.h"
#include "pipeline/indicator_service.h"
#include "pipeline/rule_service.h"
#include "pipeline/source_table.h"
#include "response/alerts.h"
#include "store/event_source.h"

namespace gac::pipeline {

// `indicators` may be null. Afterwards the windows hold all events below `end`, and everything
// below it is raised. Gives how many events were judged.
Result<std::uint64_t> replay_tail(const store::EventSource& history, event::EventId end,
                                  RuleService& rules, const IndicatorService* indicators,
                                  const event::ProfileSet& profiles, const SourceTable& sources,
                                  response::Alerts& alerts, Windows& windows);

}  // namespace gac::pipeline
