#include "store/store.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <future>
#include <set>
#include <thread>

#include "store/disk.h"
#include "store/testing.h"

namespace gac::store {

using testing::FaultyDisk;
using testing::RandomEvents;
using testing::TemporaryFolder;

namespace {

class StoreTest : public ::testing::Test {
protected:
    std::unique_ptr<Store> open() {
        auto store = Store::open(settings, profiles, sources);
        EXPECT_TRUE(store.has_value()) << (store ? "" : store.error().message());
        return store ? std::move(*store) : nullptr;
    }
    event::EventBatch& fill(std::uint32_t events) {
        batch.reset();
        for (std::uint32_t i = 0; i < events; ++i) {
            random.add(batch, *sources);
        }
        return batch;
    }
    void put_durable(Store& store, std::uint32_t events) {
        const auto position = testing::put(store, fill(events));
        ASSERT_TRUE(position.has_value()) << position.error().message();
        ASSERT_TRUE(store.wait_durable(*position).has_value());
        for (std::uint32_t i = 0; i < events; ++i) {
            kept.insert(batch.first_id() + i);
        }
    }
    static std::multiset<event::EventId> ids_of(const Store& store, std::string_view text = "") {
        auto query = parse(text, {}).value();
        query.limit = 1'000'000;
        const auto answer = store.search(query, {.rows_max = 1'000'000});
        EXPECT_TRUE(answer.has_value());
        EXPECT_EQ(answer->partial, "");
        std::multiset<event::EventId> ids;
        for (std::uint32_t row = 0; row < answer->events.size(); ++row) {
            ids.insert(answer->events.id_of(row));
        }
        return ids;
    }

