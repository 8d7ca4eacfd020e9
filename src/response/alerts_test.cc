#include "response/alerts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "response/fake_desk.h"

namespace gac::response {
namespace {

using access::Permission;
using access::Role;
using base::Duration;
using event::Level;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Kind = Action::Kind;

AlertId make_alert(FakeDesk& desk, std::string_view rule, std::string_view host,
                   Level level = Level::High, bool drill = false) {
    static event::EventId next = 1;
    auto sighting = sighting_of(test_rule(rule, level), host, {next++}, desk.clock.now());
    sighting.detection.drill = drill;
    must(desk.alerts.raise(std::span(&sighting, 1)));
    return must(desk.alerts.list(desk.all, {}, Sort::Newest, {}, 1)).alerts.at(0).id;
}

std::vector<std::string> timeline(FakeDesk& desk, AlertId id) {
    std::vector<std::string> kinds;
    for (const TimelineEntry& entry : must(desk.alerts.details(desk.all, id)).timeline) {
        kinds.push_back(entry.kind);
    }
    return kinds;
}

std::vector<std::string> audit_of(FakeDesk& desk, AlertId id) {
    std::vector<std::string> deeds;
    for (const auto& row :
         must(desk.audit.list(desk.all, {.object_kind = "alert", .object_id = id.text()}))) {
        deeds.insert(deeds.begin(), row.actor_name + " " + row.action);
    }
    return deeds;
}

std::vector<std::int64_t> numbers(const std::vector<Alert>& alerts) {
    std::vector<std::int64_t> list;
    for (const Alert& alert : alerts) {
        list.push_back(alert.number);
    }
    return list;
}

Code code_of(const Result<Alerts::Acted>& acted) {
    return acted ? Code::Internal : acted.error().code;
}

TEST(Act, LifeOfAnAlert) {
    FakeDesk desk;
    const Actor lan = desk.user("lan", Role::Analyst);
    const Actor minh = desk.user("minh", Role::Analyst);
    const AlertId id = make_alert(desk, "r1", "h");

    auto acted = must(desk.alerts.act(desk.all, lan, {id, 1}, {.kind = Kind::Acknowledge}));
    EXPECT_EQ(acted.alert.status, Status::Acknowledged);
    EXPECT_EQ(acted.alert.version, 2);
    EXPECT_EQ(acted.alert.assignee, lan.user());
    EXPECT_EQ(acted.alert.assignee_name, "lan");
    EXPECT_EQ(acted.alert.acknowledged_by, "lan");
    EXPECT_EQ(acted.alert.acknowledged_at, desk.clock.now());

    acted = must(
        desk.alerts.act(desk.all, lan, {id, 2}, {.kind = Kind::Assign, .assignee = minh.user()}));
    EXPECT_EQ(acted.alert.assignee, minh.user());
    must(desk.alerts.act(desk.all, minh, {id, 3},
                         {.kind = Kind::Note, .comment = "đã gọi cho đơn vị"}));
    acted = must(desk.alerts.act(
        desk.all, minh, {id, 4},
        {.kind = Kind::Close, .verdict = Verdict::BenignTrue, .comment = "kiểm thử"}));
    EXPECT_EQ(acted.alert.status, Status::Closed);
    EXPECT_EQ(acted.alert.verdict, Verdict::BenignTrue);
    EXPECT_EQ(acted.alert.comment, "kiểm thử");
    EXPECT_EQ(acted.alert.closed_by, "minh");

    desk.clock.advance(Duration::hours(5));
    acted = must(
        desk.alerts.act(desk.all, lan, {id, 5}, {.kind = Kind::Reopen, .comment = "lại thấy"}));
    EXPECT_EQ(acted.alert.status, Status::New);
    EXPECT_EQ(acted.alert.verdict, std::nullopt);
    EXPECT_EQ(acted.alert.due, desk.clock.now() + Duration::minutes(60));

    EXPECT_THAT(timeline(desk, id),
                ElementsAre("raised", "acknowledged", "assigned", "note", "closed", "reopened"));
    EXPECT_THAT(audit_of(desk, id),
                ElementsAre("lan alert.acknowledge", "lan alert.assign", "minh alert.note",
                            "minh alert.close", "lan alert.reopen"));
    const auto entries = must(desk.alerts.details(desk.all, id)).timeline;
    EXPECT_EQ(entries[3].actor_id, minh.user());
    EXPECT_THAT(entries[3].detail, HasSubstr("đã gọi cho đơn vị"));
    EXPECT_THAT(entries[4].detail, HasSubstr("\"verdict\":\"benign_true\""));
    EXPECT_FALSE(must(desk.audit.verify()).broken_seq.has_value());
}

TEST(Act, StaleVersionIsAConflictAndChangesNothing) {
    FakeDesk desk;
    const AlertId id = make_alert(desk, "r1", "h");
    must(desk.alerts.act(desk.all, desk.system, {id, 1}, {.kind = Kind::Acknowledge}));
    const auto stale = desk.alerts.act(desk.all, desk.system, {id, 1},
                                       {.kind = Kind::Close, .verdict = Verdict::True});
    EXPECT_EQ(code_of(stale), Code::Conflict);
    EXPECT_THAT(stale.error().text, HasSubstr("CB-1 is at version 2"));
    EXPECT_THAT(timeline(desk, id), ElementsAre("raised", "acknowledged"));
    EXPECT_THAT(audit_of(desk, id), SizeIs(1));
}

TEST(Act, RefusesWhatDoesNotFit) {
    FakeDesk desk;
    const AlertId id = make_alert(desk, "r1", "h");
    const auto act = [&](const Action& action) {
        return code_of(desk.alerts.act(desk.all, desk.system, {id}, action));
    };
    EXPECT_EQ(act({.kind = Kind::Close}), Code::InvalidArgument);
    EXPECT_EQ(act({.kind = Kind::Note, .comment = "  "}), Code::InvalidArgument);
    EXPECT_EQ(act({.kind = Kind::Note, .comment = "\xff"}), Code::InvalidArgument);
    EXPECT_EQ(act({.kind = Kind::Note, .comment = std::string(50'000, 'x')}),
              Code::InvalidArgument);
    EXPECT_EQ(act({.kind = Kind::Reopen}), Code::Conflict);
    must(desk.alerts.act(desk.all, desk.system, {id},
                         {.kind = Kind::Close, .verdict = Verdict::True}));
    EXPECT_EQ(act({.kind = Kind::Close, .verdict = Verdict::True}), Code::Conflict);
    EXPECT_EQ(act({.kind = Kind::Acknowledge}), Code::Conflict);
    EXPECT_EQ(act({.kind = Kind::Assign}), Code::Conflict);
    const auto unknown =
        desk.alerts.act(desk.all, desk.system, {AlertId::make(desk.clock.now())}, {});
    EXPECT_EQ(code_of(unknown), Code::NotFound);
}

TEST(Act, OnlyWhoMayWorkOnItCanBeGivenIt) {
    FakeDesk desk;
    const UnitId a = desk.unit("xa-a");
    const UnitId b = desk.unit("xa-b");
    desk.own("web-a", a);
    const AlertId id = make_alert(desk, "r1", "web-a");
    const Actor auditor = desk.user("auditor", Role::Auditor);
    const Actor foreign = desk.user("can-bo-b", Role::UnitOfficer, b);
    const Actor own = desk.user("can-bo-a", Role::UnitOfficer, a);
    const auto give = [&](const Actor& to) {
        return code_of(desk.alerts.act(desk.all, desk.system, {id},
                                       {.kind = Kind::Assign, .assignee = to.user()}));
    };
    EXPECT_EQ(give(auditor), Code::InvalidArgument);
    EXPECT_EQ(give(foreign), Code::InvalidArgument);
    must(desk.alerts.act(desk.all, desk.system, {id},
                         {.kind = Kind::Assign, .assignee = own.user()}));
    must(desk.alerts.act(desk.all, desk.system, {id}, {.kind = Kind::Assign}));
    EXPECT_EQ(must(desk.alerts.find(desk.all, id)).assignee, std::nullopt);
}

TEST(Act, BulkIsPartialAndTellsEachRefusal) {
    FakeDesk desk;
    std::vector<AlertRef> refs;
    for (int i = 0; i < 5; ++i) {
        refs.push_back({make_alert(desk, "r1", "h" + std::to_string(i)), 1});
    }
    must(desk.alerts.act(desk.all, desk.system, refs[1], {.kind = Kind::Acknowledge}));
    refs.push_back({AlertId::make(desk.clock.now())});
    refs.push_back(refs[0]);  // named twice: counts once
    const auto report = must(desk.alerts.act_all(
        desk.all, desk.system, refs, {.kind = Kind::Close, .verdict = Verdict::Duplicate}));
    EXPECT_THAT(report.changed, SizeIs(4));
    ASSERT_THAT(report.refused, SizeIs(2));
    EXPECT_EQ(report.refused[0].error.code, Code::Conflict);
    EXPECT_EQ(report.refused[1].error.code, Code::NotFound);
    EXPECT_EQ(must(desk.alerts.counts(desk.all, {}, desk.system)).closed, 4);
}

TEST(Act, SelectedByFilterThenChanged) {
    FakeDesk desk;
    for (int i = 0; i < 30; ++i) {
        (void)make_alert(desk, i % 2 == 0 ? "noisy" : "other", "h" + std::to_string(i));
    }
    AlertFilter filter;
    filter.rule_id = "noisy";
    const auto refs = must(desk.alerts.select(desk.all, filter));
    EXPECT_THAT(refs, SizeIs(15));
    EXPECT_THAT(must(desk.alerts.act_all(desk.all, desk.system, refs, {})).changed, SizeIs(15));
    EXPECT_EQ(must(desk.alerts.counts(desk.all, filter, desk.system)).acknowledged, 15);
}

TEST(Undo, RestoresAWholeBulk) {
    FakeDesk desk;
    const Actor lan = desk.user("lan", Role::Analyst);
    std::vector<AlertRef> refs;
    for (int i = 0; i < 4; ++i) {
        refs.push_back({make_alert(desk, "r1", "h" + std::to_string(i))});
    }
    must(desk.alerts.act(desk.all, lan, refs[2], {.kind = Kind::Acknowledge}));
    std::vector<Alert> before;
    for (const AlertRef& ref : refs) {
        before.push_back(must(desk.alerts.find(desk.all, ref.id)));
    }
    const auto closed = must(desk.alerts.act_all(
        desk.all, lan, refs, {.kind = Kind::Close, .verdict = Verdict::False, .comment = "nhầm"}));
    EXPECT_EQ(closed.undo_until, desk.clock.now() + Duration::seconds(30));
    desk.clock.advance(Duration::seconds(29));
    EXPECT_THAT(must(desk.alerts.undo(desk.all, lan, closed.undo)).changed, SizeIs(4));
    for (const Alert& then : before) {
        const Alert now = must(desk.alerts.find(desk.all, then.id));
        EXPECT_EQ(now.status, then.status);
        EXPECT_EQ(now.verdict, then.verdict);
        EXPECT_EQ(now.comment, then.comment);
        EXPECT_EQ(now.assignee, then.assignee);
        EXPECT_EQ(now.due, then.due);
        EXPECT_EQ(now.acknowledged_at, then.acknowledged_at);
        EXPECT_EQ(now.acknowledged_by, then.acknowledged_by);
        EXPECT_EQ(now.closed_at, then.closed_at);
        EXPECT_GT(now.version, then.version);
        EXPECT_GT(now.updated, then.updated);
    }
    EXPECT_THAT(audit_of(desk, refs[0].id), ElementsAre("lan alert.close", "lan alert.undo"));
    // Once only.
    EXPECT_EQ(desk.alerts.undo(desk.all, lan, closed.undo).error().code, Code::NotFound);
}

TEST(Undo, IsForWhoDidItAndForThirtySeconds) {
    FakeDesk desk;
    const Actor lan = desk.user("lan", Role::Analyst);
    const Actor minh = desk.user("minh", Role::Analyst);
    const AlertId id = make_alert(desk, "r1", "h");
    const auto acted = must(desk.alerts.act(desk.all, lan, {id}, {}));
    EXPECT_EQ(desk.alerts.undo(desk.all, minh, acted.undo).error().code, Code::NotFound);
    desk.clock.advance(Duration::seconds(30));
    EXPECT_EQ(desk.alerts.undo(desk.all, lan, acted.undo).error().code, Code::NotFound);
    EXPECT_EQ(desk.alerts.undo(desk.all, lan, "").error().code, Code::NotFound);
    EXPECT_EQ(must(desk.alerts.find(desk.all, id)).status, Status::Acknowledged);
}

TEST(Undo, LeavesWhatChangedSinceAndIgnoresNewEvents) {
    FakeDesk desk;
    const Actor lan = desk.user("lan", Role::Analyst);
    const std::vector<AlertRef> refs = {{make_alert(desk, "r1", "h1")},
                                        {make_alert(desk, "r1", "h2")}};
    const auto acted = must(desk.alerts.act_all(desk.all, lan, refs, {}));
    must(desk.alerts.act(desk.all, desk.system, refs[0],
                         {.kind = Kind::Note, .comment = "chen ngang"}));
    const auto sighting = sighting_of(test_rule("r1"), "h2", {999'999}, desk.clock.now());
    must(desk.alerts.raise(std::span(&sighting, 1)));
    const auto report = must(desk.alerts.undo(desk.all, lan, acted.undo));
    EXPECT_THAT(report.changed, ElementsAre(refs[1].id));
    ASSERT_THAT(report.refused, SizeIs(1));
    EXPECT_EQ(report.refused[0].error.code, Code::Conflict);
    EXPECT_EQ(must(desk.alerts.find(desk.all, refs[1].id)).status, Status::New);
    EXPECT_EQ(must(desk.alerts.find(desk.all, refs[1].id)).count, 2U);
}

TEST(List, FiltersByEverything) {
    FakeDesk desk;
    const UnitId a = desk.unit("xa-a");
    desk.own("web-a", a);
    const Actor lan = desk.user("lan", Role::Analyst);
    const AlertId one = make_alert(desk, "r1", "web-a", Level::Critical);
    (void)make_alert(desk, "r2", "db-1", Level::Low);
    (void)make_alert(desk, "r3", "db-2", Level::High, true);
    must(desk.alerts.act(desk.all, lan, {one}, {.kind = Kind::Acknowledge}));
    const auto find = [&](const AlertFilter& filter) {
        auto found = numbers(must(desk.alerts.list(desk.all, filter, Sort::Oldest)).alerts);
        EXPECT_EQ(must(desk.alerts.total(desk.all, filter)),
                  static_cast<std::int64_t>(found.size()));
        return found;
    };
    EXPECT_THAT(find({}), ElementsAre(1, 2, 3));
    EXPECT_THAT(find({.status = {Status::New}}), ElementsAre(2, 3));
    EXPECT_THAT(find({.status = {Status::New, Status::Acknowledged}}), ElementsAre(1, 2, 3));
    EXPECT_THAT(find({.level = {Level::Critical, Level::Low}}), ElementsAre(1, 2));
    EXPECT_THAT(find({.unit = a}), ElementsAre(1));
    EXPECT_THAT(find({.without_unit = true}), ElementsAre(2, 3));
    EXPECT_THAT(find({.rule_id = "r2"}), ElementsAre(2));
    EXPECT_THAT(find({.host = "db-2"}), ElementsAre(3));
    EXPECT_THAT(find({.assignee = lan.user()}), ElementsAre(1));
    EXPECT_THAT(find({.unassigned = true}), ElementsAre(2, 3));
    EXPECT_THAT(find({.drill = true}), ElementsAre(3));
    EXPECT_THAT(find({.drill = false}), ElementsAre(1, 2));
    EXPECT_THAT(find({.text = "dang nhap r2"}), ElementsAre(2));
    EXPECT_THAT(find({.text = "ĐĂNG 203.0.113.9 cb-3"}), ElementsAre(3));
    EXPECT_THAT(find({.text = "100%"}), IsEmpty());
    EXPECT_THAT(find({.text = "' OR 1=1 --"}), IsEmpty());
    EXPECT_THAT(find({.seen_from = kTestStart + Duration::seconds(1)}), IsEmpty());
    EXPECT_THAT(find({.seen_to = kTestStart}), IsEmpty());
    desk.clock.advance(Duration::minutes(61));
    EXPECT_THAT(find({.overdue = true}), ElementsAre(3));
    EXPECT_THAT(find({.updated_after = must(desk.alerts.find(desk.all, one)).updated}), IsEmpty());
}

TEST(List, PagesNeitherRepeatNorSkipWhileAlertsChange) {
    std::mt19937 random(7);
    for (const Sort sort : {Sort::Newest, Sort::Oldest, Sort::Level, Sort::Due}) {
        FakeDesk desk;
        std::vector<AlertId> ids;
        for (int i = 0; i < 60; ++i) {
            ids.push_back(
                make_alert(desk, "r" + std::to_string(i), "h", static_cast<Level>(random() % 5)));
            desk.clock.advance(Duration::seconds(1));
        }
        std::set<std::int64_t> seen;
        std::vector<std::int64_t> order;
        std::string cursor;
        do {
            const auto page = must(desk.alerts.list(desk.all, {}, sort, cursor, 7));
            for (const Alert& alert : page.alerts) {
                if (alert.number <= 60) {
                    EXPECT_TRUE(seen.insert(alert.number).second) << "twice: " << alert.number;
                    order.push_back(alert.number);
                }
            }
            cursor = page.cursor;
            // Meanwhile some are acknowledged and new ones arrive.
            (void)desk.alerts.act(desk.all, desk.system, {ids[random() % ids.size()]}, {});
            (void)make_alert(desk, "late" + std::to_string(random()), "h");
        } while (!cursor.empty());
        EXPECT_THAT(seen, SizeIs(60));
    }
}

TEST(List, OrdersAsAsked) {
    FakeDesk desk;
    (void)make_alert(desk, "a", "h", Level::Low);
    (void)make_alert(desk, "b", "h", Level::Critical);
    (void)make_alert(desk, "c", "h", Level::High);
    const auto order = [&](Sort sort) {
        return numbers(must(desk.alerts.list(desk.all, {}, sort)).alerts);
    };
    EXPECT_THAT(order(Sort::Newest), ElementsAre(3, 2, 1));
    EXPECT_THAT(order(Sort::Oldest), ElementsAre(1, 2, 3));
    EXPECT_THAT(order(Sort::Level), ElementsAre(2, 3, 1));
    EXPECT_THAT(order(Sort::Due), ElementsAre(2, 3, 1));
    must(desk.alerts.act(desk.all, desk.system, {must(desk.alerts.find_number(desk.all, 1)).id},
                         {}));
    EXPECT_THAT(order(Sort::Updated), ElementsAre(2, 3, 1));
    for (const char* bad : {"x", "newest.1", "due.1.2", "newest.a.b", "newest.1.2.3"}) {
        const auto refused = desk.alerts.list(desk.all, {}, Sort::Newest, bad);
        ASSERT_FALSE(refused) << bad;
        EXPECT_EQ(refused.error().code, Code::InvalidArgument);
    }
}

TEST(List, CatchingUpByUpdateMissesNothing) {
    FakeDesk desk;
    std::vector<AlertId> ids;
    for (int i = 0; i < 20; ++i) {
        ids.push_back(make_alert(desk, "r" + std::to_string(i), "h"));
    }
    base::TimePoint after;
    std::map<std::int64_t, std::int64_t> known;  // number -> version
    std::mt19937 random(3);
    for (int round = 0; round < 10; ++round) {
        for (int i = 0; i < 3; ++i) {
            (void)desk.alerts.act(desk.all, desk.system, {ids[random() % ids.size()]},
                                  {.kind = Kind::Note, .comment = "x"});
        }
        AlertFilter filter;
        filter.updated_after = after;
        for (const Alert& alert :
             must(desk.alerts.list(desk.all, filter, Sort::Updated, {}, 500)).alerts) {
            known[alert.number] = alert.version;
            after = alert.updated;
        }
        for (const AlertId& id : ids) {
            const Alert alert = must(desk.alerts.find(desk.all, id));
            EXPECT_EQ(known[alert.number], alert.version);
        }
    }
}

TEST(Groups, ByRuleAndUnitWithTheirHours) {
    FakeDesk desk;
    const UnitId a = desk.unit("xa-a");
    desk.own("web-a", a);
    desk.own("web-b", a);
    (void)make_alert(desk, "r1", "web-a", Level::High);
    desk.clock.advance(Duration::hours(2));
    (void)make_alert(desk, "r1", "web-a", Level::High);
    const AlertId newest = make_alert(desk, "r1", "web-b", Level::High);
    (void)make_alert(desk, "r1", "elsewhere", Level::High);
    (void)make_alert(desk, "r2", "web-a", Level::Critical, true);
    const auto list = must(desk.alerts.groups(desk.all, {}));
    ASSERT_THAT(list.groups, SizeIs(3));
    EXPECT_EQ(list.groups[0].rule_id, "r2");
    EXPECT_EQ(list.groups[0].drill, 1);
    const auto& group = *std::ranges::find_if(
        list.groups, [&](const AlertGroup& one) { return one.rule_id == "r1" && one.unit == a; });
    EXPECT_EQ(group.alerts, 3);
    EXPECT_EQ(group.unacknowledged, 3);
    EXPECT_EQ(group.overdue, 1);
    EXPECT_EQ(group.hosts, 2);
    EXPECT_EQ(group.events, 3U);
    EXPECT_EQ(group.newest, newest);
    EXPECT_EQ(group.rule_title, "Rule r1");
    EXPECT_EQ(group.first_seen, kTestStart);
    EXPECT_EQ(group.due, kTestStart + Duration::minutes(60));
    EXPECT_EQ(group.hours[23], 2U);
    EXPECT_EQ(group.hours[21], 1U);
    EXPECT_TRUE(must(desk.alerts.groups(desk.all, {}, 2)).truncated);
}

TEST(Counts, ForTheTabs) {
    FakeDesk desk;
    const Actor lan = desk.user("lan", Role::Analyst);
    (void)make_alert(desk, "r1", "h1", Level::Critical);
    const AlertId mine = make_alert(desk, "r2", "h2", Level::Low);
    const AlertId done = make_alert(desk, "r3", "h3", Level::High);
    (void)make_alert(desk, "r4", "h4", Level::High, true);
    must(desk.alerts.act(desk.all, lan, {mine}, {}));
    must(desk.alerts.act(desk.all, lan, {done}, {.kind = Kind::Close, .verdict = Verdict::True}));
    desk.clock.advance(Duration::minutes(20));
    AlertFilter real;
    real.drill = false;
    const auto counts = must(desk.alerts.counts(desk.all, real, lan));
    EXPECT_EQ(counts.fresh, 1);
    EXPECT_EQ(counts.acknowledged, 1);
    EXPECT_EQ(counts.closed, 1);
    EXPECT_EQ(counts.overdue, 1);
    EXPECT_EQ(counts.mine, 1);
    EXPECT_EQ(counts.unassigned, 1);
    EXPECT_EQ(counts.drill, 1);
    EXPECT_EQ(counts.open_groups, 2);
    EXPECT_EQ(counts.critical_new, 1);
    EXPECT_THAT(counts.open_by_level, ElementsAre(0, 1, 0, 0, 1));
    EXPECT_EQ(must(desk.alerts.counts(desk.all, {}, lan)).fresh, 2);
}

TEST(Outcomes, OfARuleSinceADay) {
    FakeDesk desk;
    for (int i = 0; i < 4; ++i) {
        const AlertId id = make_alert(desk, "r1", "h" + std::to_string(i));
        if (i < 3) {
            must(desk.alerts.act(
                desk.all, desk.system, {id},
                {.kind = Kind::Close, .verdict = i == 0 ? Verdict::True : Verdict::False}));
        }
        desk.clock.advance(Duration::days(40));
    }
    const auto outcomes =
        must(desk.alerts.outcomes(desk.all, "r1", desk.clock.now() - Duration::days(90)));
    EXPECT_EQ(outcomes.open, 1);
    EXPECT_THAT(outcomes.by_verdict, ElementsAre(0, 1, 0, 0, 0));
}

TEST(PerHour, HasNoGapsAndAnEnd) {
    FakeDesk desk;
    (void)make_alert(desk, "r1", "h1", Level::High);
    (void)make_alert(desk, "r2", "h1", Level::Critical);
    desk.clock.advance(Duration::hours(3));
    (void)make_alert(desk, "r1", "h1", Level::High);
    const auto hours = must(desk.alerts.per_hour(desk.all, {}, kTestStart, desk.clock.now()));
    ASSERT_THAT(hours, SizeIs(4));
    EXPECT_THAT(hours[0].by_level, ElementsAre(0, 0, 0, 1, 1));
    EXPECT_THAT(hours[1].by_level, ElementsAre(0, 0, 0, 0, 0));
    EXPECT_THAT(hours[3].by_level, ElementsAre(0, 0, 0, 1, 0));
    EXPECT_FALSE(desk.alerts.per_hour(desk.all, {}, kTestStart, kTestStart + Duration::days(40)));
    EXPECT_FALSE(desk.alerts.per_hour(desk.all, {}, kTestStart, kTestStart - Duration::hours(2)));
}

// A unit's officer meets no foreign record through any question or deed, whatever the filter.
TEST(Isolation, OfficerSeesOwnUnitOnly) {
    FakeDesk desk;
    const UnitId a = desk.unit("xa-a");
    const UnitId b = desk.unit("xa-b");
    std::mt19937 random(11);
    std::vector<std::pair<AlertId, std::optional<UnitId>>> ids;
    for (int i = 0; i < 6; ++i) {
        desk.own("a-" + std::to_string(i), a);
        desk.own("b-" + std::to_string(i), b);
    }
    for (int i = 0; i < 90; ++i) {
        const char* kinds[] = {"a-", "b-", "nobody-"};
        const auto kind = random() % 3;
        const std::string host = kinds[kind] + std::to_string(random() % 6);
        ids.emplace_back(make_alert(desk, "r" + std::to_string(i), host,
                                    static_cast<Level>(random() % 5), random() % 4 == 0),
                         kind == 0   ? std::optional(a)
                         : kind == 1 ? std::optional(b)
                                     : std::nullopt);
    }
    for (const auto& name : {"syslog-a", "syslog-b", "syslog-x"}) {
        const SourceReport report{.name = name,
                                  .kind = "syslog",
                                  .events = 1,
                                  .first_received = kTestStart,
                                  .last_received = kTestStart};
        must(desk.sources.report(std::span(&report, 1)));
    }
    must(desk.sources.update(desk.all, desk.system, "syslog-a", 1,
                             {.unit = std::optional<UnitId>(a)}, "?"));
    must(desk.sources.update(desk.all, desk.system, "syslog-b", 1,
                             {.unit = std::optional<UnitId>(b)}, "?"));
    const Actor officer = desk.user("can-bo-a", Role::UnitOfficer, a);
    const Actor stranger = desk.user("chua-gan", Role::UnitOfficer);
    const Scope scope = desk.scope_of(officer);
    const Scope nothing = desk.scope_of(stranger);

    const auto own = static_cast<std::size_t>(
        std::ranges::count_if(ids, [&](const auto& one) { return one.second == a; }));
    std::vector<AlertFilter> filters(6);
    filters[1].unit = b;
    filters[2].without_unit = true;
    filters[3].status = {Status::New};
    filters[4].text = "luat";
    filters[5].updated_after = base::TimePoint{};
    for (const AlertFilter& filter : filters) {
        for (const Sort sort :
             {Sort::Newest, Sort::Oldest, Sort::Level, Sort::Due, Sort::Updated}) {
            for (const Alert& alert : must(desk.alerts.list(scope, filter, sort, {}, 500)).alerts) {
                EXPECT_EQ(alert.unit, a);
            }
            EXPECT_THAT(must(desk.alerts.list(nothing, filter, sort)).alerts, IsEmpty());
        }
        for (const AlertGroup& group : must(desk.alerts.groups(scope, filter)).groups) {
            EXPECT_EQ(group.unit, a);
        }
        EXPECT_LE(must(desk.alerts.select(scope, filter)).size(), own);
        EXPECT_LE(must(desk.alerts.total(scope, filter)), static_cast<std::int64_t>(own));
        EXPECT_LE(must(desk.alerts.counts(scope, filter, officer)).fresh,
                  static_cast<std::int64_t>(own));
        std::uint32_t in_hours = 0;
        for (const HourCount& hour : must(desk.alerts.per_hour(scope, filter, kTestStart,
                                                               kTestStart + Duration::hours(1)))) {
            for (const std::uint32_t count : hour.by_level) {
                in_hours += count;
            }
        }
        EXPECT_LE(in_hours, own);
    }
    EXPECT_EQ(must(desk.alerts.list(scope, {}, Sort::Newest, {}, 500)).alerts.size(), own);
    EXPECT_EQ(must(desk.alerts.counts(nothing, {}, stranger)).fresh, 0);

    std::size_t outcomes_open = 0;
    std::vector<AlertRef> everything;
    std::int64_t number = 0;
    for (const auto& [id, unit] : ids) {
        const bool mine = unit == a;
        ++number;
        EXPECT_EQ(desk.alerts.find(scope, id).has_value(), mine);
        EXPECT_EQ(desk.alerts.find_number(scope, number).has_value(), mine);
        EXPECT_EQ(desk.alerts.details(scope, id).has_value(), mine);
        EXPECT_FALSE(desk.alerts.find(nothing, id));
        outcomes_open += static_cast<std::size_t>(
            must(desk.alerts.outcomes(scope, "r" + std::to_string(number - 1), base::TimePoint{}))
                .open);
        if (!mine) {
            EXPECT_EQ(code_of(desk.alerts.act(scope, officer, {id}, {})), Code::NotFound);
        }
        everything.push_back({id});
    }
    EXPECT_LE(outcomes_open, own);
    const auto bulk = must(desk.alerts.act_all(scope, officer, everything, {}));
    EXPECT_EQ(bulk.changed.size(), own);
    EXPECT_EQ(bulk.refused.size(), everything.size() - own);

    // The undo of somebody whose unit changed meanwhile does not reach back.
    const auto undone = must(desk.alerts.undo(nothing, officer, bulk.undo));
    EXPECT_THAT(undone.changed, IsEmpty());

    std::set<std::string> own_ids;
    for (const auto& [id, unit] : ids) {
        if (unit == a) {
            own_ids.insert(id.text());
        }
    }
    for (const Change& change : must(desk.feed.since(scope, 0, 5000)).changes) {
        EXPECT_TRUE(own_ids.contains(change.id) || change.unit == a) << change.kind << change.id;
    }
    EXPECT_THAT(must(desk.feed.since(nothing, 0, 5000)).changes, IsEmpty());
    const auto sources = must(desk.sources.list(scope));
    ASSERT_THAT(sources, SizeIs(1));
    EXPECT_EQ(sources[0].name, "syslog-a");
    EXPECT_FALSE(desk.sources.find(scope, "syslog-b"));
    EXPECT_FALSE(desk.sources.update(scope, officer, "syslog-x", 1, {}, "?"));
    for (const HostRow& row : must(desk.hosts.list(scope))) {
        EXPECT_EQ(row.unit, a);
    }
    EXPECT_THAT(must(desk.units.list(scope)), SizeIs(1));
}

}  // namespace
}  // namespace gac::response
