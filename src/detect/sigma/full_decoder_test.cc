// Events without an original: keywords are looked for in what the full decoder gives.
#include <gtest/gtest.h>

#include "detect/engine.h"
#include "detect/fixture.h"

namespace gac::detect::testing {
namespace {

TEST(FullDecoder, KeywordsSeeTheValuesOfEventsWithoutAnOriginal) {
    const auto set =
        compile_text(rule_yaml("    words:\n        - 'needle'\n"
                               "    condition: words\n"));
    Engine engine(set);
    // Texts of one length: each lies where the one before it lay.
    const std::vector<std::string> texts = {"aaaaaa", "needle", "bbbbbb", "Needle", "cccccc"};
    std::size_t asked = 0;
    engine.set_full_decoder([&](const event::EventRef& event, event::EventBatch& out) {
        ++asked;
        add_event(out, {{"Text", texts[event.row()]}});
        return true;
    });
    event::EventBatch batch;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        add_event(batch, {{"Other", std::string("x")}}, {.json = false, .raw = ""});
    }
    batch.set_first_id(1);
    std::vector<event::Detection> out;
    engine.match(batch, out);
    ASSERT_EQ(out.size(), 2U);
    EXPECT_EQ(out[0].row, 1U);
    EXPECT_EQ(out[1].row, 3U);
    ASSERT_EQ(out[0].matched.size(), 1U);
    EXPECT_EQ(out[0].matched[0].field, "Text");
    EXPECT_EQ(asked, texts.size());  // once for each event

    // Without a decoder the events are taken as they are.
    Engine bare(set);
    out.clear();
    bare.match(batch, out);
    EXPECT_TRUE(out.empty());
}

}  // namespace
}  // namespace gac::detect::testing
