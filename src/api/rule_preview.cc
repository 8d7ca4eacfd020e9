// POST /api/v1/rules/preview: what a rule would have found in history. Whoever may search sees it.
#include <algorithm>
#include <functional>
#include <string>

#include "api/alert_json.h"
#include "api/body.h"
#include "api/history_question.h"
#include "api/rule_json.h"
#include "api/running.h"
#include "pipeline/rule_preview.h"

namespace gac::api {

namespace {

using access::Permission;

constexpr std::size_t kTextMax = 256U << 10U;

Result<pipeline::PreviewQuestion> read_question(Api::State& state, const Body& body,
                                                const access::Scope& scope) {
    pipeline::PreviewQuestion question;
    GAC_TRY(rule, body.text_or_empty("rule_id", 200));
    GAC_TRY(text, body.text_or_empty("text", kTextMax));
    if (rule.empty() == text.empty()) {
        return fail(Code::InvalidArgument, "give either rule_id or text", "rule_id");
    }
    question.rule_id = std::move(rule);
    question.text = std::move(text);
    GAC_TRY(span, read_span(body, "-7d", "now", state.now()));
    question.range = span.range();
    GAC_TRY(timeout, body.number("timeout_ms", 20'000, 1, 60'000));
    question.budget.time_max = base::Duration::millis(timeout);
    GAC_TRY(seen, sources_seen(state, scope));
    question.only_sources = std::move(seen);
    return question;
}

void write_counts(JsonWriter& json, const pipeline::RulePreview& preview) {
    json.field("matched", preview.matched).key("rules").open_array();
    for (const auto& [rule, matched] : preview.rules) {
        json.open_object().field("rule_id", rule->id).field("title", rule->title);
        json.field("title_vi", rule->title_vi).field("level", event::name_of(rule->level));
        json.field("kind", event::name_of(rule->kind)).field("matched", matched).close_object();
    }
    json.close_array().key("days").open_array();
    for (const auto& [day, matched] : preview.days) {
        json.open_object().field("day", day).field("matched", matched).close_object();
    }
    json.close_array().key("hosts").open_array();
    for (const auto& [host, matched] : preview.hosts) {
        json.open_object().field("host", host).field("matched", matched).close_object();
    }
    json.close_array().field("hosts_all", preview.hosts_all);
    json.field("more_hosts", preview.more_hosts);
    json.field("first", preview.first).field("last", preview.last);
}

}  // namespace

Result<net::Response> preview_rule(Api::State& state, Call& call) {
    GAC_TRY(rules, state.require(call, Permission::RulesView));
    GAC_TRY(scope, state.require(call, Permission::EventsSearch));
    const std::int64_t begun = base::monotonic_us();
    GAC_TRY(body, Body::parse(call.request,
                              {"rule_id", "text", "from", "to", "search_id", "timeout_ms"}));
    GAC_TRY(question, read_question(state, body, scope));
    GAC_TRY(name, body.text_or_empty("search_id", 64));
    question.budget.asker = std::hash<std::string>{}(call.actor.id.text());
    const Running running(state, call, name, question.budget.cancel, question.budget.progress);
    const auto loading = state.backend.rules.loading();
    const pipeline::PreviewRules known{.texts = loading->texts,
                                       .compiled = state.backend.rules.active().get(),
                                       .exceptions = loading->exceptions,
                                       .options = state.backend.rules.compile_options()};
    GAC_TRY(preview, pipeline::preview_rule(state.backend.events, *state.backend.source_names,
                                            known, question));
    std::vector<event::EventId> ids;
    for (const pipeline::RulePreview::Sample& sample : preview.samples) {
        ids.push_back(sample.event);
    }
    event::EventBatch events;
    GAC_CHECK(state.backend.events.fetch(ids, events));
    JsonWriter json;
    json.open_object();
    write_counts(json, preview);
    json.key("samples").open_array();
    for (const pipeline::RulePreview::Sample& sample : preview.samples) {
        for (std::uint32_t row = 0; row < events.size(); ++row) {
            if (events.id_of(row) == sample.event) {
                json.open_object().field("rule_id", sample.rule_id).key("event");
                write_event(state, json, events[row]);
                json.close_object();
                break;
            }
        }
    }
    json.close_array().field("judged_events", preview.judged_events);
    json.field("scanned_bytes", preview.scanned_bytes).field("blocks", preview.blocks);
    json.field("blocks_skipped", preview.blocks_skipped).key("partial");
    preview.partial.empty() ? json.value(false) : json.value(preview.partial);
    json.field("from", question.range.from).field("to", question.range.to);
    json.field("took_ms", static_cast<double>(base::monotonic_us() - begun) / 1000);
    return json_response(json.close_object().take());
}

}  // namespace gac::api
