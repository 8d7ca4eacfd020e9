// /api/v1/rules: what is loaded, what was refused and why, switching off and on.
#include <algorithm>
#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "api/alert_json.h"
#include "api/body.h"
#include "api/rule_json.h"
#include "api/shown_path.h"

namespace gac::api {

namespace {

using access::Permission;
using event::RuleInfo;

void write_texts(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
    json.key(name).open_array();
    for (const std::string& text : texts) {
        json.value(text);
    }
    json.close_array();
}

constexpr base::Duration kJudgedIn = base::Duration::days(90);

// What is known of rules beside their files, by rule id.
struct Ledger {
    std::map<std::string, response::RuleState, std::less<>> states;
    std::map<std::string, response::RuleVerdicts, std::less<>> verdicts;
    std::map<std::string, std::size_t, std::less<>> exceptions;  // in force
    std::shared_ptr<const std::set<std::string>> disabled;
    std::shared_ptr<const pipeline::RuleCosts> costs;
    std::vector<std::filesystem::path> paths;  // that rules are read from

    std::string shown(std::string_view path) const { return shown_path(path, paths); }

    template <class T>
    static T of(const std::map<std::string, T, std::less<>>& all, std::string_view id) {
        const auto found = all.find(id);
        return found == all.end() ? T{} : found->second;
    }
};

Result<Ledger> read_ledger(Api::State& state, const access::Scope& scope) {
    Ledger ledger;
    GAC_TRY(rows, state.backend.rules_book.list());
    for (response::RuleState& row : rows) {
        const std::string id = row.rule_id;
        ledger.states.emplace(id, std::move(row));
    }
    GAC_TRY(verdicts, state.backend.rules_book.verdicts(scope, state.now() - kJudgedIn));
    ledger.verdicts = std::move(verdicts);
    GAC_TRY(exceptions, state.backend.rule_exceptions.in_force());
    for (const response::RuleException& one : exceptions) {
        if (scope.allows(one.unit)) {
            ++ledger.exceptions[one.rule_id];
        }
    }
    ledger.disabled = state.backend.rules.disabled();
    ledger.costs = state.backend.rules.costs();
    ledger.paths = state.backend.rules.paths();
    return ledger;
}

// A refused rule without an id is named by its place.
std::string id_of(const detect::RuleFault& fault, const Ledger& ledger) {
    return fault.id.empty() ? fmt::format("{}:{}", ledger.shown(fault.path), fault.line) : fault.id;
}

void write_cost(JsonWriter& json, const Ledger& ledger, std::string_view id) {
    json.key("cost");
    const auto found = ledger.costs->rules.find(id);
    if (found == ledger.costs->rules.end()) {
        json.null();
        return;
    }
    const detect::RuleCost& cost = found->second;
    json.open_object().field("candidates", cost.candidates).field("matches", cost.matches);
    json.field("ns_per_evaluation", pipeline::ns_per_evaluation(cost));
    json.field("share", ledger.costs->share(cost)).close_object();
}

void write_state(JsonWriter& json, const response::RuleState& rule, bool enabled) {
    json.field("enabled", enabled).field("hits", rule.hits).field("alerts", rule.alerts);
    json.field("last_hit", rule.last_hit);
    json.field("disabled_reason", enabled ? std::string() : rule.reason);
    json.field("disabled_by", enabled ? std::string() : rule.changed_by);
    json.field("version", rule.version);
}

void write_loaded_members(JsonWriter& json, const RuleInfo& rule, const Ledger& ledger,
                          const pipeline::RulePacks& packs) {
    json.field("id", rule.id).field("title", rule.title).field("title_vi", rule.title_vi);
    json.field("description", rule.description).field("description_vi", rule.description_vi);
    json.field("level", event::name_of(rule.level));
    write_texts(json, "tags", rule.tags);
    write_texts(json, "false_positives", rule.false_positives);
    write_texts(json, "false_positives_vi", rule.false_positives_vi);
    json.key("log_source").open_object().field("product", rule.product);
    json.field("category", rule.category).field("service", rule.service).close_object();
    json.field("kind", event::name_of(rule.kind)).field("status", "loaded");
    json.field("path", ledger.shown(rule.path)).key("pack");
    if (const auto pack = packs.pack_of(rule.path)) {
        json.open_object().field("name", pack->first).field("version", pack->second);
        json.close_object();
    } else {
        json.null();
    }
    json.field("author", rule.author).field("license", rule.license);
    write_state(json, Ledger::of(ledger.states, rule.id), !ledger.disabled->contains(rule.id));
    json.field("exceptions", Ledger::of(ledger.exceptions, rule.id));
    const response::RuleVerdicts verdicts = Ledger::of(ledger.verdicts, rule.id);
    json.field("judged", verdicts.judged).key("false_positive_ratio");
    verdicts.judged == 0 ? json.null()
                         : json.value(static_cast<double>(verdicts.false_alarms)
                                      / static_cast<double>(verdicts.judged));
    write_cost(json, ledger, rule.id);
}

void write_refused_members(JsonWriter& json, const detect::RuleFault& fault, const Ledger& ledger) {
    json.field("id", id_of(fault, ledger)).field("title", fault.title).field("title_vi", "");
    json.field("level", "informational").field("kind", "sigma").field("status", "refused");
    json.field("reason", fault.reason).key("line");
    fault.line > 0 ? json.value(fault.line) : json.null();
    json.field("path", ledger.shown(fault.path));
    write_state(json, Ledger::of(ledger.states, fault.id), false);
}

Result<net::Response> list(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::RulesView));
    GAC_CHECK(call.only({}));
    GAC_TRY(ledger, read_ledger(state, scope));
    const auto set = state.backend.rules.active().get();
    const auto loading = state.backend.rules.loading();
    JsonWriter json;
    json.open_object().key("rules").open_array();
    std::size_t loaded = 0;
    std::size_t off = 0;
    for (const auto& rule :
         set ? set->rules() : std::span<const std::shared_ptr<const RuleInfo>>()) {
        json.open_object();
        write_loaded_members(json, *rule, ledger, state.backend.rules.packs());
        json.close_object();
        ++loaded;
        off += ledger.disabled->contains(rule->id) ? 1 : 0;
    }
    std::size_t refused = 0;
    for (const auto& fault : loading ? loading->faults : std::vector<detect::RuleFault>()) {
        if (fault.warning) {
            continue;
        }
        json.open_object();
        write_refused_members(json, fault, ledger);
        json.close_object();
        ++refused;
    }
    json.close_array().field("loaded", loaded).field("refused", refused).field("disabled", off);
    if (loading) {
        json.field("loaded_at", loading->at);
    }
    return json_response(json.close_object().take());
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

// What the detail says more than the list.
void write_origin(JsonWriter& json, const RuleInfo& rule, const pipeline::RuleLoading* loading) {
    write_texts(json, "references", rule.references);
    json.field("date", rule.date).field("modified", rule.modified);
    json.field("maturity", rule.maturity).key("related").open_array();
    for (const auto& [id, type] : rule.related) {
        json.open_object().field("id", id).field("type", type).close_object();
    }
    std::vector<std::string> warnings;
    for (const auto& fault : loading ? loading->faults : std::vector<detect::RuleFault>()) {
        if (fault.warning && fault.path == rule.path && fault.title == rule.title) {
            warnings.push_back(fault.reason);
        }
    }
    json.close_array();
    write_texts(json, "warnings", warnings);
}

std::string etag_of(const Ledger& ledger, std::string_view id) {
    return fmt::format("\"{}\"", Ledger::of(ledger.states, id).version);
}

Result<net::Response> show(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::RulesView));
    GAC_CHECK(call.only({}));
    const std::string& id = call.path.at(0);
    const auto loading = state.backend.rules.loading();
    GAC_TRY(ledger, read_ledger(state, scope));
    JsonWriter json;
    json.open_object();
    if (const auto rule = find_rule(state, id)) {
        write_loaded_members(json, *rule, ledger, state.backend.rules.packs());
        write_origin(json, *rule, loading.get());
        json.field("text", text_of_file(loading.get(), rule->path));
        GAC_TRY(alerts, state.require(call, Permission::AlertsView));
        GAC_TRY(outcomes, state.backend.alerts.outcomes(alerts, id, state.now() - kJudgedIn));
        json.key("outcomes").open_object().field("open", outcomes.open);
        for (std::size_t i = 0; i < outcomes.by_verdict.size(); ++i) {
            json.field(contract_word(static_cast<response::Verdict>(i)), outcomes.by_verdict[i]);
        }
        json.close_object();
        net::Response response = json_response(json.close_object().take());
        response.headers.add("ETag", etag_of(ledger, id));
        return response;
    }
    for (const auto& fault : loading ? loading->faults : std::vector<detect::RuleFault>()) {
        if (!fault.warning && id_of(fault, ledger) == id) {
            write_refused_members(json, fault, ledger);
            json.field("text", text_of_file(loading.get(), fault.path));
            return json_response(json.close_object().take());
        }
    }
    return fail(Code::NotFound, "there is no such rule", "id");
}

