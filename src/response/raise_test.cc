#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "response/fake_desk.h"

namespace gac::response {
namespace {

using base::Duration;
using event::Level;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

RaiseReport raise(FakeDesk& desk, std::vector<Sighting> sightings) {
    return must(desk.alerts.raise(sightings));
}

std::vector<Alert> all(FakeDesk& desk) {
    return must(desk.alerts.list(desk.all, {}, Sort::Oldest, {}, 500)).alerts;
}

// Everything that raise() writes, but for `updated`: what must be the same after a replay.
std::string picture(FakeDesk& desk) {
    std::string text;
    must(desk.database->read([&](db::Session& session) -> Result<> {
        for (const char* sql :
             {"SELECT number || ' ' || alert_key || ' ' || event_count || ' ' || first_seen || ' ' "
              "|| last_seen || ' ' || "
              "events_kept || ' ' || events_trimmed_below || ' ' || updated || ' ' || status FROM "
              "alerts ORDER BY number",
              "SELECT alert || ' ' || event FROM alert_events ORDER BY alert, event",
              "SELECT alert || ' ' || event || body FROM alert_samples ORDER BY alert, event",
              "SELECT alert || ' ' || hour || ' ' || events FROM alert_hours ORDER BY alert, hour",
              "SELECT alert || kind FROM alert_timeline ORDER BY seq",
              "SELECT rule_id || ' ' || hits || ' ' || alerts FROM rule_states ORDER BY rule_id",
              "SELECT seq || kind || object_id FROM changes ORDER BY seq"}) {
            GAC_CHECK(session.each(sql, {},
                                   [&](const db::RowView& row) { text += row.string(0) + "\n"; }));
        }
        return {};
    }));
    return text;
}

TEST(Raise, OneAlertForOneRuleAndHost) {
    FakeDesk desk;
    const auto rule = test_rule("r1");
    const auto report =
        raise(desk, {sighting_of(rule, "web-1", {1}), sighting_of(rule, "WEB-1", {2}),
                     sighting_of(rule, "web-2", {3}), sighting_of(test_rule("r2"), "web-1", {4})});
    EXPECT_EQ(report.opened, 3U);
    EXPECT_EQ(report.events, 4U);
    const auto alerts = all(desk);
    ASSERT_THAT(alerts, SizeIs(3));
    EXPECT_EQ(alerts[0].count, 2U);
    EXPECT_EQ(alerts[0].label(), "CB-1");
    EXPECT_EQ(alerts[0].rule_title_vi, "Luật Đăng nhập r1");
    EXPECT_EQ(alerts[0].source_ip, "203.0.113.9");
    EXPECT_EQ(alerts[0].status, Status::New);
    EXPECT_EQ(alerts[0].version, 1);
}

TEST(Raise, ACorrelationIsSeenFromItsFirstEvent) {
    FakeDesk desk;
    auto sighting = sighting_of(test_rule("r1"), "web-1", {1, 2});
    sighting.detection.first = sighting.detection.time - Duration::minutes(7);
    raise(desk, {sighting});
    const auto alerts = all(desk);
    ASSERT_THAT(alerts, SizeIs(1));
    EXPECT_EQ(alerts[0].first_seen, *sighting.detection.first);
    EXPECT_EQ(alerts[0].last_seen, sighting.detection.time);
}

TEST(Raise, CorrelationIsKeyedByItsGroup) {
    FakeDesk desk;
    const auto rule = test_rule("r1");
    auto a = sighting_of(rule, "web-1", {1, 2, 3});
    a.detection.group = {{"source.ip", "203.0.113.1"}};
    a.detection.count = 10;  // it names three of ten
    auto b = sighting_of(rule, "web-2", {4, 5, 6});
    b.detection.group = {{"source.ip", "203.0.113.1"}};
    auto c = sighting_of(rule, "web-1", {7});
    c.detection.group = {{"source.ip", "203.0.113.2"}};
    raise(desk, {a, b, c});
    const auto alerts = all(desk);
    ASSERT_THAT(alerts, SizeIs(2));
    EXPECT_EQ(alerts[0].count, 13U);
    EXPECT_THAT(alerts[0].group, ElementsAre(std::pair("source.ip", "203.0.113.1")));
}

TEST(Raise, GroupValuesThatRunTogetherStayApart) {
    FakeDesk desk;
    const auto rule = test_rule("r1");
    auto a = sighting_of(rule, "h", {1});
    a.detection.group = {{"a", "1|1:b=1:2"}};
    auto b = sighting_of(rule, "h", {2});
    b.detection.group = {{"a", "1"}, {"b", "2"}};
    raise(desk, {a, b});
    EXPECT_THAT(all(desk), SizeIs(2));
}

TEST(Raise, WindowIsAnHourFromTheFirst) {
    FakeDesk desk;
    const auto rule = test_rule("r1");
    raise(desk, {sighting_of(rule, "h", {1}, kTestStart)});
    raise(desk, {sighting_of(rule, "h", {2}, kTestStart + Duration::minutes(59))});
    raise(desk, {sighting_of(rule, "h", {3}, kTestStart + Duration::minutes(60))});
    const auto alerts = all(desk);
    ASSERT_THAT(alerts, SizeIs(2));
    EXPECT_EQ(alerts[0].count, 2U);
    EXPECT_EQ(alerts[0].first_seen, kTestStart);
    EXPECT_EQ(alerts[0].last_seen, kTestStart + Duration::minutes(59));
    EXPECT_EQ(alerts[1].count, 1U);
}

TEST(Raise, LateEventBelongsToTheAlertAndMovesItsBeginning) {
    FakeDesk desk;
    const auto rule = test_rule("r1");
    raise(desk, {sighting_of(rule, "h", {5}),
                 sighting_of(rule, "h", {6}, kTestStart - Duration::minutes(10))});
    const auto alerts = all(desk);
    ASSERT_THAT(alerts, SizeIs(1));
    EXPECT_EQ(alerts[0].first_seen, kTestStart - Duration::minutes(10));
    EXPECT_EQ(alerts[0].last_seen, kTestStart);
}

TEST(Raise, ReplayChangesNothing) {
    FakeDesk desk;
    const auto rule = test_rule("r1");
    std::vector<Sighting> sightings;
    for (event::EventId id = 1; id <= 300; ++id) {
        sightings.push_back(
            sighting_of(test_rule(id % 3 == 0 ? "r1" : "r2"), "host-" + std::to_string(id % 7),
                        {id}, kTestStart + Duration::seconds(static_cast<std::int64_t>(id) * 40)));
    }
    auto correlated = sighting_of(rule, "h", {301, 302, 303});
    correlated.detection.group = {{"user.name", "root"}};
    correlated.detection.count = 50;
    sightings.push_back(correlated);
    raise(desk, sightings);
    const std::string before = picture(desk);
    desk.clock.advance(Duration::minutes(3));
    const auto again = raise(desk, sightings);
    EXPECT_EQ(again.opened, 0U);
    EXPECT_EQ(again.updated, 0U);
    EXPECT_EQ(again.events, 0U);
    EXPECT_EQ(again.duplicates, 303U);
    EXPECT_EQ(picture(desk), before);
}

TEST(Raise, ReplayCutIntoOtherBatchesChangesNothing) {
    FakeDesk desk;
    std::vector<Sighting> sightings;
    for (event::EventId id = 1; id <= 200; ++id) {
        sightings.push_back(
            sighting_of(test_rule("r1"), "host-" + std::to_string(id % 5), {id},
                        kTestStart + Duration::seconds(static_cast<std::int64_t>(id) * 30)));
    }
    for (const Sighting& one : sightings) {
        raise(desk, {one});
    }
    const std::string before = picture(desk);
    raise(desk, sightings);
    std::ranges::reverse(sightings);
    raise(desk, sightings);
    EXPECT_EQ(picture(desk), before);
}

TEST(Raise, ReplayAfterClosingOpensNothing) {
    FakeDesk desk;
    const auto rule = test_rule("r1");
    const std::vector<Sighting> sightings = {sighting_of(rule, "h", {1}),
                                             sighting_of(rule, "h", {2})};
    raise(desk, sightings);
    const AlertId id = all(desk)[0].id;
    must(desk.alerts.act(desk.all, desk.system, {id},
                         {.kind = Action::Kind::Close, .verdict = Verdict::False}));
    EXPECT_EQ(raise(desk, sightings).opened, 0U);
    EXPECT_THAT(all(desk), SizeIs(1));
}

TEST(Raise, NewActivityOnAClosedAlertOpensANewOne) {
    FakeDesk desk;
    const auto rule = test_rule("r1");
    raise(desk, {sighting_of(rule, "h", {1})});
    must(desk.alerts.act(desk.all, desk.system, {all(desk)[0].id},
                         {.kind = Action::Kind::Close, .verdict = Verdict::True}));
    raise(desk, {sighting_of(rule, "h", {2}, kTestStart + Duration::minutes(5))});
    raise(desk, {sighting_of(rule, "h", {3}, kTestStart + Duration::minutes(6))});
    const auto alerts = all(desk);
    ASSERT_THAT(alerts, SizeIs(2));
    EXPECT_EQ(alerts[0].status, Status::Closed);
    EXPECT_EQ(alerts[0].count, 1U);
    EXPECT_EQ(alerts[1].status, Status::New);
    EXPECT_EQ(alerts[1].count, 2U);
}

TEST(Raise, ActivityOnAnAcknowledgedAlertOnlyCounts) {
    FakeDesk desk;
    const auto rule = test_rule("r1");
    raise(desk, {sighting_of(rule, "h", {1})});
    const auto acted = must(desk.alerts.act(desk.all, desk.system, {all(desk)[0].id}, {}));
    desk.clock.advance(Duration::seconds(9));
    raise(desk, {sighting_of(rule, "h", {2})});
    const auto alerts = all(desk);
    ASSERT_THAT(alerts, SizeIs(1));
    EXPECT_EQ(alerts[0].status, Status::Acknowledged);
    EXPECT_EQ(alerts[0].count, 2U);
    EXPECT_EQ(alerts[0].version, acted.alert.version);
    EXPECT_GT(alerts[0].updated, acted.alert.updated);
}

TEST(Raise, UpdatedGrowsEvenWhenTheClockStandsStillOrGoesBack) {
    FakeDesk desk;
    base::TimePoint last;
    for (event::EventId id = 1; id <= 5; ++id) {
        raise(desk, {sighting_of(test_rule("r1"), "h", {id})});
        const Alert alert = all(desk)[0];
        EXPECT_GT(alert.updated, last);
        last = alert.updated;
        desk.clock.advance({-1'000'000});
    }
}

TEST(Raise, DrillStaysApart) {
    FakeDesk desk;
    const auto rule = test_rule("r1");
    auto drill = sighting_of(rule, "h", {2});
    drill.detection.drill = true;
    raise(desk, {sighting_of(rule, "h", {1}), drill});
    ASSERT_THAT(all(desk), SizeIs(2));
    EXPECT_EQ(must(desk.rules.find("r1")).hits, 1U);
    EXPECT_EQ(must(desk.rules.find("r1")).alerts, 1U);
    EXPECT_EQ(must(desk.alerts.remove_drill(desk.system, "buổi diễn tập đã xong")), 1);
    const auto left = all(desk);
    ASSERT_THAT(left, SizeIs(1));
    EXPECT_FALSE(left[0].drill);
    // Its number is not given again.
    raise(desk, {sighting_of(rule, "other", {3})});
    EXPECT_EQ(all(desk)[1].number, 3);
}

TEST(Raise, UnitComesFromHostThenAddressThenSource) {
    FakeDesk desk;
    const UnitId a = desk.unit("xa-a");
    const UnitId b = desk.unit("xa-b");
    const UnitId c = desk.unit("xa-c");
    desk.own("web-1", a);
    desk.own("192.0.2.7", b);
    const SourceReport source{.name = "fw",
                              .kind = "syslog",
                              .events = 1,
                              .first_received = kTestStart,
                              .last_received = kTestStart};
    must(desk.sources.report(std::span(&source, 1)));
    must(desk.sources.update(desk.all, desk.system, "fw", 1, {.unit = std::optional<UnitId>(c)},
                             "của xã C"));
    const auto rule = test_rule("r1");
    auto by_ip = sighting_of(rule, "unknown-1", {2});
    by_ip.host_ip = "192.0.2.7";
    auto by_source = sighting_of(rule, "unknown-2", {3});
    by_source.source = "fw";
    raise(desk, {sighting_of(rule, "WEB-1.example", {1}), by_ip, by_source,
                 sighting_of(rule, "unknown-3", {4})});
    const auto alerts = all(desk);
    ASSERT_THAT(alerts, SizeIs(4));
    EXPECT_EQ(alerts[0].unit, a);
    EXPECT_EQ(alerts[1].unit, b);
    EXPECT_EQ(alerts[2].unit, c);
    EXPECT_EQ(alerts[3].unit, std::nullopt);
}

TEST(Raise, FloodOfHostsIsFoldedIntoOneGroupedAlert) {
    FakeDesk desk;
    const auto rule = test_rule("r1");
    std::vector<Sighting> flood;
    for (event::EventId id = 1; id <= 500; ++id) {
        flood.push_back(sighting_of(rule, "host-" + std::to_string(id), {id}));
    }
    raise(desk, flood);
    auto alerts = all(desk);
    ASSERT_THAT(alerts, SizeIs(Alerts::kOpenedPerRuleAndMinute + 1));
    EXPECT_TRUE(alerts.back().grouped);
    EXPECT_EQ(alerts.back().count, 500U - Alerts::kOpenedPerRuleAndMinute);
    EXPECT_EQ(alerts.back().host, "");
    // Another rule is not held back, and later the rule opens alerts of its own again, but not by
    // replay.
    desk.clock.advance(Duration::minutes(2));
    const std::string before = picture(desk);
    EXPECT_EQ(raise(desk, flood).events, 0U);
    EXPECT_EQ(picture(desk), before);
    raise(desk, {sighting_of(rule, "host-501", {501})});
    alerts = all(desk);
    EXPECT_FALSE(alerts.back().grouped);
    EXPECT_EQ(alerts.back().host, "host-501");
}

TEST(Raise, KeepsEvidenceWithinBounds) {
    FakeDesk desk;
    auto first = sighting_of(test_rule("r1"), "h", {1});
    first.sample = "{\"m\":\"" + std::string(200'000, 'x') + "\"}";
    first.detection.matched = {{"f\xff", std::string(5'000, 'y')}};
    std::vector<Sighting> sightings = {first};
    for (event::EventId id = 2; id <= 10; ++id) {
        sightings.push_back(sighting_of(test_rule("r1"), "h", {id}));
    }
    raise(desk, sightings);
    const auto details = must(desk.alerts.details(desk.all, all(desk)[0].id));
    ASSERT_THAT(details.samples, SizeIs(5));
    EXPECT_LT(details.samples[0].size(), 20'000U);
    EXPECT_TRUE(details.samples[0].starts_with("{\"_truncated\":"));
    EXPECT_EQ(details.samples[1], "{\"message\":\"Failed password\"}");
    ASSERT_THAT(details.matched, SizeIs(1));
    EXPECT_EQ(details.matched[0].field, "f\xef\xbf\xbd");
    EXPECT_EQ(details.matched[0].value.size(), 2000U);
    EXPECT_THAT(details.events, SizeIs(10));
    EXPECT_EQ(details.events.front(), 10U);
    EXPECT_EQ(details.hours[23], 10U);
}

TEST(Raise, EventListIsTrimmedAndStillKnowsReplays) {
    FakeDesk desk;
    const auto rule = test_rule("r1");
    std::vector<Sighting> flood;
    for (event::EventId id = 1; id <= 30'000; ++id) {
        flood.push_back(sighting_of(rule, "h", {id}));
        flood.back().sample.clear();
    }
    raise(desk, flood);
    EXPECT_EQ(all(desk)[0].count, 30'000U);
    const auto kept = [&] {
        return must(desk.database->read([](db::Session& session) {
            return session.number("SELECT count(*) FROM alert_events");
        }));
    };
    EXPECT_EQ(kept(), 16'384);
    EXPECT_EQ(raise(desk, flood).events, 0U);
    desk.clock.advance(Duration::hours(3));
    raise(desk, {});
    EXPECT_EQ(kept(), 1000);
    EXPECT_EQ(raise(desk, flood).events, 0U);
    EXPECT_EQ(all(desk)[0].count, 30'000U);
    EXPECT_THAT(must(desk.alerts.details(desk.all, all(desk)[0].id)).events, SizeIs(1000));
}

TEST(Raise, MarkMovesWithTheAlertsAndNeverBack) {
    FakeDesk desk;
    EXPECT_EQ(must(desk.alerts.raised_to("tail")), 0U);
    must(desk.alerts.raise({}, {.stream = "tail", .raised_to = 50}));
    must(desk.alerts.raise({}, {.stream = "tail", .raised_to = 40}));
    EXPECT_EQ(must(desk.alerts.raised_to("tail")), 50U);
    EXPECT_EQ(must(desk.alerts.raised_to("other")), 0U);
}

TEST(Raise, DueFollowsTheRegulationsInForce) {
    FakeDesk desk;
    raise(desk, {sighting_of(test_rule("c", Level::Critical), "h", {1})});
    must(desk.regulations.change(desk.system, "Quy chế trực 2027",
                                 {{"alert.acknowledge_minutes.critical", "5"}},
                                 "theo quyết định của Sở"));
    raise(desk, {sighting_of(test_rule("c2", Level::Critical), "h", {2}),
                 sighting_of(test_rule("h", Level::High), "h", {3})});
    const auto alerts = all(desk);
    EXPECT_EQ(alerts[0].due, kTestStart + Duration::minutes(15));
    EXPECT_EQ(alerts[1].due, kTestStart + Duration::minutes(5));
    EXPECT_EQ(alerts[2].due, kTestStart + Duration::minutes(60));
    const auto sets = must(desk.regulations.list());
    ASSERT_THAT(sets, SizeIs(3));
    EXPECT_EQ(sets[0].origin, "default");
    EXPECT_EQ(sets[1].valid_to, kTestStart);  // log retention came with a set of its own
    EXPECT_EQ(sets[2].origin, "own");
    EXPECT_FALSE(desk.regulations.change(desk.system, "x",
                                         {{"alert.acknowledge_minutes.high", "soon"}}, "?"));
}

TEST(Raise, NothingIsKeptWhenTheDiskIsFull) {
    FakeDesk desk;
    raise(desk, {sighting_of(test_rule("r1"), "h", {1})});
    const std::string before = picture(desk);
    const auto limit = [&](const char* pragma) {
        must(desk.database->transact([&](db::Session& session) {
            return session.each(pragma, {}, [](const db::RowView&) {});
        }));
    };
    limit("PRAGMA max_page_count = 1");
    std::vector<Sighting> many;
    for (event::EventId id = 10; id < 3000; ++id) {
        many.push_back(sighting_of(test_rule("r" + std::to_string(id)), "h", {id}));
    }
    const auto full = desk.alerts.raise(many, {.stream = "tail", .raised_to = 3000});
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().code, Code::StorageFull);
    EXPECT_EQ(picture(desk), before);
    EXPECT_EQ(must(desk.alerts.raised_to("tail")), 0U);
    limit("PRAGMA max_page_count = 1073741823");
    EXPECT_EQ(must(desk.alerts.raise(many)).opened, 2990U);
}

TEST(Raise, ManyThreadsRaiseWhileOthersList) {
    FakeDesk desk;
    std::atomic<bool> stop{false};
    std::atomic<int> failures{0};
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 2; ++thread) {
        threads.emplace_back([&] {
            while (!stop) {
                const auto page = desk.alerts.list(desk.all, {}, Sort::Level);
                const auto groups = desk.alerts.groups(desk.all, {});
                failures += page && groups ? 0 : 1;
            }
        });
    }
    std::vector<std::jthread> raisers;
    for (event::EventId thread = 0; thread < 3; ++thread) {
        raisers.emplace_back([&, thread] {
            for (event::EventId i = 0; i < 40; ++i) {
                const auto one = sighting_of(test_rule("r1"), "h", {thread * 1000 + i});
                failures += desk.alerts.raise(std::span(&one, 1)) ? 0 : 1;
            }
        });
    }
    raisers.clear();
    stop = true;
    threads.clear();
    EXPECT_EQ(failures, 0);
    const auto alerts = all(desk);
    ASSERT_THAT(alerts, SizeIs(1));
    EXPECT_EQ(alerts[0].count, 120U);
}

}  // namespace
}  // namespace gac::response
