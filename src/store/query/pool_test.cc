#include "store/query/pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <optional>
#include <thread>

#include "base/time.h"

namespace gac::store::query {

namespace {

using std::chrono::milliseconds;

void spin(std::int64_t us) {
    const std::int64_t end = base::monotonic_us() + us;
    while (base::monotonic_us() < end) {
    }
}

const auto kMergeAll = [](std::size_t) { return true; };

TEST(Pool, GivesAskersTheirTurnsHoweverManyQuestionsOneHas) {
    constexpr int kQuestions = 50;
    constexpr std::size_t kTasks = 40;
    Pool pool({.threads = 1});
    std::atomic<int> done_of_many = 0;
    std::vector<std::jthread> many;
    for (int i = 0; i < kQuestions; ++i) {
        many.emplace_back([&] {
            pool.run(
                kTasks, 1,
                [&](std::size_t) {
                    spin(200);
                    ++done_of_many;
                },
                kMergeAll);
        });
    }
    while (done_of_many < kQuestions) {  // all of them have come
        std::this_thread::sleep_for(milliseconds(1));
    }
    const int before = done_of_many;
    pool.run(10, 2, [](std::size_t) { spin(200); }, kMergeAll);
    // Question by question it would have been five hundred.
    EXPECT_LT(done_of_many - before, 200);
    many.clear();
    EXPECT_EQ(done_of_many, kQuestions * static_cast<int>(kTasks));
}

TEST(Pool, KeepsPlacesForWhoComesNext) {
    Pool pool({.threads = 1, .running_max = 4});
    Budget first;
    first.asker = 1;
    const Meter meter(first);
    std::vector<Pool::Place> places;
    places.push_back(pool.enter(meter).value());
    places.push_back(pool.enter(meter).value());
    // Two run and two are free: a third of the same asker waits.
    auto third = std::async(std::launch::async, [&] { return pool.enter(meter).has_value(); });
    EXPECT_EQ(third.wait_for(milliseconds(50)), std::future_status::timeout);
    Budget second;
    second.asker = 2;
    Budget nobody;
    const Meter others(second);
    const Meter unnamed(nobody);
    std::optional<Pool::Place> of_second(pool.enter(others).value());
    {
        const Pool::Place of_nobody = pool.enter(unnamed).value();
        EXPECT_EQ(third.wait_for(milliseconds(50)), std::future_status::timeout);
    }
    places.pop_back();  // one runs, two are free
    EXPECT_TRUE(third.get());
}

TEST(Pool, LetsWhoHasNoneRunningOvertakeWhoHas) {
    Pool pool({.threads = 1, .running_max = 2});
    Budget budgets[3];
    budgets[1].asker = 1;
    budgets[2].asker = 2;
    const Meter nobody(budgets[0]);
    const Meter of_one(budgets[1]);
    const Meter of_two(budgets[2]);
    std::optional<Pool::Place> first(pool.enter(of_one).value());
    std::optional<Pool::Place> second(pool.enter(nobody).value());
    const auto ask = [&](const Meter& meter) {
        return std::async(std::launch::async, [&] { return pool.enter(meter).value(); });
    };
    auto again = ask(of_one);
    EXPECT_EQ(again.wait_for(milliseconds(50)), std::future_status::timeout);
    auto other = ask(of_two);
    EXPECT_EQ(other.wait_for(milliseconds(50)), std::future_status::timeout);
    second.reset();
    EXPECT_EQ(other.wait_for(std::chrono::seconds(10)), std::future_status::ready);
    EXPECT_EQ(again.wait_for(milliseconds(50)), std::future_status::timeout);
    first.reset();
    EXPECT_EQ(again.wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST(Pool, LetsACancelledOneGoAtOnce) {
    Pool pool({.threads = 1, .running_max = 1});
    Budget budget;
    std::stop_source stop;
    const Meter meter(budget);
    const Pool::Place place = pool.enter(meter).value();
    Budget waiting;
    waiting.asker = 1;
    waiting.cancel = stop.get_token();
    const Meter of_waiting(waiting);
    auto other = std::async(std::launch::async, [&] { return pool.enter(of_waiting).has_value(); });
    EXPECT_EQ(other.wait_for(milliseconds(50)), std::future_status::timeout);
    stop.request_stop();
    EXPECT_TRUE(other.get());
}

}  // namespace

}  // namespace gac::store::query
