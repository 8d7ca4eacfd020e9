// For tests: a second back end behind EventSink and EventSource, as small and as plainly right as
// it can be. Events stand in a list; every question looks at each of them by the meaning of the
// language (docs/search.md). It shares the parser with the store and nothing else, so that it is
// the reference that the store is held against, and its size shows how little a back end has to do.
// Everything is durable at once. Of pipes it knows stats (without percentiles and bins), sort,
// limit and fields; others it refuses. Any thread; one mutex over all.
#pragma once

#include <algorithm>
#include <charconv>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "base/text.h"
#include "event/profile.h"
#include "store/event_sink.h"
#include "store/event_source.h"
#include "store/keeping.h"
#include "store/query/tree.h"
#include "store/source_names.h"

namespace gac::store::testing {

inline event::ValueRef copy_value(const event::ValueRef& value, base::Arena& arena) {
    using event::ValueRef;
    switch (value.type()) {
        case event::Type::String: {
            std::string scratch;
            return ValueRef(arena.copy(value.text(scratch)));
        }
        case event::Type::Ip: {
            const base::IpAddress one[] = {value.ip()};
            return ValueRef(arena.copy(std::span<const base::IpAddress>(one)).data());
        }
        case event::Type::List: {
            std::vector<ValueRef> elements;
            for (const ValueRef& element : value.list()) {
                elements.push_back(copy_value(element, arena));
            }
            return ValueRef(
                std::span<const ValueRef>(arena.copy(std::span<const ValueRef>(elements))));
        }
        default:
            return value;
    }
}

inline void copy_whole_event(const event::EventRef& from, event::EventBatch& to) {
    to.begin();
    for (const event::Field& field : from.fields()) {
        to.add(field.id, copy_value(field.value, to.arena()));
    }
    event::EventHead head = from.head();
    head.raw = to.arena().copy(head.raw);
    to.end(head);
}

// The meaning of one test, by the book.
class Meaning {
public:
    Meaning(const query::Test& test, bool in_text) : test_(test), in_text_(in_text) {
        for (const char c : test.pattern) {
            const bool mark = c == query::kAnyMark || c == query::kOneMark;
            (mark ? pieces_.emplace_back(std::string(1, c), true) : literal()).first +=
                mark ? "" : std::string(1, c);
        }
        for (auto& [text, mark] : pieces_) {
            pattern_ += mark ? text : fold(text);
        }
    }

