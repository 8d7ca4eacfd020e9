// Correlation rules from their text to their detections.
#include <algorithm>

#include "detect/fixture.h"

namespace gac::detect::testing {
namespace {

using namespace std::string_literals;

std::string base_rule(const std::string& name, const std::string& value) {
    return "title: " + name + "\nname: " + name + "\nid: id-" + name
           + "\nlogsource:\n    product: test\ndetection:\n    sel:\n        Kind: " + value
           + "\n    condition: sel\n---\n";
}

std::string correlation(const std::string& body, const std::string& name = "corr") {
    return "title: " + name + "\nname: " + name + "\nid: id-" + name + "\ncorrelation:\n" + body;
}

struct Step {
    double seconds = 0;
    std::string kind;
    std::string user = "u";
    std::string value;
};

struct Stream {
    explicit Stream(const std::string& yaml, Limits limits = {})
        : set(compile_text(yaml, &faults)), engine(set, limits) {
        for (const RuleFault& fault : faults) {
            ADD_FAILURE() << fault.reason;
        }
    }

    std::vector<event::Detection> feed(const std::vector<Step>& steps) {
        event::EventBatch batch;
        for (const Step& step : steps) {
            Fields fields = {{"Kind", step.kind}};
            if (!step.user.empty()) {
                fields.emplace_back("User", step.user);
            }
            if (!step.value.empty()) {
                fields.emplace_back("Value", step.value);
            }
            Head head;
            head.time.us = static_cast<std::int64_t>(step.seconds * 1e6);
            add_event(batch, fields, head);
        }
        batch.set_first_id(next_id);
        next_id += batch.size();
        std::vector<event::Detection> out;
        engine.match(batch, out);
        return out;
    }

