// Exceptions from end to end: stored, compiled in, in force, expired; and their preview over stored
// history.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <optional>

#include "detect/engine.h"
#include "ingest/decoder.h"
#include "pipeline/exception_filter.h"
#include "pipeline/exception_preview.h"
#include "pipeline/source_table.h"
#include "response/desk_fixture.h"
#include "store/store.h"

namespace gac::pipeline {
namespace {

using response::ExceptionOp;
using response::NewException;

constexpr std::string_view kProfile = R"(
name: test
format: json
logsources:
    - {category: test}
fields:
    host.name: host
    source.ip: ip
)";

constexpr std::string_view kRule = R"(
title: Word seen
id: 11111111-2222-4333-8444-555555555555
logsource: {category: test}
detection:
    selection: {word: danger}
    condition: selection
level: high
)";

constexpr std::string_view kMany = R"(
title: Many words
id: 22222222-2222-4333-8444-555555555555
correlation:
    type: event_count
    rules: [11111111-2222-4333-8444-555555555555]
    group-by: [source.ip]
    timespan: 5m
    condition: {gte: 2}
    generate: true
level: high
)";

const std::string kId = "11111111-2222-4333-8444-555555555555";
const std::string kManyId = "22222222-2222-4333-8444-555555555555";

class ExceptionTest : public ::testing::Test {
protected:
    void SetUp() override {
        std::filesystem::create_directories(folder_ / "profiles");
        std::filesystem::create_directories(folder_ / "rules");
        std::ofstream(folder_ / "profiles" / "test.yaml") << kProfile;
        std::ofstream(folder_ / "rules" / "word.yml") << kRule;
        std::ofstream(folder_ / "rules" / "many.yml") << kMany;
        profiles_ = *event::ProfileSet::load(folder_ / "profiles", base::Zone::utc());
        rules_.emplace(RuleSources{{folder_ / "rules"}, profiles_, {}, {}}, desk_.rules(),
                       desk_.rule_exceptions(), clock_);
        ASSERT_TRUE(rules_->reload());
        store_ = *store::Store::open({.folder = folder_ / "events"}, profiles_, sources_);
    }

    // One event a line, a second apart.
    event::EventBatch decode(std::initializer_list<std::string_view> lines) {
        auto decoder = *ingest::make_decoder("json", {.profiles = profiles_});
        ingest::Origin origin;
        origin.source = *sources_->find_or_add("one", "http");
        origin.profile = *profiles_->find("test");
        event::EventBatch batch;
        for (const std::string_view line : lines) {
            origin.received = clock_.now() + base::Duration::seconds(batch.size());
            decoder->decode(line, origin, batch);
        }
        return batch;
    }
    void keep(std::initializer_list<std::string_view> lines) {
        event::EventBatch batch = decode(lines);
        batch.set_first_id(store_->reserve(batch.size()));
        ASSERT_TRUE(store_->append(batch));
    }
    std::size_t found(std::initializer_list<std::string_view> lines, const std::string& rule) {
        event::EventBatch batch = decode(lines);
        batch.set_first_id(1);
        detect::Engine engine(rules_->active().get());
        std::vector<event::Detection> detections;
        engine.match(batch, detections);
        rules_->drop_excepted(detections);
        return static_cast<std::size_t>(std::ranges::count_if(
            detections, [&](const auto& one) { return one.rule->id == rule; }));
    }
    NewException except(std::string rule, std::string field, ExceptionOp op, std::string value) {
        NewException wanted;
        wanted.rule_id = std::move(rule);
        wanted.conditions = {{std::move(field), op, std::move(value)}};
        wanted.reason = "our own scanner";
        wanted.expires = clock_.now() + base::Duration::days(30);
        return wanted;
    }
    void add(const NewException& wanted) {
        const auto made = desk_.rule_exceptions().add(access::Actor::system("test"), wanted);
        ASSERT_TRUE(made) << made.error().message();
        ASSERT_TRUE(rules_->reload());
    }
    ExceptionEffect effect(const NewException& wanted) {
        EffectQuestion question;
        static_cast<NewException&>(question.exception) = wanted;
        question.exception.id = response::ExceptionId::make(clock_.now());
        question.from = clock_.now() - base::Duration::days(30);
        question.to = clock_.now() + base::Duration::hours(1);
        question.end = store_->stats().next_id;
        question.time_max = base::Duration::seconds(60);
        question.cancel = cancel_.get_token();
        const auto told = preview_exception(*store_, *rules_, question);
        EXPECT_TRUE(told) << told.error().message();
        return told.value_or(ExceptionEffect{});
    }

