// The sightings of one group of one correlation rule: kept in order of event time, measured over
// the half-open window (t - timespan, t]. A sighting in order costs the same however full the
// window is; a late one costs what has come since its time, because the window is taken back to
// there and led forward again.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/reader.h"
#include "base/time.h"
#include "detect/correlate/ring.h"
#include "detect/correlate/values.h"
#include "detect/sigma/rule.h"
#include "event/batch.h"

namespace gac::detect::correlate {

struct Sighting {
    base::TimePoint time;
    event::EventId event = 0;          // chained: number of its record in the window
    std::uint64_t payload = 0;         // hash of the value, or the bits of a number
    std::uint32_t count = 1;           // events that it stands for
    std::uint32_t reference : 30 = 0;  // which rule of the list
    std::uint32_t drill : 1 = 0;
    std::uint32_t chained : 1 = 0;  // what another correlation reported
};

// What a correlation reported, as a sighting of the next one.
struct Chained {
    std::vector<event::EventId> events;
    base::TimePoint first;  // of the first of them
};

// What a window says when it satisfies the rule.
struct Outcome {
    std::size_t first = 0;  // sightings [first, last] of the window
    std::size_t last = 0;
    double measure = 0;
};

class Window {
public:
    explicit Window(const sigma::Correlation& rule);

    struct Bounds {
        base::Duration lateness;
        std::size_t entries_max = 0;
    };
    // Takes the sighting in and says whether the rule is satisfied at an anchor that it touches.
    // `too_late`: it was not taken. `evicted` grows by what was dropped for room.
    std::optional<Outcome> add(Sighting sighting, const Bounds& bounds, bool& too_late,
                               std::uint64_t& evicted);
    std::optional<Outcome> add(Sighting sighting, std::shared_ptr<const Chained> chained,
                               const Bounds& bounds, bool& too_late, std::uint64_t& evicted);

    const Sighting& operator[](std::size_t i) const { return sightings_[i]; }
    std::size_t size() const { return sightings_.size(); }
    const Chained& chained(const Sighting& sighting) const {
        return *chains_->records.at(sighting.event);
    }
    // The sightings of an ordered outcome that make up its sequence.
    std::vector<std::size_t> sequence(const Outcome& outcome) const;

    bool armed = true;  // the condition was false since the last report
    base::TimePoint reported{INT64_MIN / 2};

    void rebind(const sigma::Correlation& rule) { rule_ = &rule; }
    std::size_t bytes() const;
    void prefetch() const;

    void save(std::string& out) const;
    // Into a fresh window; false when the bytes are none that save() wrote for such a rule.
    bool load(base::Reader& in, std::size_t entries_max);

private:
    // What is known of the sightings of one window, kept up as they come and go.
    class Measure {
    public:
        explicit Measure(const sigma::Correlation& rule);
        void enter(const Sighting& sighting);
        void leave(const Sighting& sighting);
        // Sequences are found by walking forward only.
        bool is_reversible() const { return type_ != sigma::CorrelationType::TemporalOrdered; }
        // At the anchor `t`; nothing when the condition does not hold.
        std::optional<double> satisfied(const sigma::Correlation& rule, base::TimePoint t) const;
        std::size_t bytes() const;

    private:
        void add_number(double number);

        sigma::CorrelationType type_;
        bool last_step_now_ = false;
        std::uint64_t count_ = 0;  // event_count: events; otherwise sightings
        double sum_ = 0;
        double lost_ = 0;  // of Neumaier's summation
        std::unique_ptr<ValueCounts> values_;
        std::unique_ptr<Ranks> ranks_;
        // Temporal types alone.
        struct Steps {
            std::vector<std::uint32_t> references;  // sightings by reference
            std::size_t seen = 0;                   // of the references
            // Ordered: by steps done, the latest start of such a sequence; expires by itself.
            std::vector<std::optional<base::TimePoint>> starts;
        };
        std::unique_ptr<Steps> steps_;
    };
    struct Chains {
        std::map<std::uint64_t, std::shared_ptr<const Chained>> records;
        std::uint64_t next = 0;
        std::size_t bytes = 0;

        std::uint64_t keep(std::shared_ptr<const Chained> record);
        void forget(std::uint64_t number);
    };

    std::optional<Outcome> add_late(const Sighting& sighting, const Bounds& bounds,
                                    std::uint64_t& evicted);
    void go_back_to(std::size_t index, base::TimePoint anchor);
    void drop_front(std::size_t count);

    const sigma::Correlation* rule_;
    Ring<Sighting> sightings_;  // ascending by time
    std::size_t left_ = 0;      // the newest window begins here; before it, kept for late ones
    Measure measure_;
    std::unique_ptr<Chains> chains_;
};

}  // namespace gac::detect::correlate
