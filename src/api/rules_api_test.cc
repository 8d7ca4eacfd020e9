// Exceptions, coverage, packs and explanations of rules, as people ask for them.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <boost/json/serialize.hpp>

#include "api/fake_api.h"

namespace gac::api {
namespace {

constexpr std::string_view kRule = R"(title: Nested word
id: 11111111-1111-4111-8111-111111111111
status: test
author: Somebody
license: DRL-1.1
references: [https://example.org/a]
date: 2026-01-02
related:
    - id: 99999999-9999-4999-8999-999999999999
      type: derived
level: high
tags: [attack.execution, attack.t1059.001]
falsepositives: [Backups]
falsepositives_vi: [Sao lưu]
logsource: {product: test}
detection:
    sel:
        word: evil
    condition: sel
)";

constexpr std::string_view kCounted = R"(title: Many words
id: 33333333-3333-4333-8333-333333333333
level: high
correlation:
    type: event_count
    rules: [11111111-1111-4111-8111-111111111111]
    group-by: [source.ip]
    timespan: 5m
    condition: {gte: 3}
)";

class RuleLife : public ::testing::Test {
protected:
    RuleLife() {
        write("word.yml", kRule);
        write("many.yml", kCounted);
        fake.add_user("admin", Role::Admin);
        fake.add_user("lan", Role::Analyst);
        admin = fake.session_of("admin");
        analyst = fake.session_of("lan");
        must(fake.rule_service->reload());
    }
    void write(std::string_view file, std::string_view text) {
        std::ofstream(fake.folder.path() / "rules" / file) << text;
    }
    boost::json::object get(const std::string& target) {
        const net::Response response = fake.ask_as(analyst, "GET", target);
        EXPECT_EQ(response.status, 200) << response.body;
        return FakeApi::json(response);
    }
    net::Response except(std::string_view rule, std::string_view conditions,
                         std::string_view more = R"("reason":"our own scanner")") {
        return fake.ask_as(
            admin, "POST", "/api/v1/rules/exceptions",
            fmt::format(R"({{"rule_id":"{}","conditions":[{}],"expires":"{}",{}}})", rule,
                        conditions,
                        base::format_rfc3339(fake.clock.now() + base::Duration::days(30)), more));
    }

    net::Response patch(const FakeApi::Session& who, std::string_view path, int version,
                        std::string body) {
        return fake.ask_as(who, "PATCH", path, std::move(body),
                           {{"If-Match", fmt::format("\"{}\"", version)}});
    }

