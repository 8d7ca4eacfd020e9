// The store against the plain second back end: random events, random questions, the same answers;
// also while events come in, are sealed and merged.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <iterator>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "store/memory_store.h"
#include "store/testing.h"

namespace gac::store {

using testing::MemoryStore;
using testing::RandomEvents;
using testing::TemporaryFolder;

namespace {

class Asker {
public:
    explicit Asker(std::uint32_t seed) : random_(seed) {}
    std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }

    std::string filter(int depth) {
        switch (below(depth <= 0 ? 1 : 5)) {
            case 1:
                return "not (" + filter(depth - 1) + ")";
            case 2:
                return "(" + filter(depth - 1) + ") or (" + filter(depth - 1) + ")";
            case 3:
            case 4:
                return "(" + filter(depth - 1) + ") " + pick({"and", ""}) + " (" + filter(depth - 1)
                       + ")";
            default:
                return leaf();
        }
    }
    std::string field() {
        return pick({"user.name", "User", "event.action", "source.ip", "srcip", "source.port",
                     "http.response.status_code", "odd", "tags", "rare.field", "gac.source",
                     "gac.drill", "gac.profile", "missing"});
    }
    std::string stats() {
        std::string out = " | stats ";
        for (std::uint32_t n = 1 + below(3); n > 0; --n) {
            const std::string function = pick({"count", "sum", "avg", "min", "max", "dcount"});
            out += function + "(" + (function == "count" ? "" : field()) + ") as f"
                   + std::to_string(n) + (n > 1 ? ", " : "");
        }
        if (below(4) != 0) {
            out += " by " + field();
        }
        return out;
    }
    std::string pick(std::vector<std::string> choices) {
        return choices[below(static_cast<std::uint32_t>(choices.size()))];
    }

private:
    std::string leaf() {
        switch (below(12)) {
            case 0:
                return "user.name:"
                       + pick({"root", "ROOT", "adm*", "*an", "second", "\"Nguyễn Văn An\"",
                               "\"nguyen van an\"", "nguyễn*", "s?c-backup", "*", "(root or admin)",
                               "nobody"});
            case 1:
                return pick({"failed", "FAIL*", "*ail*", "*ail", "\"failed password\"",
                             "\"Failed  password\"", "đăng", "dang", "\"dang\"", "\"thất bại\"",
                             "b?i", "f*for", "\"from 10.0\"", "closed*10.0.0.1", "svc",
                             "svc-backup", "\"-backup\"", "port"});
            case 2:
                return fmt::format("10.0.{}.{}{}", below(2), below(12), below(3) == 0 ? "*" : "");
            case 3:
                return fmt::format("source.ip:10.0.{}.0/{}", 4 * below(5), 22 + below(10));
            case 4:
                return fmt::format("{} {} 10.0.{}.{}", pick({"source.ip", "srcip"}),
                                   pick({"<", "<=", ">", ">="}), below(20), below(256));
            case 5:
                return fmt::format("source.port {} {}", pick({"<", "<=", ">", ">="}), below(65536));
            case 6:
                return fmt::format("{}:{}", pick({"http.response.status_code", "odd"}),
                                   pick({"200", "3*", "5", "5.0", "5.5", "true", "*", "2023*"}));
            case 7:
                return "tags:" + pick({"alpha", "7", "*", "al*", "ALPHA", "al"});
            case 8:
                return fmt::format("gac.source:{}", pick({"sshd", "fire*", "x", "(sshd or x)"}));
            case 9:
                return fmt::format("event.id {} {}", pick({"<", ">="}), below(3000));
            case 10:
                return pick({"gac.drill:true", "gac.parse_failed:false", "rare.field > 500000",
                             "gac.profile:fw", "User:root", "srcip:*", "odd >= 5",
                             "@timestamp > \"2023-11-14T22:30:00Z\"", "message:failed",
                             "event.original:\"port 1\"", "not missing:*", "rare.field:1*"});
            default:
                return fmt::format("source.port:{}", below(65536));
        }
    }

