#include "store/segment/segment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "store/segment/writer.h"
#include "store/testing.h"

namespace gac::store {

using event::ValueRef;
using testing::RandomEvents;
using testing::TemporaryFolder;

namespace {

std::string json_of(const event::EventRef& event) {
    std::string out = std::to_string(event.id()) + "|" + std::to_string(event.head().time.us) + "|"
                      + std::to_string(event.head().received.us) + "|"
                      + std::string(event.head().raw);
    for (const event::Field& field : event.fields()) {
        out += ' ';
        out += event::name_of(field.id);
        out += '=' + std::to_string(static_cast<int>(field.value.type()));
        field.value.append_json(out);
    }
    return out;
}

class SegmentTest : public ::testing::Test {
protected:
    std::shared_ptr<Chunk> chunk(const event::EventBatch& batch, std::uint64_t sequence) {
        auto out = Chunk::encode(batch, names).value();
        out->place(sequence, sequence - 1, 1);
        return out;
    }
    std::shared_ptr<const Segment> write(const std::vector<std::shared_ptr<Chunk>>& chunks,
                                         std::uint32_t block_rows = 100) {
        Disk disk;
        const auto path =
            write_segment(folder.path(), chunks, names, {.limits = {.rows_max = block_rows}}, disk);
        EXPECT_TRUE(path.has_value());
        auto segment = Segment::open(*path, names);
        EXPECT_TRUE(segment.has_value()) << (segment ? "" : segment.error().message());
        return *segment;
    }
    std::shared_ptr<const Segment> random_segment(int events) {
        RandomEvents random(11);
        event::EventBatch batch;
        batch.set_first_id(100);
        for (int i = 0; i < events; ++i) {
            random.add(batch, *names.sources);
        }
        return write({chunk(batch, 1)});
    }
    // Every event that can be read; errors are counted.
    std::vector<std::string> read_all(const Segment& segment,
                                      std::vector<std::string>* faults = nullptr) {
        std::vector<std::string> out;
        auto shared = std::shared_ptr<const Segment>(std::shared_ptr<const Segment>(), &segment);
        const auto fd = segment.open_data().value();
        for (std::uint32_t block = 0; block < segment.blocks().size(); ++block) {
            BlockReader reader(shared, fd, block);
            std::vector<std::uint32_t> rows(reader.rows());
            for (std::uint32_t row = 0; row < rows.size(); ++row) {
                rows[row] = row;
            }
            event::EventBatch batch;
            std::vector<event::EventId> ids;
            if (const auto read = reader.materialize(rows, batch, ids); !read) {
                if (faults != nullptr) {
                    faults->push_back(read.error().message());
                }
                continue;
            }
            batch.set_ids(ids);
            for (std::uint32_t row = 0; row < batch.size(); ++row) {
                out.push_back(json_of(batch[row]));
            }
        }
        return out;
    }

