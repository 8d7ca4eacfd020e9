// /api/v1/ingest and _bulk: events over HTTP. Answered only when they are durable.
#include <algorithm>
#include <atomic>
#include <map>

#include <fmt/format.h>

#include "api/bulk.h"
#include "api/json_writer.h"
#include "api/state.h"
#include "base/text.h"

namespace gac::api {

namespace {

using access::Permission;

// Under pressure a sender is asked to wait, whatever the reason is called inside.
Problem ingest_problem(const Error& error) {
    Problem problem = problem_of(error);
    if (error.code == Code::Unavailable) {
        problem.status = 429;
        problem.code = "busy";
        problem.retry_after_s = 1;
    }
    return problem;
}

void answer(net::Responder& respond, net::Response response) {
    add_security_headers(response);
    respond(std::move(response));
}

void answer_problem(net::Responder& respond, const Error& error, std::string_view request_id) {
    Problem problem = ingest_problem(error);
    answer(respond, problem.status == 500 ? error_response(error, request_id)
                                          : problem_response(problem, request_id));
}

// Right, parameters and the unpacked body.
Result<std::string> open_body(Api::State& state, Call& call,
                              std::initializer_list<std::string_view> parameters) {
    GAC_TRY(scope, state.require(call, Permission::Ingest));
    GAC_CHECK(call.only(parameters));
    return net::unpack(call.request.headers["content-encoding"], std::move(call.request.body),
                       state.options.ingest_unpacked_bytes_max);
}

Result<event::SourceId> source_id(Api::State& state, std::string_view name) {
    if (name.empty() || name.size() > 200 || !base::is_utf8(name)
        || std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) < 32; })) {
        return fail(Code::InvalidArgument, "a source's name has 1 to 200 printable bytes",
                    "source");
    }
    return state.backend.sources.find_or_add(name, "http");
}

Result<pipeline::Chunk> chunk_of(Api::State& state, Call& call) {
    GAC_TRY(body, open_body(state, call, {"source", "format", "drill"}));
    GAC_TRY(source, source_id(state, call.parameter("source")));
    GAC_TRY(drill, call.truth("drill"));
    const std::string format(call.parameter("format"));
    if (!format.empty() && format != "auto"
        && std::ranges::find(state.backend.formats, format) == state.backend.formats.end()) {
        return fail(Code::InvalidArgument, fmt::format("there is no format '{}'", format),
                    "format");
    }
    pipeline::Chunk chunk;
    chunk.source = source;
    chunk.format = format;
    chunk.peer = call.request.peer.address.text();
    chunk.bytes = std::move(body);
    chunk.received = state.now();
    chunk.drill = drill.value_or(false);
    return chunk;
}

void ingest(Api::State& state, Call& call, net::Responder respond) {
    const std::string id = call.request.id;
    auto chunk = chunk_of(state, call);
    if (!chunk) {
        answer_problem(respond, chunk.error(), id);
        return;
    }
    // Shared, because the pipeline leaves a refused chunk, and with it this, untouched.
    const auto shared = std::make_shared<net::Responder>(std::move(respond));
    chunk->done = [shared, id](pipeline::Receipt receipt) {
        if (!receipt.outcome) {
            Problem problem = ingest_problem(receipt.outcome.error());
            problem.extra = fmt::format("\"accepted\":{}", receipt.accepted);
            answer(*shared, problem_response(problem, id));
            return;
        }
        JsonWriter json;
        json.open_object().field("accepted", receipt.accepted).field("failed", receipt.failed);
        answer(*shared, json_response(json.close_object().take()));
    };
    if (const auto submitted = state.backend.submit(*chunk); !submitted) {
        answer_problem(*shared, submitted.error(), id);
    }
}

// A bulk request on its way: its documents went to several sources, and the last one answers.
struct Bulk {
    Bulk(net::Responder to, std::string request, std::string bytes)
        : respond(std::move(to)), id(std::move(request)), body(std::move(bytes)) {}

    net::Responder respond;
    std::string id;
    std::string body;  // what the actions' documents point into
    std::vector<BulkAction> actions;
    std::vector<BulkOutcome> outcomes;
    std::vector<std::vector<std::size_t>> parts;  // actions of each chunk
    std::int64_t begun = base::monotonic_us();
    std::atomic<std::size_t> open{1};

    void fail_part(std::size_t part, const Error& error) {
        const Problem problem = ingest_problem(error);
        for (const std::size_t i : parts[part]) {
            outcomes[i] = {problem.status, "es_rejected_execution_exception", error.text};
        }
    }

