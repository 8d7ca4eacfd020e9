// What all questions share: budget, walking the units, cells, and fetching events by id.
#include "store/query/run.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "base/time.h"
#include "store/query/codes.h"
#include "store/query/need.h"
#include "store/query/probe.h"

namespace gac::store::query {

using event::ValueRef;

Result<RowSet> matching_rows(Unit& unit, const UnitPlace& place, const TimeRange& range,
                             PlanNode& plan) {
    RowSet among(unit.rows(), true);
    if (!range.contains(place.time_min) || !range.contains(place.time_max)) {
        GAC_TRY(times, unit.times());
        for (std::uint32_t row = 0; row < unit.rows(); ++row) {
            if (!range.contains({times[row]})) {
                among.clear(row);
            }
        }
    }
    return passing_rows(unit, plan, among);
}

namespace {

// Plans keep scratch memory: each thread uses one of its own.
class Plans {
public:
    explicit Plans(PlanNode plan) : first_(plan) { free_.push_back(std::move(plan)); }
    PlanNode take() {
        const std::lock_guard lock(mutex_);
        if (free_.empty()) {
            return first_;
        }
        PlanNode plan = std::move(free_.back());
        free_.pop_back();
        return plan;
    }
    void give_back(PlanNode plan) {
        const std::lock_guard lock(mutex_);
        free_.push_back(std::move(plan));
    }

private:
    const PlanNode first_;
    std::mutex mutex_;
    std::vector<PlanNode> free_;
};

// What became of a unit, until its turn to be merged.
struct Looked {
    std::unique_ptr<Part> part;
    std::optional<Error> fault;
    SkipCounts skips;
    std::uint64_t bytes = 0;
    bool too_old = false;
    bool opened = false;
};

Result<PlanNode> whole_plan(const Walk& walk) {
    const event::ProfileSet& profiles = *walk.context.names.profiles;
    GAC_TRY(plan, make_plan(walk.query, profiles));
    if (walk.need == nullptr) {
        return plan;
    }
    PlanNode needed = plan_of(*walk.need, profiles);
    if (plan.kind == PlanNode::Kind::All) {
        return needed;
    }
    PlanNode both;
    both.kind = PlanNode::Kind::And;
    both.computed = plan.computed;
    both.children.push_back(std::move(plan));
    both.children.push_back(std::move(needed));
    return both;
}

void explain_unit(Explanation& explanation, const UnitPlace& place, const Looked& looked) {
    const std::string file =
        place.segment ? place.segment->path().filename().string() : std::string("memory");
    auto found = std::ranges::find(explanation.parts, file, &Explanation::Part::file);
    if (found == explanation.parts.end()) {
        explanation.parts.push_back({.file = file});
        found = explanation.parts.end() - 1;
    }
    ++found->blocks;
    found->rows += place.rows;
    found->read += looked.opened ? 1 : 0;
    found->bytes += looked.bytes;
    found->skips.add(looked.skips);
}

}  // namespace

Result<> walk_units(Walk& walk,
                    const std::function<Result<std::unique_ptr<Part>>(Unit&, const UnitPlace&,
                                                                      const RowSet&)>& look,
                    const std::function<bool(const UnitPlace&, Part&)>& merge) {
    const Context& context = walk.context;
    Meter& meter = walk.meter;
    const std::int64_t begun = base::monotonic_us();
    GAC_TRY(plan, whole_plan(walk));
    Probes probes(plan, context.names, context.on_damage);
    Plans plans(std::move(plan));
    std::vector<UnitPlace> places;
    if (walk.among == nullptr) {
        places = units_of(context.history, walk.query.range, &walk.skips);
        if (walk.oldest_first) {
            std::ranges::sort(places, [](const UnitPlace& a, const UnitPlace& b) {
                return a.time_min != b.time_min ? a.time_min < b.time_min : a.id_min < b.id_min;
            });
        }
    } else {
        for (const Chosen& chosen : *walk.among) {
            places.push_back(chosen.place);
        }
    }
    meter.expect(places.size());
    if (walk.explanation != nullptr) {
        walk.explanation->plan_us += base::monotonic_us() - begun;
    }
    std::vector<Looked> ring(context.pool.window());
    std::string damage;
    const auto work = [&](std::size_t number) {
        Looked& looked = ring[number % ring.size()];
        looked = {};
        const UnitPlace& place = places[number];
        TimeRange range = walk.query.range;
        range.from.us = std::max(range.from.us, walk.not_before.load(std::memory_order_relaxed));
        looked.too_old = place.time_max < range.from;
        if (looked.too_old || meter.enough()) {
            return;
        }
        if (walk.among == nullptr) {
            looked.skips = probes.look(place);
            if (looked.skips.skipped() > 0) {
                return;
            }
        }
        looked.opened = true;
        PlanNode own = plans.take();
        const auto done = [&]() -> Result<> {
            GAC_TRY(unit, open_unit(place, context.names, &meter));
            const auto found = [&]() -> Result<> {
                RowSet rows;
                if (walk.among != nullptr) {
                    rows = (*walk.among)[number].rows;
                } else {
                    GAC_TRY(matching, matching_rows(*unit, place, range, own));
                    rows = std::move(matching);
                }
                if (!rows.empty()) {
                    GAC_TRY(part, look(*unit, place, rows));
                    looked.part = std::move(part);
                }
                return {};
            }();
            looked.bytes = unit->bytes_read();
            meter.add(looked.bytes, unit->rows());
            return found;
        }();
        plans.give_back(std::move(own));
        if (!done && !meter.enough()) {  // one that was stopped says nothing
            looked.fault = done.error();
            context.on_damage(done.error());
        }
    };
    const auto merge_one = [&](std::size_t number) {
        Looked looked = std::move(ring[number % ring.size()]);
        meter.unit_done();
        walk.skips.add(looked.skips);
        if (walk.explanation != nullptr) {
            explain_unit(*walk.explanation, places[number], looked);
        }
        if (looked.fault) {
            damage = looked.fault->message();
        }
        bool more = !looked.too_old;
        if (looked.part) {
            more = merge(places[number], *looked.part) && more;
        }
        if (!more) {
            meter.unit_done(places.size() - number - 1);
        }
        return more && !meter.enough();
    };
    context.pool.run(places.size(), meter.budget().asker, work, merge_one);
    if (walk.explanation != nullptr) {
        walk.explanation->walk_us += base::monotonic_us() - begun;
    }
    if (!damage.empty()) {
        meter.note("a damaged part was left out: " + damage);
    }
    return {};
}

void tell_cost(const Walk& walk, Answer& answer) {
    answer.scanned_bytes = walk.meter.bytes();
    answer.scanned_events = walk.meter.events();
    answer.skips.add(walk.skips);
    answer.partial = walk.meter.why();
}

Cell cell_of(const ValueRef& value) {
    switch (value.type()) {
        case event::Type::Null:
            return {};
        case event::Type::String:
            return std::string(value.string());
        case event::Type::Integer:
            return value.integer();
        case event::Type::Float:
            return value.number();
        case event::Type::Bool:
            return value.truth();
        case event::Type::Ip:
            return value.ip();
        case event::Type::Time:
            return value.time();
        case event::Type::List: {
            std::string text;
            value.append_json(text);
            return text;
        }
    }
    return {};
}

std::weak_ordering compare(const Cell& a, const Cell& b) {
    const auto rank = [](const Cell& cell) {
        constexpr int kRanks[] = {0, 5, 1, 1, 4, 3, 2};  // by place in the variant
        return kRanks[cell.index()];
    };
    if (rank(a) != rank(b)) {
        return rank(a) <=> rank(b);
    }
    if (rank(a) == 1 && a.index() != b.index()) {
        const auto number = [](const Cell& cell) {
            const auto* integer = std::get_if<std::int64_t>(&cell);
            return integer != nullptr ? static_cast<double>(*integer) : std::get<double>(cell);
        };
        return number(a) < number(b)   ? std::weak_ordering::less
               : number(a) > number(b) ? std::weak_ordering::greater
                                       : std::weak_ordering::equivalent;
    }
    return a < b   ? std::weak_ordering::less
           : b < a ? std::weak_ordering::greater
                   : std::weak_ordering::equivalent;
}

Result<> run_fetch(const Context& context, std::span<const event::EventId> ids,
                   event::EventBatch& out) {
    std::vector<event::EventId> sorted(ids.begin(), ids.end());
    std::ranges::sort(sorted);
    const auto asked_between = [&](event::EventId min, event::EventId max) {
        const auto at = std::ranges::lower_bound(sorted, min);
        return at != sorted.end() && *at <= max;
    };
    event::EventBatch found;
    std::vector<event::EventId> found_ids;
    for (const UnitPlace& place : units_of(context.history, {})) {
        if (!asked_between(place.id_min, place.id_max)) {
            continue;
        }
        const auto looked = [&]() -> Result<> {
            GAC_TRY(unit, open_unit(place, context.names));
            GAC_TRY(unit_ids, unit->ids());
            std::vector<std::uint32_t> rows;
            for (std::uint32_t row = 0; row < unit->rows(); ++row) {
                if (std::ranges::binary_search(sorted,
                                               static_cast<event::EventId>(unit_ids[row]))) {
                    rows.push_back(row);
                }
            }
            return unit->materialize(rows, found, found_ids);
        }();
        if (!looked) {
            context.on_damage(looked.error());
        }
        if (found_ids.size() == sorted.size()) {
            break;
        }
    }
    std::unordered_map<event::EventId, std::uint32_t> row_of;
    for (std::uint32_t row = 0; row < found.size() && row < found_ids.size(); ++row) {
        row_of.emplace(found_ids[row], row);
    }
    std::vector<event::EventId> all;
    for (std::uint32_t row = 0; row < out.size(); ++row) {
        all.push_back(out.id_of(row));
    }
    for (const event::EventId id : ids) {
        if (const auto at = row_of.find(id); at != row_of.end()) {
            copy_event(found[at->second], out);
            all.push_back(id);
        }
    }
    out.set_ids(std::move(all));
    return {};
}

}  // namespace gac::store::query
