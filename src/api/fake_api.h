// For tests: the whole interface over a control database and event history of its own; requests are
// handled on the calling thread, without a socket.
#pragma once

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/api.h"
#include "response/fake_desk.h"
#include "store/store.h"

namespace gac::api {

using access::must;
using access::Role;
using access::TokenScope;

// Keeps what was handed in; answers at once unless told to hold or to fail.
struct FakePipeline {
    std::vector<pipeline::Chunk> taken;
    Error refusal;
    bool refuse = false;  // submit says `refusal`
    bool hold = false;    // `done` is called by finish()
    pipeline::Receipt receipt;

    Result<> submit(pipeline::Chunk& chunk) {
        if (refuse) {
            return std::unexpected(refusal);
        }
        taken.push_back(std::move(chunk));
        if (!hold) {
            finish(taken.size() - 1);
        }
        return {};
    }
    void finish(std::size_t at) {
        if (receipt.outcome) {
            receipt.accepted = static_cast<std::uint64_t>(
                std::count(taken[at].bytes.begin(), taken[at].bytes.end(), '\n'));
        }
        taken[at].done(receipt);
    }
};

struct FakeApi : response::FakeDesk {
    FakeApi() {
        std::filesystem::create_directories(folder.path() / "rules");
        std::filesystem::create_directories(folder.path() / "lists");
        std::ofstream(folder.path() / "openapi.yaml") << "openapi: 3.1.0\n";
        profiles = must(event::ProfileSet::load(folder.path() / "rules", base::Zone::utc()));
        history =
            must(store::Store::open({.folder = folder.path() / "events"}, profiles, sources_table));
        rule_service = std::make_unique<pipeline::RuleService>(
            pipeline::RuleSources{{folder.path() / "rules"}, profiles, {}, folder.path() / "packs"},
            rules, rule_exceptions, clock);
        must(rule_service->reload());
        indicators = std::make_unique<pipeline::IndicatorService>(
            pipeline::IndicatorPaths{.lists = {folder.path() / "lists"}, .allow = {}},
            std::make_shared<detect::IndicatorPlan>(*profiles, detect::IndicatorOptions{}));
        hunts = std::make_unique<pipeline::HuntService>(
            pipeline::HuntParts{.history = *history,
                                .events_end = [this] { return history->stats().next_id; },
                                .lists = *indicators,
                                .rules = *rule_service,
                                .profiles = profiles,
                                .sources = *sources_table,
                                .alerts = alerts,
                                .book = hunt_book,
                                .clock = clock},
            pipeline::HuntSettings{.known_file = folder.path() / "hunted"});
    }
    ~FakeApi() { api.reset(); }

    // After tests have put files in place.
    Api& open() {
        if (!api) {
            Options options;
            options.console = folder.path() / "console";
            options.openapi_file = folder.path() / "openapi.yaml";
            options.ingest_body_bytes_max = 1U << 20U;
            options.ingest_unpacked_bytes_max = 2U << 20U;
            options.version = "test";
            api = must(Api::open(backend(), std::move(options)));
        }
        return *api;
    }

    Backend backend() {
        return Backend{
            .clock = clock,
            .profiles = profiles,
            .users = users,
            .sessions = sessions,
            .tokens = tokens,
            .totp = *totp,
            .units = units,
            .gate = gate,
            .audit = audit,
            .alerts = alerts,
            .changes = feed,
            .source_book = sources,
            .rules_book = rules,
            .rule_exceptions = rule_exceptions,
            .legal_holds = legal_holds,
            .saved_searches = saved_searches,
            .hunt_book = hunt_book,
            .events = *history,
            .rules = *rule_service,
            .sources = *sources_table,
            .hunts = *hunts,
            .indicators = *indicators,
            .submit = [this](pipeline::Chunk& chunk) { return pipeline.submit(chunk); },
            .try_line = [](std::string_view line, std::string_view,
                           std::string_view) -> Result<TriedLine> {
                TriedLine tried;
                tried.decoded = line != "broken";
                tried.events.begin();
                tried.events.add_copy(event::field::Message, line);
                tried.events.end({});
                return tried;
            },
            .formats = {"auto", "json", "syslog"},
            .not_ready = [this] { return not_ready; },
            .events_end = [this] { return history->stats().next_id; },
            .disk_use = [] { return DiskUse{.used_bytes = 10, .free_bytes = 100, .oldest = {}}; },
            .history_stats = [this] { return history->stats(); },
            .keep_events = [this]() -> Result<> {
                ++kept;
                return {};
            },
            .preview_deletion =
                [this](const store::Query& query) { return history->preview_removal(query); },
            .delete_events = [this](const access::Actor&, const store::Query& query,
                                    std::string_view) { return history->remove(query); },
            .visit_events =
                [this](const store::Query& query,
                       const std::function<Result<bool>(const event::EventBatch&)>& use) {
                    if (before_visit) {
                        before_visit();
                    }
                    return history->visit(query, use);
                },
            .source_names = sources_table.get(),
        };
    }