    bool holds(const event::ValueRef& value) const {
        using event::Type;
        if (value.type() == Type::List) {
            return std::ranges::any_of(value.list(), [&](const auto& one) { return holds(one); });
        }
        if (value.is_null()) {
            return false;
        }
        if (test_.relation == query::Relation::Exists) {
            return true;
        }
        if (test_.relation != query::Relation::Is) {
            return compares(value);
        }
        std::string scratch;
        switch (value.type()) {
            case Type::Integer:
                return test_.integer  ? value.integer() == *test_.integer
                       : test_.number ? static_cast<double>(value.integer()) == *test_.number
                                      : is(value.text(scratch));
            case Type::Float:
                return test_.number ? value.number() == *test_.number : is(value.text(scratch));
            case Type::Time:
                return test_.time ? value.time() == *test_.time : is(value.text(scratch));
            case Type::Ip:
                return test_.prefix ? test_.prefix->contains(value.ip()) : is(value.text(scratch));
            default: {
                const std::string_view text = value.text(scratch);
                if (is(text)) {
                    return true;
                }
                const auto address = base::IpAddress::parse(text);
                return !in_text_ && test_.prefix && address && test_.prefix->contains(*address);
            }
        }
    }

private:
    std::pair<std::string, bool>& literal() {
        return pieces_.empty() || pieces_.back().second ? pieces_.emplace_back("", false)
                                                        : pieces_.back();
    }
    std::string fold(std::string_view text) const {
        return test_.quoted ? base::fold_case(text) : base::fold_for_search(text);
    }
    static bool of_word(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
               || static_cast<unsigned char>(c) >= 0x80;
    }
    // Ends of matches of the pattern from `at` on, all of them.
    static void ends(std::string_view text, std::size_t at, std::string_view pattern,
                     std::set<std::size_t>& out) {
        if (pattern.empty()) {
            out.insert(at);
        } else if (pattern[0] == query::kAnyMark) {
            for (std::size_t from = at; from <= text.size(); ++from) {
                ends(text, from, pattern.substr(1), out);
            }
        } else if (at < text.size() && pattern[0] == query::kOneMark) {
            ends(text, at + base::code_point_length(text, at), pattern.substr(1), out);
        } else if (at < text.size() && text[at] == pattern[0]) {
            ends(text, at + 1, pattern.substr(1), out);
        }
    }
    bool is(std::string_view whole) const {
        const std::string text = fold(whole);
        std::set<std::size_t> found;
        if (!in_text_) {
            ends(text, 0, pattern_, found);
            return found.contains(text.size());
        }
        if (pattern_.empty()) {
            return true;
        }
        for (std::size_t begin = 0; begin <= text.size(); ++begin) {
            if (of_word(pattern_.front()) && begin > 0 && of_word(text[begin - 1])) {
                continue;
            }
            found.clear();
            ends(text, begin, pattern_, found);
            if (std::ranges::any_of(found, [&](std::size_t end) {
                    return !of_word(pattern_.back()) || end == text.size() || !of_word(text[end]);
                })) {
                return true;
            }
        }
        return false;
    }
    template <class T>
    bool ordered(const T& left, const T& right) const {
        return test_.relation == query::Relation::Less          ? left < right
               : test_.relation == query::Relation::LessOrEqual ? left <= right
               : test_.relation == query::Relation::Greater     ? left > right
                                                                : left >= right;
    }
    bool compares(const event::ValueRef& value) const {
        using event::Type;
        switch (value.type()) {
            case Type::Integer:
                return test_.integer
                           ? ordered(value.integer(), *test_.integer)
                           : test_.number
                                 && ordered(static_cast<double>(value.integer()), *test_.number);
            case Type::Float:
                return test_.number && ordered(value.number(), *test_.number);
            case Type::Time:
                return test_.time && ordered(value.time(), *test_.time);
            case Type::Ip:
                return test_.prefix && ordered(value.ip(), test_.prefix->address());
            case Type::String: {
                const std::string_view text = value.string();
                if (test_.number) {
                    double number = 0;
                    const auto [end, fault] =
                        std::from_chars(text.data(), text.data() + text.size(), number);
                    return fault == std::errc{} && end == text.data() + text.size() && !text.empty()
                           && ordered(number, *test_.number);
                }
                if (const auto address = base::IpAddress::parse(text); test_.prefix && address) {
                    return ordered(*address, test_.prefix->address());
                }
                const auto time = base::parse_rfc3339(text);
                return test_.time && time && ordered(*time, *test_.time);
            }
            default:
                return false;
        }
    }

    const query::Test& test_;
    const bool in_text_;
    std::vector<std::pair<std::string, bool>> pieces_;
    std::string pattern_;
};

class MemoryStore final : public EventSink, public EventSource {
public:
    MemoryStore(std::shared_ptr<const event::ProfileSet> profiles,
                std::shared_ptr<SourceNames> sources)
        : profiles_(std::move(profiles)), sources_(std::move(sources)) {}

    event::EventId reserve(std::uint32_t n) override {
        const std::lock_guard lock(mutex_);
        const event::EventId first = next_id_;
        next_id_ += n;
        return first;
    }
    Result<Position> append(const event::EventBatch& batch) override {
        const std::lock_guard lock(mutex_);
        event::EventBatch& kept = batches_.emplace_back();
        for (std::uint32_t row = 0; row < batch.size(); ++row) {
            copy_whole_event(batch[row], kept);
        }
        kept.set_first_id(batch.first_id());
        return Position{++sequence_};
    }
    void when_durable(Position, std::move_only_function<void(Result<>)> done) override { done({}); }
    Result<> wait_durable(Position) override { return {}; }
    Health health() const override { return {}; }