    std::vector<RuleFault> faults;
    std::shared_ptr<const RuleSet> set;
    Engine engine;
    event::EventId next_id = 1;
};

std::vector<Step> burst(std::size_t count, const std::string& kind, double from = 0,
                        double gap = 1) {
    std::vector<Step> out;
    for (std::size_t i = 0; i < count; ++i) {
        out.push_back({from + gap * static_cast<double>(i), kind});
    }
    return out;
}

const std::string kCount = base_rule("fail", "fail")
                           + correlation(
                               "    type: event_count\n    rules: [fail]\n    group-by: [User]\n"
                               "    timespan: 10s\n    condition:\n        gte: 3\nlevel: high\n");

TEST(Correlation, CountsPerGroupAndNamesItsEvents) {
    Stream run(kCount);
    const auto out = run.feed({{0, "fail", "a"},
                               {1, "fail", "b"},
                               {2, "fail", "a"},
                               {3, "other", "a"},
                               {4, "fail", "a"}});
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(out[0].rule->id, "id-corr");
    EXPECT_EQ(out[0].rule->kind, event::DetectionKind::Correlation);
    EXPECT_EQ(out[0].rule->level, event::Level::High);
    EXPECT_EQ(out[0].events, (std::vector<event::EventId>{1, 3, 5}));
    EXPECT_EQ(out[0].count, 3U);
    EXPECT_EQ(out[0].row, 4U);
    ASSERT_EQ(out[0].group.size(), 1U);
    EXPECT_EQ(out[0].group[0], std::make_pair("User"s, "a"s));
}

TEST(Correlation, EventsExactlyTimespanApartDoNotCorrelate) {
    Stream run(kCount);
    EXPECT_TRUE(run.feed({{0, "fail"}, {5, "fail"}, {10, "fail"}}).empty());
    EXPECT_EQ(run.feed({{14.9, "fail"}}).size(), 1U);
}

TEST(Correlation, MissingGroupFieldIsNotCounted) {
    Stream run(kCount);
    EXPECT_TRUE(run.feed({{0, "fail", ""}, {1, "fail", ""}, {2, "fail", ""}}).empty());
}

TEST(Correlation, ReportsOnceUntilTheConditionWasFalse) {
    Stream run(kCount);
    EXPECT_EQ(run.feed(burst(6, "fail")).size(), 1U);
    EXPECT_EQ(run.feed(burst(3, "fail", 100)).size(), 1U);  // it was false at 100
    Stream steady(kCount);
    // Without a pause: again after each timespan.
    EXPECT_EQ(steady.feed(burst(30, "fail")).size(), 3U);
}

TEST(Correlation, LateEventsAreMergedAndTooLateOnesCounted) {
    Stream run(kCount);
    EXPECT_TRUE(run.feed({{100, "fail"}, {104, "fail"}}).empty());
    const auto out = run.feed({{102, "fail"}});
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(out[0].events, (std::vector<event::EventId>{1, 3, 2}));
    run.feed({{1'000, "fail"}, {2, "fail"}});
    EXPECT_EQ(run.engine.stats().late, 1U);
}

TEST(Correlation, GenerateKeepsTheReferencedRuleLoud) {
    EXPECT_EQ(Stream(kCount).feed(burst(2, "fail")).size(), 0U);
    Stream loud(base_rule("fail", "fail")
                + correlation("    type: event_count\n    rules: [id-fail]\n    timespan: 10s\n"
                              "    generate: true\n    condition:\n        gte: 3\n"));
    EXPECT_EQ(loud.feed(burst(3, "fail")).size(), 4U);
}

TEST(Correlation, ValueCountCountsDistinctValues) {
    Stream run(base_rule("fail", "fail")
               + correlation("    type: value_count\n    rules: [fail]\n    group-by: [User]\n"
                             "    timespan: 1m\n    condition:\n        field: Value\n"
                             "        gte: 3\n"));
    EXPECT_TRUE(run.feed({{0, "fail", "u", "x"},
                          {1, "fail", "u", "y"},
                          {2, "fail", "u", "x"},
                          {3, "fail", "u", ""}})
                    .empty());
    const auto out = run.feed({{4, "fail", "u", "z"}});
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(out[0].count, 3U);
}

const std::string kThree =
    base_rule("one", "[one, both]") + base_rule("two", "[two, both]") + base_rule("three", "three");

TEST(Correlation, TemporalTakesAnyOrderAndOneEventForTwoRules) {
    const std::string yaml =
        kThree + correlation("    type: temporal\n    rules: [one, two]\n    timespan: 10s\n");
    EXPECT_EQ(Stream(yaml).feed({{0, "two"}, {1, "one"}}).size(), 1U);
    EXPECT_EQ(Stream(yaml).feed({{0, "one"}, {1, "one"}}).size(), 0U);
    const auto out = Stream(yaml).feed({{0, "both"}});
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(out[0].events.size(), 1U);
}

TEST(Correlation, TemporalExpression) {
    const std::string yaml =
        kThree
        + correlation(
            "    type: temporal\n    rules: [one, two, three]\n    timespan: 10s\n"
            "    condition: one and (two or three)\n");
    EXPECT_EQ(Stream(yaml).feed({{0, "three"}, {1, "one"}}).size(), 1U);
    EXPECT_EQ(Stream(yaml).feed({{0, "two"}, {1, "three"}}).size(), 0U);
}

TEST(Correlation, TemporalOrderedWantsTheOrder) {
    const std::string yaml = kThree
                             + correlation(
                                 "    type: temporal_ordered\n    rules: [one, two, three]\n"
                                 "    group-by: [User]\n    timespan: 10s\n");
    EXPECT_EQ(Stream(yaml).feed({{0, "two"}, {1, "one"}, {2, "three"}}).size(), 0U);
    const auto out =
        Stream(yaml).feed({{0, "one"}, {1, "one"}, {2, "two"}, {3, "one"}, {4, "three"}});
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(out[0].events, (std::vector<event::EventId>{2, 3, 5}));
    EXPECT_EQ(Stream(yaml).feed({{0, "one"}, {2, "two"}, {10, "three"}}).size(), 0U);
    EXPECT_EQ(Stream(yaml).feed({{0, "one", "a"}, {1, "two", "b"}, {2, "three", "a"}}).size(), 0U);
    // Out of order on the wire, in order in time.
    EXPECT_EQ(Stream(yaml).feed({{0, "one"}, {4, "three"}, {2, "two"}}).size(), 1U);
}

TEST(Correlation, ChainsFeedEachOther) {
    Stream run(base_rule("fail", "fail") + base_rule("good", "good")
               + correlation("    type: event_count\n    rules: [fail]\n    group-by: [User]\n"
                             "    timespan: 10s\n    condition:\n        gte: 3\n",
                             "many")
               + "---\n"
               + correlation("    type: temporal_ordered\n    rules: [many, good]\n"
                             "    group-by: [User]\n    timespan: 1m\n",
                             "broken"));
    auto steps = burst(4, "fail");
    steps.push_back({20, "good"});
    const auto out = run.feed(steps);
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(out[0].rule->id, "id-broken");
    EXPECT_EQ(out[0].events, (std::vector<event::EventId>{1, 2, 3, 5}));
}

TEST(Correlation, AliasesReadDifferentFields) {
    Stream run(base_rule("one", "one") + base_rule("two", "two")
               + correlation("    type: temporal\n    rules: [one, two]\n    group-by: [who]\n"
                             "    aliases:\n        who:\n            one: User\n"
                             "            two: Value\n    timespan: 10s\n"));
    EXPECT_EQ(run.feed({{0, "one", "ann"}, {1, "two", "x", "bob"}}).size(), 0U);
    EXPECT_EQ(run.feed({{2, "two", "x", "ann"}}).size(), 1U);
}

TEST(Correlation, FirstIsTheTimeOfTheFirstContributingEvent) {
    Stream run(kCount);
    const auto out = run.feed({{100, "fail"}, {103, "fail"}, {101, "fail"}});
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(out[0].time.us, 103'000'000);
    ASSERT_TRUE(out[0].first.has_value());
    EXPECT_EQ(out[0].first->us, 100'000'000);
}

TEST(Correlation, ARepeatedMessageCountsAsOftenAsItSays) {
    const auto set = compile_text(kCount);
    Engine engine(set);
    event::EventBatch batch;
    add_event(batch, {{"Kind", "fail"}, {"User", "u"}, {"event.count", std::int64_t{5}}});
    add_event(batch, {{"Kind", "fail"}, {"User", "v"}, {"event.count", std::int64_t{-5}}});
    add_event(batch, {{"Kind", "fail"}, {"User", "v"}, {"event.count", std::string("many")}});
    batch.set_first_id(1);
    std::vector<event::Detection> out;
    engine.match(batch, out);
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(out[0].count, 5U);
    EXPECT_EQ(out[0].events, (std::vector<event::EventId>{1}));
}

TEST(Correlation, AClockThatRunsAheadDoesNotBlindAGroup) {
    const auto set = compile_text(kCount);
    Engine engine(set);
    event::EventBatch batch;
    for (const std::int64_t seconds : {100, 9'999'999, 101, 102}) {
        add_event(batch, {{"Kind", "fail"}, {"User", "u"}}, {.time = {seconds * 1'000'000}});
    }
    batch.heads()[1].received.us = 100'500'000;
    batch.set_first_id(1);
    std::vector<event::Detection> out;
    engine.match(batch, out);
    EXPECT_EQ(out.size(), 1U);
    EXPECT_EQ(engine.stats().late, 0U);
}

TEST(Correlation, ARuleThatCountsFarHasRoomForIt) {
    std::string far = kCount;
    far.replace(far.find("gte: 3"), 6, "gte: 60");
    Limits limits;
    limits.correlation_entries_max = 10;
    Stream run(far, limits);
    EXPECT_EQ(run.feed(burst(60, "fail", 0, 0.1)).size(), 1U);
}

TEST(Correlation, GroupsAreBounded) {
    Limits limits;
    limits.correlation_groups_max = 10;
    Stream run(kCount, limits);
    std::vector<Step> steps;
    for (int i = 0; i < 50; ++i) {
        steps.push_back({0, "fail", "u" + std::to_string(i)});
    }
    run.feed(steps);
    EXPECT_EQ(run.engine.stats().groups_evicted, 40U);
}

TEST(Correlation, WindowsSurviveAReloadOfOtherRules) {
    Stream run(kCount);
    EXPECT_TRUE(run.feed(burst(2, "fail")).empty());
    run.engine.swap_rules(compile_text(base_rule("new", "new") + kCount));
    EXPECT_EQ(run.feed({{2, "fail"}}).size(), 1U);
    Stream changed(kCount);
    EXPECT_TRUE(changed.feed(burst(2, "fail")).empty());
    std::string other = kCount;
    other.replace(other.find("10s"), 3, "20s");
    changed.engine.swap_rules(compile_text(other));
    EXPECT_TRUE(changed.feed({{2, "fail"}}).empty());
}

TEST(Correlation, RefusesWhatCannotBe) {
    const auto reason = [](const std::string& yaml) {
        std::vector<RuleFault> faults;
        compile_text(yaml, &faults);
        return faults.empty() ? std::string() : faults.front().reason;
    };
    const std::string head = base_rule("fail", "fail");
    EXPECT_TRUE(reason(head
                       + correlation("    type: event_count\n    rules: [nobody]\n"
                                     "    timespan: 10s\n    condition:\n        gte: 3\n"))
                    .contains("\"nobody\""));
    EXPECT_TRUE(
        reason(correlation("    type: temporal\n    rules: [b]\n    timespan: 10s\n", "a") + "---\n"
               + correlation("    type: temporal\n    rules: [a]\n    timespan: 10s\n", "b"))
            .contains("circle"));
    EXPECT_TRUE(reason(head
                       + correlation("    type: event_count\n    rules: [fail]\n"
                                     "    timespan: soon\n    condition:\n        gte: 3\n"))
                    .contains("timespan"));
    EXPECT_TRUE(reason(head
                       + correlation("    type: value_count\n    rules: [fail]\n"
                                     "    timespan: 1m\n    condition:\n        gte: 3\n"))
                    .contains("condition.field"));
    EXPECT_TRUE(reason(head
                       + correlation("    type: event_count\n    rules: [fail]\n"
                                     "    timespan: 1m\n"))
                    .contains("no condition"));
}

}  // namespace
}  // namespace gac::detect::testing
