// Crashes as they happen: a writing process that is killed at any moment, and a disk that is really
// full.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <set>
#include <thread>

#include "store/testing.h"

namespace gac::store {

using testing::RandomEvents;
using testing::TemporaryFolder;

namespace {

Settings small(const std::filesystem::path& folder) {
    return {.folder = folder,
            .sync_interval = base::Duration::millis(1),
            .memory_bytes_max = 40'000,  // so that sealing goes on all the time
            .block_rows_max = 64,
            .disk_reserve_bytes = 1,
            .merging = {.compression_level = 1,
                        .block_rows_max = 128,
                        .fresh_files = 2,  // and merging
                        .own_file_rows = 700,
                        .bytes_per_second = 0,
                        .busy_events_per_second = ~0ULL}};
}

// What the child says on the pipe, and has therefore done: events are durable; their deletion has
// begun; they are deleted.
enum class Said : std::uint64_t { Durable, Deleting, Deleted };
struct Acknowledged {
    Said what;
    event::EventId first;
    std::uint64_t count;
};

// Deletes the events of an older stretch of ids, which are their times as well.
void delete_some(Store& store, int pipe, event::EventId first, std::uint64_t count) {
    const auto say = [&](Said what) {
        const Acknowledged said{what, first, count};
        if (::write(pipe, &said, sizeof said) != sizeof said) {
            ::_exit(5);
        }
    };
    Query query = parse("", {}).value();
    query.range = {.from = {static_cast<std::int64_t>(first)},
                   .to = {static_cast<std::int64_t>(first + count)}};
    say(Said::Deleting);
    if (!store.remove(query)) {
        ::_exit(6);
    }
    say(Said::Deleted);
}

// The child: writes, merges and deletes until it is killed; says on the pipe what is durable. The
// raw text of an event is its id.
[[noreturn]] void write_for_ever(const std::filesystem::path& folder,
                                 std::shared_ptr<const event::ProfileSet> profiles, int pipe,
                                 std::uint32_t seed) {
    const auto sources = std::make_shared<SourceNameTable>();
    auto store = Store::open(small(folder), std::move(profiles), sources);
    if (!store) {
        ::_exit(3);
    }
    RandomEvents random(seed);
    event::EventBatch batch;
    std::thread merger([&store] {
        for (;;) {
            if (!(*store)->merge()) {
                ::_exit(7);
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(3));
        }
    });
    for (;;) {
        batch.reset();
        if (random.below(15) == 0) {
            const event::EventId end = (*store)->reserve(1);
            delete_some(**store, pipe, end - std::min<event::EventId>(end, random.below(3000)),
                        1 + random.below(200));
        }
        const std::uint32_t count = 1 + random.below(30);
        const event::EventId first = (*store)->reserve(count);
        for (std::uint32_t i = 0; i < count; ++i) {
            batch.begin();
            event::EventHead head;
            head.time.us = static_cast<std::int64_t>(first + i);
            head.raw = batch.arena().copy(std::to_string(first + i));
            batch.end(head);
        }
        batch.set_first_id(first);
        const auto position = (*store)->append(batch);
        if (!position) {
            ::_exit(4);
        }
        (*store)->when_durable(*position, [pipe, first, count](Result<> outcome) {
            const Acknowledged said{Said::Durable, first, count};
            if (!outcome || ::write(pipe, &said, sizeof said) != sizeof said) {
                ::_exit(5);
            }
        });
    }
}

TEST(Crash, EveryAcknowledgedEventIsThereExactlyOnceAfterKills) {
    TemporaryFolder folder;
    const auto profiles = testing::no_profiles(folder);
    const auto events = folder.path() / "events";
    std::set<event::EventId> acknowledged;
    std::set<event::EventId> perhaps;  // their deletion has begun
    std::set<event::EventId> deleted;
    std::mt19937 random(5);
    for (std::uint32_t round = 0; round < 20; ++round) {
        int ends[2];
        ASSERT_EQ(::pipe(ends), 0);
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            ::close(ends[0]);
            write_for_ever(events, profiles, ends[1], round);
        }
        ::close(ends[1]);
        // After so much work has been told, however fast the machine is, and a moment more.
        std::atomic<bool> due = false;
        std::thread killer([child, &due, wait = random() % 15] {
            for (int i = 0; i < 20'000 && !due; ++i) {
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(wait));
            ::kill(child, SIGKILL);
        });
        const std::uint64_t told_max = 60 + random() % 200;
        std::uint64_t told = 0;
        Acknowledged said{};
        while (::read(ends[0], &said, sizeof said) == static_cast<ssize_t>(sizeof said)) {
            due = ++told >= told_max;
            for (event::EventId id = said.first; id < said.first + said.count; ++id) {
                if (said.what == Said::Durable) {
                    ASSERT_TRUE(acknowledged.insert(id).second) << "an id was given twice";
                } else if (said.what == Said::Deleting) {
                    perhaps.insert(id);
                } else if (acknowledged.contains(id)) {
                    deleted.insert(id);
                }
            }
        }
        killer.join();
        ::close(ends[0]);
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status)) << "exit " << WEXITSTATUS(status);

