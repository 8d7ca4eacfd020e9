// POST /api/v1/rules/{id}/explain and POST /api/v1/rules/exceptions/preview.
#include <charconv>

#include "api/alert_json.h"
#include "api/body.h"
#include "api/rule_json.h"
#include "api/running.h"
#include "detect/explain.h"
#include "event/render.h"
#include "pipeline/exception_preview.h"

namespace gac::api {

namespace {

constexpr std::size_t kEventBytesMax = 256U << 10U;

// An event of history by its id. Whoever sees one unit alone sees no history.
Result<event::EventBatch> stored_event(Api::State& state, const Call& call,
                                       const std::string& text) {
    GAC_TRY(scope, state.require(call, access::Permission::EventsSearch));
    event::EventId id = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (fault != std::errc{} || end != text.data() + text.size()) {
        return fail(Code::InvalidArgument, "is no event's id", "event_id");
    }
    event::EventBatch batch;
    GAC_CHECK(state.backend.events.fetch(std::span(&id, 1), batch));
    if (batch.empty()) {
        return fail(Code::NotFound, "the event is not in history (any more)", "event_id");
    }
    return batch;
}

Result<event::EventBatch> read_event(Api::State& state, const Call& call) {
    GAC_TRY(body, Body::parse(call.request, {"event_id", "event", "format", "profile"}));
    if (body.has("event_id") == body.has("event")) {
        return fail(Code::InvalidArgument, "give either event_id or event", "event");
    }
    if (body.has("event_id")) {
        GAC_TRY(id, body.text("event_id", 20));
        return stored_event(state, call, id);
    }
    GAC_TRY(line, body.text("event", kEventBytesMax));
    GAC_TRY(format, body.text_or_empty("format", 64));
    GAC_TRY(profile, body.text_or_empty("profile", 64));
    GAC_TRY(tried, state.backend.try_line(line, format, profile));
    if (!tried.decoded || tried.events.empty()) {
        return fail(Code::InvalidArgument, "no decoder reads this event", "event");
    }
    return std::move(tried.events);
}

// That there is an exception is no secret, but its conditions may name other units' hosts.
void hide_exceptions(detect::ExplainedNode& node) {
    if (!node.exception.empty()) {
        node.children.clear();
    }
    for (detect::ExplainedNode& child : node.children) {
        hide_exceptions(child);
    }
}
void hide_exceptions(detect::Explanation& told) {
    if (told.condition) {
        hide_exceptions(*told.condition);
    }
    for (detect::Explanation& reference : told.references) {
        hide_exceptions(reference);
    }
}

void write_effect(Api::State& state, JsonWriter& json, const pipeline::ExceptionEffect& effect,
                  const event::EventBatch& samples) {
    json.field("matched", effect.matched).field("silenced", effect.silenced);
    json.field("scanned_events", effect.scanned_events).field("scanned_from", effect.scanned_from);
    json.key("rules").open_array();
    for (const auto& rule : effect.rules) {
        json.open_object().field("rule_id", rule.rule_id).field("title", rule.title);
        json.field("title_vi", rule.title_vi).field("matched", rule.matched);
        json.field("silenced", rule.silenced).close_object();
    }
    json.close_array().key("samples").open_array();
    for (const auto& [rule, id] : effect.samples) {
        for (std::uint32_t row = 0; row < samples.size(); ++row) {
            if (samples[row].id() == id) {
                json.open_object().field("rule_id", rule).key("event");
                write_event(state, json, samples[row]);
                json.close_object();
                break;
            }
        }
    }
    json.close_array().key("partial");
    effect.partial.empty() ? json.value(false) : json.value(effect.partial);
}

}  // namespace

Result<net::Response> preview_rule_exception(Api::State& state, Call& call) {
    GAC_TRY(rules, state.require(call, access::Permission::RulesView));
    GAC_TRY(scope, state.require(call, access::Permission::EventsSearch));
    const std::int64_t begun = base::monotonic_us();
    GAC_TRY(body, Body::parse(call.request, {"rule_id", "conditions", "unit_id", "days",
                                             "search_id", "timeout_ms"}));
    GAC_TRY(wanted, read_exception_wish(state, body));
    GAC_TRY(days, body.number("days", 30, 1, 365));
    GAC_TRY(timeout, body.number("timeout_ms", 20'000, 1, 60'000));
    GAC_TRY(name, body.text_or_empty("search_id", 64));
    pipeline::EffectQuestion question;
    static_cast<response::NewException&>(question.exception) = std::move(wanted);
    question.exception.id = response::ExceptionId::make(state.now());
    if (question.exception.unit) {
        GAC_TRY(hosts, state.backend.rule_exceptions.hosts_of(*question.exception.unit));
        question.exception.hosts = std::move(hosts);
    }
    question.to = state.now();
    question.from = question.to - base::Duration::days(days);
    question.end = state.backend.events_end();
    question.time_max = base::Duration::millis(timeout);
    const Running running(state, call, name, question.cancel);
    GAC_TRY(effect,
            pipeline::preview_exception(state.backend.events, state.backend.rules, question));
    std::vector<event::EventId> ids;
    for (const auto& [rule, id] : effect.samples) {
        ids.push_back(id);
    }
    event::EventBatch samples;
    GAC_CHECK(state.backend.events.fetch(ids, samples));
    JsonWriter json;
    json.open_object();
    write_effect(state, json, effect, samples);
    json.field("from", question.from).field("to", question.to);
    json.field("took_ms", static_cast<double>(base::monotonic_us() - begun) / 1000);
    return json_response(json.close_object().take());
}

Result<net::Response> explain_rule(Api::State& state, Call& call) {
    const std::string& id = call.path.at(0);
    GAC_TRY(scope, state.require(call, access::Permission::RulesView));
    const auto rule = find_rule(state, id);
    if (!rule) {
        return fail(Code::NotFound, "no such rule is loaded", "id");
    }
    GAC_TRY(batch, read_event(state, call));
    const auto set = state.backend.rules.active().get();
    GAC_TRY(told, detect::explain(*set, id, batch[0]));
    if (!scope.everything()) {
        hide_exceptions(told);
    }
    std::string members;
    detect::append_explanation_json(told, members);
    JsonWriter json;
    json.open_object().field("enabled", !state.backend.rules.disabled()->contains(id));
    json.key("event");
    if (batch[0].id() != 0) {
        write_event(state, json, batch[0]);
    } else {  // a raw one has neither id nor source
        std::string shown;
        event::append_event_json(batch[0], (*state.backend.profiles)[batch[0].head().profile],
                                 shown);
        json.raw(shown);
    }
    std::string out = json.take();
    return json_response(out + "," + members + "}");
}

}  // namespace gac::api
