// Rules that people write in the console: one pack of imported rules (rule_packs.h) of which every
// change is a version, so that it is kept, backed up and put back like any other pack. Any thread;
// one change at a time. What it writes is in force after the next reload of the rules.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/snapshot.h"
#include "base/time.h"
#include "detect/rule_text.h"
#include "pipeline/rule_service.h"

namespace gac::pipeline {

// What is said of a rule's text before it is saved.
struct RuleCheck {
    bool loads = false;                     // it would be in force
    std::string id, title;                  // as the text says; empty when it does not
    std::vector<detect::RuleFault> faults;  // warnings too
};

class OwnRules {
public:
    static constexpr std::string_view kPack = "console";
    static constexpr std::size_t kTextMax = 256 << 10;

    OwnRules(RuleService& rules, const base::Clock& clock) : rules_(rules), clock_(clock) {}

    // Compiles the text together with everything that is loaded. An own rule is one document with
    // an id of its own, a UUID; that it is not, is a fault too.
    Result<RuleCheck> check(std::string_view text) const;
    // Writes a version with the rule, or nothing when it would not load.
    Result<RuleCheck> add(std::string_view text, std::string_view by);
    // NotFound when no own rule has this id. The versions before keep its text.
    Result<> remove(std::string_view id, std::string_view by);

private:
    Result<std::vector<detect::RuleText>> own_texts() const;  // paths inside the pack
    Result<> write(std::vector<detect::RuleText> texts, std::string_view by) const;

    RuleService& rules_;
    const base::Clock& clock_;
    struct Turn {};
    base::Guarded<Turn> turn_;
};

}  // namespace gac::pipeline
