// Which function answers which method and path, and what it asks of the caller. Immutable once
// built.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"

namespace gac::api {

enum class Access : std::uint8_t {
    Public,   // nobody needs to say who he is
    Session,  // people only
    Any,      // a session or a token
    Shipper,  // a token; a session will not do
};

enum LaneIndex : std::uint8_t { kControlLane, kSearchLane, kIngestLane, kSignInLane };

using Answer = Result<net::Response> (*)(Api::State&, Call&);
using AnswerLater = void (*)(Api::State&, Call&, net::Responder);

struct Route {
    std::string_view method;
    std::string_view pattern;  // "/api/v1/alerts/{id}"
    Access access = Access::Any;
    Answer answer = nullptr;
    AnswerLater later = nullptr;  // instead of answer
    LaneIndex lane = kControlLane;
    // Of an upload: its limit, and the right that is asked for before the body is read.
    std::size_t body_bytes_max = 0;
    access::Permission upload = access::Permission::Ingest;
};

// Each resource's own, in its own file.
std::span<const Route> session_routes();
std::span<const Route> alert_routes();
std::span<const Route> desk_routes();
std::span<const Route> search_routes();
std::span<const Route> hunt_routes();
std::span<const Route> saved_search_routes();
std::span<const Route> history_routes();
std::span<const Route> rule_routes();
std::span<const Route> own_rule_routes();
std::span<const Route> rule_exception_routes();
std::span<const Route> rule_pack_routes();
std::span<const Route> rule_coverage_routes();
std::span<const Route> indicator_routes();
std::span<const Route> source_routes();
std::span<const Route> admin_routes();
std::span<const Route> ingest_routes();
std::span<const Route> shipper_routes();
std::span<const Route> live_routes();
std::span<const Route> health_routes();

class Router {
public:
    explicit Router(std::vector<Route> routes);

    struct Match {
        const Route* route = nullptr;
        std::vector<std::string> path;  // decoded parameters
        std::string allowed;            // when only the method does not fit: those that do
    };
    // HEAD finds GET.
    Match find(std::string_view method, std::string_view path) const;
    std::span<const Route> routes() const { return routes_; }

private:
    struct Pattern {
        std::vector<std::string_view> segments;
        std::size_t route = 0;
        std::size_t parameters = 0;
    };
    std::vector<Route> routes_;
    std::vector<Pattern> patterns_;  // fewer parameters first
};

}  // namespace gac::api
