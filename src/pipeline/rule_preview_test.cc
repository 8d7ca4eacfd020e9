// What a rule would have found in history, counted.
#include "pipeline/rule_preview.h"

#include <gtest/gtest.h>

#include <filesystem>

#include <fmt/format.h>

#include "store/testing.h"

namespace gac::pipeline {
namespace {

// 2026-06-01 00:00 in Vietnam.
constexpr std::int64_t kMidnight = 1'780'246'800'000'000;
constexpr std::int64_t kMinute = 60'000'000;

constexpr std::string_view kFailed = R"(title: Failed
id: 11111111-1111-4111-8111-111111111111
name: failed
logsource: {product: linux, service: sshd}
detection: {s: {message|contains: Failed password}, condition: s}
level: low
)";
constexpr std::string_view kMany = R"(title: Many
id: 22222222-2222-4222-8222-222222222222
correlation: {type: event_count, rules: [failed], group-by: [host.name], timespan: 10m, condition: {gte: 5}}
level: high
)";
constexpr std::string_view kAccepted = R"(title: Accepted
id: 33333333-3333-4333-8333-333333333333
logsource: {product: linux, service: sshd}
detection: {s: {message|contains: Accepted password}, condition: s}
)";

class RulePreviewTest : public ::testing::Test {
protected:
    RulePreviewTest() {
        profiles = *event::ProfileSet::load(std::filesystem::path(GAC_SOURCE_DIR) / "profiles",
                                            base::Zone::utc());
        store = *store::Store::open({.folder = folder.path() / "events", .block_rows_max = 32},
                                    profiles, names);
        add({.minutes = 0, .events = 30, .message = "Failed password for root"});
        add({.minutes = 24 * 60, .events = 20, .message = "Failed password for admin"});
        add({.minutes = 30 * 60, .events = 100, .message = "session opened"});
        add({.minutes = 40 * 60, .events = 200, .message = "job", .process = "CRON"});
        EXPECT_TRUE(store->seal());
        texts = {
            {.path = "failed.yml", .yaml = std::string(kFailed), .stamp = {}, .unreadable = {}},
            {.path = "many.yml", .yaml = std::string(kMany), .stamp = {}, .unreadable = {}},
            {.path = "ok.yml", .yaml = std::string(kAccepted), .stamp = {}, .unreadable = {}}};
        options.profiles = profiles;
        compiled = *detect::compile(texts, options, nullptr);
        EXPECT_EQ(compiled->loaded(), 3U);
    }

    struct Some {
        int minutes;
        int events;
        std::string message;
        std::string process = "sshd";
    };
    void add(const Some& some) {
        event::EventBatch batch;
        for (int i = 0; i < some.events; ++i) {
            batch.begin();
            event::EventHead head;
            head.time.us = kMidnight + (some.minutes + i) * kMinute;
            head.received = head.time;
            head.profile = *profiles->find("linux");
            head.source = names->source_id(i % 2 == 0 ? "auth" : "other");
            batch.add_copy(event::intern("process.name"), some.process);
            batch.add_copy(event::intern("host.name"), i % 3 == 0 ? "web-1" : "web-2");
            batch.add_copy(event::field::Message, some.message);
            head.raw = batch.arena().copy(some.message);
            batch.end(head);
        }
        ASSERT_TRUE(store::testing::put(*store, batch));
    }
    Result<RulePreview> ask(PreviewQuestion question) {
        return preview_rule(
            *store, *names,
            {.texts = texts, .compiled = compiled, .exceptions = exceptions, .options = options},
            question);
    }
    Result<RulePreview> ask_id(std::string id) {
        return ask(
            {.rule_id = std::move(id), .text = {}, .range = {}, .only_sources = {}, .budget = {}});
    }
    Result<RulePreview> ask_text(std::string text) {
        return ask({.rule_id = {},
                    .text = std::move(text),
                    .range = {},
                    .only_sources = {},
                    .budget = {}});
    }

    const std::string kFailedId = "11111111-1111-4111-8111-111111111111";
    const std::string kManyId = "22222222-2222-4222-8222-222222222222";
    store::testing::TemporaryFolder folder;
    std::shared_ptr<const event::ProfileSet> profiles;
    std::shared_ptr<store::SourceNameTable> names = std::make_shared<store::SourceNameTable>();
    std::unique_ptr<store::Store> store;
    std::vector<detect::RuleText> texts;
    std::vector<response::RuleException> exceptions;
    detect::CompileOptions options;
    std::shared_ptr<const detect::RuleSet> compiled;
};

