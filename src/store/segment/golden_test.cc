// Segments written by earlier builds open for ever: each tests/data/store/*.seg, whose rows stand
// beside it as text. A new version adds a file of its own; none is ever written anew.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "store/segment/segment.h"
#include "store/testing.h"

namespace gac::store {

namespace {

namespace fs = std::filesystem;

std::string text_of(const event::EventRef& event, const Names& names) {
    const event::EventHead& head = event.head();
    std::string out = std::to_string(event.id()) + "|" + std::to_string(head.time.us) + "|"
                      + std::to_string(head.received.us) + "|"
                      + names.sources->source_name(head.source) + "|"
                      + (head.parse_failed ? "failed" : "") + (head.drill ? "drill" : "") + "|";
    event::ValueRef(head.raw).append_json(out);
    for (const event::Field& field : event.fields()) {
        out += ' ';
        out += event::name_of(field.id);
        out += ':' + std::to_string(static_cast<int>(field.value.type())) + '=';
        field.value.append_json(out);
    }
    return out + '\n';
}

TEST(GoldenSegments, OpenAndHoldWhatWasWritten) {
    testing::TemporaryFolder folder;
    const Names names{.profiles = testing::no_profiles(folder),
                      .sources = std::make_shared<SourceNameTable>()};
    int files = 0;
    for (const auto& entry :
         fs::directory_iterator(fs::path(GAC_SOURCE_DIR) / "tests/data/store")) {
        if (entry.path().extension() != ".seg") {
            continue;
        }
        ++files;
        const auto segment = Segment::open(entry.path(), names);
        ASSERT_TRUE(segment.has_value()) << segment.error().message();
        const auto fd = (*segment)->open_data().value();
        std::string found;
        for (std::uint32_t block = 0; block < (*segment)->blocks().size(); ++block) {
            BlockReader reader(*segment, fd, block);
            std::vector<std::uint32_t> rows(reader.rows());
            for (std::uint32_t row = 0; row < rows.size(); ++row) {
                rows[row] = row;
            }
            event::EventBatch batch;
            std::vector<event::EventId> ids;
            const auto read = reader.materialize(rows, batch, ids);
            ASSERT_TRUE(read.has_value()) << read.error().message();
            batch.set_ids(std::move(ids));
            for (std::uint32_t row = 0; row < batch.size(); ++row) {
                found += text_of(batch[row], names);
            }
        }
        std::ifstream in(fs::path(entry.path()).replace_extension(".txt"), std::ios::binary);
        std::ostringstream expected;
        expected << in.rdbuf();
        EXPECT_GT(found.size(), 10'000u);
        EXPECT_TRUE(found == expected.str()) << entry.path();
    }
    EXPECT_GE(files, 2);
}

}  // namespace

}  // namespace gac::store
