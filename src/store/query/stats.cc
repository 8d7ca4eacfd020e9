// Answers made of groups: the stats and top pipes, and where, sort, limit and fields behind them.
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <unordered_map>

#include <fmt/format.h>

#include "store/bytes.h"
#include "store/query/codes.h"
#include "store/query/run.h"
#include "store/query/tally.h"

namespace gac::store::query {

using event::ValueRef;

namespace {

constexpr std::size_t kTableMax = 1u << 18;  // of a direct table of combinations
constexpr std::uint32_t kNoGroup = BytesIndex::kNone;

// The groups of one unit.
struct Groups final : Part {
    struct Group {
        std::string key;          // the by-fields' values as bytes
        std::vector<Cell> cells;  // the same to be shown
        std::uint64_t count = 0;
    };
    std::vector<Group> groups;
    std::vector<Tally> tallies;  // an aggregate a column, a group a row
};

// Small dense numbers for the different combinations of codes in one unit.
struct Combinations {
    std::vector<std::uint32_t> of_row;
    std::vector<std::uint32_t> codes;  // of each: one of each by-field
    std::uint32_t count = 1;
};

Combinations combine(const RowSet& rows, const std::vector<Codes>& columns) {
    Combinations out;
    out.of_row.assign(rows.rows(), 0);
    for (std::size_t width = 0; width < columns.size(); ++width) {
        const Codes& column = columns[width];
        // Fold one column after the other into dense numbers, so that no product of sizes can
        // overflow.
        const std::size_t codes = column.values.size() + 1;
        const bool small = out.count * codes <= kTableMax;
        std::vector<std::uint32_t> table(small ? out.count * codes : 0, kNoGroup);
        std::unordered_map<std::uint64_t, std::uint32_t> dense;
        std::vector<std::uint32_t> next;
        out.count = 0;
        rows.for_each([&](std::uint32_t row) {
            const std::uint32_t before = out.of_row[row];
            const std::uint32_t code = column.code[row];
            std::uint32_t& place =
                small
                    ? table[before * codes + code]
                    : dense.try_emplace(std::uint64_t{before} << 32 | code, kNoGroup).first->second;
            if (place == kNoGroup) {
                place = out.count++;
                const auto from = out.codes.begin() + static_cast<std::ptrdiff_t>(before * width);
                next.insert(next.end(), from, from + static_cast<std::ptrdiff_t>(width));
                next.push_back(code);
            }
            out.of_row[row] = place;
        });
        out.codes = std::move(next);
    }
    return out;
}

void add_counted(const ValueCounts& counted, std::size_t width, Groups& out) {
    std::string value_bytes;
    const auto add = [&](const ValueRef& value, std::uint64_t count) {
        auto& made = out.groups.emplace_back();
        value_bytes.clear();
        if (!value.is_null()) {
            put_value(value_bytes, value, {});
        }
        put_text(made.key, value_bytes);
        made.cells.push_back(cell_of(value));
        made.count = count;
    };
    for (const ValueCounts::One& one : counted.values) {
        add(one.value, one.count);
    }
    if (counted.none > 0) {
        add({}, counted.none);
    }
    out.tallies.resize(out.groups.size() * width);
}

// Looks at a unit's rows, on any thread.
Result<std::unique_ptr<Part>> group_unit(const Stats& stats, std::span<const Name> by,
                                         std::span<const Name> arguments, Unit& unit,
                                         const RowSet& rows) {
    auto out = std::make_unique<Groups>();
    const std::size_t width = stats.aggregates.size();
    const bool only_counts =
        std::ranges::all_of(stats.aggregates, [](const Aggregate& a) { return a.field.empty(); });
    if (by.empty() && only_counts) {
        out->groups.emplace_back().count = rows.count();
        out->tallies.resize(width);
        return out;
    }
    if (by.size() == 1 && only_counts && rows.count() == rows.rows()) {
        GAC_TRY(counted, unit.value_counts(by.front()));
        if (counted) {
            add_counted(*counted, width, *out);
            return out;
        }
    }
    std::vector<Codes> columns;
    for (const Name& name : by) {
        GAC_TRY(codes, codes_of(unit, name, rows));
        columns.push_back(std::move(codes));
    }
    Combinations combined;
    const bool single = columns.size() == 1;  // its codes are the combinations
    if (single) {
        combined.count = static_cast<std::uint32_t>(columns[0].values.size()) + 1;
    } else {
        combined = combine(rows, columns);
    }
    const std::vector<std::uint32_t>& of_row = single ? columns[0].code : combined.of_row;
    std::vector<std::uint64_t> counts(combined.count, 0);
    if (rows.count() == rows.rows()) {
        for (const std::uint32_t combination : of_row) {
            ++counts[combination];
        }
    } else {
        rows.for_each([&](std::uint32_t row) { ++counts[of_row[row]]; });
    }
    std::vector<std::uint32_t> group(combined.count, kNoGroup);
    for (std::uint32_t i = 0; i < combined.count; ++i) {
        if (counts[i] == 0) {
            continue;
        }
        group[i] = static_cast<std::uint32_t>(out->groups.size());
        auto& made = out->groups.emplace_back();
        made.count = counts[i];
        for (std::size_t c = 0; c < columns.size(); ++c) {
            const std::uint32_t code = single ? i : combined.codes[i * columns.size() + c];
            put_text(made.key, code == 0 ? std::string_view() : columns[c].keys.bytes(code - 1));
            made.cells.push_back(code == 0 ? Cell() : cell_of(columns[c].values[code - 1]));
        }
    }
    out->tallies.resize(out->groups.size() * width);
    for (std::size_t a = 0; a < width; ++a) {
        const Aggregate::Function function = stats.aggregates[a].function;
        if (function == Aggregate::Function::Count) {
            continue;
        }
        GAC_TRY(codes, codes_of(unit, arguments[a], rows));
        if (out->groups.size() == 1) {  // each value once, with how often it came
            std::vector<std::uint64_t> times(codes.values.size() + 1, 0);
            rows.for_each([&](std::uint32_t row) { ++times[codes.code[row]]; });
            for (std::uint32_t code = 1; code < times.size(); ++code) {
                if (times[code] > 0) {
                    out->tallies[a].add(function, codes.values[code - 1],
                                        codes.keys.bytes(code - 1), times[code]);
                }
            }
            continue;
        }
        rows.for_each([&](std::uint32_t row) {
            if (const std::uint32_t code = codes.code[row]; code != 0) {
                out->tallies[group[of_row[row]] * width + a].add(function, codes.values[code - 1],
                                                                 codes.keys.bytes(code - 1), 1);
            }
        });
    }
    return out;
}

// The groups of all units.
class Table {
public:
    Table(const Stats& stats, Meter& meter) : stats_(stats), meter_(meter) {
        if (stats.by.empty()) {
            group_of("", {});  // a count of nothing is one row that says 0
        }
    }

