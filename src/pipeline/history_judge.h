// Rules over history: stored events through the engine of the stream, on all cores, and what they
// give to correlation rules through one correlator in the order of time. Only events that some
// rule may want are read; what is found equals judging every event of the range. Any thread, the
// caller's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "detect/rule_set.h"
#include "event/detection.h"
#include "event/profile.h"
#include "store/event_source.h"
#include "store/source_names.h"

namespace gac::pipeline {

struct HistoryHit {
    event::Detection detection;  // its row means nothing
    std::string source;          // of the event, of a correlation of the one that completed it
    std::string host;            // host.name; empty when the event has none
    event::EventId event = 0;
};

// What becomes of hits. One call at a time, on any thread.
class HistoryUse {
public:
    virtual ~HistoryUse() = default;
    // Of single events block by block, of correlations in the order of time. False ends it.
    virtual bool take(HistoryHit hit) = 0;
    // No hit of a single event before this comes any more. Not with newest_first.
    virtual void passed(base::TimePoint) {}
};

struct JudgeQuestion {
    std::shared_ptr<const detect::RuleSet> rules;
    store::TimeRange range;
    std::optional<std::vector<std::string>> only_sources;  // set by access control
    // Blocks with the newest events first: what people want to see should time run out.
    // Correlations are fed oldest first in any case.
    bool newest_first = false;
    // What correlation rules were given waits until all of it is there. With more waiting than
    // `inputs_kept` that which no older event can precede any more goes first; an event whose
    // clock ran ahead by more than the lateness may then come too late (JudgeReport::late).
    std::size_t inputs_kept = 4'000'000;
    std::size_t inputs_max = 20'000'000;  // still waiting then: the answer is partial
    store::Budget budget;
};

struct JudgeReport {
    std::uint64_t judged_events = 0;   // that some rule might want
    std::uint64_t scanned_events = 0;  // of blocks that were opened
    std::uint64_t scanned_bytes = 0;
    store::SkipCounts skips;
    std::uint64_t matches = 0;
    std::uint64_t candidates = 0;
    std::uint64_t keyword_checks = 0;
    std::uint64_t late = 0;  // events too old to be correlated
    std::string partial;     // empty, or why not everything was looked at
};

Result<JudgeReport> judge_history(const store::EventSource& history,
                                  const event::ProfileSet& profiles,
                                  const store::SourceNames& sources, const JudgeQuestion& question,
                                  HistoryUse& use);

}  // namespace gac::pipeline
