#include "detect/sigma/reading_cache.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "base/file.h"
#include "detect/fixture.h"
#include "detect/random_rules.h"
#include "detect/sigma/parts.h"

namespace gac::detect::testing {
namespace {

class CacheTest : public ::testing::Test {
protected:
    CacheTest() {
        std::string name = ::testing::TempDir() + "gac-rules-XXXXXX";
        folder_ = ::mkdtemp(name.data());
        options_.profiles = shipped_profiles();
        options_.cache = folder_ / "made" / "rules.cache";
    }
    ~CacheTest() override { std::filesystem::remove_all(folder_); }

    std::vector<event::Detection> judge(const RuleSet& set, std::uint64_t seed) {
        RandomRules random(seed);
        event::EventBatch batch;
        for (int i = 0; i < 100; ++i) {
            add_event(batch, random.event(), {.profile = *options_.profiles->find("windows")});
        }
        batch.set_first_id(1);
        Engine engine(std::shared_ptr<const RuleSet>(&set, [](const RuleSet*) {}));
        std::vector<event::Detection> out;
        engine.match(batch, out);
        return out;
    }

    std::filesystem::path folder_;
    CompileOptions options_;
};

std::vector<RuleText> random_texts() {
    RandomRules random(11);
    std::vector<RuleText> texts;
    for (std::size_t i = 0; i < 300; ++i) {
        texts.push_back({"r" + std::to_string(i) + ".yml", random.rule(i)});
    }
    texts.push_back({"broken.yml", "title: [\n"});
    texts.push_back({"net.yml",
                     "title: N\nid: net\nname: net\nlogsource: {product: windows}\n"
                     "detection:\n    s:\n        Image|cidr: 10.0.0.0/8\n"
                     "        User|re: '^a+b'\n    condition: s\n---\ntitle: C\nid: c\n"
                     "correlation:\n    type: event_count\n    rules: [net]\n"
                     "    group-by: [User]\n    timespan: 5m\n    condition: {gte: 3}\n"
                     "---\ntitle: F\nlogsource: {product: windows}\nfilter:\n    rules: [net]\n"
                     "    s: {User: abb}\n    condition: not s\n"});
    return texts;
}

TEST_F(CacheTest, RulesOutOfTheCacheAreTheRulesOfTheFiles) {
    const std::vector<RuleText> texts = random_texts();
    std::vector<RuleFault> first_faults;
    const auto first = *compile(texts, options_, &first_faults);
    ASSERT_TRUE(std::filesystem::exists(options_.cache));
    const auto written = std::filesystem::last_write_time(options_.cache);
    std::vector<RuleFault> second_faults;
    const auto second = *compile(texts, options_, &second_faults);
    // Nothing was new, so nothing was written.
    EXPECT_EQ(std::filesystem::last_write_time(options_.cache), written);
    ASSERT_EQ(first->loaded(), second->loaded());
    EXPECT_GT(first->loaded(), 150U);
    ASSERT_EQ(first_faults.size(), second_faults.size());
    for (std::size_t i = 0; i < first_faults.size(); ++i) {
        EXPECT_EQ(first_faults[i].reason, second_faults[i].reason);
        EXPECT_EQ(first_faults[i].line, second_faults[i].line);
        EXPECT_EQ(first_faults[i].warning, second_faults[i].warning);
    }
    const auto a = judge(*first, 5);
    const auto b = judge(*second, 5);
    ASSERT_EQ(a.size(), b.size());
    EXPECT_GT(a.size(), 200U);
    for (std::size_t i = 0; i < a.size(); ++i) {
        EXPECT_EQ(a[i].rule->id, b[i].rule->id);
        EXPECT_EQ(a[i].rule->title, b[i].rule->title);
        EXPECT_EQ(a[i].row, b[i].row);
    }
}

TEST_F(CacheTest, AChangedFileIsReadAnew) {
    std::vector<RuleText> texts = random_texts();
    ASSERT_TRUE(compile(texts, options_, nullptr).has_value());
    texts[300].yaml =
        "title: Mended\nid: mended\nlogsource: {product: windows}\n"
        "detection: {s: {A: b}, condition: s}\n";
    const auto set = *compile(texts, options_, nullptr);
    EXPECT_TRUE(
        std::ranges::any_of(set->rules(), [](const auto& rule) { return rule->id == "mended"; }));
}

TEST_F(CacheTest, ListedFilesAreReadWhenTheyAreNewOrChanged) {
    const std::filesystem::path rules = folder_ / "rules";
    std::filesystem::create_directories(rules);
    const auto write = [&](const char* title) {
        std::ofstream(rules / "a.yml") << "title: " << title
                                       << "\nid: a\nlogsource: {product: windows}\n"
                                          "detection: {s: {A: b}, condition: s}\n";
    };
    const auto title = [&] {
        const std::vector<std::filesystem::path> paths{rules};
        const auto set = *compile(*list_rules(paths), options_, nullptr);
        EXPECT_EQ(set->loaded(), 1U);
        return set->rules().front()->title;
    };
    write("First");
    EXPECT_EQ(title(), "First");
    EXPECT_EQ(title(), "First");
    write("Other");  // as long, and perhaps as old
    EXPECT_EQ(title(), "Other");
    std::filesystem::remove(rules / "a.yml");
    const std::vector<std::filesystem::path> paths{rules};
    EXPECT_EQ((*compile(*list_rules(paths), options_, nullptr))->loaded(), 0U);
}

TEST_F(CacheTest, OtherPlaceholdersFindNothingOld) {
    const std::vector<RuleText> texts{{"p.yml",
                                       "title: P\nid: p\nlogsource: {product: windows}\n"
                                       "detection: {s: {A|expand: '%list%'}, condition: s}\n"}};
    options_.placeholders["list"] = {"one"};
    const auto matches = [&](const char* value) {
        const auto set = *compile(texts, options_, nullptr);
        event::EventBatch batch;
        add_event(batch, {{"A", std::string(value)}},
                  {.profile = *options_.profiles->find("windows")});
        std::vector<event::Detection> out;
        Engine(set).match(batch, out);
        return !out.empty();
    };
    EXPECT_TRUE(matches("one"));
    options_.placeholders["list"] = {"two"};
    EXPECT_FALSE(matches("one"));
    EXPECT_TRUE(matches("two"));
}

TEST_F(CacheTest, ADamagedFileIsAsNone) {
    const std::vector<RuleText> texts = random_texts();
    const auto first = *compile(texts, options_, nullptr);
    const std::string whole = *base::read_file(options_.cache, 1 << 30);
    for (const std::size_t at :
         {std::size_t{0}, std::size_t{20}, whole.size() / 2, whole.size() - 1}) {
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ 1);
        std::ofstream(options_.cache, std::ios::binary) << damaged;
        EXPECT_EQ((*compile(texts, options_, nullptr))->loaded(), first->loaded());
    }
    std::ofstream(options_.cache, std::ios::binary) << whole.substr(0, whole.size() / 3);
    EXPECT_EQ((*compile(texts, options_, nullptr))->loaded(), first->loaded());
}

// Whoever may write the file can give it the right checksum: rules may differ then, nothing more.
TEST_F(CacheTest, AForgedFileDoesNoHarm) {
    const std::vector<RuleText> texts = random_texts();
    ASSERT_TRUE(compile(texts, options_, nullptr).has_value());
    const std::string whole = *base::read_file(options_.cache, 1 << 30);
    constexpr std::size_t kChecksum = 16;
    constexpr std::size_t kCounts = 24;
    constexpr std::size_t kBody = 32;
    std::mt19937_64 random(3);
    std::size_t differ = 0;
    for (int round = 0; round < 400; ++round) {
        std::string forged = whole;
        for (int change = 0; change < 1 + round % 4; ++change) {
            const std::size_t at = kCounts + random() % (whole.size() - kCounts);
            forged[at] = static_cast<char>(random() % 3 == 0 ? 0xff : random());
        }
        const std::uint64_t checksum = XXH3_64bits(forged.data() + kBody, forged.size() - kBody);
        std::memcpy(forged.data() + kChecksum, &checksum, sizeof checksum);
        std::ofstream(options_.cache, std::ios::binary) << forged;
        std::vector<RuleFault> faults;
        const auto set = compile(texts, options_, &faults);
        ASSERT_TRUE(set.has_value());
        differ += judge(**set, 5).size() != 0 ? 1 : 0;
    }
    EXPECT_GT(differ, 0U);  // the engine had something to do
}

TEST_F(CacheTest, WhatIsNoPlainFileIsNoCache) {
    const std::vector<RuleText> texts = random_texts();
    const auto expected = (*compile(texts, options_, nullptr))->loaded();
    std::filesystem::remove(options_.cache);
    ASSERT_EQ(::mkfifo(options_.cache.c_str(), 0600), 0);
    EXPECT_EQ((*compile(texts, options_, nullptr))->loaded(), expected);  // waits for nobody
    std::filesystem::remove(options_.cache);
    std::filesystem::create_directories(options_.cache / "in the way");
    EXPECT_EQ((*compile(texts, options_, nullptr))->loaded(), expected);
    EXPECT_TRUE(std::filesystem::is_directory(options_.cache));
    EXPECT_FALSE(std::filesystem::exists(options_.cache.string() + ".tmp"));
}

TEST_F(CacheTest, RulesThatCameAfterTheCacheShareItsItems) {
    std::vector<RuleText> texts = random_texts();
    const std::vector<RuleText> half(texts.begin(), texts.begin() + 150);
    ASSERT_TRUE(compile(half, options_, nullptr).has_value());
    const auto mixed = *compile(texts, options_, nullptr);  // half kept, half read
    const auto kept = *compile(texts, options_, nullptr);   // all kept
    options_.cache.clear();
    const auto fresh = *compile(texts, options_, nullptr);
    EXPECT_EQ(mixed->parts().items.size(), fresh->parts().items.size());
    EXPECT_EQ(kept->parts().items.size(), fresh->parts().items.size());
    const auto expected = judge(*fresh, 9);
    EXPECT_GT(expected.size(), 200U);
    for (const auto& set : {mixed, kept}) {
        const auto found = judge(*set, 9);
        ASSERT_EQ(found.size(), expected.size());
        for (std::size_t i = 0; i < found.size(); ++i) {
            EXPECT_EQ(found[i].rule->id, expected[i].rule->id);
            EXPECT_EQ(found[i].row, expected[i].row);
        }
    }
}

}  // namespace
}  // namespace gac::detect::testing
