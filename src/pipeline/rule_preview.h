// What a rule would have found: a loaded one, or a draft, over history. Exceptions in force are
// heeded; nothing is raised. Bounded by the budget, and says so when that was not enough. Any
// thread, the caller's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "detect/rule_set.h"
#include "event/batch.h"
#include "response/rule_exceptions.h"
#include "store/event_source.h"
#include "store/source_names.h"

namespace gac::pipeline {

// What is in force: a rule may refer to others.
struct PreviewRules {
    std::span<const detect::RuleText> texts;
    std::shared_ptr<const detect::RuleSet> compiled;  // of them; may be null when there are none
    std::span<const response::RuleException> exceptions;
    detect::CompileOptions options;
};

struct PreviewQuestion {
    std::string rule_id;  // of a rule in force, or
    std::string text;     // of a rule file, which takes the place of rules of the same id
    store::TimeRange range;
    std::optional<std::vector<std::string>> only_sources;  // set by access control
    store::Budget budget;
};

struct RulePreview {
    static constexpr std::size_t kHostsShown = 20;
    static constexpr std::size_t kHostsMax = 10'000;  // told apart; the others count in the sums
    static constexpr std::size_t kDaysMax = 4'000;
    static constexpr std::size_t kSamplesMax = 10;

    struct OfRule {
        std::shared_ptr<const event::RuleInfo> rule;
        std::uint64_t matched = 0;
    };
    struct OfHost {
        std::string host;  // empty: the event names none
        std::uint64_t matched = 0;
    };
    struct OfDay {
        base::TimePoint day;  // its beginning by Vietnam's clock
        std::uint64_t matched = 0;
    };
    struct Sample {
        base::TimePoint time;
        event::EventId event = 0;
        std::string rule_id;
    };
    std::vector<OfRule> rules;  // that report, in the order of the file
    std::uint64_t matched = 0;
    std::uint64_t hosts_all = 0;
    bool more_hosts = false;      // than are told apart
    std::vector<OfHost> hosts;    // the most frequent first
    std::vector<OfDay> days;      // ascending, those with matches
    std::vector<Sample> samples;  // the newest first
    std::optional<base::TimePoint> first, last;
    std::uint64_t judged_events = 0;
    std::uint64_t scanned_bytes = 0;
    std::uint64_t blocks = 0, blocks_skipped = 0;
    std::string partial;  // empty, or why not everything was looked at
};

// NotFound: no such rule. InvalidArgument: the draft is refused; the message says why and where.
Result<RulePreview> preview_rule(const store::EventSource& history,
                                 const store::SourceNames& sources, const PreviewRules& known,
                                 const PreviewQuestion& question);

}  // namespace gac::pipeline
