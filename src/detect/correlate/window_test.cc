// Windows against a brute-force oracle on random streams.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <random>

#include "detect/correlate/oracle.h"

namespace gac::detect::correlate {
namespace {

using sigma::CompareOp;
using sigma::Correlation;
using sigma::CorrelationType;

constexpr std::int64_t kSecond = 1'000'000;

Correlation make_rule(CorrelationType type, std::mt19937_64& random) {
    Correlation rule;
    rule.type = type;
    rule.timespan = base::Duration::seconds(static_cast<std::int64_t>(5 + random() % 20));
    rule.rules.resize(type == CorrelationType::EventCount ? 1 : 1 + random() % 4);
    rule.percentile = static_cast<double>(random() % 101);
    const auto number = static_cast<double>(1 + random() % 8);
    if (type != CorrelationType::TemporalOrdered
        && (type != CorrelationType::Temporal || random() % 2 == 0)) {
        static constexpr CompareOp kOps[] = {CompareOp::Gte, CompareOp::Gt,  CompareOp::Lt,
                                             CompareOp::Eq,  CompareOp::Neq, CompareOp::Lte};
        rule.conditions.emplace_back(kOps[random() % 6], number);
        if (random() % 3 == 0) {
            rule.conditions.emplace_back(CompareOp::Lt, number + 3);
        }
        rule.has_condition = true;
    }
    return rule;
}

class WindowProperty : public ::testing::TestWithParam<CorrelationType> {};

TEST_P(WindowProperty, AgreesWithBruteForce) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        std::mt19937_64 random(seed * 977 + static_cast<std::uint64_t>(GetParam()));
        const Correlation rule = make_rule(GetParam(), random);
        Window window(rule);
        Oracle oracle(rule);
        const Window::Bounds bounds{base::Duration::hours(10), 100'000};
        std::int64_t now = 1'000 * kSecond;
        for (std::size_t i = 0; i < 300; ++i) {
            now += static_cast<std::int64_t>(random() % 4) * kSecond;
            Sighting sighting;
            sighting.time.us =
                random() % 5 == 0 ? now - static_cast<std::int64_t>(random() % 30) * kSecond : now;
            sighting.reference = static_cast<std::uint32_t>(random() % rule.rules.size()) & 0xff;
            sighting.payload = random() % 6;
            if (rule.type != CorrelationType::ValueCount) {
                sighting.payload =
                    std::bit_cast<std::uint64_t>(static_cast<double>(random() % 5) - 1);
            }
            sighting.event = i;
            bool too_late = false;
            std::uint64_t evicted = 0;
            const auto expected = oracle.add(sighting);
            const auto got = window.add(sighting, bounds, too_late, evicted);
            ASSERT_FALSE(too_late);
            ASSERT_EQ(got.has_value(), expected.has_value()) << "seed " << seed << " step " << i;
            if (got) {
                ASSERT_NEAR(got->measure, *expected, 1e-9) << "seed " << seed << " step " << i;
                if (rule.type == CorrelationType::TemporalOrdered) {
                    const auto sequence = window.sequence(*got);
                    ASSERT_EQ(sequence.size(), rule.rules.size());
                    for (std::size_t k = 0; k < sequence.size(); ++k) {
                        const std::size_t reference = window[sequence[k]].reference;
                        ASSERT_EQ(reference, k);
                    }
                }
            }
        }
    }
}

INSTANTIATE_TEST_SUITE_P(AllTypes, WindowProperty,
                         ::testing::Values(CorrelationType::EventCount, CorrelationType::ValueCount,
                                           CorrelationType::Temporal,
                                           CorrelationType::TemporalOrdered,
                                           CorrelationType::ValueSum, CorrelationType::ValueAvg,
                                           CorrelationType::ValuePercentile));

TEST(Window, IsHalfOpen) {
    Correlation rule;
    rule.timespan = base::Duration::seconds(10);
    rule.rules.resize(1);
    rule.conditions.emplace_back(CompareOp::Gte, 2);
    for (const std::int64_t gap : {9'999'999LL, 10'000'000LL}) {
        Window window(rule);
        bool late = false;
        std::uint64_t evicted = 0;
        const Window::Bounds bounds{base::Duration::minutes(5), 100};
        Sighting first;
        first.time.us = 1'000'000;
        Sighting second;
        second.time.us = first.time.us + gap;
        EXPECT_FALSE(window.add(first, bounds, late, evicted));
        EXPECT_EQ(window.add(second, bounds, late, evicted).has_value(), gap < 10'000'000);
    }
}

TEST(Window, DropsTheOldestForRoomAndSaysSo) {
    Correlation rule;
    rule.timespan = base::Duration::seconds(1'000);
    rule.rules.resize(1);
    rule.conditions.emplace_back(CompareOp::Gte, 1);
    Window window(rule);
    bool late = false;
    std::uint64_t evicted = 0;
    for (std::int64_t i = 0; i < 50; ++i) {
        Sighting sighting;
        sighting.time.us = i;
        EXPECT_TRUE(window.add(sighting, {base::Duration::minutes(5), 10}, late, evicted));
    }
    EXPECT_EQ(window.size(), 10U);
    EXPECT_EQ(evicted, 40U);
    Sighting old;
    old.time.us = -base::Duration::minutes(6).us;
    EXPECT_FALSE(window.add(old, {base::Duration::minutes(5), 10}, late, evicted));
    EXPECT_TRUE(late);
}

}  // namespace
}  // namespace gac::detect::correlate
