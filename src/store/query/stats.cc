// Answers made of groups: the stats pipe and the sort, limit and fields behind it.
#include <xxhash.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "store/bytes.h"
#include "store/query/run.h"

namespace gac::store::query {

using event::ValueRef;

namespace {

constexpr std::size_t kTableMax = 1u << 18;  // of a direct table of combinations

struct Tally {
    std::uint64_t count = 0;
    double sum = 0;
    std::int64_t integer_sum = 0;
    bool all_integers = true;
    Cell extreme;
    std::unordered_set<std::uint64_t> distinct;  // hashes of the values
};

struct Group {
    std::vector<Cell> key;
    std::uint64_t count = 0;
    std::vector<Tally> tallies;  // beside the aggregates
};

std::optional<double> number_of(const ValueRef& value) {
    switch (value.type()) {
        case event::Type::Integer:
            return static_cast<double>(value.integer());
        case event::Type::Float:
            return value.number();
        case event::Type::Bool:
            return value.truth() ? 1 : 0;
        default:
            return std::nullopt;
    }
}

void add_to(Tally& tally, Aggregate::Function function, const ValueRef& value,
            std::string_view key) {
    switch (function) {
        case Aggregate::Function::Count:
            return;
        case Aggregate::Function::DistinctCount:
            tally.distinct.insert(XXH3_64bits(key.data(), key.size()));
            return;
        case Aggregate::Function::Sum:
        case Aggregate::Function::Average: {
            const auto number = number_of(value);
            if (!number) {
                return;
            }
            ++tally.count;
            tally.sum += *number;
            if (value.type() != event::Type::Integer
                || __builtin_add_overflow(tally.integer_sum, value.integer(), &tally.integer_sum)) {
                tally.all_integers = false;
            }
            return;
        }
        case Aggregate::Function::Min:
        case Aggregate::Function::Max: {
            Cell cell = cell_of(value);
            const auto order =
                tally.count == 0 ? std::weak_ordering::equivalent : compare(cell, tally.extreme);
            if (tally.count == 0
                || (function == Aggregate::Function::Min ? order < 0 : order > 0)) {
                tally.extreme = std::move(cell);
            }
            ++tally.count;
            return;
        }
    }
}

Cell result_of(const Group& group, const Tally& tally, Aggregate::Function function) {
    switch (function) {
        case Aggregate::Function::Count:
            return static_cast<std::int64_t>(group.count);
        case Aggregate::Function::DistinctCount:
            return static_cast<std::int64_t>(tally.distinct.size());
        case Aggregate::Function::Sum:
            return tally.count == 0     ? Cell()
                   : tally.all_integers ? Cell(tally.integer_sum)
                                        : Cell(tally.sum);
        case Aggregate::Function::Average:
            return tally.count == 0 ? Cell() : Cell(tally.sum / static_cast<double>(tally.count));
        case Aggregate::Function::Min:
        case Aggregate::Function::Max:
            return tally.extreme;
    }
    return {};
}

class Grouping {
public:
    Grouping(const Stats& stats, const event::ProfileSet& profiles, const Budget& budget,
             Meter& meter)
        : stats_(stats), budget_(budget), meter_(meter) {
        for (const std::string& name : stats.by) {
            by_.push_back(resolve(name, profiles));
        }
        for (const Aggregate& aggregate : stats.aggregates) {
            arguments_.push_back(resolve(aggregate.field, profiles));
        }
        if (stats.by.empty()) {
            group_of("");  // a count of nothing is one row that says 0
        }
    }

    Result<bool> add(Unit& unit, const RowSet& rows);
    std::vector<std::vector<Cell>> rows() const;

private:
    std::uint32_t group_of(std::string_view key);
    // A dense number for each different combination of the by-fields' codes in this unit.
    void combine(const RowSet& rows, const std::vector<Codes>& columns);

    const Stats& stats_;
    const Budget& budget_;
    Meter& meter_;
    std::vector<Name> by_, arguments_;
    BytesIndex places_;  // of groups, by the bytes of their keys
    std::vector<Group> groups_;
    std::uint64_t distinct_values_ = 0;