    // Each caller writes only its own part's outcomes; the last one reads all.
    void part_done() {
        if (open.fetch_sub(1) != 1) {
            return;
        }
        const std::int64_t took_ms = (base::monotonic_us() - begun) / 1000;
        net::Response response = json_response(render_bulk(actions, outcomes, took_ms, id));
        response.headers.add("X-Elastic-Product", "Elasticsearch");
        answer(respond, std::move(response));
    }
};

// Judges what can be judged without keeping it. True when the document goes to the pipeline.
bool is_wanted(const BulkAction& action, BulkOutcome& outcome) {
    if (action.kind == BulkKind::Update || action.kind == BulkKind::Delete) {
        outcome = {400, "illegal_argument_exception", "events are only added: index or create"};
        return false;
    }
    if (!base::trim(action.document).starts_with('{')) {
        outcome = {400, "document_parsing_exception", "the document is not a JSON object"};
        return false;
    }
    return true;
}

Result<std::vector<pipeline::Chunk>> split(Api::State& state, const Call& call, Bulk& bulk) {
    std::map<std::string, std::size_t, std::less<>> by_source;
    std::vector<pipeline::Chunk> chunks;
    const std::string_view named = call.parameter("source");
    for (std::size_t i = 0; i < bulk.actions.size(); ++i) {
        const BulkAction& action = bulk.actions[i];
        if (!is_wanted(action, bulk.outcomes[i])) {
            continue;
        }
        std::string source = named.empty() ? source_of_index(action.index) : std::string(named);
        if (source.empty()) {
            source = "bulk";
        }
        const auto [at, fresh] = by_source.try_emplace(source, chunks.size());
        if (fresh) {
            GAC_TRY(id, source_id(state, source));
            pipeline::Chunk chunk;
            chunk.source = id;
            chunk.format = "json";
            chunk.peer = call.request.peer.address.text();
            chunk.received = state.now();
            chunks.push_back(std::move(chunk));
            bulk.parts.emplace_back();
        }
        chunks[at->second].bytes.append(action.document).push_back('\n');
        bulk.parts[at->second].push_back(i);
    }
    return chunks;
}

void submit_all(Api::State& state, const std::shared_ptr<Bulk>& bulk,
                std::vector<pipeline::Chunk> chunks) {
    bulk->open = chunks.size() + 1;  // one for this function
    std::size_t refused = 0;
    Error last;
    for (std::size_t part = 0; part < chunks.size(); ++part) {
        chunks[part].done = [bulk, part](pipeline::Receipt receipt) {
            if (!receipt.outcome) {
                bulk->fail_part(part, receipt.outcome.error());
            }
            bulk->part_done();
        };
        if (auto submitted = state.backend.submit(chunks[part]); !submitted) {
            last = std::move(submitted).error();
            bulk->fail_part(part, last);
            bulk->part_done();
            ++refused;
        }
    }
    if (refused > 0 && refused == chunks.size()) {
        // Nothing was taken: said by the status, which every shipper understands.
        answer_problem(bulk->respond, last, bulk->id);
        return;
    }
    bulk->part_done();
}

void bulk(Api::State& state, Call& call, net::Responder respond) {
    const std::string id = call.request.id;
    const std::string index = call.path.empty() ? std::string() : call.path.front();
    // filter_path, pipeline, refresh and the like are for another engine.
    std::erase_if(call.query, [](const auto& pair) { return pair.first != "source"; });
    auto body = open_body(state, call, {"source"});
    if (!body) {
        answer_problem(respond, body.error(), id);
        return;
    }
    const auto shared = std::make_shared<Bulk>(std::move(respond), id, *std::move(body));
    auto actions = parse_bulk(shared->body, index);
    if (!actions) {
        answer_problem(shared->respond, actions.error(), id);
        return;
    }
    shared->actions = *std::move(actions);
    shared->outcomes.resize(shared->actions.size());
    auto chunks = split(state, call, *shared);
    if (!chunks) {
        answer_problem(shared->respond, chunks.error(), id);
        return;
    }
    submit_all(state, shared, *std::move(chunks));
}

constexpr Route kRoutes[] = {
    {"POST", "/api/v1/ingest", Access::Shipper, nullptr, ingest, kIngestLane},
    {"POST", "/_bulk", Access::Shipper, nullptr, bulk, kIngestLane},
    {"PUT", "/_bulk", Access::Shipper, nullptr, bulk, kIngestLane},
    {"POST", "/{index}/_bulk", Access::Shipper, nullptr, bulk, kIngestLane},
    {"PUT", "/{index}/_bulk", Access::Shipper, nullptr, bulk, kIngestLane},
};

}  // namespace

std::span<const Route> ingest_routes() { return kRoutes; }

}  // namespace gac::api
