#include <gtest/gtest.h>

#include "api/fake_api.h"

namespace gac::api {
namespace {

const std::vector<std::pair<std::string, std::string>> kJson{{"Content-Type", "application/json"}};

std::string credentials(std::string_view name, std::string_view password) {
    return R"({"name":")" + std::string(name) + R"(","password":")" + std::string(password)
           + R"("})";
}

TEST(SignIn, SetsACookieThatScriptsAndOtherSitesNeverSee) {
    FakeApi fake;
    fake.add_user("lan", Role::Analyst);
    const net::Response response =
        fake.ask("POST", "/api/v1/session", credentials("lan", access::kTestPassword), kJson);
    ASSERT_EQ(response.status, 200) << response.body;
    const std::string_view cookie = response.headers["set-cookie"];
    EXPECT_TRUE(cookie.starts_with("__Host-gac="));
    for (const char* part : {"; Secure", "; HttpOnly", "; SameSite=Strict", "; Path=/"}) {
        EXPECT_TRUE(cookie.contains(part)) << part;
    }
    const auto body = FakeApi::json(response);
    EXPECT_EQ(body.at("role").as_string(), "analyst");
    EXPECT_EQ(body.at("user").at("name").as_string(), "lan");
    EXPECT_TRUE(body.at("unit").is_null());
    EXPECT_FALSE(body.at("permissions").as_array().empty());
    const std::string value(cookie.substr(11, cookie.find(';') - 11));
    const FakeApi::Session session{value, std::string(body.at("csrf").as_string())};
    EXPECT_EQ(fake.ask_as(session, "GET", "/api/v1/session").status, 200);
    EXPECT_EQ(fake.ask_as(session, "DELETE", "/api/v1/session").status, 204);
    EXPECT_EQ(fake.ask_as(session, "GET", "/api/v1/session").status, 401);
}

TEST(SignIn, SaysNothingAboutWhichPartIsWrongAndLocks) {
    FakeApi fake;
    fake.add_user("lan", Role::Analyst);
    const auto try_it = [&](std::string_view name) {
        return fake.ask("POST", "/api/v1/session", credentials(name, "wrong password"), kJson);
    };
    const net::Response wrong = try_it("lan");
    EXPECT_EQ(wrong.status, 401);
    EXPECT_EQ(FakeApi::error_code(wrong), "invalid_credentials");
    EXPECT_EQ(try_it("nobody").body, wrong.body);
    for (int i = 0; i < 5; ++i) {
        try_it("lan");
    }
    const net::Response locked = try_it("lan");
    EXPECT_EQ(locked.status, 401);
    EXPECT_EQ(FakeApi::error_code(locked), "locked");
    EXPECT_GT(FakeApi::json(locked).at("error").at("retry_after_s").as_int64(), 0);
    EXPECT_TRUE(locked.headers.has("Retry-After"));
}

TEST(SignIn, RefusesOtherSitesAndOtherTypes) {
    FakeApi fake;
    fake.add_user("lan", Role::Analyst);
    const std::string body = credentials("lan", access::kTestPassword);
    EXPECT_EQ(fake.ask("POST", "/api/v1/session", body,
                       {{"Content-Type", "application/json"}, {"Origin", "https://evil.test"}})
                  .status,
              403);
    EXPECT_EQ(fake.ask("POST", "/api/v1/session", body, {{"Content-Type", "text/plain"}}).status,
              400);
    EXPECT_EQ(fake.ask("POST", "/api/v1/session", body,
                       {{"Content-Type", "application/json"},
                        {"Origin", "https://gac.test:8443"},
                        {"Sec-Fetch-Site", "same-origin"}})
                  .status,
              200);
    EXPECT_EQ(FakeApi::error_where(fake.ask("POST", "/api/v1/session", R"({"name":1})", kJson)),
              "name");
    EXPECT_EQ(FakeApi::error_where(fake.ask("POST", "/api/v1/session", "{", kJson)), "body");
    EXPECT_EQ(FakeApi::error_where(fake.ask("POST", "/api/v1/session", R"({"admin":true})", kJson)),
              "admin");
}

