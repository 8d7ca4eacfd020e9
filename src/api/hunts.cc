// /api/v1/hunts: lists of indicators held against all history. A hunt runs in the background; a
// short one can be waited for.
#include <fmt/format.h>

#include <algorithm>

#include "api/body.h"
#include "api/history_question.h"
#include "api/router.h"
#include "api/state.h"
#include "pipeline/hunt_service.h"

namespace gac::api {

namespace {

using access::Permission;
using response::Hunt;
using response::HuntId;
using response::HuntStatus;

constexpr std::size_t kBodyMax = std::size_t{64} << 20;
constexpr std::size_t kNameMax = 200;
constexpr std::int64_t kWaitMax = 20'000;

void write_hunt(Api::State& state, JsonWriter& json, const Call& call, const Hunt& hunt,
                bool findings) {
    json.open_object().field("id", hunt.id.text()).field("name", hunt.name);
    json.field("automatic", hunt.automatic).field("owner", hunt.owner_name);
    json.field("mine", response::Hunts::owns(call.actor, hunt));
    json.field("created_at", hunt.created).field("ended_at", hunt.ended);
    json.field("from", hunt.from).field("to", hunt.to);
    const auto running = state.backend.hunts.running(hunt.id);
    const bool ended = hunt.ended.has_value();
    json.field("status", response::name_of(hunt.status));
    json.field("indicators", hunt.indicators);
    json.field("events", !ended && running ? std::max(running->events, hunt.events) : hunt.events);
    json.key("progress");
    if (ended || !running || running->units_all == 0) {
        ended&& hunt.status == HuntStatus::Done ? json.value(1.0) : json.null();
    } else {
        json.value(static_cast<double>(running->units_done)
                   / static_cast<double>(running->units_all));
    }
    json.field("found", hunt.found).field("alerts", hunt.alerts).key("partial");
    hunt.partial.empty() ? json.value(false) : json.value(hunt.partial);
    if (findings) {
        json.key("findings").raw(hunt.findings);
    }
    json.close_object();
}

net::Response answer(Api::State& state, const Call& call, const Hunt& hunt, int status) {
    JsonWriter json;
    write_hunt(state, json, call, hunt, true);
    return json_response(json.take(), status);
}

Result<HuntId> id_in_path(const Call& call) {
    const auto id = HuntId::parse(call.path.at(0));
    if (!id) {
        return fail(Code::NotFound, "there is no such hunt", "id");
    }
    return *id;
}

Result<net::Response> start(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::EventsSearch));
    GAC_TRY(body, Body::parse(call.request,
                              {"name", "indicators", "list", "from", "to", "in_text", "wait_ms"}));
    pipeline::HuntService::Wanted wanted;
    GAC_TRY(name, body.text_or_empty("name", kNameMax));
    GAC_TRY(indicators, body.text_or_empty("indicators", kBodyMax));
    GAC_TRY(list, body.text_or_empty("list", 1'000));
    if (indicators.empty() == list.empty()) {
        return fail(Code::InvalidArgument, "either a list's text or the name of a list is needed",
                    "indicators");
    }
    GAC_TRY(span, read_span(body, {}, {}, state.now()));
    GAC_TRY(text, body.truth("in_text", false));
    GAC_TRY(wait, body.number("wait_ms", 0, 0, kWaitMax));
    wanted.name = !name.empty() ? name : !list.empty() ? list : "Danh sách đã dán";
    wanted.indicators = std::move(indicators);
    wanted.list = std::move(list);
    wanted.from = span.from;
    wanted.to = span.to;
    wanted.text = text;
    GAC_TRY(seen, sources_seen(state, scope));
    wanted.only_sources = std::move(seen);
    GAC_TRY(hunt, state.backend.hunts.ask(call.actor, std::move(wanted)));
    if (wait > 0) {
        state.backend.hunts.wait(hunt.id, base::Duration::millis(wait));
    }
    GAC_TRY(now, state.backend.hunt_book.find(hunt.id));
    return answer(state, call, now, 202);
}

Result<net::Response> list(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::EventsSearch));
    GAC_CHECK(call.only({}));
    GAC_TRY(all, state.backend.hunt_book.list(call.actor, scope));
    JsonWriter json;
    json.open_object().key("hunts").open_array();
    for (const Hunt& hunt : all) {
        write_hunt(state, json, call, hunt, false);
    }
    return json_response(json.close_array().close_object().take());
}

Result<net::Response> show(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::EventsSearch));
    GAC_CHECK(call.only({}));
    GAC_TRY(id, id_in_path(call));
    GAC_TRY(hunt, state.backend.hunt_book.find(call.actor, scope, id));
    return answer(state, call, hunt, 200);
}

Result<net::Response> cancel(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::EventsSearch));
    GAC_TRY(id, id_in_path(call));
    GAC_TRY(hunt, state.backend.hunt_book.find(call.actor, scope, id));
    JsonWriter json;
    json.open_object().field("cancelled", state.backend.hunts.cancel(hunt.id));
    return json_response(json.close_object().take());
}

constexpr Route kRoutes[] = {
    {"POST", "/api/v1/hunts", Access::Any, start, nullptr, kSearchLane, kBodyMax,
     Permission::EventsSearch},
    {"GET", "/api/v1/hunts", Access::Any, list},
    {"GET", "/api/v1/hunts/{id}", Access::Any, show},
    {"POST", "/api/v1/hunts/{id}/cancel", Access::Any, cancel},
};

}  // namespace

std::span<const Route> hunt_routes() { return kRoutes; }

}  // namespace gac::api