    // Takes away what passes: for tests of retention and deletion.
    std::uint64_t remove(const Query& query) {
        const std::lock_guard lock(mutex_);
        std::uint64_t count = 0;
        for (const event::EventRef& event : matching(query)) {
            count += removed_.insert(event.id()).second ? 1 : 0;
        }
        return count;
    }

    // Events that are older than their source is kept, and not held: retention may take them away.
    std::set<event::EventId> past(const Keeping& keeping, base::TimePoint now) const {
        const std::lock_guard lock(mutex_);
        std::set<event::EventId> ids;
        for (const event::EventRef& event : all()) {
            const auto own = keeping.age_by_source.find(sources_->source_name(event.head().source));
            const base::Duration age =
                own == keeping.age_by_source.end() ? keeping.age_max : own->second;
            if (age.us > 0 && event.head().time < now - age) {
                ids.insert(event.id());
            }
        }
        for (const Query& held : keeping.held) {
            for (const event::EventRef& event : matching(held)) {
                ids.erase(event.id());
            }
        }
        return ids;
    }
    void forget(const std::set<event::EventId>& ids) {
        const std::lock_guard lock(mutex_);
        removed_.insert(ids.begin(), ids.end());
    }

    Result<Answer> search(const Query& query, const Budget& budget) const override {
        static const query::Tree kEmpty;
        const query::Tree& tree = query.tree ? *query.tree : kEmpty;
        const std::lock_guard lock(mutex_);
        if (!tree.steps.empty() || !tree.dedup.empty() || !tree.having.empty() || tree.top
            || query.explain) {
            return fail(Code::InvalidArgument, "this store does not know the pipe");
        }
        if (tree.stats) {
            return table(query, tree, budget);
        }
        auto hits = matching(query);
        sort(
            hits, tree.sort.size(),
            [&](const event::EventRef& event, std::size_t key) {
                return cell(tree.sort[key].name, event);
            },
            tree.sort);
        std::size_t from = 0;
        std::from_chars(query.cursor.data(), query.cursor.data() + query.cursor.size(), from);
        if (tree.sort.empty() && from > 0) {  // the id of the last one of the page before
            const auto last = std::ranges::find(hits, from, &event::EventRef::id);
            hits.erase(hits.begin(), last == hits.end() ? last : last + 1);
        }
        std::size_t size =
            std::min(query.limit.value_or(tree.limit.value_or(100)), budget.rows_max);
        size = std::max<std::size_t>(1, std::min<std::size_t>(size, tree.limit.value_or(~0U)));
        Answer answer;
        if (hits.size() > size) {
            hits.erase(hits.begin() + static_cast<std::ptrdiff_t>(size), hits.end());
            answer.cursor = tree.sort.empty() && size != tree.limit
                                ? std::to_string(hits.back().id())
                                : std::string();
        }
        std::vector<event::EventId> ids;
        answer.columns = tree.fields;
        for (const event::EventRef& event : hits) {
            copy_whole_event(event, answer.events);
            ids.push_back(event.id());
            if (!tree.fields.empty()) {
                auto& row = answer.rows.emplace_back();
                for (const std::string& field : tree.fields) {
                    row.push_back(cell(field, event));
                }
            }
        }
        answer.events.set_ids(std::move(ids));
        return answer;
    }

    Result<> fetch(std::span<const event::EventId> ids, event::EventBatch& out) const override {
        const std::lock_guard lock(mutex_);
        std::vector<event::EventId> found;
        for (std::uint32_t row = 0; row < out.size(); ++row) {
            found.push_back(out.id_of(row));
        }
        for (const event::EventId id : ids) {
            for (const event::EventRef& event : all()) {
                if (event.id() == id) {
                    copy_whole_event(event, out);
                    found.push_back(id);
                }
            }
        }
        out.set_ids(std::move(found));
        return {};
    }

