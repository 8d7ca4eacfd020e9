#include "store/merge/merge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <thread>

#include "store/recovery.h"
#include "store/testing.h"

namespace gac::store {

using testing::RandomEvents;
using testing::TemporaryFolder;

namespace {

constexpr std::int64_t kDay = 86'400'000'000;

MergeInput file(std::uint64_t rows, std::int64_t day, std::string source = "") {
    // 17:00 UTC is the next day in Viet Nam.
    return {.rows = rows,
            .time_min = {day * kDay - 7 * 3'600'000'000},
            .time_max = {day * kDay + 3'600'000'000},
            .created = {},
            .fresh = false,
            .only_source = std::move(source)};
}

MergeInput fresh(std::uint64_t rows, std::int64_t created) {
    return {.rows = rows,
            .time_min = {},
            .time_max = {},
            .created = {created},
            .fresh = true,
            .only_source = {}};
}

TEST(MergePlan, FreshOnesAreTakenOldestFirstWhenThereAreEnough) {
    const MergeRules rules;
    std::vector<MergeInput> inputs;
    for (int i = 0; i < 7; ++i) {
        inputs.push_back(fresh(250'000, 100 - i));
    }
    EXPECT_TRUE(pick_merge(inputs, rules, {200}, false).empty());
    EXPECT_EQ(pick_merge(inputs, rules, {200}, true).size(), 7u);
    inputs.push_back(fresh(250'000, 0));
    const auto picked = pick_merge(inputs, rules, {200}, false);
    EXPECT_EQ(picked, (std::vector<std::size_t>{7, 6, 5, 4, 3, 2, 1, 0}));
    EXPECT_EQ(pick_merge(std::vector{fresh(10, 0)}, rules, {25 * 3'600'000'000}, false).size(), 1u);
}

TEST(MergePlan, OnlyFilesOfOneDayAndKindThatAreAlikeMeet) {
    const MergeRules rules;
    std::vector<MergeInput> inputs = {file(300'000, 5), file(300'000, 6), file(300'000, 5),
                                      file(300'000, 5, "fw"), file(300'000, 5)};
    EXPECT_TRUE(pick_merge(inputs, rules, {}, false).empty());
    inputs.push_back(file(3'900'000, 5));
    EXPECT_TRUE(pick_merge(inputs, rules, {}, false).empty());  // not with a large one
    inputs.push_back(file(310'000, 5));
    EXPECT_EQ(pick_merge(inputs, rules, {}, false), (std::vector<std::size_t>{0, 2, 4, 6}));
    EXPECT_TRUE(
        pick_merge(std::vector{file(5'000'000, 5), file(5'000'000, 5)}, rules, {}, true).empty());
}

TEST(MergePlan, DaysAndMonthsAreThePeoples) {
    EXPECT_EQ(day_of({0}, base::Duration::hours(7)), 0);
    EXPECT_EQ(day_of({17 * 3'600'000'000}, base::Duration::hours(7)), 1);
    EXPECT_EQ(day_of({-1}, base::Duration{}), -1);
    EXPECT_EQ(day_of({std::numeric_limits<std::int64_t>::max()}, base::Duration::hours(7)),
              day_of({std::numeric_limits<std::int64_t>::max()}, base::Duration{}));
    EXPECT_EQ(month_of(0), month_of(30));       // January 1970
    EXPECT_EQ(month_of(0) + 1, month_of(31));   // February
    EXPECT_EQ(month_of(0) - 1, month_of(-1));   // December 1969
    EXPECT_EQ(month_of(59), month_of(31) + 1);  // March
}

TEST(MergePlan, SmallSourcesAndSmallDaysShareFiles) {
    MergeRules rules;
    rules.own_rows = 100;
    rules.day_rows = 50;
    const Partitions::Counts counts = {{0, {{1, 10}, {2, 5}}},
                                       {1, {{1, 10}}},
                                       {2, {{1, 150}, {2, 3}}},
                                       {3, {{2, 3}}},
                                       {40, {{2, 3}}}};
    const Partitions parts(counts, rules);
    EXPECT_EQ(parts.of(0, 1), parts.of(1, 1));
    EXPECT_EQ(parts.of(0, 1), parts.of(0, 2));
    EXPECT_NE(parts.of(2, 1), parts.of(2, 2));
    EXPECT_NE(parts.of(1, 1), parts.of(2, 2));
    EXPECT_NE(parts.of(3, 2), parts.of(40, 2));  // another month
    EXPECT_EQ(parts.count(), 5u);
}

class MergeTest : public ::testing::Test {
protected:
    std::unique_ptr<Store> open() {
        auto store = Store::open(settings, profiles, sources);
        EXPECT_TRUE(store.has_value()) << (store ? "" : store.error().message());
        return store ? std::move(*store) : nullptr;
    }
    void put(Store& store, std::uint32_t events) {
        event::EventBatch batch;
        for (std::uint32_t i = 0; i < events; ++i) {
            random.add(batch, *sources);
        }
        const auto position = testing::put(store, batch);
        ASSERT_TRUE(position.has_value());
        ASSERT_TRUE(store.wait_durable(*position).has_value());
    }
    // Everything that the store says about its events, by id.
    std::map<event::EventId, std::string> all(const Store& store, std::string_view text = "") {
        std::map<event::EventId, std::string> events;
        const auto done = store.visit(
            parse(text, {}).value(), [&](const event::EventBatch& batch) -> Result<bool> {
                for (std::uint32_t row = 0; row < batch.size(); ++row) {
                    const event::EventRef event = batch[row];
                    const event::EventHead& head = event.head();
                    std::string line = sources->source_name(head.source) + ' '
                                       + std::to_string(head.time.us) + ' '
                                       + std::to_string(head.received.us) + (head.drill ? "d" : "")
                                       + (head.parse_failed ? "f" : "") + std::string(head.raw);
                    std::multiset<std::string> fields;
                    for (const event::Field& field : event.fields()) {
                        std::string shown(event::name_of(field.id));
                        shown += '=' + std::to_string(static_cast<int>(field.value.type()));
                        field.value.append_json(shown);
                        fields.insert(shown);
                    }
                    for (const std::string& field : fields) {
                        line += ' ' + field;
                    }
                    EXPECT_TRUE(events.emplace(event.id(), line).second) << "twice: " << event.id();
                }
                return true;
            });
        EXPECT_TRUE(done.has_value()) << done.error().message();
        return events;
    }
    std::size_t files() {
        std::size_t count = 0;
        for (const auto& entry :
             std::filesystem::directory_iterator(segment_folder(settings.folder))) {
            count += entry.path().extension() == ".seg" ? 1 : 0;
        }
        return count;
    }

    TemporaryFolder folder;
    Settings settings{.folder = folder.path() / "events",
                      .sync_interval = base::Duration::millis(1),
                      .block_rows_max = 300,
                      .disk_reserve_bytes = 1,
                      .merging = {.on = false, .compression_level = 3, .block_rows_max = 700}};
    std::shared_ptr<const event::ProfileSet> profiles = testing::no_profiles(folder);
    std::shared_ptr<SourceNames> sources = std::make_shared<SourceNameTable>();
    RandomEvents random{11};
};

TEST_F(MergeTest, MergedSegmentsHoldTheSameEventsInTheOrderOfSources) {
    auto store = open();
    for (int i = 0; i < 6; ++i) {
        put(*store, 1000);
        ASSERT_TRUE(store->seal().has_value());
    }
    const auto before = all(*store);
    ASSERT_EQ(before.size(), 6000u);
    EXPECT_EQ(store->stats().fresh_segments, 6u);
    const auto merged = store->merge();
    ASSERT_TRUE(merged.has_value()) << merged.error().message();
    EXPECT_EQ(store->stats().fresh_segments, 0u);
    EXPECT_EQ(store->stats().segments, 1u);
    EXPECT_EQ(files(), 1u);
    EXPECT_EQ(all(*store), before);
    // Rows of one source stand together.
    std::vector<std::string> order;
    ASSERT_TRUE(store
                    ->visit(parse("", {}).value(),
                            [&](const event::EventBatch& batch) -> Result<bool> {
                                for (const event::EventHead& head : batch.heads()) {
                                    const std::string name = sources->source_name(head.source);
                                    if (order.empty() || order.back() != name) {
                                        order.push_back(name);
                                    }
                                }
                                return true;
                            })
                    .has_value());
    EXPECT_LE(order.size(), 12u);  // two sources in 9 blocks, which come newest first
    store.reset();
    EXPECT_EQ(all(*open()), before);
}

TEST_F(MergeTest, DaysAndLargeSourcesGetFilesOfTheirOwn) {
    settings.merging.own_file_rows = 1000;
    auto store = open();
    event::EventBatch batch;
    for (int i = 0; i < 6000; ++i) {
        batch.begin();
        event::EventHead head;
        head.time.us = 1'700'000'000'000'000 + (i % 3) * kDay + i;
        head.received = head.time;
        head.raw = batch.arena().copy("line " + std::to_string(i));
        head.source = sources->source_id(i % 2 == 0 ? "large" : "small" + std::to_string(i % 7));
        batch.end(head);
    }
    ASSERT_TRUE(store->wait_durable(testing::put(*store, batch).value()).has_value());
    ASSERT_TRUE(store->seal().has_value());
    const auto before = all(*store);
    ASSERT_TRUE(store->merge().has_value());
    EXPECT_EQ(store->stats().segments, 6u);  // three days: the large source and the small ones
    EXPECT_EQ(all(*store), before);
}

TEST_F(MergeTest, AQuestionGoesOnOverSegmentsThatAreMergedAway) {
    const auto store = open();
    put(*store, 2000);
    ASSERT_TRUE(store->seal().has_value());
    put(*store, 2000);
    ASSERT_TRUE(store->seal().has_value());
    std::size_t seen = 0;
    bool merged = false;
    const auto done =
        store->visit(parse("", {}).value(), [&](const event::EventBatch& batch) -> Result<bool> {
            seen += batch.size();
            if (!std::exchange(merged, true)) {
                EXPECT_TRUE(store->merge().has_value());
                EXPECT_EQ(store->stats().waiting_files, 2u);
            }
            return true;
        });
    ASSERT_TRUE(done.has_value()) << done.error().message();
    EXPECT_EQ(seen, 4000u);
    ASSERT_TRUE(store->merge().has_value());
    EXPECT_EQ(files(), 1u);
}

TEST_F(MergeTest, RowsThatDoNotFitInMemoryAreSortedAllTheSame) {
    struct Free final : Pace {
        Result<> step(std::uint64_t) override { return {}; }
    } pace;
    const Names names{.profiles = profiles, .sources = sources};
    RowSorter sorter(folder.path(), names, pace, 100'000);
    for (int round = 0; round < 20; ++round) {
        event::EventBatch& batch = sorter.fill();
        std::vector<RowKey> keys;
        for (int i = 0; i < 500; ++i) {
            random.add(batch, *sources);
            keys.push_back({.partition = random.below(3),
                            .source = random.below(4),
                            .host = random.below(5),
                            .time = batch.heads().back().time.us,
                            .id = static_cast<event::EventId>(round * 500 + i)});
        }
        ASSERT_TRUE(sorter.keep(std::move(keys)).has_value());
    }
    ASSERT_TRUE(sorter.finish().has_value());
    std::set<event::EventId> ids;
    std::uint32_t partitions = 0;
    while (!sorter.done()) {
        EXPECT_EQ(sorter.partition(), partitions++);
        const auto stream = sorter.read_partition();
        for (;;) {
            event::EventBatch batch;
            std::vector<event::EventId> block;
            ASSERT_TRUE(stream->next({.rows_max = 100}, batch, block).has_value());
            if (block.empty()) {
                break;
            }
            EXPECT_LE(block.size(), 100u);
            EXPECT_EQ(block.size(), batch.size());
            ids.insert(block.begin(), block.end());
        }
    }
    EXPECT_EQ(partitions, 3u);
    EXPECT_EQ(ids.size(), 10'000u);
}

TEST_F(MergeTest, BackgroundMergingAndSearchingAtOnceGivesEveryEventOnce) {
    settings.memory_bytes_max = 60'000;
    settings.merging = {.on = true,
                        .compression_level = 1,
                        .fresh_files = 2,
                        .bytes_per_second = 0,
                        .busy_events_per_second = ~0ULL};
    const auto store = open();
    std::uint64_t written = 0;
    for (int i = 0; i < 150; ++i) {
        put(*store, 100);
        written += 100;
        EXPECT_EQ(all(*store).size(), written);
        if (i % 10 == 0) {
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        }
    }
    EXPECT_GT(store->stats().merges, 0u);
}

// Tells when merging looks whether there is room for it: then it begins.
class WatchedDisk final : public Disk {
public:
    std::atomic<int> merges = 0;

    Result<std::uint64_t> free_bytes(const std::filesystem::path& folder) override {
        merges += folder.filename() == "events" ? 1 : 0;
        return Disk::free_bytes(folder);
    }
};

TEST_F(MergeTest, TheBackgroundMakesWayForWhoeverWaits) {
    const auto disk = std::make_shared<WatchedDisk>();
    settings.disk = disk;
    // At such a pace it would take minutes.
    settings.merging = {
        .on = true, .compression_level = 1, .fresh_files = 3, .bytes_per_second = 500};
    const auto store = open();
    for (int i = 0; i < 4; ++i) {
        put(*store, 500);
        ASSERT_TRUE(store->seal().has_value());
    }
    const auto merging = [&] {
        const int before = disk->merges;
        for (int i = 0; i < 2000 && disk->merges == before; ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        return disk->merges > before;
    };
    ASSERT_TRUE(merging());
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const std::int64_t begun = base::monotonic_us();
    const auto removed = store->remove(parse("user.name:root", {}).value());
    ASSERT_TRUE(removed.has_value()) << removed.error().message();
    EXPECT_GT(removed->events, 100u);
    ASSERT_TRUE(merging());  // again, with what is left
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    ASSERT_TRUE(store->merge().has_value());
    EXPECT_LT(base::monotonic_us() - begun, 20'000'000);
    EXPECT_EQ(all(*store).size(), 2000 - removed->events);
    EXPECT_EQ(files(), 1u);
    EXPECT_EQ(store->stats().merge_failures, 0u);
    EXPECT_EQ(store->stats().upkeep_fault, "");
}

TEST_F(MergeTest, AFullDiskStopsMergingButNothingElse) {
    const auto disk = std::make_shared<testing::FaultyDisk>();
    settings.disk = disk;
    settings.disk_reserve_bytes = 1 << 20;
    const auto store = open();
    for (int i = 0; i < 2; ++i) {
        put(*store, 500);
        ASSERT_TRUE(store->seal().has_value());
    }
    disk->free = (2 << 20) + 1000;
    const auto merged = store->merge();
    ASSERT_FALSE(merged.has_value());
    EXPECT_EQ(merged.error().code, Code::StorageFull);
    EXPECT_EQ(all(*store).size(), 1000u);
    EXPECT_EQ(files(), 2u);
    disk->free = ~0ULL;
    EXPECT_TRUE(store->merge().has_value());
    EXPECT_EQ(all(*store).size(), 1000u);
}

// ---- keeping ------------------------------------------------------------------------------------

TEST_F(MergeTest, DeletionTakesEventsOutOfMemoryLogAndSegmentsAndProvesIt) {
    auto store = open();
    put(*store, 1500);
    ASSERT_TRUE(store->seal().has_value());
    ASSERT_TRUE(store->merge().has_value());
    put(*store, 1500);
    ASSERT_TRUE(store->seal().has_value());
    put(*store, 1500);
    const auto before = all(*store);
    const auto doomed = all(*store, "gac.source:firewall");
    ASSERT_GT(doomed.size(), 500u);
    const auto query = parse("gac.source:firewall", {}).value();
    const auto preview = store->preview_removal(query).value();
    EXPECT_EQ(preview.events, doomed.size());
    EXPECT_EQ(all(*store), before);
    const auto removal = store->remove(query);
    ASSERT_TRUE(removal.has_value()) << removal.error().message();
    EXPECT_EQ(removal->events, doomed.size());
    EXPECT_EQ(removal->files_rewritten, 3u);
    EXPECT_EQ(removal->files_waiting, 0u);
    EXPECT_EQ(removal->fingerprint.size(), 64u);
    auto left = before;
    for (const auto& [id, line] : doomed) {
        left.erase(id);
    }
    EXPECT_EQ(all(*store), left);
    EXPECT_EQ(store->stats().wal_bytes, 0u);
    // Nothing of it in any file: source names stand in footers, which are packed; raw ones in logs.
    EXPECT_EQ(store->remove(query)->events, 0u);
    store.reset();
    store = open();
    EXPECT_EQ(all(*store), left);
    const auto rest = store->remove(parse("", {}).value());
    ASSERT_TRUE(rest.has_value());
    EXPECT_EQ(rest->events, left.size());
    EXPECT_EQ(files(), 0u);
    const event::EventId next = store->reserve(1);
    store.reset();
    store = open();
    EXPECT_EQ(store->stats().events, 0u);
    EXPECT_GT(store->reserve(1), next);
    put(*store, 10);
    EXPECT_EQ(all(*store).size(), 10u);
}

TEST_F(MergeTest, HeldEventsAreDeletedByNobody) {
    const auto store = open();
    put(*store, 2000);
    ASSERT_TRUE(store->seal().has_value());
    const auto held = all(*store, "user.name:root");
    const auto root = parse("user.name:root", {}).value();
    store->keep(
        {.age_max = base::Duration::days(1), .age_by_source = {}, .held = {root}, .every = {}});
    const auto removal = store->remove(parse("gac.source:firewall", {}).value()).value();
    EXPECT_GT(removal.held_events, 0u);
    ASSERT_TRUE(store->retain({random.time() + 3 * kDay}).has_value());
    EXPECT_EQ(all(*store), held);
    EXPECT_TRUE(store->retain({random.time() + 3 * kDay})->empty());  // nothing more to do
    store->keep({.age_max = base::Duration::days(1), .age_by_source = {}, .held = {}, .every = {}});
    ASSERT_TRUE(store->retain({random.time() + 3 * kDay}).has_value());
    EXPECT_TRUE(all(*store).empty());
}

TEST_F(MergeTest, RetentionGoesBySourceAgeAndSize) {
    const auto store = open();
    for (int i = 0; i < 4; ++i) {
        put(*store, 1000);
        ASSERT_TRUE(store->seal().has_value());
    }
    const auto everything = all(*store);
    const base::TimePoint now{random.time() + 10 * kDay};
    store->keep({.age_max = base::Duration::days(30),
                 .age_by_source = {{"firewall", base::Duration::days(5)}},
                 .every = {}});
    const auto removed = store->retain(now).value();
    ASSERT_EQ(removed.size(), 1u);
    EXPECT_EQ(removed[0].reason, RemovalReason::Age);
    EXPECT_EQ(removed[0].files_rewritten, 4u);
    EXPECT_TRUE(all(*store, "gac.source:firewall").empty());
    EXPECT_EQ(all(*store).size() + removed[0].events, everything.size());
    EXPECT_TRUE(store->retain(now)->empty());
    // By size: the oldest files go first.
    const auto bytes = store->stats().segment_bytes;
    store->keep({.age_by_source = {}, .bytes_max = bytes / 2, .every = {}});
    const auto shrunk = store->retain(now).value();
    ASSERT_EQ(shrunk.size(), 1u);
    EXPECT_EQ(shrunk[0].reason, RemovalReason::Size);
    EXPECT_LE(store->stats().segment_bytes, bytes / 2);
    EXPECT_GT(store->stats().oldest, removed[0].oldest);
}

TEST_F(MergeTest, AFullDiskTakesTheOldestWhenToldTo) {
    const auto disk = std::make_shared<testing::FaultyDisk>();
    settings.disk = disk;
    settings.disk_reserve_bytes = 1 << 20;
    const auto store = open();
    for (int i = 0; i < 3; ++i) {
        put(*store, 500);
        ASSERT_TRUE(store->seal().has_value());
    }
    disk->free = (1 << 20) + 5;
    store->keep({.age_by_source = {}, .oldest_first = false, .every = {}});
    EXPECT_TRUE(store->retain({random.time()})->empty());
    EXPECT_EQ(store->stats().events, 1500u);
    store->keep({.age_by_source = {}, .oldest_first = true, .every = {}});
    const auto removed = store->retain({random.time()}).value();  // free never grows here
    EXPECT_EQ(store->stats().events, 0u);
    ASSERT_EQ(removed.size(), 1u);
    EXPECT_EQ(removed[0].reason, RemovalReason::DiskFull);
}

TEST_F(MergeTest, AListWithOneDamagedCopyIsReadFromTheOtherAndNamed) {
    {
        const auto store = open();
        put(*store, 500);
        ASSERT_TRUE(store->seal().has_value());
    }
    const auto path = settings.folder / "manifest";
    const std::string good = base::read_file(path, 1 << 20).value();
    for (const std::size_t at : {std::size_t{3}, good.size() / 2 + 20, good.size() - 2}) {
        std::string bad = good;
        bad[at] ^= 0x04;
        ASSERT_TRUE(base::write_file_atomic(path, bad).has_value());
        const auto store = open();
        EXPECT_EQ(store->stats().damages.size(), 1u);
        EXPECT_EQ(all(*store).size(), 500u);
    }
}

TEST_F(MergeTest, FilesThatWereBeingMadeOrDeletedAreTidiedUp) {
    {
        const auto store = open();
        put(*store, 500);
        ASSERT_TRUE(store->seal().has_value());
        put(*store, 500);
        ASSERT_TRUE(store->seal().has_value());
    }
    const auto segments = segment_folder(settings.folder);
    for (const auto& entry : std::filesystem::directory_iterator(segments)) {
        std::filesystem::copy_file(entry.path(), segments / "m000000000077.seg");
        break;
    }
    std::filesystem::copy_file(segments / "m000000000077.seg", segments / "m000000000078.seg.tmp");
    const auto store = open();
    EXPECT_EQ(all(*store).size(), 1000u);
    EXPECT_EQ(files(), 2u);
    EXPECT_TRUE(store->stats().damages.empty());
}

TEST_F(MergeTest, AMissingFileIsNamedAndTheRestAnswers) {
    {
        const auto store = open();
        put(*store, 500);
        ASSERT_TRUE(store->seal().has_value());
        put(*store, 500);
        ASSERT_TRUE(store->seal().has_value());
    }
    for (const auto& entry : std::filesystem::directory_iterator(segment_folder(settings.folder))) {
        std::filesystem::remove(entry.path());
        break;
    }
    const auto store = open();
    EXPECT_EQ(store->stats().damages.size(), 1u);
    EXPECT_EQ(all(*store).size(), 500u);
}

}  // namespace

}  // namespace gac::store
