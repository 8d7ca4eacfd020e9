// Segments written by earlier builds open for ever: each tests/data/store/*.seg, whose rows stand
// beside it as text. A new version adds a file of its own; none is ever written anew.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "store/segment/segment.h"
#include "store/store.h"
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
    EXPECT_GE(files, 3);
}

// Rows sorted by source, host and time, with dictionaries and postings of their own: found by
// index, by word and by value in the store of a later build, each as the text beside it says.
TEST(GoldenSegments, AMergedOneAnswers) {
    testing::TemporaryFolder folder;
    const auto sources = std::make_shared<SourceNameTable>();
    const auto profiles = testing::no_profiles(folder);
    const auto data = fs::path(GAC_SOURCE_DIR) / "tests/data/store";
    fs::create_directories(folder.path() / "events/segments");
    fs::copy_file(data / "v2_merged.seg", folder.path() / "events/segments" / merged_name(1));
    const auto store = Store::open({.folder = folder.path() / "events", .disk_reserve_bytes = 1},
                                   profiles, sources)
                           .value();
    EXPECT_TRUE(store->stats().damages.empty());
    EXPECT_EQ(store->stats().segments, 1u);
    EXPECT_EQ(store->stats().fresh_segments, 0u);
    struct Row {
        event::EventId id;
        std::string text;
    };
    std::vector<Row> rows;
    std::ifstream in(data / "v2_merged.txt", std::ios::binary);
    for (std::string line; std::getline(in, line);) {
        rows.push_back({std::stoull(line), line});
    }
    ASSERT_GT(rows.size(), 100u);
    const std::pair<std::string_view, std::string_view> questions[] = {
        {"", ""},
        {"source.ip:10.0.0.3", "\"10.0.0.3\""},
        {"user.name:\"svc-backup\"", ":1=\"svc-backup\""},
        {"closed", "connection closed by"},
        {"gac.source:firewall", "|firewall|"},
        {"http.response.status_code:200", " http.response.status_code:2=200"},
    };
    for (const auto& [question, mark] : questions) {
        std::set<event::EventId> expected;
        for (const Row& row : rows) {
            if (row.text.contains(mark)) {
                expected.insert(row.id);
            }
        }
        Query query = parse(question, {}).value();
        query.limit = 10'000;
        const auto answer = store->search(query, {}).value();
        EXPECT_EQ(answer.partial, "");
        std::set<event::EventId> found;
        for (std::uint32_t row = 0; row < answer.events.size(); ++row) {
            found.insert(answer.events.id_of(row));
        }
        EXPECT_EQ(found, expected) << question;
        EXPECT_FALSE(found.empty()) << question;
    }
}

}  // namespace

}  // namespace gac::store