    bool add(Groups& part) {
        const std::size_t width = stats_.aggregates.size();
        for (std::size_t i = 0; i < part.groups.size(); ++i) {
            Groups::Group& from = part.groups[i];
            const std::uint32_t place = group_of(from.key, from.cells);
            if (place == kNoGroup) {
                continue;  // the groups that are known still grow
            }
            groups_[place].count += from.count;
            for (std::size_t a = 0; a < width; ++a) {
                if (stats_.aggregates[a].function == Aggregate::Function::Count) {
                    continue;
                }
                Tally& to = tallies_[place * width + a];
                const std::uint64_t before = to.memory();
                to.merge(stats_.aggregates[a].function, part.tallies[i * width + a]);
                memory_ += to.memory() - before;
            }
        }
        meter_.keeps(memory_);
        return !full_;
    }

    std::vector<std::vector<Cell>> rows() const {
        const std::size_t width = stats_.aggregates.size();
        std::vector<std::vector<Cell>> out;
        for (std::size_t i = 0; i < groups_.size(); ++i) {
            auto& row = out.emplace_back(groups_[i].cells);
            for (std::size_t a = 0; a < width; ++a) {
                row.push_back(
                    tallies_[i * width + a].result(stats_.aggregates[a], groups_[i].count));
            }
        }
        return out;
    }

