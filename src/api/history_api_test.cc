// /api/v1/history over a real store.
#include <gtest/gtest.h>

#include "api/fake_api.h"

namespace gac::api {
namespace {

class HistoryApi : public ::testing::Test {
protected:
    void put(int events) {
        event::EventBatch batch;
        for (int i = 0; i < events; ++i) {
            batch.begin();
            event::EventHead head;
            head.time = fake.clock.now();
            head.received = head.time;
            head.raw = batch.arena().copy("line, \"" + std::to_string(i) + "\"");
            head.source = fake.sources_table->source_id(i % 2 == 0 ? "even" : "odd");
            batch.end(head);
        }
        batch.set_first_id(fake.history->reserve(batch.size()));
        const auto position = fake.history->append(batch);
        ASSERT_TRUE(position.has_value());
        ASSERT_TRUE(fake.history->wait_durable(*position).has_value());
    }
    FakeApi fake;
};

TEST_F(HistoryApi, DeletesOnlyWhenConfirmedWithAReasonAndByWhoMay) {
    put(10);
    const std::string admin = fake.token(TokenScope::Admin);
    const std::string body = R"({"query":"gac.source:odd"})";
    EXPECT_EQ(
        fake.ask_with(fake.token(TokenScope::Read), "POST", "/api/v1/history/delete", body).status,
        403);
    auto answer = fake.ask_with(admin, "POST", "/api/v1/history/delete", body);
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_NE(answer.body.find(R"("deleted":false,"events":5)"), std::string::npos) << answer.body;
    EXPECT_EQ(fake.history->stats().events, 10u);
    answer = fake.ask_with(admin, "POST", "/api/v1/history/delete",
                           R"({"query":"gac.source:odd","confirm":true})");
    EXPECT_EQ(answer.status, 400) << answer.body;
    answer = fake.ask_with(admin, "POST", "/api/v1/history/delete",
                           R"({"query":"gac.source:odd","confirm":true,"reason":"test"})");
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_NE(answer.body.find(R"("deleted":true,"events":5)"), std::string::npos) << answer.body;
    EXPECT_EQ(fake.history->stats().events, 5u);
    answer = fake.ask_with(admin, "POST", "/api/v1/history/delete",
                           R"({"query":"* | limit 3","confirm":true,"reason":"test"})");
    EXPECT_EQ(answer.status, 400) << answer.body;
}

TEST_F(HistoryApi, HoldsAreMadeListedAndLifted) {
    const std::string admin = fake.token(TokenScope::Admin);
    EXPECT_EQ(fake.ask_with(admin, "POST", "/api/v1/history/holds",
                            R"({"name":"a","reason":"b","query":"(("})")
                  .status,
              400);
    auto answer = fake.ask_with(admin, "POST", "/api/v1/history/holds",
                                R"({"name":"Vụ 12","reason":"công văn","query":"user.name:root"})");
    ASSERT_EQ(answer.status, 201) << answer.body;
    EXPECT_EQ(fake.kept, 1);
    const auto held = fake.legal_holds.list(false).value();
    ASSERT_EQ(held.size(), 1u);
    const std::string lift = "/api/v1/history/holds/" + held[0].id.text() + "/lift";
    EXPECT_EQ(fake.ask_with(admin, "POST", lift, "{}").status, 400);
    EXPECT_EQ(fake.ask_with(admin, "POST", lift, R"({"reason":"xong"})").status, 200);
    EXPECT_EQ(fake.ask_with(admin, "POST", lift, R"({"reason":"xong"})").status, 409);
    EXPECT_EQ(fake.kept, 2);
    EXPECT_EQ(fake.ask_with(admin, "GET", "/api/v1/history/holds").body, R"({"holds":[]})");
    answer = fake.ask_with(admin, "GET", "/api/v1/history/holds?all=true");
    EXPECT_NE(answer.body.find("xong"), std::string::npos);
}

TEST_F(HistoryApi, ExportsEveryEventAsAStream) {
    put(5000);
    const std::string read = fake.token(TokenScope::Read);
    auto answer = fake.ask_with(read, "GET", "/api/v1/history/export?query=gac.source%3Aodd");
    ASSERT_EQ(answer.status, 200) << answer.body;
    ASSERT_NE(answer.stream, nullptr);
    const std::string lines = answer.stream->take();
    EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2500);
    EXPECT_TRUE(answer.stream->closed());
    EXPECT_FALSE(answer.stream->aborted());
    answer = fake.ask_with(read, "GET",
                           "/api/v1/history/export?format=csv&query=gac.source%3Aeven%20%7C%20"
                           "fields%20gac.source%2Cevent.original");
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_TRUE(answer.stream->take().starts_with(
        "gac.source,event.original\r\neven,\"line, \"\"0\"\"\"\r\n"));
    EXPECT_EQ(fake.ask_with(read, "GET", "/api/v1/history/export?query=*%20%7C%20limit%203").status,
              400);
    EXPECT_EQ(fake.ask_with(read, "GET", "/api/v1/history/export?format=parquet").status, 400);
}

TEST_F(HistoryApi, SaysBeforehandWhetherAnExportWouldRun) {
    put(10);
    const std::string read = fake.token(TokenScope::Read);
    const std::string path = "/api/v1/history/export?check=true";
    auto answer = fake.ask_with(read, "GET", path);
    EXPECT_EQ(answer.status, 204);
    EXPECT_EQ(answer.stream, nullptr);
    answer = fake.ask_with(read, "GET", path + "&query=a%20and%20(");
    EXPECT_EQ(answer.status, 400);
    EXPECT_FALSE(FakeApi::error_where(answer).empty());
    EXPECT_EQ(fake.ask_with(read, "GET", path + "&query=*%20%7C%20stats%20count()").status, 400);
    EXPECT_EQ(fake.ask_with(fake.token(TokenScope::Ingest), "GET", path).status, 403);
}

TEST_F(HistoryApi, RunsTwoExportsAtOnceAndRefusesAThird) {
    put(10);
    const std::string read = fake.token(TokenScope::Read);
    int deep = 0;
    std::vector<net::Response> inside;
    fake.before_visit = [&] {
        const int mine = ++deep;
        inside.push_back(fake.ask_with(read, "GET", "/api/v1/history/export"));
        if (mine == 2) {
            inside.push_back(fake.ask_with(read, "GET", "/api/v1/history/export?check=true"));
        }
    };
    const auto first = fake.ask_with(read, "GET", "/api/v1/history/export");
    EXPECT_EQ(first.status, 200);
    EXPECT_EQ(deep, 2);
    ASSERT_EQ(inside.size(), 3u);  // innermost first
    EXPECT_EQ(inside[0].status, 503) << inside[0].body;
    EXPECT_TRUE(inside[0].headers.has("Retry-After"));
    EXPECT_EQ(inside[1].status, 503) << inside[1].body;
    EXPECT_EQ(inside[2].status, 200);
    fake.before_visit = {};
    EXPECT_EQ(fake.ask_with(read, "GET", "/api/v1/history/export").status, 200);
}

TEST_F(HistoryApi, ASpreadsheetReadsUtf8AndRunsNothing) {
    event::EventBatch batch;
    for (const char* text : {"=cmd|' /C calc'!A0", "@SUM(1)", "plain \"Ế\"", "-1"}) {
        batch.begin();
        event::EventHead head;
        head.time = fake.clock.now();
        head.received = head.time;
        head.raw = batch.arena().copy(text);
        head.source = fake.sources_table->source_id("odd");
        batch.end(head);
    }
    batch.set_first_id(fake.history->reserve(batch.size()));
    const auto position = fake.history->append(batch);
    ASSERT_TRUE(position.has_value());
    ASSERT_TRUE(fake.history->wait_durable(*position).has_value());
    const std::string read = fake.token(TokenScope::Read);
    const std::string path =
        "/api/v1/history/export?query=*%20%7C%20fields%20event.original&format=";
    EXPECT_EQ(fake.ask_with(read, "GET", path + "spreadsheet").stream->take(),
              "\xEF\xBB\xBF"
              "event.original\r\n'=cmd|' /C calc'!A0\r\n'@SUM(1)\r\n"
              "\"plain \"\"Ế\"\"\"\r\n'-1\r\n");
    EXPECT_EQ(fake.ask_with(read, "GET", path + "csv").stream->take(),
              "event.original\r\n=cmd|' /C calc'!A0\r\n@SUM(1)\r\n"
              "\"plain \"\"Ế\"\"\"\r\n-1\r\n");
}

TEST_F(HistoryApi, TellsWhatItHolds) {
    put(10);
    const auto answer = fake.ask_with(fake.token(TokenScope::Read), "GET", "/api/v1/history");
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_TRUE(answer.body.starts_with(R"({"events":10,)")) << answer.body;
}

}  // namespace
}  // namespace gac::api
