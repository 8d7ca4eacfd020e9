#include "ingest/input.h"

#include <gtest/gtest.h>
#include <lzma.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace gac::ingest {
namespace {

namespace fs = std::filesystem;

class InputTest : public ::testing::Test {
protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "gac-input-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    void TearDown() override { fs::remove_all(folder_); }

    std::string write(std::string_view bytes) {
        const fs::path path = folder_ / "file";
        std::ofstream(path, std::ios::binary) << bytes;
        return path.string();
    }

    std::vector<std::string> frames(std::string_view bytes, std::size_t limit = 1 << 20) {
        std::vector<std::string> out;
        error_.clear();
        auto input = Input::open(write(bytes), limit);
        if (!input) {
            error_ = input.error().message();
            return out;
        }
        Frame frame;
        for (;;) {
            const auto more = (*input)->next(frame);
            if (!more) {
                error_ = more.error().message();
                return out;
            }
            if (!*more) {
                return out;
            }
            out.push_back((frame.truncated ? "cut:" : "") + std::string(frame.bytes));
        }
    }

    fs::path folder_;
    std::string error_;
};

using Frames = std::vector<std::string>;

TEST_F(InputTest, ReadsLines) {
    EXPECT_EQ(frames("one\r\n\n  \ntwo\nthree"), (Frames{"one", "two", "three"}));
    EXPECT_EQ(frames(""), Frames{});
    EXPECT_EQ(frames("\xEF\xBB\xBFone\n"), Frames{"one"});
    EXPECT_EQ(frames("[Sun Nov 22 09:15:08 2026] [error] x\n"),
              Frames{"[Sun Nov 22 09:15:08 2026] [error] x"});
    EXPECT_EQ(frames("12345678\n123456789\nx", 8), (Frames{"12345678", "cut:12345678", "x"}));
    const std::string big(3'000'000, 'y');
    EXPECT_EQ(frames(big + "\nx\n", 8), (Frames{"cut:yyyyyyyy", "x"}));
    EXPECT_EQ(frames(big + "\nx\n"), (Frames{"cut:" + big.substr(0, 1 << 20), "x"}));
}

TEST_F(InputTest, ReadsOneObjectALine) {
    EXPECT_EQ(frames("{\"a\":1}\n{\"a\":2}\n"), (Frames{"{\"a\":1}", "{\"a\":2}"}));
    // A broken line stays one line.
    EXPECT_EQ(frames("{\"a\":1}\n{\"a\":\n{\"a\":3}\n"),
              (Frames{"{\"a\":1}", "{\"a\":", "{\"a\":3}"}));
    EXPECT_EQ(frames("{\"a\":\n{\"a\":2}\n{\"a\":3}\n"),
              (Frames{"{\"a\":\n{\"a\":2}", "{\"a\":3}"}));
    EXPECT_EQ(frames("{\"a\": \"cut of\n{\"a\":2}\n{\"a\":3}\n"),
              (Frames{"{\"a\": \"cut of", "{\"a\":2}", "{\"a\":3}"}));
}

TEST_F(InputTest, ReadsStreamsAndArraysOfObjects) {
    const std::string pretty = "{\n  \"a\": {\n    \"b\": [1, \"}\"]\n  }\n}";
    EXPECT_EQ(frames(pretty + "\n" + pretty + "\n"), (Frames{pretty, pretty}));
    EXPECT_EQ(frames("[" + pretty + ",\n" + pretty + "]\n"), (Frames{pretty, pretty}));
    EXPECT_EQ(frames("[\n{\"a\":1},\n{\"a\":2}\n]"), (Frames{"{\"a\":1}", "{\"a\":2}"}));
    EXPECT_EQ(frames("{\"a\":1}{\"a\":2} {\"a\":3}"),
              (Frames{"{\"a\":1}", "{\"a\":2}", "{\"a\":3}"}));
    EXPECT_EQ(frames("[]"), Frames{});
    // An object in an array that stands at the line's start is no new record.
    const std::string zero = "{\n\"a\": [\n{\n\"b\": 1\n},\n{\n\"b\": 2\n}\n]\n}";
    EXPECT_EQ(frames(zero + "\n" + zero), (Frames{zero, zero}));
}

TEST_F(InputTest, BrokenObjectOfAStreamDoesNotSwallowTheNext) {
    EXPECT_EQ(frames("{\n  \"a\": 1\n}\n{\n  \"a\": \"open\n{\n  \"a\": 3\n}\n"),
              (Frames{"{\n  \"a\": 1\n}", "{\n  \"a\": \"open", "{\n  \"a\": 3\n}"}));
}

TEST_F(InputTest, ObjectsLargerThanTheBufferAndTheLimit) {
    const std::string large = "{\n\"a\":\"" + std::string(700'000, 'z') + "\"\n}";
    EXPECT_EQ(frames(large + "\n" + large), (Frames{large, large}));
    EXPECT_EQ(frames(large + "\n{\n\"b\":1\n}", 100'000),
              (Frames{"cut:" + large.substr(0, 100'000), "{\n\"b\":1\n}"}));
    // Far beyond the limit nothing is held back any more.
    EXPECT_EQ(frames(large + "\n{\n\"b\":1\n}", 1000).front(), "cut:" + large.substr(0, 1000));
}

std::string gzip(std::string_view text) {
    z_stream stream{};
    deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    std::string out(compressBound(text.size()) + 64, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

std::string xz(std::string_view text) {
    std::string out(text.size() + 4096, '\0');
    std::size_t size = 0;
    lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, nullptr,
                            reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                            reinterpret_cast<std::uint8_t*>(out.data()), &size, out.size());
    out.resize(size);
    return out;
}

std::string zstd(std::string_view text) {
    std::string out(ZSTD_compressBound(text.size()), '\0');
    out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
    return out;
}

TEST_F(InputTest, UnpacksWhatIsPackedAndConcatenated) {
    std::string text;
    Frames expected;
    for (int i = 0; i < 50'000; ++i) {
        expected.push_back("line number " + std::to_string(i));
        text += expected.back() + '\n';
    }
    for (const auto pack : {gzip, xz, zstd}) {
        const std::string packed = pack(text);
        EXPECT_EQ(frames(packed), expected);
        EXPECT_EQ(frames(pack("one\n") + pack("two\n")), (Frames{"one", "two"}));
        // Cut short: what came before is handed out, then the fault is told.
        const Frames part = frames(std::string_view(packed).substr(0, packed.size() / 2));
        EXPECT_LT(part.size(), expected.size());
        EXPECT_NE(error_.find("cut short"), std::string::npos) << error_;
        std::string damaged = packed;
        damaged[damaged.size() / 2] = static_cast<char>(~damaged[damaged.size() / 2]);
        frames(damaged);
        EXPECT_FALSE(error_.empty());
    }
}

TEST_F(InputTest, RefusesWhatItCannotRead) {
    EXPECT_FALSE(Input::open((folder_ / "absent").string()));
    const auto folder = Input::open(folder_.string());
    ASSERT_FALSE(folder);
    EXPECT_NE(folder.error().message().find("folder"), std::string::npos);
    frames("\xFF\xFEu\0");
    EXPECT_NE(error_.find("UTF-16"), std::string::npos);
}

TEST_F(InputTest, FoldersGiveWayToTheirFiles) {
    fs::create_directories(folder_ / "b" / "deep");
    for (const char* name : {"b/deep/2.json", "b/1 một.log", "a.log"}) {
        std::ofstream(folder_ / name) << "x\n";
    }
    fs::create_directory_symlink(folder_, folder_ / "b" / "loop");
    const std::string root = folder_.string();
    const std::vector<std::string> want{"-", root + "/a.log", root + "/b/1 một.log",
                                        root + "/b/deep/2.json", root + "/none"};
    EXPECT_EQ(input_files({"-", root, root + "/none"}), want);
}

}  // namespace
}  // namespace gac::ingest
