// A block that is skipped holds no row that passes, whatever is asked and whatever is damaged.
#include "store/query/probe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "store/segment/writer.h"
#include "store/testing.h"

namespace gac::store::query {

namespace {

constexpr std::uint32_t kBlockRows = 12;

class ProbeTest : public ::testing::Test {
protected:
    void SetUp() override {
        testing::RandomEvents random(17);
        event::EventBatch batch;
        for (std::uint32_t i = 0; i < 40 * kBlockRows; ++i) {
            random.add(batch, *names.sources);
        }
        auto chunk = Chunk::encode(batch, names).value();
        chunk->place(1, 0, 1);
        const std::shared_ptr<Chunk> chunks[] = {chunk};
        Disk disk;
        path =
            write_segment(folder.path(), chunks, names, {.limits = {.rows_max = kBlockRows}}, disk)
                .value();
    }

    // Per block: does a row pass, read without any index?
    std::vector<bool> truth(const Segment& segment, const std::string& question) {
        PlanNode plan = plan_of(question);
        std::vector<bool> out;
        const auto shared =
            std::shared_ptr<const Segment>(std::shared_ptr<const Segment>(), &segment);
        const auto fd = segment.open_data().value();
        for (std::uint32_t block = 0; block < segment.blocks().size(); ++block) {
            BlockReader reader(shared, fd, block);
            std::vector<std::uint32_t> rows;
            for (std::uint32_t row = 0; row < reader.rows(); ++row) {
                rows.push_back(row);
            }
            event::EventBatch events;
            std::vector<event::EventId> ids;
            EXPECT_TRUE(reader.materialize(rows, events, ids));
            bool any = false;
            for (std::uint32_t row = 0; row < events.size(); ++row) {
                any = passes(plan, events[row], names) || any;
            }
            out.push_back(any);
        }
        return out;
    }
    PlanNode plan_of(const std::string& question) {
        return make_plan(parse(question, {}).value(), *names.profiles).value();
    }

    testing::TemporaryFolder folder;
    Names names{testing::no_profiles(folder), std::make_shared<SourceNameTable>()};
    std::filesystem::path path;
};

// What is asked, and by what blocks must be skipped (None: they need not be).
const std::pair<std::string, Skip> kQuestions[] = {
    {"source.ip:10.0.0.3", Skip::Entity},
    {"source.ip:192.0.2.1", Skip::Entity},
    {"source.ip:10.0.16.0/24", Skip::Entity},
    {"source.ip:\"10.0.0.3\" or source.ip:10.0.0.4", Skip::Entity},
    {"source.ip:10.0.1*", Skip::Entity},
    {"source.ip < 10.0.0.2", Skip::Entity},
    {"not source.ip:10.0.0.3", Skip::None},
    {"user.name:nobody", Skip::Entity},
    {"user.name:ROOT", Skip::None},
    {"user.name:nguyen*", Skip::None},
    {"user.name:\"Nguyễn Văn An\"", Skip::None},
    {"user.name:\"Nguyên Văn An\"", Skip::Entity},
    {"nosuchword", Skip::Words},
    {"\"Failed password\"", Skip::None},
    {"\"failed nosuch\"", Skip::Words},
    {"nosuch*", Skip::None},
    {"thất", Skip::None},
    {"not nosuchword", Skip::None},
    {"nosuchword or source.ip:10.0.0.3", Skip::Words},
    {"failed source.ip:10.0.0.5", Skip::Entity},
    {"source.port > 65000", Skip::Range},
    {"no.such.field:1", Skip::Range},
    {"http.response.status_code:200", Skip::None},
    {"gac.source:nobody", Skip::Range},
    {"gac.source:sshd", Skip::None},
    {"gac.drill:true", Skip::None},
    {"tags:7", Skip::None},
    {"odd:5", Skip::None},
};

TEST_F(ProbeTest, SkipsOnlyBlocksWithoutAMatch) {
    const auto segment = Segment::open(path, names).value();
    for (const auto& [question, reason] : kQuestions) {
        PlanNode plan = plan_of(question);
        const SegmentProbe probed = probe(*segment, plan, names, [&](const Error& error) {
            ADD_FAILURE() << question << ": " << error.message();
        });
        const std::vector<bool> passing = truth(*segment, question);
        ASSERT_EQ(probed.blocks.size(), passing.size());
        std::map<Skip, int> why;
        for (std::size_t block = 0; block < passing.size(); ++block) {
            ++why[probed.blocks[block]];
            EXPECT_TRUE(probed.blocks[block] == Skip::None || !passing[block])
                << question << ", block " << block;
        }
        EXPECT_GT(why[reason], 0) << question;
        if (reason == Skip::Entity && question.starts_with("source.ip:10.0.0.3")) {
            EXPECT_EQ(why[Skip::None], std::ranges::count(passing, true)) << question;
        }
    }
}

TEST_F(ProbeTest, ADamagedIndexIsToldAndSkipsNothingWrongly) {
    std::ifstream in(path, std::ios::binary);
    const std::string good((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    const auto whole = Segment::open(path, names).value();
    std::map<std::string, std::vector<bool>> passing;
    for (const auto& [question, reason] : kQuestions) {
        passing[question] = truth(*whole, question);
    }
    const auto broken = folder.path() / "broken.seg";
    std::size_t told = 0;
    for (const std::uint32_t tag : {index::kPagesSection, index::kDirectorySection}) {
        const SectionEntry section = *whole->find_section(tag);
        for (std::uint64_t at = 0; at < section.bytes; at += 61) {
            std::string bytes = good;
            bytes[section.offset + at] = static_cast<char>(bytes[section.offset + at] ^ 4);
            std::ofstream(broken, std::ios::binary) << bytes;
            const auto segment = Segment::open(broken, names).value();
            for (const auto& [question, reason] : kQuestions) {
                PlanNode plan = plan_of(question);
                const SegmentProbe probed = probe(*segment, plan, names, [&](const Error& error) {
                    EXPECT_TRUE(error.message().contains("broken.seg")) << error.message();
                    ++told;
                });
                for (std::size_t block = 0; block < probed.blocks.size(); ++block) {
                    ASSERT_TRUE(probed.blocks[block] == Skip::None || !passing[question][block])
                        << question << ", block " << block << ", byte " << at;
                }
            }
        }
    }
    EXPECT_GT(told, 100U);
}

}  // namespace

}  // namespace gac::store::query
