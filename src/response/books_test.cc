#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "response/fake_desk.h"

namespace gac::response {
namespace {

using base::Duration;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

void report(FakeDesk& desk, std::string_view name, std::uint64_t events = 1, bool drill = false) {
    const SourceReport one{.name = std::string(name),
                           .kind = "syslog",
                           .profile = "linux",
                           .format = "syslog",
                           .events = events,
                           .bytes = events * 100,
                           .first_received = desk.clock.now(),
                           .last_received = desk.clock.now(),
                           .drill = drill};
    must(desk.sources.report(std::span(&one, 1)));
}

SourceState state(FakeDesk& desk, std::string_view name) {
    return must(desk.sources.find(desk.all, name)).state;
}

TEST(SourceBook, AddsUpAndKeepsTheLatestFailure) {
    FakeDesk desk;
    report(desk, "fw", 10);
    desk.clock.advance(Duration::seconds(5));
    const SourceReport bad{.name = "fw",
                           .kind = "syslog",
                           .events = 2,
                           .parse_failures = 2,
                           .first_received = desk.clock.now(),
                           .last_received = desk.clock.now(),
                           .failure_sample = "\xff rubbish",
                           .failure_reason = "no PRI"};
    must(desk.sources.report(std::span(&bad, 1)));
    report(desk, "fw", 1);
    const Source source = must(desk.sources.find(desk.all, "fw"));
    EXPECT_EQ(source.events, 13U);
    EXPECT_EQ(source.parse_failures, 2U);
    EXPECT_EQ(source.failure_sample, "\xef\xbf\xbd rubbish");
    EXPECT_EQ(source.failure_reason, "no PRI");
    EXPECT_EQ(source.first_event, kTestStart);
    EXPECT_EQ(source.last_event, desk.clock.now());
}

TEST(SourceBook, BusySourceIsSilentAfterFiveMinutes) {
    FakeDesk desk;
    for (int i = 0; i < 100; ++i) {
        report(desk, "fw", 50);
        desk.clock.advance(Duration::seconds(3));
    }
    desk.clock.advance(Duration::minutes(5) - Duration::seconds(3));
    EXPECT_EQ(state(desk, "fw"), SourceState::Active);
    desk.clock.advance(Duration::seconds(1));
    EXPECT_EQ(state(desk, "fw"), SourceState::Silent);
    EXPECT_THAT(must(desk.sources.silent(desk.all)), SizeIs(1));
    const std::int64_t before = must(desk.feed.last_seq());
    report(desk, "fw");
    EXPECT_EQ(state(desk, "fw"), SourceState::Active);
    EXPECT_THAT(must(desk.feed.since(desk.all, before)).changes, SizeIs(1));
}

TEST(SourceBook, HourlySourceIsGivenItsTime) {
    FakeDesk desk;
    for (int i = 0; i < 24; ++i) {
        report(desk, "backup", 30);
        desk.clock.advance(Duration::minutes(60));
    }
    const Source source = must(desk.sources.find(desk.all, "backup"));
    EXPECT_EQ(source.state, SourceState::Active);
    EXPECT_GT(source.silent_after, Duration::hours(3));
    EXPECT_LT(source.silent_after, Duration::hours(5));
    desk.clock.advance(Duration::hours(5));
    EXPECT_EQ(state(desk, "backup"), SourceState::Silent);
}

TEST(SourceBook, OneOutageTeachesLittle) {
    FakeDesk desk;
    for (int i = 0; i < 50; ++i) {
        report(desk, "fw");
        desk.clock.advance(Duration::seconds(10));
    }
    desk.clock.advance(Duration::days(4));
    report(desk, "fw");
    EXPECT_LE(must(desk.sources.find(desk.all, "fw")).silent_after, Duration::minutes(11));
}

TEST(SourceBook, PeopleOverrideWhatWasLearned) {
    FakeDesk desk;
    report(desk, "fw");
    auto source = must(desk.sources.update(desk.all, desk.system, "fw", 1,
                                           {.expected_silence = std::optional(Duration::hours(10))},
                                           "chạy ban ngày"));
    desk.clock.advance(Duration::hours(9));
    EXPECT_EQ(state(desk, "fw"), SourceState::Active);
    desk.clock.advance(Duration::hours(2));
    EXPECT_EQ(state(desk, "fw"), SourceState::Silent);
    EXPECT_FALSE(
        desk.sources.update(desk.all, desk.system, "fw", 1, {.enabled = false}, "?"));  // stale
    source = must(desk.sources.update(
        desk.all, desk.system, "fw", source.version,
        {.snoozed_until = std::optional(desk.clock.now() + Duration::hours(1))}, "bảo trì"));
    EXPECT_EQ(source.state, SourceState::Snoozed);
    desk.clock.advance(Duration::hours(1));
    EXPECT_EQ(state(desk, "fw"), SourceState::Silent);
    source = must(desk.sources.update(desk.all, desk.system, "fw", source.version,
                                      {.enabled = false}, "tháo máy"));
    EXPECT_EQ(source.state, SourceState::Disabled);
    EXPECT_FALSE(desk.sources.update(
        desk.all, desk.system, "fw", source.version,
        {.snoozed_until = std::optional(desk.clock.now() + Duration::days(31))}, "?"));
    EXPECT_THAT(must(desk.audit.list(desk.all, {.action = "source."})), SizeIs(3));
}

TEST(SourceBook, DrillSourcesAreNeverSilentAndGoWithTheDrill) {
    FakeDesk desk;
    report(desk, "dem-mau", 100, true);
    report(desk, "fw");
    desk.clock.advance(Duration::days(1));
    EXPECT_EQ(state(desk, "dem-mau"), SourceState::Active);
    EXPECT_EQ(must(desk.sources.remove_drill(desk.system)), 1);
    EXPECT_THAT(must(desk.sources.list(desk.all)), SizeIs(1));
}

TEST(RulesBook, SwitchingOffNeedsAReason) {
    FakeDesk desk;
    EXPECT_EQ(desk.rules.set_enabled(desk.system, "r1", 0, false, " ").error().code,
              Code::InvalidArgument);
    const auto off = must(desk.rules.set_enabled(desk.system, "r1", 0, false, "ồn do máy quét"));
    EXPECT_FALSE(off.enabled);
    EXPECT_EQ(off.changed_by, "test");
    EXPECT_THAT(must(desk.rules.disabled()), ElementsAre("r1"));
    EXPECT_EQ(desk.rules.set_enabled(desk.system, "r1", 0, true, "").error().code, Code::Conflict);
    must(desk.rules.set_enabled(desk.system, "r1", off.version, true, ""));
    EXPECT_THAT(must(desk.rules.disabled()), IsEmpty());
    EXPECT_TRUE(must(desk.rules.find("never seen")).enabled);
}

TEST(RulesBook, HitsSurviveASwitch) {
    FakeDesk desk;
    const std::vector<Sighting> two = {sighting_of(test_rule("r1"), "a", {1}),
                                       sighting_of(test_rule("r1"), "b", {2, 3})};
    must(desk.alerts.raise(two));
    must(desk.rules.set_enabled(desk.system, "r1", 0, false, "x"));
    const RuleState state = must(desk.rules.find("r1"));
    EXPECT_EQ(state.hits, 3U);
    EXPECT_EQ(state.alerts, 2U);
    EXPECT_EQ(state.last_hit, kTestStart);
}

TEST(HostBook, RefusesWhatMakesNoSense) {
    FakeDesk desk;
    const auto set = [&](HostRow row) {
        return desk.hosts.set(desk.system, std::span(&row, 1), "x");
    };
    EXPECT_FALSE(set({.host = ""}));
    EXPECT_FALSE(set({.host = std::string(300, 'h')}));
    EXPECT_FALSE(set({.host = "h", .safety_level = 6}));
    EXPECT_FALSE(set({.host = "h", .unit = UnitId::make(kTestStart)}));
    EXPECT_TRUE(set({.host = "2001:DB8:0::1", .safety_level = 3}));
    EXPECT_EQ(must(desk.hosts.list(desk.all)).at(0).host, "2001:db8::1");
    must(desk.hosts.remove(desk.system, "2001:db8::1", "x"));
    EXPECT_FALSE(desk.hosts.remove(desk.system, "2001:db8::1", "x"));
}

TEST(ChangeFeed, ResumesTellsGapsAndCallsListeners) {
    FakeDesk desk;
    std::vector<std::string> heard;
    const auto listener = desk.feed.listen([&](std::span<const Change> changes) {
        for (const Change& change : changes) {
            heard.push_back(change.kind);
        }
    });
    const auto raise = [&](event::EventId id, std::string_view host) {
        const auto one = sighting_of(test_rule("r1"), host, {id});
        must(desk.alerts.raise(std::span(&one, 1)));
    };
    raise(1, "a");
    raise(2, "a");
    EXPECT_THAT(heard, ElementsAre("alert.opened", "alert.activity"));
    auto page = must(desk.feed.since(desk.all, 1));
    ASSERT_THAT(page.changes, SizeIs(1));
    EXPECT_EQ(page.changes[0].kind, "alert.activity");
    EXPECT_FALSE(page.gap);
    EXPECT_EQ(page.last_seq, 2);
    EXPECT_TRUE(must(desk.feed.since(desk.all, 77)).gap);  // a cursor of another database
    desk.feed.forget(listener);
    must(desk.database->transact([&](db::Session& session) -> Result<> {
        std::vector<Change> many(12'000, Change{.kind = "host.changed"});
        return desk.feed.write(session, many);
    }));
    EXPECT_THAT(heard, SizeIs(2));
    page = must(desk.feed.since(desk.all, 2, 10));
    EXPECT_TRUE(page.gap);
    EXPECT_EQ(page.changes.front().seq, 12'002 - ChangeFeed::kKept + 1);
    EXPECT_EQ(page.last_seq, page.changes.back().seq);
    EXPECT_FALSE(must(desk.feed.since(desk.all, 12'002 - ChangeFeed::kKept)).gap);
    EXPECT_EQ(must(desk.feed.last_seq()), 12'002);
}

}  // namespace
}  // namespace gac::response