    const std::string kId = "11111111-1111-4111-8111-111111111111";
    const std::string kMany = "33333333-3333-4333-8333-333333333333";
    FakeApi fake;
    FakeApi::Session admin;
    FakeApi::Session analyst;
};

TEST_F(RuleLife, TellsWhoWroteARuleAndUnderWhichLicence) {
    const auto rule = get("/api/v1/rules/" + kId);
    EXPECT_EQ(rule.at("author").as_string(), "Somebody");
    EXPECT_EQ(rule.at("license").as_string(), "DRL-1.1");
    EXPECT_EQ(rule.at("maturity").as_string(), "test");
    EXPECT_EQ(rule.at("date").as_string(), "2026-01-02");
    EXPECT_EQ(rule.at("references").as_array().front().as_string(), "https://example.org/a");
    EXPECT_EQ(rule.at("related").as_array().front().at("type").as_string(), "derived");
    EXPECT_EQ(rule.at("false_positives_vi").as_array().front().as_string(), "Sao lưu");
    EXPECT_TRUE(rule.at("false_positive_ratio").is_null());
    EXPECT_TRUE(rule.at("cost").is_null());
}

TEST_F(RuleLife, AnExceptionIsDatedReasonedAndListed) {
    const net::Response made =
        except(kId, R"({"field":"source.ip","op":"cidr","value":"10.1.0.0/16"})");
    ASSERT_EQ(made.status, 201) << made.body;
    const auto one = FakeApi::json(made);
    EXPECT_EQ(one.at("state").as_string(), "active");
    EXPECT_EQ(one.at("created_by").as_string(), "admin");
    EXPECT_EQ(one.at("rule_title").as_string(), "Nested word");
    EXPECT_EQ(get("/api/v1/rules/" + kId).at("exceptions").as_int64(), 1);
    EXPECT_EQ(get("/api/v1/rules/exceptions?rule_id=" + kId).at("exceptions").as_array().size(),
              1U);
    EXPECT_EQ(get("/api/v1/rules/exceptions?state=expired").at("exceptions").as_array().size(), 0U);
    EXPECT_EQ(fake.rule_service->loading()->exceptions.size(), 1U);

    fake.clock.advance(base::Duration::days(31));
    analyst = fake.session_of("lan");
    EXPECT_EQ(get("/api/v1/rules/exceptions?state=expired").at("exceptions").as_array().size(), 1U);
    fake.rule_service->reload_if_changed();
    EXPECT_TRUE(fake.rule_service->loading()->exceptions.empty());
    EXPECT_EQ(get("/api/v1/rules/" + kId).at("exceptions").as_int64(), 0);
}

TEST_F(RuleLife, RefusesExceptionsThatCannotWork) {
    const std::string fine = R"({"field":"source.ip","op":"equals","value":"10.1.2.3"})";
    EXPECT_EQ(except("nothing", fine).status, 404);
    EXPECT_EQ(except(kId, "").status, 400);
    EXPECT_EQ(except(kId, R"({"field":"a|b","op":"equals","value":"x"})").status, 400);
    EXPECT_EQ(FakeApi::error_where(except(kId, R"({"field":"a","op":"cidr","value":"x"})")),
              "conditions[0].value");
    EXPECT_EQ(except(kId, R"({"field":"a","op":"matches","value":"x"})").status, 400);
    EXPECT_EQ(FakeApi::error_where(except(kId, fine, R"("reason":" ")")), "reason");
    EXPECT_EQ(FakeApi::error_where(except(
                  kId, fine, R"("reason":"x","unit_id":"00000000-0000-7000-8000-000000000001")")),
              "unit_id");
    // A correlation is excepted by what it groups by.
    EXPECT_EQ(except(kMany, R"({"field":"word","op":"equals","value":"evil"})").status, 400);
    EXPECT_EQ(except(kMany, fine).status, 201);
    EXPECT_EQ(fake.ask_as(analyst, "POST", "/api/v1/rules/exceptions", "{}").status, 403);
}

TEST_F(RuleLife, RemovesAnExceptionAndPutsItBack) {
    const auto made = FakeApi::json(except(kId, R"({"field":"a","op":"contains","value":"x"})"));
    const std::string path = "/api/v1/rules/exceptions/" + std::string(made.at("id").as_string());
    EXPECT_EQ(patch(analyst, path, 1, R"({"removed":true,"reason":"x"})").status, 403);
    EXPECT_EQ(patch(admin, path, 1, R"({"removed":true})").status, 400);
    EXPECT_EQ(patch(admin, path, 1, R"({"removed":true,"reason":"over"})").status, 200);
    const auto removed = get(path);
    EXPECT_EQ(removed.at("state").as_string(), "removed");
    EXPECT_EQ(removed.at("changed_reason").as_string(), "over");
    EXPECT_TRUE(fake.rule_service->loading()->exceptions.empty());
    EXPECT_EQ(patch(admin, path, 2, R"({"removed":false,"reason":"not yet"})").status, 200);
    EXPECT_EQ(fake.rule_service->loading()->exceptions.size(), 1U);
    EXPECT_EQ(patch(admin, path, 3, R"({"expires":"2020-01-01T00:00:00Z","reason":"x"})").status,
              400);
}

TEST_F(RuleLife, AnOldVersionChangesNoException) {
    const auto made = FakeApi::json(except(kId, R"({"field":"a","op":"contains","value":"x"})"));
    const std::string path = "/api/v1/rules/exceptions/" + std::string(made.at("id").as_string());
    EXPECT_EQ(fake.ask_as(analyst, "GET", path).headers["etag"], "\"1\"");
    const std::string remove = R"({"removed":true,"reason":"over"})";
    const net::Response unsaid = fake.ask_as(admin, "PATCH", path, remove);
    EXPECT_EQ(unsaid.status, 428);
    EXPECT_EQ(FakeApi::error_where(unsaid), "If-Match");
    const net::Response first = patch(admin, path, 1, remove);
    EXPECT_EQ(first.status, 200);
    EXPECT_EQ(first.headers["etag"], "\"2\"");
    const net::Response late = patch(admin, path, 1, R"({"removed":false,"reason":"mine"})");
    ASSERT_EQ(late.status, 412) << late.body;
    EXPECT_EQ(FakeApi::error_code(late), "conflict");
    const auto current = FakeApi::json(late).at("current").as_object();
    EXPECT_EQ(current.at("state").as_string(), "removed");
    EXPECT_EQ(current.at("version").as_int64(), 2);
    EXPECT_EQ(get(path).at("state").as_string(), "removed");
    EXPECT_EQ(fake.ask_as(admin, "PATCH", path, R"({"removed":false,"reason":"any"})",
                          {{"If-Match", "*"}})
                  .status,
              200);
}

TEST_F(RuleLife, AnOldVersionSwitchesNoRule) {
    const std::string path = "/api/v1/rules/" + kId;
    EXPECT_EQ(fake.ask_as(analyst, "GET", path).headers["etag"], "\"0\"");
    const std::string off = R"({"enabled":false,"reason":"noisy"})";
    EXPECT_EQ(fake.ask_as(admin, "PATCH", path, off).status, 428);
    EXPECT_EQ(patch(analyst, path, 0, off).status, 403);
    const net::Response first = patch(admin, path, 0, off);
    ASSERT_EQ(first.status, 200) << first.body;
    EXPECT_EQ(first.headers["etag"], "\"1\"");
    const net::Response late = patch(admin, path, 0, R"({"enabled":true})");
    ASSERT_EQ(late.status, 412) << late.body;
    EXPECT_EQ(FakeApi::error_code(late), "conflict");
    const auto current = FakeApi::json(late).at("current").as_object();
    EXPECT_FALSE(current.at("enabled").as_bool());
    EXPECT_EQ(current.at("disabled_reason").as_string(), "noisy");
    EXPECT_EQ(current.at("version").as_int64(), 1);
    EXPECT_FALSE(get(path).at("enabled").as_bool());
    EXPECT_EQ(fake.ask_as(admin, "PATCH", path, off, {{"If-Match", "first"}}).status, 400);
    EXPECT_EQ(patch(admin, path, 1, R"({"enabled":true})").status, 200);
    EXPECT_EQ(
        fake.ask_as(admin, "PATCH", path, R"({"enabled":false,"reason":"x"})", {{"If-Match", "*"}})
            .status,
        200);
}

TEST_F(RuleLife, ExplainsAndPreviewsForThoseWhoOnlyRead) {
    const std::string path = "/api/v1/rules/" + kId + "/explain";
    const auto told =
        FakeApi::json(fake.ask_as(analyst, "POST", path, R"({"event":"something evil"})"));
    EXPECT_EQ(told.at("verdict").as_string(), "other_source");  // the generic profile has none
    EXPECT_EQ(told.at("rule_id").as_string(), kId);
    EXPECT_TRUE(told.at("enabled").as_bool());
    EXPECT_EQ(told.at("condition").at("item").at("field").as_string(), "word");
    EXPECT_EQ(told.at("event").at("message").as_string(), "something evil");
    EXPECT_EQ(fake.ask_as(analyst, "POST", path, "{}").status, 400);
    EXPECT_EQ(fake.ask_as(analyst, "POST", path, R"({"event":"broken"})").status, 400);
    EXPECT_EQ(fake.ask_as(analyst, "POST", path, R"({"event_id":"77"})").status, 404);
    EXPECT_EQ(fake.ask_as(analyst, "POST", "/api/v1/rules/none/explain", R"({"event":"x"})").status,
              404);
    const auto effect = FakeApi::json(fake.ask_as(
        analyst, "POST", "/api/v1/rules/exceptions/preview",
        fmt::format(
            R"({{"rule_id":"{}","conditions":[{{"field":"word","op":"equals","value":"evil"}}]}})",
            kId)));
    EXPECT_EQ(effect.at("silenced").as_int64(), 0);
    EXPECT_FALSE(effect.at("partial").as_bool());
    EXPECT_TRUE(effect.at("scanned_from").is_null());
}

TEST_F(RuleLife, PreviewsARuleOverHistoryForThoseWhoMaySearch) {
    const std::string path = "/api/v1/rules/preview";
    const auto ask = [&](const std::string& body) {
        return fake.ask_as(analyst, "POST", path, body);
    };
    for (const std::string& id : {kId, kMany}) {
        const net::Response response = ask(fmt::format(R"({{"rule_id":"{}","from":"-30d"}})", id));
        ASSERT_EQ(response.status, 200) << response.body;
        const auto preview = FakeApi::json(response);
        EXPECT_EQ(preview.at("matched").as_int64(), 0);
        ASSERT_EQ(preview.at("rules").as_array().size(), 1U);
        EXPECT_EQ(preview.at("rules").as_array().front().at("rule_id").as_string(), id);
        EXPECT_TRUE(preview.at("first").is_null());
        EXPECT_FALSE(preview.at("partial").as_bool());
    }
    EXPECT_EQ(ask("{}").status, 400);
    EXPECT_EQ(ask(R"({"rule_id":"none"})").status, 404);
    EXPECT_EQ(FakeApi::error_where(
                  ask(fmt::format(R"({{"rule_id":"{}","from":"now","to":"-1d"}})", kId))),
              "to");
    // A draft may be refused, and says where.
    const net::Response refused = ask(
        R"({"text":"title: Draft\nlogsource: {product: x}\ndetection: {s: {a: 1}, condition: t}\n"})");
    EXPECT_EQ(refused.status, 400) << refused.body;
    EXPECT_TRUE(FakeApi::error_where(refused).starts_with("text")) << refused.body;
    EXPECT_EQ(ask(R"({"text":"title: Draft\n"})").status, 400);
    // One that counts a rule in force, or takes the place of one.
    const auto counted =
        FakeApi::json(ask(R"({"text":"title: D\nid: d\ncorrelation: {type: event_count, rules: [)"
                          + kId + R"(], timespan: 5m, condition: {gte: 2}}\n"})"));
    EXPECT_EQ(counted.at("rules").as_array().front().at("kind").as_string(), "correlation");
    const auto own = FakeApi::json(
        ask(R"({"text":"title: Mine\nid: )" + kId
            + R"(\nlogsource: {product: x}\ndetection: {s: {a: 1}, condition: s}\n"})"));
    EXPECT_EQ(own.at("rules").as_array().front().at("title").as_string(), "Mine");
    // Whoever may not search sees no matches.
    const std::string ingest = fake.token(TokenScope::Ingest);
    EXPECT_EQ(fake.ask_with(ingest, "POST", path, "{}").status, 403);
    EXPECT_EQ(fake.ask_with(fake.token(TokenScope::Read), "POST", path,
                            fmt::format(R"({{"rule_id":"{}"}})", kId))
                  .status,
              200);
}

TEST_F(RuleLife, ImportsPacksOnlyForThoseWhoMayChangeRules) {
    EXPECT_EQ(get("/api/v1/rules/packs").at("packs").as_array().size(), 0U);
    const std::string path = "/api/v1/rules/packs?name=own";
    EXPECT_EQ(fake.ask_as(analyst, "POST", path, "x").status, 403);
    EXPECT_EQ(fake.ask_as(admin, "POST", path, "no archive").status, 400);
    EXPECT_EQ(fake.ask_as(admin, "PATCH", "/api/v1/rules/packs/own", R"({"version":"1"})").status,
              404);
    EXPECT_EQ(fake.ask_as(admin, "DELETE", "/api/v1/rules/packs/own").status, 404);
}

constexpr std::string_view kOwn = R"(title: From a search
id: 22222222-2222-4222-8222-222222222222
level: medium
logsource: {product: test}
detection:
    sel:
        word: odd
    condition: sel
)";