    struct Session {
        std::string cookie;
        std::string csrf;
    };
    Session session_of(std::string_view name) {
        const access::SignInAnswer answer = sign_in(name);
        return {std::string(answer.cookie.reveal()), answer.csrf};
    }
    std::string token(TokenScope scope) {
        return std::string(must(tokens.add(system, {.name = "t", .scope = scope})).text.reveal());
    }

    net::Response ask(net::Request request) {
        const auto question = request.target.find('?');
        request.path = request.target.substr(0, question);
        request.query =
            question == std::string::npos ? std::string() : request.target.substr(question + 1);
        request.id = "id-1";
        if (request.peer.address == base::IpAddress{}) {
            request.peer = *net::Endpoint::parse("192.0.2.1:1000");
        }
        request.headers.set("host", "gac.test:8443");
        net::Response got{.status = 0};
        net::Admission admission = open().admit(request);
        if (admission.refusal) {
            return *std::move(admission.refusal);
        }
        open().handle(std::move(request),
                      net::Responder([&](net::Response response) { got = std::move(response); }));
        return got;
    }
    net::Response ask(std::string_view method, std::string_view target, std::string body = {},
                      std::vector<std::pair<std::string, std::string>> headers = {}) {
        net::Request request;
        request.method = method;
        request.target = target;
        request.body = std::move(body);
        for (auto& [name, value] : headers) {
            request.headers.add(std::move(name), std::move(value));
        }
        return ask(std::move(request));
    }
    // As a person who is signed in.
    net::Response ask_as(const Session& session, std::string_view method, std::string_view target,
                         std::string body = {},
                         std::vector<std::pair<std::string, std::string>> headers = {}) {
        headers.emplace_back("Cookie", "__Host-gac=" + session.cookie);
        headers.emplace_back("X-CSRF-Token", session.csrf);
        headers.emplace_back("Content-Type", "application/json");
        return ask(method, target, std::move(body), std::move(headers));
    }
    net::Response ask_with(const std::string& token, std::string_view method,
                           std::string_view target, std::string body = {},
                           std::vector<std::pair<std::string, std::string>> headers = {}) {
        headers.emplace_back("Authorization", "Bearer " + token);
        return ask(method, target, std::move(body), std::move(headers));
    }

    static boost::json::object json(const net::Response& response) {
        return boost::json::parse(response.body).as_object();
    }
    static std::string error_code(const net::Response& response) {
        return std::string(json(response).at("error").at("code").as_string());
    }
    static std::string error_where(const net::Response& response) {
        const auto error = json(response).at("error").as_object();
        return error.contains("where") ? std::string(error.at("where").as_string()) : "";
    }

    std::shared_ptr<pipeline::SourceTable> sources_table =
        std::make_shared<pipeline::SourceTable>();
    std::shared_ptr<const event::ProfileSet> profiles;
    std::unique_ptr<store::Store> history;
    int kept = 0;  // how often the store was told what to keep
    std::function<void()> before_visit;
    std::unique_ptr<pipeline::RuleService> rule_service;
    std::unique_ptr<pipeline::IndicatorService> indicators;
    std::unique_ptr<pipeline::HuntService> hunts;
    FakePipeline pipeline;
    std::vector<NotReady> not_ready;
    std::unique_ptr<Api> api;
};

}  // namespace gac::api
