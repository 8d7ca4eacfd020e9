#include "base/yaml.h"

#include <gtest/gtest.h>

namespace gac::base {
namespace {

Yaml value_of(std::string_view text) {
    const auto roots = parse_yaml("a: " + std::string(text) + "\n", {});
    EXPECT_TRUE(roots) << text;
    const Yaml* found = roots && !roots->empty() ? roots->front().find("a") : nullptr;
    return found == nullptr ? Yaml{} : *found;
}

TEST(YamlReader, NumbersAreThoseOfTheCoreSchema) {
    const std::pair<const char*, double> numbers[] = {{"0o17", 15},  {"017", 17},   {"0x1F", 31},
                                                      {".5", 0.5},   {"+1", 1},     {"-.5", -.5},
                                                      {"1e3", 1000}, {"4688", 4688}};
    for (const auto& [text, number] : numbers) {
        EXPECT_EQ(value_of(text).number(), number) << text;
    }
    for (const char* text : {"1_000", "2026-01-01", "yes", "1:30", "+-1", ".", "0x", "-0x1", "''",
                             "'4688'", "!!str 4688", "\"4688\"", ".inf", ".nan", "e5"}) {
        EXPECT_EQ(value_of(text).number(), std::nullopt) << text;
    }
}

TEST(YamlReader, ScalarsOfSeveralLines) {
    EXPECT_EQ(value_of("|\n  x\n  y").text, "x\ny\n");
    EXPECT_EQ(value_of(">-\n  x\n  y").text, "x y");
    EXPECT_EQ(value_of("x\n  y\n\n  z").text, "x y\nz");
    EXPECT_EQ(value_of("x #y").text, "x");
    EXPECT_EQ(value_of("x#y").text, "x#y");
    EXPECT_TRUE(value_of("|\n  4688").quoted);
}

TEST(YamlReader, ByteOrderMarksAndLineEnds) {
    for (const std::string_view text : {"\xEF\xBB\xBF"
                                        "a: b\nc: d\n",
                                        "\xEF\xBB\xBF---\na: b\nc: d\n", "a: b\r\nc: d\r\n",
                                        "a: b\rc: d\r", "%YAML 1.2\n---\na: b\nc: d\n...\n"}) {
        const auto roots = parse_yaml(text, {});
        ASSERT_TRUE(roots) << text << roots.error().text;
        ASSERT_EQ(roots->size(), 1u);
        EXPECT_EQ(roots->front().find("a")->text, "b");
        EXPECT_EQ(roots->front().find("c")->text, "d");
    }
    const std::string_view wide(
        "\xFF\xFE"
        "a\0:\0 \0b\0\n\0",
        12);
    const auto roots = parse_yaml(wide, {});
    ASSERT_TRUE(roots);
    EXPECT_EQ(roots->front().find("a")->text, "b");
}

TEST(YamlReader, FaultsNameTheirLine) {
    for (const std::string_view text :
         {"a: b\nc: \xFF\n", "a: b\nc: \x01\n", "a: b\nc: @x\n", "a: b\nc: *x\n"}) {
        const auto roots = parse_yaml(text, {});
        ASSERT_FALSE(roots) << text;
        EXPECT_EQ(line_of(roots.error()), 2) << text;
    }
}

// Few nodes, but each stands for the whole text again.
TEST(YamlReader, AliasesOfALongTextAreBounded) {
    std::string text = "a: &x '" + std::string(1 << 20, 'x') + "'\nb: [*x";
    for (int i = 0; i < 1'000; ++i) {
        text += ", *x";
    }
    const auto roots = parse_yaml(text + "]\n", {});
    ASSERT_FALSE(roots);
    EXPECT_EQ(roots.error().code, Code::LimitExceeded);
    EXPECT_EQ(line_of(roots.error()), 2);
}

// Aliases in aliases nest deeper than any text does.
TEST(YamlReader, AliasesCountInTheDepth) {
    const YamlLimits limits{.depth_max = 10};
    EXPECT_TRUE(parse_yaml("a: &x [[[[1]]]]\nb: [[[[[*x]]]]]\n", limits));
    const auto roots = parse_yaml("a: &x [[[[1]]]]\nb: [[[[[[*x]]]]]]\n", limits);
    ASSERT_FALSE(roots);
    EXPECT_EQ(roots.error().code, Code::LimitExceeded);
}

TEST(YamlReader, AnchorsInAnchorsCountAsNodes) {
    std::string text = "a: ";
    for (int i = 0; i < 20; ++i) {
        text += "&x" + std::to_string(i) + " [";
    }
    for (int i = 0; i < 1'000; ++i) {
        text += "1, ";
    }
    const YamlLimits limits{.nodes_max = 10'000};
    const auto roots = parse_yaml(text + std::string(20, ']') + "\n", limits);
    ASSERT_FALSE(roots);
    EXPECT_EQ(roots.error().code, Code::LimitExceeded);
}

}  // namespace
}  // namespace gac::base
