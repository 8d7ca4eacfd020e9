#include <gtest/gtest.h>

#include <fmt/format.h>

#include <string>

#include "ingest/core/testing.h"
#include "ingest/json/reader.h"
#include "ingest/json/text.h"

namespace gac::ingest {
namespace {

using testing::Bench;

TEST(JsonDecoder, FlattensObjectsToDottedNames) {
    Bench bench("json");
    bench.feed(R"({"a":{"b":{"c":1},"d":"x"},"e":true,"f":null,"g":-1.5e3,"":"empty"})");
    EXPECT_EQ(bench.at("a.b.c"), "1");
    EXPECT_EQ(bench.type_of("a.b.c"), event::Type::Integer);
    EXPECT_EQ(bench.at("a.d"), "x");
    EXPECT_EQ(bench.type_of("e"), event::Type::Bool);
    EXPECT_EQ(bench.at("f"), "null");
    EXPECT_EQ(bench.at("g"), "-1500");
    EXPECT_EQ(bench.type_of("g"), event::Type::Float);
    EXPECT_EQ(bench.at(""), "empty");
    EXPECT_FALSE(bench.failed());
}

TEST(JsonDecoder, MakesListsOfArraysAndOfArraysOfObjects) {
    Bench bench("json");
    bench.feed(
        R"({"l":[1,"two",[3,[4]]],"o":[{"n":1,"x":{"y":"a"}},{"n":2},{"x":{"y":"b"}}],"one":[{"k":5}]})");
    EXPECT_EQ(bench.at("l"), R"([1,"two",3,4])");
    EXPECT_EQ(bench.at("o.n"), "[1,2]");
    EXPECT_EQ(bench.at("o.x.y"), R"(["a","b"])");
    EXPECT_EQ(bench.at("one.k"), "5");
    EXPECT_EQ(bench.at("o"), "(none)");
}

TEST(JsonDecoder, LastOfDuplicateKeysWins) {
    Bench bench("json");
    bench.feed(R"({"a":1,"b":2,"a":"x","o":{"k":1},"o":{"k":2},"l":[{"k":1,"k":3},{"k":4}]})");
    EXPECT_EQ(bench.at("a"), "x");
    EXPECT_EQ(bench.at("o.k"), "2");
    EXPECT_EQ(bench.at("l.k"), "[3,4]");
    EXPECT_EQ(bench.batch()[0].fields().size(), 4u);
}

TEST(JsonDecoder, KeepsNumbersThatNoTypeHolds) {
    Bench bench("json");
    bench.feed(
        R"({"max":9223372036854775807,"min":-9223372036854775808,"over":9223372036854775808,)"
        R"("huge":1e999,"tiny":1e-999,"zero":-0,"pid":0})");
    EXPECT_EQ(bench.type_of("max"), event::Type::Integer);
    EXPECT_EQ(bench.at("min"), "-9223372036854775808");
    EXPECT_EQ(bench.type_of("over"), event::Type::String);
    EXPECT_EQ(bench.at("over"), "9223372036854775808");
    EXPECT_EQ(bench.at("huge"), "1e999");
    EXPECT_EQ(bench.at("zero"), "0");
    EXPECT_EQ(bench.at("pid"), "0");
}

TEST(JsonDecoder, UnescapesStringsOfAnyLength) {
    for (std::size_t before = 0; before < 40; ++before) {
        const std::string fill(before, 'x');
        Bench bench("json");
        bench.feed(fmt::format(R"({{"v":"{0}C:\\W\"q\u00e9\ud83d\ude00\n{0}"}})", fill));
        EXPECT_EQ(bench.at("v"), fill + "C:\\W\"qé😀\n" + fill);
    }
}

TEST(JsonDecoder, ReadsInvalidUtf8AndBareControlCharacters) {
    Bench bench("json");
    bench.feed("{\"a\":\"\xc3\x28\",\"b\":\"x\ty\nz\"}");
    EXPECT_EQ(bench.at("a"), "\xEF\xBF\xBD(");
    EXPECT_EQ(bench.at("b"), "x\ty\nz");
    EXPECT_FALSE(bench.failed());
    EXPECT_EQ(bench.batch().heads()[0].raw, "{\"a\":\"\xc3\x28\",\"b\":\"x\ty\nz\"}");
}

TEST(JsonDecoder, KeepsBrokenInputRawAndSaysWhy) {
    for (const std::string_view broken :
         {"{", R"({"a":)", R"({"a":1)", R"({"a" 1})", R"({"a":"x)", R"({"a":tru})", R"({"a":1,})",
          R"({a:1})", R"({"a":1]})", R"({"a":--1})", "text", R"({"a":[1,{"b":}]})", "\"x\"",
          "12"}) {
        Bench bench("json");
        bench.feed(broken);
        ASSERT_EQ(bench.batch().size(), 1u) << broken;
        EXPECT_TRUE(bench.failed()) << broken;
        EXPECT_EQ(bench.at("message"), broken);
        EXPECT_TRUE(bench.at("parse.error").starts_with("not a JSON object")) << broken;
        EXPECT_EQ(bench.batch()[0].fields().size(), 2u) << broken;
    }
}