Result<net::Response> change(Api::State& state, Call& call) {
    const std::string& id = call.path.at(0);
    GAC_TRY(scope, state.require(call, Permission::RulesEdit, {"rule", id}));
    if (!call.request.headers.has("if-match")) {
        return version_missing(call);
    }
    GAC_TRY(version, call.expected_version());
    GAC_TRY(body, Body::parse(call.request, {"enabled", "reason"}));
    if (!body.has("enabled")) {
        return fail(Code::InvalidArgument, "'enabled' is missing", "enabled");
    }
    GAC_TRY(enabled, body.truth("enabled", true));
    GAC_TRY(reason, body.text_or_empty("reason", 2000));
    const auto rule = find_rule(state, id);
    if (!rule) {
        return fail(Code::NotFound, "no such rule is loaded", "id");
    }
    const auto done =
        state.backend.rules_book.set_enabled(call.actor, id, version, enabled, reason);
    if (!done && done.error().code != Code::Conflict) {
        return std::unexpected(done.error());
    }
    GAC_CHECK(state.backend.rules.refresh_disabled());
    GAC_TRY(ledger, read_ledger(state, scope));
    JsonWriter json;
    json.open_object();
    write_loaded_members(json, *rule, ledger, state.backend.rules.packs());
    std::string current = json.close_object().take();
    if (!done) {
        return version_differs(call, done.error(), current);
    }
    net::Response response = json_response(std::move(current));
    response.headers.add("ETag", etag_of(ledger, id));
    return response;
}

