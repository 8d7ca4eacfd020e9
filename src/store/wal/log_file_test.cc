#include "store/wal/log_file.h"

#include <gtest/gtest.h>

#include "store/testing.h"

namespace gac::store {

using testing::RandomEvents;
using testing::TemporaryFolder;

namespace {

constexpr std::uint64_t kSalt = 0x1234'5678'9ABC'DEF0;

class LogFileTest : public ::testing::Test {
protected:
    // A file of records 1..n of a few events each.
    std::string file_of(int records, std::uint64_t first = 1) {
        std::string file = log_header({.number = 1, .salt = kSalt});
        for (int i = 0; i < records; ++i) {
            const std::uint64_t sequence = first + static_cast<std::uint64_t>(i);
            file += record(sequence, sequence - 1);
        }
        return file;
    }
    std::string record(std::uint64_t sequence, std::uint64_t previous) {
        event::EventBatch batch;
        batch.set_first_id(sequence * 10);
        for (int k = 0; k < 3; ++k) {
            random.add(batch, *names.sources);
        }
        auto chunk = Chunk::encode(batch, names).value();
        chunk->place(sequence, previous, kSalt);
        return std::string(chunk->record());
    }
    static std::vector<std::uint64_t> sequences(const std::vector<LogScan>& scans,
                                                std::uint64_t sealed = 0) {
        std::vector<std::uint64_t> out;
        for (const LogRecord& record : plan_replay(scans, sealed).records) {
            out.push_back(record.place.header.sequence);
        }
        return out;
    }

    TemporaryFolder folder;
    Names names{.profiles = testing::no_profiles(folder),
                .sources = std::make_shared<SourceNameTable>()};
    RandomEvents random{3};
};

using Sequences = std::vector<std::uint64_t>;

TEST_F(LogFileTest, ReadsWhatWasWritten) {
    const auto scan = scan_log(file_of(4)).value();
    EXPECT_EQ(scan.records.size(), 4u);
    EXPECT_EQ(scan.damaged_bytes, 0u);
    EXPECT_EQ(scan.torn_bytes, 0u);
    EXPECT_EQ(sequences({scan}), (Sequences{1, 2, 3, 4}));
    EXPECT_EQ(sequences({scan}, 2), (Sequences{3, 4}));
}

TEST_F(LogFileTest, ACutAnywhereKeepsExactlyTheWholeRecords) {
    const std::string file = file_of(4);
    const auto whole = scan_log(file).value();
    for (std::size_t cut = 0; cut < file.size(); ++cut) {
        const auto scan = scan_log(std::string_view(file).substr(0, cut));
        if (cut < kLogHeader) {
            EXPECT_FALSE(scan.has_value());
            continue;
        }
        std::size_t expected = 0;
        for (const RecordPlace& place : whole.records) {
            expected += place.at + place.bytes <= cut ? 1 : 0;
        }
        ASSERT_EQ(scan->records.size(), expected) << cut;
        EXPECT_EQ(scan->damaged_bytes, 0u);
        EXPECT_EQ(plan_replay({*scan}, 0).gaps, 0u);
    }
}

TEST_F(LogFileTest, AFlippedBitAnywhereLosesThatRecordAlone) {
    std::string file = file_of(4);
    const auto whole = scan_log(file).value();
    for (std::size_t at = 0; at < file.size(); ++at) {
        for (const int bit : {0, 7}) {
            file[at] = static_cast<char>(file[at] ^ (1 << bit));
            const auto scan = scan_log(file);
            ASSERT_TRUE(scan.has_value()) << at;  // the header stands twice
            Sequences expected;
            for (const RecordPlace& place : whole.records) {
                if (at < place.at || at >= place.at + place.bytes) {
                    expected.push_back(place.header.sequence);
                }
            }
            ASSERT_EQ(sequences({*scan}), expected) << at;
            // Missing in the middle is noticed; at the end it looks like a torn tail.
            const bool hole = expected.size() < 4 && expected.back() == 4;
            ASSERT_EQ(plan_replay({*scan}, 0).gaps, hole ? 1u : 0u) << at;
            ASSERT_EQ(scan->damaged_bytes > 0, hole) << at;
            file[at] = static_cast<char>(file[at] ^ (1 << bit));
        }
    }
}

TEST_F(LogFileTest, RecordsInsideTextsAreNotTaken) {
    // Somebody logs a whole record made elsewhere: its salt is not this file's.
    event::EventBatch batch;
    batch.set_first_id(1);
    random.add(batch, *names.sources);
    auto evil = Chunk::encode(batch, names).value();
    evil->place(7, 6, kSalt + 1);
    const std::string inner(evil->record());
    batch.reset();
    batch.set_first_id(5);
    batch.begin();
    event::EventHead head;
    head.raw = inner;
    batch.end(head);
    auto outer = Chunk::encode(batch, names).value();
    outer->place(1, 0, kSalt);
    std::string file = log_header({.number = 1, .salt = kSalt});
    file += outer->record();
    file[kLogHeader + kRecordHeader] =
        static_cast<char>(file[kLogHeader + kRecordHeader] ^ 1);  // damage the outer one
    EXPECT_TRUE(scan_log(file)->records.empty());
}

TEST_F(LogFileTest, RecordsWrittenAgainAfterAFailedSyncCountOnce) {
    const std::string third = record(3, 2);
    std::string first = file_of(2) + third;
    std::string second = log_header({.number = 2, .salt = kSalt}) + third + record(4, 3);
    EXPECT_EQ(sequences({*scan_log(first), *scan_log(second)}), (Sequences{1, 2, 3, 4}));
}

TEST_F(LogFileTest, DisownedRecordsAreDropped) {
    // 3 and 4 were refused, but could not be taken out of the file; 5 says that it follows 2.
    const std::string file = file_of(4) + record(5, 2) + record(6, 5);
    EXPECT_EQ(sequences({*scan_log(file)}), (Sequences{1, 2, 5, 6}));
    EXPECT_EQ(plan_replay({*scan_log(file)}, 0).gaps, 0u);
}

TEST_F(LogFileTest, NamesOfFiles) {
    EXPECT_EQ(log_path("/x", 12).string(), "/x/000000000012.wal");
    EXPECT_EQ(log_number("/x/000000000012.wal"), 12u);
    EXPECT_FALSE(log_number("/x/ids").has_value());
    EXPECT_FALSE(log_number("/x/12a.wal").has_value());
}

}  // namespace

}  // namespace gac::store
