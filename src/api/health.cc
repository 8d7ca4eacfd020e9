// /healthz, /readyz, /metrics and the contract itself.
#include "api/json_writer.h"
#include "api/state.h"
#include "base/metrics.h"

namespace gac::api {

namespace {

Result<net::Response> healthz(Api::State& /*state*/, Call& /*call*/) {
    return json_response(R"({"status":"ok"})");
}

Result<net::Response> readyz(Api::State& state, Call& /*call*/) {
    const std::vector<NotReady> reasons =
        state.backend.not_ready ? state.backend.not_ready() : std::vector<NotReady>();
    JsonWriter json;
    json.open_object().field("ready", reasons.empty()).key("reasons").open_array();
    for (const NotReady& reason : reasons) {
        json.open_object().field("code", reason.code).field("message", reason.message);
        json.close_object();
    }
    return json_response(json.close_array().close_object().take(), reasons.empty() ? 200 : 503);
}

// The machine's own scraper needs no token.
Result<net::Response> metrics(Api::State& state, Call& call) {
    const bool local = call.request.peer.is_loopback()
                       && call.request.headers["authorization"].empty()
                       && call.request.headers["x-forwarded-for"].empty();
    if (!local) {
        const Route as_reader{"GET", "/metrics", Access::Any};
        if (const auto problem = state.authenticate(call, as_reader)) {
            return problem_response(*problem, call.request.id);
        }
        GAC_TRY(scope, state.require(call, access::Permission::SourcesView));
    }
    if (state.backend.tell_load) {
        state.backend.tell_load();
    }
    net::Response response;
    response.headers.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    response.body = base::metrics_text();
    return response;
}

Result<net::Response> openapi(Api::State& state, Call& /*call*/) {
    net::Response response;
    response.headers.add("Content-Type", "application/yaml");
    response.body = state.openapi;
    return response;
}

constexpr Route kRoutes[] = {
    {"GET", "/healthz", Access::Public, healthz},
    {"GET", "/readyz", Access::Public, readyz},
    {"GET", "/metrics", Access::Public, metrics},
    {"GET", "/api/v1/openapi.yaml", Access::Public, openapi},
};

}  // namespace

std::span<const Route> health_routes() { return kRoutes; }

}  // namespace gac::api
