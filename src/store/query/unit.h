// Some rows of history that are looked at together: one block of a segment, or some batches of the
// memory table. Both answer the same questions, so that everything above knows only units. One
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "event/batch.h"
#include "store/memory/chunk.h"
#include "store/query/bytes_index.h"
#include "store/query/plan.h"
#include "store/query/value_counts.h"
#include "store/segment/row_set.h"
#include "store/segment/segment.h"

namespace gac::store::query {

// The values of one name over a unit's rows: 0 = none, else place in `values` + 1.
struct Codes {
    std::vector<std::uint32_t> code;      // one a row; only rows asked for are filled
    std::vector<event::ValueRef> values;  // live as long as the unit
    BytesIndex keys;                      // the same as bytes: equal exactly when the values are
    std::shared_ptr<base::Arena> texts;   // of values that stand nowhere in the unit
};

// Asked between pages and columns, so that a big block does not hold up one who has cancelled.
class Watch {
public:
    virtual ~Watch() = default;
    virtual bool stopped() const = 0;
};

class Unit {
public:
    virtual ~Unit() = default;
    virtual std::uint32_t rows() const = 0;
    // Rows that pass, out of `among`.
    virtual Result<RowSet> matches(PlanNode& node, const RowSet& among) = 0;
    // Rows whose whole event passes a test: the last resort.
    virtual Result<RowSet> passing(
        const RowSet& among,
        const std::function<bool(const event::EventRef&, const Names&)>& test) = 0;
    virtual Result<std::span<const std::int64_t>> times() = 0;
    virtual Result<std::span<const std::int64_t>> ids() = 0;
    // The time and id of some rows, ascending.
    struct Stand {
        std::uint32_t row = 0;
        std::int64_t time = 0;
        std::int64_t id = 0;
    };
    virtual Result<> stands(const RowSet& of, const std::function<void(Stand)>& use);
    virtual Result<Codes> codes(const Name& name, const RowSet& rows) = 0;
    // How often each value stands in all rows; nothing when rows have to be looked at for that.
    virtual Result<std::optional<ValueCounts>> value_counts(const Name&) {
        return std::optional<ValueCounts>();
    }
    virtual Result<> materialize(std::span<const std::uint32_t> rows, event::EventBatch& out,
                                 std::vector<event::EventId>& ids) = 0;
    virtual std::uint64_t bytes_read() const = 0;
    // The columns of a block, for those who look at values in the way they are kept; nullptr: the
    // rows are in memory.
    virtual BlockReader* block_reader() { return nullptr; }
};

// Can no integer or time between the column's least and greatest pass? Saves reading it.
bool excluded(const ColumnEntry& column, const Test& test);

// Where a unit is found again: cheap to keep for many.
struct UnitPlace {
    base::TimePoint time_min{}, time_max{};
    event::EventId id_min = 0, id_max = 0;
    std::uint32_t rows = 0;
    std::shared_ptr<const Segment> segment;  // with block, or
    std::uint32_t block = 0;
    std::vector<std::shared_ptr<Chunk>> chunks;  // batches of the memory table
};

// With a watch that stopped, what the unit answers is an error without a meaning: ask the watch.
Result<std::unique_ptr<Unit>> open_unit(const UnitPlace& place, const Names& names,
                                        const Watch* watch = nullptr);

// What one question sees: never changes while it runs.
struct History {
    std::vector<std::shared_ptr<Chunk>> chunks;
    std::shared_ptr<const std::vector<std::shared_ptr<const Segment>>> segments;
};

// All units that may hold rows of that range, newest first. `skips`: what was left out for its
// time.
std::vector<UnitPlace> units_of(const History& history, const TimeRange& range,
                                SkipCounts* skips = nullptr);

}  // namespace gac::store::query
