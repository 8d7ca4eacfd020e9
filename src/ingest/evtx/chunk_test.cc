#include "ingest/evtx/chunk.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "ingest/evtx/evtx_builder.h"
#include "ingest/input.h"

namespace gac::ingest::evtx {
namespace {

std::vector<std::string> read_all(std::string_view chunk, RecordCounts* counts = nullptr) {
    ChunkReader reader;
    reader.begin(chunk);
    std::vector<std::string> out;
    std::string json;
    while (reader.next(json)) {
        out.push_back(json);
    }
    if (counts != nullptr) {
        *counts = reader.counts();
    }
    return out;
}

TEST(EvtxChunk, RecordsBecomeJson) {
    EvtxBuilder builder;
    builder.add_record(1, sample_values("C:\\a.exe"));
    builder.add_record(2, sample_values("say \"hi\""));
    const auto records = read_all(builder.chunk());
    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[0],
              R"({"Event":{"System":{"Provider":{"#attributes":{"Name":"P"}},"EventID":4688,)"
              R"("Channel":"Security"},"EventData":{"Image":"C:\\a.exe","Empty":"",)"
              R"("Data":["one","0x3e7"]}}})");
    EXPECT_NE(records[1].find(R"("Image":"say \"hi\"")"), std::string::npos);
}

TEST(EvtxChunk, ABadRecordNeverLosesTheNext) {
    EvtxBuilder builder;
    for (std::uint64_t i = 1; i <= 4; ++i) {
        builder.add_record(i, sample_values("x" + std::to_string(i)));
    }
    std::string chunk = builder.chunk();
    chunk[builder.start_of(1) + 24] = '\x55';  // no fragment begins so
    RecordCounts counts;
    auto records = read_all(chunk, &counts);
    ASSERT_EQ(records.size(), 4U);
    EXPECT_NE(records[1].find("parse.error"), std::string::npos);
    EXPECT_NE(records[1].find("\"EventRecordID\":2"), std::string::npos);
    EXPECT_NE(records[2].find("x3"), std::string::npos);
    EXPECT_EQ(counts.bad, 1U);

    chunk = builder.chunk();
    std::memset(chunk.data() + builder.start_of(2) + 4, 0xff, 4);  // a size that cannot be
    records = read_all(chunk);
    EXPECT_NE(records.back().find("x4"), std::string::npos);

    chunk = builder.chunk();
    std::memset(chunk.data(), 0, 128);  // the chunk's head is gone
    EXPECT_EQ(read_all(chunk).size(), 4U);
}

TEST(EvtxChunk, CutShortItGivesWhatIsThere) {
    EvtxBuilder builder;
    builder.add_record(1, sample_values("a"));
    builder.add_record(2, sample_values("b"));
    const std::string& chunk = builder.chunk();
    for (std::size_t size = 0; size < chunk.size(); ++size) {
        const auto records = read_all(std::string_view(chunk).substr(0, size));
        EXPECT_LE(records.size(), 2U);
        if (size >= builder.start_of(1)) {
            ASSERT_GE(records.size(), 1U);
            EXPECT_NE(records[0].find("\"Image\":\"a\""), std::string::npos);
        }
    }
}

TEST(EvtxChunk, ValuesHaveTheTextsOfTheTools) {
    const auto text = [](ValueType type, const std::string& bytes) {
        std::string out;
        return append_value({static_cast<std::uint8_t>(type), bytes}, out) ? out : "bad";
    };
    EXPECT_EQ(text(ValueType::Int8, "\xff"), "-1");
    EXPECT_EQ(text(ValueType::UInt32, raw(std::uint32_t{7})), "7");
    EXPECT_EQ(text(ValueType::UInt64, raw(UINT64_MAX)), "18446744073709551615");
    EXPECT_EQ(text(ValueType::Bool, raw(std::uint32_t{1})), "true");
    EXPECT_EQ(text(ValueType::HexInt32, raw(std::uint32_t{0x1fffff})), "\"0x1fffff\"");
    EXPECT_EQ(text(ValueType::FileTime, raw(std::uint64_t{116'444'736'000'000'010})),
              "\"1970-01-01T00:00:00.000001Z\"");
    EXPECT_EQ(text(ValueType::Guid, raw(std::uint64_t{0x4a43'c22a'5770'385f})
                                        + raw(std::uint64_t{0xd9fb'8f69'c506'4cbf})),
              "\"5770385F-C22A-4A43-BF4C-06C5698FFBD9\"");
    EXPECT_EQ(text(ValueType::Sid, std::string("\1\1\0\0\0\0\0\5", 8) + raw(std::uint32_t{18})),
              "\"S-1-5-18\"");
    EXPECT_EQ(text(ValueType::Sid, "\1\5"), "bad");
    EXPECT_EQ(text(ValueType::String, std::string("a\0\x3d\xd8\0\xde\x00\xd8", 8)),
              "\"a\U0001F600\uFFFD\"");
    std::string list;
    EXPECT_TRUE(append_value({0x81, utf16_of("a") + std::string(2, '\0') + utf16_of("b")}, list));
    EXPECT_EQ(list, "[\"a\",\"b\"]");
    list.clear();
    EXPECT_TRUE(append_value({0x88, "\1\0\0\0\2\0\0\0" + std::string()}, list) || !list.empty());
    EXPECT_EQ(text(ValueType::UInt32, "abc"), "bad");
}

TEST(EvtxChunk, FilesAreReadThroughInput) {
    EvtxBuilder builder;
    builder.add_record(1, sample_values("a"));
    builder.add_record(2, sample_values("b"));
    const auto path =
        std::filesystem::temp_directory_path() / ("gac_evtx_" + std::to_string(::getpid()));
    std::ofstream(path, std::ios::binary) << builder.file() << builder.file().substr(4096);
    auto input = Input::open(path.string());
    ASSERT_TRUE(input);
    Frame frame;
    std::size_t records = 0;
    for (auto more = (*input)->next(frame); more && *more; more = (*input)->next(frame)) {
        EXPECT_TRUE(frame.bytes.starts_with("{\"Event\""));
        ++records;
    }
    EXPECT_EQ(records, 4U);
    EXPECT_EQ((*input)->bytes_read(), 4096U + 2 * kChunkBytes);
    std::filesystem::remove(path);
}

// One object as sorted "path=value" lines; what the public tool writes as {"#text": x} alone is x.
void flatten(simdjson::dom::element element, const std::string& path,
             std::vector<std::string>& out) {
    using simdjson::dom::element_type;
    if (element.type() == element_type::OBJECT) {
        for (const auto field : simdjson::dom::object(element)) {
            const std::string key(field.key);
            flatten(field.value, key == "#text" ? path : path + "." + key, out);
        }
    } else if (element.type() == element_type::ARRAY) {
        for (const auto one : simdjson::dom::array(element)) {
            flatten(one, path, out);
        }
    } else {
        out.push_back(path + "=" + simdjson::to_string(element));
    }
}

TEST(EvtxCorpus, EveryFileGivesTheJsonBesideIt) {
    const char* shared = std::getenv("GAC_SHARED_EVTX");
    if (shared == nullptr) {
        GTEST_SKIP() << "GAC_SHARED_EVTX (a folder of .evtx files with .json beside) is not set";
    }
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(shared)) {
        if (entry.path().extension() != ".evtx") {
            continue;
        }
        ++files;
        std::vector<std::vector<std::string>> want;
        std::vector<std::vector<std::string>> have;
        for (const bool evtx : {false, true}) {
            auto path = entry.path();
            path.replace_extension(evtx ? ".evtx" : ".json");
            auto input = Input::open(path.string());
            ASSERT_TRUE(input) << path;
            Frame frame;
            for (auto more = (*input)->next(frame); more && *more; more = (*input)->next(frame)) {
                simdjson::dom::parser parser;
                simdjson::dom::element element;
                ASSERT_EQ(parser.parse(std::string(frame.bytes)).get(element), simdjson::SUCCESS)
                    << path << frame.bytes;
                std::vector<std::string> flat;
                flatten(element, "", flat);
                std::ranges::sort(flat);
                (evtx ? have : want).push_back(std::move(flat));
            }
        }
        EXPECT_EQ(have, want) << entry.path();
    }
    EXPECT_GT(files, 0U);
}

}  // namespace
}  // namespace gac::ingest::evtx
