// Answers made of events: newest first with early stop and pages, or sorted by other fields, or one
// event for each value.
#include <algorithm>
#include <charconv>
#include <map>
#include <queue>
#include <unordered_map>

#include <fmt/format.h>

#include "base/time.h"
#include "store/bytes.h"
#include "store/query/codes.h"
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

struct Hits final : Part {
    std::vector<Hit> hits;
};

struct KeyedHits final : Part {
    std::vector<std::pair<std::string, Hit>> hits;
};

std::string make_cursor(const Stand& stand) { return fmt::format("{}.{}", stand.time, stand.id); }

Result<std::optional<Stand>> read_cursor(std::string_view text) {
    if (text.empty()) {
        return std::optional<Stand>();
    }
    Stand stand;
    const char* const end = text.data() + text.size();
    const auto time = std::from_chars(text.data(), end, stand.time);
    if (time.ec == std::errc{} && time.ptr != end && *time.ptr == '.') {
        const auto id = std::from_chars(time.ptr + 1, end, stand.id);
        if (id.ec == std::errc{} && id.ptr == end) {
            return std::optional(stand);
        }
    }
    return fail(Code::InvalidArgument, "not a cursor of an earlier answer", "cursor");
}

// Reads the events of the hits, unit by unit, and puts them in the hits' order.
void fill(Walk& walk, const std::vector<UnitPlace>& places, const std::vector<Hit>& hits,
          Answer& answer) {
    std::map<std::size_t, std::vector<std::size_t>> by_unit;
    for (std::size_t i = 0; i < hits.size(); ++i) {
        by_unit[hits[i].unit].push_back(i);
    }
    struct Read {
        std::size_t unit = 0;
        std::vector<std::size_t> of;  // hits
        event::EventBatch events;
        std::vector<EventId> ids;
        std::optional<Error> fault;
    };
    std::vector<Read> reads;
    for (auto& [unit, of] : by_unit) {
        auto& read = reads.emplace_back();
        read.unit = unit;
        read.of = std::move(of);
    }
    walk.context.pool.run(
        reads.size(), walk.meter.budget().asker,
        [&](std::size_t number) {
            Read& read = reads[number];
            std::vector<std::uint32_t> rows;
            for (const std::size_t hit : read.of) {
                rows.push_back(hits[hit].row);
            }
            const auto done = [&]() -> Result<> {
                GAC_TRY(unit, open_unit(places[read.unit], walk.context.names));
                GAC_CHECK(unit->materialize(rows, read.events, read.ids));
                walk.meter.add(unit->bytes_read(), 0);
                return {};
            }();
            if (!done) {
                walk.context.on_damage(done.error());
                read.fault = done.error();
            }
            read.ids.resize(read.events.size());  // an event may have been half read
        },
        [](std::size_t) { return true; });
    std::vector<std::pair<const Read*, std::uint32_t>> at(hits.size(), {nullptr, 0});
    for (const Read& read : reads) {
        if (read.fault) {
            walk.meter.note("a damaged part was left out: " + read.fault->message());
        }
        for (std::uint32_t i = 0; i < read.events.size() && i < read.of.size(); ++i) {
            at[read.of[i]] = {&read, i};
        }
    }
    std::vector<EventId> ids;
    for (const auto& [read, row] : at) {
        if (read != nullptr) {
            copy_event(read->events[row], answer.events);
            ids.push_back(read->ids[row]);
        }
    }
    answer.events.set_ids(std::move(ids));
}

