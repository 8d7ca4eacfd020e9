// Running questions over one snapshot of history. Any thread; each call uses the caller's.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/hunt.h"
#include "store/memory/chunk.h"
#include "store/query.h"
#include "store/query/plan.h"
#include "store/query/unit.h"

namespace gac::store::query {

struct Context {
    const Names& names;
    const History& history;
    // A block that cannot be read is told here and left out.
    std::function<void(const Error&)> on_damage;
};

// Counts what a question costs and says when it is enough.
class Meter {
public:
    explicit Meter(const Budget& budget);
    void add(std::uint64_t bytes, std::uint64_t events) {
        bytes_ += bytes;
        events_ += events;
    }
    bool enough();  // then why() says what for
    void give_up(std::string why) { why_ = std::move(why); }
    const std::string& why() const { return why_; }
    std::uint64_t bytes() const { return bytes_; }
    std::uint64_t events() const { return events_; }

private:
    const Budget& budget_;
    std::int64_t deadline_us_;
    std::uint64_t bytes_ = 0;
    std::uint64_t events_ = 0;
    std::string why_;
};

// Rows of a unit within the range that pass the plan.
Result<RowSet> matching_rows(Unit& unit, const UnitPlace& place, const TimeRange& range,
                             PlanNode& plan);

// Calls use(unit, place, rows) for every unit with matches, newest first, until it says stop
// (false) or the budget is spent. Damaged units are told and left out.
void for_each_match(const Context& context, const Query& query, Meter& meter,
                    const std::function<bool(const UnitPlace&)>& wanted,
                    const std::function<Result<bool>(Unit&, const UnitPlace&, const RowSet&)>& use);

Result<Answer> run_search(const Context& context, const Query& query, const Budget& budget);
Result<Answer> run_stats(const Context& context, const Query& query, const Budget& budget);
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
Result<HuntAnswer> run_hunt(const Context& context, const Hunter& hunter,
                            const HuntQuestion& question, const Budget& budget);

Cell cell_of(const event::ValueRef& value);
// Order of cells in sorted tables: no value first, then numbers, times, addresses, truths, texts.
std::weak_ordering compare(const Cell& a, const Cell& b);

}  // namespace gac::store::query
