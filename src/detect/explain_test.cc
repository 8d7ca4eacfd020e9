#include "detect/explain.h"

#include <algorithm>

#include "detect/random_rules.h"
#include "detect/sigma/parts.h"

namespace gac::detect::testing {
namespace {

const std::string kProcess = R"(title: Encoded shell
id: 11111111-2222-3333-4444-555555555555
logsource: {product: windows, category: process_creation}
detection:
    shell:
        Image|endswith: ['\powershell.exe', '\pwsh.exe']
    flag:
        CommandLine|contains: ' -enc'
    known:
        User: backup
    condition: shell and flag and not known
)";

class Explain : public ::testing::Test {
protected:
    Explanation of(const std::string& yaml, const Fields& fields,
                   const std::vector<RuleText>& more = {}) {
        CompileOptions options;
        options.profiles = shipped_profiles();
        std::vector<RuleText> texts{{"rule.yml", yaml}};
        texts.insert(texts.end(), more.begin(), more.end());
        std::vector<RuleFault> faults;
        const auto set = compile(texts, options, &faults);
        EXPECT_TRUE(set && faults.empty()) << (faults.empty() ? "" : faults.front().reason);
        event::EventBatch batch;
        Head head;
        head.profile = *options.profiles->find("windows");
        add_event(batch, fields, head);
        const auto told = explain(**set, "rule.yml", batch[0]);
        EXPECT_TRUE(told.has_value());
        return *told;
    }
    static Fields started(std::string image, std::string line) {
        return {{"Channel", "Microsoft-Windows-Sysmon/Operational"},
                {"EventID", std::int64_t{1}},
                {"Image", std::move(image)},
                {"CommandLine", std::move(line)}};
    }
};

TEST_F(Explain, TellsWhichConditionHoldsAndWhatTheEventSays) {
    const auto told = of(kProcess, started("C:\\xPowerShell.exe", "powershell -Enc AAAA"));
    EXPECT_EQ(told.verdict, Explained::NoMatch);
    ASSERT_TRUE(told.condition);
    const auto match = of(kProcess, started("C:\\x\\PowerShell.exe", "powershell -Enc AAAA"));
    EXPECT_EQ(match.verdict, Explained::Match);
    EXPECT_TRUE(match.source_holds);
    std::string json;
    append_explanation_json(match, json);
    EXPECT_TRUE(json.contains(R"("selection":"shell")")) << json;
    EXPECT_TRUE(
        json.contains(R"({"op":"endswith","value":"\\powershell.exe","cased":false,"hit":true})"))
        << json;
    EXPECT_TRUE(json.contains(R"("value":"C:\\x\\PowerShell.exe")")) << json;
    EXPECT_TRUE(json.contains(R"("field":"User","expected":[{"op":"equals","value":"backup")"))
        << json;
}

TEST_F(Explain, SaysWhyTheRuleIsNotAsked) {
    Fields other = started("C:\\x\\pwsh.exe", "pwsh -enc AAAA");
    other[1].second = std::int64_t{3};
    const auto told = of(kProcess, other);
    EXPECT_EQ(told.verdict, Explained::OtherSource);
    ASSERT_FALSE(told.ways.empty());
    const auto failing = std::ranges::find(told.ways.front().when, false, &ExplainedItem::holds);
    ASSERT_NE(failing, told.ways.front().when.end());
    EXPECT_TRUE(told.condition && told.condition->holds);  // as if the source fitted
    EXPECT_TRUE(explanation_text(told).contains("another log source"));
}

TEST_F(Explain, TellsOfMissingFieldsAndExceptions) {
    const RuleText exception{std::string(kExceptionPath) + "E1",
                             "title: x\nfilter:\n  rules: any\n  c0:\n    CommandLine|contains: "
                             "AAAA\n  condition: not (c0)\n"};
    const auto told = of(kProcess, started("C:\\x\\pwsh.exe", "pwsh -enc AAAA"), {exception});
    EXPECT_EQ(told.verdict, Explained::NoMatch);
    std::string json;
    append_explanation_json(told, json);
    EXPECT_TRUE(json.contains(R"("holds":false,"exception":"E1")")) << json;
    EXPECT_TRUE(json.contains(R"("expected_count":1,"actual":null)")) << json;  // no User
}

TEST_F(Explain, ShowsWhatACorrelationRefersTo) {
    const std::string counted = R"(title: Many
id: 99999999-2222-3333-4444-555555555555
correlation:
    type: event_count
    rules: [11111111-2222-3333-4444-555555555555]
    group-by: [User]
    timespan: 5m
    condition: {gte: 3}
)";
    const auto told =
        of(counted, started("C:\\x\\pwsh.exe", "pwsh -enc AAAA"), {{"base.yml", kProcess}});
    EXPECT_EQ(told.verdict, Explained::Correlation);
    EXPECT_FALSE(told.condition);
    ASSERT_EQ(told.references.size(), 1U);
    EXPECT_EQ(told.references.front().verdict, Explained::Match);
}

TEST_F(Explain, AgreesWithTheEngineOnRandomRulesAndEvents) {
    std::size_t matches = 0;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        RandomRules random(seed);
        std::vector<RuleText> texts;
        for (std::size_t i = 0; i < 20; ++i) {
            texts.push_back({"r" + std::to_string(i), random.rule(i)});
        }
        CompileOptions options;
        options.profiles = shipped_profiles();
        const auto set = compile(texts, options, nullptr);
        ASSERT_TRUE(set.has_value());
        event::EventBatch batch;
        for (std::size_t i = 0; i < 30; ++i) {
            Head head;
            head.profile =
                random.chance(20) ? event::ProfileId{} : *options.profiles->find("windows");
            head.json = !random.chance(4);
            if (!head.json) {
                head.raw = random.word() + random.word();
            }
            add_event(batch, random.event(), head);
        }
        Engine engine(*set);
        std::vector<event::Detection> out;
        engine.match(batch, out);
        matches += out.size();
        for (std::uint32_t row = 0; row < batch.size(); ++row) {
            for (const auto& rule : (*set)->rules()) {
                const bool fast = std::ranges::any_of(
                    out, [&](const event::Detection& d) { return d.row == row && d.rule == rule; });
                const auto told = explain(**set, rule->id, batch[row]);
                ASSERT_TRUE(told.has_value());
                ASSERT_EQ(told->verdict == Explained::Match, fast)
                    << "seed " << seed << " " << rule->path << "\n"
                    << explanation_text(*told);
            }
        }
    }
    EXPECT_GT(matches, 200U);
}

}  // namespace
}  // namespace gac::detect::testing