    Result<Histogram> histogram(const Query& query, const HistogramSpec& spec,
                                const Budget&) const override {
        const std::lock_guard lock(mutex_);
        const std::int64_t width = spec.interval.us;
        if (width <= 0) {
            return fail(Code::InvalidArgument, "the interval must be longer than nothing",
                        "interval");
        }
        const auto start = [width](std::int64_t time) {
            return time - ((time % width) + width) % width;
        };
        const auto hits = matching(query);
        Histogram out;
        out.total = hits.size();
        if (hits.empty()) {
            return out;
        }
        const TopValues split =
            spec.split_by.empty() ? TopValues() : top(hits, spec.split_by, spec.split_values_max);
        for (const TopValues::Value& value : split.values) {
            out.split_values.push_back(text_of(value.value));
        }
        const TimeRange open;
        const std::int64_t first =
            query.range.from != open.from ? query.range.from.us : hits.back().head().time.us;
        const std::int64_t last =
            query.range.to != open.to ? query.range.to.us - 1 : hits.front().head().time.us;
        if ((start(last) - start(first)) / width >= 20'000) {
            return fail(Code::InvalidArgument, "too many buckets", "interval");
        }
        for (std::int64_t at = start(first); at <= last; at += width) {
            auto& bucket = out.buckets.emplace_back();
            bucket.start.us = at;
            bucket.split.resize(split.values.size());
        }
        for (const event::EventRef& event : hits) {
            auto& bucket = out.buckets[static_cast<std::size_t>(
                (event.head().time.us - start(first)) / width)];
            ++bucket.count;
            for (std::size_t i = 0; i < split.values.size(); ++i) {
                bucket.split[i] += cell(spec.split_by, event) == split.values[i].value ? 1 : 0;
            }
        }
        return out;
    }

    Result<std::vector<TopValues>> top_values(const Query& query,
                                              std::span<const std::string> fields,
                                              std::uint32_t values_max,
                                              const Budget&) const override {
        const std::lock_guard lock(mutex_);
        std::vector<TopValues> out;
        for (const std::string& field : fields) {
            out.push_back(top(matching(query), field, values_max));
        }
        return out;
    }

    Result<std::vector<TopValues>> field_summary(const Query& query, std::uint32_t events_max,
                                                 std::uint32_t values_max,
                                                 const Budget&) const override {
        const std::lock_guard lock(mutex_);
        auto hits = matching(query);
        hits.erase(hits.begin() + std::min<std::ptrdiff_t>(events_max, std::ssize(hits)),
                   hits.end());
        struct Seen {
            std::set<event::EventId> events;
            std::map<Cell, std::uint64_t> values;
        };
        std::map<std::string, Seen> fields;
        for (const event::EventRef& event : hits) {
            for (const event::Field& field : event.fields()) {
                if (!field.value.is_null()) {
                    const auto ecs = (*profiles_)[event.head().profile].ecs_name_of(field.id);
                    Seen& seen = fields[std::string(ecs ? *ecs : event::name_of(field.id))];
                    seen.events.insert(event.id());
                    ++seen.values[cell(field.value)];
                }
            }
        }
        std::vector<TopValues> out;
        for (const auto& [name, seen] : fields) {
            out.push_back({.field = name,
                           .values = most(seen.values, values_max),
                           .events_with = seen.events.size(),
                           .events = hits.size(),
                           .distinct = seen.values.size()});
        }
        std::ranges::sort(out, [](const TopValues& a, const TopValues& b) {
            return a.events_with != b.events_with ? a.events_with > b.events_with
                                                  : a.field < b.field;
        });
        return out;
    }

