// The stage behind the engines: correlation rules over what the events of all engines fed to them.
// One window for each rule and group, in event time, bounded in groups, entries and bytes, every
// eviction counted.
//
// Batches count in the order of their tickets, whatever thread brings them and when; within a batch
// by row. So the detections are the same for any number of lanes and threads. Work is split into
// lanes by the hash of (rule, group); a correlation that feeds another one forwards to the lane of
// the other's group. There are no threads of its own: whoever brings a batch drives the lanes that
// have something to do.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "detect/correlation_feed.h"
#include "detect/limits.h"
#include "detect/rule_set.h"
#include "event/detection.h"

namespace gac::detect {

struct CorrelatorStats {
    std::uint64_t correlated = 0;       // inputs that entered a window
    std::uint64_t late = 0;             // too old to be correlated
    std::uint64_t reports = 0;          // detections given out
    std::uint64_t groups_evicted = 0;   // windows dropped for room
    std::uint64_t entries_evicted = 0;  // events dropped out of open windows for room
    std::uint64_t groups = 0;           // windows now
    std::uint64_t bytes = 0;            // of memory, about
};

class Correlator {
public:
    using Done = std::move_only_function<void(std::vector<event::Detection>)>;

    Correlator(std::shared_ptr<const RuleSet> rules, const Limits& limits, std::size_t lanes = 1);
    ~Correlator();
    Correlator(const Correlator&) = delete;
    Correlator& operator=(const Correlator&) = delete;

    // For a single thread with nothing in flight: the batch at once, detections appended to `out`
    // by row. The feed is left as it was.
    void take(CorrelationFeed& feed, std::vector<event::Detection>& out);

    // Any thread. Tickets are 0, 1, 2 ... each put once, with an empty feed when there is nothing.
    // `done` gets what the batch completed; it is called in the order of tickets, one at a time, on
    // any thread that puts. Waits while the ticket is far ahead of the oldest one missing.
    void put(std::uint64_t ticket, CorrelationFeed feed, Done done);
    // Waits until every ticket below is done.
    void drain(std::uint64_t ticket);

    // These: no ticket in flight.
    // Windows of rules whose text did not change survive.
    void swap_rules(std::shared_ptr<const RuleSet> rules);
    const std::shared_ptr<const RuleSet>& rules() const;
    // All windows as bytes (docs/formats/windows.md), with a mark that the owner understands; and
    // back, giving the mark. Windows of rules that are unknown or have another text are left out. A
    // failed load leaves no window. Limits::correlation_seed must be the same: seed_of() tells it.
    void save(event::EventId mark, std::string& out) const;
    Result<event::EventId> load(std::string_view bytes);
    static std::optional<std::uint64_t> seed_of(std::string_view saved);

    // Any thread.
    CorrelatorStats stats() const;

private:
    class Stage;
    std::unique_ptr<Stage> stage_;
};

// Puts what the correlator found in a batch behind what its engine found, event by event. The
// detections of the batch begin at `from`.
void merge_by_row(std::vector<event::Detection>& detections, std::size_t from,
                  std::vector<event::Detection> correlated);

}  // namespace gac::detect
