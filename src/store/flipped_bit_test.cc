// One bit of one file of a store is flipped, at places all over every file: the store opens, names
// the file, gives nothing wrong, and everything that does not stand in the damaged part is there.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include <fmt/format.h>

#include "store/testing.h"

namespace gac::store {

using testing::RandomEvents;
using testing::TemporaryFolder;

namespace {

namespace fs = std::filesystem;

// Nothing here asks what a crash leaves.
class FastDisk final : public Disk {
public:
    Result<> sync(const base::Fd&) override { return {}; }
    Result<> sync_folder(const fs::path&) override { return {}; }
};

std::string bytes_of(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
}

class FlippedBit : public ::testing::Test {
protected:
    struct Seen {
        std::map<event::EventId, std::string> events;
        std::map<std::string, std::set<event::EventId>> found;  // by question
        std::map<std::string, std::string> tables;
        std::string partial;
        std::vector<Damage> damages;
    };

    Settings settings(const fs::path& at) const {
        Settings out{.folder = at, .block_rows_max = 64, .disk_reserve_bytes = 1};
        out.disk = disk;
        return out;
    }
    // Segments, then a log.
    void make(const fs::path& at, int segments, int records) {
        auto store = Store::open(settings(at), profiles, sources).value();
        RandomEvents source(3);
        event::EventBatch batch;
        const auto put = [&](int count) {
            batch.reset();
            for (int i = 0; i < count; ++i) {
                source.add(batch, *sources);
            }
            ASSERT_TRUE(store->wait_durable(testing::put(*store, batch).value()).has_value());
        };
        for (int i = 0; i < segments; ++i) {
            put(200);
            ASSERT_TRUE(store->seal().has_value());
        }
        for (int i = 0; i < records; ++i) {
            put(20);
        }
    }
    // Nothing when the store does not open.
    std::optional<Seen> look(const fs::path& at) {
        const auto store = Store::open(settings(at), profiles, sources);
        if (!store) {
            ADD_FAILURE() << "does not open: " << store.error().message();
            return std::nullopt;
        }
        Seen seen;
        for (const char* text : {"", "publickey", "bại", "source.ip:10.0.0.3", "user.name:root",
                                 "source.port >= 60000", "svc-backup", "rare.field:*"}) {
            auto query = parse(text, {}).value();
            query.limit = 100'000;
            const auto answer = (*store)->search(query, {.rows_max = 100'000});
            if (!answer) {
                ADD_FAILURE() << text << ": " << answer.error().message();
                return std::nullopt;
            }
            seen.partial += answer->partial;
            for (std::uint32_t row = 0; row < answer->events.size(); ++row) {
                const event::EventRef event = answer->events[row];
                EXPECT_TRUE(seen.found[text].insert(event.id()).second) << "twice";
                std::string whole = fmt::format("{} {}", event.head().time.us, event.head().raw);
                for (const event::Field& field : event.fields()) {
                    whole += fmt::format("|{}=", event::name_of(field.id));
                    field.value.append_json(whole);
                }
                seen.events.emplace(event.id(), std::move(whole));
            }
        }
        for (const char* text : {"| stats count() by user.name | sort user.name",
                                 "| stats count() by source.ip | sort "
                                 "source.ip"}) {
            const auto answer = (*store)->search(parse(text, {}).value(), {});
            if (!answer) {
                ADD_FAILURE() << text << ": " << answer.error().message();
                return std::nullopt;
            }
            seen.partial += answer->partial;
            for (const auto& row : answer->rows) {
                seen.tables[text] += text_of(row[0]) + "=" + text_of(row[1]) + ";";
            }
        }
        seen.damages = (*store)->stats().damages;
        return seen;
    }

    // Flips bits of `file`, about `places` of them, one at a time. `may_miss`: how many events may
    // be gone with one; with most of them no more than `mostly`. Places from `silent_from` on may
    // go unnoticed.
    void flip_all_over(const fs::path& good, const std::string& file, std::size_t places,
                       std::size_t may_miss, std::size_t mostly,
                       std::size_t silent_from = ~std::size_t{0}) {
        const fs::path copy = folder.path() / "flipped";
        fs::remove_all(copy);
        fs::copy(good, copy, fs::copy_options::recursive);
        const Seen whole = look(copy).value();
        ASSERT_EQ(whole.partial, "");
        ASSERT_TRUE(whole.damages.empty());
        const std::string bytes = bytes_of(good / file);
        ASSERT_GT(bytes.size(), 50u);
        const std::size_t step = std::max<std::size_t>(1, bytes.size() / places);
        std::size_t most_missing = 0;
        std::size_t flips = 0;
        std::size_t bad_flips = 0;
        for (std::size_t begin = 0; begin < bytes.size(); begin += step) {
            const std::size_t at = std::min(begin + dice() % step, bytes.size() - 1);
            const auto bit = static_cast<unsigned>(dice() % 8);
            SCOPED_TRACE(
                fmt::format("{} of {} bytes: byte {} bit {}", file, bytes.size(), at, bit));
            fs::remove_all(copy);
            fs::copy(good, copy, fs::copy_options::recursive);
            std::string bad = bytes;
            bad[at] = static_cast<char>(static_cast<unsigned char>(bad[at]) ^ (1U << bit));
            std::ofstream(copy / file, std::ios::binary) << bad;
            const auto seen = look(copy);
            ASSERT_TRUE(seen.has_value());
            for (const auto& [id, text] : seen->events) {
                const auto right = whole.events.find(id);
                ASSERT_TRUE(right != whole.events.end()) << "an event that nobody wrote: " << text;
                ASSERT_EQ(text, right->second);
            }
            const std::size_t missing = whole.events.size() - seen->events.size();
            most_missing = std::max(most_missing, missing);
            EXPECT_LE(missing, may_miss);
            ++flips;
            bad_flips += missing > mostly ? 1 : 0;
            const bool named = std::ranges::any_of(seen->damages, [&](const Damage& damage) {
                return damage.file.contains(fs::path(file).filename().string());
            });
            const bool right = seen->found == whole.found && seen->tables == whole.tables;
            for (const auto& [text, ids] : seen->found) {
                ASSERT_TRUE(std::ranges::includes(whole.found.at(text), ids))
                    << text << " finds what does not fit";
            }
            if (at < silent_from) {
                EXPECT_TRUE(named) << (right ? "no answer differs" : "answers differ");
            }
        }
        EXPECT_LT(bad_flips * 2, flips);
        std::cout << fmt::format(
            "{}: {} bytes, at most {} of {} events missing; more than {} with "
            "{} of {} flips\n",
            file, bytes.size(), most_missing, whole.events.size(), mostly, bad_flips, flips);
    }

    std::string only_file(const fs::path& in, std::string_view below) {
        for (const auto& entry : fs::directory_iterator(in / below)) {
            return fmt::format("{}/{}", below, entry.path().filename().string());
        }
        return {};
    }

    std::mt19937 dice{11};
    TemporaryFolder folder;
    std::shared_ptr<Disk> disk = std::make_shared<FastDisk>();
    std::shared_ptr<const event::ProfileSet> profiles = testing::no_profiles(folder);
    std::shared_ptr<SourceNames> sources = std::make_shared<SourceNameTable>();
};

TEST_F(FlippedBit, OfASegmentIsNamed) {
    make(folder.path() / "good", 2, 0);
    // A whole segment goes with its footer, else one block.
    flip_all_over(folder.path() / "good", only_file(folder.path() / "good", "segments"), 120, 200,
                  64);
}

TEST_F(FlippedBit, OfASegmentOfVersion1IsNamed) {
    const fs::path good = folder.path() / "good";
    make(good, 1, 0);
    fs::remove(good / "manifest");  // as they were then
    fs::remove(good / only_file(good, "segments"));
    fs::copy_file(fs::path(GAC_SOURCE_DIR) / "tests/data/store/v1.seg",
                  good / "segments" / "0000000000000001-0000000000000001-1of1.seg");
    flip_all_over(good, only_file(good, "segments"), 120, 800, 400);
}

TEST_F(FlippedBit, OfTheListOfSegmentsIsNamed) {
    make(folder.path() / "good", 2, 2);
    flip_all_over(folder.path() / "good", "manifest", 120, 0, 0);
}

TEST_F(FlippedBit, OfTheLogIsNamed) {
    const fs::path good = folder.path() / "good";
    make(good, 1, 10);
    const std::string file = only_file(good, "wal");
    // The last record is not distinguished from one that a crash cut.
    const std::size_t last = bytes_of(good / file).size() * 9 / 10 - 400;
    flip_all_over(good, file, 120, 20, 20, last);
}

}  // namespace

}  // namespace gac::store
