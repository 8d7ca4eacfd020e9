// The HTTP interface of schema/openapi.yaml: people's console and API, log shippers' ingest, live
// feed, health. One net::Handler; requests run on the server's lanes. Every request is
// authenticated, checked for its right and answered with one shape of error in one place; one file
// a resource.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "api/backend.h"
#include "base/result.h"
#include "net/http.h"
#include "net/http_server.h"

namespace gac::api {

struct Options {
    std::filesystem::path console;       // built console; absent files: a page that says so
    std::filesystem::path openapi_file;  // schema/openapi.yaml
    std::size_t ingest_body_bytes_max = 64U << 20U;       // as sent
    std::size_t ingest_unpacked_bytes_max = 256U << 20U;  // after unpacking
    std::string version;
};

class Api final : public net::Handler {
public:
    static Result<std::unique_ptr<Api>> open(Backend backend, Options options);
    // Ends all live streams. After the HTTP server has stopped.
    ~Api() override;

    // For HttpServer::start: which threads requests run on.
    static std::vector<net::Lane> lanes();

    net::Admission admit(const net::Request& head) override;
    std::optional<net::Response> vouch(const net::Request& head) override;
    void handle(net::Request request, net::Responder respond) override;

    // Every route as "METHOD /path/{parameter}", for the check against the contract.
    std::vector<std::string> routes() const;

    class State;

private:
    explicit Api(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace gac::api
