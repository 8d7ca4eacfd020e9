#include "api/state.h"

#include <openssl/evp.h>

#include <fmt/format.h>

#include "base/text.h"

namespace gac::api {

namespace {

constexpr std::string_view kCookie = "__Host-gac";

std::vector<Route> all_routes() {
    std::vector<Route> all;
    for (const auto& part :
         {session_routes(), alert_routes(), desk_routes(), search_routes(), saved_search_routes(),
          hunt_routes(), history_routes(), rule_routes(), own_rule_routes(),
          rule_exception_routes(), rule_pack_routes(), rule_coverage_routes(), indicator_routes(),
          source_routes(), admin_routes(), ingest_routes(), shipper_routes(), live_routes(),
          health_routes()}) {
        all.insert(all.end(), part.begin(), part.end());
    }
    return all;
}

std::string decode_base64(std::string_view text) {
    while (text.ends_with('=')) {
        text.remove_suffix(1);
    }
    std::string padded(text);
    padded.append((4 - padded.size() % 4) % 4, '=');
    std::string out(padded.size() / 4 * 3 + 1, '\0');
    const int n = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                  reinterpret_cast<const unsigned char*>(padded.data()),
                                  static_cast<int>(padded.size()));
    const std::size_t padding = padded.size() - text.size();
    out.resize(n < 0 ? 0 : static_cast<std::size_t>(n) - std::min<std::size_t>(padding, 2));
    return out;
}

// What a log shipper calls user and password, or id and key: the token is the second, or the only
// one.
std::string second_half(const std::string& pair) {
    const auto colon = pair.find(':');
    if (colon == std::string::npos || colon + 1 == pair.size()) {
        return pair.substr(0, colon);
    }
    return pair.substr(colon + 1);
}

// "Bearer X", "ApiKey X", "Basic X" -> the token's text; empty when it is none of these.
std::string token_of(std::string_view authorization) {
    const auto blank = authorization.find(' ');
    if (blank == std::string_view::npos || authorization.size() > 8192) {
        return {};
    }
    const std::string_view scheme = authorization.substr(0, blank);
    const std::string_view rest = base::trim(authorization.substr(blank + 1));
    if (base::equal_ignoring_ascii_case(scheme, "Bearer")) {
        return std::string(rest);
    }
    if (base::equal_ignoring_ascii_case(scheme, "Basic")) {
        return second_half(decode_base64(rest));
    }
    if (base::equal_ignoring_ascii_case(scheme, "ApiKey")) {
        return rest.starts_with("gac_") ? std::string(rest) : second_half(decode_base64(rest));
    }
    return {};
}

bool is_safe(std::string_view method) {
    return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

// A page of another site that makes a signed-in browser ask says so in these headers.
bool is_same_origin(const net::Request& request) {
    const std::string_view site = request.headers["sec-fetch-site"];
    if (site == "cross-site" || site == "same-site") {
        return false;
    }
    const std::string_view origin = request.headers["origin"];
    if (origin.empty()) {
        return true;
    }
    return origin == fmt::format("https://{}", request.headers["host"]);
}

}  // namespace

Api::State::State(Backend parts, Options settings, Console files, std::string contract)
    : backend(std::move(parts)),
      options(std::move(settings)),
      router(all_routes()),
      console(std::move(files)),
      openapi(std::move(contract)),
      units(backend.units, backend.gate),
      live(*this) {}

std::optional<Problem> Api::State::by_token(Call& call, std::string_view authorization) {
    const std::string token = token_of(authorization);
    auto actor = token.empty()
                     ? Result<access::Actor>(fail(Code::Unauthenticated, "this is not a token"))
                     : backend.tokens.authenticate(token, call.request.peer.address.text());
    if (!actor) {
        return problem_of(actor.error());
    }
    call.actor = *std::move(actor);
    return std::nullopt;
}

std::optional<Problem> Api::State::by_cookie(Call& call) {
    call.cookie = net::cookie(call.request.headers["cookie"], kCookie);
    if (call.cookie.empty()) {
        return Problem{401, "unauthenticated", "nobody is signed in"};
    }
    auto session = backend.sessions.authenticate(call.cookie, call.request.peer.address.text());
    if (!session) {
        return problem_of(session.error());
    }
    if (!is_safe(call.request.method)) {
        const auto fits =
            access::Sessions::check_csrf(call.cookie, call.request.headers["x-csrf-token"]);
        if (!fits || !is_same_origin(call.request)) {
            return Problem{403, "csrf", "the request does not come from the console's own page",
                           "X-CSRF-Token"};
        }
    }
    call.actor = session->actor;
    call.session = *std::move(session);
    return std::nullopt;
}

std::optional<Problem> Api::State::authenticate(Call& call, const Route& route) {
    call.actor.address = call.request.peer.address.text();
    if (route.access == Access::Public) {
        if (!is_safe(call.request.method) && !is_same_origin(call.request)) {
            return Problem{403, "csrf", "the request comes from a page of another site", "Origin"};
        }
        return std::nullopt;
    }
    const std::string_view authorization = call.request.headers["authorization"];
    if (!authorization.empty() && route.access != Access::Session) {
        return by_token(call, authorization);
    }
    if (route.access == Access::Shipper) {
        return Problem{401, "unauthenticated", "a token of scope ingest is needed",
                       "Authorization"};
    }
    return by_cookie(call);
}

void add_security_headers(net::Response& response) {
    net::Headers& headers = response.headers;
    headers.set("Content-Security-Policy",
                "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
                "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'");
    headers.set("Strict-Transport-Security", "max-age=31536000");
    headers.set("X-Content-Type-Options", "nosniff");
    headers.set("X-Frame-Options", "DENY");
    headers.set("Referrer-Policy", "same-origin");
    headers.set("Cross-Origin-Opener-Policy", "same-origin");
    headers.set("Permissions-Policy", "camera=(), microphone=(), geolocation=()");
    if (!headers.has("Cache-Control")) {
        headers.set("Cache-Control", "no-store");
    }
}

}  // namespace gac::api
