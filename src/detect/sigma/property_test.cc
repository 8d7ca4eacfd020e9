// The engine against the reference, on random rules and events; and two engines on one set.
#include <algorithm>
#include <cstdlib>

#include "detect/random_rules.h"
#include "detect/sigma/parts.h"
#include "detect/sigma/reference.h"

namespace gac::detect::testing {
namespace {

// GAC_PROPERTY_ROUNDS=10000 for a long run.
std::size_t rounds() {
    const char* given = std::getenv("GAC_PROPERTY_ROUNDS");
    return given == nullptr || *given == 0 ? 1'000 : static_cast<std::size_t>(std::atoll(given));
}

void hold_against_reference(std::uint64_t seed) {
    RandomRules random(seed);
    std::vector<RuleText> texts;
    const std::size_t rules = 1 + random.below(40);
    for (std::size_t i = 0; i < rules; ++i) {
        texts.push_back({"r" + std::to_string(i), random.rule(i)});
    }
    CompileOptions options;
    options.profiles = shipped_profiles();
    std::vector<RuleFault> faults;
    const auto set = compile(texts, options, &faults);
    ASSERT_TRUE(set.has_value());
    const auto windows = options.profiles->find("windows");
    ASSERT_TRUE(windows.has_value());
    Engine engine(*set);
    event::EventBatch batch;
    for (std::size_t i = 0; i < 60; ++i) {
        Head head;
        head.profile = random.chance(20) ? event::ProfileId{} : *windows;
        head.json = !random.chance(4);
        head.lazy = random.chance(2);
        if (!head.json) {
            head.raw = "x" + random.word() + random.word();  // never what looks like JSON
        }
        add_event(batch, random.event(), head);
    }
    std::vector<event::Detection> out;
    engine.match(batch, out);
    const RuleSet::Parts& parts = (*set)->parts();
    for (std::uint32_t row = 0; row < batch.size(); ++row) {
        for (std::uint32_t rule = 0; rule < parts.rules.size(); ++rule) {
            const bool fast = std::ranges::any_of(out, [&](const event::Detection& d) {
                return d.row == row && d.rule == parts.rules[rule].rule.info;
            });
            const bool slow = sigma::reference_matches(parts, rule, batch[row]);
            const std::string& id = parts.rules[rule].rule.info->id;
            ASSERT_EQ(fast, slow) << "seed " << seed << " rule\n"
                                  << texts[static_cast<std::size_t>(std::atoi(id.c_str() + 5))].yaml
                                  << "event " << batch[row].head().raw;
        }
    }
}

TEST(Property, EngineAgreesWithReference) {
    for (std::uint64_t seed = 1; seed <= rounds(); ++seed) {
        hold_against_reference(seed);
        if (HasFatalFailure()) {
            return;
        }
    }
}

TEST(Property, RandomRulesMostlyLoadAndMatch) {
    // Guards the property above against testing nothing.
    RandomRules random(7);
    std::vector<RuleText> texts;
    for (std::size_t i = 0; i < 200; ++i) {
        texts.push_back({"r", random.rule(i)});
    }
    CompileOptions options;
    options.profiles = shipped_profiles();
    const auto set = compile(texts, options, nullptr);
    ASSERT_TRUE(set.has_value());
    EXPECT_GT((*set)->loaded(), 120U);
    Engine engine(*set);
    event::EventBatch batch;
    for (std::size_t i = 0; i < 200; ++i) {
        add_event(batch, random.event(), {.profile = *options.profiles->find("windows")});
    }
    std::vector<event::Detection> out;
    engine.match(batch, out);
    EXPECT_GT(out.size(), 500U);
}

}  // namespace
}  // namespace gac::detect::testing