TEST(JsonDecoder, MakesAnEventOfEachObjectInAFrame) {
    Bench bench("json");
    bench.feed(R"([{"a":1}, {"a":2},{"a":{"b":[3]}}])").feed(R"({"a":4} {"a":5})").feed("[]");
    ASSERT_EQ(bench.batch().size(), 6u);
    EXPECT_EQ(bench.at("a", 1), "2");
    EXPECT_EQ(bench.at("a.b", 2), "[3]");
    EXPECT_EQ(bench.at("a", 4), "5");
    EXPECT_EQ(bench.batch().heads()[1].raw, R"({"a":2})");
    EXPECT_TRUE(bench.failed(5));
}

TEST(JsonDecoder, TextBehindTheObjectIsKeptAsAnEventOfItsOwn) {
    Bench bench("json");
    bench.feed(R"({"a":1} trailing)");
    ASSERT_EQ(bench.batch().size(), 2u);
    EXPECT_EQ(bench.at("a", 0), "1");
    EXPECT_EQ(bench.batch().heads()[1].raw, "trailing");
    EXPECT_TRUE(bench.failed(1));
}

TEST(JsonDecoder, BoundsDepthFieldsAndElements) {
    std::string deep;
    for (int i = 0; i < 200; ++i) {
        deep += R"({"k":)";
    }
    deep += "1" + std::string(200, '}');
    Bench bench("json");
    bench.feed(deep);
    ASSERT_EQ(bench.batch().size(), 1u);
    EXPECT_FALSE(bench.failed());
    EXPECT_EQ(bench.batch()[0].fields().size(), 1u);  // the deeper part as JSON text

    std::string wide = "{";
    for (std::size_t i = 0; i < Writer::kFieldsMax + 100; ++i) {
        wide += fmt::format(R"("w{}":{},)", i, i);
    }
    wide += R"("w0":7})";
    bench.feed(wide);
    EXPECT_TRUE(bench.failed(1));
    EXPECT_EQ(bench.at("w0", 1), "7");
    EXPECT_EQ(bench.batch()[1].fields().size(), Writer::kFieldsMax + 1);

    std::string list = R"({"l":[0)";
    for (std::size_t i = 0; i < JsonReader::kElementsMax + 10; ++i) {
        list += ",1";
    }
    bench.feed(list + "]}");
    EXPECT_TRUE(bench.failed(2));

    Bench nested("json");
    nested.feed(std::string(100'000, '['));
    nested.feed(R"({"a":)" + std::string(100'000, '['));
    EXPECT_EQ(nested.batch().size(), 2u);
}

TEST(JsonDecoder, PicksTheProfileByShape) {
    Bench bench("auto");
    bench.feed(R"({"@timestamp":"2026-11-22T02:15:01.5Z","host":{"name":"x"}})")
        .feed(R"({"EventTime":"2026-11-22 09:15:02","Channel":"Security","EventID":4688})")
        .feed(R"({"Event":{"System":{"EventID":{"#text":1},"Channel":"x","Computer":"PC",)"
              R"("TimeCreated":{"#attributes":{"SystemTime":"2026-11-22T02:15:03Z"}}},)"
              R"("EventData":{"Threat Name":"EICAR"}}})")
        .feed(R"({"ts":1795313704.25,"uid":"C1"})");
    EXPECT_EQ(bench.profile(0), "ecs");
    EXPECT_EQ(bench.time(0), "2026-11-22T02:15:01.500000Z");
    EXPECT_EQ(bench.at("EventID", 2), "1");
    EXPECT_EQ(bench.at("ThreatName", 2), "EICAR");
    EXPECT_EQ(bench.at("Computer", 2), "PC");
    EXPECT_EQ(bench.profile(3), "json");
    EXPECT_EQ(bench.time(3), "2026-11-22T02:15:04.250000Z");
    ASSERT_TRUE(testing::profiles()->find("windows"));
    EXPECT_EQ(bench.profile(1), "windows");
    EXPECT_EQ(bench.time(1), "2026-11-22T02:15:02.000000Z");
    EXPECT_EQ(bench.time(2), "2026-11-22T02:15:03.000000Z");
}

TEST(JsonText, FindsWhereValuesEnd) {
    EXPECT_EQ(value_end(R"({"a":"}\"}"} x)", 0), 12u);
    EXPECT_EQ(value_end("[1,[2]] ", 0), 7u);
    EXPECT_EQ(value_end("12,3", 0), 2u);
    EXPECT_EQ(value_end("12]", 0), 2u);
    EXPECT_EQ(value_end(R"("a,b",)", 0), 5u);
    EXPECT_EQ(value_end(R"({"a":1)", 0), std::string_view::npos);
    EXPECT_EQ(value_end(R"({"a)", 0), std::string_view::npos);
}

}  // namespace
}  // namespace gac::ingest
