// The meaning of a detection rule, evaluated the plain way: no routes, no triggers, no memory,
// every condition asked in full. The engine must give the same answers; tests hold the two against
// each other.
#pragma once

#include <cstdint>

#include "detect/rule_set.h"
#include "event/batch.h"

namespace gac::detect::sigma {

// `rule` indexes the set's detection rules. The event must have all its fields.
bool reference_matches(const RuleSet::Parts& parts, std::uint32_t rule,
                       const event::EventRef& event);

}  // namespace gac::detect::sigma
