// Answers made of events: newest first with early stop and pages, or sorted by other fields.
#include <algorithm>
#include <charconv>
#include <map>
#include <queue>

#include <fmt/format.h>

#include "store/query/run.h"

namespace gac::store::query {

using event::EventId;

namespace {

constexpr std::uint32_t kPageDefault = 100;

// Where an event stands in the order "newest first".
struct Stand {
    std::int64_t time = 0;
    EventId id = 0;
    auto operator<=>(const Stand&) const = default;
};

struct Hit {
    Stand stand;
    std::size_t unit = 0;  // in the list of places kept
    std::uint32_t row = 0;
    std::vector<Cell> keys;  // of a sort pipe
};

std::string make_cursor(const Stand& stand) { return fmt::format("{}.{}", stand.time, stand.id); }

Result<Stand> read_cursor(std::string_view text) {
    Stand stand;
    const char* const end = text.data() + text.size();
    const auto time = std::from_chars(text.data(), end, stand.time);
    if (time.ec == std::errc{} && time.ptr != end && *time.ptr == '.') {
        const auto id = std::from_chars(time.ptr + 1, end, stand.id);
        if (id.ec == std::errc{} && id.ptr == end) {
            return stand;
        }
    }
    return fail(Code::InvalidArgument, "not a cursor of an earlier answer", "cursor");
}

// Reads the events of the hits, unit by unit, and puts them in the hits' order.
Result<> fill(const Context& context, const std::vector<UnitPlace>& places,
              const std::vector<Hit>& hits, Meter& meter, Answer& answer) {
    std::map<std::size_t, std::vector<std::size_t>> by_unit;
    for (std::size_t i = 0; i < hits.size(); ++i) {
        by_unit[hits[i].unit].push_back(i);
    }
    event::EventBatch found;
    std::vector<EventId> found_ids;
    constexpr std::uint32_t kMissing = ~0U;
    std::vector<std::uint32_t> row_of_hit(hits.size(), kMissing);
    for (const auto& [number, of_unit] : by_unit) {
        std::vector<std::uint32_t> rows;
        for (const std::size_t hit : of_unit) {
            rows.push_back(hits[hit].row);
        }
        const std::uint32_t before = found.size();
        auto read = [&]() -> Result<> {
            GAC_TRY(unit, open_unit(places[number], context.names));
            GAC_CHECK(unit->materialize(rows, found, found_ids));
            meter.add(unit->bytes_read(), 0);
            return {};
        }();
        if (!read) {
            context.on_damage(read.error());
            meter.give_up("a damaged part was left out: " + read.error().message());
        }
        found_ids.resize(found.size());  // an event may have been half read
        for (std::size_t i = 0; i < found.size() - before; ++i) {
            row_of_hit[of_unit[i]] = before + static_cast<std::uint32_t>(i);
        }
    }
    std::vector<EventId> ids;
    for (const std::uint32_t row : row_of_hit) {
        if (row != kMissing) {
            copy_event(found[row], answer.events);
            ids.push_back(found_ids[row]);
        }
    }
    answer.events.set_ids(std::move(ids));
    return {};
}

void fill_columns(const Context& context, const std::vector<std::string>& fields, Answer& answer) {
    answer.columns = fields;
    std::vector<Name> names;
    for (const std::string& field : fields) {
        names.push_back(resolve(field, *context.names.profiles));
    }
    std::string scratch;
    for (std::uint32_t row = 0; row < answer.events.size(); ++row) {
        auto& cells = answer.rows.emplace_back();
        for (const Name& name : names) {
            cells.push_back(cell_of(value_of(name, answer.events[row], context.names, scratch)));
        }
    }
}

class Newest {
public:
    Newest(std::size_t size, std::optional<Stand> before) : size_(size), before_(before) {}

    bool wants(base::TimePoint newest) const {
        return heap_.size() < size_ || newest.us >= heap_.top().stand.time;
    }
    void add(const Stand& stand, std::size_t unit, std::uint32_t row) {
        if (before_ && stand >= *before_) {
            return;
        }
        if (heap_.size() == size_) {
            if (stand <= heap_.top().stand) {
                return;
            }
            heap_.pop();
        }
        heap_.push({.stand = stand, .unit = unit, .row = row, .keys = {}});
    }
    std::vector<Hit> take() {
        std::vector<Hit> hits;
        for (; !heap_.empty(); heap_.pop()) {
            hits.push_back(heap_.top());
        }
        std::ranges::reverse(hits);
        return hits;
    }

private:
    struct Later {
        bool operator()(const Hit& a, const Hit& b) const { return a.stand > b.stand; }
    };
    std::priority_queue<Hit, std::vector<Hit>, Later> heap_;  // the oldest kept hit on top
    std::size_t size_;
    std::optional<Stand> before_;
};

// Hits in the order of a sort pipe; keeps at most twice what is asked for.
class Sorted {
public:
    Sorted(std::size_t size, const std::vector<SortKey>& keys) : size_(size), keys_(keys) {}
    void add(Hit hit) {
        hits_.push_back(std::move(hit));
        if (hits_.size() >= 2 * size_ + 1024) {
            cut();
        }
    }
    std::vector<Hit> take() {
        cut();
        return std::move(hits_);
    }

private:
    bool before(const Hit& a, const Hit& b) const {
        for (std::size_t i = 0; i < keys_.size(); ++i) {
            const auto order = compare(a.keys[i], b.keys[i]);
            if (order != 0) {
                return keys_[i].descending ? order > 0 : order < 0;
            }
        }
        return a.stand > b.stand;
    }
    void cut() {
        const std::size_t keep = std::min(size_, hits_.size());
        std::partial_sort(hits_.begin(), hits_.begin() + static_cast<std::ptrdiff_t>(keep),
                          hits_.end(), [this](const Hit& a, const Hit& b) { return before(a, b); });
        hits_.resize(keep);
    }

