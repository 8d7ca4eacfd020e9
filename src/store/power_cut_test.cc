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
            head.time.us = static_cast<std::int64_t>(1'700'000'000'000'000 + id * 60'000'000);
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
        for (Group& group : groups) {
            std::uint32_t there = 0;
            for (std::uint32_t i = 0; i < group.count; ++i) {
                there += found.contains(group.first + i) ? 1 : 0;
            }
            ASSERT_TRUE(there == group.count || (there == 0 && !group.acknowledged))
                << there << " of " << group.count << " from " << group.first
                << (group.acknowledged ? ", acknowledged" : "");
            known += there;
            if (there > 0) {
                // On the disk, so that it must stay.
                kept.push_back({group.first, group.count, true});
            }
        }
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
    std::vector<std::pair<Position, std::size_t>> positions;
};

TEST_F(PowerCut, WhatWasAcknowledgedIsThereOnceAfterAnyCut) {
    std::size_t events = 0;
    std::size_t cuts_in_open = 0;
    for (int round = 0; round < kStores; ++round) {
        groups.clear();
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
                        default:
                            break;
                    }
                    if (disk->changes() > 400) {
                        disk->cut();
                    }
                }
                await(**store);
                events = std::max<std::size_t>(events, (*store)->stats().events);
                store->reset();
            }
            disk->left_behind(random);
        }
        std::filesystem::remove_all(events_folder);
    }
    EXPECT_GT(events, 500u);
    EXPECT_GT(cuts_in_open, 0u);
}

}  // namespace

}  // namespace gac::store