    std::vector<std::string> notes() const {
        std::vector<std::string> out;
        const std::size_t width = stats_.aggregates.size();
        for (std::size_t a = 0; a < width; ++a) {
            bool estimated = false;
            for (std::size_t i = a; i < tallies_.size() && !estimated; i += width) {
                estimated = tallies_[i].estimated();
            }
            if (!estimated) {
                continue;
            }
            const Aggregate& aggregate = stats_.aggregates[a];
            out.push_back(
                aggregate.function == Aggregate::Function::DistinctCount
                    ? fmt::format("{}: more than {} different values are estimated, ± 0.8 %",
                                  aggregate.name, DistinctSketch::kExactMax)
                    : fmt::format("{}: of more than {} values, ± {} %", aggregate.name,
                                  QuantileSketch::kExactMax, QuantileSketch::kError * 100));
        }
        return out;
    }

private:
    struct Group {
        std::vector<Cell> cells;
        std::uint64_t count = 0;
    };

    std::uint32_t group_of(std::string_view key, std::vector<Cell> cells) {
        if (groups_.size() < meter_.budget().groups_max) {
            const auto [place, added] = places_.add(key);
            if (added) {
                memory_ += key.size() * 2 + 96 + sizeof(Group) + cells.size() * sizeof(Cell)
                           + stats_.aggregates.size() * sizeof(Tally);
                groups_.push_back({std::move(cells), 0});
                tallies_.resize(groups_.size() * stats_.aggregates.size());
            }
            return place;
        }
        const std::uint32_t place = places_.find(key);
        if (place == kNoGroup) {
            full_ = true;
            meter_.give_up(fmt::format("more than {} groups", meter_.budget().groups_max));
        }
        return place;
    }

