// The windows of a fixed share of all groups, by their hash. How many partitions there are depends
// on the limits alone, not on threads, so what is evicted does not depend on threads either. One
// thread at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "detect/correlate/window.h"
#include "detect/correlation_feed.h"
#include "detect/correlator.h"
#include "detect/sigma/parts.h"

namespace gac::detect::correlate {

// What went into a window: an input of the feed, or what another correlation reported.
struct Arrival {
    const CorrelationFeed::Input* input = nullptr;
    std::string_view group;                  // texts behind their lengths
    std::shared_ptr<const Chained> chained;  // of a correlation's report
    std::uint32_t origin = 0;                // place in the feed of the input that began it
};

// A window that satisfied its rule; valid during the call.
struct Satisfied {
    const sigma::Correlation& rule;
    const Window& window;
    const Outcome& outcome;
    const Arrival& arrival;
};

struct Group {
    Group(const sigma::Correlation& rule, std::uint32_t number)
        : window(rule), correlation(number) {}
    Window window;
    std::uint32_t correlation = 0;
    std::uint64_t hash = 0;
    std::uint64_t turn = 0;   // of the partition, when it was last fed
    base::TimePoint touched;  // our clock
    std::string texts;
    std::size_t bytes = 0;  // as counted last
};

class Partition {
public:
    struct Share {
        std::size_t groups_max = 0;  // of one rule
        std::size_t bytes_max = 0;
    };
    Partition(const RuleSet::Parts& parts, const Limits& limits, Share share);

    // Calls `report` when the rule is satisfied and not already reported.
    void add(const Arrival& arrival, const std::function<void(const Satisfied&)>& report,
             CorrelatorStats& stats);

    // Brings memory nearer for an arrival that comes soon: first far ahead, then nearer.
    void prefetch_slot(std::uint64_t hash) const;
    void prefetch_group(std::uint64_t hash) const;
    void prefetch_window(std::uint64_t hash) const;

    // All groups leave; for another set of rules or another partition.
    std::vector<std::unique_ptr<Group>> release();
    void adopt(std::unique_ptr<Group> group);
    template <class Use>
    void each(Use&& use) const {
        for (const Slot& slot : slots_) {
            if (slot.group) {
                use(*slot.group);
            }
        }
    }
    std::size_t groups() const { return groups_; }
    std::size_t bytes() const { return bytes_; }

private:
    struct Slot {
        std::uint64_t hash = 0;
        std::unique_ptr<Group> group;
    };
    // Each group of a rule stands once in its queue. What was fed since it was queued is queued
    // again instead of dropped, so feeding needs to touch no list.
    struct Turn {
        Group* group = nullptr;
        std::uint64_t turn = 0;
    };
    struct Shelf {
        std::deque<Turn> turns;
        std::size_t entries_max = 0;
    };

    std::size_t home(std::uint64_t hash) const { return hash & (slots_.size() - 1); }
    const Group* peek(std::uint64_t hash) const;
    Group& group_of(const Arrival& arrival, CorrelatorStats& stats);
    void place(std::unique_ptr<Group> group);
    void make_room(const Group& keep, Shelf& shelf, base::TimePoint idle, CorrelatorStats& stats);
    bool drop_stalest(Shelf& shelf, const Group& keep);
    void erase(const Group& group);
    void recount(Group& group);

    const RuleSet::Parts& parts_;
    const Limits& limits_;
    Share share_;
    std::vector<Slot> slots_;  // a power of two
    std::size_t groups_ = 0;
    std::size_t bytes_ = 0;
    std::uint64_t turn_ = 0;
    std::vector<Shelf> shelves_;  // by correlation
};

}  // namespace gac::detect::correlate