    std::mt19937 random_;
};

std::vector<event::EventId> ids_of(const Answer& answer) {
    std::vector<event::EventId> ids;
    for (std::uint32_t row = 0; row < answer.events.size(); ++row) {
        ids.push_back(answer.events.id_of(row));
    }
    return ids;
}

std::string text_of(const event::EventRef& event, const SourceNames& sources) {
    std::string out = fmt::format(
        "{} {} {} {} {} {} {}\n", event.head().time.us, event.head().received.us, event.head().raw,
        sources.source_name(event.head().source), static_cast<int>(event.head().profile),
        event.head().drill, event.head().parse_failed);
    // Fields of one name keep their order; which name comes first does not count.
    std::map<std::string, std::string, std::less<>> fields;
    for (const event::Field& field : event.fields()) {
        std::string& text = fields[std::string(event::name_of(field.id))];
        text += fmt::format("#{}=", static_cast<int>(field.value.type()));
        field.value.append_json(text);
    }
    for (const auto& [name, text] : fields) {
        out += name + text + "\n";
    }
    return out;
}

std::string text_of(const std::vector<Cell>& row) {
    std::string out;
    for (const Cell& cell : row) {
        const auto* real = std::get_if<double>(&cell);  // sums of fractions depend on the order
        out += real != nullptr ? fmt::format("{:.9g}|", *real)
                               : fmt::format("{}:{}|", cell.index(), gac::store::text_of(cell));
    }
    return out;
}

std::vector<std::string> texts_of(const std::vector<std::vector<Cell>>& rows) {
    std::vector<std::string> out;
    for (const auto& row : rows) {
        out.push_back(text_of(row));
    }
    return out;
}

std::string text_of(const TopValues& top) {
    std::string out =
        fmt::format("{} {} {} {}:", top.field, top.events, top.events_with, top.distinct);
    for (const TopValues::Value& value : top.values) {
        out += fmt::format(" {}:{}={}", value.value.index(), gac::store::text_of(value.value),
                           value.count);
    }
    return out;
}

class TwoStores : public ::testing::TestWithParam<std::uint32_t> {
protected:
    TwoStores() : random(GetParam()), asker(GetParam() + 1000) {
        std::filesystem::create_directories(folder.path() / "profiles");
        std::ofstream(folder.path() / "profiles" / "fw.yaml")
            << "fields:\n  srcip: [source.ip]\n  User: [user.name, odd]\n";
        profiles = event::ProfileSet::load(folder.path() / "profiles", base::Zone::utc()).value();
        settings = {.folder = folder.path() / "events",
                    .memory_bytes_max = 40'000 + 60'000 * (GetParam() % 3),
                    .block_rows_max = 40 + 200 * (GetParam() % 4),
                    .disk_reserve_bytes = 1};
        store = Store::open(settings, profiles, sources).value();
        second = std::make_unique<MemoryStore>(profiles, sources);
    }

    void make(event::EventBatch& batch, std::uint32_t count) {
        for (; count > 0; --count) {
            random.add(batch, *sources);
            if (random.below(3) == 0) {
                batch.heads().back().profile = *profiles->find("fw");
            }
        }
    }
    void fill(int batches) {
        event::EventBatch batch;
        for (; batches > 0; --batches) {
            batch.reset();
            make(batch, 1 + random.below(80));
            batch.set_first_id(store->reserve(batch.size()));
            ASSERT_TRUE(store->append(batch).has_value());
            ASSERT_TRUE(second->append(batch).has_value());
        }
    }