    const Stats& stats_;
    Meter& meter_;
    BytesIndex places_;  // of groups, by the bytes of their keys
    std::vector<Group> groups_;
    std::vector<Tally> tallies_;
    std::uint64_t memory_ = 0;
    bool full_ = false;
};

using Row = std::vector<Cell>;

// An event's value is asked by a matcher; so is a cell.
bool cell_matches(Matcher& matcher, const Cell& cell) {
    return std::visit(
        [&](const auto& value) {
            using T = std::decay_t<decltype(value)>;
            if constexpr (std::is_same_v<T, std::monostate>) {
                return false;
            } else if constexpr (std::is_same_v<T, std::string>) {
                return matcher.matches(ValueRef(std::string_view(value)));
            } else if constexpr (std::is_same_v<T, base::IpAddress>) {
                return matcher.matches(ValueRef(&value));
            } else {
                return matcher.matches(ValueRef(value));
            }
        },
        cell);
}

struct Condition {
    Node::Kind kind = Node::Kind::All;
    std::vector<Condition> children;
    std::size_t column = 0;
    std::optional<Matcher> matcher;
};

std::size_t place_of(const std::vector<std::string>& columns, const std::string& name) {
    return static_cast<std::size_t>(std::ranges::find(columns, name) - columns.begin());
}

Condition condition_of(const Node& node, const std::vector<std::string>& columns) {
    Condition out;
    out.kind = node.kind;
    for (const Node& child : node.children) {
        out.children.push_back(condition_of(child, columns));
    }
    if (node.kind == Node::Kind::Field) {
        out.column = place_of(columns, node.field);
        out.matcher.emplace(node.test, false);
    }
    return out;
}

bool holds(Condition& condition, const Row& row) {
    const auto child_holds = [&](Condition& child) { return holds(child, row); };
    switch (condition.kind) {
        case Node::Kind::And:
            return std::ranges::all_of(condition.children, child_holds);
        case Node::Kind::Or:
            return std::ranges::any_of(condition.children, child_holds);
        case Node::Kind::Not:
            return !holds(condition.children.front(), row);
        case Node::Kind::Field:
            return cell_matches(*condition.matcher, row[condition.column]);
        case Node::Kind::All:
        case Node::Kind::FreeText:  // the parser lets none through
            break;
    }
    return true;
}

// The most frequent rows of each combination of the first columns, with their share of it.
std::vector<Row> top_rows(std::vector<Row> rows, const Top& top) {
    const auto group_of = [&](const Row& row) {
        std::string key;
        for (std::size_t i = 0; i < top.groups; ++i) {
            append_json(row[i], key);
            key += '\n';
        }
        return key;
    };
    std::map<std::string, double> sums;
    for (const Row& row : rows) {
        sums[group_of(row)] += static_cast<double>(std::get<std::int64_t>(row.back()));
    }
    std::ranges::sort(rows, [](const Row& a, const Row& b) {
        const auto by_count = compare(b.back(), a.back());
        if (by_count != 0) {
            return by_count < 0;
        }
        return std::ranges::lexicographical_compare(
            a, b, [](const Cell& x, const Cell& y) { return compare(x, y) < 0; });
    });
    std::map<std::string, std::uint32_t> taken;
    std::vector<Row> out;
    for (Row& row : rows) {
        const std::string group = group_of(row);
        if (taken[group]++ < top.size) {
            const auto count = static_cast<double>(std::get<std::int64_t>(row.back()));
            row.emplace_back(std::round(count / sums[group] * 10'000) / 100);
            out.push_back(std::move(row));
        }
    }
    return out;
}

struct Order {
    std::size_t column;
    bool descending;
};

// As asked for; without a sort pipe the largest first aggregate comes first, tables by time from
// the first to the last. Ties by the other columns.
std::vector<Order> order_of(const Tree& tree, const std::vector<std::string>& columns) {
    std::vector<Order> order;
    for (const SortKey& key : tree.sort) {
        order.push_back({place_of(columns, key.name), key.descending});
    }
    if (order.empty()) {
        for (std::size_t i = 0; i < tree.stats->by.size() && !tree.top; ++i) {
            if (tree.stats->by[i].bin) {
                order.push_back({i, false});
            }
        }
        order.push_back({tree.stats->by.size(), true});
    }
    for (std::size_t i = 0; i < columns.size(); ++i) {
        order.push_back({i, false});
    }
    return order;
}

}  // namespace

Result<> run_stats(Walk& walk, const Scope& scope, Answer& answer) {
    const Tree& tree = *walk.query.tree;
    const Stats& stats = *tree.stats;
    const Budget& budget = walk.meter.budget();
    answer.is_table = true;
    answer.columns = table_columns(tree);
    std::vector<Name> by;
    std::vector<Name> arguments;
    for (const By& one : stats.by) {
        by.push_back(scope.resolve(one));
    }
    for (const Aggregate& aggregate : stats.aggregates) {
        arguments.push_back(scope.resolve(aggregate.field));
    }
    Table table(stats, walk.meter);
    GAC_CHECK(walk_units(
        walk,
        [&](Unit& unit, const UnitPlace&, const RowSet& rows) {
            return group_unit(stats, by, arguments, unit, rows);
        },
        [&](const UnitPlace&, Part& part) { return table.add(static_cast<Groups&>(part)); }));
    std::vector<Row> rows = table.rows();
    answer.notes = table.notes();
    if (tree.top) {
        rows = top_rows(std::move(rows), *tree.top);
    }
    for (const Node& having : tree.having) {
        Condition condition = condition_of(having, answer.columns);
        std::erase_if(rows, [&](const Row& row) { return !holds(condition, row); });
    }
    const std::size_t asked =
        std::min(walk.query.limit.value_or(budget.rows_max), tree.limit.value_or(budget.rows_max));
    const std::size_t keep = std::min<std::size_t>({asked, budget.rows_max, rows.size()});
    const std::vector<Order> order = order_of(tree, answer.columns);
    std::partial_sort(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(keep), rows.end(),
                      [&](const Row& a, const Row& b) {
                          for (const Order& one : order) {
                              const auto way = compare(a[one.column], b[one.column]);
                              if (way != 0) {
                                  return one.descending ? way > 0 : way < 0;
                              }
                          }
                          return false;
                      });
    if (keep < rows.size() && keep == budget.rows_max && asked >= budget.rows_max) {
        walk.meter.note(fmt::format("{} groups, the first {} are shown", rows.size(), keep));
    }
    rows.resize(keep);
    if (!tree.fields.empty()) {
        for (Row& row : rows) {
            Row cut;
            for (const std::string& name : tree.fields) {
                cut.push_back(row[place_of(answer.columns, name)]);
            }
            row = std::move(cut);
        }
        answer.columns = tree.fields;
    }
    answer.rows = std::move(rows);
    return {};
}

}  // namespace gac::store::query
