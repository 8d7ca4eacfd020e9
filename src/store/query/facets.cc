// What stands beside a list of results: the histogram over time, top values of fields, the list of
// fields.
#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>

#include <fmt/format.h>

#include "store/query/codes.h"
#include "store/query/run.h"

namespace gac::store::query {

namespace {

constexpr std::size_t kBucketsMax = 20'000;

std::int64_t bucket_start(std::int64_t time, std::int64_t width) {
    const std::int64_t rest = time % width;
    return time - (rest < 0 ? rest + width : rest);
}

// How often each value was seen, by its bytes.
class Counts {
public:
    explicit Counts(std::uint32_t values_max) : values_max_(values_max) {}
    // The place of the value in order of first appearance, or nothing when there are too many.
    std::optional<std::size_t> place(std::string_view key, const Cell& value) {
        if (values_.size() >= values_max_) {
            const std::uint32_t known = places_.find(key);
            return known == BytesIndex::kNone ? std::nullopt : std::optional<std::size_t>(known);
        }
        const auto [place, added] = places_.add(key);
        if (added) {
            values_.push_back({.value = value, .count = 0});
            memory_ += key.size() + 160;
        }
        return place;
    }
    void add(std::size_t place, std::uint64_t count) { values_[place].count += count; }
    const std::vector<TopValues::Value>& values() const { return values_; }
    std::uint64_t memory() const { return memory_; }

    // Places of the n most frequent, by count, then by value.
    std::vector<std::size_t> top(std::size_t n) const {
        std::vector<std::size_t> order(values_.size());
        for (std::size_t i = 0; i < order.size(); ++i) {
            order[i] = i;
        }
        n = std::min(n, order.size());
        std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(n),
                          order.end(), [&](std::size_t a, std::size_t b) {
                              return values_[a].count != values_[b].count
                                         ? values_[a].count > values_[b].count
                                         : compare(values_[a].value, values_[b].value) < 0;
                          });
        order.resize(n);
        return order;
    }

private:
    std::uint32_t values_max_;
    BytesIndex places_;
    std::vector<TopValues::Value> values_;
    std::uint64_t memory_ = 0;
};

struct TimeBin {
    std::uint64_t count = 0;
    std::unordered_map<std::size_t, std::uint64_t> split;  // by place in Counts
};

using Values = std::vector<std::pair<std::string, Cell>>;  // as bytes, and to be shown

Values copy_values(const Codes& codes) {
    Values out;
    for (std::size_t i = 0; i < codes.values.size(); ++i) {
        out.emplace_back(codes.keys.bytes(static_cast<std::uint32_t>(i)), cell_of(codes.values[i]));
    }
    return out;
}

struct UnitBins final : Part {
    struct Bin {
        std::uint64_t count = 0;
        std::vector<std::uint64_t> split;  // by place in values
    };
    std::map<std::int64_t, Bin> bins;
    Values values;
};

struct UnitValues final : Part {
    struct Field {
        Values values;
        std::vector<std::uint64_t> seen;  // of none, then of each
    };
    std::vector<Field> fields;
    std::uint64_t rows = 0;
};

Result<std::pair<std::int64_t, std::int64_t>> bounds(const std::map<std::int64_t, TimeBin>& bins,
                                                     const TimeRange& range, std::int64_t width) {
    std::int64_t first = bins.begin()->first;
    std::int64_t last = bins.rbegin()->first;
    const TimeRange open;
    if (range.from != open.from) {
        first = bucket_start(range.from.us, width);
    }
    if (range.to != open.to) {
        last = bucket_start(range.to.us - 1, width);
    }
    if ((last - first) / width >= static_cast<std::int64_t>(kBucketsMax)) {
        return fail(Code::InvalidArgument,
                    fmt::format("more than {} buckets: choose a wider interval", kBucketsMax),
                    "interval");
    }
    return std::pair(first, last);
}

}  // namespace