TEST(SignIn, AsksForTheSecondFactorOnceItIsOn) {
    FakeApi fake;
    const access::User user = fake.add_user("lan", Role::Analyst);
    FakeApi::Session session = fake.session_of("lan");
    const auto enrolment = FakeApi::json(fake.ask_as(session, "POST", "/api/v1/session/totp"));
    EXPECT_TRUE(std::string(enrolment.at("uri").as_string()).starts_with("otpauth://totp/"));
    const net::Response wrong =
        fake.ask_as(session, "POST", "/api/v1/session/totp/confirm", R"({"code":"000000"})");
    EXPECT_TRUE(wrong.status == 400 || wrong.status == 403) << wrong.status;
    EXPECT_FALSE(must(fake.users.find(user.id)).second_factor);
}

TEST(Csrf, IsNeededForWhateverChangesSomething) {
    FakeApi fake;
    fake.add_user("lan", Role::Analyst);
    const FakeApi::Session session = fake.session_of("lan");
    const std::string cookie = "__Host-gac=" + session.cookie;
    EXPECT_EQ(fake.ask("GET", "/api/v1/alerts", "", {{"Cookie", cookie}}).status, 200);
    const net::Response bare = fake.ask("POST", "/api/v1/alerts/bulk", "{}", {{"Cookie", cookie}});
    EXPECT_EQ(bare.status, 403);
    EXPECT_EQ(FakeApi::error_code(bare), "csrf");
    EXPECT_EQ(fake.ask("POST", "/api/v1/alerts/bulk", "{}",
                       {{"Cookie", cookie}, {"X-CSRF-Token", "guess"}})
                  .status,
              403);
    const FakeApi::Session other = fake.session_of("lan");
    EXPECT_EQ(fake.ask("DELETE", "/api/v1/session", "",
                       {{"Cookie", cookie}, {"X-CSRF-Token", other.csrf}})
                  .status,
              403);
    EXPECT_EQ(fake.ask("DELETE", "/api/v1/session", "",
                       {{"Cookie", cookie},
                        {"X-CSRF-Token", session.csrf},
                        {"Origin", "https://evil.test"}})
                  .status,
              403);
    EXPECT_EQ(fake.ask_as(session, "DELETE", "/api/v1/session").status, 204);
}

TEST(Tokens, AreTakenInEveryFormThatShippersSend) {
    FakeApi fake;
    const std::string token = fake.token(TokenScope::Ingest);
    const auto base64 = [](std::string_view text) {
        std::string out(text.size() * 2 + 4, '\0');
        static constexpr char kAlphabet[] =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        std::size_t n = 0;
        for (std::size_t i = 0; i < text.size(); i += 3) {
            const std::size_t left = std::min<std::size_t>(3, text.size() - i);
            unsigned value = 0;
            for (std::size_t k = 0; k < 3; ++k) {
                value = value << 8U | (k < left ? static_cast<unsigned char>(text[i + k]) : 0U);
            }
            for (std::size_t k = 0; k < 4; ++k) {
                out[n++] = k <= left ? kAlphabet[value >> (18 - 6 * k) & 63U] : '=';
            }
        }
        out.resize(n);
        return out;
    };
    for (const std::string& header :
         {"Bearer " + token, "bearer " + token, "ApiKey " + base64("gac:" + token),
          "ApiKey " + token, "Basic " + base64("elastic:" + token), "Basic " + base64(token + ":"),
          "Basic " + base64(token)}) {
        EXPECT_EQ(fake.ask("GET", "/_license", "", {{"Authorization", header}}).status, 200)
            << header;
    }
    EXPECT_EQ(fake.ask("GET", "/_license", "", {{"Authorization", "Digest " + token}}).status, 401);
}

