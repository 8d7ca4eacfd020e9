// What an event must have, as a plan: rows and blocks are then chosen as for a typed question.
#pragma once

#include "event/need.h"
#include "event/profile.h"
#include "store/query/plan.h"

namespace gac::store::query {

// Passes every event that meets the need (and may pass others). `need` is not Nothing.
PlanNode plan_of(const event::Need& need, const event::ProfileSet& profiles);

}  // namespace gac::store::query