void fill_columns(const Context& context, const Scope& scope,
                  const std::vector<std::string>& fields, Answer& answer) {
    answer.columns = fields;
    std::vector<Name> names;
    for (const std::string& field : fields) {
        names.push_back(scope.resolve(field));
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
    bool full() const { return heap_.size() == size_; }
    const Stand& oldest() const { return heap_.top().stand; }
    std::vector<Hit> take() {
        std::vector<Hit> hits;
        hits.reserve(heap_.size());
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

// In the order of a sort pipe.
bool sorts_before(const std::vector<SortKey>& keys, const Hit& a, const Hit& b) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const auto order = compare(a.keys[i], b.keys[i]);
        if (order != 0) {
            return keys[i].descending ? order > 0 : order < 0;
        }
    }
    return a.stand > b.stand;
}

std::uint64_t memory_of(const Hit& hit) {
    std::uint64_t sum = sizeof(Hit) + hit.keys.capacity() * sizeof(Cell);
    for (const Cell& key : hit.keys) {
        if (const auto* text = std::get_if<std::string>(&key)) {
            sum += text->capacity();
        }
    }
    return sum;
}

Result<std::vector<Hit>> newest_hits(Walk& walk, std::size_t size, std::optional<Stand> before,
                                     std::vector<UnitPlace>& places) {
    Newest newest(size, before);
    GAC_CHECK(walk_units(
        walk,
        [&](Unit& unit, const UnitPlace&, const RowSet& rows) -> Result<std::unique_ptr<Part>> {
            Newest here(size, before);
            GAC_CHECK(unit.stands(rows, [&](const Unit::Stand& one) {
                here.add({one.time, static_cast<EventId>(one.id)}, 0, one.row);
            }));
            auto part = std::make_unique<Hits>();
            part->hits = here.take();
            return part;
        },
        [&](const UnitPlace& place, Part& part) {
            places.push_back(place);
            for (const Hit& hit : static_cast<Hits&>(part).hits) {
                newest.add(hit.stand, places.size() - 1, hit.row);
            }
            if (newest.full()) {
                walk.not_before = newest.oldest().time;
            }
            return true;
        }));
    return newest.take();
}

Result<std::vector<Hit>> sorted_hits(Walk& walk, const Scope& scope, std::size_t size,
                                     std::vector<UnitPlace>& places) {
    const auto& keys = walk.query.tree->sort;
    std::vector<Name> names;
    for (const SortKey& key : keys) {
        names.push_back(scope.resolve(key.name));
    }
    std::vector<Hit> all;
    const auto cut = [&](std::vector<Hit>& hits) {
        const std::size_t keep = std::min(size, hits.size());
        std::partial_sort(hits.begin(), hits.begin() + static_cast<std::ptrdiff_t>(keep),
                          hits.end(),
                          [&](const Hit& a, const Hit& b) { return sorts_before(keys, a, b); });
        hits.resize(keep);
    };
    GAC_CHECK(walk_units(
        walk,
        [&](Unit& unit, const UnitPlace&, const RowSet& rows) -> Result<std::unique_ptr<Part>> {
            GAC_TRY(times, unit.times());
            GAC_TRY(ids, unit.ids());
            std::vector<Codes> columns;
            std::vector<std::vector<Cell>> cells;  // of each code
            for (const Name& name : names) {
                GAC_TRY(codes, codes_of(unit, name, rows));
                auto& of_column = cells.emplace_back(1);
                for (const event::ValueRef& value : codes.values) {
                    of_column.push_back(cell_of(value));
                }
                columns.push_back(std::move(codes));
            }
            std::vector<std::uint32_t> order;
            rows.for_each([&](std::uint32_t row) { order.push_back(row); });
            const auto earlier = [&](std::uint32_t a, std::uint32_t b) {
                for (std::size_t i = 0; i < columns.size(); ++i) {
                    const std::uint32_t x = columns[i].code[a];
                    const std::uint32_t y = columns[i].code[b];
                    if (x == y) {
                        continue;
                    }
                    const auto way = compare(cells[i][x], cells[i][y]);
                    if (way != 0) {
                        return keys[i].descending ? way > 0 : way < 0;
                    }
                }
                return Stand{times[a], static_cast<EventId>(ids[a])}
                       > Stand{times[b], static_cast<EventId>(ids[b])};
            };
            const std::size_t keep = std::min(size, order.size());
            std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(keep),
                              order.end(), earlier);
            order.resize(keep);
            auto part = std::make_unique<Hits>();
            for (const std::uint32_t row : order) {
                Hit& hit = part->hits.emplace_back();
                hit.stand = {times[row], static_cast<EventId>(ids[row])};
                hit.row = row;
                for (std::size_t i = 0; i < columns.size(); ++i) {
                    hit.keys.push_back(cells[i][columns[i].code[row]]);
                }
            }
            return part;
        },
        [&](const UnitPlace& place, Part& part) {
            places.push_back(place);
            for (Hit& hit : static_cast<Hits&>(part).hits) {
                hit.unit = places.size() - 1;
                all.push_back(std::move(hit));
            }
            if (all.size() >= 2 * size + 1024) {
                cut(all);
            }
            std::uint64_t memory = places.size() * sizeof(UnitPlace);
            for (const Hit& hit : all) {
                memory += memory_of(hit);
            }
            walk.meter.keeps(memory);
            return true;
        }));
    cut(all);
    return all;
}

