// The sightings of one group of one correlation rule: kept in order of event time, measured over
// the half-open window (t - timespan, t]. In-order sightings cost the same however full the window
// is; a late one is merged and the windows that it touches are measured again in one pass.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "detect/sigma/rule.h"
#include "event/batch.h"

namespace gac::detect::correlate {

struct Sighting {
    base::TimePoint time;
    event::EventId event = 0;
    std::shared_ptr<const std::vector<event::EventId>> events;  // of a chained correlation
    std::uint32_t reference = 0;                                // which rule of the list
    double number = 0;                                          // value_sum, _avg, _percentile
    std::string value;                                          // value_count
    bool drill = false;
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

    const Sighting& operator[](std::size_t i) const { return sightings_[i]; }
    std::size_t size() const { return sightings_.size(); }
    // The sightings of an ordered outcome that make up its sequence.
    std::vector<std::size_t> sequence(const Outcome& outcome) const;

    bool armed = true;  // the condition was false since the last report
    base::TimePoint reported{INT64_MIN / 2};

    void rebind(const sigma::Correlation& rule) { rule_ = &rule; }

private:
    // What is known of the sightings of one window, kept up as they come and go.
    class Measure {
    public:
        explicit Measure(const sigma::Correlation& rule);
        void enter(const Sighting& sighting);
        void leave(const Sighting& sighting);
        // At the anchor `t`; nothing when the condition does not hold.
        std::optional<double> satisfied(const sigma::Correlation& rule, base::TimePoint t) const;

    private:
        bool ordered_ = false;
        sigma::CorrelationType type_;
        std::size_t count_ = 0;
        std::vector<std::uint32_t> references_;  // sightings by reference
        std::size_t references_seen_ = 0;
        std::unordered_map<std::string, std::uint32_t> values_;
        double sum_ = 0;
        double lost_ = 0;  // of Neumaier's summation
        std::vector<double> sorted_;
        // Ordered: by steps done, the latest start of such a sequence; expires by itself.
        std::vector<std::optional<base::TimePoint>> starts_;
        bool last_step_now_ = false;
    };

    void drop_front(std::size_t count);

    const sigma::Correlation* rule_;
    std::deque<Sighting> sightings_;  // ascending by time
    std::size_t left_ = 0;  // the newest window begins here; before it, kept for late ones
    Measure measure_;
};

}  // namespace gac::detect::correlate
