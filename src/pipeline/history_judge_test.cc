// Rules over history equal the same rules on every event, one by one.
#include "pipeline/history_judge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "detect/correlator.h"
#include "detect/engine.h"
#include "detect/random_rules.h"
#include "store/testing.h"

namespace gac::pipeline {
namespace {

using detect::testing::RandomRules;
using detect::testing::shipped_profiles;

constexpr std::int64_t kStart = 1'780'000'000'000'000;
constexpr std::int64_t kSecond = 1'000'000;

std::string text_of(const event::Detection& hit, const std::string& source,
                    const std::string& host) {
    std::set<std::string> matched;
    for (const event::Matched& one : hit.matched) {
        matched.insert(one.field + "=" + one.value);
    }
    std::string group;
    for (const auto& [field, value] : hit.group) {
        group += field + "=" + value + ";";
    }
    return fmt::format("{} {} {} [{}] {} ({}) {} {}", hit.rule->id, hit.time.us, hit.count,
                       fmt::join(hit.events, ","), group, fmt::join(matched, ","), source, host);
}

struct Taken final : HistoryUse {
    bool take(HistoryHit hit) override {
        EXPECT_TRUE(hit.detection.rule->kind == event::DetectionKind::Correlation
                    || hit.detection.time >= passed_to);
        hits.push_back(text_of(hit.detection, hit.source, hit.host));
        return hits.size() < most;
    }
    void passed(base::TimePoint before) override {
        EXPECT_GE(before.us, passed_to.us);
        passed_to = before;
    }
    std::vector<std::string> hits;
    std::size_t most = ~std::size_t{0};
    base::TimePoint passed_to{std::numeric_limits<std::int64_t>::min()};
};

// A store with its own memory of what went in.
struct History {
    explicit History(std::uint32_t block_rows)
        : store(*store::Store::open({.folder = folder.path() / "events",
                                     .memory_rows_max = 700,
                                     .block_rows_max = block_rows,
                                     .search_threads = 3},
                                    shipped_profiles(), names)) {}

    void put(event::EventBatch&& batch) {
        ASSERT_TRUE(store::testing::put(*store, batch));
        batches.push_back(std::move(batch));
    }

    // Every event of the range, judged one by one.
    std::vector<std::string> judged_plainly(const JudgeQuestion& question) {
        detect::Engine engine(question.rules);
        detect::CorrelationFeed all;
        std::vector<std::string> out;
        std::map<event::EventId, std::pair<std::string, std::string>> places;
        for (const event::EventBatch& batch : batches) {
            std::vector<event::Detection> hits;
            detect::CorrelationFeed feed;
            engine.match(batch, hits, feed);
            const auto counts = [&](std::uint32_t row) {
                const event::EventHead& head = batch.heads()[row];
                return question.range.contains(head.time)
                       && (!question.only_sources
                           || std::ranges::count(*question.only_sources,
                                                 names->source_name(head.source))
                                  > 0);
            };
            const auto place = [&](std::uint32_t row) {
                const event::EventHead& head = batch.heads()[row];
                std::string host;
                for (const event::FieldId field :
                     (*shipped_profiles())[head.profile].resolve("host.name")) {
                    const event::ValueRef* value = batch[row].find(field);
                    host = value != nullptr && host.empty() ? value->string() : host;
                }
                return std::pair(names->source_name(head.source), host);
            };
            for (const event::Detection& hit : hits) {
                if (counts(hit.row)) {
                    const auto [source, host] = place(hit.row);
                    out.push_back(text_of(hit, source, host));
                }
            }
            for (detect::CorrelationFeed::Input input : feed.inputs) {
                if (counts(input.row)) {
                    places[input.event] = place(input.row);
                    const auto at = static_cast<std::uint32_t>(all.texts.size());
                    all.texts.append(feed.texts, input.group_at, input.group_size);
                    input.group_at = at;
                    all.inputs.push_back(input);
                }
            }
        }
        std::ranges::sort(all.inputs, [](const auto& a, const auto& b) {
            return std::tie(a.time, a.event, a.correlation, a.reference)
                   < std::tie(b.time, b.event, b.correlation, b.reference);
        });
        for (std::uint32_t i = 0; i < all.inputs.size(); ++i) {
            all.inputs[i].row = i;
        }
        detect::Correlator correlator(question.rules, {});
        std::vector<event::Detection> hits;
        correlator.take(all, hits);
        for (const event::Detection& hit : hits) {
            const auto& [source, host] = places.at(hit.events.back());
            out.push_back(text_of(hit, source, host));
        }
        return out;
    }