TEST_F(RulePreviewTest, CountsABuildingBlockByDayAndHost) {
    const auto preview = ask_id(kFailedId);
    ASSERT_TRUE(preview) << preview.error().message();
    EXPECT_EQ(preview->partial, "");
    EXPECT_EQ(preview->matched, 50U);
    ASSERT_EQ(preview->days.size(), 2U);
    EXPECT_EQ(preview->days[0].day.us, kMidnight);
    EXPECT_EQ(preview->days[0].matched, 30U);
    EXPECT_EQ(preview->days[1].matched, 20U);
    ASSERT_EQ(preview->hosts.size(), 2U);
    EXPECT_EQ(preview->hosts[0].host, "web-2");
    EXPECT_EQ(preview->hosts[0].matched, 33U);
    EXPECT_EQ(preview->hosts_all, 2U);
    ASSERT_EQ(preview->samples.size(), 10U);
    EXPECT_EQ(preview->samples[0].event, 50U);  // the newest
    EXPECT_EQ(preview->first->us, kMidnight);
    // What was not of sshd was not read, and of that only the failures.
    EXPECT_EQ(preview->judged_events, 50U);
    EXPECT_GE(preview->blocks_skipped, 6U);
}

TEST_F(RulePreviewTest, CountsFindingsOfACorrelation) {
    const auto preview = ask_id(kManyId);
    ASSERT_TRUE(preview) << preview.error().message();
    ASSERT_EQ(preview->rules.size(), 1U);
    EXPECT_EQ(preview->rules[0].rule->title, "Many");
    EXPECT_GT(preview->matched, 1U);
    EXPECT_LT(preview->matched, 50U);
    EXPECT_EQ(preview->rules[0].matched, preview->matched);
    EXPECT_EQ(preview->hosts[0].host, "web-2");  // web-1 fails too seldom
    EXPECT_EQ(preview->hosts_all, 1U);

    // The same as a draft that counts the loaded rule, and with its own copy of it.
    std::string draft(kMany);
    const auto as_draft = ask_text(draft);
    ASSERT_TRUE(as_draft) << as_draft.error().message();
    EXPECT_EQ(as_draft->matched, preview->matched);
    const auto whole = ask_text(std::string(kFailed) + "---\n" + draft);
    ASSERT_TRUE(whole) << whole.error().message();
    EXPECT_EQ(whole->matched, preview->matched);
}

TEST_F(RulePreviewTest, LooksWhereOneMayLookAndNoLongerThanAllowed) {
    PreviewQuestion question{.rule_id = kFailedId,
                             .text = {},
                             .range = {{kMidnight + 10 * kMinute}, {kMidnight + 20 * kMinute}},
                             .only_sources = {},
                             .budget = {}};
    EXPECT_EQ(ask(question)->matched, 10U);
    question.only_sources = {"auth"};
    EXPECT_EQ(ask(question)->matched, 5U);
    question.only_sources = std::vector<std::string>();
    EXPECT_EQ(ask(question)->matched, 0U);
    std::stop_source stop;
    stop.request_stop();
    question.budget.cancel = stop.get_token();
    const auto cancelled = ask(question);
    ASSERT_TRUE(cancelled);
    EXPECT_EQ(cancelled->partial, "cancelled");
}

TEST_F(RulePreviewTest, HeedsExceptionsInForce) {
    response::RuleException one;
    one.id = response::ExceptionId::make({kMidnight});
    one.rule_id = kFailedId;
    one.conditions = {{"host.name", response::ExceptionOp::Equals, "web-2"}};
    exceptions.push_back(one);
    EXPECT_EQ(ask_id(kFailedId)->matched, 17U);
    EXPECT_EQ(ask_id(kManyId)->matched, 0U);
    exceptions[0].rule_id = kManyId;  // from what the correlation finds
    EXPECT_EQ(ask_id(kFailedId)->matched, 50U);
    EXPECT_EQ(ask_id(kManyId)->matched, 0U);
}

TEST_F(RulePreviewTest, SaysWhatIsWrongWithADraft) {
    EXPECT_EQ(ask_id("none").error().code, Code::NotFound);
    const auto refused = ask_text(
        "title: T\nlogsource: {product: linux}\ndetection: {s: {a: 1}, condition: other}\n");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::InvalidArgument);
    EXPECT_TRUE(refused.error().where.starts_with("text")) << refused.error().message();
    EXPECT_TRUE(refused.error().text.contains("other")) << refused.error().message();
    EXPECT_FALSE(ask_text("title: T\n"));
    EXPECT_FALSE(ask_text(": ["));
    // A new version of a loaded rule is judged in its place.
    std::string draft(kFailed);
    draft.replace(draft.find("Failed password"), 15, "session opened ");
    draft.replace(draft.find("opened "), 7, "opened");
    const auto changed = ask_text(draft);
    ASSERT_TRUE(changed) << changed.error().message();
    EXPECT_EQ(changed->matched, 100U);
}

}  // namespace
}  // namespace gac::pipeline
