#include <gtest/gtest.h>
#include <zlib.h>

#include "api/bulk.h"
#include "api/fake_api.h"

namespace gac::api {
namespace {

std::string gzip(std::string_view text) {
    z_stream stream{};
    deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    std::string out(deflateBound(&stream, text.size()) + 64, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

class IngestApi : public ::testing::Test {
protected:
    IngestApi() : token(fake.token(TokenScope::Ingest)) {}
    net::Response ingest(std::string_view query, std::string body,
                         std::vector<std::pair<std::string, std::string>> headers = {}) {
        return fake.ask_with(token, "POST", "/api/v1/ingest?" + std::string(query), std::move(body),
                             std::move(headers));
    }
    net::Response bulk(std::string body, std::string_view path = "/_bulk") {
        return fake.ask_with(token, "POST", path, std::move(body));
    }

    FakeApi fake;
    std::string token;
};

TEST_F(IngestApi, AnswersOnlyWhenTheEventsAreDurable) {
    fake.pipeline.hold = true;
    net::Request request;
    request.method = "POST";
    request.path = "/api/v1/ingest";
    request.query = "source=fw&format=syslog&drill=true";
    request.body = "a\nb\n";
    request.headers.add("Authorization", "Bearer " + token);
    int status = 0;
    std::string body;
    fake.open().handle(std::move(request), net::Responder([&](net::Response response) {
                           status = response.status;
                           body = response.body;
                       }));
    EXPECT_EQ(status, 0);
    ASSERT_EQ(fake.pipeline.taken.size(), 1U);
    const pipeline::Chunk& chunk = fake.pipeline.taken.front();
    EXPECT_EQ(chunk.bytes, "a\nb\n");
    EXPECT_EQ(chunk.format, "syslog");
    EXPECT_TRUE(chunk.drill);
    EXPECT_EQ(fake.sources_table->name(chunk.source), "fw");
    fake.pipeline.finish(0);
    EXPECT_EQ(status, 200);
    EXPECT_EQ(body, R"({"accepted":2,"failed":0})");
}

TEST_F(IngestApi, SaysWhenASenderHasToWait) {
    fake.pipeline.refuse = true;
    fake.pipeline.refusal = {Code::Unavailable, "the queue is full", {}};
    net::Response response = ingest("source=fw", "a\n");
    EXPECT_EQ(response.status, 429);
    EXPECT_EQ(response.headers["retry-after"], "1");
    fake.pipeline.refusal = {Code::StorageFull, "disk full", {}};
    response = ingest("source=fw", "a\n");
    EXPECT_EQ(response.status, 507);
    EXPECT_TRUE(response.headers.has("Retry-After"));
    fake.pipeline.refuse = false;
    fake.pipeline.receipt = {1, 0, fail(Code::StorageFull, "disk full")};
    response = ingest("source=fw", "a\nb\n");
    EXPECT_EQ(response.status, 507);
    EXPECT_EQ(FakeApi::json(response).at("error").at("accepted").as_int64(), 1);
}

TEST_F(IngestApi, UnpacksButNotWithoutEnd) {
    EXPECT_EQ(ingest("source=fw", gzip("a\nb\n"), {{"Content-Encoding", "gzip"}}).status, 200);
    EXPECT_EQ(fake.pipeline.taken.back().bytes, "a\nb\n");
    const std::string bomb = gzip(std::string(20U << 20U, 'x'));
    ASSERT_LT(bomb.size(), 100'000U);
    const net::Response response = ingest("source=fw", bomb, {{"Content-Encoding", "gzip"}});
    EXPECT_EQ(response.status, 413);
    EXPECT_EQ(FakeApi::error_code(response), "limit_exceeded");
    EXPECT_EQ(ingest("source=fw", "not gzip", {{"Content-Encoding", "gzip"}}).status, 400);
    EXPECT_EQ(ingest("source=fw", "x", {{"Content-Encoding", "br"}}).status, 400);
    EXPECT_EQ(fake.pipeline.taken.size(), 1U);
}

TEST_F(IngestApi, SaysWhichParameterIsWrong) {
    EXPECT_EQ(FakeApi::error_where(ingest("", "a\n")), "source");
    EXPECT_EQ(FakeApi::error_where(ingest("source=%0a", "a\n")), "source");
    EXPECT_EQ(FakeApi::error_where(ingest("source=a&format=xml", "a\n")), "format");
    EXPECT_EQ(FakeApi::error_where(ingest("source=a&drill=maybe", "a\n")), "drill");
    EXPECT_EQ(FakeApi::error_where(ingest("source=a&sorce=b", "a\n")), "sorce");
    EXPECT_TRUE(fake.pipeline.taken.empty());
}

TEST_F(IngestApi, RefusesALargeBodyByItsHead) {
    net::Request head;
    head.method = "POST";
    head.path = "/api/v1/ingest";
    EXPECT_EQ(fake.open().admit(head).refusal->status, 401);
    head.headers.add("Authorization", "Bearer x");
    EXPECT_EQ(fake.open().admit(head).body_bytes_max, 1U << 20U);
    EXPECT_EQ(fake.open().vouch(head)->status, 401);
    head.headers.set("Authorization", "Bearer " + fake.token(TokenScope::Read));
    EXPECT_EQ(fake.open().vouch(head)->status, 403);
    head.headers.set("Authorization", "Bearer " + token);
    EXPECT_FALSE(fake.open().vouch(head));
    head.path = "/api/v1/search";
    EXPECT_EQ(fake.open().admit(head).body_bytes_max, 1U << 20U);
}

TEST_F(IngestApi, TakesElasticsearchsBulk) {
    const net::Response response = bulk(
        "{\"create\":{\"_index\":\"winlogbeat-8.11.0-2026.11.22\",\"_id\":\"7\"}}\n{\"a\":1}\n"
        "{\"index\":{\"_index\":\"nginx\"}}\r\n{\"b\":2}\r\n\n"
        "{\"delete\":{\"_index\":\"nginx\",\"_id\":\"1\"}}\n"
        "{\"create\":{}}\n[1,2]\n"
        "{\"create\":{}}\n{\"c\":3}");
    ASSERT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(response.headers["x-elastic-product"], "Elasticsearch");
    const auto body = FakeApi::json(response);
    EXPECT_TRUE(body.at("errors").as_bool());
    const auto& items = body.at("items").as_array();
    ASSERT_EQ(items.size(), 5U);
    EXPECT_EQ(items[0].at("create").at("status").as_int64(), 201);
    EXPECT_EQ(items[0].at("create").at("_id").as_string(), "7");
    EXPECT_EQ(items[1].at("index").at("status").as_int64(), 201);
    EXPECT_FALSE(items[1].at("index").at("_id").as_string().empty());
    EXPECT_EQ(items[2].at("delete").at("status").as_int64(), 400);
    EXPECT_EQ(items[3].at("create").at("status").as_int64(), 400);
    EXPECT_EQ(items[4].at("create").at("status").as_int64(), 201);
    ASSERT_EQ(fake.pipeline.taken.size(), 3U);
    EXPECT_EQ(fake.sources_table->name(fake.pipeline.taken[0].source), "winlogbeat-8.11.0");
    EXPECT_EQ(fake.pipeline.taken[0].bytes, "{\"a\":1}\n");
    EXPECT_EQ(fake.pipeline.taken[1].bytes, "{\"b\":2}\n");
    EXPECT_EQ(fake.sources_table->name(fake.pipeline.taken[2].source), "bulk");
}

TEST_F(IngestApi, NamesASourceByPathOrParameter) {
    EXPECT_EQ(bulk("{\"index\":{}}\n{}\n", "/fluent/_bulk?filter_path=items.*.error").status, 200);
    EXPECT_EQ(fake.sources_table->name(fake.pipeline.taken.back().source), "fluent");
    EXPECT_EQ(bulk("{\"index\":{\"_index\":\"x\"}}\n{}\n", "/_bulk?source=dc1").status, 200);
    EXPECT_EQ(fake.sources_table->name(fake.pipeline.taken.back().source), "dc1");
}

TEST_F(IngestApi, TakesNothingOfABulkThatIsBroken) {
    for (const auto& [body, place] : std::vector<std::pair<std::string, std::string>>{
             {"", "body"},
             {"\n\n", "body"},
             {"{\"create\":{}}\n", "line 1"},
             {"{\"create\":{}}\n\n", "line 2"},
             {"{\"create\":{}}\n{}\n{\"creat\":{}}\n{}\n", "line 3"},
             {"{\"create\":1}\n{}\n", "line 1"},
             {"hello\n{}\n", "line 1"},
             {"{\"create\":{},\"index\":{}}\n{}\n", "line 1"}}) {
        const net::Response response = bulk(body);
        EXPECT_EQ(response.status, 400) << body;
        EXPECT_EQ(FakeApi::error_where(response), place) << body;
    }
    EXPECT_TRUE(fake.pipeline.taken.empty());
}

TEST_F(IngestApi, RefusesAWholeBulkUnderPressure) {
    fake.pipeline.refuse = true;
    fake.pipeline.refusal = {Code::Unavailable, "the queue is full", {}};
    EXPECT_EQ(bulk("{\"create\":{}}\n{}\n").status, 429);
    fake.pipeline.refuse = false;
    fake.pipeline.receipt = {0, 0, fail(Code::StorageFull, "disk full")};
    const auto body = FakeApi::json(bulk("{\"create\":{}}\n{}\n"));
    EXPECT_TRUE(body.at("errors").as_bool());
    EXPECT_EQ(body.at("items").as_array().front().at("create").at("status").as_int64(), 507);
}

TEST_F(IngestApi, LooksLikeWhatShippersExpect) {
    const net::Response response = fake.ask_with(token, "GET", "/");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.headers["x-elastic-product"], "Elasticsearch");
    EXPECT_EQ(FakeApi::json(response).at("version").at("number").as_string(), "8.11.0");
    EXPECT_EQ(fake.ask("GET", "/", "", {{"Accept", "application/json"}}).status, 401);
    EXPECT_TRUE(fake.ask("GET", "/", "", {{"Accept", "text/html"}})
                    .headers["content-type"]
                    .starts_with("text/html"));
    EXPECT_EQ(fake.ask_with(token, "HEAD", "/_index_template/filebeat").status, 200);
    EXPECT_EQ(fake.ask_with(token, "PUT", "/_ilm/policy/filebeat", "{}").body,
              R"({"acknowledged":true})");
}

TEST(SourceOfIndex, LeavesOutWhatRotationAppends) {
    EXPECT_EQ(source_of_index("winlogbeat-8.11.0-2026.11.22-000001"), "winlogbeat-8.11.0");
    EXPECT_EQ(source_of_index("logs-2026-11-22"), "logs");
    EXPECT_EQ(source_of_index("nginx"), "nginx");
    EXPECT_EQ(source_of_index("fw-01"), "fw-01");
    EXPECT_EQ(source_of_index("2026.11.22"), "2026.11.22");
    EXPECT_EQ(source_of_index(""), "");
}

TEST(ConsoleFiles, AreServedWithTheirTypesAndNothingElse) {
    FakeApi fake;
    const auto folder = fake.folder.path() / "console";
    std::filesystem::create_directories(folder / "assets");
    std::ofstream(folder / "index.html") << "<!doctype html>gac";
    std::ofstream(folder / "assets" / "app-1a2b.js") << std::string(5000, 'x');
    net::Response page = fake.ask("GET", "/alerts/abc");
    EXPECT_EQ(page.status, 200);
    EXPECT_EQ(*page.shared_body, "<!doctype html>gac");
    EXPECT_EQ(page.headers["cache-control"], "no-cache");
    const std::string etag(page.headers["etag"]);
    EXPECT_EQ(fake.ask("GET", "/", "", {{"Accept", "text/html"}, {"If-None-Match", etag}}).status,
              304);
    const net::Response script =
        fake.ask("GET", "/assets/app-1a2b.js", "", {{"Accept-Encoding", "br, gzip;q=0.8"}});
    EXPECT_EQ(script.headers["content-encoding"], "gzip");
    EXPECT_TRUE(script.headers["cache-control"].contains("immutable"));
    EXPECT_LT(script.shared_body->size(), 200U);
    EXPECT_TRUE(script.headers["content-type"].starts_with("text/javascript"));
    EXPECT_EQ(fake.ask("GET", "/assets/missing.js").status, 404);
    EXPECT_EQ(fake.ask("GET", "/..%2f..%2fetc/passwd.txt").status, 404);
    EXPECT_EQ(fake.ask("GET", "/../openapi.yaml").status, 404);
    EXPECT_TRUE(page.headers["content-security-policy"].contains("frame-ancestors 'none'"));
    EXPECT_EQ(page.headers["x-content-type-options"], "nosniff");
}

}  // namespace
}  // namespace gac::api
