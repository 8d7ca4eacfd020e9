// Running questions over one snapshot of history. Any thread; the caller waits while the threads of
// the pool work.
#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/hunt.h"
#include "store/memory/chunk.h"
#include "store/query.h"
#include "store/query/meter.h"
#include "store/query/plan.h"
#include "store/query/pool.h"
#include "store/query/unit.h"
#include "store/sweep.h"

namespace gac::store::query {

struct Context {
    const Names& names;
    const History& history;
    // A block that cannot be read is told here and left out. Any thread.
    std::function<void(const Error&)> on_damage;
    Pool& pool;
};

// Rows of a unit within the range that pass the plan.
Result<RowSet> matching_rows(Unit& unit, const UnitPlace& place, const TimeRange& range,
                             PlanNode& plan);

// Rows of a unit that a walk before chose.
struct Chosen {
    UnitPlace place;
    RowSet rows;
};

// A walk over the units of a question, newest first, on the threads of the pool. What the threads
// find is merged in the order of the units, so that the answer is the same for any number of them.
struct Walk {
    const Context& context;
    const Query& query;
    Meter& meter;
    // Rows before this are not wanted any more; it only grows. Units before it are not opened.
    std::atomic<std::int64_t> not_before{std::numeric_limits<std::int64_t>::min()};
    const std::vector<Chosen>* among = nullptr;  // instead of the filter
    Explanation* explanation = nullptr;          // optional
    const event::Need* need = nullptr;           // optional; besides the filter
    bool oldest_first = false;                   // by the first time of each unit
    SkipCounts skips;
};

// What a thread found in one unit; made by look().
struct Part {
    virtual ~Part() = default;
};

// `look` runs on any thread for every unit with matches; null = nothing found. `merge` runs for one
// part at a time, in the order of the units; false ends the walk. Damaged units are told and left
// out.
Result<> walk_units(Walk& walk,
                    const std::function<Result<std::unique_ptr<Part>>(Unit&, const UnitPlace&,
                                                                      const RowSet&)>& look,
                    const std::function<bool(const UnitPlace&, Part&)>& merge);

Result<Answer> run_search(const Context& context, const Query& query, const Budget& budget);
// The table of a stats or top pipe and of what stands behind it.
Result<> run_stats(Walk& walk, const Scope& scope, Answer& answer);
Result<> run_fetch(const Context& context, std::span<const event::EventId> ids,
                   event::EventBatch& out);
Result<Histogram> run_histogram(const Context& context, const Query& query,
                                const HistogramSpec& spec, const Budget& budget);
Result<std::vector<TopValues>> run_top_values(const Context& context, const Query& query,
                                              std::span<const std::string> fields,
                                              std::uint32_t values_max, const Budget& budget);
Result<std::vector<TopValues>> run_field_summary(const Context& context, const Query& query,
                                                 std::uint32_t events_max, std::uint32_t values_max,
                                                 const Budget& budget);
Result<SweepAnswer> run_sweep(const Context& context, Sweeper& sweeper,
                              const SweepQuestion& question, const Budget& budget);
Result<HuntAnswer> run_hunt(const Context& context, const Hunter& hunter,
                            const HuntQuestion& question, const Budget& budget);

// Adds what the walk cost and why it ended.
void tell_cost(const Walk& walk, Answer& answer);

Cell cell_of(const event::ValueRef& value);
// Order of cells in sorted tables: no value first, then numbers, times, addresses, truths, texts.
std::weak_ordering compare(const Cell& a, const Cell& b);

}  // namespace gac::store::query
