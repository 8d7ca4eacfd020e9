#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "app/config.h"
#include "app/content.h"
#include "app/generator.h"
#include "app/rule_trial.h"
#include "base/uuid.h"
#include "detect/engine.h"
#include "ingest/decoder.h"
#include "pipeline/sample_night.h"

namespace gac::app {
namespace {

const std::filesystem::path kRoot = GAC_SOURCE_DIR;

TEST(StarterRules, MatchTheirPositiveSamplesAndNoNegativeOne) {
    const auto content = Content::load();
    ASSERT_TRUE(content) << content.error().message();
    const std::filesystem::path folder = kRoot / "rules";
    const auto texts = detect::read_rules(std::span(&folder, 1));
    ASSERT_TRUE(texts);
    const auto report = try_rules(*texts, content->profiles);
    ASSERT_TRUE(report) << report.error().message();
    EXPECT_GE(report->rules, 40u);
    EXPECT_EQ(report->without_samples, 0u);
    for (const TrialFault& fault : report->faults) {
        ADD_FAILURE() << fault.path << ": " << fault.rule << ": " << fault.what;
    }
}

// Each story of the sample night shows the rules that its manifest names, and the quiet parts show
// none.
TEST(SampleNight, EveryStoryIsSeenAndTheQuietPartsAreQuiet) {
    const auto content = Content::load();
    ASSERT_TRUE(content);
    const std::filesystem::path folder = kRoot / "rules";
    const auto texts = detect::read_rules(std::span(&folder, 1));
    detect::CompileOptions options;
    options.profiles = content->profiles;
    const auto rules = detect::compile(*texts, options, nullptr);
    ASSERT_TRUE(rules);
    const auto night = pipeline::SampleNight::load(kRoot / "samples" / "night");
    ASSERT_TRUE(night) << night.error().message();

    std::vector<std::unique_ptr<ingest::Decoder>> decoders;
    std::vector<ingest::Origin> origins;
    for (const pipeline::SampleFile& file : night->files) {
        decoders.push_back(*ingest::make_decoder(file.format, {.profiles = content->profiles}));
        ingest::Origin origin;
        origin.profile = content->profiles->find(file.source).value_or(event::ProfileId{});
        origin.received = night->wall_end - night->zone_offset;
        origin.peer = file.host;
        origins.push_back(origin);
    }
    detect::Engine engine(*rules);
    event::EventBatch batch;
    event::EventId next = 1;
    std::map<std::string, std::vector<base::TimePoint>> seen;
    std::uint64_t failed = 0;
    const auto judge = [&] {
        batch.set_first_id(next);
        next += batch.size();
        std::vector<event::Detection> detections;
        engine.match(batch, detections);
        for (const event::Detection& detection : detections) {
            seen[detection.rule->id].push_back(detection.time);
        }
        for (const event::EventHead& head : batch.heads()) {
            failed += head.parse_failed ? 1u : 0u;
        }
        batch.reset();
    };
    for (const pipeline::SampleLine& line : night->lines) {
        decoders[line.file]->decode(line.text, origins[line.file], batch);
        if (batch.size() == 1000) {
            judge();
        }
    }
    judge();
    EXPECT_EQ(failed, 0u);

    ASSERT_GE(night->stories.size(), 6u);
    for (const pipeline::SampleStory& story : night->stories) {
        for (const std::string& rule : story.rules) {
            const auto hits = seen.find(rule);
            const bool inside =
                hits != seen.end() && std::ranges::any_of(hits->second, [&](base::TimePoint time) {
                    return story.from <= time && time <= story.to + base::Duration::minutes(1);
                });
            EXPECT_TRUE(inside) << story.id << " does not show rule " << rule;
        }
    }
    for (const auto& [rule, times] : seen) {
        for (const base::TimePoint time : times) {
            const bool told =
                std::ranges::any_of(night->stories, [&](const pipeline::SampleStory& story) {
                    return std::ranges::find(story.rules, rule) != story.rules.end()
                           && story.from <= time && time <= story.to + base::Duration::minutes(1);
                });
            EXPECT_TRUE(told) << rule << " fires outside every story, at "
                              << base::format_rfc3339(time);
        }
    }
}

class ConfigFile : public ::testing::Test {
protected:
    void SetUp() override {
        path_ = std::filesystem::temp_directory_path()
                / ("gac-config-" + base::Uuid::make({0}).text() + ".yaml");
    }
    void TearDown() override { std::filesystem::remove(path_); }
    Result<Config> load(const std::string& text) {
        std::ofstream(path_) << text;
        return load_config(path_);
    }
    std::filesystem::path path_;
};

TEST_F(ConfigFile, TakesWhatItNamesAndKeepsTheRest) {
    const auto config = load(
        "http: 0.0.0.0:9443\nrules: [a, b]\nsync_ms: 50\nfollow:\n"
        "  - {path: /var/log/auth.log, source: here, profile: linux}\n");
    ASSERT_TRUE(config) << config.error().message();
    EXPECT_EQ(config->http, "0.0.0.0:9443");
    EXPECT_EQ(config->rules, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(config->sync_ms, 50);
    EXPECT_EQ(config->follow.at(0).profile, "linux");
    EXPECT_EQ(config->zone, Config{}.zone);
}

TEST_F(ConfigFile, NamesFileLineAndKeyOfAFault) {
    for (const auto& [text, line, word] :
         std::vector<std::tuple<std::string, std::string, std::string>>{
             {"http: x\nhtpp: y\n", ":2", "htpp"},
             {"\n\nsync_ms: soon\n", ":3", "sync_ms"},
             {"sync_ms: 100000\n", ":1", "sync_ms"},
             {"drill: maybe\n", ":1", "drill"},
             {"follow:\n  - {path: /x}\n", ":2", "source"},
             {"a: [\n", ":2", ""}}) {
        const auto config = load(text);
        ASSERT_FALSE(config) << text;
        EXPECT_NE(config.error().where.find(path_.string() + line), std::string::npos)
            << config.error().message();
        EXPECT_NE(config.error().message().find(word), std::string::npos)
            << config.error().message();
    }
}

TEST_F(ConfigFile, PrintsAFileThatItReadsBack) {
    auto config = load("syslog: \"\"\nshards: 3\n");
    ASSERT_TRUE(config);
    const auto again = load(render_config(*config));
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_EQ(again->shards, 3);
    EXPECT_EQ(again->syslog, "");
    EXPECT_EQ(render_config(*again), render_config(*config));
}

TEST(Generator, GivesTheSameLinesForTheSameSeed) {
    const auto lines = [](std::uint64_t seed) {
        auto generator = Generator::make("province", seed, {1'700'000'000'000'000});
        std::string out;
        for (int i = 0; i < 1000; ++i) {
            generator->append_line(out);
        }
        return out;
    };
    EXPECT_EQ(lines(1), lines(1));
    EXPECT_NE(lines(1), lines(2));
    EXPECT_FALSE(Generator::make("nothing", 1, {0}));
}

TEST(Generator, WritesWhatTheDecodersRead) {
    const auto content = Content::load();
    ASSERT_TRUE(content);
    auto generator = Generator::make("province", 7, base::SystemClock{}.now());
    const auto decoder = ingest::make_decoder("auto", {.profiles = content->profiles});
    event::EventBatch batch;
    ingest::Origin origin;
    origin.received = base::SystemClock{}.now();
    for (int i = 0; i < 2000; ++i) {
        std::string line;
        generator->append_line(line);
        line.pop_back();
        (*decoder)->decode(line, origin, batch);
    }
    ASSERT_EQ(batch.size(), 2000u);
    for (const event::EventHead& head : batch.heads()) {
        // Lines of Hadoop are text of no known form, and are kept as they are.
        EXPECT_EQ(head.parse_failed, head.raw.contains(" INFO dfs.")) << head.raw;
    }
}

}  // namespace
}  // namespace gac::app
