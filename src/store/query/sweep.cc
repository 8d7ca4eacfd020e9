// A sweep: rows that may be wanted are chosen like those of a question, and read whole.
#include <algorithm>
#include <atomic>

#include "store/query/run.h"
#include "store/sweep.h"

namespace gac::store::query {

namespace {

constexpr std::size_t kRowsAtOnce = 1024;

struct Judged final : Part {
    std::vector<std::unique_ptr<Sweeper::Found>> found;
};

}  // namespace

Result<SweepAnswer> run_sweep(const Context& context, Sweeper& sweeper,
                              const SweepQuestion& question, const Budget& budget) {
    SweepAnswer answer;
    Meter meter(budget, &context.pool.memory());
    GAC_TRY(place, context.pool.enter(meter));
    const event::Need need = sweeper.need();
    if (need.kind == event::Need::Kind::Nothing) {
        return answer;
    }
    Query query;
    query.range = question.range;
    query.only_sources = question.only_sources;
    Walk walk{.context = context, .query = query, .meter = meter, .skips = {}};
    walk.need = &need;
    walk.oldest_first = question.oldest_first;
    std::atomic<std::uint64_t> judged{0};
    const auto look = [&](Unit& unit, const UnitPlace&,
                          const RowSet& rows) -> Result<std::unique_ptr<Part>> {
        std::vector<std::uint32_t> numbers;
        rows.for_each([&](std::uint32_t row) { numbers.push_back(row); });
        auto part = std::make_unique<Judged>();
        for (std::size_t from = 0; from < numbers.size() && !meter.enough(); from += kRowsAtOnce) {
            const auto some =
                std::span(numbers).subspan(from, std::min(kRowsAtOnce, numbers.size() - from));
            event::EventBatch batch;
            std::vector<event::EventId> ids;
            GAC_CHECK(unit.materialize(some, batch, ids));
            batch.set_ids(std::move(ids));
            judged += batch.size();
            if (auto found = sweeper.look(batch)) {
                part->found.push_back(std::move(found));
            }
        }
        return part->found.empty() ? nullptr : std::move(part);
    };
    const auto merge = [&](const UnitPlace& place_of, Part& part) {
        return std::ranges::all_of(static_cast<Judged&>(part).found, [&](const auto& found) {
            return sweeper.take(*found, std::max(place_of.time_min, question.range.from));
        });
    };
    GAC_CHECK(walk_units(walk, look, merge));
    answer.judged_events = judged;
    answer.scanned_events = meter.events();
    answer.scanned_bytes = meter.bytes();
    answer.skips = walk.skips;
    answer.partial = meter.why();
    return answer;
}

}  // namespace gac::store::query
