// What events must have so that some rule can match them, for whoever looks through many stored
// events: it says which need not be read. Any thread.
#pragma once

#include <cstddef>

#include "detect/rule_set.h"
#include "event/need.h"

namespace gac::detect {

// Every event that a rule of the set matches (rules behind correlations, too) meets it. With more
// than `leaves_max` conditions in it, it is drawn wider: by log sources alone, or by profiles.
event::Need need_of(const RuleSet& rules, std::size_t leaves_max = 200);

}  // namespace gac::detect
