// /api/v1/history: what event history holds, legal holds, deletion for ever, and exports.
#include <fmt/format.h>

#include <atomic>

#include "api/body.h"
#include "api/json_writer.h"
#include "api/router.h"
#include "api/state.h"
#include "base/log.h"
#include "base/text.h"
#include "store/export.h"

namespace gac::api {

namespace {

using access::Permission;
using response::LegalHold;
using response::LegalHoldId;

constexpr int kExportsMax = 2;  // at once; each holds a thread of the search lane
constexpr std::size_t kSendAtOnce = 256u << 10;
constexpr base::Duration kPatience = base::Duration::seconds(60);

std::atomic<int> exports_running = 0;

Result<net::Response> show(Api::State& state, Call& call) {
    GAC_CHECK(state.require(call, Permission::SourcesView));
    GAC_CHECK(call.only({}));
    const store::Stats stats = state.backend.history_stats();
    JsonWriter json;
    json.open_object()
        .field("events", stats.events)
        .field("events_in_memory", stats.events_in_memory);
    const bool any = stats.events > 0;
    json.field("oldest", any ? std::optional(stats.oldest) : std::nullopt);
    json.field("newest", any ? std::optional(stats.newest) : std::nullopt);
    json.field("segments", stats.segments).field("fresh_segments", stats.fresh_segments);
    json.field("segment_bytes", stats.segment_bytes).field("log_bytes", stats.wal_bytes);
    json.field("merges", stats.merges).field("merged_events", stats.merged_events);
    json.field("removed_events", stats.removed_events).field("fault", stats.upkeep_fault);
    json.key("damages").open_array();
    for (const store::Damage& damage : stats.damages) {
        json.open_object().field("file", damage.file).field("what", damage.what).close_object();
    }
    return json_response(json.close_array().close_object().take());
}

void write_hold(JsonWriter& json, const LegalHold& hold) {
    json.open_object().field("id", hold.id.text()).field("name", hold.name);
    json.field("reason", hold.reason).field("query", hold.query).field("source", hold.source);
    json.field("from", hold.from).field("to", hold.to).field("created", hold.created);
    json.field("created_by", hold.created_by).field("lifted", hold.lifted);
    json.field("lifted_by", hold.lifted_by).field("lifted_reason", hold.lifted_reason);
    json.close_object();
}

Result<net::Response> list_holds(Api::State& state, Call& call) {
    GAC_CHECK(state.require(call, Permission::SystemManage));
    GAC_CHECK(call.only({"all"}));
    GAC_TRY(holds, state.backend.legal_holds.list(call.parameter("all") == "true"));
    JsonWriter json;
    json.open_object().key("holds").open_array();
    for (const LegalHold& hold : holds) {
        write_hold(json, hold);
    }
    return json_response(json.close_array().close_object().take());
}

Result<> read_bound(const Body& body, std::string_view name, base::TimePoint now,
                    std::optional<base::TimePoint>& bound) {
    GAC_TRY(text, body.text_or_empty(name, 64));
    if (!text.empty()) {
        auto time = base::parse_time_argument(text, now);
        if (!time) {
            return std::unexpected(base::at(name, std::move(time).error()));
        }
        bound = *time;
    }
    return {};
}

Result<net::Response> add_hold(Api::State& state, Call& call) {
    GAC_CHECK(state.require(call, Permission::SystemManage));
    GAC_TRY(body, Body::parse(call.request, {"name", "reason", "query", "source", "from", "to"}));
    response::NewLegalHold wanted;
    GAC_TRY(name, body.text("name", response::LegalHolds::kTextMax));
    GAC_TRY(reason, body.text("reason", response::LegalHolds::kTextMax));
    GAC_TRY(query, body.text_or_empty("query", response::LegalHolds::kQueryMax));
    GAC_TRY(source, body.text_or_empty("source", response::LegalHolds::kTextMax));
    GAC_TRY(parsed, store::parse(query, state.now()));
    if (!store::is_filter_alone(parsed)) {
        return fail(Code::InvalidArgument, "what is held is told by a filter, without pipes",
                    "query");
    }
    GAC_CHECK(read_bound(body, "from", state.now(), wanted.from));
    GAC_CHECK(read_bound(body, "to", state.now(), wanted.to));
    wanted.name = std::move(name);
    wanted.reason = std::move(reason);
    wanted.query = std::move(query);
    wanted.source = std::move(source);
    GAC_TRY(made, state.backend.legal_holds.add(call.actor, wanted));
    GAC_CHECK(state.backend.keep_events());
    JsonWriter json;
    write_hold(json, made);
    return json_response(json.take(), 201);
}

Result<net::Response> lift_hold(Api::State& state, Call& call) {
    GAC_CHECK(state.require(call, Permission::SystemManage));
    const auto id = LegalHoldId::parse(call.path.at(0));
    if (!id) {
        return fail(Code::NotFound, "there is no such legal hold", "id");
    }
    GAC_TRY(body, Body::parse(call.request, {"reason"}));
    GAC_TRY(reason, body.text("reason", response::LegalHolds::kTextMax));
    GAC_TRY(lifted, state.backend.legal_holds.lift(call.actor, *id, reason));
    GAC_CHECK(state.backend.keep_events());
    JsonWriter json;
    write_hold(json, lifted);
    return json_response(json.take());
}

Result<net::Response> delete_events(Api::State& state, Call& call) {
    GAC_CHECK(state.require(call, Permission::SystemManage));
    GAC_TRY(body, Body::parse(call.request, {"query", "from", "to", "reason", "confirm"}));
    GAC_TRY(text, body.text("query", response::LegalHolds::kQueryMax));
    GAC_TRY(reason, body.text_or_empty("reason", response::LegalHolds::kTextMax));
    GAC_TRY(confirmed, body.truth("confirm", false));
    GAC_TRY(query, store::parse(text, state.now()));
    std::optional<base::TimePoint> from;
    std::optional<base::TimePoint> to;
    GAC_CHECK(read_bound(body, "from", state.now(), from));
    GAC_CHECK(read_bound(body, "to", state.now(), to));
    query.range.from = from.value_or(query.range.from);
    query.range.to = to.value_or(query.range.to);
    if (confirmed && base::trim(reason).empty()) {
        return fail(Code::InvalidArgument, "a deletion needs its reason", "reason");
    }
    GAC_TRY(removal, confirmed ? state.backend.delete_events(call.actor, query, reason)
                               : state.backend.preview_deletion(query));
    const bool any = removal.events > 0;
    JsonWriter json;
    json.open_object().field("deleted", confirmed).field("events", removal.events);
    json.field("held_events", removal.held_events);
    json.field("oldest", any ? std::optional(removal.oldest) : std::nullopt);
    json.field("newest", any ? std::optional(removal.newest) : std::nullopt);
    json.field("fingerprint", removal.fingerprint);
    json.field("files_waiting", removal.files_waiting);
    return json_response(json.close_object().take());
}

struct Export {
    store::Query query;
    store::ExportFormat format;
    bool check = false;
};

Result<Export> read_export(Api::State& state, Call& call) {
    GAC_CHECK(state.require(call, Permission::EventsSearch));
    GAC_CHECK(call.only({"query", "from", "to", "format", "check"}));
    const base::TimePoint now = state.now();
    GAC_TRY(query, store::parse(call.parameter("query"), now));
    GAC_TRY(from, call.time("from", now));
    GAC_TRY(to, call.time("to", now));
    query.range.from = from.value_or(query.range.from);
    query.range.to = to.value_or(query.range.to);
    const std::string_view name = call.parameter("format");
    const auto format = store::parse_export_format(name.empty() ? "ndjson" : name);
    if (!format) {
        return fail(Code::InvalidArgument,
                    fmt::format("'{}' is not ndjson, csv or spreadsheet", name), "format");
    }
    GAC_TRY(check, call.truth("check"));
    return Export{.query = std::move(query), .format = *format, .check = check.value_or(false)};
}

// The answer begins at once and is written as the events are read; it ends early (without the last
// chunk) when something goes wrong on the way, so that nobody takes a part for the whole.
void export_events(Api::State& state, Call& call, net::Responder respond) {
    const auto refuse = [&](const Error& error) {
        respond(problem_response(problem_of(error), call.request.id));
    };
    auto asked = read_export(state, call);
    if (!asked) {
        return refuse(asked.error());
    }
    auto exporter = store::Exporter::open(asked->format, asked->query, state.backend.profiles,
                                          *state.backend.source_names);
    if (!exporter) {
        return refuse(exporter.error());
    }
    struct Turn {
        bool taken = exports_running.fetch_add(1) < kExportsMax;
        ~Turn() { exports_running.fetch_sub(1); }
    } turn;
    if (!turn.taken) {
        return refuse({Code::Unavailable, "two exports are running already", {}});
    }
    if (asked->check) {
        return respond(no_content());
    }
    if (const auto written = state.backend.audit.append(
            call.actor, {.action = "history.export",
                         .object_kind = "events",
                         .detail = access::detail_json({{"query", asked->query.text},
                                                        {"from", call.parameter("from")},
                                                        {"to", call.parameter("to")}})});
        !written) {
        return refuse(written.error());
    }
    const bool csv = asked->format != store::ExportFormat::Ndjson;
    const auto stream = std::make_shared<net::Stream>(4 * kSendAtOnce, "");
    net::Response response;
    response.headers.add("Content-Type",
                         csv ? "text/csv; charset=utf-8; header=present" : "application/x-ndjson");
    response.headers.add(
        "Content-Disposition",
        fmt::format("attachment; filename=\"gac-events.{}\"", csv ? "csv" : "ndjson"));
    response.stream = stream;
    response.close = true;
    respond(std::move(response));
    std::string text;
    exporter->begin(text);
    const auto done = state.backend.visit_events(
        asked->query, [&](const event::EventBatch& batch) -> Result<bool> {
            exporter->add(batch, text);
            if (text.size() < kSendAtOnce) {
                return true;
            }
            const bool sent = stream->send_in_time(text, kPatience);
            text.clear();
            return sent;
        });
    if (done) {
        stream->send_in_time(text, kPatience);
        stream->close();
    } else {
        base::log_warn("api", "an export was cut off: {}", done.error().message());
        stream->abort();
    }
}

constexpr Route kRoutes[] = {
    {"GET", "/api/v1/history", Access::Any, show},
    {"GET", "/api/v1/history/holds", Access::Any, list_holds},
    {"POST", "/api/v1/history/holds", Access::Any, add_hold},
    {"POST", "/api/v1/history/holds/{id}/lift", Access::Any, lift_hold},
    {"POST", "/api/v1/history/delete", Access::Any, delete_events, nullptr, kSearchLane},
    {"GET", "/api/v1/history/export", Access::Any, nullptr, export_events, kSearchLane},
};

}  // namespace

std::span<const Route> history_routes() { return kRoutes; }

}  // namespace gac::api
