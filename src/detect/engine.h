// Events in, detections out. One engine for each shard: it owns scratch memory and the windows of
// correlation rules. One thread at a time; never blocks, no clock (time is event time).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/time.h"
#include "detect/rule_meter.h"
#include "detect/rule_set.h"
#include "event/batch.h"
#include "event/detection.h"

namespace gac::detect {

struct Limits {
    std::size_t correlation_groups_max = 100'000;          // of one rule; the stalest is evicted
    std::size_t correlation_entries_max = 10'000;          // of one group; the oldest is evicted
    std::size_t correlation_events_max = 1'000;            // ids named in one detection
    base::Duration lateness = base::Duration::minutes(5);  // events older than the newest by more
                                                           // than this are not correlated
    std::size_t matched_value_bytes_max = 2'048;           // of one value in Detection::matched
};

struct EngineStats {
    std::uint64_t events = 0;
    std::uint64_t candidates = 0;  // rules that were evaluated
    std::uint64_t matches = 0;     // detections given out
    std::uint64_t keyword_checks = 0;
    std::uint64_t correlated = 0;  // matches that entered a correlation window
    std::uint64_t late = 0;        // too old to be correlated
    std::uint64_t groups_evicted = 0;
    std::uint64_t entries_evicted = 0;
};

class Engine {
public:
    explicit Engine(std::shared_ptr<const RuleSet> rules, Limits limits = {});
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    // Appends to `out`, in the order of the events. The batch's ids must be set before.
    void match(const event::EventBatch& batch, std::vector<event::Detection>& out);

    // Between batches. Windows of correlation rules whose text did not change survive.
    void swap_rules(std::shared_ptr<const RuleSet> rules);

    // For decoders that keep only RuleSet::fields(): gives the same event with all its fields,
    // appended to an empty batch; false when it cannot. Without one, the events are taken as whole.
    using FullDecoder = std::function<bool(const event::EventRef&, event::EventBatch&)>;
    void set_full_decoder(FullDecoder decode);

    const EngineStats& stats() const;
    // Of detection rules that were evaluated since the rules were swapped or this was last asked.
    std::vector<MeteredRule> take_costs();
    const RuleSet& rules() const;
    std::size_t programs() const;  // routes in use: kinds of events told apart

private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace gac::detect