TEST(Users, AreManagedByAdministratorsOnly) {
    FakeApi fake;
    fake.add_user("sep", Role::Admin);
    fake.add_user("lan", Role::Analyst);
    const FakeApi::Session admin = fake.session_of("sep");
    const FakeApi::Session analyst = fake.session_of("lan");
    EXPECT_EQ(
        fake.ask_as(analyst, "POST", "/api/v1/users", R"({"name":"x","role":"admin"})").status,
        403);
    const net::Response added =
        fake.ask_as(admin, "POST", "/api/v1/users", R"({"name":"minh","role":"analyst"})");
    ASSERT_EQ(added.status, 201) << added.body;
    const auto body = FakeApi::json(added);
    EXPECT_EQ(body.at("password").as_string().size(), 20U);
    EXPECT_EQ(fake.sign_in("minh", std::string(body.at("password").as_string())).outcome,
              access::SignInOutcome::Ok);
    EXPECT_EQ(
        fake.ask_as(admin, "POST", "/api/v1/users", R"({"name":"minh","role":"analyst"})").status,
        409);
    const std::string id(body.at("user").at("id").as_string());
    const FakeApi::Session minh = [&] {
        const auto answer = fake.sign_in("minh", std::string(body.at("password").as_string()));
        return FakeApi::Session{std::string(answer.cookie.reveal()), answer.csrf};
    }();
    EXPECT_EQ(fake.ask_as(minh, "GET", "/api/v1/session").status, 200);
    EXPECT_EQ(fake.ask_as(admin, "PATCH", "/api/v1/users/" + id, R"({"role":"auditor"})").status,
              200);
    EXPECT_EQ(fake.ask_as(minh, "GET", "/api/v1/session").status, 401);
    const auto reset = FakeApi::json(fake.ask_as(admin, "POST", "/api/v1/users/" + id + "/reset"));
    EXPECT_NE(reset.at("password").as_string(), body.at("password").as_string());
    EXPECT_EQ(fake.ask_as(admin, "POST", "/api/v1/users/nobody/reset").status, 404);
    const auto names =
        FakeApi::json(fake.ask_as(analyst, "GET", "/api/v1/users")).at("users").as_array();
    EXPECT_EQ(names.size(), 3U);
    EXPECT_FALSE(names.front().as_object().contains("email"));
}

TEST(Tokens, ShowTheirSecretOnceAndCanBeRevoked) {
    FakeApi fake;
    fake.add_user("sep", Role::Admin);
    const FakeApi::Session admin = fake.session_of("sep");
    const net::Response added =
        fake.ask_as(admin, "POST", "/api/v1/tokens", R"({"name":"rsyslog","scope":"read"})");
    ASSERT_EQ(added.status, 201) << added.body;
    const std::string secret(FakeApi::json(added).at("secret").as_string());
    const std::string id(FakeApi::json(added).at("token").at("id").as_string());
    EXPECT_EQ(fake.ask_with(secret, "GET", "/api/v1/alerts").status, 200);
    EXPECT_FALSE(fake.ask_as(admin, "GET", "/api/v1/tokens").body.contains(secret));
    EXPECT_EQ(fake.ask_as(admin, "DELETE", "/api/v1/tokens/" + id).status, 204);
    EXPECT_EQ(fake.ask_with(secret, "GET", "/api/v1/alerts").status, 401);
}

TEST(AuditTrail, IsPagedAndForThoseWhoMay) {
    FakeApi fake;
    fake.add_user("sep", Role::Admin);
    fake.add_user("lan", Role::Analyst);
    const FakeApi::Session admin = fake.session_of("sep");
    EXPECT_EQ(fake.ask_as(fake.session_of("lan"), "GET", "/api/v1/audit").status, 403);
    const auto first = FakeApi::json(fake.ask_as(admin, "GET", "/api/v1/audit?limit=2"));
    ASSERT_EQ(first.at("entries").as_array().size(), 2U);
    const std::string cursor(first.at("cursor").as_string());
    const auto next =
        FakeApi::json(fake.ask_as(admin, "GET", "/api/v1/audit?limit=2&cursor=" + cursor));
    EXPECT_LT(next.at("entries").as_array().front().at("seq").as_int64(),
              first.at("entries").as_array().back().at("seq").as_int64());
}

}  // namespace
}  // namespace gac::api
