// What holds for every route at once: the contract names it, strangers are kept out, scopes are
// kept apart.
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "api/fake_api.h"
#include "api/router.h"
#include "base/file.h"

namespace gac::api {
namespace {

struct Operation {
    std::string name;  // "GET /path"
    bool is_public = false;
};

// The paths of the contract by its fixed indentation: "  /path:", "    get:", "      security: []".
std::vector<Operation> read_contract() {
    const auto text =
        base::read_file(std::string(GAC_SOURCE_DIR) + "/schema/openapi.yaml", 4U << 20U);
    EXPECT_TRUE(text);
    std::istringstream lines(text.value_or(""));
    std::vector<Operation> out;
    std::string line;
    std::string path;
    bool inside = false;
    while (std::getline(lines, line)) {
        if (!line.empty() && line.front() != ' ' && line.front() != '#') {
            inside = line == "paths:";
        } else if (inside && line.starts_with("  /") && line.ends_with(':')) {
            path = line.substr(2, line.size() - 3);
        } else if (inside && line.size() > 5 && line.starts_with("    ") && line[4] != ' ') {
            std::string method = line.substr(4, line.size() - 5);
            if (method != "parameters") {
                for (char& c : method) {
                    c = static_cast<char>(c - 32);
                }
                out.push_back({method + " " + path});
            }
        } else if (inside && line == "      security: []") {
            out.back().is_public = true;
        }
    }
    return out;
}

std::pair<std::string, std::string> request_of(const std::string& route) {
    const auto blank = route.find(' ');
    std::string path = route.substr(blank + 1);
    for (auto at = path.find('{'); at != std::string::npos; at = path.find('{')) {
        path.replace(at, path.find('}') - at + 1, "x");
    }
    return {route.substr(0, blank), path};
}

TEST(Contract, NamesEveryRouteAndNoOther) {
    FakeApi fake;
    std::set<std::string> written;
    for (const Operation& operation : read_contract()) {
        written.insert(operation.name);
    }
    std::set<std::string> served;
    for (const std::string& route : fake.open().routes()) {
        EXPECT_TRUE(served.insert(route).second) << route << " stands twice";
    }
    EXPECT_GT(served.size(), 60U);
    EXPECT_EQ(written, served);
}

TEST(Contract, AnswersNobody401OnEveryRouteThatIsNotPublic) {
    FakeApi fake;
    int closed = 0;
    for (const Operation& operation : read_contract()) {
        const auto [method, path] = request_of(operation.name);
        for (const auto& headers : std::vector<std::vector<std::pair<std::string, std::string>>>{
                 {},
                 {{"Cookie", "__Host-gac=made-up"}},
                 {{"Authorization", "Bearer gac_admin_made-up"}},
                 {{"Authorization", "Basic bm9ib2R5OnBhc3N3b3Jk"}},
                 {{"Authorization", "nonsense"}}}) {
            const net::Response response = fake.ask(method, path, "{}", headers);
            if (operation.is_public) {
                continue;
            }
            EXPECT_EQ(response.status, 401) << operation.name;
            EXPECT_EQ(FakeApi::error_code(response), "unauthenticated") << operation.name;
            EXPECT_TRUE(response.headers.has("Content-Security-Policy")) << operation.name;
            ++closed;
        }
    }
    EXPECT_GT(closed, 250);
}

TEST(Contract, MetricsAreForTheMachineItselfOrATokenThatReads) {
    FakeApi fake;
    EXPECT_EQ(fake.ask("GET", "/metrics").status, 401);
    EXPECT_EQ(fake.ask_with(fake.token(TokenScope::Ingest), "GET", "/metrics").status, 403);
    EXPECT_EQ(fake.ask_with(fake.token(TokenScope::Read), "GET", "/metrics").status, 200);
    net::Request local;
    local.method = "GET";
    local.target = "/metrics";
    local.peer = *net::Endpoint::parse("127.0.0.1:9");
    const net::Response response = fake.ask(std::move(local));
    EXPECT_EQ(response.status, 200);
    EXPECT_TRUE(response.headers["content-type"].starts_with("text/plain; version=0.0.4"));
}

TEST(Contract, AnIngestTokenCannotReadOrChangeAnything) {
    FakeApi fake;
    const std::string token = fake.token(TokenScope::Ingest);
    for (const std::string& route : fake.open().routes()) {
        const auto [method, path] = request_of(route);
        if (!path.starts_with("/api/") || path == "/api/v1/ingest"
            || path == "/api/v1/openapi.yaml") {
            continue;
        }
        const int status = fake.ask_with(token, method, path, "{}").status;
        if (route == "POST /api/v1/session") {
            continue;  // signing in is for everybody, and this was no sign-in
        }
        EXPECT_TRUE(status == 403 || status == 401) << route << " answered " << status;
    }
}

TEST(Contract, AReadTokenCannotChangeAnything) {
    FakeApi fake;
    const std::string token = fake.token(TokenScope::Read);
    for (const std::string& route : fake.open().routes()) {
        const auto [method, path] = request_of(route);
        if (!path.starts_with("/api/") || method == "GET" || route == "POST /api/v1/session"
            || path.starts_with("/api/v1/search") || path.starts_with("/api/v1/hunts")
            || path == "/api/v1/sources/try-line" || path.ends_with("/explain")
            || path.ends_with("/preview") || path == "/api/v1/rules/check") {
            continue;
        }
        const int status = fake.ask_with(token, method, path, "{}", {{"If-Match", "\"1\""}}).status;
        EXPECT_TRUE(status == 403 || status == 401) << route << " answered " << status;
    }
    EXPECT_EQ(fake.ask_with(token, "GET", "/api/v1/alerts").status, 200);
    EXPECT_EQ(fake.ask_with(token, "POST", "/api/v1/ingest?source=x", "a\n").status, 403);
    EXPECT_EQ(fake.ask_with(token, "GET", "/_license").status, 403);
}

TEST(Contract, KnowsWhichMethodsAPathHas) {
    FakeApi fake;
    const net::Response response = fake.ask("PUT", "/api/v1/alerts");
    EXPECT_EQ(response.status, 405);
    EXPECT_EQ(response.headers["allow"], "GET");
    EXPECT_EQ(fake.ask("GET", "/api/v1/nothing").status, 404);
    EXPECT_EQ(FakeApi::error_code(fake.ask("GET", "/api/v2/alerts")), "not_found");
    EXPECT_EQ(fake.ask("GET", "/_cat/indices").status, 404);
}

TEST(Contract, RefusesParametersThatItDoesNotKnow) {
    FakeApi fake;
    const std::string token = fake.token(TokenScope::Read);
    const net::Response response = fake.ask_with(token, "GET", "/api/v1/alerts?statsu=new");
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(FakeApi::error_where(response), "statsu");
    EXPECT_EQ(fake.ask_with(token, "GET", "/api/v1/alerts?status=%ff").status, 400);
    EXPECT_EQ(FakeApi::error_where(fake.ask_with(token, "GET", "/api/v1/alerts?status=odd")),
              "status");
    EXPECT_EQ(FakeApi::error_where(fake.ask_with(token, "GET", "/api/v1/alerts?limit=0")), "limit");
    EXPECT_EQ(FakeApi::error_where(fake.ask_with(token, "GET", "/api/v1/alerts?assignee=me")),
              "assignee");
}

TEST(Contract, SlowsDownAnAddressThatAsksTooOften) {
    FakeApi fake;
    int limited = 0;
    for (int i = 0; i < 2000; ++i) {
        const net::Response response = fake.ask("GET", "/healthz");
        if (response.status == 429) {
            ++limited;
            EXPECT_TRUE(response.headers.has("Retry-After"));
        }
    }
    EXPECT_GT(limited, 100);
    net::Request other;
    other.method = "GET";
    other.target = "/healthz";
    other.peer = *net::Endpoint::parse("192.0.2.77:1");
    EXPECT_EQ(fake.ask(std::move(other)).status, 200);
}

TEST(Health, SaysWhyItIsNotReady) {
    FakeApi fake;
    EXPECT_EQ(fake.ask("GET", "/healthz").status, 200);
    EXPECT_EQ(fake.ask("GET", "/readyz").status, 200);
    fake.not_ready = {{"disk_full", "3 MiB free"}};
    const net::Response response = fake.ask("GET", "/readyz");
    EXPECT_EQ(response.status, 503);
    EXPECT_TRUE(response.body.contains(R"("code":"disk_full")"));
    EXPECT_EQ(fake.ask("GET", "/api/v1/openapi.yaml").body, "openapi: 3.1.0\n");
}

TEST(Router, PrefersLiteralsAndDecodesParameters) {
    const Router router({{"GET", "/a/{id}", Access::Any, nullptr},
                         {"GET", "/a/list", Access::Any, nullptr},
                         {"POST", "/a/list", Access::Any, nullptr}});
    EXPECT_EQ(router.find("GET", "/a/list").route->pattern, "/a/list");
    EXPECT_EQ(router.find("HEAD", "/a/b%2Fc").path.front(), "b/c");
    EXPECT_EQ(router.find("GET", "/a/").route, nullptr);
    EXPECT_EQ(router.find("GET", "/a/%ff").route, nullptr);
    EXPECT_EQ(router.find("GET", "/a/b/c").route, nullptr);
    EXPECT_EQ(router.find("DELETE", "/a/list").allowed, "GET, POST, GET");
    EXPECT_EQ(router.find("GET", "").route, nullptr);
    EXPECT_EQ(router.find("GET", "*").route, nullptr);
}

}  // namespace
}  // namespace gac::api