Result<Histogram> run_histogram(const Context& context, const Query& query,
                                const HistogramSpec& spec, const Budget& budget) {
    const std::int64_t width = spec.interval.us;
    if (width <= 0) {
        return fail(Code::InvalidArgument, "the interval must be longer than nothing", "interval");
    }
    const bool split = !spec.split_by.empty();
    const Scope scope(*context.names.profiles, query.tree.get());
    const Name name = scope.resolve(split ? spec.split_by : "@timestamp");
    Meter meter(budget, &context.pool.memory());
    GAC_TRY(turn, context.pool.enter(meter));
    Walk walk{.context = context, .query = query, .meter = meter};
    Counts counts(budget.groups_max);
    std::map<std::int64_t, TimeBin> bins;
    GAC_CHECK(walk_units(
        walk,
        [&](Unit& unit, const UnitPlace&, const RowSet& rows) -> Result<std::unique_ptr<Part>> {
            GAC_TRY(times, unit.times());
            auto part = std::make_unique<UnitBins>();
            Codes codes;
            if (split) {
                GAC_TRY(read, codes_of(unit, name, rows));
                codes = std::move(read);
                part->values = copy_values(codes);
            }
            UnitBins::Bin* bin = nullptr;
            std::int64_t start = 0;
            rows.for_each([&](std::uint32_t row) {
                if (bin == nullptr || times[row] < start || times[row] - start >= width) {
                    start = bucket_start(times[row], width);
                    bin = &part->bins[start];
                    bin->split.resize(part->values.size());
                }
                ++bin->count;
                if (split && codes.code[row] != 0) {
                    ++bin->split[codes.code[row] - 1];
                }
            });
            return part;
        },
        [&](const UnitPlace&, Part& part) {
            auto& found = static_cast<UnitBins&>(part);
            // A value that no row has in the end takes no place: of a field that stands twice in an
            // event only one value counts.
            std::vector<std::optional<std::size_t>> places(found.values.size());
            for (const auto& [start, from] : found.bins) {
                TimeBin& to = bins[start];
                to.count += from.count;
                for (std::size_t i = 0; i < from.split.size(); ++i) {
                    if (from.split[i] == 0) {
                        continue;
                    }
                    if (!places[i]) {
                        const auto& [key, cell] = found.values[i];
                        places[i] = counts.place(key, cell);
                    }
                    if (places[i]) {
                        counts.add(*places[i], from.split[i]);
                        to.split[*places[i]] += from.split[i];
                    }
                }
            }
            meter.keeps(bins.size() * 128 + counts.memory());
            return bins.size() <= kBucketsMax;
        }));
    if (bins.size() > kBucketsMax) {
        return fail(Code::InvalidArgument,
                    fmt::format("more than {} buckets: choose a wider interval", kBucketsMax),
                    "interval");
    }
    Histogram out;
    out.scanned_bytes = meter.bytes();
    out.partial = meter.why();
    if (bins.empty()) {
        return out;
    }
    const auto top = counts.top(spec.split_values_max);
    for (const std::size_t place : top) {
        out.split_values.push_back(text_of(counts.values()[place].value));
    }
    GAC_TRY(span, bounds(bins, query.range, width));
    for (std::int64_t start = span.first; start <= span.second; start += width) {
        auto& bucket = out.buckets.emplace_back();
        bucket.start.us = start;
        bucket.split.resize(top.size());
        if (const auto found = bins.find(start); found != bins.end()) {
            bucket.count = found->second.count;
            out.total += bucket.count;
            for (std::size_t i = 0; i < top.size(); ++i) {
                const auto part = found->second.split.find(top[i]);
                bucket.split[i] = part == found->second.split.end() ? 0 : part->second;
            }
        }
    }
    return out;
}

