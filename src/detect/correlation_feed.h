// What the matched events of one batch give to correlation rules, on its way from an engine to the
// Correlator. A plain value; clear() keeps the memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "event/batch.h"

namespace gac::detect {

struct CorrelationFeed {
    struct Input {
        std::uint64_t group_hash = 0;  // of rule and group texts
        std::uint64_t payload = 0;     // hash of the value, or the bits of a number
        base::TimePoint time;
        base::TimePoint received;
        event::EventId event = 0;
        std::uint32_t correlation = 0;  // index in the rule set of the engine
        std::uint32_t reference = 0;    // which rule of its list
        std::uint32_t count = 1;        // events that this one stands for ("repeated 5 times")
        std::uint32_t row = 0;
        std::uint32_t group_at = 0;  // texts of the group, each behind its length, in `texts`
        std::uint32_t group_size = 0;
        bool drill = false;
    };

    std::vector<Input> inputs;  // in the order of the events
    std::string texts;

    bool empty() const { return inputs.empty(); }
    void clear() {
        inputs.clear();
        texts.clear();
    }
};

}  // namespace gac::detect
