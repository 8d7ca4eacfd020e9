#include <gtest/gtest.h>

#include <set>

#include "api/fake_api.h"

namespace gac::api {
namespace {

using response::sighting_of;
using response::test_rule;

class AlertsApi : public ::testing::Test {
protected:
    AlertsApi() {
        fake.add_user("lan", Role::Analyst);
        session = fake.session_of("lan");
    }
    void raise(std::string_view rule, std::string_view host, event::EventId event,
               event::Level level = event::Level::High) {
        const auto sighting = sighting_of(test_rule(rule, level), host, {event});
        must(fake.alerts.raise(std::span(&sighting, 1)));
    }
    boost::json::object get(const std::string& target) {
        const net::Response response = fake.ask_as(session, "GET", target);
        EXPECT_EQ(response.status, 200) << response.body;
        return FakeApi::json(response);
    }
    std::string first_id() {
        return std::string(
            get("/api/v1/alerts").at("alerts").as_array().front().at("id").as_string());
    }
    net::Response patch(const std::string& id, const std::string& version,
                        const std::string& body) {
        return fake.ask_as(session, "PATCH", "/api/v1/alerts/" + id, body, {{"If-Match", version}});
    }

    FakeApi fake;
    FakeApi::Session session;
};

TEST_F(AlertsApi, ListsWithTotalsAndPages) {
    for (event::EventId i = 1; i <= 5; ++i) {
        raise("r" + std::to_string(i), "web-1", i);
    }
    const auto first = get("/api/v1/alerts?limit=2");
    EXPECT_EQ(first.at("alerts").as_array().size(), 2U);
    EXPECT_EQ(first.at("total").as_int64(), 5);
    const std::string cursor(first.at("cursor").as_string());
    std::set<std::string> seen;
    std::string next = cursor;
    for (const auto& alert : first.at("alerts").as_array()) {
        seen.insert(std::string(alert.at("id").as_string()));
    }
    while (!next.empty()) {
        const auto page = get("/api/v1/alerts?limit=2&cursor=" + next);
        for (const auto& alert : page.at("alerts").as_array()) {
            EXPECT_TRUE(seen.insert(std::string(alert.at("id").as_string())).second);
        }
        next = page.at("cursor").is_null() ? "" : std::string(page.at("cursor").as_string());
    }
    EXPECT_EQ(seen.size(), 5U);
    EXPECT_EQ(get("/api/v1/alerts?q=dang%20nhap").at("total").as_int64(), 5);
    EXPECT_EQ(get("/api/v1/alerts?level=low,critical").at("total").as_int64(), 0);
    EXPECT_EQ(get("/api/v1/alerts?status=open&rule=r3").at("total").as_int64(), 1);
    EXPECT_EQ(get("/api/v1/alerts?drill=true").at("total").as_int64(), 0);
}

TEST_F(AlertsApi, GroupsByRuleAndUnit) {
    raise("a", "web-1", 1);
    raise("a", "web-2", 2);
    raise("b", "web-1", 3, event::Level::Critical);
    const auto groups = get("/api/v1/alerts/groups?sort=level");
    ASSERT_EQ(groups.at("groups").as_array().size(), 2U);
    EXPECT_EQ(groups.at("total_alerts").as_int64(), 3);
    const auto& first = groups.at("groups").as_array().front().as_object();
    EXPECT_EQ(first.at("rule_id").as_string(), "b");
    EXPECT_EQ(first.at("spark").as_array().size(), 24U);
    EXPECT_EQ(first.at("newest").as_array().size(), 1U);
    EXPECT_TRUE(first.at("unit").is_null());
    const auto counts = get("/api/v1/alerts/counts");
    EXPECT_EQ(counts.at("open").as_int64(), 3);
    EXPECT_EQ(counts.at("critical_unacknowledged").as_int64(), 1);
    EXPECT_EQ(counts.at("open_groups").as_int64(), 2);
    EXPECT_EQ(get("/api/v1/alerts/hourly").at("hours").as_array().size(), 24U);
    EXPECT_EQ(get("/api/v1/desk").at("critical").as_array().size(), 1U);
}

TEST_F(AlertsApi, ShowsAllThatIsNeededToDecide) {
    raise("a", "web-1", 1);
    const auto alert = get("/api/v1/alerts/" + first_id());
    EXPECT_EQ(alert.at("matched").as_array().front().at("value").as_string(), "root");
    EXPECT_EQ(alert.at("events").as_array().front().at("message").as_string(), "Failed password");
    EXPECT_EQ(alert.at("outcomes").at("open").as_int64(), 1);
    EXPECT_EQ(alert.at("timeline").as_array().front().at("kind").as_string(), "raised");
    const boost::json::array actions{"acknowledge", "assign", "close"};
    EXPECT_EQ(alert.at("actions").as_array(), actions);
    EXPECT_EQ(alert.at("rule").at("tags").as_array().front().as_string(), "attack.t1110");
    EXPECT_EQ(fake.ask_as(session, "GET", "/api/v1/alerts/nothing").status, 404);
}

TEST_F(AlertsApi, ChangesOnlyTheVersionThatWasSeen) {
    raise("a", "web-1", 1);
    const std::string id = first_id();
    EXPECT_EQ(
        fake.ask_as(session, "PATCH", "/api/v1/alerts/" + id, R"({"action":"acknowledge"})").status,
        428);
    const net::Response taken = patch(id, "\"1\"", R"({"action":"acknowledge"})");
    ASSERT_EQ(taken.status, 200) << taken.body;
    EXPECT_EQ(taken.headers["etag"], "\"2\"");
    EXPECT_EQ(FakeApi::json(taken).at("alert").at("status").as_string(), "acknowledged");
    const net::Response late = patch(id, "\"1\"", R"({"action":"assign","assignee":"me"})");
    EXPECT_EQ(late.status, 412);
    EXPECT_EQ(FakeApi::json(late).at("current").at("version").as_int64(), 2);
    EXPECT_EQ(FakeApi::error_where(patch(id, "\"2\"", R"({"action":"close"})")), "verdict");
    EXPECT_EQ(FakeApi::error_where(patch(id, "x", R"({"action":"close"})")), "If-Match");
    EXPECT_EQ(FakeApi::error_where(patch(id, "\"2\"", R"({"action":"burn"})")), "action");
    const net::Response closed =
        patch(id, "W/\"2\"", R"({"action":"close","verdict":"false_positive","comment":"scan"})");
    ASSERT_EQ(closed.status, 200) << closed.body;
    const auto body = FakeApi::json(closed);
    EXPECT_EQ(body.at("alert").at("verdict").as_string(), "false_positive");
    const std::string token(body.at("undo").at("token").as_string());
    EXPECT_EQ(fake.ask_as(session, "POST", "/api/v1/undo/" + token).status, 200);
    EXPECT_EQ(get("/api/v1/alerts/" + id).at("status").as_string(), "acknowledged");
    EXPECT_EQ(fake.ask_as(session, "POST", "/api/v1/undo/" + token).status, 404);
    EXPECT_EQ(patch(id, "*", R"({"action":"close","verdict":"true"})").status, 200);
    EXPECT_EQ(patch(id, "*", R"({"action":"acknowledge"})").status, 409);
}

TEST_F(AlertsApi, BulkCountsFirstAndChangesThen) {
    raise("a", "web-1", 1);
    raise("a", "web-2", 2);
    raise("b", "web-1", 3);
    const auto bulk = [&](const std::string& body) {
        return fake.ask_as(session, "POST", "/api/v1/alerts/bulk", body);
    };
    const auto counted = bulk(R"({"filter":{"rule":"a"},"action":"acknowledge","dry_run":true})");
    EXPECT_EQ(FakeApi::json(counted).at("changed").as_int64(), 2) << counted.body;
    EXPECT_EQ(get("/api/v1/alerts?status=new").at("total").as_int64(), 3);
    const auto changed = FakeApi::json(bulk(R"({"filter":{"rule":"a"},"action":"acknowledge"})"));
    EXPECT_EQ(changed.at("changed").as_int64(), 2);
    EXPECT_EQ(get("/api/v1/alerts?status=new").at("total").as_int64(), 1);
    const std::string token(changed.at("undo").at("token").as_string());
    EXPECT_EQ(FakeApi::json(fake.ask_as(session, "POST", "/api/v1/undo/" + token))
                  .at("changed")
                  .as_int64(),
              2);
    EXPECT_EQ(bulk(R"({"action":"acknowledge"})").status, 400);
    EXPECT_EQ(FakeApi::error_where(bulk(R"({"ids":["zz"],"action":"acknowledge"})")), "ids[0]");
    EXPECT_EQ(FakeApi::error_where(bulk(R"({"filter":{"rul":"a"},"action":"acknowledge"})")),
              "filter.rul");
}

TEST_F(AlertsApi, KeepsNotesInTheTimeline) {
    raise("a", "web-1", 1);
    const std::string id = first_id();
    const net::Response note =
        fake.ask_as(session, "POST", "/api/v1/alerts/" + id + "/notes", R"({"text":"đã gọi"})");
    EXPECT_EQ(note.status, 201) << note.body;
    const boost::json::array timeline = get("/api/v1/alerts/" + id).at("timeline").as_array();
    EXPECT_EQ(timeline.back().at("kind").as_string(), "note");
    EXPECT_EQ(timeline.back().at("text").as_string(), "đã gọi");
}

TEST_F(AlertsApi, AUnitNeverSeesAnothersAlerts) {
    const auto one = fake.unit("xa-mot");
    const auto two = fake.unit("xa-hai");
    fake.own("web-1", one);
    fake.own("web-2", two);
    raise("a", "web-1", 1);
    raise("a", "web-2", 2);
    fake.add_user("hoa", Role::UnitOfficer, one);
    const FakeApi::Session officer = fake.session_of("hoa");
    const auto seen = FakeApi::json(fake.ask_as(officer, "GET", "/api/v1/alerts"));
    ASSERT_EQ(seen.at("alerts").as_array().size(), 1U);
    EXPECT_EQ(seen.at("alerts").as_array().front().at("host").as_string(), "web-1");
    EXPECT_EQ(seen.at("alerts").as_array().front().at("unit").at("name").as_string(),
              "UBND xa-mot");
    const auto others = get("/api/v1/alerts?host=web-2");
    const std::string foreign(others.at("alerts").as_array().front().at("id").as_string());
    for (const char* tail : {"", "/events"}) {
        EXPECT_EQ(fake.ask_as(officer, "GET", "/api/v1/alerts/" + foreign + tail).status, 404);
    }
    EXPECT_EQ(fake.ask_as(officer, "POST", "/api/v1/search", R"({"query":""})").status, 403);
    EXPECT_EQ(
        FakeApi::json(fake.ask_as(officer, "GET", "/api/v1/units")).at("units").as_array().size(),
        1U);
}

TEST_F(AlertsApi, GivesTheEventsBehindOrTheCopiesKept) {
    event::EventBatch batch;
    const event::EventId id = fake.history->reserve(1);
    batch.set_first_id(id);
    batch.begin();
    batch.add_copy(event::field::Message, "from history");
    event::EventHead head;
    head.time = head.received = response::kTestStart;
    head.source = must(fake.sources_table->find_or_add("sshd", "syslog"));
    batch.end(head);
    must(fake.history->wait_durable(must(fake.history->append(batch))));
    raise("a", "web-1", id);
    const auto stored = get("/api/v1/alerts/" + first_id() + "/events");
    EXPECT_FALSE(stored.at("kept").as_bool());
    const auto& event = stored.at("events").as_array().front().as_object();
    EXPECT_EQ(event.at("message").as_string(), "from history");
    EXPECT_EQ(event.at("_id").as_string(), std::to_string(id));
    EXPECT_EQ(event.at("_source").as_string(), "sshd");
    raise("gone", "web-9", id + 1'000'000);
    const auto found = get("/api/v1/alerts?rule=gone").at("alerts").as_array().front();
    const auto kept = get("/api/v1/alerts/" + std::string(found.at("id").as_string()) + "/events");
    EXPECT_TRUE(kept.at("kept").as_bool());
    EXPECT_EQ(kept.at("events").as_array().front().at("message").as_string(), "Failed password");

    const auto answer = FakeApi::json(fake.ask_as(
        session, "POST", "/api/v1/search",
        R"({"query":"message:\"from history\"","from":"2026-01-01T00:00:00Z",)"
        R"("to":"2027-01-01T00:00:00Z","histogram":{"buckets":10},"facets":["message"]})"));
    EXPECT_EQ(answer.at("rows").as_array().size(), 1U);
    EXPECT_EQ(answer.at("total").as_int64(), 1);
    EXPECT_FALSE(answer.at("partial").as_bool());
    EXPECT_EQ(answer.at("facets")
                  .as_array()
                  .front()
                  .at("values")
                  .as_array()
                  .front()
                  .at("value")
                  .as_string(),
              "from history");
    const auto table = FakeApi::json(fake.ask_as(
        session, "POST", "/api/v1/search",
        R"json({"query":"* | stats count()","from":"2026-01-01T00:00:00Z","to":"2027-01-01T00:00:00Z"
})json"));
    EXPECT_EQ(table.at("columns").as_array().front().as_string(), "count");
    EXPECT_EQ(table.at("rows").as_array().front().at("count").as_int64(), 1);
    const net::Response bad = fake.ask_as(session, "POST", "/api/v1/search", R"({"query":"a:(b"})");
    EXPECT_EQ(bad.status, 400);
    EXPECT_TRUE(FakeApi::error_where(bad).starts_with("column ")) << bad.body;
    EXPECT_FALSE(FakeApi::json(fake.ask_as(session, "POST", "/api/v1/search/cancel",
                                           R"({"search_id":"none"})"))
                     .at("cancelled")
                     .as_bool());
    EXPECT_FALSE(get("/api/v1/search/progress?search_id=none").at("running").as_bool());
    EXPECT_EQ(fake.ask_as(session, "GET", "/api/v1/search/progress").status, 400);
    EXPECT_GT(get("/api/v1/fields?prefix=source.").at("total").as_int64(), 2);
}

TEST_F(AlertsApi, ListsAndChangesSources) {
    const response::SourceReport report{.name = "fw/1",
                                        .kind = "syslog",
                                        .profile = "generic",
                                        .events = 10,
                                        .parse_failures = 2,
                                        .first_received = response::kTestStart,
                                        .last_received = response::kTestStart};
    must(fake.sources.report(std::span(&report, 1)));
    const auto all = get("/api/v1/sources");
    EXPECT_EQ(all.at("total").as_int64(), 1);
    EXPECT_EQ(all.at("unassigned").as_int64(), 1);
    EXPECT_EQ(all.at("sources").as_array().front().at("parse_failed_percent").to_number<double>(),
              20.0);
    fake.add_user("sep", Role::Admin);
    const FakeApi::Session admin = fake.session_of("sep");
    const auto unit = fake.unit("xa-mot");
    const net::Response changed =
        fake.ask_as(admin, "PATCH", "/api/v1/sources/fw%2F1",
                    R"({"title":"Tường lửa","unit_id":")" + unit.text() + R"("})");
    ASSERT_EQ(changed.status, 200) << changed.body;
    EXPECT_EQ(FakeApi::json(changed).at("title").as_string(), "Tường lửa");
    EXPECT_EQ(fake.ask_as(admin, "PATCH", "/api/v1/sources/none", "{}").status, 404);
    fake.add_user("kiem", Role::Auditor);
    EXPECT_EQ(fake.ask_as(fake.session_of("kiem"), "PATCH", "/api/v1/sources/fw%2F1", "{}").status,
              403);
    const auto tried = FakeApi::json(
        fake.ask_as(session, "POST", "/api/v1/sources/try-line", R"({"line":"hello"})"));
    EXPECT_EQ(tried.at("events").as_array().front().at("message").as_string(), "hello");
}

TEST(RulesApi, ListsLoadedAndRefusedAndSwitchesOff) {
    FakeApi fake;
    std::ofstream(fake.folder.path() / "rules" / "good.yml")
        << "title: Good\nid: 11111111-1111-4111-8111-111111111111\nlogsource: {product: linux}\n"
           "detection: {a: {user.name: root}, condition: a}\nlevel: high\n";
    std::ofstream(fake.folder.path() / "rules" / "bad.yml")
        << "title: Bad\nid: 22222222-2222-4222-8222-222222222222\nlogsource: {product: linux}\n"
           "detection: {a: {user.name: root}, condition: b}\n";
    fake.add_user("sep", Role::Admin);
    const FakeApi::Session admin = fake.session_of("sep");
    const auto reloaded = FakeApi::json(fake.ask_as(admin, "POST", "/api/v1/rules/reload"));
    EXPECT_EQ(reloaded.at("loaded").as_int64(), 1);
    EXPECT_EQ(reloaded.at("refused").as_int64(), 1);
    const auto all = FakeApi::json(fake.ask_as(admin, "GET", "/api/v1/rules"));
    EXPECT_EQ(all.at("rules").as_array().size(), 2U);
    const std::string good = "/api/v1/rules/11111111-1111-4111-8111-111111111111";
    const auto switch_it = [&](std::string body) {
        return fake.ask_as(admin, "PATCH", good, std::move(body), {{"If-Match", "\"0\""}});
    };
    EXPECT_EQ(switch_it(R"({"enabled":false})").status, 400);
    const net::Response off = switch_it(R"({"enabled":false,"reason":"noisy"})");
    ASSERT_EQ(off.status, 200) << off.body;
    const auto shown = FakeApi::json(fake.ask_as(admin, "GET", good));
    EXPECT_FALSE(shown.at("enabled").as_bool());
    EXPECT_EQ(shown.at("disabled_reason").as_string(), "noisy");
    EXPECT_TRUE(std::string(shown.at("text").as_string()).contains("title: Good"));
    const auto bad = FakeApi::json(
        fake.ask_as(admin, "GET", "/api/v1/rules/22222222-2222-4222-8222-222222222222"));
    EXPECT_EQ(bad.at("status").as_string(), "refused");
    EXPECT_FALSE(bad.at("reason").as_string().empty());
}

}  // namespace
}  // namespace gac::api