    TemporaryFolder folder;
    Names names{.profiles = testing::no_profiles(folder),
                .sources = std::make_shared<SourceNameTable>()};
};

TEST_F(SegmentTest, KeepsEveryKindOfValue) {
    event::EventBatch batch;
    batch.set_first_id(1);
    std::vector<std::string> expected;
    const auto v6 = base::IpAddress::parse("2001:db8::1").value();
    const std::string big(300'000, 'x');
    const auto nested_inner =
        std::vector<ValueRef>{ValueRef(std::int64_t{-1}), ValueRef(std::string_view("i"))};
    const auto nested =
        std::vector<ValueRef>{ValueRef(std::span<const ValueRef>(nested_inner)), ValueRef()};
    const std::vector<ValueRef> odd = {ValueRef(std::string_view("")),
                                       ValueRef(std::string_view("a\0b", 3)),
                                       ValueRef(std::string_view(big)),
                                       ValueRef(std::numeric_limits<std::int64_t>::min()),
                                       ValueRef(std::numeric_limits<std::int64_t>::max()),
                                       ValueRef(0.1),
                                       ValueRef(-0.0),
                                       ValueRef(true),
                                       ValueRef(&v6),
                                       ValueRef(base::TimePoint{-5}),
                                       ValueRef(std::span<const ValueRef>(nested)),
                                       ValueRef(std::span<const ValueRef>()),
                                       ValueRef()};
    for (std::size_t i = 0; i < 300; ++i) {
        batch.begin();
        batch.add(event::intern("any"), odd[i % odd.size()]);
        const auto address = base::IpAddress::from_v4(static_cast<std::uint32_t>(i * 7919));
        batch.add_ip(event::intern("address"), address);
        batch.add(event::intern("grows"), ValueRef(static_cast<std::int64_t>(i) * 1'000'000'007));
        batch.add_copy(event::intern("text"), std::string(i, 'y') + std::to_string(i));
        event::EventHead head;
        head.time.us = static_cast<std::int64_t>(i);
        head.received.us = 1'000 - head.time.us;
        head.raw = batch.arena().copy("line " + std::to_string(i));
        batch.end(head);
    }
    for (std::uint32_t row = 0; row < batch.size(); ++row) {
        expected.push_back(json_of(batch[row]));
    }
    const auto segment = write({chunk(batch, 1)});
    auto read = read_all(*segment);
    ASSERT_EQ(read.size(), expected.size());
    for (std::size_t i = 0; i < read.size(); ++i) {
        // "any" has a column for each type, and so may come later among the fields.
        const auto sorted = [](std::string text) {
            std::ranges::sort(text);
            return text;
        };
        ASSERT_EQ(sorted(read[i]), sorted(expected[i])) << i;
    }
}

TEST_F(SegmentTest, SortsByTimeAndSaysWhatItHolds) {
    const auto segment = random_segment(1000);
    const SegmentSummary& summary = segment->summary();
    EXPECT_EQ(summary.rows, 1000u);
    EXPECT_EQ(summary.id_min, 100u);
    EXPECT_EQ(summary.id_max, 1099u);
    EXPECT_EQ(segment->blocks().size(), 10u);
    EXPECT_LT(summary.time_min, summary.time_max);
    for (std::size_t i = 1; i < segment->blocks().size(); ++i) {
        EXPECT_LE(segment->blocks()[i - 1].time_max, segment->blocks()[i].time_min);
    }
}

TEST_F(SegmentTest, AFlippedBitIsNoticedNamedAndLeavesTheRestReadable) {
    const auto segment = random_segment(300);
    const auto whole = read_all(*segment);
    std::ifstream in(segment->path(), std::ios::binary);
    const std::string good((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    const auto broken = folder.path() / "broken.seg";
    std::size_t partly = 0;
    std::size_t without_shapes = 0;
    for (std::size_t at = 0; at < good.size(); at += 13) {
        std::string bytes = good;
        bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
        std::ofstream(broken, std::ios::binary) << bytes;
        const auto opened = Segment::open(broken, names);
        if (!opened) {
            EXPECT_NE(opened.error().message().find("broken.seg"), std::string::npos);
            continue;
        }
        std::vector<std::string> faults;
        const auto rest = read_all(**opened, &faults);
        if (faults.empty()) {  // a bit of the index
            const auto fd = (*opened)->open_data().value();
            std::size_t bad = 0;
            for (const std::uint32_t tag : {index::kPagesSection, index::kDirectorySection}) {
                const auto section = (*opened)->read_section(fd, *(*opened)->find_section(tag));
                bad += section ? 0 : 1;
                EXPECT_TRUE(section || section.error().message().contains("broken.seg: section"));
            }
            EXPECT_EQ(bad, 1u) << at;
            EXPECT_EQ(rest.size(), whole.size());
            continue;
        }
        if (!faults.empty() && faults[0].find("broken.seg: section ") != std::string::npos) {
            ASSERT_EQ(faults.size(), 3u) << at;  // without the shapes no block can be read
            ++without_shapes;
            continue;
        }
        ASSERT_EQ(faults.size(), 1u) << at;  // one block, all others whole
        EXPECT_NE(faults[0].find("broken.seg: block "), std::string::npos) << faults[0];
        EXPECT_GE(rest.size(), 200u);
        for (const std::string& event : rest) {
            EXPECT_NE(std::ranges::find(whole, event), whole.end());
        }
        ++partly;
    }
    EXPECT_GT(partly, 100u);
    EXPECT_GT(without_shapes, 3u);
}

TEST_F(SegmentTest, ACutFileIsRefused) {
    const auto segment = random_segment(300);
    std::ifstream in(segment->path(), std::ios::binary);
    const std::string good((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    const auto broken = folder.path() / "broken.seg";
    for (std::size_t size = 0; size < good.size(); size += 97) {
        std::ofstream(broken, std::ios::binary) << good.substr(0, size);
        EXPECT_FALSE(Segment::open(broken, names).has_value()) << size;
    }
}

class CountingIndex final : public IndexBuilder {
public:
    bool wants(event::FieldId) const override { return false; }
    void add(const WrittenBlock& block) override {
        ASSERT_EQ(block.number, counts.size());
        ASSERT_EQ(block.ids.size(), block.entry.rows);
        counts.push_back(static_cast<char>(block.events.size()));
    }
    Result<> finish(SectionSink& out) override {
        GAC_CHECK(out.put(130, counts));
        return out.put(131, "");
    }
    std::string counts;
};

TEST_F(SegmentTest, AnIndexSeesEveryBlockAndKeepsItsSections) {
    RandomEvents random(3);
    event::EventBatch batch;
    for (int i = 0; i < 250; ++i) {
        random.add(batch, *names.sources);
    }
    CountingIndex index;
    Disk disk;
    const std::vector<std::shared_ptr<Chunk>> chunks = {chunk(batch, 1)};
    const auto path = write_segment(folder.path(), chunks, names,
                                    {.limits = {.rows_max = 100}, .index = &index}, disk);
    const auto segment = Segment::open(path.value(), names).value();
    const auto fd = segment->open_data().value();
    EXPECT_EQ(segment->read_section(fd, segment->find_section(130).value()).value(), "dd2");
    EXPECT_EQ(segment->read_section(fd, segment->find_section(131).value()).value(), "");
    EXPECT_FALSE(segment->find_section(132).has_value());
    EXPECT_EQ(read_all(*segment).size(), 250u);
}

TEST_F(SegmentTest, AStreamWithoutRowsLeavesNoFile) {
    Disk disk;
    ChunkStream none({});
    EXPECT_FALSE(write_segment(folder.path(), {}, none, names, {}, disk).has_value());
    EXPECT_TRUE(std::filesystem::is_empty(folder.path() / "profiles"));
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
        EXPECT_TRUE(entry.is_directory()) << entry.path();
    }
}

TEST_F(SegmentTest, NamesSayWhichRecordsItHolds) {
    SegmentSummary summary;
    summary.sequence_first = 7;
    summary.sequence_last = 12;
    EXPECT_EQ(segment_name(summary), "0000000000000007-0000000000000012-1of1.seg");
    const auto place = read_segment_name(segment_name(summary)).value();
    EXPECT_EQ(place.sequence_first, 7u);
    EXPECT_EQ(place.sequence_last, 12u);
    EXPECT_FALSE(read_segment_name("0000000000000007-0000000000000012-1of1.seg.tmp").has_value());
    EXPECT_FALSE(read_segment_name("0000000000000007-0000000000000012-2of1.seg").has_value());
    EXPECT_FALSE(read_segment_name("lock").has_value());
}

}  // namespace

}  // namespace gac::store