    Result<HuntAnswer> hunt(const Hunter&, const HuntQuestion&, const Budget&) const override {
        return fail(Code::InvalidArgument, "this store does not hunt");
    }

    // Every event of the range, one by one, whatever the sweeper needs.
    Result<SweepAnswer> sweep(Sweeper& sweeper, const SweepQuestion& question,
                              const Budget&) const override {
        const std::lock_guard lock(mutex_);
        Query query;
        query.range = question.range;
        query.only_sources = question.only_sources;
        Events events = matching(query);
        if (question.oldest_first) {
            std::ranges::reverse(events);
        }
        SweepAnswer answer;
        for (const event::EventRef& event : events) {
            event::EventBatch one;
            copy_whole_event(event, one);
            one.set_ids({event.id()});
            ++answer.judged_events;
            const auto found = sweeper.look(one);
            if (found && !sweeper.take(*found, event.head().time)) {
                break;
            }
        }
        return answer;
    }

private:
    using Events = std::vector<event::EventRef>;

    Events all() const {
        Events out;
        for (const event::EventBatch& batch : batches_) {
            for (std::uint32_t row = 0; row < batch.size(); ++row) {
                if (!removed_.contains(batch[row].id())) {
                    out.push_back(batch[row]);
                }
            }
        }
        return out;
    }

    // Newest first.
    Events matching(const Query& query) const {
        Events out;
        for (const event::EventRef& event : all()) {
            const std::string source = sources_->source_name(event.head().source);
            if (query.range.contains(event.head().time)
                && (!query.only_sources || std::ranges::count(*query.only_sources, source) > 0)
                && (!query.tree || passes(query.tree->filter, event))) {
                out.push_back(event);
            }
        }
        std::ranges::sort(out, [](const event::EventRef& a, const event::EventRef& b) {
            return std::tuple(a.head().time, a.id()) > std::tuple(b.head().time, b.id());
        });
        return out;
    }

    bool passes(const query::Node& node, const event::EventRef& event) const {
        const auto child = [&](const query::Node& one) { return passes(one, event); };
        switch (node.kind) {
            case query::Node::Kind::All:
                return true;
            case query::Node::Kind::And:
                return std::ranges::all_of(node.children, child);
            case query::Node::Kind::Or:
                return std::ranges::any_of(node.children, child);
            case query::Node::Kind::Not:
                return !child(node.children.front());
            case query::Node::Kind::FreeText:
                return Meaning(node.test, true).holds(event::ValueRef(event.head().raw));
            case query::Node::Kind::Field:
                break;
        }
        const Meaning meaning(node.test, node.field == "message" || node.field == "event.original");
        std::string scratch;
        return std::ranges::any_of(values(node.field, event, scratch),
                                   [&](const auto& value) { return meaning.holds(value); });
    }

    // What a name stands for in an event: a value that every event has, or all values of the first
    // own field that is there. `scratch` backs a text.
    std::vector<event::ValueRef> values(std::string_view name, const event::EventRef& event,
                                        std::string& scratch) const {
        using event::ValueRef;
        const event::EventHead& head = event.head();
        const event::Profile& profile = (*profiles_)[head.profile];
        scratch = name == "gac.source" ? sources_->source_name(head.source) : profile.name;
        const std::map<std::string_view, ValueRef> of_all = {
            {"@timestamp", ValueRef(head.time)},
            {"event.ingested", ValueRef(head.received)},
            {"event.id", ValueRef(static_cast<std::int64_t>(event.id()))},
            {"event.original", ValueRef(head.raw)},
            {"gac.source", ValueRef(std::string_view(scratch))},
            {"gac.profile", ValueRef(std::string_view(scratch))},
            {"gac.drill", ValueRef(head.drill)},
            {"gac.parse_failed", ValueRef(head.parse_failed)}};
        if (const auto found = of_all.find(name); found != of_all.end()) {
            return {found->second};
        }
        for (const event::FieldId own : profile.resolve(name)) {
            std::vector<ValueRef> out;
            for (const event::Field& field : event.fields()) {
                if (field.id == own && !field.value.is_null()) {
                    out.push_back(field.value);
                }
            }
            if (!out.empty()) {
                return out;
            }
        }
        return {};
    }

