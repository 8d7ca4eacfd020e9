// Saved searches, as people keep, share, change and lose them.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "api/fake_api.h"

namespace gac::api {
namespace {

constexpr std::string_view kWish =
    R"({"name":"Đăng nhập hỏng","query":"event.outcome:failure | stats count() by source.ip",)"
    R"("span":"24h","columns":["user.name","source.ip"],"view":"bars"})";

class Saved : public ::testing::Test {
protected:
    Saved() {
        fake.add_user("lan", Role::Analyst);
        fake.add_user("minh", Role::Analyst);
        fake.add_user("admin", Role::Admin);
        lan = fake.session_of("lan");
        minh = fake.session_of("minh");
        admin = fake.session_of("admin");
    }
    std::string keep(const FakeApi::Session& who, std::string_view wish = kWish) {
        const net::Response response =
            fake.ask_as(who, "POST", "/api/v1/saved-searches", std::string(wish));
        EXPECT_EQ(response.status, 201) << response.body;
        return std::string(FakeApi::json(response).at("id").as_string());
    }
    std::size_t count(const FakeApi::Session& who) {
        const net::Response response = fake.ask_as(who, "GET", "/api/v1/saved-searches");
        EXPECT_EQ(response.status, 200) << response.body;
        return FakeApi::json(response).at("searches").as_array().size();
    }
    net::Response patch(const FakeApi::Session& who, const std::string& id, std::string body,
                        int version = 1) {
        return fake.ask_as(who, "PATCH", "/api/v1/saved-searches/" + id, std::move(body),
                           {{"If-Match", fmt::format("\"{}\"", version)}});
    }
    net::Response get(const FakeApi::Session& who, const std::string& id) {
        return fake.ask_as(who, "GET", "/api/v1/saved-searches/" + id);
    }
    std::int64_t audited(std::string_view action) {
        return static_cast<std::int64_t>(
            must(fake.audit.list(fake.all, {.action = std::string(action)})).size());
    }

