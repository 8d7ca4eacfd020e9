// The power goes at any moment, over and over: what was acknowledged is there exactly once, what
// was not is there whole or not at all, and the store opens.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include <fmt/format.h>

#include "store/power_cut_disk.h"
#include "store/testing.h"

namespace gac::store {

using testing::PowerCutDisk;
using testing::TemporaryFolder;

namespace {

constexpr int kStores = 20;
constexpr int kCutsOfOne = 10;
// In the future: what the background takes away by its own clock is nothing.
constexpr std::int64_t kBegin = 2'000'000'000'000'000;

std::string raw_of(event::EventId id) {
    return fmt::format("host{} sshd[{}]: event number {} of a long row", id % 7, id * 31 % 32768,
                       id);
}

class PowerCut : public ::testing::Test {
protected:
    struct Group {  // appended together
        event::EventId first = 0;
        std::uint32_t count = 0;
        bool acknowledged = false;
    };

    std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); }

    void append(Store& store) {
        batch.reset();
        const std::uint32_t count = 1 + below(40);
        const event::EventId first = store.reserve(count);
        for (std::uint32_t i = 0; i < count; ++i) {
            const event::EventId id = first + i;
            batch.begin();
            event::EventHead head;
            head.time.us = kBegin + static_cast<std::int64_t>(id) * 60'000'000;
            head.raw = batch.arena().copy(raw_of(id));
            head.source = sources->source_id(id % 3 == 0 ? "a" : "b");
            batch.add_copy(event::field::HostName, fmt::format("host{}", id % 7));
            batch.end(head);
        }
        batch.set_first_id(first);
        const auto position = store.append(batch);
        if (!position) {
            return;  // refused: it may still be there, whole
        }
        const std::lock_guard lock(mutex);
        groups.push_back({first, count, false});
        const std::size_t at = groups.size() - 1;
        positions.push_back({*position, at});
    }
    void await(Store& store) {
        for (const auto& [position, at] : positions) {
            if (store.wait_durable(position)) {
                groups[at].acknowledged = true;
            }
        }
        positions.clear();
    }

    // Deletes some events for ever; what is not known to be done may be half done.
    void remove(Store& store) {
        await(store);
        const event::EventId end =
            1 + below(static_cast<std::uint32_t>(groups.empty() ? 1 : groups.back().first));
        const std::uint32_t host = below(7);
        for (const Group& group : groups) {
            for (event::EventId id = group.first; id < group.first + group.count; ++id) {
                if (id < end && id % 7 == host && !gone.contains(id)) {
                    going.insert(id);
                }
            }
        }
        const auto query = parse(fmt::format("host.name:host{} and event.id < {}", host, end), {});
        if (store.remove(*query)) {
            ++removals;
            gone.merge(going);
            going.clear();
        }
    }
    // Retention: what is too old may go.
    void retain(Store& store, const PowerCutDisk& disk) {
        await(store);
        const event::EventId end = groups.empty() ? 0 : groups[groups.size() / 3].first;
        for (const Group& group : groups) {
            for (event::EventId id = group.first; id < std::min(group.first + group.count, end);
                 ++id) {
                if (!gone.contains(id)) {
                    going.insert(id);
                }
            }
        }
        store.keep({.age_max = base::Duration::hours(24)});
        const auto now = base::TimePoint{kBegin + static_cast<std::int64_t>(end) * 60'000'000}
                         + base::Duration::hours(24);
        if (const auto removed = store.retain(now); removed && !removed->empty()) {
            ++retentions;
        }
        if (!disk.is_cut()) {  // after a cut only the next start knows what was done
            check(store);
        }
    }

