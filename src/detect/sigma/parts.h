// The compiled form of all rules: leaves shared by all, one plan for each profile with the programs
// of its routes.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "detect/rule_set.h"
#include "detect/sigma/program.h"
#include "detect/sigma/rule.h"
#include "detect/sigma/source.h"

namespace gac::detect {

namespace sigma {

// What a route's value of one routing field is. Values that no rule and no log source names share
// one id, so that invented names cannot make routes.
inline constexpr std::uint32_t kRouteOpen = 0;     // nothing is known: ask when matching
inline constexpr std::uint32_t kRouteMissing = 1;  // missing or null
inline constexpr std::uint32_t kRouteOther = 2;    // a plain value that no rule names
inline constexpr std::uint32_t kRouteFirst = 3;
inline constexpr std::size_t kRouteFieldsMax = 2;

// Where a detection rule feeds a correlation.
struct CorrelationInput {
    std::uint32_t correlation = 0;
    std::uint32_t reference = 0;
};

struct DetectionRule {
    Rule rule;
    std::vector<const Leaf*> leaves;  // by item
    bool silent = false;              // reports only through correlations
    std::vector<CorrelationInput> inputs;
};

// Folded texts that a test names as whole values; a number has its own spelling and the plain one.
std::vector<std::string> route_values(const Test& test);

class Plan {
public:
    struct BoundAlternative {
        std::vector<std::pair<std::size_t, std::vector<std::uint32_t>>> route_when;  // known values
        std::vector<std::pair<const Leaf*, Slot>> other_when;
        std::vector<Slot> slots;                   // by item of the rule
        std::vector<std::vector<Slot>> relations;  // by item, by test
        std::vector<std::vector<Slot>> inputs;     // by input of the rule: group-by, then values
    };
    struct Use {
        std::uint32_t rule = 0;
        std::vector<BoundAlternative> alternatives;
    };

    explicit Plan(const event::Profile& profile) : binding(profile) {}

    Binding binding;
    std::vector<Slot> route_slots;  // at most kRouteFieldsMax
    std::vector<Use> uses;          // ascending by rule

    std::uint32_t route_id(std::size_t field, const event::ValueRef* value,
                           std::string& scratch) const;
    // Built on first use; guarded. Bounded by what the rules name, not by what events bring.
    const Program& program(const std::vector<DetectionRule>& rules,
                           std::array<std::uint32_t, kRouteFieldsMax> route) const;
    std::size_t program_count() const;
    // The first alternative of the rule that the event is of, for names that depend on it.
    const BoundAlternative* alternative_of(std::uint32_t rule,
                                           std::array<std::uint32_t, kRouteFieldsMax> route) const;

    std::uint32_t add_known(std::size_t field, std::string folded);
    std::vector<std::unordered_map<std::string, std::uint32_t>> known;  // by routing field
    std::vector<std::vector<std::string>> known_texts;                  // by id - kRouteFirst

private:
    using Route = std::array<std::uint32_t, kRouteFieldsMax>;
    bool when_holds(const BoundAlternative& alternative, const Route& route) const;
    void mark_relevant(const Leaf& leaf, std::vector<bool>& relevant) const;
    Route narrowed(const std::vector<DetectionRule>& rules, Route route) const;
    std::unique_ptr<const Program> build(const std::vector<DetectionRule>& rules,
                                         const Route& route) const;

    struct Built {
        std::once_flag once;
        std::unique_ptr<const Program> program;
    };
    mutable std::mutex mutex_;
    mutable std::map<Route, Built> programs_;  // its elements stay where they are
    // First routing value -> which second values make a difference there.
    mutable std::unordered_map<std::uint32_t, std::vector<bool>> relevant_;
};

}  // namespace sigma

class RuleSet::Parts {
public:
    std::vector<std::shared_ptr<const event::RuleInfo>> infos;
    std::size_t refused = 0;
    std::shared_ptr<const event::ProfileSet> profiles;
    std::vector<sigma::DetectionRule> rules;
    std::vector<std::unique_ptr<sigma::Leaf>> leaves;
    std::vector<std::unique_ptr<sigma::Plan>> plans;  // by ProfileId
    std::vector<sigma::Correlation> correlations;     // inputs before those that they feed
    // By correlation: where it feeds others, and whether it reports.
    std::vector<std::vector<sigma::CorrelationInput>> correlation_inputs;
    std::vector<bool> correlation_silent;
    // By correlation, by reference: names of the group-by fields, then of the value fields.
    std::vector<std::vector<std::vector<std::string>>> correlation_fields;
    bool has_keywords = false;
    bool match_unknown_sources = false;
};

}  // namespace gac::detect