Result<net::Response> reload(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::RulesEdit));
    GAC_CHECK(state.backend.rules.reload());
    GAC_CHECK(state.backend.audit.append(call.actor, {.action = "rules.reload"}));
    const auto set = state.backend.rules.active().get();
    const auto loading = state.backend.rules.loading();
    JsonWriter json;
    json.open_object().field("loaded", set ? set->loaded() : 0);
    json.field(
        "refused",
        loading ? std::ranges::count(loading->faults, false, &detect::RuleFault::warning) : 0);
    json.field("seconds", loading ? static_cast<double>(loading->took.us) / 1e6 : 0.0);
    return json_response(json.close_object().take());
}

constexpr Route kRoutes[] = {
    {"GET", "/api/v1/rules", Access::Any, list},
    {"POST", "/api/v1/rules/reload", Access::Any, reload, nullptr, kSearchLane},
    {"POST", "/api/v1/rules/preview", Access::Any, preview_rule, nullptr, kSearchLane},
    {"GET", "/api/v1/rules/{id}", Access::Any, show},
    {"PATCH", "/api/v1/rules/{id}", Access::Any, change},
    {"POST", "/api/v1/rules/{id}/explain", Access::Any, explain_rule},
};

}  // namespace

std::shared_ptr<const RuleInfo> find_rule(Api::State& state, std::string_view id) {
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

std::span<const Route> rule_routes() { return kRoutes; }

}  // namespace gac::api
