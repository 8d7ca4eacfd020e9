// Everything that the handlers share.
#pragma once

#include <map>
#include <memory>
#include <stop_token>
#include <string>

#include "api/api.h"
#include "api/console.h"
#include "api/live.h"
#include "api/rate_limit.h"
#include "api/router.h"
#include "api/source_meter.h"
#include "api/unit_names.h"
#include "base/snapshot.h"
#include "pipeline/own_rules.h"

namespace gac::api {

// A question while it runs: how to stop it, and how far it is.
struct RunningSearch {
    std::stop_source stop;
    std::shared_ptr<store::Progress> progress = std::make_shared<store::Progress>();
    std::int64_t begun_us = base::monotonic_us();
};

class Api::State {
public:
    State(Backend parts, Options settings, Console files, std::string contract);

    // Who asks, and whether he may come in at all. On success call.actor is set (for public routes
    // it may be nobody). On failure, what to answer.
    std::optional<Problem> authenticate(Call& call, const Route& route);
    // The right, and whose records it covers; denials are audited by the gate.
    Result<access::Scope> require(const Call& call, access::Permission permission,
                                  const access::Object& object = {}) {
        return backend.gate.require(call.actor, permission, object);
    }
    base::TimePoint now() const { return backend.clock.now(); }

    Backend backend;
    Options options;
    Router router;
    Console console;
    std::string openapi;
    UnitNames units;
    SourceMeter meter;
    pipeline::OwnRules own_rules{backend.rules, backend.clock};
    RateLimit requests{{.per_second = 200, .burst = 1000}};
    RateLimit sign_ins{{.per_second = 1, .burst = 30}};
    // Running questions, by actor and name.
    base::Guarded<std::map<std::string, std::shared_ptr<RunningSearch>>> searches;
    LiveHub live;  // last: its thread uses the others

private:
    std::optional<Problem> by_token(Call& call, std::string_view authorization);
    std::optional<Problem> by_cookie(Call& call);
};

// Added to every answer.
void add_security_headers(net::Response& response);

}  // namespace gac::api
