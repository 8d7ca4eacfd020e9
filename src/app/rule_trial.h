// Runs rules against the samples that stand in their own files under the key `tests`: every
// positive one must make the rule fire, no negative one may. A sample is {source: PROFILE, line:
// TEXT} or, for correlations, {source, lines: [...]}.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "detect/rule_text.h"
#include "event/profile.h"

namespace gac::app {

struct TrialFault {
    std::string path;
    std::string rule;  // title
    std::string what;  // "positive sample 2 does not match"
};

struct TriedRule {
    std::string path;
    std::string id;
    std::string title;
    std::size_t samples = 0;
    std::vector<std::string> faults;
};

struct TrialReport {
    std::size_t rules = 0;  // rules looked at
    std::size_t samples = 0;
    std::size_t without_samples = 0;  // rules that lack a positive or a negative sample
    std::vector<TrialFault> faults;
    std::vector<TriedRule> tried;  // those with samples
};

// Rules that others correlate, silent otherwise, speak here for themselves. Fails when a file is no
// YAML or a sample has the wrong shape.
Result<TrialReport> try_rules(std::span<const detect::RuleText> texts,
                              std::shared_ptr<const event::ProfileSet> profiles,
                              const detect::Placeholders& lists = {});

}  // namespace gac::app