TEST_F(RuleLife, ARuleWrittenInTheConsoleIsCheckedKeptAndRemoved) {
    const std::string body = boost::json::serialize(boost::json::object{{"text", kOwn}});
    const auto checked = FakeApi::json(fake.ask_as(analyst, "POST", "/api/v1/rules/check", body));
    EXPECT_TRUE(checked.at("loads").as_bool());
    EXPECT_EQ(checked.at("title").as_string(), "From a search");
    EXPECT_TRUE(checked.at("faults").as_array().empty());
    const std::string path = "/api/v1/rules/22222222-2222-4222-8222-222222222222";
    EXPECT_EQ(fake.ask_as(analyst, "GET", path).status, 404);
    EXPECT_EQ(fake.ask_as(analyst, "POST", "/api/v1/rules", body).status, 403);
    const net::Response made = fake.ask_as(admin, "POST", "/api/v1/rules", body);
    ASSERT_EQ(made.status, 201) << made.body;
    const auto rule = get(path);
    EXPECT_EQ(rule.at("text").as_string(), kOwn);
    EXPECT_EQ(rule.at("pack").at("name").as_string(), "console");
    EXPECT_EQ(rule.at("pack").at("version").as_string(), "1");

    const net::Response twice = fake.ask_as(admin, "POST", "/api/v1/rules", body);
    EXPECT_EQ(twice.status, 400);
    EXPECT_EQ(FakeApi::error_code(twice), "rule_refused");
    EXPECT_TRUE(twice.body.contains("taken by another rule")) << twice.body;
    EXPECT_EQ(fake.ask_as(analyst, "DELETE", path).status, 403);
    EXPECT_EQ(fake.ask_as(admin, "DELETE", "/api/v1/rules/" + kId).status, 409);
    EXPECT_EQ(fake.ask_as(admin, "DELETE", "/api/v1/rules/none").status, 404);
    EXPECT_EQ(fake.ask_as(admin, "DELETE", path).status, 204);
    EXPECT_EQ(fake.ask_as(analyst, "GET", path).status, 404);
    EXPECT_EQ(get("/api/v1/rules/packs").at("packs").as_array().size(), 0U);
}