        const auto sources = std::make_shared<SourceNameTable>();
        const auto store = Store::open(small(events), profiles, sources).value();
        auto query = parse("", {}).value();
        query.limit = 10'000'000;
        const auto answer = store->search(query, {.rows_max = 10'000'000}).value();
        std::set<event::EventId> found;
        for (std::uint32_t row = 0; row < answer.events.size(); ++row) {
            const event::EventRef event = answer.events[row];
            ASSERT_TRUE(found.insert(event.id()).second) << "twice: " << event.id();
            ASSERT_EQ(event.head().raw, std::to_string(event.id()));
        }
        for (const event::EventId id : acknowledged) {
            ASSERT_TRUE(found.contains(id) || perhaps.contains(id))
                << "lost in round " << round << ": " << id;
        }
        for (const event::EventId id : deleted) {
            ASSERT_FALSE(found.contains(id)) << "back in round " << round << ": " << id;
        }
        EXPECT_TRUE(store->stats().damages.empty()) << store->stats().damages.front().what;
        // What was kept without an acknowledgement counts from now on: it must stay.
        acknowledged = std::move(found);
        perhaps.clear();
    }
    EXPECT_GT(acknowledged.size(), 1000u);
    EXPECT_GT(deleted.size(), 100u);
}

TEST(Crash, ALogCutAnywhereOpensWithTheWholeRecords) {
    TemporaryFolder folder;
    const auto profiles = testing::no_profiles(folder);
    const auto events = folder.path() / "events";
    const auto sources = std::make_shared<SourceNameTable>();
    {
        const auto store =
            Store::open({.folder = events, .disk_reserve_bytes = 1}, profiles, sources).value();
        RandomEvents random(1);
        event::EventBatch batch;
        for (int i = 0; i < 5; ++i) {
            batch.reset();
            random.add(batch, *sources);
            ASSERT_TRUE(store->wait_durable(testing::put(*store, batch).value()).has_value());
        }
    }
    const auto log = events / "wal" / "000000000001.wal";
    std::ifstream in(log, std::ios::binary);
    const std::string good((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    std::uint64_t last = 5;
    for (std::size_t size = good.size(); size-- > 0;) {
        if (size % 5 != 0) {
            continue;
        }
        std::filesystem::resize_file(log, size);
        const auto store =
            Store::open({.folder = events, .disk_reserve_bytes = 1}, profiles, sources).value();
        const std::uint64_t count = store->stats().events;
        EXPECT_LE(count, last);
        EXPECT_GE(count + 1, last);
        last = count;
        EXPECT_TRUE(store->stats().damages.empty());
    }
    EXPECT_EQ(last, 0u);
}

TEST(Crash, ASegmentWhoseLogIsStillThereIsNotCountedTwice) {
    TemporaryFolder folder;
    const auto profiles = testing::no_profiles(folder);
    const auto events = folder.path() / "events";
    const auto sources = std::make_shared<SourceNameTable>();
    const Settings settings{.folder = events, .disk_reserve_bytes = 1};
    event::EventBatch batch;
    RandomEvents random(1);
    for (int i = 0; i < 50; ++i) {
        random.add(batch, *sources);
    }
    {
        const auto store = Store::open(settings, profiles, sources).value();
        ASSERT_TRUE(store->wait_durable(testing::put(*store, batch).value()).has_value());
    }
    const auto log = events / "wal" / "000000000001.wal";
    std::filesystem::copy_file(log, folder.path() / "saved");
    ASSERT_TRUE(Store::open(settings, profiles, sources).value()->seal().has_value());
    ASSERT_FALSE(std::filesystem::exists(log));
    std::filesystem::copy_file(folder.path() / "saved",
                               log);  // power went between publishing and deleting
    {
        const auto store = Store::open(settings, profiles, sources).value();
        EXPECT_EQ(store->stats().events, 50u);
        EXPECT_FALSE(std::filesystem::exists(log));
    }
    // A damaged segment is made again from its log while that is there.
    std::filesystem::copy_file(folder.path() / "saved", log);
    for (const auto& entry : std::filesystem::directory_iterator(events / "segments")) {
        std::filesystem::resize_file(entry.path(), 100);
    }
    const auto store = Store::open(settings, profiles, sources).value();
    EXPECT_EQ(store->stats().events, 50u);
    EXPECT_EQ(store->stats().damages.size(), 1u);
    ASSERT_TRUE(store->seal().has_value());
    EXPECT_EQ(store->stats().events, 50u);
}

TEST(Crash, AReallyFullDiskLosesNothingAndGoesOn) {
    TemporaryFolder folder;
    const auto profiles = testing::no_profiles(folder);
    const auto disk = folder.path() / "disk";
    std::filesystem::create_directories(disk);
    if (::mount("gac-test", disk.c_str(), "tmpfs", 0, "size=4m") != 0) {
        GTEST_SKIP() << "mounting a tmpfs is not permitted here";
    }
    struct Unmount {
        std::filesystem::path path;
        ~Unmount() { ::umount2(path.c_str(), MNT_DETACH); }
    } unmount{disk};
    const auto sources = std::make_shared<SourceNameTable>();
    Settings settings = small(disk / "events");
    settings.memory_bytes_max = 300'000;
    settings.disk_reserve_bytes = 1 << 20;
    settings.full_retry = base::Duration::millis(10);
    settings.append_wait_max = base::Duration::millis(200);
    const auto ballast = disk / "ballast";
    std::ofstream(ballast) << std::string(1 << 20, 'b');
    std::set<event::EventId> kept;
    const auto check = [&](const Store& store) {
        auto query = parse("", {}).value();
        query.limit = 10'000'000;
        const auto answer = store.search(query, {.rows_max = 10'000'000}).value();
        std::multiset<event::EventId> found;
        for (std::uint32_t row = 0; row < answer.events.size(); ++row) {
            found.insert(answer.events.id_of(row));
        }
        EXPECT_EQ(found, std::multiset<event::EventId>(kept.begin(), kept.end()));
    };
    {
        const auto store = Store::open(settings, profiles, sources).value();
        RandomEvents random(2);
        event::EventBatch batch;
        const auto put = [&]() -> Result<> {
            batch.reset();
            for (int i = 0; i < 200; ++i) {
                random.add(batch, *sources);
            }
            GAC_TRY(position, testing::put(*store, batch));
            GAC_CHECK(store->wait_durable(position));
            for (std::uint32_t row = 0; row < batch.size(); ++row) {
                kept.insert(batch.id_of(row));
            }
            return {};
        };
        Result<> last;
        for (int i = 0; i < 2000 && last; ++i) {
            last = put();
        }
        ASSERT_FALSE(last.has_value());
        EXPECT_EQ(last.error().code, Code::StorageFull) << last.error().message();
        EXPECT_FALSE(store->health().writable);
        EXPECT_GT(kept.size(), 1000u);
        check(*store);
        std::filesystem::remove(ballast);
        for (int i = 0; i < 500 && !store->health().writable; ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        ASSERT_TRUE(store->health().writable);
        ASSERT_TRUE(put().has_value());
        check(*store);
    }
    check(*Store::open(settings, profiles, sources).value());
}

}  // namespace

}  // namespace gac::store
