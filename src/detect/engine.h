// Events in, detections out. One engine for each shard: it owns scratch memory. What events give to
// correlation rules goes into a feed for the Correlator that all engines share; an engine used
// alone can keep one of its own. One thread at a time; never blocks, no clock (time is event time).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "detect/correlation_feed.h"
#include "detect/limits.h"
#include "detect/rule_meter.h"
#include "detect/rule_set.h"
#include "event/batch.h"
#include "event/detection.h"

namespace gac::detect {

struct EngineStats {
    std::uint64_t events = 0;
    std::uint64_t candidates = 0;  // rules that were evaluated
    std::uint64_t matches = 0;     // detections given out
    std::uint64_t keyword_checks = 0;
    // Of its own correlator.
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

    // Appends to `out` what single events match, in the order of the events, and to `feed` what
    // they give to correlation rules. The batch's ids must be set before.
    void match(const event::EventBatch& batch, std::vector<event::Detection>& out,
               CorrelationFeed& feed);
    // The same with a correlator of its own: what correlation rules find stands behind what the
    // event matched that completed it.
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