// The newest event of each combination of values; newest first.
Result<std::vector<Hit>> distinct_hits(Walk& walk, const Scope& scope, std::size_t size,
                                       std::optional<Stand> before,
                                       std::vector<UnitPlace>& places) {
    std::vector<Name> names;
    for (const std::string& field : walk.query.tree->dedup) {
        names.push_back(scope.resolve(field));
    }
    std::unordered_map<std::string, Hit> newest;
    std::uint64_t memory = 0;
    std::size_t merged = 0;
    GAC_CHECK(walk_units(
        walk,
        [&](Unit& unit, const UnitPlace&, const RowSet& rows) -> Result<std::unique_ptr<Part>> {
            GAC_TRY(times, unit.times());
            GAC_TRY(ids, unit.ids());
            std::vector<Codes> columns;
            for (const Name& name : names) {
                GAC_TRY(codes, codes_of(unit, name, rows));
                columns.push_back(std::move(codes));
            }
            std::unordered_map<std::string, std::size_t> known;
            auto part = std::make_unique<KeyedHits>();
            std::string key;
            rows.for_each([&](std::uint32_t row) {
                const Stand stand{times[row], static_cast<EventId>(ids[row])};
                key.clear();
                for (const Codes& column : columns) {
                    const std::uint32_t code = column.code[row];
                    put_text(key, code == 0 ? std::string_view() : column.keys.bytes(code - 1));
                }
                const auto [at, added] = known.try_emplace(key, part->hits.size());
                if (added) {
                    part->hits.emplace_back(key, Hit{.stand = stand, .row = row, .keys = {}});
                } else if (Hit& hit = part->hits[at->second].second; hit.stand < stand) {
                    hit.stand = stand;
                    hit.row = row;
                }
            });
            return part;
        },
        [&](const UnitPlace& place, Part& part) {
            places.push_back(place);
            memory += sizeof(UnitPlace);
            for (auto& [key, hit] : static_cast<KeyedHits&>(part).hits) {
                hit.unit = places.size() - 1;
                const auto found = newest.find(key);
                if (found != newest.end()) {
                    if (found->second.stand < hit.stand) {
                        found->second = hit;
                    }
                } else if (newest.size() == walk.meter.budget().groups_max) {
                    walk.meter.give_up(fmt::format("more than {} different values to keep apart",
                                                   walk.meter.budget().groups_max));
                    return false;
                } else {
                    memory += key.size() + sizeof(Hit) + 96;
                    newest.emplace(std::move(key), hit);
                }
            }
            walk.meter.keeps(memory);
            // What is older than the page's last cannot come into it. Looked at now and then only.
            if (newest.size() >= size && ++merged % 8 == 0) {
                std::vector<Stand> stands;
                for (const auto& [key, hit] : newest) {
                    if (!before || hit.stand < *before) {
                        stands.push_back(hit.stand);
                    }
                }
                if (stands.size() >= size) {
                    std::ranges::nth_element(stands,
                                             stands.begin() + static_cast<std::ptrdiff_t>(size - 1),
                                             std::greater<>());
                    walk.not_before = stands[size - 1].time;
                }
            }
            return true;
        }));
    std::vector<Hit> hits;
    for (const auto& [key, hit] : newest) {
        if (!before || hit.stand < *before) {
            hits.push_back(hit);
        }
    }
    std::ranges::sort(hits, std::greater<>(), &Hit::stand);
    hits.resize(std::min(size, hits.size()));
    return hits;
}

