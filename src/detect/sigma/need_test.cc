// What rules need of events. That nothing is missed is shown where history is judged
// (pipeline/history_judge_test.cc).
#include "detect/need.h"

#include <algorithm>
#include <functional>

#include "detect/fixture.h"

namespace gac::detect::testing {
namespace {

using event::Need;

bool any_leaf(const Need& need, const std::function<bool(const Need&)>& test) {
    return test(need) || std::ranges::any_of(need.children, [&](const Need& child) {
               return any_leaf(child, test);
           });
}

bool names_text(const Need& need, std::string_view text) {
    return any_leaf(need, [&](const Need& leaf) {
        return leaf.kind == Need::Kind::Text && std::ranges::count(leaf.pieces, text) > 0;
    });
}

Need need_for(const std::string& detection, std::size_t leaves_max = 200) {
    CompileOptions options;
    options.profiles = shipped_profiles();
    const auto set = compile_text(
        "title: T\nid: t\nlogsource: {product: linux, service: sshd}\ndetection:\n" + detection,
        nullptr, options);
    EXPECT_EQ(set->loaded(), 1U);
    return need_of(*set, leaves_max);
}

TEST(Need, IsWhatARuleAsksForPositively) {
    const Need need = need_for(
        "    s: {message|contains: Failed password, source.port|gt: 1024}\n"
        "    f: {user.name: backup}\n"
        "    condition: s and not f\n");
    EXPECT_TRUE(names_text(need, "failed password"));
    EXPECT_FALSE(names_text(need, "backup"));
    EXPECT_TRUE(any_leaf(need, [](const Need& leaf) {
        return leaf.kind == Need::Kind::Number && leaf.low == 1024 && leaf.high > 1e300;
    }));
    EXPECT_TRUE(any_leaf(need, [](const Need& leaf) {
        return leaf.kind == Need::Kind::Profile
               && leaf.profile == *shipped_profiles()->find("linux");
    }));
}

TEST(Need, OfAMissingValueOrAKeywordIsTheLogSourceAlone) {
    for (const std::string detection :
         {"    s: {user.name: null}\n    condition: s\n", "    s: [Failed]\n    condition: s\n",
          "    s: {user.name: x}\n    condition: not s\n"}) {
        const Need need = need_for(detection);
        EXPECT_NE(need.kind, Need::Kind::Anything) << detection;
        EXPECT_FALSE(names_text(need, "failed")) << detection;
        EXPECT_FALSE(names_text(need, "x")) << detection;
        EXPECT_TRUE(names_text(need, "sshd")) << detection;
    }
}

TEST(Need, IsDrawnWiderWhenThereIsTooMuchToAsk) {
    const std::string detection =
        "    s: {message|contains: [one, two, three, four, five, six, seven]}\n"
        "    condition: s\n";
    EXPECT_TRUE(names_text(need_for(detection), "seven"));
    const Need by_source = need_for(detection, 5);
    EXPECT_FALSE(names_text(by_source, "seven"));
    EXPECT_TRUE(names_text(by_source, "sshd"));
    const Need by_profile = need_for(detection, 1);
    EXPECT_FALSE(names_text(by_profile, "sshd"));
    EXPECT_TRUE(
        any_leaf(by_profile, [](const Need& leaf) { return leaf.kind == Need::Kind::Profile; }));
}

TEST(Need, OfNoRuleIsNothing) {
    const auto set = compile({}, {.profiles = shipped_profiles()}, nullptr);
    ASSERT_TRUE(set);
    EXPECT_EQ(need_of(**set).kind, Need::Kind::Nothing);
}

}  // namespace
}  // namespace gac::detect::testing
