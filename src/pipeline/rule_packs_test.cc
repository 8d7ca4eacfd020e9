#include "pipeline/rule_packs.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>

#include "base/file.h"

namespace gac::pipeline {
namespace {

void put16(std::string& out, std::uint32_t value) {
    out += static_cast<char>(value & 0xff);
    out += static_cast<char>(value >> 8 & 0xff);
}
void put32(std::string& out, std::uint32_t value) {
    put16(out, value & 0xffff);
    put16(out, value >> 16);
}

struct Entry {
    std::string name;
    std::string text;
    bool packed = true;
    std::uint32_t mode = 0100644;
    std::int64_t lie = 0;  // added to the size that the directory states
};

std::string deflated(const std::string& text) {
    z_stream stream{};
    deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
    std::string out(deflateBound(&stream, text.size()), '\0');
    std::string in = text;
    stream.next_in = reinterpret_cast<Bytef*>(in.data());
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(out.size() - stream.avail_out);
    deflateEnd(&stream);
    return out;
}

std::string zip(const std::vector<Entry>& entries) {
    std::string out;
    std::string directory;
    for (const Entry& entry : entries) {
        const std::string body = entry.packed ? deflated(entry.text) : entry.text;
        const auto offset = static_cast<std::uint32_t>(out.size());
        const auto sum =
            static_cast<std::uint32_t>(::crc32(0, reinterpret_cast<const Bytef*>(entry.text.data()),
                                               static_cast<uInt>(entry.text.size())));
        const auto size =
            static_cast<std::uint32_t>(static_cast<std::int64_t>(entry.text.size()) + entry.lie);
        std::string common;
        put16(common, 0);
        put16(common, entry.packed ? 8 : 0);
        put32(common, 0);
        put32(common, sum);
        put32(common, static_cast<std::uint32_t>(body.size()));
        put32(common, size);
        put16(common, static_cast<std::uint32_t>(entry.name.size()));
        put16(common, 0);
        out += "PK\x03\x04";
        put16(out, 20);
        out += common + entry.name + body;
        directory += "PK\x01\x02";
        put16(directory, 20 | 3 << 8);
        put16(directory, 20);
        directory += common;
        put16(directory, 0);
        put16(directory, 0);
        put16(directory, 0);
        put32(directory, entry.mode << 16);
        put32(directory, offset);
        directory += entry.name;
    }
    const auto start = static_cast<std::uint32_t>(out.size());
    out += directory + "PK\x05\x06";
    put32(out, 0);
    put16(out, static_cast<std::uint32_t>(entries.size()));
    put16(out, static_cast<std::uint32_t>(entries.size()));
    put32(out, static_cast<std::uint32_t>(directory.size()));
    put32(out, start);
    put16(out, 0);
    return out;
}

std::string tar(const std::vector<Entry>& entries) {
    std::string out;
    for (const Entry& entry : entries) {
        std::string header(512, '\0');
        header.replace(0, entry.name.size(), entry.name);
        header.replace(124, 11, fmt::format("{:011o}", entry.text.size()));
        header.replace(148, 8, "        ");
        header[156] = (entry.mode & 0170000) == 0120000 ? '2' : '0';
        header.replace(257, 5, "ustar");
        std::uint32_t sum = 0;
        for (const char c : header) {
            sum += static_cast<unsigned char>(c);
        }
        header.replace(148, 7, fmt::format("{:06o}", sum) + '\0');
        out += header + entry.text;
        out.append((512 - entry.text.size() % 512) % 512, '\0');
    }
    return out + std::string(1024, '\0');
}

std::string rule(int number, std::string_view word = "evil", std::string_view status = "test") {
    return fmt::format(
        "title: Rule {0}\nid: 00000000-0000-4000-8000-00000000000{0}\nstatus: {2}\n"
        "logsource: {{category: test}}\ndetection:\n    s: {{word: {1}}}\n    condition: s\n",
        number, word, status);
}

class RulePackTest : public ::testing::Test {
protected:
    ~RulePackTest() override {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    Result<PackChange> import(const std::string& version, std::vector<Entry> entries,
                              std::vector<detect::RuleText> others = {}) {
        GAC_TRY(files, unpack_rules(zip(entries)));
        GAC_TRY(wanted, make_import(std::move(files), "own", version, "own.zip", kNow));
        GAC_TRY(change, packs_.preview(wanted, others, {}));
        GAC_CHECK(packs_.import(wanted, change, "lan", kNow));
        return change;
    }

    static constexpr base::TimePoint kNow{1'790'000'000'000'000};
    static std::filesystem::path make_folder() {
        std::string name = (std::filesystem::temp_directory_path() / "gac-packs-XXXXXX").string();
        return ::mkdtemp(name.data());
    }
    std::filesystem::path folder_ = make_folder();
    RulePacks packs_{folder_ / "rules"};
};

TEST_F(RulePackTest, TellsWhatANewVersionChangesAndPutsItInForce) {
    const auto first = import("1", {{"rules/a.yml", rule(1)},
                                    {"rules/b.yml", rule(2)},
                                    {"rules/old.yml", rule(3, "x", "deprecated")},
                                    {"ci.yml", "on: push\n"},
                                    {"rules/broken.yml", "title: Broken\ndetection:\n  s: 1\n"}});
    ASSERT_TRUE(first) << first.error().message();
    EXPECT_EQ(first->added, 2U);
    EXPECT_EQ(first->loaded, 2U);
    EXPECT_EQ(first->refused, 1U);
    EXPECT_EQ(first->skipped, 2U);
    const auto second = import("2", {{"rules/a.yml", rule(1, "worse")}, {"rules/c.yml", rule(4)}});
    ASSERT_TRUE(second) << second.error().message();
    EXPECT_EQ(second->previous, "1");
    EXPECT_EQ(second->added, 1U);
    EXPECT_EQ(second->changed, 1U);
    EXPECT_EQ(second->removed, 2U);  // and the broken one
    EXPECT_EQ(packs_.in_force(), std::vector{folder_ / "rules" / "own" / "2"});

    const auto pack = packs_.use("own", "1");
    ASSERT_TRUE(pack) << pack.error().message();
    EXPECT_EQ(pack->version, "1");
    EXPECT_EQ(pack->versions.size(), 2U);
    EXPECT_EQ(pack->versions.front().imported_by, "lan");
    const std::filesystem::path paths[] = {packs_.in_force().front()};
    const auto texts = detect::read_rules(paths);
    ASSERT_TRUE(texts);
    EXPECT_EQ(texts->size(), 3U);
    const auto owner = packs_.pack_of(texts->front().path);
    ASSERT_TRUE(owner);
    EXPECT_EQ(owner->first, "own");
    EXPECT_EQ(owner->second, "1");
}

TEST_F(RulePackTest, KeepsVersionsUntilTheyAreRemoved) {
    ASSERT_TRUE(import("1", {{"a.yml", rule(1)}}));
    EXPECT_EQ(import("1", {{"a.yml", rule(1)}}).error().code, Code::AlreadyExists);
    ASSERT_TRUE(import("2", {{"a.yml", rule(1)}}));
    EXPECT_EQ(packs_.remove("own", "2").error().code, Code::Conflict);
    EXPECT_EQ(packs_.remove("own", "9").error().code, Code::NotFound);
    EXPECT_TRUE(packs_.remove("own", "1"));
    EXPECT_EQ(packs_.use("own", "1").error().code, Code::NotFound);
    EXPECT_TRUE(packs_.remove("own", ""));
    EXPECT_TRUE(packs_.in_force().empty());
    EXPECT_TRUE(packs_.list()->empty());
}

TEST_F(RulePackTest, AFailedFirstImportLeavesNothing) {
    PackImport wanted;
    wanted.name = "own";
    wanted.version = "1";
    wanted.texts = {{"a.yml", rule(1)}, {"a.yml", rule(2)}};  // the second cannot be written
    PackChange change;
    change.loaded = 2;
    EXPECT_FALSE(packs_.import(wanted, change, "lan", kNow));
    EXPECT_FALSE(std::filesystem::exists(folder_ / "rules" / "own"));
    ASSERT_TRUE(import("1", {{"a.yml", rule(1)}}));
    EXPECT_FALSE(packs_.import(wanted, change, "lan", kNow));  // and takes nothing away
    EXPECT_EQ(packs_.find("own")->version, "1");
}

TEST_F(RulePackTest, WhatACutOffImportLeftIsTakenAway) {
    namespace fs = std::filesystem;
    ASSERT_TRUE(import("1", {{"a.yml", rule(1)}}));
    const fs::path old = folder_ / "rules" / "own" / ".new-old";
    const fs::path young = folder_ / "rules" / "own" / ".new-young";
    const fs::path lonely = folder_ / "rules" / "other" / ".new-old";
    for (const fs::path& folder : {old, young, lonely}) {
        fs::create_directories(folder / "in");
    }
    for (const fs::path& folder : {old, lonely}) {
        fs::last_write_time(folder, fs::file_time_type::clock::now() - std::chrono::hours(1));
    }
    packs_.remove_leftovers();
    EXPECT_FALSE(fs::exists(old));
    EXPECT_TRUE(fs::exists(young));  // somebody may be writing it
    EXPECT_FALSE(fs::exists(folder_ / "rules" / "other"));
    EXPECT_EQ(packs_.find("own")->version, "1");
}

TEST_F(RulePackTest, RefusesDoubleIdsAndPacksWithoutRules) {
    const std::vector<detect::RuleText> shipped = {{"shipped.yml", rule(1)}};
    const auto change = import("1", {{"a.yml", rule(1)}, {"b.yml", rule(2)}}, shipped);
    ASSERT_TRUE(change) << change.error().message();
    ASSERT_EQ(change->refused, 1U);
    EXPECT_TRUE(change->rules.front().reason.contains("taken by another rule"));
    EXPECT_EQ(import("2", {{"ci.yml", "on: push\n"}}).error().code, Code::InvalidArgument);
    EXPECT_EQ(import("2", {{"a.yml", rule(1)}}, shipped).error().code, Code::InvalidArgument);
    EXPECT_EQ(packs_.find("own")->version, "1");
    EXPECT_FALSE(make_import({{"a.yml", rule(1)}}, "../own", "", "", kNow));
    EXPECT_FALSE(make_import({{"a.yml", rule(1)}}, "own", "..", "", kNow));
    EXPECT_EQ(make_import({{"a.yml", rule(1)}}, "own", "", "sigma-r2026-10-01.zip", kNow)->version,
              "2026-10-01");
    EXPECT_EQ(make_import({{"a.yml", rule(1)}, {"version.txt", "Release r2026-11-02\n"}}, "own", "",
                          "x.zip", kNow)
                  ->version,
              "2026-11-02");
}

TEST(RuleArchive, ReadsZipAndTarAndNothingElse) {
    const std::vector<Entry> entries = {
        {"rules/a.yml", rule(1)}, {"rules/b.yaml", rule(2), false}, {"README.md", "# no"}};
    const auto zipped = unpack_rules(zip(entries));
    ASSERT_TRUE(zipped) << zipped.error().message();
    ASSERT_EQ(zipped->size(), 2U);
    EXPECT_EQ(zipped->front().path, "rules/a.yml");
    EXPECT_EQ(zipped->front().text, rule(1));
    const auto tarred = unpack_rules(tar(entries));
    ASSERT_TRUE(tarred) << tarred.error().message();
    EXPECT_EQ(tarred->size(), 2U);
    EXPECT_EQ(tarred->back().text, rule(2));
    EXPECT_FALSE(unpack_rules("title: a rule"));
    EXPECT_FALSE(unpack_rules(""));
}

TEST(RuleArchive, RefusesNamesThatLeadElsewhere) {
    for (const std::string name : {"../a.yml", "/etc/a.yml", "rules/../../a.yml", "..", "a\\b.yml",
                                   "C:/a.yml", "\xff.yml"}) {
        EXPECT_FALSE(unpack_rules(zip({{name, rule(1)}}))) << name;
        EXPECT_FALSE(unpack_rules(tar({{name, rule(1)}}))) << name;
    }
    EXPECT_FALSE(unpack_rules(zip({{"a.yml", rule(1)}, {"a.yml", rule(2)}})));
    // Links are never followed.
    const auto links = unpack_rules(zip({{"a.yml", "/etc/passwd", false, 0120777}}));
    ASSERT_TRUE(links);
    EXPECT_TRUE(links->empty());
    EXPECT_TRUE(unpack_rules(tar({{"a.yml", "", false, 0120777}}))->empty());
}

TEST(RuleArchive, HoldsItsLimits) {
    const std::string big(100'000, ' ');
    const std::string bomb = zip({{"a.yml", big}, {"b.yml", big}});
    EXPECT_LT(bomb.size(), 1000U);
    EXPECT_TRUE(unpack_rules(bomb));
    EXPECT_EQ(unpack_rules(bomb, {.unpacked_bytes_max = 150'000}).error().code,
              Code::LimitExceeded);
    EXPECT_EQ(unpack_rules(bomb, {.file_bytes_max = 99'999}).error().code, Code::LimitExceeded);
    EXPECT_EQ(unpack_rules(bomb, {.entries_max = 1}).error().code, Code::LimitExceeded);
    EXPECT_EQ(unpack_rules(bomb, {.packed_bytes_max = 10}).error().code, Code::LimitExceeded);
    // An entry that unpacks to more, or less, than it states.
    EXPECT_FALSE(unpack_rules(zip({{"a.yml", big, true, 0100644, -1}})));
    EXPECT_FALSE(unpack_rules(zip({{"a.yml", big, true, 0100644, 1}})));
    const std::string whole = zip({{"a.yml", rule(1)}});
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
        EXPECT_FALSE(unpack_rules(std::string_view(whole).substr(0, cut))) << cut;
    }
}

}  // namespace
}  // namespace gac::pipeline
