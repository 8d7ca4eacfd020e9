#include "net/detail/turns.h"

#include <gtest/gtest.h>

#include <vector>

namespace gac::net::detail {
namespace {

using Line = Turns<std::string>;

bool add(Line& line, const std::string& party, std::uint64_t ticket) {
    std::string job = party + std::to_string(ticket);
    std::optional<std::string> displaced;
    const bool added = line.add(party, ticket, job, displaced);
    EXPECT_FALSE(displaced.has_value());
    return added;
}

// Who runs, one after the other.
std::vector<std::string> order(Line& line) {
    std::vector<std::string> jobs;
    while (auto turn = line.next()) {
        jobs.push_back(turn->job);
        line.done(turn->party);
    }
    return jobs;
}

TEST(Turns, OfOnePartyGoInTheOrderOfTheirComing) {
    Line line({.threads = 1, .waiting_max = 10});
    EXPECT_FALSE(line.next().has_value());
    for (std::uint64_t i = 1; i < 4; ++i) {
        EXPECT_TRUE(add(line, "a", i));
    }
    EXPECT_EQ(order(line), (std::vector<std::string>{"a1", "a2", "a3"}));
    EXPECT_EQ(line.waiting(), 0U);
    EXPECT_EQ(line.running(), 0U);
}

TEST(Turns, GoRoundBetweenParties) {
    Line line({.threads = 1, .waiting_max = 100});
    for (std::uint64_t i = 1; i <= 4; ++i) {
        add(line, "a", i);
    }
    add(line, "b", 5);
    add(line, "b", 6);
    add(line, "c", 7);
    EXPECT_EQ(order(line), (std::vector<std::string>{"a1", "b5", "c7", "a2", "b6", "a3", "a4"}));
}

TEST(Turns, GoToWhoHasLeastRunning) {
    Line line({.threads = 3, .waiting_max = 100});
    for (std::uint64_t i = 1; i <= 4; ++i) {
        add(line, "a", i);
    }
    const auto first = line.next();
    const auto second = line.next();
    EXPECT_EQ(second->job, "a2");  // nobody else wanted it
    add(line, "b", 5);
    EXPECT_EQ(line.next()->job, "b5");
    EXPECT_EQ(line.running(), 3U);
}

TEST(Turns, SpareThreadsForWhoComesNext) {
    Line line({.threads = 4, .waiting_max = 100, .spares_threads = true});
    for (std::uint64_t i = 1; i <= 6; ++i) {
        add(line, "a", i);
    }
    EXPECT_TRUE(line.next().has_value());
    EXPECT_TRUE(line.next().has_value());
    EXPECT_FALSE(line.next().has_value());  // two run, two are free
    add(line, "b", 7);
    EXPECT_EQ(line.next()->job, "b7");
    add(line, "c", 8);
    EXPECT_EQ(line.next()->job, "c8");  // the last thread goes to somebody who has none
    line.done("a");
    EXPECT_FALSE(line.next().has_value());  // one of a runs, one thread is free
    line.done("b");
    EXPECT_EQ(line.next()->job, "a3");
}

TEST(Turns, WhoWaitsWithMostMakesRoom) {
    Line line({.threads = 1, .waiting_max = 4});
    for (std::uint64_t i = 1; i <= 4; ++i) {
        EXPECT_TRUE(add(line, "a", i));
    }
    EXPECT_FALSE(add(line, "a", 5));
    std::optional<std::string> displaced;
    std::string job = "b6";
    EXPECT_TRUE(line.add("b", 6, job, displaced));
    EXPECT_EQ(displaced, "a4");
    job = "b7";
    displaced.reset();
    EXPECT_TRUE(line.add("b", 7, job, displaced));
    EXPECT_EQ(displaced, "a3");
    EXPECT_FALSE(add(line, "b", 8));  // two each is fair
    EXPECT_FALSE(add(line, "a", 9));
    job = "c10";
    displaced.reset();
    EXPECT_TRUE(line.add("c", 10, job, displaced));
    EXPECT_EQ(displaced, "a2");
    std::string stays = "d11";
    displaced.reset();
    EXPECT_TRUE(line.add("d", 11, stays, displaced));
    EXPECT_EQ(displaced, "b7");
    stays = "e12";
    displaced.reset();
    EXPECT_FALSE(line.add("e", 12, stays, displaced));  // everybody waits with one
    EXPECT_EQ(stays, "e12");
    EXPECT_EQ(line.waiting(), 4U);
}

TEST(Turns, CanBeGivenBackWhileTheyWait) {
    Line line({.threads = 1, .waiting_max = 3});
    add(line, "a", 1);
    add(line, "a", 2);
    add(line, "b", 3);
    EXPECT_EQ(line.withdraw("a", 2), "a2");
    EXPECT_FALSE(line.withdraw("a", 2).has_value());
    EXPECT_FALSE(line.withdraw("c", 1).has_value());
    EXPECT_TRUE(add(line, "b", 4));
    EXPECT_EQ(order(line), (std::vector<std::string>{"a1", "b3", "b4"}));
    EXPECT_FALSE(line.withdraw("a", 1).has_value());
}

}  // namespace
}  // namespace gac::net::detail
