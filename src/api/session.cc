// /api/v1/session: signing in and out, one's own password and second factor.
#include <algorithm>

#include <fmt/format.h>

#include "api/body.h"
#include "api/json_writer.h"
#include "api/state.h"

namespace gac::api {

namespace {

constexpr std::string_view kCookieAttributes = "; Path=/; Secure; HttpOnly; SameSite=Strict";

std::string cookie_header(std::string_view value, std::int64_t max_age_s) {
    return fmt::format("__Host-gac={}{}; Max-Age={}", value, kCookieAttributes, max_age_s);
}

std::string session_json(Api::State& state, const access::User& user, const access::Actor& actor,
                         std::string_view csrf, base::TimePoint expires) {
    JsonWriter json;
    json.open_object().key("user").open_object();
    json.field("id", user.id.text()).field("name", user.name);
    json.field("display_name", user.display_name).close_object();
    json.field("role", access::name_of(user.role)).key("permissions").open_array();
    for (const access::Permission permission : access::Gate::permissions_of(actor)) {
        json.value(access::name_of(permission));
    }
    json.close_array().key("unit");
    state.units.write(json, user.unit);
    json.field("totp", user.second_factor).field("csrf", csrf).field("expires", expires);
    return json.close_object().take();
}

Problem problem_of_outcome(const access::SignInAnswer& answer) {
    switch (answer.outcome) {
        case access::SignInOutcome::SecondFactorRequired:
            return {401, "totp_required", "the second factor is needed", "totp"};
        case access::SignInOutcome::WrongCode:
            return {401, "totp_invalid", "the second factor is wrong", "totp"};
        case access::SignInOutcome::LockedOut:
            return {401,
                    "locked",
                    "too many wrong tries",
                    {},
                    std::max<std::int64_t>(1, (answer.retry_after.us + 999'999) / 1'000'000)};
        case access::SignInOutcome::WrongCredentials:
        case access::SignInOutcome::Ok:
            break;
    }
    return {401, "invalid_credentials", "name or password is wrong"};
}

Result<net::Response> sign_in(Api::State& state, Call& call) {
    if (!state.sign_ins.take(call.request.peer.address, base::monotonic_us())) {
        return problem_response({429, "rate_limited", "too many tries from this address", {}, 5},
                                call.request.id);
    }
    // A form of another site cannot send this type without asking first.
    if (!call.request.headers["content-type"].starts_with("application/json")) {
        return fail(Code::InvalidArgument, "the body must be application/json", "Content-Type");
    }
    GAC_TRY(body, Body::parse(call.request, {"name", "password", "totp"}));
    access::SignIn attempt;
    GAC_TRY(name, body.text("name", 256));
    GAC_TRY(password, body.text("password", 1024));
    GAC_TRY(code, body.text_or_empty("totp", 64));
    std::erase(code, ' ');
    attempt.name = std::move(name);
    attempt.password = base::Secret(std::move(password));
    attempt.code = std::move(code);
    attempt.address = call.request.peer.address.text();
    attempt.user_agent = call.request.headers["user-agent"].substr(0, 300);
    GAC_TRY(answer, state.backend.sessions.sign_in(attempt));
    if (answer.outcome != access::SignInOutcome::Ok || !answer.user) {
        return problem_response(problem_of_outcome(answer), call.request.id);
    }
    GAC_TRY(known, state.backend.sessions.authenticate(answer.cookie.reveal(), attempt.address));
    const std::int64_t seconds = (answer.expires - state.now()).us / 1'000'000;
    net::Response response =
        json_response(session_json(state, *answer.user, known.actor, answer.csrf, answer.expires));
    response.headers.add("Set-Cookie", cookie_header(answer.cookie.reveal(), seconds));
    return response;
}

Result<net::Response> show(Api::State& state, Call& call) {
    GAC_CHECK(call.only({}));
    const access::Authenticated& session = *call.session;
    return json_response(
        session_json(state, session.user, session.actor, session.csrf, session.expires));
}

Result<net::Response> sign_out(Api::State& state, Call& call) {
    GAC_CHECK(state.backend.sessions.sign_out(call.cookie, call.actor.address));
    state.live.drop(call.actor.id);
    net::Response response = no_content();
    response.headers.add("Set-Cookie", cookie_header("", 0));
    return response;
}

Result<net::Response> change_password(Api::State& state, Call& call) {
    GAC_TRY(body, Body::parse(call.request, {"current", "new"}));
    GAC_TRY(current, body.text("current", 1024));
    GAC_TRY(fresh, body.text("new", 1024));
    auto changed = state.backend.users.change_password(call.actor, base::Secret(std::move(current)),
                                                       base::Secret(std::move(fresh)), call.cookie);
    if (!changed && changed.error().code == Code::Unauthenticated) {
        // 401 would say that the session has ended.
        return fail(Code::PermissionDenied, "the current password is wrong", "current");
    }
    GAC_CHECK(std::move(changed));
    return no_content();
}

Result<net::Response> enrol_totp(Api::State& state, Call& call) {
    GAC_TRY(enrolment, state.backend.totp.enrol(call.actor, call.session->user.id));
    JsonWriter json;
    json.open_object().field("secret", enrolment.secret.reveal()).field("uri", enrolment.uri);
    return json_response(json.close_object().take());
}

Result<net::Response> confirm_totp(Api::State& state, Call& call) {
    GAC_TRY(body, Body::parse(call.request, {"code"}));
    GAC_TRY(code, body.text("code", 16));
    std::erase(code, ' ');
    auto codes = state.backend.totp.confirm(call.actor, call.session->user.id, code);
    if (!codes && codes.error().code == Code::Unauthenticated) {
        return fail(Code::InvalidArgument, "the code is wrong", "code");
    }
    if (!codes) {
        return std::unexpected(std::move(codes).error());
    }
    JsonWriter json;
    json.open_object().key("recovery_codes").open_array();
    for (const std::string& one : *codes) {
        json.value(one);
    }
    return json_response(json.close_array().close_object().take());
}

constexpr Route kRoutes[] = {
    {"POST", "/api/v1/session", Access::Public, sign_in, nullptr, kSignInLane},
    {"GET", "/api/v1/session", Access::Session, show},
    {"DELETE", "/api/v1/session", Access::Session, sign_out},
    {"POST", "/api/v1/session/password", Access::Session, change_password, nullptr, kSignInLane},
    {"POST", "/api/v1/session/totp", Access::Session, enrol_totp},
    {"POST", "/api/v1/session/totp/confirm", Access::Session, confirm_totp},
};

}  // namespace

std::span<const Route> session_routes() { return kRoutes; }

}  // namespace gac::api
