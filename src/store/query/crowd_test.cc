// Many questions at once while events come in: every one is answered, memory stays bounded, the
// short ones are not held up by the long ones, and one that is cancelled ends soon.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "base/time.h"
#include "store/testing.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define GAC_SLOW_BUILD 1
#endif
#endif
#ifndef GAC_SLOW_BUILD
#define GAC_SLOW_BUILD 0
#endif

namespace gac::store {

using testing::RandomEvents;
using testing::TemporaryFolder;

namespace {

// Everything is looked at, slowly.
constexpr std::string_view kSlow = "event.original:/(\\d+.*){6}(a|e|i)+z{3}$/";

class CrowdTest : public ::testing::Test {
protected:
    void open(Settings settings) {
        settings.folder = folder.path() / "events";
        settings.disk_reserve_bytes = 1;
        settings.block_rows_max = 4096;
        store = Store::open(settings, testing::no_profiles(folder), sources).value();
    }
    void add(int batches, std::uint32_t rows) {
        event::EventBatch batch;
        for (int i = 0; i < batches; ++i) {
            batch.reset();
            for (std::uint32_t n = 0; n < rows; ++n) {
                random.add(batch, *sources);
            }
            ASSERT_TRUE(testing::put(*store, batch).has_value());
        }
    }

    TemporaryFolder folder;
    std::shared_ptr<SourceNames> sources = std::make_shared<SourceNameTable>();
    std::unique_ptr<Store> store;
    RandomEvents random{7};
};

TEST_F(CrowdTest, AThousandQuestionsUnderIngest) {
    open({.search_threads = 4, .searches_waiting_max = 2'000});
    add(10, 1000);
    ASSERT_TRUE(store->seal().has_value());
    add(2, 1000);
    std::atomic<bool> done = false;
    std::thread ingest([&] {
        RandomEvents more(8);
        event::EventBatch batch;
        while (!done) {
            batch.reset();
            for (int n = 0; n < 200; ++n) {
                more.add(batch, *sources);
            }
            static_cast<void>(testing::put(*store, batch));
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    });
    const std::string_view kQuestions[] = {
        "failed",
        "source.ip:10.0.0.3",
        "| stats count() by user.name",
        "| stats dcount(source.ip), p95(source.port) by gac.source",
        "*closed* | sort -source.port",
        "| dedup user.name",
        "event.original:/port 4\\d+$/ | top 3 user.name",
        "not root"};
    constexpr int kCount = GAC_SLOW_BUILD ? 100 : 1'000;
    std::atomic<int> whole = 0;
    std::atomic<int> faults = 0;
    std::vector<std::thread> askers;
    for (int i = 0; i < kCount; ++i) {
        askers.emplace_back([&, i] {
            const auto query =
                parse(kQuestions[static_cast<std::size_t>(i) % std::size(kQuestions)], {}).value();
            const auto answer = store->search(query, {.time_max = base::Duration::minutes(5)});
            if (!answer) {
                ++faults;
            } else if (answer->partial.empty() && (answer->is_table || !answer->events.empty())) {
                ++whole;
            }
        });
    }
    for (std::thread& asker : askers) {
        asker.join();
    }
    done = true;
    ingest.join();
    EXPECT_EQ(faults, 0);
    EXPECT_EQ(whole, kCount);
}

TEST_F(CrowdTest, TooManyAreRefusedInWords) {
    open({.search_threads = 1, .searches_max = 1, .searches_waiting_max = 2});
    add(20, 2000);
    std::atomic<int> refused = 0;
    std::atomic<int> answered = 0;
    std::stop_source stop;
    std::vector<std::thread> askers;
    for (int i = 0; i < 8; ++i) {
        askers.emplace_back([&] {
            Budget budget;
            budget.cancel = stop.get_token();
            const auto answer = store->search(parse(kSlow, {}).value(), budget);
            if (answer) {
                ++answered;
            } else if (answer.error().code == Code::Unavailable
                       && answer.error().text.contains("too many searches")) {
                ++refused;
            }
        });
    }
    for (int i = 0; i < 200 && refused == 0; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    stop.request_stop();
    for (std::thread& asker : askers) {
        asker.join();
    }
    EXPECT_GE(refused, 1);  // one may have ended and made room meanwhile
    EXPECT_EQ(refused + answered, 8);
}

TEST_F(CrowdTest, ShortQuestionsPassLongOnesAndCancelEndsThem) {
    open({.search_threads = 2});
    add(40, 2000);
    ASSERT_TRUE(store->seal().has_value());
    std::stop_source stop;
    std::atomic<std::int64_t> ended_us = 0;
    std::atomic<int> cancelled = 0;
    std::vector<std::thread> long_ones;
    for (int i = 0; i < 8; ++i) {
        long_ones.emplace_back([&] {
            Budget budget;
            budget.cancel = stop.get_token();
            // Again and again, so that some run whenever the stop comes.
            while (!stop.stop_requested()) {
                const auto answer = store->search(parse(kSlow, {}).value(), budget);
                if (answer && answer->partial == "cancelled") {
                    ++cancelled;
                }
            }
            ended_us = base::monotonic_us();
        });
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const std::int64_t begun = base::monotonic_us();
    for (int i = 0; i < 5; ++i) {
        const auto answer = store->search(parse("failed", {}).value(), {}).value();
        EXPECT_EQ(answer.partial, "");
        EXPECT_EQ(answer.events.size(), 100u);
    }
    const std::int64_t short_us = (base::monotonic_us() - begun) / 5;
    const std::int64_t stopped = base::monotonic_us();
    stop.request_stop();
    for (std::thread& one : long_ones) {
        one.join();
    }
    EXPECT_GT(cancelled, 0);
    if (!GAC_SLOW_BUILD) {
        EXPECT_LT(short_us, 2'000'000);
        EXPECT_LT(ended_us - stopped, 100'000);
    }
}

}  // namespace

}  // namespace gac::store