    Query parsed(const std::string& text) {
        auto query = parse(text, {1'700'000'000'000'000});
        EXPECT_TRUE(query.has_value()) << text << ": " << query.error().message();
        return query ? *query : Query{};
    }

    void same_events(const std::string& text, const TimeRange& range) {
        Query query = parsed(text);
        query.range = range;
        query.limit = 1 + asker.below(3000);
        const auto expected = second->search(query, {}).value();
        const auto got = store->search(query, {});
        ASSERT_TRUE(got.has_value()) << got.error().message();
        ASSERT_EQ(ids_of(*got), ids_of(expected));
        ASSERT_EQ(texts_of(got->rows), texts_of(expected.rows));
        for (std::uint32_t row = 0; row < got->events.size(); ++row) {
            ASSERT_EQ(text_of(got->events[row], *sources), text_of(expected.events[row], *sources));
        }
        ASSERT_EQ(got->partial, "");
    }
    void same_pages(const std::string& text, const TimeRange& range) {
        Query query = parsed(text);
        query.range = range;
        query.limit = 1 + asker.below(200);
        Query other = query;
        for (int page = 0; page < 5; ++page) {
            const auto expected = second->search(other, {}).value();
            const auto got = store->search(query, {}).value();
            ASSERT_EQ(ids_of(got), ids_of(expected)) << "page " << page;
            query.cursor = got.cursor;
            other.cursor = expected.cursor;
            if (query.cursor.empty() || other.cursor.empty()) {
                return;
            }
        }
    }
    void same_table(const std::string& text, const TimeRange& range) {
        Query query = parsed(text);
        query.range = range;
        const auto expected = second->search(query, {}).value();
        const auto got = store->search(query, {});
        ASSERT_TRUE(got.has_value()) << got.error().message();
        ASSERT_EQ(got->columns, expected.columns);
        auto left = texts_of(got->rows);
        auto right = texts_of(expected.rows);
        std::ranges::sort(left);
        std::ranges::sort(right);
        ASSERT_EQ(left, right);
    }
    void same_facets(const std::string& text, const TimeRange& range) {
        Query query = parsed(text);
        query.range = range;
        const std::string fields[] = {asker.field(), asker.field()};
        const auto left = store->top_values(query, fields, 5, {}).value();
        const auto right = second->top_values(query, fields, 5, {}).value();
        ASSERT_EQ(left.size(), right.size());
        for (std::size_t i = 0; i < left.size(); ++i) {
            ASSERT_EQ(text_of(left[i]), text_of(right[i]));
        }
        const auto summary = store->field_summary(query, 500, 3, {}).value();
        const auto summary2 = second->field_summary(query, 500, 3, {}).value();
        ASSERT_EQ(summary.size(), summary2.size());
        for (std::size_t i = 0; i < summary.size(); ++i) {
            ASSERT_EQ(text_of(summary[i]), text_of(summary2[i]));
        }
        const HistogramSpec spec{.interval = base::Duration::seconds(1 + asker.below(300)),
                                 .split_by = asker.below(2) == 0 ? "" : "event.action"};
        const auto bars = store->histogram(query, spec, {}).value();
        const auto bars2 = second->histogram(query, spec, {}).value();
        ASSERT_EQ(bars.total, bars2.total);
        ASSERT_EQ(bars.split_values, bars2.split_values);
        ASSERT_EQ(bars.buckets.size(), bars2.buckets.size());
        for (std::size_t i = 0; i < bars.buckets.size(); ++i) {
            ASSERT_EQ(bars.buckets[i].start, bars2.buckets[i].start);
            ASSERT_EQ(bars.buckets[i].count, bars2.buckets[i].count);
            ASSERT_EQ(bars.buckets[i].split, bars2.buckets[i].split);
        }
    }
    void ask(const TimeRange& range) {
        const std::string text = asker.filter(3);
        SCOPED_TRACE(fmt::format("seed {}: {}", GetParam(), text));
        switch (asker.below(6)) {
            case 0:
                same_pages(text, range);
                break;
            case 1: {
                const std::string table = text + asker.stats();
                SCOPED_TRACE(table);
                same_table(table, range);
                break;
            }
            case 2:
                same_facets(text, range);
                break;
            case 3: {
                const std::string sorted = text + " | sort " + asker.pick({"", "-"}) + asker.field()
                                           + " | fields " + asker.field() + ", " + asker.field();
                SCOPED_TRACE(sorted);
                same_events(sorted, range);
                break;
            }
            default:
                same_events(text, range);
        }
    }
    TimeRange some_range() {
        const std::int64_t begin = 1'700'000'000'000'000;
        const std::int64_t span = random.time() - begin;
        const std::int64_t from = begin + static_cast<std::int64_t>(asker.below(100)) * span / 150;
        return {.from = {from},
                .to = {from + static_cast<std::int64_t>(asker.below(70)) * span / 100}};
    }

    TemporaryFolder folder;
    std::shared_ptr<const event::ProfileSet> profiles;
    std::shared_ptr<SourceNames> sources = std::make_shared<SourceNameTable>();
    Settings settings;
    std::unique_ptr<Store> store;
    std::unique_ptr<MemoryStore> second;
    RandomEvents random;
    Asker asker;
};

TEST_P(TwoStores, AnswerRandomQuestionsAlike) {
    fill(40);
    for (int i = 0; i < 60 && !HasFatalFailure(); ++i) {
        ask(i % 3 == 0 ? some_range() : TimeRange{});
        if (i == 20) {
            ASSERT_TRUE(store->seal().has_value());
        }
        if (i == 30) {
            Query query = parsed(asker.pick({"user.name:root", "source.ip:10.0.0.0/29", "failed"}));
            const auto removed = store->remove(query);
            ASSERT_TRUE(removed.has_value()) << removed.error().message();
            ASSERT_EQ(removed->events, second->remove(query));
        }
        if (i == 35) {
            ASSERT_TRUE(store->merge().has_value());
        }
        if (i == 40) {  // and after a restart
            store.reset();
            store = Store::open(settings, profiles, sources).value();
        }
    }
    // By number, the whole event.
    std::vector<event::EventId> ids;
    for (int i = 0; i < 50; ++i) {
        ids.push_back(asker.below(4000));
    }
    event::EventBatch left;
    event::EventBatch right;
    ASSERT_TRUE(store->fetch(ids, left).has_value());
    ASSERT_TRUE(second->fetch(ids, right).has_value());
    ASSERT_EQ(left.size(), right.size());
    for (std::uint32_t row = 0; row < left.size(); ++row) {
        ASSERT_EQ(left.id_of(row), right.id_of(row));
        ASSERT_EQ(text_of(left[row], *sources), text_of(right[row], *sources));
    }
}

TEST_P(TwoStores, AnswerAlikeWhileEventsComeIn) {
    fill(30);
    // Later events, in the store alone; questions end before them.
    const TimeRange before{.from = {1'699'999'000'000'000}, .to = {random.time() + 10'000'000}};
    std::atomic<int> merged = 0;
    std::atomic<bool> ended = false;
    Result<> outcome;
    std::jthread writer([&](const std::stop_token& stop) {
        RandomEvents later(GetParam() + 7);
        event::EventBatch batch;
        int sealed = 0;
        const auto step = [&]() -> Result<> {
            batch.reset();
            for (int i = 0; i < 50; ++i) {
                later.add(batch, *sources);
                batch.heads().back().time.us += 100LL * 86'400 * 1'000'000;
            }
            GAC_CHECK(testing::put(*store, batch));
            if (later.below(10) == 0) {
                GAC_CHECK(store->seal());
                ++sealed;
            }
            if (sealed % 3 == 2) {
                GAC_CHECK(store->merge());
                ++merged;
            }
            return {};
        };
        while (outcome && !stop.stop_requested()) {
            outcome = step();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        ended = true;
    });
    // However slow the machine is: questions go on until three merges came in between.
    const std::int64_t begun = base::monotonic_us();
    for (int i = 0; i < 30 || (merged < 3 && base::monotonic_us() - begun < 120'000'000); ++i) {
        if (HasFatalFailure() || ended) {
            break;
        }
        ask(before);
    }
    writer.request_stop();
    writer.join();
    EXPECT_TRUE(outcome.has_value()) << outcome.error().message();
    EXPECT_GE(merged, 3);
    EXPECT_GT(store->stats().merges, 0u);
}

TEST_P(TwoStores, AnswerAlikeAfterRetention) {
    // Files go whole, so an event may stay for as long as its file's span beyond its age; which
    // holds for the spans known here, so nothing is merged but by this test.
    settings.merging.on = false;
    store.reset();
    store = Store::open(settings, profiles, sources).value();
    base::Duration longest{};
    for (int i = 0; i < 12; ++i) {
        const base::TimePoint from{random.time() - 6'000'000};  // the clock goes back a little
        fill(4);
        ASSERT_TRUE(store->seal().has_value());
        longest = std::max(longest, base::TimePoint{random.time()} - from);
    }
    const base::Duration span =
        base::TimePoint{random.time()} - base::TimePoint{1'700'000'000'000'000};
    Keeping keeping{.age_max = base::Duration{span.us / 2},
                    .age_by_source = {{"firewall", base::Duration{span.us / 4}}},
                    .held = {parsed("user.name:admin and source.port < 30000")},
                    .every = {}};
    if (GetParam() % 2 == 0) {
        keeping.age_by_source["sshd"] = {};  // for ever
    }
    store->keep(keeping);
    const auto ids_left = [&] {
        const auto all = store->search({.limit = 10'000}, {}).value();
        const auto ids = ids_of(all);
        return std::set<event::EventId>(ids.begin(), ids.end());
    };
    const auto retained = [&](base::TimePoint now, base::Duration spare) {
        const auto before = ids_left();
        const auto may_go = second->past(keeping, now);
        const auto must_go = second->past(keeping, now - spare);
        const auto removals = store->retain(now).value();
        const auto after = ids_left();
        std::set<event::EventId> gone;
        std::ranges::set_difference(before, after, std::inserter(gone, gone.end()));
        EXPECT_TRUE(std::ranges::includes(before, after));
        EXPECT_TRUE(std::ranges::includes(may_go, gone)) << "too young, or held";
        EXPECT_TRUE(std::ranges::includes(gone, must_go)) << "too old, and still there";
        std::uint64_t told = 0;
        for (const Removal& removal : removals) {
            told += removal.events;
        }
        EXPECT_EQ(told, gone.size());
        second->forget(gone);
        return gone.size();
    };
    EXPECT_EQ(retained({random.time() - span.us}, {}), 0u);
    EXPECT_GT(retained({random.time()}, longest), 0u);
    for (int i = 0; i < 15 && !HasFatalFailure(); ++i) {
        ask(i % 3 == 0 ? some_range() : TimeRange{});
    }
    ASSERT_TRUE(store->merge().has_value());
    // Merged files hold days, so that nothing is left for chance when all of them are past.
    EXPECT_GT(retained({random.time() + 2 * span.us}, {}), 0u);
    store.reset();
    store = Store::open(settings, profiles, sources).value();
    for (int i = 0; i < 15 && !HasFatalFailure(); ++i) {
        ask(i % 3 == 0 ? some_range() : TimeRange{});
    }
    const std::set<event::EventId> left = ids_left();
    EXPECT_FALSE(left.empty());
    EXPECT_EQ(left.size(), ids_of(second->search({.limit = 10'000}, {}).value()).size());
}

INSTANTIATE_TEST_SUITE_P(Seeds, TwoStores, ::testing::Range(1U, 7U));

}  // namespace

}  // namespace gac::store
