#include "ingest/event_log.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "ingest/core/testing.h"
#include "ingest/evtx/both_ways.h"
#include "ingest/evtx/evtx_builder.h"
#include "ingest/input.h"

namespace gac::ingest::evtx {
namespace {

using Kind = Xml::Piece::Kind;

Options with_profiles() {
    Options options;
    options.profiles = testing::profiles();
    return options;
}

std::uint8_t type(ValueType type, bool array = false) {
    return static_cast<std::uint8_t>(static_cast<std::uint8_t>(type) | (array ? kArrayFlag : 0));
}

Xml data(const std::string& name, std::vector<Xml::Piece> parts) {
    return {.name = "Data", .attributes = {{"Name", {text(name)}}}, .parts = std::move(parts)};
}

Xml leaf(const std::string& name, std::vector<Xml::Piece> parts) {
    return {.name = name, .parts = std::move(parts)};
}

// <Event xmlns="urn:x"><System><Provider Name="P"/><EventID Qualifiers="%0">%1</EventID>
// <TimeCreated SystemTime="%2"/><Channel>%3</Channel><Correlation ActivityID="%4"/></System>%5
// </Event>
Xml outer() {
    Xml system{.name = "System"};
    system.parts = {
        element({.name = "Provider", .attributes = {{"Name", {text("P")}}}}),
        element({.name = "EventID", .attributes = {{"Qualifiers", {slot(0)}}}, .parts = {slot(1)}}),
        element({.name = "TimeCreated", .attributes = {{"SystemTime", {slot(2)}}}}),
        element(leaf("Channel", {slot(3)})),
        element({.name = "Correlation", .attributes = {{"ActivityID", {slot(4)}}}})};
    return {.name = "Event",
            .attributes = {{"xmlns", {text("urn:x")}}},
            .parts = {element(std::move(system)), slot(5)}};
}

ChunkMaker::Values outer_values(const std::string& inner, bool qualifiers = false) {
    return {{qualifiers ? type(ValueType::UInt16) : std::uint8_t{0},
             qualifiers ? raw(std::uint16_t{16384}) : std::string()},
            {type(ValueType::UInt16), raw(std::uint16_t{4688})},
            {type(ValueType::FileTime), raw(std::uint64_t{133'500'000'012'345'678})},
            {type(ValueType::String), utf16_of("Security")},
            {0, {}},
            {inner.empty() ? std::uint8_t{0} : type(ValueType::BinXml), inner}};
}

// One record whose EventData is `inner` with these values.
BothWays read(const Xml& inner, const ChunkMaker::Values& values, bool qualifiers = false) {
    ChunkMaker maker;
    const std::uint32_t outside = maker.define(outer());
    const std::uint32_t inside = maker.define(inner);
    maker.record(1, ChunkMaker::instance(
                        outside, outer_values(ChunkMaker::instance(inside, values), qualifiers)));
    return both_ways(maker.chunk(), with_profiles());
}

void expect_same(const BothWays& both, bool straight = true) {
    EXPECT_EQ(both.straight, both.over_json);
    EXPECT_EQ(both.straight.size(), 1U);
    EXPECT_EQ(both.detours, straight ? 0U : 1U);
    for (const bool good : both.good) {
        EXPECT_TRUE(good);
    }
}

TEST(EventLog, ARecordBecomesTheEventOfItsJson) {
    const Xml inner{.name = "EventData",
                    .parts = {element(data("Image", {slot(0)})), element(data("Empty", {slot(1)})),
                              element(leaf("Binary", {slot(2)}))}};
    const auto both = read(inner,
                           {{type(ValueType::String), utf16_of("C:\\a \"b\".exe \t ")},
                            {0, {}},
                            {type(ValueType::Binary), "\x01\xff"}},
                           true);
    expect_same(both);
    const std::string& event = both.straight.at(0);
    EXPECT_NE(event.find(R"(|Image:1:"C:\\a \"b\".exe")"), std::string::npos) << event;
    EXPECT_NE(event.find(R"(|Empty:1:"")"), std::string::npos) << event;
    EXPECT_NE(event.find(R"(|Binary:1:"01FF")"), std::string::npos) << event;
    EXPECT_NE(event.find("|EventID_Qualifiers:2:16384|EventID:2:4688|"), std::string::npos)
        << event;
    EXPECT_NE(event.find("|Correlation:0:null"), std::string::npos) << event;
    EXPECT_TRUE(event.starts_with("1705526401234567|")) << event;
}

TEST(EventLog, EveryTypeOfValueIsTheSame) {
    const std::string sid =
        std::string("\1\2\0\0\0\0\0\5", 8) + raw(std::uint32_t{32}) + raw(std::uint32_t{544});
    const std::string time("\xe8\x07\x02\0\4\0\x1d\0\x17\0\x3b\0\x3a\0\xe7\3", 16);
    const std::vector<std::pair<ValueType, std::string>> values = {
        {ValueType::Null, ""},
        {ValueType::String, utf16_of("plain")},
        {ValueType::String, utf16_of("sixteen signs!! and some more of them, then ") + "\xe1\x1e"
                                + std::string("\x3d\xd8\0\xde\0\xd8x\0", 8)},
        {ValueType::String, utf16_of("\x01\n\"\\ ") + std::string(4, '\0')},
        {ValueType::String, "x"},
        {ValueType::AnsiString, std::string("caf\xe9 \0\0", 7)},
        {ValueType::Int8, "\xff"},
        {ValueType::UInt8, "\xff"},
        {ValueType::Int16, raw(std::int16_t{-2})},
        {ValueType::UInt16, raw(std::uint16_t{65535})},
        {ValueType::Int32, raw(std::int32_t{-3})},
        {ValueType::UInt32, raw(std::uint32_t{4'000'000'000})},
        {ValueType::Int64, raw(std::int64_t{INT64_MIN})},
        {ValueType::UInt64, raw(std::uint64_t{INT64_MAX})},
        {ValueType::UInt64, raw(std::uint64_t{UINT64_MAX})},
        {ValueType::Real32, raw(0.1F)},
        {ValueType::Real32, raw(3.0F)},
        {ValueType::Real64, raw(-0.0)},
        {ValueType::Real64, raw(1e300)},
        {ValueType::Real64, raw(2.5e-7)},
        {ValueType::Real64, raw(__builtin_nan(""))},
        {ValueType::Bool, raw(std::uint32_t{1})},
        {ValueType::Binary, std::string("\0\x10\xab", 3)},
        {ValueType::Guid, std::string("0123456789abcdef")},
        {ValueType::SizeT, raw(std::uint32_t{0})},
        {ValueType::SizeT, raw(std::uint64_t{0xffff'f800'0000'0000})},
        {ValueType::FileTime, raw(std::uint64_t{0})},
        {ValueType::FileTime, raw(std::uint64_t{UINT64_MAX})},
        {ValueType::SysTime, time},
        {ValueType::Sid, sid},
        {ValueType::HexInt32, raw(std::uint32_t{0xabc})},
        {ValueType::HexInt64, raw(std::uint64_t{0x3e7})},
        {ValueType::EvtHandle, raw(std::uint64_t{5})},
        {ValueType::EvtXml, utf16_of("<a/>")},
    };
    Xml inner{.name = "EventData"};
    ChunkMaker::Values all;
    for (std::uint16_t i = 0; i < values.size(); ++i) {
        inner.parts.push_back(element(data("d" + std::to_string(i), {slot(i)})));
        all.emplace_back(type(values[i].first), values[i].second);
    }
    const auto both = read(inner, all);
    expect_same(both);
    EXPECT_NE(both.straight.at(0).find("|d14:1:\"18446744073709551615\"|d15:3:0.1|d16:2:3|"),
              std::string::npos)
        << both.straight.at(0);
    EXPECT_NE(both.straight.at(0).find("|d28:1:\"2024-02-29T23:59:58.999000Z\"|"
                                       "d29:1:\"S-1-5-32-544\"|"),
              std::string::npos)
        << both.straight.at(0);
}

TEST(EventLog, ArraysAndRepeatedNamesAreLists) {
    const Xml inner{
        .name = "EventData",
        .parts = {element(leaf("Data", {slot(0)})), element(data("One", {slot(1)})),
                  element(leaf("Data", {slot(2)})), element(leaf("Data", {})),
                  element(leaf("Data", {text("constant ")})), element(data("Twice", {slot(3)})),
                  element(data("Twice", {slot(4)})), element(data("None", {slot(5)}))}};
    const ChunkMaker::Values values = {
        {type(ValueType::String, true), utf16_of("a ") + std::string(2, '\0') + utf16_of("b")},
        {type(ValueType::UInt32, true), raw(std::uint32_t{1}) + raw(std::uint32_t{2})},
        {type(ValueType::Int16), raw(std::int16_t{-1})},
        {0, {}},
        {type(ValueType::HexInt32, true), raw(std::uint32_t{16})},
        {type(ValueType::AnsiString, true), ""}};
    const auto both = read(inner, values);
    expect_same(both);
    const std::string& event = both.straight.at(0);
    EXPECT_NE(event.find(R"(|Data:7:["a","b",-1,null,"constant"]|One:7:[1,2]|Twice:7:["","0x10"])"),
              std::string::npos)
        << event;
    EXPECT_NE(event.find("|None:7:[]"), std::string::npos) << event;
}

TEST(EventLog, AnAttributeThatIsNotThereMakesAPlainElement) {
    const Xml inner{
        .name = "UserData",
        .parts = {element(
            {.name = "Wrap",
             .attributes = {{"a", {slot(0)}}, {"b", {slot(1)}}},
             .parts = {
                 element({.name = "Text", .attributes = {{"c", {slot(0)}}}, .parts = {slot(2)}}),
                 element({.name = "Blank", .attributes = {{"d", {slot(1)}}}, .parts = {slot(3)}}),
                 element({.name = "Data",
                          .attributes = {{"Name", {text("")}}},
                          .parts = {slot(2)}})}})}};
    const auto both = read(inner, {{0, {}},
                                   {type(ValueType::UInt8), "\x07"},
                                   {type(ValueType::String), utf16_of("t")},
                                   {type(ValueType::AnsiString), "  "}});
    expect_same(both);
    EXPECT_NE(both.straight.at(0).find(R"(|Text:1:"t"|)"), std::string::npos)
        << both.straight.at(0);
}

TEST(EventLog, NamesThatMeetInOneFieldKeepTheLastValue) {
    const Xml inner{
        .name = "EventData",
        .parts = {element(data("EventID", {slot(0)})), element(data("Threat Name", {slot(0)})),
                  element(data("ThreatName", {slot(1)}))}};
    const auto both =
        read(inner, {{type(ValueType::UInt8), "\1"}, {type(ValueType::String), utf16_of("last")}});
    expect_same(both);
    EXPECT_NE(both.straight.at(0).find("|EventID:2:1|"), std::string::npos);
    EXPECT_NE(both.straight.at(0).find("|ThreatName:1:\"last\""), std::string::npos);
}

TEST(EventLog, UnusualShapesTakeTheWayOverJson) {
    const ChunkMaker::Values one = {{type(ValueType::String), utf16_of("v")}};
    const std::vector<std::pair<Xml, std::string>> shapes = {
        {leaf("EventData", {element(data("x", {text("a"), slot(0)}))}), "|x:1:\"av\""},
        {leaf("EventData", {element(data("x", {{.kind = Kind::CData, .text = "<c>"}}))}), "|x:1:"},
        {leaf("EventData",
              {element(data("x", {{.kind = Kind::Character, .number = 0x1ea1}, text("b")}))}),
         "|x:1:\"\u1ea1b\""},
        {leaf("EventData", {element(data("x", {{.kind = Kind::Entity, .text = "lt"},
                                               {.kind = Kind::Entity, .text = "quot"},
                                               {.kind = Kind::Entity, .text = "own"}}))}),
         "|x:1:\"<\\\"&own;\""},
        {leaf("EventData", {element(leaf("Data", {slot(0)})),
                            element({.name = "Data", .attributes = {{"Type", {text("t")}}}})}),
         R"(|Data:7:["v"])"},
        {leaf("System", {element(leaf("Own", {slot(0)}))}), "|Own:1:\"v\""},
    };
    for (const auto& [xml, want] : shapes) {
        SCOPED_TRACE(want);
        const auto both = read(xml, one);
        EXPECT_EQ(both.straight, both.over_json);
        ASSERT_EQ(both.straight.size(), 1U);
        EXPECT_TRUE(both.good.at(0));
        EXPECT_NE(both.straight[0].find(want), std::string::npos) << both.straight[0];
    }
    // An instruction says nothing, and a name may be told by a value.
    const auto instruction = read(leaf("EventData", {{.kind = Kind::Instruction, .text = "pi"},
                                                     element(data("x", {slot(0)}))}),
                                  one);
    EXPECT_EQ(instruction.straight, instruction.over_json);
    EXPECT_NE(instruction.straight.at(0).find("|x:1:\"v\""), std::string::npos);
    expect_same(read(leaf("EventData", {element({.name = "Data",
                                                 .attributes = {{"Name", {slot(0)}}},
                                                 .parts = {slot(0)}})}),
                     one),
                false);
}

TEST(EventLog, ABadRecordNeverLosesTheNext) {
    ChunkMaker maker;
    const std::uint32_t outside = maker.define(outer());
    const std::uint32_t inside = maker.define(
        leaf("EventData", {element(data("x", {slot(0)})), element(data("y", {slot(1)}))}));
    const auto record = [&](std::uint64_t number, const ChunkMaker::Values& values) {
        maker.record(number, ChunkMaker::instance(
                                 outside, outer_values(ChunkMaker::instance(inside, values))));
    };
    const std::pair<std::uint8_t, std::string> good{type(ValueType::String), utf16_of("v")};
    record(1, {good, {type(ValueType::Sid), "\1\5"}});  // a value too short for its type
    record(2, {good});                                  // a value is missing
    record(3, {good, good});
    maker.record(4, ChunkMaker::instance(60'000, {}));  // a template beyond the chunk
    maker.record(5, ChunkMaker::instance(outside, outer_values("\x0f\1\1")));
    record(6, {good, good});
    const auto both = both_ways(maker.chunk(), with_profiles());
    EXPECT_EQ(both.straight, both.over_json);
    EXPECT_EQ(both.good, (std::vector<bool>{false, false, true, false, false, true}));

    EventLogDecoder log(with_profiles());
    log.begin(maker.chunk(), false);
    event::EventBatch batch;
    Origin origin;
    log.decode(origin, batch);
    ASSERT_EQ(batch.size(), 6U);
    EXPECT_TRUE(batch.heads()[0].parse_failed);
    EXPECT_FALSE(batch.heads()[2].parse_failed);
    EXPECT_NE(describe(batch[4]).find("parse.error"), std::string::npos);

    // Also when nobody reads that field, and a value that nobody reads does no harm.
    Options few = with_profiles();
    const event::FieldId wanted[] = {event::intern("x")};
    few.fields = FieldChoice::of(wanted);
    EventLogDecoder some(few);
    some.begin(maker.chunk(), false);
    batch.reset();
    some.decode(origin, batch);
    EXPECT_FALSE(batch.heads()[0].parse_failed);
    EXPECT_EQ(batch[0].find(event::intern("x"))->string(), "v");
    EXPECT_TRUE(batch.heads()[3].parse_failed);
    ASSERT_NE(batch[3].find(event::field::ParseError), nullptr);
    EXPECT_EQ(batch[3].find(event::field::ParseError)->string(),
              "EVTX: template outside the chunk");
}

TEST(EventLog, OnlyWhatIsReadIsDecoded) {
    ChunkMaker maker;
    const std::uint32_t outside = maker.define(outer());
    const std::uint32_t inside = maker.define(
        leaf("EventData", {element(data("x", {slot(0)})), element(data("y", {slot(1)}))}));
    for (std::uint64_t i = 1; i <= 3; ++i) {
        maker.record(
            i, ChunkMaker::instance(
                   outside,
                   outer_values(ChunkMaker::instance(
                       inside, {{type(ValueType::String), utf16_of("v")},
                                {type(ValueType::UInt32), raw(static_cast<std::uint32_t>(i))}}))));
    }
    Options options = with_profiles();
    const std::vector<event::FieldId> wanted = {event::intern("y"), event::intern("Channel")};
    options.fields = FieldChoice::of(wanted);
    EventLogDecoder few(options);
    EventLogDecoder all(with_profiles());
    event::EventBatch batch;
    event::EventBatch again;
    few.begin(maker.chunk(), false);
    few.decode({}, batch);
    ASSERT_EQ(batch.size(), 3U);
    EXPECT_EQ(batch[1].find(event::intern("x")), nullptr);
    EXPECT_EQ(batch[1].find(event::intern("y"))->integer(), 2);
    EXPECT_EQ(batch[1].head().time.us, 1705526401234567);
    EXPECT_TRUE(batch[1].head().raw.empty());
    all.begin(maker.chunk(), false);
    EXPECT_TRUE(all.decode_one(2, {}, again));
    EXPECT_TRUE(all.decode_one(0, {}, again));
    EXPECT_FALSE(all.decode_one(3, {}, again));
    ASSERT_EQ(again.size(), 2U);
    EXPECT_EQ(again[0].find(event::intern("x"))->string(), "v");
    EXPECT_EQ(again[0].find(event::intern("y"))->integer(), 3);
    EXPECT_EQ(again[1].find(event::intern("y"))->integer(), 1);
}

TEST(EventLog, ATemplateOfTheSameBytesButOtherNamesIsAnother) {
    EventLogDecoder log(with_profiles());
    event::EventBatch batch;
    for (const std::string name : {"first", "other", "first"}) {
        ChunkMaker maker;
        const std::uint32_t outside = maker.define(outer());
        const std::uint32_t inside =
            maker.define(leaf("EventData", {element(leaf(name, {slot(0)}))}));
        maker.record(
            1, ChunkMaker::instance(outside, outer_values(ChunkMaker::instance(
                                                 inside, {{type(ValueType::UInt8), "\x2a"}}))));
        log.begin(maker.chunk(), false);
        log.decode({}, batch);
    }
    ASSERT_EQ(batch.size(), 3U);
    EXPECT_EQ(batch[0].find(event::intern("first"))->integer(), 42);
    EXPECT_EQ(batch[1].find(event::intern("first")), nullptr);
    EXPECT_EQ(batch[1].find(event::intern("other"))->integer(), 42);
    EXPECT_EQ(batch[2].find(event::intern("first"))->integer(), 42);
}

TEST(EventLog, ChunksCutAnywhereGiveTheSameBothWays) {
    ChunkMaker maker;
    const std::uint32_t outside = maker.define(outer());
    const std::uint32_t inside = maker.define(leaf("EventData", {element(data("x", {slot(0)}))}));
    for (std::uint64_t i = 1; i <= 2; ++i) {
        maker.record(i, ChunkMaker::instance(
                            outside, outer_values(ChunkMaker::instance(
                                         inside, {{type(ValueType::String), utf16_of("v")}}))));
    }
    for (std::size_t size = 0; size <= maker.chunk().size(); ++size) {
        const auto both =
            both_ways(std::string_view(maker.chunk()).substr(0, size), with_profiles());
        ASSERT_EQ(both.straight, both.over_json) << size;
    }
    // And with any one byte turned over; what nobody reads may hide damage, so all is read here.
    for (std::size_t at = 512; at < maker.chunk().size(); ++at) {
        std::string damaged = maker.chunk();
        damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
        const auto both = both_ways(damaged, with_profiles());
        ASSERT_EQ(both.straight, both.over_json) << at;
    }
}

TEST(EventLogCorpus, EveryFileIsTheSameBothWays) {
    const char* shared = std::getenv("GAC_SHARED_EVTX");
    if (shared == nullptr) {
        GTEST_SKIP() << "GAC_SHARED_EVTX (a folder of .evtx files) is not set";
    }
    std::size_t records = 0;
    std::size_t detours = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(shared)) {
        if (entry.path().extension() != ".evtx") {
            continue;
        }
        auto input = Input::open(entry.path().string(), 1 << 20, true);
        ASSERT_TRUE(input) << entry.path();
        Frame frame;
        for (auto more = (*input)->next(frame); more && *more; more = (*input)->next(frame)) {
            ASSERT_NE(frame.kind, Frame::Kind::Message);
            const auto both = both_ways(frame.bytes, with_profiles());
            EXPECT_EQ(both.straight, both.over_json) << entry.path();
            records += both.straight.size();
            detours += both.detours;
        }
    }
    EXPECT_GT(records, 0U);
    EXPECT_LT(detours, records / 10 + 1) << "of " << records << " records";
}

}  // namespace
}  // namespace gac::ingest::evtx