    base::FakeClock clock_{base::TimePoint{1'790'000'000'000'000}};
    response::DeskFixture desk_{clock_};
    std::filesystem::path folder_ = desk_.folder();
    std::shared_ptr<const event::ProfileSet> profiles_;
    std::shared_ptr<SourceTable> sources_ = std::make_shared<SourceTable>();
    std::optional<RuleService> rules_;
    std::unique_ptr<store::Store> store_;
    std::stop_source cancel_;
};

constexpr std::string_view kFromScanner = R"({"word":"danger","ip":"10.1.2.3","host":"a"})";
constexpr std::string_view kFromOther = R"({"word":"danger","ip":"203.0.113.9","host":"B*d\\1"})";

TEST_F(ExceptionTest, SilencesWhatItNamesAndNothingElse) {
    const auto both = {kFromScanner, kFromOther};
    EXPECT_EQ(found(both, kId), 2U);
    add(except(kId, "source.ip", ExceptionOp::Cidr, "10.1.0.0/16"));
    EXPECT_EQ(found(both, kId), 1U);
    EXPECT_EQ(found({kFromOther}, kId), 1U);
    // The value is taken as it is: no wildcards, a backslash is one; letters' case does not count.
    add(except("", "host.name", ExceptionOp::Equals, "b*D\\1"));
    EXPECT_EQ(found(both, kId), 0U);
    EXPECT_EQ(found({R"({"word":"danger","ip":"203.0.113.9","host":"Bad\\1"})"}, kId), 1U);
}

TEST_F(ExceptionTest, KnowsEveryComparison) {
    for (const auto& [op, hit, miss] : {std::tuple{ExceptionOp::StartsWith, "203.0", "3.0"},
                                        std::tuple{ExceptionOp::EndsWith, ".113.9", "113"},
                                        std::tuple{ExceptionOp::Contains, ".0.113", "0113"}}) {
        EXPECT_EQ(effect(except(kId, "ip", op, hit)).silenced, 0U);
        const auto of = [&](const char* value) {
            response::RuleException one;
            static_cast<NewException&>(one) = except(kId, "ip", op, value);
            one.id = response::ExceptionId::make(clock_.now());
            const std::vector<detect::RuleText> texts = {{"r", std::string(kRule)},
                                                         exception_filter(one)};
            std::vector<detect::RuleFault> faults;
            const auto set = detect::compile(texts, rules_->compile_options(), &faults);
            EXPECT_TRUE(faults.empty());
            event::EventBatch batch = decode({kFromOther});
            detect::Engine engine(*set);
            std::vector<event::Detection> detections;
            engine.match(batch, detections);
            return detections.size();
        };
        EXPECT_EQ(of(hit), 0U) << hit;
        EXPECT_EQ(of(miss), 1U) << miss;
    }
}

TEST_F(ExceptionTest, StopsByItselfAndSaysSoInTheAuditTrail) {
    add(except(kId, "source.ip", ExceptionOp::Equals, "10.1.2.3"));
    EXPECT_EQ(found({kFromScanner}, kId), 0U);
    clock_.advance(base::Duration::days(29));
    rules_->reload_if_changed();
    EXPECT_EQ(found({kFromScanner}, kId), 0U);
    clock_.advance(base::Duration::days(1));
    rules_->reload_if_changed();
    EXPECT_EQ(found({kFromScanner}, kId), 1U);
    constexpr std::string_view kNoted =
        "SELECT count(*) FROM audit WHERE action = 'rule_exception.expire'";
    EXPECT_EQ(desk_.number(kNoted), 1);
    rules_->reload_if_changed();
    EXPECT_EQ(desk_.number(kNoted), 1);  // once
}

TEST_F(ExceptionTest, ExceptsACorrelationByItsGroup) {
    const auto twice = {kFromScanner, kFromScanner, kFromOther, kFromOther};
    EXPECT_EQ(found(twice, kManyId), 2U);
    add(except(kManyId, "source.ip", ExceptionOp::Equals, "10.1.2.3"));
    EXPECT_EQ(found(twice, kManyId), 1U);
    EXPECT_EQ(found(twice, kId), 4U);  // what it counts still speaks for itself
    // An exception from the rule that is counted keeps its events out of the count.
    add(except(kId, "source.ip", ExceptionOp::Equals, "203.0.113.9"));
    EXPECT_EQ(found(twice, kManyId), 0U);
}

TEST_F(ExceptionTest, AUnitsExceptionIsForItsHostsAlone) {
    const auto both = {R"({"word":"danger","ip":"10.1.2.3","host":"a"})",
                       R"({"word":"danger","ip":"10.1.2.3","host":"a2.xa"})"};
    response::RuleException one;
    static_cast<NewException&>(one) = except(kId, "source.ip", ExceptionOp::Equals, "10.1.2.3");
    one.id = response::ExceptionId::make(clock_.now());
    one.unit = base::UnitId::make(clock_.now());
    const auto count = [&] {
        const std::vector<detect::RuleText> texts = {{"r", std::string(kRule)},
                                                     exception_filter(one)};
        std::vector<detect::RuleFault> faults;
        const auto set = detect::compile(texts, rules_->compile_options(), &faults);
        EXPECT_TRUE(faults.empty()) << faults.front().reason;
        event::EventBatch batch = decode({both.begin()[0], both.begin()[1]});
        detect::Engine engine(*set);
        std::vector<event::Detection> detections;
        engine.match(batch, detections);
        return detections.size();
    };
    EXPECT_EQ(count(), 2U);  // a unit without hosts has no events
    one.hosts = {"A", "10.9.9.9"};
    EXPECT_EQ(count(), 1U);
    one.hosts = {"a", "a2"};
    EXPECT_EQ(count(), 0U);
}

TEST_F(ExceptionTest, PreviewTellsWhatHistoryWouldHaveBeenSilenced) {
    keep({kFromScanner, kFromOther, R"({"word":"calm","ip":"10.1.2.3"})", kFromScanner});
    const auto wanted = except(kId, "source.ip", ExceptionOp::Cidr, "10.0.0.0/8");
    const auto told = effect(wanted);
    EXPECT_EQ(told.scanned_events, 4U);
    EXPECT_EQ(told.matched, 3U);
    EXPECT_EQ(told.silenced, 2U);
    ASSERT_EQ(told.samples.size(), 2U);
    EXPECT_EQ(told.samples.front().first, kId);
    EXPECT_EQ(told.rules.size(), 1U);
    EXPECT_EQ(told.partial, "");
    // What is excepted already is not counted again.
    add(except(kId, "source.ip", ExceptionOp::Equals, "10.1.2.3"));
    EXPECT_EQ(effect(wanted).silenced, 0U);
    EXPECT_EQ(effect(wanted).matched, 1U);
    // All rules, and a correlation.
    const auto all = effect(except("", "word", ExceptionOp::Contains, "ang"));
    EXPECT_EQ(all.matched, 1U);
    EXPECT_EQ(all.silenced, 1U);
    keep({kFromOther});
    const auto many = effect(except(kManyId, "source.ip", ExceptionOp::Equals, "203.0.113.9"));
    EXPECT_EQ(many.matched, 1U);
    EXPECT_EQ(many.silenced, 1U);
}

TEST_F(ExceptionTest, PreviewLeavesOutOlderEventsAndSaysWhenItWasStopped) {
    keep({kFromScanner});
    clock_.advance(base::Duration::days(31));
    keep({kFromScanner});
    const auto wanted = except(kId, "source.ip", ExceptionOp::Cidr, "10.0.0.0/8");
    EXPECT_EQ(effect(wanted).matched, 1U);
    cancel_.request_stop();
    EXPECT_EQ(effect(wanted).partial, "cancelled");
}

}  // namespace
}  // namespace gac::pipeline