    void check(const Store& store) {
        auto query = parse("", {}).value();
        query.limit = 1'000'000;
        const auto answer = store.search(query, {.rows_max = 1'000'000}).value();
        ASSERT_EQ(answer.partial, "");
        std::set<event::EventId> found;
        for (std::uint32_t row = 0; row < answer.events.size(); ++row) {
            const event::EventRef event = answer.events[row];
            ASSERT_TRUE(found.insert(event.id()).second) << "twice: " << event.id();
            ASSERT_EQ(event.head().raw, raw_of(event.id()));
        }
        std::size_t known = 0;
        std::vector<Group> kept;
        for (const Group& group : groups) {
            std::uint32_t expected = 0;
            std::uint32_t there = 0;
            for (event::EventId id = group.first; id < group.first + group.count; ++id) {
                const bool is = found.contains(id);
                ASSERT_FALSE(is && gone.contains(id)) << "deleted, and here again: " << id;
                known += is ? 1 : 0;
                if (going.contains(id)) {  // either way; from now on it stays so
                    if (!is) {
                        gone.insert(id);
                    }
                } else if (!gone.contains(id)) {
                    ++expected;
                    there += is ? 1 : 0;
                }
            }
            ASSERT_TRUE(there == expected || (there == 0 && !group.acknowledged))
                << there << " of " << expected << " from " << group.first
                << (group.acknowledged ? ", acknowledged" : "");
            if (there > 0 || expected == 0) {
                // On the disk, so that it must stay.
                kept.push_back({group.first, group.count, true});
            }
        }
        going.clear();
        ASSERT_EQ(known, found.size()) << "events that nobody wrote";
        groups = std::move(kept);
        for (const Damage& damage : store.stats().damages) {
            // A group of records that was being written is torn: the log cannot know that nobody
            // was told of them.
            EXPECT_TRUE(damage.what.contains("damaged bytes were skipped")
                        || damage.what.contains("events may be missing"))
                << "a cut is no damage: " << damage.file << ": " << damage.what;
        }
    }

    std::mt19937 random;
    std::mutex mutex;
    TemporaryFolder folder;
    std::shared_ptr<const event::ProfileSet> profiles = testing::no_profiles(folder);
    std::shared_ptr<SourceNames> sources = std::make_shared<SourceNameTable>();
    event::EventBatch batch;
    std::vector<Group> groups;
    std::set<event::EventId> gone;   // deleted for certain
    std::set<event::EventId> going;  // perhaps
    int removals = 0;
    int retentions = 0;
    std::vector<std::pair<Position, std::size_t>> positions;
};

TEST_F(PowerCut, WhatWasAcknowledgedIsThereOnceAfterAnyCut) {
    std::size_t events = 0;
    std::size_t cuts_in_open = 0;
    std::size_t merges = 0;
    for (int round = 0; round < kStores; ++round) {
        groups.clear();
        gone.clear();
        going.clear();
        const auto events_folder = folder.path() / fmt::format("events{}", round);
        std::filesystem::create_directories(events_folder);
        for (int cut = 0; cut <= kCutsOfOne; ++cut) {
            SCOPED_TRACE(fmt::format("store {}, life {}", round, cut));
            random.seed(static_cast<std::uint32_t>(1000 * round + cut));
            const bool quiet = cut == kCutsOfOne;  // the last life: nothing happens any more
            const std::uint64_t at = quiet ? ~0ULL : 1 + below(below(4) == 0 ? 12 : 150);
            const auto disk = std::make_shared<PowerCutDisk>(events_folder, at);
            Settings settings{.folder = events_folder,
                              .sync_interval = base::Duration::millis(0),
                              .memory_bytes_max = 20'000,
                              .block_rows_max = 64,
                              .disk_reserve_bytes = 1,
                              .append_wait_max = base::Duration::millis(200)};
            settings.disk = disk;
            settings.merging = {.block_rows_max = 128, .fresh_files = 3, .bytes_per_second = 0};
            auto store = Store::open(settings, profiles, sources);
            if (!store) {
                ASSERT_TRUE(disk->is_cut()) << store.error().message();
                ++cuts_in_open;
            } else {
                check(**store);
                if (HasFatalFailure() || HasNonfatalFailure()) {
                    return;
                }
                while (!quiet && !disk->is_cut()) {
                    append(**store);
                    switch (below(12)) {
                        case 0:
                            static_cast<void>((*store)->seal());
                            break;
                        case 1:
                        case 2:
                        case 3:
                            await(**store);
                            break;
                        case 4:
                            static_cast<void>((*store)->merge());
                            break;
                        case 5:
                            if (below(2) == 0) {
                                remove(**store);
                            } else if (below(2) == 0) {
                                retain(**store, *disk);
                            }
                            break;
                        default:
                            break;
                    }
                    if (disk->changes() > 400) {
                        disk->cut();
                    }
                }
                await(**store);
                events = std::max<std::size_t>(events, (*store)->stats().events);
                merges += (*store)->stats().merges;
                store->reset();
            }
            disk->left_behind(random);
        }
        std::filesystem::remove_all(events_folder);
    }
    EXPECT_GT(events, 500u);
    EXPECT_GT(cuts_in_open, 0u);
    EXPECT_GT(merges, 0u);
    EXPECT_GT(removals, 0);
    EXPECT_GT(retentions, 0);
    std::cout << fmt::format("{} merges, {} deletions, {} retentions\n", merges, removals,
                             retentions);
}

}  // namespace

}  // namespace gac::store