    TemporaryFolder folder;
    Settings settings{.folder = folder.path() / "events",
                      .sync_interval = base::Duration::millis(1),
                      .block_rows_max = 500,
                      .disk_reserve_bytes = 1,
                      .full_retry = base::Duration::millis(5)};
    std::shared_ptr<const event::ProfileSet> profiles = testing::no_profiles(folder);
    std::shared_ptr<SourceNames> sources = std::make_shared<SourceNameTable>();
    RandomEvents random{7};
    event::EventBatch batch;
    std::multiset<event::EventId> kept;
};

TEST_F(StoreTest, AnEmptyStoreAnswersNothing) {
    const auto store = open();
    EXPECT_TRUE(ids_of(*store).empty());
    EXPECT_EQ(store->stats().events, 0u);
    EXPECT_TRUE(store->seal().has_value());
}

TEST_F(StoreTest, AppendedEventsAreFoundAtOnce) {
    const auto store = open();
    ASSERT_TRUE(testing::put(*store, fill(100)).has_value());
    EXPECT_EQ(ids_of(*store).size(), 100u);
}

TEST_F(StoreTest, EventsAreFoundOnceInMemoryInSegmentsAndAfterAReopening) {
    {
        const auto store = open();
        put_durable(*store, 700);
        EXPECT_EQ(ids_of(*store), kept);
        ASSERT_TRUE(store->seal().has_value());
        EXPECT_EQ(ids_of(*store), kept);
        EXPECT_EQ(store->stats().segments, 1u);
        EXPECT_EQ(store->stats().events_in_memory, 0u);
        EXPECT_EQ(store->stats().wal_bytes, 0u);
        put_durable(*store, 300);
        EXPECT_EQ(ids_of(*store), kept);
    }
    const auto store = open();
    EXPECT_EQ(ids_of(*store), kept);
    EXPECT_EQ(store->stats().recovered_events, 300u);
    ASSERT_TRUE(store->seal().has_value());
    EXPECT_EQ(ids_of(*store), kept);
}

TEST_F(StoreTest, ASealedEventKeepsAllItsFields) {
    const auto store = open();
    const auto before = [&] {
        std::vector<std::string> lines;
        auto query = parse("", {}).value();
        query.limit = 5000;
        const auto answer = store->search(query, {}).value();
        for (std::uint32_t row = 0; row < answer.events.size(); ++row) {
            const event::EventRef event = answer.events[row];
            std::string line =
                sources->source_name(event.head().source) + std::to_string(event.head().time.us)
                + "/" + std::to_string(event.head().received.us) + (event.head().drill ? "d" : "")
                + (event.head().parse_failed ? "f" : "") + std::string(event.head().raw);
            std::multiset<std::string>
                fields;  // columns of one name but two types may change places
            for (const event::Field& field : event.fields()) {
                std::string text(event::name_of(field.id));
                text += '=' + std::to_string(static_cast<int>(field.value.type()));
                field.value.append_json(text);
                fields.insert(text);
            }
            for (const std::string& field : fields) {
                line += ' ' + field;
            }
            lines.push_back(line);
        }
        return lines;
    };
    put_durable(*store, 3000);
    const auto in_memory = before();
    ASSERT_TRUE(store->seal().has_value());
    EXPECT_EQ(before(), in_memory);
    EXPECT_EQ(in_memory.size(), 3000u);
}

TEST_F(StoreTest, IdsGoOnAfterAReopeningAndAreNeverGivenTwice) {
    event::EventId last = 0;
    for (int run = 0; run < 3; ++run) {
        const auto store = open();
        const event::EventId first = store->reserve(10);
        EXPECT_GT(first, last);
        last = first + 9;
    }
}

TEST_F(StoreTest, FetchGivesEventsInTheOrderAsked) {
    const auto store = open();
    put_durable(*store, 600);
    ASSERT_TRUE(store->seal().has_value());
    put_durable(*store, 600);
    const event::EventId newest = *kept.rbegin();
    const event::EventId oldest = *kept.begin();
    event::EventBatch out;
    const event::EventId asked[] = {newest, oldest, 999'999'999, oldest + 5};
    ASSERT_TRUE(store->fetch(asked, out).has_value());
    ASSERT_EQ(out.size(), 3u);
    EXPECT_EQ(out[0].id(), newest);
    EXPECT_EQ(out[1].id(), oldest);
    EXPECT_EQ(out[2].id(), oldest + 5);
}

TEST_F(StoreTest, PagesFollowEachOtherWithoutGapOrRepetition) {
    const auto store = open();
    put_durable(*store, 900);
    ASSERT_TRUE(store->seal().has_value());
    put_durable(*store, 500);
    auto query = parse("user.name:root or event.action:Failed*", {}).value();
    query.limit = 37;
    std::vector<event::EventId> seen;
    std::int64_t last = std::numeric_limits<std::int64_t>::max();
    for (;;) {
        const auto answer = store->search(query, {}).value();
        for (std::uint32_t row = 0; row < answer.events.size(); ++row) {
            EXPECT_LE(answer.events[row].head().time.us, last);
            last = answer.events[row].head().time.us;
            seen.push_back(answer.events.id_of(row));
        }
        if (answer.cursor.empty()) {
            break;
        }
        query.cursor = answer.cursor;
    }
    const auto all = ids_of(*store, "user.name:root or event.action:Failed*");
    EXPECT_EQ(std::multiset<event::EventId>(seen.begin(), seen.end()), all);
    EXPECT_GT(all.size(), 100u);
}

TEST_F(StoreTest, AFullDiskRefusesKeepsSearchingAndRecoversByItself) {
    const auto disk = std::make_shared<FaultyDisk>();
    settings.disk = disk;
    const auto store = open();
    put_durable(*store, 50);
    disk->full = true;
    const auto refused = testing::put(*store, fill(50));
    if (refused) {
        const auto outcome = store->wait_durable(*refused);
        ASSERT_FALSE(outcome.has_value());
        EXPECT_EQ(outcome.error().code, Code::StorageFull);
    }
    const auto again = testing::put(*store, fill(50));
    ASSERT_FALSE(again.has_value());
    EXPECT_EQ(again.error().code, Code::StorageFull);
    EXPECT_FALSE(store->health().writable);
    EXPECT_EQ(ids_of(*store), kept);  // what was refused is not found
    disk->full = false;
    for (int i = 0; i < 1000 && !store->health().writable; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    ASSERT_TRUE(store->health().writable);
    put_durable(*store, 50);
    EXPECT_EQ(ids_of(*store), kept);
}

TEST_F(StoreTest, RefusedEventsDoNotComeBackAfterARestart) {
    const auto disk = std::make_shared<FaultyDisk>();
    settings.disk = disk;
    {
        const auto store = open();
        for (int round = 0; round < 5; ++round) {
            put_durable(*store, 20);
            disk->full = true;
            if (const auto refused = testing::put(*store, fill(20))) {
                EXPECT_FALSE(store->wait_durable(*refused).has_value());
            }
            disk->full = false;
            for (int i = 0; i < 1000 && !store->health().writable; ++i) {
                std::this_thread::sleep_for(std::chrono::milliseconds(2));
            }
        }
    }
    const auto store = open();
    EXPECT_EQ(ids_of(*store), kept);
    EXPECT_TRUE(store->stats().damages.empty());
}

TEST_F(StoreTest, AFailedSyncMovesToANewLogFileAndLosesNothing) {
    const auto disk = std::make_shared<FaultyDisk>();
    settings.disk = disk;
    {
        const auto store = open();
        put_durable(*store, 20);
        disk->syncs_to_fail = 1;
        put_durable(*store, 20);
        EXPECT_EQ(disk->failed_syncs, 1);
        put_durable(*store, 20);
        EXPECT_EQ(ids_of(*store), kept);
    }
    const auto store = open();
    EXPECT_EQ(ids_of(*store), kept);
    EXPECT_TRUE(store->stats().damages.empty());
}

TEST_F(StoreTest, SyncsThatKeepFailingRefuseAndNothingRefusedComesBack) {
    const auto disk = std::make_shared<FaultyDisk>();
    settings.disk = disk;
    {
        const auto store = open();
        put_durable(*store, 20);
        disk->syncs_to_fail = 2;
        const auto position = testing::put(*store, fill(20));
        ASSERT_TRUE(position.has_value());
        EXPECT_FALSE(store->wait_durable(*position).has_value());
        for (int i = 0; i < 1000 && !store->health().writable; ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
        put_durable(*store, 20);
        EXPECT_EQ(ids_of(*store), kept);
    }
    EXPECT_EQ(ids_of(*open()), kept);
}

TEST_F(StoreTest, LowReserveRefusesNewEventsButKeepsTheAccepted) {
    const auto disk = std::make_shared<FaultyDisk>();
    settings.disk = disk;
    settings.disk_reserve_bytes = 1 << 20;
    const auto store = open();
    put_durable(*store, 10);
    disk->free = 1000;
    put_durable(*store, 10);  // was taken in before anybody looked
    EXPECT_FALSE(store->health().writable);
    EXPECT_NE(store->health().reason.find("disk full"), std::string::npos);
    EXPECT_FALSE(testing::put(*store, fill(10)).has_value());
    EXPECT_EQ(ids_of(*store), kept);
}

TEST_F(StoreTest, TheMemoryTableIsSealedWhenItIsFull) {
    settings.memory_bytes_max = 100'000;
    const auto store = open();
    for (int i = 0; i < 40; ++i) {
        put_durable(*store, 100);
    }
    ASSERT_TRUE(store->seal().has_value());
    EXPECT_GT(store->stats().segments, 3u);
    EXPECT_EQ(ids_of(*store), kept);
}

// Segments are not begun, or log files not deleted, before it is told to go on.
class GatedDisk final : public Disk {
public:
    std::atomic<bool> seals = true;
    std::atomic<bool> deletes = true;
    std::atomic<int> held = 0;

    Result<base::Fd> create(const std::filesystem::path& path) override {
        if (path.parent_path().filename() == "segments") {
            hold(seals);
        }
        return Disk::create(path);
    }
    Result<> remove(const std::filesystem::path& path) override {
        if (path.parent_path().filename() == "wal") {
            hold(deletes);
        }
        return Disk::remove(path);
    }

private:
    void hold(const std::atomic<bool>& gate) {
        ++held;
        gate.wait(false);
        --held;
    }
};

void open_gate(std::atomic<bool>& gate) {
    gate = true;
    gate.notify_all();
}

class SlowSealer : public StoreTest {
protected:
    void SetUp() override {
        settings.disk = disk;
        settings.memory_rows_max = 100;
        settings.merging.on = false;
        store = open();
    }
    void TearDown() override {
        open_gate(disk->seals);
        open_gate(disk->deletes);
    }
    // One table waits for the sealer, and the next one is full.
    void fill_tables() {
        disk->seals = false;
        put_durable(*store, 100);
        put_durable(*store, 100);
        while (disk->held == 0) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }
    std::future<bool> append_later() {
        return std::async(std::launch::async, [this] {
            event::EventBatch one;
            RandomEvents(9).add(one, *sources);
            return testing::put(*store, one).has_value();
        });
    }

    std::shared_ptr<GatedDisk> disk = std::make_shared<GatedDisk>();
    std::unique_ptr<Store> store;
};

TEST_F(SlowSealer, IsWaitedForNoLongerThanAsked) {
    settings.append_wait_max = base::Duration::millis(120);
    store.reset();
    store = open();
    fill_tables();
    EXPECT_FALSE(append_later().get());
}

TEST_F(SlowSealer, IsWaitedForAsLongAsItTakesWhenNoLimitIsSet) {
    settings.append_wait_max = {};
    store.reset();
    store = open();
    fill_tables();
    auto appended = append_later();
    EXPECT_EQ(appended.wait_for(std::chrono::milliseconds(300)), std::future_status::timeout);
    open_gate(disk->seals);
    EXPECT_TRUE(appended.get());
}

TEST_F(SlowSealer, HoldsNobodyUpWhileTheLogDeletesItsFiles) {
    settings.append_wait_max = {};
    store.reset();
    store = open();
    fill_tables();
    auto appended = append_later();
    disk->deletes = false;
    open_gate(disk->seals);
    EXPECT_EQ(appended.wait_for(std::chrono::seconds(10)), std::future_status::ready);
    open_gate(disk->deletes);
    EXPECT_TRUE(appended.get());
}

TEST_F(SlowSealer, IsNotBlamedForTimeInWhichTheProcessWasStopped) {
    settings.append_wait_max = base::Duration::seconds(1);
    store.reset();
    store = open();
    fill_tables();
    const pid_t self = ::getpid();
    auto appended = append_later();
    const pid_t other = ::fork();
    if (other == 0) {
        ::usleep(100'000);
        ::kill(self, SIGSTOP);
        ::usleep(1'500'000);
        ::kill(self, SIGCONT);
        ::_exit(0);
    }
    ASSERT_GT(other, 0);
    int status = 0;
    ASSERT_EQ(::waitpid(other, &status, 0), other);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    open_gate(disk->seals);
    EXPECT_TRUE(appended.get());
}

TEST_F(StoreTest, ASecondProgramMayNotOpenTheSameStore) {
    const auto store = open();
    const auto second = Store::open(settings, profiles, sources);
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, Code::Unavailable);
}

TEST_F(StoreTest, CallbacksComeInOrderAndOnlyWhenDurable) {
    const auto store = open();
    std::vector<int> order;
    Position last;
    for (int i = 0; i < 20; ++i) {
        const auto position = testing::put(*store, fill(5));
        ASSERT_TRUE(position.has_value());
        last = *position;
        store->when_durable(*position, [&order, i](Result<> outcome) {
            if (outcome) {
                order.push_back(i);
            }
        });
    }
    ASSERT_TRUE(store->wait_durable(last).has_value());
    ASSERT_TRUE(store->seal().has_value());  // the callbacks have run when the rows are sealed
    ASSERT_EQ(order.size(), 20u);
    EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST_F(StoreTest, ThreadsWriteSearchAndSealTogether) {
    settings.memory_bytes_max = 200'000;
    const auto store = open();
    std::atomic<bool> stop = false;
    std::atomic<std::uint64_t> written = 0;
    std::vector<std::thread> writers;
    for (std::uint32_t t = 0; t < 3; ++t) {
        writers.emplace_back([&, t] {
            RandomEvents own(t);
            event::EventBatch mine;
            for (int i = 0; i < 60; ++i) {
                mine.reset();
                for (int k = 0; k < 50; ++k) {
                    own.add(mine, *sources);
                }
                const auto position = testing::put(*store, mine);
                ASSERT_TRUE(position.has_value());
                ASSERT_TRUE(store->wait_durable(*position).has_value());
                written += mine.size();
            }
        });
    }
    std::thread searcher([&] {
        const auto query = parse("| stats count()", {}).value();
        std::int64_t last = 0;
        while (!stop) {
            const std::uint64_t before = written;
            const auto answer = store->search(query, {}).value();
            const auto count = std::get<std::int64_t>(answer.rows.at(0).at(0));
            EXPECT_GE(count, static_cast<std::int64_t>(before));
            EXPECT_GE(count, last);
            last = count;
        }
    });
    for (std::thread& writer : writers) {
        writer.join();
    }
    stop = true;
    searcher.join();
    ASSERT_TRUE(store->seal().has_value());
    EXPECT_EQ(ids_of(*store).size(), 9000u);
    EXPECT_EQ(store->stats().events, 9000u);
}

}  // namespace

}  // namespace gac::store
