// What an exception would have silenced: stored events are judged again, once by the rules as they
// are and once with the exception. Reads only; bounded by time, and says so when that was not
// enough. Any thread, the caller's.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "event/batch.h"
#include "pipeline/rule_service.h"
#include "response/rule_exceptions.h"
#include "store/event_source.h"

namespace gac::pipeline {

struct EffectQuestion {
    response::RuleException exception;  // `hosts` filled when it is for a unit
    base::TimePoint from, to;           // by receipt
    event::EventId end = 0;             // ids below are looked at
    base::Duration time_max = base::Duration::seconds(20);
    std::stop_token cancel;
};

struct ExceptionEffect {
    static constexpr std::size_t kSamplesMax = 20;
    static constexpr std::size_t kRulesMax = 50;

    std::uint64_t matched = 0;
    std::uint64_t silenced = 0;
    std::uint64_t scanned_events = 0;
    std::optional<base::TimePoint> scanned_from;  // receipt of the oldest event looked at
    struct OfRule {
        std::string rule_id, title, title_vi;
        std::uint64_t matched = 0, silenced = 0;
    };
    std::vector<OfRule> rules;                                    // the most silenced first
    std::vector<std::pair<std::string, event::EventId>> samples;  // rule and event
    std::string partial;                                          // empty, or why not all
};

Result<ExceptionEffect> preview_exception(const store::EventSource& history,
                                          const RuleService& rules, const EffectQuestion& question);

}  // namespace gac::pipeline