    std::size_t size_;
    const std::vector<SortKey>& keys_;
    std::vector<Hit> hits_;
};

Result<std::vector<Hit>> newest_hits(const Context& context, const Query& query, std::size_t size,
                                     Meter& meter, std::vector<UnitPlace>& places) {
    std::optional<Stand> before;
    if (!query.cursor.empty()) {
        GAC_TRY(stand, read_cursor(query.cursor));
        before = stand;
    }
    Newest newest(size, before);
    Query narrowed = query;
    if (before) {
        narrowed.range.to =
            std::min(narrowed.range.to, base::TimePoint{before->time} + base::Duration{1});
    }
    for_each_match(
        context, narrowed, meter,
        [&](const UnitPlace& place) { return newest.wants(place.time_max); },
        [&](Unit& unit, const UnitPlace& place, const RowSet& rows) -> Result<bool> {
            GAC_TRY(times, unit.times());
            GAC_TRY(ids, unit.ids());
            places.push_back(place);
            rows.for_each([&](std::uint32_t row) {
                newest.add({times[row], static_cast<EventId>(ids[row])}, places.size() - 1, row);
            });
            return true;
        });
    return newest.take();
}

Result<std::vector<Hit>> sorted_hits(const Context& context, const Query& query, std::size_t size,
                                     Meter& meter, std::vector<UnitPlace>& places) {
    if (!query.cursor.empty()) {
        return fail(Code::InvalidArgument,
                    "sorted answers have no pages: ask for more rows instead", "cursor");
    }
    const auto& keys = query.tree->sort;
    std::vector<Name> names;
    for (const SortKey& key : keys) {
        names.push_back(resolve(key.name, *context.names.profiles));
    }
    Sorted sorted(size, keys);
    for_each_match(
        context, query, meter, [](const UnitPlace&) { return true; },
        [&](Unit& unit, const UnitPlace& place, const RowSet& rows) -> Result<bool> {
            GAC_TRY(times, unit.times());
            GAC_TRY(ids, unit.ids());
            std::vector<Codes> columns;
            for (const Name& name : names) {
                GAC_TRY(codes, unit.codes(name, rows));
                columns.push_back(std::move(codes));
            }
            places.push_back(place);
            rows.for_each([&](std::uint32_t row) {
                Hit hit{.stand = {times[row], static_cast<EventId>(ids[row])},
                        .unit = places.size() - 1,
                        .row = row,
                        .keys = {}};
                for (const Codes& column : columns) {
                    const std::uint32_t code = column.code[row];
                    hit.keys.push_back(code == 0 ? Cell() : cell_of(column.values[code - 1]));
                }
                sorted.add(std::move(hit));
            });
            return true;
        });
    return sorted.take();
}

}  // namespace

Result<Answer> run_search(const Context& context, const Query& query, const Budget& budget) {
    const Tree empty;
    const Tree& tree = query.tree ? *query.tree : empty;
    if (tree.stats) {
        return run_stats(context, query, budget);
    }
    Meter meter(budget);
    Answer answer;
    std::uint32_t size =
        std::min(query.limit.value_or(tree.limit.value_or(kPageDefault)), budget.rows_max);
    size = std::max(std::min(size, tree.limit.value_or(size)), 1u);
    std::vector<UnitPlace> places;
    auto hits = tree.sort.empty() ? newest_hits(context, query, size, meter, places)
                                  : sorted_hits(context, query, size, meter, places);
    if (!hits) {
        return std::unexpected(std::move(hits).error());
    }
    GAC_CHECK(fill(context, places, *hits, meter, answer));
    const bool whole_limit = tree.limit && size >= *tree.limit;
    if (tree.sort.empty() && hits->size() == size && !whole_limit) {
        answer.cursor = make_cursor(hits->back().stand);
    }
    if (!tree.fields.empty()) {
        fill_columns(context, tree.fields, answer);
    }
    answer.scanned_bytes = meter.bytes();
    answer.scanned_events = meter.events();
    answer.partial = meter.why();
    return answer;
}

}  // namespace gac::store::query
