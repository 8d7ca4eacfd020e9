// Indicator lists against history: the join of detect's hunter and the store's hunt, and the answer
// as people see it. Any thread; hunt_history runs on the caller's and on helpers of its own.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "detect/indicator_hunter.h"
#include "store/event_source.h"

namespace gac::pipeline {

struct HuntFinding {
    detect::IndicatorHunter::Indicator indicator;
    store::HuntAnswer::Found seen;
};

struct HuntReport {
    std::vector<HuntFinding> findings;  // the most frequent first
    std::uint64_t events = 0;           // looked at
    std::uint64_t bytes = 0;
    std::string partial;  // empty, or why not everything was looked at
};

Result<HuntReport> hunt_history(const store::EventSource& history,
                                std::shared_ptr<const detect::IndicatorPlan> plan,
                                std::shared_ptr<const detect::IndicatorSet> set,
                                std::set<std::string> disabled, const store::HuntQuestion& question,
                                const store::Budget& budget);

// What a `hunt` pipe of a search looks with.
std::shared_ptr<const store::Hunter> make_hunter(std::shared_ptr<const detect::IndicatorPlan> plan,
                                                 std::shared_ptr<const detect::IndicatorSet> set);

// {"indicator","type","count","first","last","hosts":[…],"sources":[…],"lists":[…]}
void append_json(const HuntFinding& finding, std::string& out);

}  // namespace gac::pipeline
