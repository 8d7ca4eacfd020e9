// Correlation rules over what the detection rules found: one window for each rule and group, in
// event time, bounded in groups and entries, every eviction counted. One thread at a time.
#pragma once

#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "detect/correlate/window.h"
#include "detect/engine.h"
#include "detect/sigma/parts.h"

namespace gac::detect::correlate {

// One detection on its way into a correlation.
struct Input {
    sigma::CorrelationInput to;
    base::TimePoint time;
    base::TimePoint received;
    event::EventId event = 0;
    std::uint32_t row = 0;
    bool drill = false;
    std::span<const std::string> group;   // by group-by field
    std::span<const std::string> values;  // by value field
};

class Correlator {
public:
    Correlator(std::shared_ptr<const RuleSet> rules, const Limits& limits);

    void add(const Input& input, std::vector<event::Detection>& out, EngineStats& stats);
    void swap_rules(std::shared_ptr<const RuleSet> rules);

private:
    struct Group {
        explicit Group(const sigma::Correlation& rule) : window(rule) {}
        Window window;
        base::TimePoint touched;                       // our clock
        std::list<const std::string*>::iterator turn;  // place in State::turns
    };
    struct State {
        std::unordered_map<std::string, std::unique_ptr<Group>> groups;
        std::list<const std::string*> turns;  // keys of groups, stalest first
    };

    void feed(const Input& input, std::shared_ptr<const std::vector<event::EventId>> events,
              std::vector<event::Detection>& out, EngineStats& stats);
    Group& group_of(State& state, std::string key, const Input& input,
                    const sigma::Correlation& rule, EngineStats& stats);
    void report(const sigma::Correlation& rule, const Window& window, const Outcome& outcome,
                const Input& input, std::vector<event::Detection>& out, EngineStats& stats);

    std::shared_ptr<const RuleSet> rules_;
    Limits limits_;
    std::vector<State> states_;  // by correlation
};

}  // namespace gac::detect::correlate
