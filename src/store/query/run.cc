// What all questions share: budget, walking the units, cells, and fetching events by id.
#include "store/query/run.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "base/time.h"
#include "store/query/probe.h"

namespace gac::store::query {

using event::ValueRef;

Meter::Meter(const Budget& budget)
    : budget_(budget), deadline_us_(base::monotonic_us() + budget.time_max.us) {}

bool Meter::enough() {
    if (!why_.empty()) {
        return true;
    }
    if (budget_.cancel.stop_requested()) {
        why_ = "cancelled";
    } else if (bytes_ > budget_.bytes_max) {
        why_ = fmt::format("more than {} bytes would have to be read", budget_.bytes_max);
    } else if (base::monotonic_us() > deadline_us_) {
        why_ = fmt::format("not finished within {} ms", budget_.time_max.us / 1000);
    }
    return !why_.empty();
}

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
    return unit.matches(plan, among);
}

void for_each_match(
    const Context& context, const Query& query, Meter& meter,
    const std::function<bool(const UnitPlace&)>& wanted,
    const std::function<Result<bool>(Unit&, const UnitPlace&, const RowSet&)>& use) {
    PlanNode plan = make_plan(query, *context.names.profiles);
    Probes probes(plan, context.names, context.on_damage);
    std::string damage;
    for (const UnitPlace& place : units_of(context.history, query.range)) {
        if (!wanted(place)) {
            break;
        }
        if (meter.enough()) {
            return;
        }
        if (probes.look(place).skipped() > 0) {
            continue;
        }
        const auto looked = [&]() -> Result<bool> {
            GAC_TRY(unit, open_unit(place, context.names));
            GAC_TRY(rows, matching_rows(*unit, place, query.range, plan));
            Result<bool> more = true;
            if (!rows.empty()) {
                more = use(*unit, place, rows);
            }
            meter.add(unit->bytes_read(), unit->rows());
            return more;
        }();
        if (!looked) {
            damage = looked.error().message();
            context.on_damage(looked.error());
        } else if (!*looked) {
            break;
        }
    }
    if (!damage.empty() && meter.why().empty()) {
        meter.give_up("a damaged part was left out: " + damage);
    }
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