    FakeApi fake;
    FakeApi::Session lan, minh, admin;
};

TEST_F(Saved, IsKeptAsItWasAsked) {
    const auto one = FakeApi::json(get(lan, keep(lan)));
    EXPECT_EQ(one.at("name").as_string(), "Đăng nhập hỏng");
    EXPECT_EQ(one.at("query").as_string(), "event.outcome:failure | stats count() by source.ip");
    EXPECT_EQ(one.at("span").as_string(), "24h");
    EXPECT_TRUE(one.at("from").is_null());
    EXPECT_EQ(one.at("columns").as_array().size(), 2U);
    EXPECT_EQ(one.at("view").as_string(), "bars");
    EXPECT_EQ(one.at("owner").as_string(), "lan");
    EXPECT_TRUE(one.at("mine").as_bool());
    EXPECT_FALSE(one.at("shared").as_bool());
    EXPECT_EQ(one.at("version").as_int64(), 1);
    EXPECT_EQ(audited("saved_search.add"), 1);
}

TEST_F(Saved, StandsStillWithAnAbsoluteSpan) {
    const std::string id = keep(lan, R"({"name":"n","query":"a","from":"2026-11-22T17:00:00Z",)"
                                     R"("to":"2026-11-22T18:00:00Z"})");
    const auto one = FakeApi::json(get(lan, id));
    EXPECT_EQ(one.at("from").as_string(), "2026-11-22T17:00:00.000000Z");
    EXPECT_EQ(one.at("to").as_string(), "2026-11-22T18:00:00.000000Z");
    EXPECT_TRUE(one.at("span").is_null());
}

TEST_F(Saved, IsSeenByOthersOnlyWhenShared) {
    const std::string id = keep(lan);
    EXPECT_EQ(count(minh), 0U);
    EXPECT_EQ(get(minh, id).status, 404);
    EXPECT_EQ(patch(minh, id, R"({"name":"x"})").status, 404);
    EXPECT_EQ(patch(lan, id, R"({"shared":true})").status, 200);
    EXPECT_EQ(count(minh), 1U);
    const auto one = FakeApi::json(get(minh, id));
    EXPECT_FALSE(one.at("mine").as_bool());
    EXPECT_EQ(one.at("owner").as_string(), "lan");
}

TEST_F(Saved, IsChangedByItsOwnerAndTidiedUpByAnAdministrator) {
    const std::string id = keep(lan);
    EXPECT_EQ(patch(lan, id, R"({"shared":true})").status, 200);
    EXPECT_EQ(patch(minh, id, R"({"name":"x"})", 2).status, 403);
    EXPECT_EQ(
        fake.ask_as(minh, "DELETE", "/api/v1/saved-searches/" + id, {}, {{"If-Match", "\"2\""}})
            .status,
        403);
    EXPECT_EQ(FakeApi::json(get(lan, id)).at("name").as_string(), "Đăng nhập hỏng");
    EXPECT_EQ(patch(admin, id, R"({"name":"Tên rõ hơn"})", 2).status, 200);
    EXPECT_EQ(FakeApi::json(get(lan, id)).at("changed_by").as_string(), "admin");
    EXPECT_EQ(audited("saved_search.change"), 2);
}

TEST_F(Saved, OfTwoWhoChangeItTheSecondIsToldWhatStandsThere) {
    const std::string id = keep(lan);
    EXPECT_EQ(fake.ask_as(lan, "PATCH", "/api/v1/saved-searches/" + id, R"({"name":"x"})").status,
              428);
    EXPECT_EQ(patch(lan, id, R"({"name":"first"})").status, 200);
    const net::Response late = patch(lan, id, R"({"name":"second"})");
    EXPECT_EQ(late.status, 412);
    EXPECT_EQ(FakeApi::json(late).at("current").at("name").as_string(), "first");
    EXPECT_EQ(FakeApi::json(late).at("current").at("version").as_int64(), 2);
    EXPECT_EQ(patch(lan, id, R"({"name":"second"})", 2).status, 200);
}

TEST_F(Saved, IsRemovedAndPutBack) {
    const std::string id = keep(lan);
    EXPECT_EQ(patch(lan, id, R"({"shared":true})").status, 200);
    const net::Response gone =
        fake.ask_as(lan, "DELETE", "/api/v1/saved-searches/" + id, {}, {{"If-Match", "\"2\""}});
    EXPECT_EQ(gone.status, 200) << gone.body;
    EXPECT_EQ(count(lan), 0U);
    EXPECT_EQ(get(minh, id).status, 404);
    EXPECT_EQ(patch(lan, id, R"({"removed":false})", 3).status, 200);
    EXPECT_EQ(count(lan), 1U);
    EXPECT_EQ(count(minh), 1U);
    EXPECT_EQ(audited("saved_search.remove"), 1);
    EXPECT_EQ(audited("saved_search.restore"), 1);
}

TEST_F(Saved, ARemovedOneIsForgottenAfterAMonth) {
    const std::string id = keep(lan);
    EXPECT_EQ(
        fake.ask_as(lan, "DELETE", "/api/v1/saved-searches/" + id, {}, {{"If-Match", "*"}}).status,
        200);
    fake.clock.advance(base::Duration::days(31));
    lan = fake.session_of("lan");
    keep(lan);
    EXPECT_EQ(get(lan, id).status, 404);
}

TEST_F(Saved, RefusesWhatCannotBeAskedAgain) {
    const auto refused = [&](std::string_view wish, std::string_view where) {
        const net::Response response =
            fake.ask_as(lan, "POST", "/api/v1/saved-searches", std::string(wish));
        EXPECT_EQ(response.status, 400) << wish;
        EXPECT_EQ(FakeApi::error_where(response), where) << wish;
    };
    refused(R"({"name":" ","query":"a"})", "name");
    refused(R"({"query":"a"})", "name");
    refused(R"({"name":"n","query":"user.name:"})", "column 11");
    refused(R"({"name":"n","query":"a","span":"yesterday"})", "span");
    refused(R"({"name":"n","query":"a","span":"24h","from":"2026-01-01T00:00:00Z"})", "span");
    refused(R"({"name":"n","query":"a","from":"2026-01-02T00:00:00Z","to":"2026-01-01T00:00:00Z"})",
            "to");
    refused(R"({"name":"n","query":"a","from":"noon"})", "from");
    refused(R"({"name":"n","query":"a","columns":["a,b"]})", "columns");
    refused(R"({"name":"n","query":"a","view":"<script>"})", "view");
    refused(R"({"name":"n","query":"a","colour":"red"})", "colour");
    EXPECT_EQ(count(lan), 0U);
}

TEST_F(Saved, OneUnitDoesNotSeeAnothers) {
    const auto unit = fake.unit("h26-12");
    fake.add_user("hoa", Role::Analyst, unit);
    const FakeApi::Session hoa = fake.session_of("hoa");
    const std::string id = keep(hoa, R"({"name":"n","query":"a","shared":true})");
    EXPECT_FALSE(FakeApi::json(get(hoa, id)).at("unit").is_null());
    EXPECT_EQ(count(lan), 1U);  // the province sees its units' work
    const auto found = *response::SavedSearchId::parse(id);
    const access::Actor same = fake.actor("same", Role::UnitOfficer, unit);
    const access::Actor other = fake.actor("other", Role::UnitOfficer, fake.unit("h26-13"));
    EXPECT_TRUE(fake.saved_searches.find(same, fake.scope_of(same), found));
    EXPECT_FALSE(fake.saved_searches.find(other, fake.scope_of(other), found));
    EXPECT_EQ(must(fake.saved_searches.list(other, fake.scope_of(other))).size(), 0U);
    EXPECT_EQ(must(fake.saved_searches.list(same, fake.scope_of(same))).size(), 1U);
}

TEST_F(Saved, ProgramsReadWhatIsSharedAndKeepNothing) {
    keep(lan, R"({"name":"n","query":"a","shared":true})");
    keep(lan);
    const std::string token = fake.token(TokenScope::Read);
    const net::Response listed = fake.ask_with(token, "GET", "/api/v1/saved-searches");
    EXPECT_EQ(listed.status, 200);
    EXPECT_EQ(FakeApi::json(listed).at("searches").as_array().size(), 1U);
    const net::Response refused =
        fake.ask_with(fake.token(TokenScope::Admin), "POST", "/api/v1/saved-searches",
                      R"({"name":"n","query":"a"})");
    EXPECT_TRUE(refused.status == 401 || refused.status == 403) << refused.status;
}

}  // namespace
}  // namespace gac::api
