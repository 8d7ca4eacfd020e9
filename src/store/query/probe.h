// Which blocks a question need not read: what the least and greatest values, the word filters and
// the entity dictionaries of a segment say about its plan. A block that is skipped holds no row
// that passes; a damaged index is told and skips nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "store/query.h"
#include "store/query/plan.h"
#include "store/query/unit.h"
#include "store/segment/segment.h"

namespace gac::store::query {

enum class Skip : std::uint8_t {
    None,    // read it
    Range,   // least and greatest values, or no such field
    Words,   // a word that is not there
    Entity,  // a value that is not there
};

// One segment and one question. The plan's matchers are used while it is made.
struct SegmentProbe {
    std::vector<Skip> blocks;  // one for each
    std::uint64_t index_bytes = 0;
};
SegmentProbe probe(const Segment& segment, PlanNode& plan, const Names& names,
                   const std::function<void(const Error&)>& on_damage);

// All segments that a question comes to, each probed when the first of its blocks is asked about.
// Any thread.
class Probes {
public:
    Probes(PlanNode plan, const Names& names, std::function<void(const Error&)> on_damage);

    // With skipped() = 1 when the place need not be read.
    SkipCounts look(const UnitPlace& place);

private:
    struct Entry {
        std::once_flag once;
        SegmentProbe probe;
    };

    const PlanNode plan_;
    const bool useful_;
    const Names& names_;
    const std::function<void(const Error&)> on_damage_;
    std::mutex mutex_;
    std::unordered_map<const Segment*, std::unique_ptr<Entry>> entries_;
};

}  // namespace gac::store::query
