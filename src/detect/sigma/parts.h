// The compiled form of all rules: leaves shared by all, one plan for each profile with the programs
// of its routes.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "detect/rule_set.h"
#include "detect/sigma/program.h"
#include "detect/sigma/rule.h"
#include "detect/sigma/shared_item.h"
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
    Rule rule;                             // without its items
    std::vector<const SharedItem*> items;  // what Expr::item names
    bool silent = false;                   // reports only through correlations
    std::vector<CorrelationInput> inputs;
};

// Folded texts that a test names as whole values; a number has its own spelling and the plain one.
std::vector<std::string> route_values(const Test& test);

class Plan {
public:
    static constexpr Slot kNoSlot = 0xffff'ffff;
    // One way in which an event is of a log source that rules name.
    struct Way {
        std::vector<std::pair<std::size_t, std::vector<std::uint32_t>>> route_when;  // known values
        std::vector<std::pair<const SharedItem*, Slot>> other_when;
        std::map<std::string, std::string> rename;  // asked name -> asked name
        std::vector<Slot> slots;  // by number of the asked name; kNoSlot where no rule asks
    };
    struct Use {
        std::uint32_t rule = 0;
        std::uint32_t first_way = 0;  // ways[first_way .. first_way + way_count)
        std::uint32_t way_count = 0;
        // inputs[first_input + way * inputs of the rule + input]
        std::uint32_t first_input = 0;
    };

    explicit Plan(const event::Profile& profile) : binding(profile) {}

    Binding binding;
    std::vector<Slot> route_slots;  // at most kRouteFieldsMax
    std::vector<Use> uses;          // ascending by rule
    std::vector<Way> ways;
    std::vector<std::vector<Slot>> inputs;  // group-by, then values

    std::uint32_t route_id(std::size_t field, const event::ValueRef* value,
                           std::string& scratch) const;
    // Built on first use; guarded. Bounded by what the rules name, not by what events bring.
    const Program& program(const std::vector<DetectionRule>& rules,
                           std::array<std::uint32_t, kRouteFieldsMax> route) const;
    std::size_t program_count() const;
    // By input of the rule, in the first way that the event is of: names may depend on it. Empty:
    // it is of none.
    std::span<const std::vector<Slot>> inputs_of(
        const DetectionRule& rule, std::uint32_t number,
        std::array<std::uint32_t, kRouteFieldsMax> route) const;
    // The slot of a name that was asked for when rules were compiled.
    Slot slot_of(const Way& way, const std::string& asked) const;

    std::uint32_t add_known(std::size_t field, std::string folded);
    std::vector<std::unordered_map<std::string, std::uint32_t>> known;  // by routing field
    std::vector<std::vector<std::string>> known_texts;                  // by id - kRouteFirst

private:
    using Route = std::array<std::uint32_t, kRouteFieldsMax>;
    std::span<const Way> ways_of(const Use& use) const {
        return std::span(ways).subspan(use.first_way, use.way_count);
    }
    static bool when_holds(const Way& way, const Route& route);
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
    std::shared_ptr<const void> kept;  // behind items that came out of a file
    std::deque<sigma::SharedItem> items;
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
