// /api/v1/rules: what is loaded, what was refused and why, switching off and on.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "api/alert_json.h"
#include "api/body.h"

namespace gac::api {

namespace {

using access::Permission;
using event::RuleInfo;

// A refused rule without an id is named by its place.
std::string id_of(const detect::RuleFault& fault) {
    return fault.id.empty() ? fmt::format("{}:{}", fault.path, fault.line) : fault.id;
}

void write_texts(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
    json.key(name).open_array();
    for (const std::string& text : texts) {
        json.value(text);
    }
    json.close_array();
}

void write_state(JsonWriter& json, const response::RuleState& rule, bool enabled) {
    json.field("enabled", enabled).field("hits", rule.hits).field("alerts", rule.alerts);
    json.field("last_hit", rule.last_hit);
    json.field("disabled_reason", enabled ? std::string() : rule.reason);
    json.field("disabled_by", enabled ? std::string() : rule.changed_by);
    json.field("version", rule.version);
}

void write_loaded_members(JsonWriter& json, const RuleInfo& rule, const response::RuleState& book,
                          bool enabled) {
    json.field("id", rule.id).field("title", rule.title).field("title_vi", rule.title_vi);
    json.field("description", rule.description).field("description_vi", rule.description_vi);
    json.field("level", event::name_of(rule.level));
    write_texts(json, "tags", rule.tags);
    write_texts(json, "false_positives", rule.false_positives);
    json.key("log_source").open_object().field("product", rule.product);
    json.field("category", rule.category).field("service", rule.service).close_object();
    json.field("kind", event::name_of(rule.kind)).field("status", "loaded");
    json.field("path", rule.path);
    write_state(json, book, enabled);
}

void write_refused_members(JsonWriter& json, const detect::RuleFault& fault,
                           const response::RuleState& book) {
    json.field("id", id_of(fault)).field("title", fault.title).field("title_vi", "");
    json.field("level", "informational").field("kind", "sigma").field("status", "refused");
    json.field("reason", fault.reason).key("line");
    fault.line > 0 ? json.value(fault.line) : json.null();
    json.field("path", fault.path);
    write_state(json, book, false);
}

Result<net::Response> list(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::RulesView));
    GAC_CHECK(call.only({}));
    GAC_TRY(rows, state.backend.rules_book.list());
    std::map<std::string, response::RuleState, std::less<>> book;
    for (response::RuleState& row : rows) {
        const std::string id = row.rule_id;
        book.emplace(id, std::move(row));
    }
    const auto set = state.backend.rules.active().get();
    const auto disabled = state.backend.rules.disabled();
    const auto loading = state.backend.rules.loading();
    JsonWriter json;
    json.open_object().key("rules").open_array();
    std::size_t loaded = 0;
    std::size_t off = 0;
    for (const auto& rule :
         set ? set->rules() : std::span<const std::shared_ptr<const RuleInfo>>()) {
        const bool enabled = disabled == nullptr || !disabled->contains(rule->id);
        const auto known = book.find(rule->id);
        json.open_object();
        write_loaded_members(json, *rule,
                             known == book.end() ? response::RuleState{} : known->second, enabled);
        json.close_object();
        ++loaded;
        off += enabled ? 0 : 1;
    }
    std::size_t refused = 0;
    for (const auto& fault : loading ? loading->faults : std::vector<detect::RuleFault>()) {
        if (fault.warning) {
            continue;
        }
        const auto known = book.find(fault.id);
        json.open_object();
        write_refused_members(json, fault,
                              known == book.end() ? response::RuleState{} : known->second);
        json.close_object();
        ++refused;
    }
    json.close_array().field("loaded", loaded).field("refused", refused).field("disabled", off);
    if (loading) {
        json.field("loaded_at", loading->at);
    }
    return json_response(json.close_object().take());
}

std::shared_ptr<const RuleInfo> find_loaded(Api::State& state, std::string_view id) {
    const auto set = state.backend.rules.active().get();
    if (set) {
        for (const auto& rule : set->rules()) {
            if (rule->id == id) {
                return rule;
            }
        }
    }
    return nullptr;
}

