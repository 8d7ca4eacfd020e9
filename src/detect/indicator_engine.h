// Events in, indicator hits out. A plan says which own fields of each profile hold what; it is
// made once and shared. One engine for each shard: it owns scratch memory and counts. One thread
// at a time; never blocks, no clock (validity is judged by event time).
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "detect/indicators.h"
#include "event/batch.h"
#include "event/detection.h"
#include "event/profile.h"

namespace gac::detect {

struct IndicatorOptions {
    // Look in the texts of events too (message, or the raw line where there is none), also for
    // defanged forms. Costs a scan of each text.
    bool text = false;
    std::size_t text_bytes_max = 64 << 10;      // of one text; the rest is not looked at
    std::size_t text_observables_max = 256;     // of one text
    std::size_t matched_value_bytes_max = 512;  // of one value in Detection::matched
    std::size_t entries_max = 64;               // named in one detection; all are counted
};

class IndicatorPlan {
public:
    class Parts;

    IndicatorPlan(const event::ProfileSet& profiles, const IndicatorOptions& options);
    ~IndicatorPlan();
    IndicatorPlan(const IndicatorPlan&) = delete;
    IndicatorPlan& operator=(const IndicatorPlan&) = delete;

    // Own fields that are looked at, over all profiles: what a decoder must keep (decision 18).
    std::vector<event::FieldId> fields() const;
    bool reads_texts() const;  // the originals of events, too
    const Parts& parts() const { return *parts_; }

private:
    std::unique_ptr<Parts> parts_;
};

struct IndicatorStats {
    std::uint64_t events = 0;
    std::uint64_t checked = 0;  // events whose keys were found and that were looked at closely
    std::uint64_t hits = 0;     // detections given out
};

class IndicatorEngine {
public:
    IndicatorEngine(std::shared_ptr<const IndicatorPlan> plan,
                    std::shared_ptr<const IndicatorSet> set);
    ~IndicatorEngine();
    IndicatorEngine(const IndicatorEngine&) = delete;
    IndicatorEngine& operator=(const IndicatorEngine&) = delete;

    // Appends to `out`, in the order of the events: one detection for each observable of an event
    // that some list holds, however many lists and entries that are. It carries the highest level
    // among them. The batch's ids must be set before.
    void match(const event::EventBatch& batch, std::vector<event::Detection>& out);

    // Between batches.
    void swap(std::shared_ptr<const IndicatorSet> set);
    // Names of lists that people have switched off; those do not hit.
    void set_disabled(std::shared_ptr<const std::set<std::string>> names);

    const IndicatorStats& stats() const;
    const std::shared_ptr<const IndicatorSet>& set() const;

private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace gac::detect
