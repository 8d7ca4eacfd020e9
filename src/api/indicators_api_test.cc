// /api/v1/indicators over real lists.
#include <gtest/gtest.h>

#include "api/fake_api.h"

namespace gac::api {
namespace {

class IndicatorsApi : public ::testing::Test {
protected:
    void write(std::string_view file, std::string_view text) {
        std::ofstream(fake.folder.path() / "lists" / file) << text;
    }
    boost::json::object lists() {
        const auto answer =
            fake.ask_with(fake.token(TokenScope::Read), "GET", "/api/v1/indicators");
        EXPECT_EQ(answer.status, 200) << answer.body;
        return FakeApi::json(answer);
    }
    FakeApi fake;
};

TEST_F(IndicatorsApi, TellsThatNothingWasLoaded) {
    const auto all = lists();
    EXPECT_TRUE(all.at("lists").as_array().empty());
    EXPECT_TRUE(all.at("loaded_at").is_null());
    EXPECT_EQ(fake.ask_with(fake.token(TokenScope::Ingest), "GET", "/api/v1/indicators").status,
              403);
}

TEST_F(IndicatorsApi, NamesListsTypesAndRefusedLines) {
    write("botnet.txt", "203.0.113.7\n203.0.113.0/28\nevil.example.org\nnot an indicator\n");
    fake.indicators->load();
    const auto all = lists();
    EXPECT_EQ(all.at("entries").as_int64(), 3);
    EXPECT_EQ(all.at("refused").as_int64(), 1);
    EXPECT_FALSE(all.at("stale").as_bool());
    EXPECT_TRUE(all.at("loaded_at").is_string());
    ASSERT_EQ(all.at("lists").as_array().size(), 1U);
    const auto list = all.at("lists").as_array().front().as_object();
    EXPECT_EQ(list.at("file").as_string(), "botnet.txt");
    EXPECT_FALSE(list.at("allow").as_bool());
    EXPECT_EQ(list.at("types").at("ip").as_int64(), 2);
    EXPECT_EQ(list.at("types").at("domain").as_int64(), 1);
    EXPECT_FALSE(list.at("types").as_object().contains("md5"));
    EXPECT_EQ(list.at("hits").as_int64(), 0);
    ASSERT_EQ(list.at("faults").as_array().size(), 1U);
    EXPECT_EQ(list.at("faults").as_array().front().at("line").as_int64(), 4);
    EXPECT_FALSE(list.at("faults").as_array().front().at("reason").as_string().empty());
}

TEST_F(IndicatorsApi, ShowsABoundedNumberOfRefusedLines) {
    std::string text;
    for (int i = 0; i < 60; ++i) {
        text += "203.0.113." + std::to_string(i) + "\nno indicator " + std::to_string(i) + "\n";
    }
    write("half.txt", text);
    fake.indicators->load();
    const auto list = lists().at("lists").as_array().front().as_object();
    EXPECT_EQ(list.at("refused").as_int64(), 60);
    EXPECT_EQ(list.at("faults").as_array().size(), 20U);
}

TEST_F(IndicatorsApi, SaysThatABadFileKeepsTheOldLists) {
    write("good.txt", "203.0.113.7\n");
    fake.indicators->load();
    write("bad.txt", "what is this\nno list at all\nnothing here\n");
    ASSERT_FALSE(fake.indicators->reload());
    auto all = lists();
    EXPECT_TRUE(all.at("stale").as_bool());
    ASSERT_EQ(all.at("failures").as_array().size(), 1U);
    EXPECT_EQ(all.at("failures").as_array().front().at("file").as_string(), "bad.txt");
    EXPECT_EQ(all.at("entries").as_int64(), 1);
    std::filesystem::remove(fake.folder.path() / "lists" / "bad.txt");
    ASSERT_TRUE(fake.indicators->reload());
    all = lists();
    EXPECT_FALSE(all.at("stale").as_bool());
    EXPECT_TRUE(all.at("failures").as_array().empty());
}

}  // namespace
}  // namespace gac::api