std::string text_of_file(const pipeline::RuleLoading* loading, std::string_view path) {
    if (loading != nullptr) {
        for (const detect::RuleText& text : loading->texts) {
            if (text.path == path) {
                return text.yaml;
            }
        }
    }
    return {};
}

Result<net::Response> show(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::RulesView));
    GAC_CHECK(call.only({}));
    const std::string& id = call.path.at(0);
    const auto loading = state.backend.rules.loading();
    GAC_TRY(book, state.backend.rules_book.find(id));
    JsonWriter json;
    json.open_object();
    if (const auto rule = find_loaded(state, id)) {
        const auto disabled = state.backend.rules.disabled();
        write_loaded_members(json, *rule, book, disabled == nullptr || !disabled->contains(id));
        json.field("text", text_of_file(loading.get(), rule->path));
        GAC_TRY(alerts, state.require(call, Permission::AlertsView));
        GAC_TRY(outcomes,
                state.backend.alerts.outcomes(alerts, id, state.now() - base::Duration::days(90)));
        json.key("outcomes").open_object().field("open", outcomes.open);
        for (std::size_t i = 0; i < outcomes.by_verdict.size(); ++i) {
            json.field(contract_word(static_cast<response::Verdict>(i)), outcomes.by_verdict[i]);
        }
        json.close_object();
        return json_response(json.close_object().take());
    }
    for (const auto& fault : loading ? loading->faults : std::vector<detect::RuleFault>()) {
        if (!fault.warning && id_of(fault) == id) {
            write_refused_members(json, fault, book);
            json.field("text", text_of_file(loading.get(), fault.path));
            return json_response(json.close_object().take());
        }
    }
    return fail(Code::NotFound, "there is no such rule", "id");
}

Result<net::Response> change(Api::State& state, Call& call) {
    const std::string& id = call.path.at(0);
    GAC_TRY(scope, state.require(call, Permission::RulesEdit, {"rule", id}));
    GAC_TRY(body, Body::parse(call.request, {"enabled", "reason"}));
    if (!body.has("enabled")) {
        return fail(Code::InvalidArgument, "'enabled' is missing", "enabled");
    }
    GAC_TRY(enabled, body.truth("enabled", true));
    GAC_TRY(reason, body.text_or_empty("reason", 2000));
    const auto rule = find_loaded(state, id);
    if (!rule) {
        return fail(Code::NotFound, "no such rule is loaded", "id");
    }
    GAC_TRY(before, state.backend.rules_book.find(id));
    GAC_TRY(after,
            state.backend.rules_book.set_enabled(call.actor, id, before.version, enabled, reason));
    GAC_CHECK(state.backend.rules.refresh_disabled());
    JsonWriter json;
    json.open_object();
    write_loaded_members(json, *rule, after, after.enabled);
    return json_response(json.close_object().take());
}

Result<net::Response> reload(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::RulesEdit));
    GAC_CHECK(state.backend.rules.reload());
    GAC_CHECK(state.backend.audit.append(call.actor, {.action = "rules.reload"}));
    const auto set = state.backend.rules.active().get();
    const auto loading = state.backend.rules.loading();
    JsonWriter json;
    json.open_object().field("loaded", set ? set->loaded() : 0);
    json.field("refused", set ? set->refused() : 0);
    json.field("seconds", loading ? static_cast<double>(loading->took.us) / 1e6 : 0.0);
    return json_response(json.close_object().take());
}

constexpr Route kRoutes[] = {
    {"GET", "/api/v1/rules", Access::Any, list},
    {"POST", "/api/v1/rules/reload", Access::Any, reload, nullptr, kSearchLane},
    {"GET", "/api/v1/rules/{id}", Access::Any, show},
    {"PATCH", "/api/v1/rules/{id}", Access::Any, change},
};

}  // namespace

std::span<const Route> rule_routes() { return kRoutes; }

}  // namespace gac::api
