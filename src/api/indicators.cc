// /api/v1/indicators: the lists in force, what they hold and which of their lines were left out.
#include <map>
#include <vector>

#include "api/json_writer.h"
#include "api/router.h"
#include "api/shown_path.h"
#include "api/state.h"

namespace gac::api {

namespace {

using access::Permission;

constexpr std::size_t kFaultsOfListMax = 20;
constexpr std::size_t kFaultsMax = 2'000;  // of all lists
constexpr std::size_t kReasonBytesMax = 300;

using Faults = std::map<std::string_view, std::vector<const detect::ListFault*>>;

void write_list(JsonWriter& json, const detect::IndicatorList& list, std::string file,
                const std::vector<const detect::ListFault*>& faults, std::size_t& room) {
    json.open_object().field("name", list.name).field("file", file).field("allow", list.allow);
    json.field("entries", list.entries).field("refused", list.refused);
    json.key("types").open_object();
    for (std::size_t type = 0; type < list.by_type.size(); ++type) {
        if (list.by_type[type] > 0) {
            json.field(name_of(static_cast<detect::IndicatorType>(type)), list.by_type[type]);
        }
    }
    json.close_object().field("hits", list.hits->value());
    json.field("suppressed", list.suppressed->value()).field("expired", list.expired->value());
    json.key("faults").open_array();
    for (std::size_t i = 0; i < faults.size() && i < kFaultsOfListMax && room > 0; ++i, --room) {
        json.open_object().key("line");
        faults[i]->line > 0 ? json.value(faults[i]->line) : json.null();
        json.field("reason", std::string_view(faults[i]->reason).substr(0, kReasonBytesMax));
        json.close_object();
    }
    json.close_array().close_object();
}

Result<net::Response> list(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::RulesView));
    GAC_CHECK(call.only({}));
    const pipeline::IndicatorService& service = state.backend.indicators;
    std::vector<std::filesystem::path> folders = service.paths().lists;
    folders.insert(folders.end(), service.paths().allow.begin(), service.paths().allow.end());
    const auto loading = service.loading();
    Faults faults;
    for (const detect::ListFault& fault : loading->faults) {
        faults[fault.path].push_back(&fault);
    }
    JsonWriter json;
    json.open_object().key("lists").open_array();
    std::size_t room = kFaultsMax;
    const auto set = loading->set;
    for (const detect::IndicatorList& one :
         set ? set->lists() : std::span<const detect::IndicatorList>()) {
        write_list(json, one, shown_path(one.path, folders), faults[one.path], room);
    }
    json.close_array().field("entries", set ? set->entries() : 0);
    json.field("refused", loading->refused);
    json.field("memory_bytes", set ? set->memory_bytes() : 0).key("failures").open_array();
    const auto write_failure = [&](const Error& failure) {
        json.open_object().field("file", shown_path(failure.where, folders));
        json.field("reason", std::string_view(failure.text).substr(0, kReasonBytesMax));
        json.close_object();
    };
    const std::vector<Error> pending = service.pending_failures();
    for (const Error& failure : pending.empty() ? loading->failures : pending) {
        write_failure(failure);
    }
    json.close_array().field("stale", !pending.empty()).key("loaded_at");
    set ? json.value(loading->at) : json.null();
    json.field("took_ms", loading->took.us / 1000);
    return json_response(json.close_object().take());
}

constexpr Route kRoutes[] = {{"GET", "/api/v1/indicators", Access::Any, list}};

}  // namespace

std::span<const Route> indicator_routes() { return kRoutes; }

}  // namespace gac::api