    static Cell cell(const event::ValueRef& value) {
        using event::Type;
        std::string text;
        switch (value.type()) {
            case Type::Null:
                return {};
            case Type::String:
                return std::string(value.text(text));
            case Type::Integer:
                return value.integer();
            case Type::Float:
                return value.number();
            case Type::Bool:
                return value.truth();
            case Type::Ip:
                return value.ip();
            case Type::Time:
                return value.time();
            case Type::List:
                value.append_json(text);
                return text;
        }
        return {};
    }
    Cell cell(std::string_view name, const event::EventRef& event) const {
        std::string scratch;
        const auto found = values(name, event, scratch);
        return found.empty() ? Cell() : cell(found.back());
    }

    static std::optional<double> number(const Cell& value) {
        const auto* integer = std::get_if<std::int64_t>(&value);
        const auto* real = std::get_if<double>(&value);
        return integer != nullptr ? std::optional(static_cast<double>(*integer))
               : real != nullptr  ? std::optional(*real)
                                  : std::nullopt;
    }
    // Nothing, numbers, times, addresses, truths, texts.
    static bool less(const Cell& a, const Cell& b) {
        constexpr int kRanks[] = {0, 5, 1, 1, 4, 3, 2};
        if (kRanks[a.index()] != kRanks[b.index()]) {
            return kRanks[a.index()] < kRanks[b.index()];
        }
        return a.index() != b.index() ? *number(a) < *number(b) : a < b;
    }
    template <class T, class F>
    static void sort(std::vector<T>& rows, std::size_t keys, const F& of,
                     const std::vector<query::SortKey>& order) {
        struct Keyed {
            std::vector<Cell> cells;
            std::size_t at = 0;
        };
        std::vector<Keyed> keyed(rows.size());
        for (std::size_t at = 0; at < rows.size(); ++at) {
            keyed[at].at = at;
            for (std::size_t key = 0; key < keys; ++key) {
                keyed[at].cells.push_back(of(rows[at], key));
            }
        }
        std::ranges::sort(keyed, [&](const Keyed& a, const Keyed& b) {
            for (std::size_t key = 0; key < keys; ++key) {
                const Cell& left = a.cells[key];
                const Cell& right = b.cells[key];
                if (less(left, right) || less(right, left)) {
                    return order[key].descending ? less(right, left) : less(left, right);
                }
            }
            return a.at < b.at;  // as they stood
        });
        std::vector<T> sorted;
        for (const Keyed& one : keyed) {
            sorted.push_back(std::move(rows[one.at]));
        }
        rows = std::move(sorted);
    }

    static std::vector<TopValues::Value> most(const std::map<Cell, std::uint64_t>& counts,
                                              std::size_t values_max) {
        std::vector<TopValues::Value> out;
        for (const auto& [value, count] : counts) {
            out.push_back({.value = value, .count = count});
        }
        std::ranges::sort(out, [](const auto& a, const auto& b) {
            return a.count != b.count ? a.count > b.count : less(a.value, b.value);
        });
        out.resize(std::min(out.size(), values_max));
        return out;
    }
    TopValues top(const Events& hits, const std::string& field, std::size_t values_max) const {
        TopValues out{.field = field, .values = {}, .events = hits.size()};
        std::map<Cell, std::uint64_t> counts;
        for (const event::EventRef& event : hits) {
            if (const Cell value = cell(field, event); value.index() != 0) {
                ++counts[value];
                ++out.events_with;
            }
        }
        out.distinct = counts.size();
        out.values = most(counts, values_max);
        return out;
    }

