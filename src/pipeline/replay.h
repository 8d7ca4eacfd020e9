// After a crash, or after `gac ingest` without a server: events that are in history but whose
// detections were never raised are judged again. Raising is idempotent, so judging an event twice
// does no harm.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "event/profile.h"
#include "pipeline/indicator_service.h"
#include "pipeline/rule_service.h"
#include "pipeline/source_table.h"
#include "response/alerts.h"
#include "store/event_source.h"

namespace gac::pipeline {

// `indicators` may be null. Events with ids in [raised so far, end). Gives how many were judged.
Result<std::uint64_t> replay_tail(const store::EventSource& history, event::EventId end,
                                  RuleService& rules, const IndicatorService* indicators,
                                  const event::ProfileSet& profiles, const SourceTable& sources,
                                  response::Alerts& alerts);

}  // namespace gac::pipeline