std::vector<Chosen> chosen_rows(const std::vector<UnitPlace>& places,
                                const std::vector<Hit>& hits) {
    std::map<std::size_t, RowSet> rows;
    for (const Hit& hit : hits) {
        const auto found = rows.try_emplace(hit.unit, places[hit.unit].rows).first;
        found->second.set(hit.row);
    }
    std::vector<Chosen> out;
    for (auto& [unit, set] : rows) {
        out.push_back({places[unit], std::move(set)});
    }
    return out;
}

std::vector<std::string> columns_of(const Tree& tree, const Scope& scope) {
    if (!tree.fields.empty() || scope.made().empty()) {
        return tree.fields;
    }
    std::vector<std::string> columns = {"@timestamp"};
    for (const auto& [name, made] : scope.made()) {
        columns.push_back(name);
    }
    columns.emplace_back("event.original");
    return columns;
}

}  // namespace

Result<Answer> run_search(const Context& context, const Query& query, const Budget& budget) {
    const Tree empty;
    const Tree& tree = query.tree ? *query.tree : empty;
    if (!query.cursor.empty() && (tree.stats || !tree.sort.empty())) {
        return fail(Code::InvalidArgument,
                    tree.stats ? "tables have no pages: ask for more rows instead"
                               : "sorted answers have no pages: ask for more rows instead",
                    "cursor");
    }
    GAC_TRY(before, read_cursor(query.cursor));
    Meter meter(budget, &context.pool.memory());
    Answer answer;
    const auto explanation = query.explain ? std::make_shared<Explanation>() : nullptr;
    std::int64_t begun = base::monotonic_us();
    GAC_TRY(place, context.pool.enter(meter));
    if (explanation) {
        explanation->wait_us = base::monotonic_us() - begun;
        explanation->threads = context.pool.threads();
        explanation->plan = plan_in_words(query, *context.names.profiles);
    }
    Query narrowed = query;
    const Scope scope(*context.names.profiles, &tree);
    std::uint32_t size =
        std::min(query.limit.value_or(tree.limit.value_or(kPageDefault)), budget.rows_max);
    size = std::max(std::min(size, tree.limit.value_or(size)), 1u);
    std::vector<UnitPlace> places;
    std::vector<Chosen> chosen;
    const bool dedup = !tree.dedup.empty();
    if (before && !dedup) {  // for dedup newer events say which values were shown already
        narrowed.range.to =
            std::min(narrowed.range.to, base::TimePoint{before->time} + base::Duration{1});
    }
    Walk walk{.context = context, .query = narrowed, .meter = meter};
    walk.explanation = explanation.get();
    std::vector<Hit> hits;
    if (dedup) {
        const bool all = tree.stats || !tree.sort.empty();
        GAC_TRY(found, distinct_hits(walk, scope, all ? budget.groups_max : size, before, places));
        hits = std::move(found);
        if (all) {
            chosen = chosen_rows(places, hits);
            walk.among = &chosen;
            walk.not_before = std::numeric_limits<std::int64_t>::min();
        }
    }
    if (tree.stats) {
        GAC_CHECK(run_stats(walk, scope, answer));
    } else {
        if (!tree.sort.empty()) {
            std::vector<UnitPlace> sorted_places;
            GAC_TRY(found, sorted_hits(walk, scope, size, sorted_places));
            hits = std::move(found);
            places = std::move(sorted_places);
        } else if (!dedup) {
            GAC_TRY(found, newest_hits(walk, size, before, places));
            hits = std::move(found);
        }
        begun = base::monotonic_us();
        fill(walk, places, hits, answer);
        const bool whole_limit = tree.limit && size >= *tree.limit;
        if (tree.sort.empty() && hits.size() == size && !whole_limit) {
            answer.cursor = make_cursor(hits.back().stand);
        }
        if (const auto columns = columns_of(tree, scope); !columns.empty()) {
            fill_columns(context, scope, columns, answer);
        }
        if (explanation) {
            explanation->read_us = base::monotonic_us() - begun;
        }
    }
    tell_cost(walk, answer);
    answer.explanation = explanation;
    return answer;
}

}  // namespace gac::store::query