    Result<Answer> table(const Query& query, const query::Tree& tree, const Budget& budget) const {
        std::map<std::vector<Cell>, Events> groups;
        if (tree.stats->by.empty()) {
            groups[{}] = {};
        }
        for (const event::EventRef& event : matching(query)) {
            std::vector<Cell> key;
            for (const query::By& by : tree.stats->by) {
                key.push_back(cell(by.field, event));
            }
            groups[key].push_back(event);
        }
        Answer answer;
        answer.is_table = true;
        for (const query::By& by : tree.stats->by) {
            answer.columns.push_back(by.name);
        }
        for (const query::Aggregate& aggregate : tree.stats->aggregates) {
            answer.columns.push_back(aggregate.name);
        }
        for (auto& [key, events] : groups) {
            auto& row = answer.rows.emplace_back(key);
            for (const query::Aggregate& aggregate : tree.stats->aggregates) {
                row.push_back(figure(aggregate, events));
            }
        }
        std::vector<query::SortKey> order = tree.sort;
        if (order.empty()) {
            order.push_back({.name = tree.stats->aggregates.front().name, .descending = true});
        }
        std::vector<std::size_t> columns;
        for (const query::SortKey& key : order) {
            const auto found = std::ranges::find(answer.columns, key.name);
            if (found == answer.columns.end()) {
                return fail(Code::InvalidArgument, "no column " + key.name);
            }
            columns.push_back(static_cast<std::size_t>(found - answer.columns.begin()));
        }
        sort(
            answer.rows, order.size(),
            [&](const std::vector<Cell>& row, std::size_t key) { return row[columns[key]]; },
            order);
        const std::size_t size =
            std::min({query.limit.value_or(~0U), tree.limit.value_or(~0U), budget.rows_max});
        answer.rows.resize(std::min(answer.rows.size(), size));
        if (!tree.fields.empty()) {
            return fail(Code::InvalidArgument, "this store does not choose columns of tables");
        }
        return answer;
    }

    Cell figure(const query::Aggregate& aggregate, const Events& events) const {
        using Function = query::Aggregate::Function;
        if (aggregate.function == Function::Count && aggregate.field.empty()) {
            return std::ssize(events);
        }
        std::vector<Cell> cells;
        std::set<Cell> distinct;
        double sum = 0;
        std::int64_t whole = 0;
        std::int64_t numbers = 0;
        bool integers = true;
        for (const event::EventRef& event : events) {
            const Cell value = cell(aggregate.field, event);
            if (value.index() == 0) {
                continue;
            }
            cells.push_back(value);
            distinct.insert(value);
            const auto* truth = std::get_if<bool>(&value);  // counts as 1 or 0
            if (const auto real =
                    truth != nullptr ? std::optional(*truth ? 1.0 : 0.0) : number(value)) {
                const auto* integer = std::get_if<std::int64_t>(&value);
                integers = integers && integer != nullptr;
                whole += integer != nullptr ? *integer : 0;
                sum += *real;
                ++numbers;
            }
        }
        switch (aggregate.function) {
            case Function::Count:
                return std::ssize(cells);
            case Function::Sum:
                return numbers == 0 ? Cell() : integers ? Cell(whole) : Cell(sum);
            case Function::Average:
                return numbers == 0 ? Cell() : Cell(sum / static_cast<double>(numbers));
            case Function::Min:
                return cells.empty() ? Cell() : *std::ranges::min_element(cells, less);
            case Function::Max:
                return cells.empty() ? Cell() : *std::ranges::max_element(cells, less);
            case Function::DistinctCount:
                return std::ssize(distinct);
            case Function::Percentile:
                break;
        }
        return {};
    }

    const std::shared_ptr<const event::ProfileSet> profiles_;
    const std::shared_ptr<SourceNames> sources_;
    mutable std::mutex mutex_;
    std::deque<event::EventBatch> batches_;
    std::set<event::EventId> removed_;
    event::EventId next_id_ = 1;
    std::uint64_t sequence_ = 0;
};

}  // namespace gac::store::testing
