// The work of gac detect: inputs through decoders and engines to lines on stdout, on one or several
// threads, in the order of the inputs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "detect/engine.h"
#include "detect/indicator_engine.h"
#include "event/profile.h"

namespace gac::app {

struct DetectSettings {
    std::shared_ptr<const detect::RuleSet> rules;
    std::shared_ptr<const event::ProfileSet> profiles;
    std::shared_ptr<const detect::IndicatorPlan> indicator_plan;  // with `indicators`, or none
    std::shared_ptr<const detect::IndicatorSet> indicators;
    event::ProfileId profile{};
    std::string format = "auto";
    bool json = false;
    std::size_t threads = 1;
};

struct DetectReport {
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
    std::uint64_t matches = 0;  // of rules and indicators
    std::uint64_t indicator_hits = 0;
    std::uint64_t candidates = 0;
    std::uint64_t keyword_checks = 0;
    std::uint64_t parse_failed = 0;
    std::size_t threads = 1;
    std::uint64_t blocks = 0;          // of history, in the span
    std::uint64_t blocks_skipped = 0;  // that hold nothing for the rules
    std::vector<Error> failures;       // inputs that could not be read to the end
};

Result<DetectReport> run_detect(const DetectSettings& settings,
                                const std::vector<std::string>& inputs);

}  // namespace gac::app
