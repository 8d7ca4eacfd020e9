// Whole lines of many devices, decoded as `gac decode` prints them, against what stands in
// tests/data/ingest/*.golden. GAC_UPDATE_GOLDEN=1 writes the files anew: read the difference.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

#include "ingest/core/testing.h"
#include "ingest/input.h"

namespace gac::ingest {
namespace {

namespace fs = std::filesystem;

std::string decode_file(const fs::path& path) {
    testing::Bench bench("auto");
    std::string out;
    std::ifstream file(path, std::ios::binary);
    // Line by line, not through Input: a frame is what stands on a line, broken or not.
    for (std::string line; std::getline(file, line);) {
        bench.batch().reset();
        bench.feed(line);
        for (std::uint32_t row = 0; row < bench.batch().size(); ++row) {
            out += bench.profile(row) + ' ' + bench.json(row) + '\n';
        }
    }
    return out;
}

std::string read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Golden, DecodesEveryFixtureAsWrittenDown) {
    ASSERT_NE(testing::profiles(), nullptr);
    std::vector<fs::path> inputs;
    for (const auto& entry :
         fs::directory_iterator(testing::source_folder() / "tests/data/ingest")) {
        if (entry.path().extension() != ".golden") {
            inputs.push_back(entry.path());
        }
    }
    std::ranges::sort(inputs);
    ASSERT_GE(inputs.size(), 6u);
    for (const fs::path& input : inputs) {
        fs::path golden = input;
        golden += ".golden";
        const std::string actual = decode_file(input);
        if (std::getenv("GAC_UPDATE_GOLDEN") != nullptr) {
            std::ofstream(golden, std::ios::binary) << actual;
            continue;
        }
        std::istringstream want(read(golden));
        std::istringstream have(actual);
        std::string want_line;
        std::string have_line;
        for (int number = 1; std::getline(have, have_line); ++number) {
            ASSERT_TRUE(std::getline(want, want_line)) << golden << " ends before line " << number;
            EXPECT_EQ(have_line, want_line) << golden << ':' << number;
        }
        EXPECT_FALSE(std::getline(want, want_line)) << golden << " has more lines";
    }
}

// Real logs of strangers: every line gives an event; how many could not be read is reported.
TEST(SharedLogs, EveryLineYieldsAnEvent) {
    const fs::path shared = testing::shared_folder();
    if (shared.empty()) {
        GTEST_SKIP() << "no shared data: set GAC_SHARED or put the folder beside the checkout";
    }
    struct Expected {
        const char* path;
        const char* profile;
        double failed_share_max;
    };
    static constexpr Expected kFiles[] = {
        {"data/logs/loghub/OpenSSH_2k.log", "linux", 0},
        {"data/logs/loghub/Linux_2k.log", "linux", 0},
        {"data/logs/loghub/Apache_2k.log", "web", 0},
        {"data/logs/loghub/Mac_2k.log", "", 0},
        {"data/logs/auth/auth.log", "linux", 0},
        {"data/logs/webserver/apache_access_combined.log", "web", 0},
        {"data/logs/linux/sh_arp_cache__sh_arp_cache_2020-11-10074812.log", "linux", 0},
        {"data/logs/suricata/eve_alerts.ndjson", "", 0},
        {"data/logs/zeek/apt29_day1_zeek_json.log", "", 0},
        {"data/logs/windows/windows_events.ndjson.zst", "", 0},
    };
    for (const Expected& file : kFiles) {
        testing::Bench bench("auto");
        auto input = Input::open((shared / file.path).string());
        ASSERT_TRUE(input) << input.error().message();
        Frame frame;
        std::size_t frames = 0;
        std::size_t events = 0;
        std::size_t failed = 0;
        std::size_t other_profile = 0;
        for (;;) {
            const auto more = (*input)->next(frame);
            ASSERT_TRUE(more) << more.error().message();
            if (!*more) {
                break;
            }
            ++frames;
            bench.batch().reset();
            bench.feed(frame.bytes);
            events += bench.batch().size();
            for (std::uint32_t row = 0; row < bench.batch().size(); ++row) {
                failed += bench.failed(row) ? 1u : 0u;
                other_profile += bench.profile(row) != file.profile ? 1u : 0u;
            }
        }
        const double share = static_cast<double>(failed) / static_cast<double>(frames);
        std::printf("%s: %zu lines, %zu events, %.2f %% not read\n", file.path, frames, events,
                    100 * share);
        EXPECT_EQ(frames, events) << file.path;
        EXPECT_GT(frames, 0u) << file.path;
        EXPECT_LE(share, file.failed_share_max) << file.path;
        if (file.profile[0] != '\0') {
            // A few lines name no program at all and could be of anything.
            EXPECT_LE(other_profile * 100, frames) << file.path;
        }
    }
}

}  // namespace
}  // namespace gac::ingest
