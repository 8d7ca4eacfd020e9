// Why a rule matches an event, or why not: the log source first, then every condition with what it
// expects and what the event says. Plain evaluation in full, for people; the verdict is the
// engine's (tests hold the two against each other). Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "detect/rule_set.h"
#include "event/batch.h"
#include "event/detection.h"

namespace gac::detect {

struct ExplainedTest {
    std::string_view op;  // "equals", "contains", "re", "cidr" ...
    std::string value;    // folded where letters' case does not count
    bool cased = false;
    bool hit = false;
};

// A field and what is expected of it: any of the tests.
struct ExplainedItem {
    static constexpr std::size_t kExpectedMax = 50;
    static constexpr std::size_t kValueBytesMax = 2'048;

    bool holds = false;
    std::string field;                    // as the rule asks; empty = any text of the event
    std::vector<ExplainedTest> expected;  // those that hit first, at most kExpectedMax
    std::size_t expected_count = 0;       // before cutting
    struct Actual {
        std::string field;  // the event's own name
        std::string ecs;    // the well-known name for it; empty when there is none
        std::string value;  // at most kValueBytesMax
    };
    std::optional<Actual> actual;  // none: the field is missing
};

struct ExplainedNode {
    enum class Kind : std::uint8_t { And, Or, Not, AtLeast, Item, Constant };
    Kind kind = Kind::Constant;
    bool holds = false;
    std::string selection;   // of the rule's text (or filter) whose whole expression this is
    std::string exception;   // id of the exception that this is
    std::uint32_t need = 0;  // AtLeast
    std::vector<ExplainedNode> children;
    std::optional<ExplainedItem> item;
};

// One way in which events of the profile can be of the rule's log source.
struct ExplainedWay {
    bool holds = false;
    std::vector<ExplainedItem> when;  // all must hold
};

enum class Explained : std::uint8_t {
    Match,
    NoMatch,      // the condition does not hold
    OtherSource,  // the rule is not asked about such events
    Correlation,  // it counts other rules' matches: see references
};
std::string_view name_of(Explained verdict);  // "match", "no_match", "other_source", "correlation"

struct Explanation {
    std::shared_ptr<const event::RuleInfo> rule;
    Explained verdict = Explained::NoMatch;
    std::string profile;  // of the event
    bool source_holds = false;
    std::vector<ExplainedWay> ways;  // empty: no event of the profile is for the rule
    // Also where the log source does not fit, as if it did; none for a correlation.
    std::optional<ExplainedNode> condition;
    std::vector<Explanation> references;  // of a correlation
};

// `rule` is an id, name, title or path. The event must have all its fields.
Result<Explanation> explain(const RuleSet& rules, std::string_view rule,
                            const event::EventRef& event);

// The members of the contract's RuleExplanation, without braces.
void append_explanation_json(const Explanation& explanation, std::string& out);
// For the terminal: one line a node, indented; ends with a line end.
std::string explanation_text(const Explanation& explanation);

}  // namespace gac::detect
