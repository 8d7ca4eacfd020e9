// What each rule costs: how often it is evaluated in full, how often it holds, and the time of one
// evaluation, sampled. Filled by the engine where candidates are evaluated; one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "event/detection.h"

namespace gac::detect {

struct RuleCost {
    std::uint64_t candidates = 0;  // evaluations
    std::uint64_t matches = 0;     // of these, the condition held; silent rules too
    std::uint64_t sampled = 0;     // evaluations that were timed
    std::uint64_t sampled_ns = 0;
};

struct MeteredRule {
    std::shared_ptr<const event::RuleInfo> rule;
    RuleCost cost;
};

class RuleMeter {
public:
    // One event with candidates in so many is timed: two looks at the clock for each of its rules.
    static constexpr std::uint32_t kSampleEvery = 1024;

    void reset(std::size_t rules) {
        costs_.assign(rules, {});
        events_ = 0;
    }
    // Of the next event: whether its evaluations are timed.
    bool begin_event() { return events_++ % kSampleEvery == 0; }

    template <class Evaluate>
    bool evaluate(std::size_t rule, bool timed, Evaluate&& holds) {
        RuleCost& cost = costs_[rule];
        ++cost.candidates;
        bool yes = false;
        if (timed) {
            const auto before = std::chrono::steady_clock::now();
            yes = holds();
            const auto took = std::chrono::steady_clock::now() - before;
            ++cost.sampled;
            cost.sampled_ns += static_cast<std::uint64_t>(
                std::chrono::duration_cast<std::chrono::nanoseconds>(took).count());
        } else {
            yes = holds();
        }
        cost.matches += yes ? 1 : 0;
        return yes;
    }

    const std::vector<RuleCost>& costs() const { return costs_; }

private:
    std::vector<RuleCost> costs_;  // by index of the set's detection rules
    std::uint32_t events_ = 0;
};

}  // namespace gac::detect