TEST_F(RuleLife, SaysInWhichLineAWrittenRuleIsWrong) {
    const auto ask = [&](std::string text) {
        return fake.ask_as(admin, "POST", "/api/v1/rules",
                           boost::json::serialize(boost::json::object{{"text", text}}));
    };
    std::string text(kOwn);
    text.replace(text.find("condition: sel"), 14, "condition: other");
    const net::Response unknown = ask(text);
    ASSERT_EQ(unknown.status, 400) << unknown.body;
    EXPECT_TRUE(FakeApi::error_where(unknown).starts_with("line ")) << unknown.body;
    const auto faults = FakeApi::json(unknown).at("error").at("faults").as_array();
    ASSERT_EQ(faults.size(), 1U);
    EXPECT_FALSE(faults.front().at("warning").as_bool());
    const net::Response broken = ask("title: [\n");
    EXPECT_EQ(broken.status, 400);
    EXPECT_EQ(FakeApi::error_code(broken), "rule_refused");
    EXPECT_EQ(ask(std::string(kOwn).replace(kOwn.find("22222222-"), 9, "x")).status, 400);
    EXPECT_EQ(ask(std::string(kOwn) + "---\n" + std::string(kOwn)).status, 400);
    EXPECT_EQ(ask("# nothing\n").status, 400);
    EXPECT_EQ(ask("").status, 400);
    EXPECT_EQ(get("/api/v1/rules/packs").at("packs").as_array().size(), 0U);
}

