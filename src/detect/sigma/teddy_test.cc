#include "detect/sigma/teddy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/text.h"

namespace {

using gac::detect::sigma::Teddy;

std::vector<std::uint32_t> plainly(const std::vector<std::string>& literals,
                                   std::string_view text) {
    std::vector<std::uint32_t> out;
    const std::string lower = gac::base::ascii_lower(text);
    for (std::uint32_t i = 0; i < literals.size(); ++i) {
        if (lower.contains(literals[i])) {
            out.push_back(i);
        }
    }
    return out;
}

TEST(Teddy, FindsWhatStandsAtEitherEndAndIgnoresCase) {
    const std::vector<std::string_view> literals{"sekurlsa::", "mimidrv.sys", "\\u"};
    if (!Teddy::takes(literals)) {
        GTEST_SKIP() << "not on this processor";
    }
    const Teddy teddy(literals);
    const auto scan = [&](std::string_view text) {
        std::vector<std::uint32_t> out;
        teddy.scan(text, out);
        return out;
    };
    EXPECT_EQ(scan("SekurLSA::"), (std::vector<std::uint32_t>{0}));
    EXPECT_EQ(scan("x mimidrv.SYS"), (std::vector<std::uint32_t>{1}));
    EXPECT_EQ(scan("\\u"), (std::vector<std::uint32_t>{2}));
    EXPECT_TRUE(scan("\\v").empty());
    EXPECT_TRUE(scan("sekurlsa:").empty());
    EXPECT_TRUE(scan("").empty());
    EXPECT_EQ(scan("\\u sekurlsa:: mimidrv.sys \\u" + std::string(40, ' ')),
              (std::vector<std::uint32_t>{0, 1, 2}));
}

TEST(Teddy, FindsWhatAPlainSearchFinds) {
    std::mt19937 random(7);
    // Few signs, so that parts of literals stand everywhere.
    constexpr std::string_view kSigns = "abAB:\\";
    const auto word = [&](std::size_t from, std::size_t to) {
        std::string out(std::uniform_int_distribution<std::size_t>(from, to)(random), ' ');
        for (char& c : out) {
            c = kSigns[random() % kSigns.size()];
        }
        return out;
    };
    for (int round = 0; round < 2'000; ++round) {
        std::vector<std::string> literals(1 + random() % Teddy::kLiteralsMax);
        for (std::size_t i = 0; i < literals.size(); ++i) {
            literals[i] = gac::base::ascii_lower(word(1, 7));
        }
        if (!Teddy::takes(std::vector<std::string_view>(literals.begin(), literals.end()))) {
            GTEST_SKIP() << "not on this processor";
        }
        const Teddy teddy(std::vector<std::string_view>(literals.begin(), literals.end()));
        for (int i = 0; i < 10; ++i) {
            const std::string text = word(0, 80);
            std::vector<std::uint32_t> out;
            teddy.scan(text, out);
            ASSERT_EQ(out, plainly(literals, text)) << text;
        }
    }
}

}  // namespace
