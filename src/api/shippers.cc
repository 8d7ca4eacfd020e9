// What log shippers ask an Elasticsearch before they send. The answers say: I am here, I am
// licensed, your templates are in place. Nothing of it is kept.
#include "api/json_writer.h"
#include "api/state.h"

namespace gac::api {

namespace {

using access::Permission;

constexpr std::string_view kVersion = "8.11.0";

net::Response shipper_json(std::string body) {
    net::Response response = json_response(std::move(body));
    // Clients of version 8 refuse to talk without it.
    response.headers.add("X-Elastic-Product", "Elasticsearch");
    return response;
}

Result<net::Response> fixed(Api::State& state, Call& call, std::string_view body) {
    GAC_TRY(scope, state.require(call, Permission::Ingest));
    return shipper_json(std::string(body));
}

Result<net::Response> acknowledge(Api::State& state, Call& call) {
    return fixed(state, call, R"({"acknowledged":true})");
}

Result<net::Response> empty(Api::State& state, Call& call) { return fixed(state, call, "{}"); }

Result<net::Response> license(Api::State& state, Call& call) {
    return fixed(state, call,
                 R"({"license":{"status":"active","uid":"gac","type":"basic","mode":"basic"}})");
}

Result<net::Response> xpack(Api::State& state, Call& call) {
    return fixed(state, call,
                 R"({"license":{"uid":"gac","type":"basic","mode":"basic","status":"active"},)"
                 R"("features":{"ilm":{"available":true,"enabled":true}}})");
}

Result<net::Response> health(Api::State& state, Call& call) {
    return fixed(
        state, call,
        R"({"cluster_name":"gac","status":"green","timed_out":false,"number_of_nodes":1})");
}

Result<net::Response> nodes(Api::State& state, Call& call) {
    return fixed(state, call, R"({"cluster_name":"gac","nodes":{}})");
}

Result<net::Response> templates(Api::State& state, Call& call) {
    return fixed(state, call, R"({"index_templates":[]})");
}

Result<net::Response> streams(Api::State& state, Call& call) {
    return fixed(state, call, R"({"data_streams":[]})");
}

bool wants_page(const net::Request& request) {
    const std::string_view accept = request.headers["accept"];
    return request.headers["authorization"].empty()
           && (accept.contains("text/html") || accept.contains("*/*"));
}

// People get the console, shippers what they look for.
Result<net::Response> root(Api::State& state, Call& call) {
    if (wants_page(call.request)) {
        return state.console.answer(call.request);
    }
    const Route as_shipper{"GET", "/", Access::Shipper};
    if (const auto problem = state.authenticate(call, as_shipper)) {
        net::Response response = problem_response(*problem, call.request.id);
        response.headers.set("WWW-Authenticate", "Basic realm=\"gac\"");
        return response;
    }
    GAC_TRY(scope, state.require(call, Permission::Ingest));
    JsonWriter json;
    json.open_object().field("name", "gac").field("cluster_name", "gac");
    json.field("cluster_uuid", "gac").key("version").open_object();
    json.field("number", kVersion).field("build_flavor", "default").field("build_type", "deb");
    json.field("build_hash", state.options.version).field("build_snapshot", false);
    json.field("lucene_version", "9.8.0");
    json.field("minimum_wire_compatibility_version", "7.17.0");
    json.field("minimum_index_compatibility_version", "7.0.0").close_object();
    json.field("tagline", "You Know, for Search");
    return shipper_json(json.close_object().take());
}

constexpr Route kRoutes[] = {
    {"GET", "/", Access::Public, root},
    {"GET", "/_license", Access::Shipper, license},
    {"GET", "/_xpack", Access::Shipper, xpack},
    {"GET", "/_cluster/health", Access::Shipper, health},
    {"GET", "/_nodes/http", Access::Shipper, nodes},
    {"GET", "/_ilm/policy/{name}", Access::Shipper, empty},
    {"PUT", "/_ilm/policy/{name}", Access::Shipper, acknowledge},
    {"GET", "/_index_template/{name}", Access::Shipper, templates},
    {"PUT", "/_index_template/{name}", Access::Shipper, acknowledge},
    {"GET", "/_template/{name}", Access::Shipper, empty},
    {"PUT", "/_template/{name}", Access::Shipper, acknowledge},
    {"PUT", "/_component_template/{name}", Access::Shipper, acknowledge},
    {"GET", "/_ingest/pipeline/{name}", Access::Shipper, empty},
    {"PUT", "/_ingest/pipeline/{name}", Access::Shipper, acknowledge},
    {"GET", "/_alias/{name}", Access::Shipper, empty},
    {"GET", "/_data_stream/{name}", Access::Shipper, streams},
    {"PUT", "/_data_stream/{name}", Access::Shipper, acknowledge},
};

}  // namespace

std::span<const Route> shipper_routes() { return kRoutes; }

}  // namespace gac::api