Result<std::vector<TopValues>> run_top_values(const Context& context, const Query& query,
                                              std::span<const std::string> fields,
                                              std::uint32_t values_max, const Budget& budget) {
    const Scope scope(*context.names.profiles, query.tree.get());
    std::vector<TopValues> out;
    std::vector<Name> names;
    std::vector<Counts> counts;
    for (const std::string& field : fields) {
        out.emplace_back().field = field;
        names.push_back(scope.resolve(field));
        counts.emplace_back(budget.groups_max);
    }
    Meter meter(budget, &context.pool.memory());
    GAC_TRY(turn, context.pool.enter(meter));
    Walk walk{.context = context, .query = query, .meter = meter};
    GAC_CHECK(walk_units(
        walk,
        [&](Unit& unit, const UnitPlace&, const RowSet& rows) -> Result<std::unique_ptr<Part>> {
            auto part = std::make_unique<UnitValues>();
            part->rows = rows.count();
            for (const Name& name : names) {
                GAC_TRY(codes, codes_of(unit, name, rows));
                auto& field = part->fields.emplace_back();
                field.values = copy_values(codes);
                field.seen.resize(codes.values.size() + 1);
                rows.for_each([&](std::uint32_t row) { ++field.seen[codes.code[row]]; });
            }
            return part;
        },
        [&](const UnitPlace&, Part& part) {
            auto& found = static_cast<UnitValues&>(part);
            std::uint64_t memory = 0;
            for (std::size_t f = 0; f < names.size(); ++f) {
                const UnitValues::Field& field = found.fields[f];
                out[f].events += found.rows;
                out[f].events_with += found.rows - field.seen[0];
                for (std::size_t i = 0; i < field.values.size(); ++i) {
                    const auto& [key, cell] = field.values[i];
                    if (field.seen[i + 1] == 0) {
                        continue;  // of a field that stands twice in an event one value counts
                    }
                    if (const auto place = counts[f].place(key, cell)) {
                        counts[f].add(*place, field.seen[i + 1]);
                    } else {
                        meter.give_up(
                            fmt::format("more than {} distinct values", budget.groups_max));
                    }
                }
                memory += counts[f].memory();
            }
            meter.keeps(memory);
            return true;
        }));
    for (std::size_t f = 0; f < names.size(); ++f) {
        out[f].distinct = counts[f].values().size();
        for (const std::size_t place : counts[f].top(values_max)) {
            out[f].values.push_back(counts[f].values()[place]);
        }
        out[f].scanned_bytes = meter.bytes();
        out[f].partial = meter.why();
    }
    return out;
}

Result<std::vector<TopValues>> run_field_summary(const Context& context, const Query& query,
                                                 std::uint32_t events_max, std::uint32_t values_max,
                                                 const Budget& budget) {
    Query newest = query;
    newest.limit = events_max;
    newest.cursor.clear();
    if (query.tree) {  // the filter and the pipes that filter
        auto filter = std::make_shared<Tree>();
        filter->filter = query.tree->filter;
        filter->steps = query.tree->steps;
        newest.tree = std::move(filter);
    }
    GAC_TRY(answer, run_search(context, newest, budget));
    struct Seen {
        Counts counts{~0U};
        std::uint64_t events = 0;
        std::uint32_t last_row = ~0U;
    };
    std::map<std::string, Seen, std::less<>> fields;
    std::string key;
    for (std::uint32_t row = 0; row < answer.events.size(); ++row) {
        const event::EventRef event = answer.events[row];
        const event::Profile& profile = (*context.names.profiles)[event.head().profile];
        for (const event::Field& field : event.fields()) {
            if (field.value.is_null()) {
                continue;
            }
            const auto ecs = profile.ecs_name_of(field.id);
            const std::string_view shown = ecs ? *ecs : event::name_of(field.id);
            auto found = fields.find(shown);
            if (found == fields.end()) {
                found = fields.try_emplace(std::string(shown)).first;
            }
            Seen& seen = found->second;
            if (seen.last_row != row) {
                seen.last_row = row;
                ++seen.events;
            }
            key.clear();
            put_value(key, field.value, {});
            seen.counts.add(*seen.counts.place(key, cell_of(field.value)), 1);
        }
    }
    std::vector<TopValues> out;
    for (const auto& [name, seen] : fields) {
        auto& field = out.emplace_back();
        field.field = name;
        field.events = answer.events.size();
        field.events_with = seen.events;
        field.distinct = seen.counts.values().size();
        for (const std::size_t place : seen.counts.top(values_max)) {
            field.values.push_back(seen.counts.values()[place]);
        }
        field.scanned_bytes = answer.scanned_bytes;
        field.partial = answer.partial;
    }
    std::ranges::sort(out, [](const TopValues& a, const TopValues& b) {
        return a.events_with != b.events_with ? a.events_with > b.events_with : a.field < b.field;
    });
    return out;
}

}  // namespace gac::store::query
