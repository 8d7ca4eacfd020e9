// ATT&CK coverage: which techniques and tactics the rules name in their tags ("attack.t1059.001",
// "attack.execution"), and the same as a layer for the ATT&CK Navigator. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "event/detection.h"

namespace gac::pipeline {

struct CoverageCounts {
    std::size_t rules = 0;
    std::size_t enabled = 0;
    std::uint64_t hits = 0;  // of these rules
};

struct CoveredTactic {
    std::string id;  // as ATT&CK spells it: "credential-access"
    CoverageCounts counts;
};

struct CoveredTechnique {
    std::string id;                    // "T1059.001"
    std::vector<std::string> tactics;  // that the same rules name
    CoverageCounts counts;
    std::vector<std::string> rule_ids;
};

struct RuleCoverage {
    std::size_t rules = 0;
    std::size_t rules_without_technique = 0;
    std::vector<CoveredTactic> tactics;        // in the order of ATT&CK
    std::vector<CoveredTechnique> techniques;  // by id
};

RuleCoverage cover(std::span<const std::shared_ptr<const event::RuleInfo>> rules,
                   const std::set<std::string>& disabled,
                   const std::map<std::string, std::uint64_t, std::less<>>& hits);

// Layer format 4.5. A technique's score is its number of enabled rules; a sub-technique's rules
// also count for its parent, which ATT&CK shows above it.
std::string navigator_layer(const RuleCoverage& coverage, base::TimePoint now);

}  // namespace gac::pipeline
