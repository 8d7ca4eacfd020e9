#include "api/api.h"

#include <fmt/format.h>

#include "api/call.h"
#include "api/router.h"
#include "api/state.h"
#include "base/file.h"
#include "base/log.h"

namespace gac::api {

namespace {

constexpr std::size_t kBodyBytesMax = 1U << 20U;
constexpr std::size_t kVouchAboveBytes = 256U << 10U;

// Paths that are the interface's own: an unknown one is an error, never the console.
bool is_interface(std::string_view path) {
    return path.starts_with("/api/") || path.starts_with("/_") || path.ends_with("/_bulk");
}

bool is_get(const net::Request& request) {
    return request.method == "GET" || request.method == "HEAD";
}

// Whose turn a request takes while it waits. Nobody has looked yet whether it is really him: one
// who makes names up gets many short turns in which he is refused.
std::string party_of(const net::Request& head) {
    const std::string_view token = head.headers["authorization"];
    const std::string_view said = token.empty() ? head.headers["cookie"] : token;
    return said.empty() ? std::string()
                        : fmt::format("{:016x}", std::hash<std::string_view>{}(said));
}

net::Response refuse(const Problem& problem, const net::Request& request) {
    net::Response response = problem_response(problem, request.id);
    if (problem.status == 401 && request.path.starts_with("/_")) {
        response.headers.set("WWW-Authenticate", "Basic realm=\"gac\"");
    }
    add_security_headers(response);
    return response;
}

}  // namespace

Api::Api(std::unique_ptr<State> state) : state_(std::move(state)) {}
Api::~Api() = default;

Result<std::unique_ptr<Api>> Api::open(Backend backend, Options options) {
    GAC_TRY(contract, base::read_file(options.openapi_file, 4U << 20U));
    GAC_TRY(console, Console::load(options.console));
    return std::unique_ptr<Api>(new Api(std::make_unique<State>(
        std::move(backend), std::move(options), std::move(console), std::move(contract))));
}

std::vector<net::Lane> Api::lanes() {
    std::vector<net::Lane> lanes(4);
    lanes[kControlLane] = {4, 512};
    // Questions share the store's threads; those that wait cost a connection each, which sending
    // them away and hearing them again a second later costs too.
    lanes[kSearchLane] = {16, 1024, true};
    lanes[kIngestLane] = {2, 256};
    lanes[kSignInLane] = {2, 32};
    return lanes;
}

std::vector<std::string> Api::routes() const {
    std::vector<std::string> out;
    for (const Route& route : state_->router.routes()) {
        out.push_back(fmt::format("{} {}", route.method, route.pattern));
    }
    return out;
}

net::Admission Api::admit(const net::Request& head) {
    net::Admission admission;
    admission.body_bytes_max = kBodyBytesMax;
    const auto match = state_->router.find(head.method, head.path);
    const Route* route = match.route;
    const bool is_ingest = route != nullptr && route->lane == kIngestLane;
    if (route != nullptr) {
        admission.lane = route->lane;
    }
    admission.party = party_of(head);
    if (!is_ingest && !state_->requests.take(head.peer.address, base::monotonic_us())) {
        admission.refusal =
            refuse({429, "rate_limited", "too many requests from this address", {}, 1}, head);
    } else if (is_ingest && head.headers["authorization"].empty()) {
        admission.refusal = refuse(
            {401, "unauthenticated", "a token of scope ingest is needed", "Authorization"}, head);
    } else if (is_ingest) {
        admission.body_bytes_max = state_->options.ingest_body_bytes_max;
        admission.vouch_above_bytes = kVouchAboveBytes;
    } else if (route != nullptr && route->body_bytes_max > 0) {
        admission.body_bytes_max = route->body_bytes_max;
        admission.vouch_above_bytes = kVouchAboveBytes;
    }
    return admission;
}

std::optional<net::Response> Api::vouch(const net::Request& head) {
    net::Request request = head;
    Call call{.request = request};
    const auto match = state_->router.find(request.method, request.path);
    if (match.route == nullptr) {
        return std::nullopt;  // handle() says what is wrong
    }
    if (const auto problem = state_->authenticate(call, *match.route)) {
        return refuse(*problem, request);
    }
    const auto scope = state_->require(call, match.route->upload);
    if (!scope) {
        return refuse(problem_of(scope.error()), request);
    }
    return std::nullopt;
}

void Api::handle(net::Request request, net::Responder respond) {
    Call call{.request = request};
    auto match = state_->router.find(request.method, request.path);
    if (match.route == nullptr) {
        if (is_get(request) && !is_interface(request.path) && match.allowed.empty()) {
            net::Response page = state_->console.answer(request);
            add_security_headers(page);
            respond(std::move(page));
            return;
        }
        const bool known = !match.allowed.empty();
        net::Response response =
            refuse(known ? Problem{405, "method_not_allowed",
                                   fmt::format("{} is not for this path", request.method)}
                         : Problem{404, "not_found", "there is no such path"},
                   request);
        if (known) {
            response.headers.add("Allow", match.allowed);
        }
        respond(std::move(response));
        return;
    }
    const Route& route = *match.route;
    call.path = std::move(match.path);
    if (const auto problem = state_->authenticate(call, route)) {
        respond(refuse(*problem, request));
        return;
    }
    auto query = net::parse_query(request.query);
    if (!query) {
        net::Response response = error_response(query.error(), request.id);
        add_security_headers(response);
        respond(std::move(response));
        return;
    }
    call.query = *std::move(query);
    if (route.later != nullptr) {
        route.later(*state_, call, std::move(respond));
        return;
    }
    auto answer = route.answer(*state_, call);
    net::Response response =
        answer ? *std::move(answer) : error_response(answer.error(), request.id);
    add_security_headers(response);
    respond(std::move(response));
}

}  // namespace gac::api