TEST_F(RuleLife, EveryWrittenRuleIsAVersionOfOnePackAndOldOnesGo) {
    for (int i = 0; i < 23; ++i) {
        std::string text(kOwn);
        text.replace(text.find("id: 22"), 6, fmt::format("id: {:02}", i + 30));
        const net::Response made =
            fake.ask_as(admin, "POST", "/api/v1/rules",
                        boost::json::serialize(boost::json::object{{"text", text}}));
        ASSERT_EQ(made.status, 201) << made.body;
    }
    const auto packs = get("/api/v1/rules/packs").at("packs").as_array();
    ASSERT_EQ(packs.size(), 1U);
    EXPECT_EQ(packs.front().at("version").as_string(), "23");
    EXPECT_EQ(packs.front().at("versions").as_array().size(), 20U);
    EXPECT_EQ(get("/api/v1/rules").at("loaded").as_int64(), 25);
    const std::string first = "/api/v1/rules/30222222-2222-4222-8222-222222222222";
    EXPECT_EQ(fake.ask_as(admin, "DELETE", first).status, 204);
    EXPECT_EQ(get("/api/v1/rules").at("loaded").as_int64(), 24);
    // Back to the version before: the rule is there again.
    EXPECT_EQ(
        fake.ask_as(admin, "PATCH", "/api/v1/rules/packs/console", R"({"version":"23"})").status,
        200);
    EXPECT_EQ(fake.ask_as(analyst, "GET", first).status, 200);
}

TEST_F(RuleLife, CoversTechniquesAndExportsALayer) {
    const auto coverage = get("/api/v1/rules/coverage");
    const auto& techniques = coverage.at("techniques").as_array();
    ASSERT_EQ(techniques.size(), 1U);
    EXPECT_EQ(techniques.front().at("id").as_string(), "T1059.001");
    EXPECT_EQ(techniques.front().at("enabled").as_int64(), 1);
    EXPECT_EQ(coverage.at("rules_without_technique").as_int64(), 1);
    EXPECT_EQ(coverage.at("tactics").as_array().front().at("id").as_string(), "execution");
    const auto layer = get("/api/v1/rules/coverage/navigator");
    EXPECT_EQ(layer.at("versions").at("layer").as_string(), "4.5");
    ASSERT_EQ(layer.at("techniques").as_array().size(), 2U);  // and the parent
    EXPECT_EQ(layer.at("techniques").as_array().front().at("techniqueID").as_string(), "T1059");
}

}  // namespace
}  // namespace gac::api