    store::testing::TemporaryFolder folder;
    std::shared_ptr<store::SourceNameTable> names = std::make_shared<store::SourceNameTable>();
    std::unique_ptr<store::Store> store;
    std::vector<event::EventBatch> batches;
};

std::shared_ptr<const detect::RuleSet> random_rules(RandomRules& random, std::size_t rules,
                                                    bool correlate) {
    std::vector<detect::RuleText> texts;
    for (std::size_t i = 0; i < rules; ++i) {
        texts.push_back({fmt::format("r{}", i), random.rule(i)});
    }
    if (correlate) {
        texts.push_back({"c",
                         "title: C\nid: many\ncorrelation:\n    type: event_count\n    rules: "
                         "[rule-0]\n    group-by: [Computer]\n    timespan: 5m\n    "
                         "generate: true\n    condition: {gte: 3}\n"});
    }
    return *detect::compile(texts, {.profiles = shipped_profiles()}, nullptr);
}

// GAC_PROPERTY_ROUNDS=1000 for a long run.
std::uint64_t rounds() {
    const char* given = std::getenv("GAC_PROPERTY_ROUNDS");
    return given == nullptr || *given == 0 ? 36 : std::strtoull(given, nullptr, 10);
}

std::vector<std::string> sorted(std::vector<std::string> lines) {
    std::ranges::sort(lines);
    return lines;
}

TEST(HistoryJudgeProperty, EqualsJudgingEveryEvent) {
    const event::ProfileId windows = *shipped_profiles()->find("windows");
    const event::ProfileId linux_profile = *shipped_profiles()->find("linux");
    std::uint64_t skipped = 0;
    std::uint64_t spared = 0;
    std::uint64_t found = 0;
    std::uint64_t correlated = 0;
    for (std::uint64_t round = 0; round < rounds(); ++round) {
        RandomRules random(round + 1);
        History history(round % 3 == 0 ? 16 : 64);
        for (int b = 0; b < 4; ++b) {
            event::EventBatch batch;
            // Hours of one kind of event, so that there are blocks to skip.
            const bool other = round % 4 == 3 ? b == 1 : b % 2 == 1;
            for (int i = 0; i < 250; ++i) {
                detect::testing::Head head;
                head.profile = other ? linux_profile : windows;
                head.time.us =
                    kStart + (b * 3600 + static_cast<std::int64_t>(random.below(4000))) * kSecond;
                head.json = !random.chance(4);
                if (!head.json) {
                    head.raw = "x" + random.word() + random.word();
                }
                detect::testing::Fields fields = random.event();
                fields.emplace_back("Computer", fmt::format("pc-{}", random.below(4)));
                detect::testing::add_event(batch, fields, head);
                event::EventHead& made = batch.heads().back();
                made.source = history.names->source_id(random.chance(2) ? "a" : "b");
                if (round % 5 != 0 && random.chance(20)) {  // a clock that runs ahead
                    made.received.us -= 3 * 3600 * kSecond;
                }
            }
            history.put(std::move(batch));
        }
        if (round % 3 != 1) {
            ASSERT_TRUE(history.store->seal());
        }
        if (round % 6 == 2) {
            ASSERT_TRUE(history.store->merge());
        }
        JudgeQuestion question{
            .rules = random_rules(random, round % 7 == 6 ? 60 : 1 + round % 3, round % 2 == 0),
            .range = {},
            .only_sources = {},
            .newest_first = round % 4 == 1,
            .budget = {}};
        if (round % 5 == 0) {
            question.inputs_kept = 10;
        }
        if (round % 6 == 4) {
            question.range = {{kStart + 1800 * kSecond}, {kStart + 9000 * kSecond}};
        }
        if (round % 8 == 5) {
            question.only_sources = {"a"};
        }
        Taken taken;
        const auto report =
            judge_history(*history.store, *shipped_profiles(), *history.names, question, taken);
        ASSERT_TRUE(report) << report.error().message();
        EXPECT_EQ(report->partial, "");
        EXPECT_EQ(report->matches, taken.hits.size());
        EXPECT_EQ(report->late, 0U);
        const std::vector<std::string> expected = history.judged_plainly(question);
        ASSERT_EQ(sorted(taken.hits), sorted(expected)) << "round " << round;
        found += expected.size();
        skipped += report->skips.skipped();
        spared += 1000 - report->judged_events;
        correlated += static_cast<std::uint64_t>(std::ranges::count_if(
            expected, [](const std::string& line) { return line.starts_with("many "); }));
    }
    // Guards against testing nothing.
    EXPECT_GT(found, 2'000U);
    EXPECT_GT(correlated, 30U);
    EXPECT_GT(skipped, 200U);
    EXPECT_GT(spared, 12'000U);
}

TEST(HistoryJudge, TellsWhyItStopped) {
    RandomRules random(3);
    History history(16);
    event::EventBatch batch;
    for (int i = 0; i < 400; ++i) {
        detect::testing::add_event(
            batch, {{"EventID", std::int64_t{4688}}, {"Channel", std::string("Security")}},
            {.time = {kStart + i * kSecond}, .profile = *shipped_profiles()->find("windows")});
    }
    history.put(std::move(batch));
    ASSERT_TRUE(history.store->seal());
    const std::vector<detect::RuleText> texts{
        {"r",
         "title: R\nid: r\nlogsource: {product: windows}\ndetection: {s: {EventID: 4688}, "
         "condition: s}\n"}};
    JudgeQuestion question{
        .rules = *detect::compile(texts, {.profiles = shipped_profiles()}, nullptr),
        .range = {},
        .only_sources = {},
        .budget = {}};
    const auto ask = [&](std::size_t most) {
        Taken taken;
        taken.most = most;
        auto report =
            judge_history(*history.store, *shipped_profiles(), *history.names, question, taken);
        EXPECT_TRUE(report);
        return std::pair(*std::move(report), taken.hits.size());
    };
    EXPECT_EQ(ask(1000).second, 400U);
    EXPECT_EQ(ask(7).second, 7U);
    std::stop_source stop;
    stop.request_stop();
    question.budget.cancel = stop.get_token();
    const auto [cancelled, hits] = ask(1000);
    EXPECT_EQ(cancelled.partial, "cancelled");
    EXPECT_EQ(hits, 0U);
    question.budget.cancel = {};
    question.budget.time_max = base::Duration{0};
    EXPECT_TRUE(ask(1000).first.partial.contains("not finished within"));
}

}  // namespace
}  // namespace gac::pipeline