    static constexpr std::uint32_t kNoGroup = BytesIndex::kNone;
    std::vector<std::uint32_t> combination_;  // of each row
    std::vector<std::uint32_t> codes_of_;     // of each combination: one of each by-field
    std::uint32_t combinations_ = 0;
};

// kNoGroup when there are too many.
std::uint32_t Grouping::group_of(std::string_view key) {
    if (groups_.size() < budget_.groups_max) {
        const auto [place, added] = places_.add(key);
        if (added) {
            groups_.emplace_back().tallies.resize(stats_.aggregates.size());
        }
        return place;
    }
    const std::uint32_t place = places_.find(key);
    if (place == BytesIndex::kNone) {
        meter_.give_up(fmt::format("more than {} groups", budget_.groups_max));
    }
    return place;
}

void Grouping::combine(const RowSet& rows, const std::vector<Codes>& columns) {
    combination_.assign(rows.rows(), 0);
    codes_of_.clear();
    combinations_ = 1;
    for (std::size_t width = 0; width < columns.size(); ++width) {
        const Codes& column = columns[width];
        // Fold one column after the other into dense numbers, so that no product of sizes can
        // overflow.
        const std::size_t codes = column.values.size() + 1;
        const bool small = combinations_ * codes <= kTableMax;
        std::vector<std::uint32_t> table(small ? combinations_ * codes : 0, kNoGroup);
        std::unordered_map<std::uint64_t, std::uint32_t> dense;
        std::vector<std::uint32_t> next;
        combinations_ = 0;
        rows.for_each([&](std::uint32_t row) {
            const std::uint32_t before = combination_[row];
            const std::uint32_t code = column.code[row];
            std::uint32_t& place =
                small
                    ? table[before * codes + code]
                    : dense.try_emplace(std::uint64_t{before} << 32 | code, kNoGroup).first->second;
            if (place == kNoGroup) {
                place = combinations_++;
                const auto from = codes_of_.begin() + static_cast<std::ptrdiff_t>(before * width);
                next.insert(next.end(), from, from + static_cast<std::ptrdiff_t>(width));
                next.push_back(code);
            }
            combination_[row] = place;
        });
        codes_of_ = std::move(next);
    }
}

Result<bool> Grouping::add(Unit& unit, const RowSet& rows) {
    if (by_.empty() && std::ranges::all_of(stats_.aggregates, [](const Aggregate& a) {
            return a.field.empty();
        })) {
        groups_.front().count += rows.count();
        return true;
    }
    std::vector<Codes> columns;
    for (const Name& name : by_) {
        GAC_TRY(codes, unit.codes(name, rows));
        columns.push_back(std::move(codes));
    }
    combine(rows, columns);
    std::vector<std::uint32_t> group(combinations_, 0);
    std::string key;
    for (std::size_t i = 0; i < combinations_ && !by_.empty(); ++i) {
        key.clear();
        for (std::size_t c = 0; c < columns.size(); ++c) {
            const std::uint32_t code = codes_of_[i * columns.size() + c];
            put_text(key, code == 0 ? std::string_view() : columns[c].keys.bytes(code - 1));
        }
        const std::size_t before = groups_.size();
        group[i] = group_of(key);
        if (groups_.size() > before) {
            for (std::size_t c = 0; c < columns.size(); ++c) {
                const std::uint32_t code = codes_of_[i * columns.size() + c];
                groups_.back().key.push_back(code == 0 ? Cell()
                                                       : cell_of(columns[c].values[code - 1]));
            }
        }
    }
    std::vector<std::uint64_t> counts(group.size(), 0);
    rows.for_each([&](std::uint32_t row) { ++counts[combination_[row]]; });
    for (std::size_t i = 0; i < group.size(); ++i) {
        if (group[i] != kNoGroup) {
            groups_[group[i]].count += counts[i];
        }
    }
    for (std::size_t a = 0; a < arguments_.size(); ++a) {
        const Aggregate::Function function = stats_.aggregates[a].function;
        if (function == Aggregate::Function::Count) {
            continue;
        }
        GAC_TRY(codes, unit.codes(arguments_[a], rows));
        rows.for_each([&](std::uint32_t row) {
            const std::uint32_t place = group[combination_[row]];
            const std::uint32_t code = codes.code[row];
            if (place == kNoGroup || code == 0) {
                return;
            }
            Tally& tally = groups_[place].tallies[a];
            const std::size_t before = tally.distinct.size();
            add_to(tally, function, codes.values[code - 1], codes.keys.bytes(code - 1));
            distinct_values_ += tally.distinct.size() - before;
        });
        if (distinct_values_ > std::uint64_t{budget_.groups_max} * 10) {
            meter_.give_up(fmt::format("more than {} distinct values",
                                       std::uint64_t{budget_.groups_max} * 10));
        }
    }
    return true;
}

std::vector<std::vector<Cell>> Grouping::rows() const {
    std::vector<std::vector<Cell>> out;
    for (const Group& group : groups_) {
        auto& row = out.emplace_back(group.key);
        for (std::size_t a = 0; a < stats_.aggregates.size(); ++a) {
            row.push_back(result_of(group, group.tallies[a], stats_.aggregates[a].function));
        }
    }
    return out;
}

Result<std::size_t> column_named(const std::vector<std::string>& columns, const std::string& name) {
    const auto found = std::ranges::find(columns, name);
    if (found == columns.end()) {
        return fail(Code::InvalidArgument, fmt::format("the table has no column \"{}\"; it has {}",
                                                       name, fmt::join(columns, ", ")));
    }
    return static_cast<std::size_t>(found - columns.begin());
}

struct Order {
    std::size_t column;
    bool descending;
};

// As asked for; without a sort pipe the largest first aggregate comes first. Ties by the other
// columns.
Result<std::vector<Order>> order_of(const Tree& tree, const std::vector<std::string>& columns) {
    std::vector<Order> order;
    for (const SortKey& key : tree.sort) {
        GAC_TRY(column, column_named(columns, key.name));
        order.push_back({column, key.descending});
    }
    if (order.empty()) {
        order.push_back({tree.stats->by.size(), true});
    }
    for (std::size_t i = 0; i < columns.size(); ++i) {
        order.push_back({i, false});
    }
    return order;
}

}  // namespace

Result<Answer> run_stats(const Context& context, const Query& query, const Budget& budget) {
    const Tree& tree = *query.tree;
    if (!query.cursor.empty()) {
        return fail(Code::InvalidArgument, "tables have no pages: ask for more rows instead",
                    "cursor");
    }
    Answer answer;
    answer.is_table = true;
    answer.columns = tree.stats->by;
    for (const Aggregate& aggregate : tree.stats->aggregates) {
        answer.columns.push_back(aggregate.name);
    }
    GAC_TRY(order, order_of(tree, answer.columns));
    std::vector<std::size_t> shown;
    for (const std::string& name : tree.fields) {
        GAC_TRY(column, column_named(answer.columns, name));
        shown.push_back(column);
    }
    Meter meter(budget);
    Grouping grouping(*tree.stats, *context.names.profiles, budget, meter);
    for_each_match(
        context, query, meter, [](const UnitPlace&) { return true; },
        [&](Unit& unit, const UnitPlace&, const RowSet& rows) { return grouping.add(unit, rows); });
    answer.rows = grouping.rows();
    const std::size_t asked =
        std::min(query.limit.value_or(budget.rows_max), tree.limit.value_or(budget.rows_max));
    const std::size_t keep = std::min<std::size_t>({asked, budget.rows_max, answer.rows.size()});
    std::partial_sort(answer.rows.begin(), answer.rows.begin() + static_cast<std::ptrdiff_t>(keep),
                      answer.rows.end(),
                      [&](const std::vector<Cell>& a, const std::vector<Cell>& b) {
                          for (const Order& by : order) {
                              const auto way = compare(a[by.column], b[by.column]);
                              if (way != 0) {
                                  return by.descending ? way > 0 : way < 0;
                              }
                          }
                          return false;
                      });
    if (keep < answer.rows.size() && keep == budget.rows_max && asked >= budget.rows_max
        && meter.why().empty()) {
        meter.give_up(fmt::format("{} groups, the first {} are shown", answer.rows.size(), keep));
    }
    answer.rows.resize(keep);
    if (!shown.empty()) {
        for (auto& row : answer.rows) {
            std::vector<Cell> cut;
            for (const std::size_t column : shown) {
                cut.push_back(row[column]);
            }
            row = std::move(cut);
        }
        answer.columns = tree.fields;
    }
    answer.scanned_bytes = meter.bytes();
    answer.scanned_events = meter.events();
    answer.partial = meter.why();
    return answer;
}

}  // namespace gac::store::query
