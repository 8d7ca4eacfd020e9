// /api/v1/saved-searches: questions that people keep, for themselves or for their unit.
#include <fmt/format.h>

#include "api/body.h"
#include "api/router.h"
#include "api/state.h"
#include "store/query.h"

namespace gac::api {

namespace {

using access::Permission;
using response::SavedSearch;
using response::SavedSearches;
using response::SavedSearchId;
using response::SearchText;

void write_search(Api::State& state, JsonWriter& json, const Call& call, const SavedSearch& one) {
    const bool mine = call.actor.user() == one.owner;
    json.open_object().field("id", one.id.text()).field("name", one.name).field("note", one.note);
    json.field("query", one.query).key("span");
    one.span.empty() ? json.null() : json.value(one.span);
    json.field("from", one.from).field("to", one.to).key("columns").open_array();
    for (const std::string& column : one.columns) {
        json.value(column);
    }
    json.close_array().field("view", one.view).field("shared", one.shared);
    json.field("owner", one.owner_name).field("mine", mine).key("unit");
    state.units.write(json, one.unit);
    json.field("created_at", one.created_at).field("changed_at", one.changed_at);
    json.field("changed_by", one.changed_by).field("removed", one.removed);
    json.field("version", one.version).close_object();
}

net::Response answer(Api::State& state, const Call& call, const SavedSearch& one,
                     int status = 200) {
    JsonWriter json;
    write_search(state, json, call, one);
    net::Response response = json_response(json.take(), status);
    response.headers.add("ETag", fmt::format("\"{}\"", one.version));
    return response;
}

Result<SavedSearchId> id_in_path(const Call& call) {
    const auto id = SavedSearchId::parse(call.path.at(0));
    if (!id) {
        return fail(Code::NotFound, "there is no such saved search", "id");
    }
    return *id;
}

Result<> read_time(const Body& body, std::string_view name, std::optional<base::TimePoint>& time) {
    if (!body.has(name)) {
        return {};
    }
    GAC_TRY(text, body.text_or_empty(name, 64));
    time.reset();
    if (!text.empty()) {
        time = base::parse_rfc3339(text);
        if (!time) {
            return fail(Code::InvalidArgument, "is not a time such as 2026-12-31T17:00:00Z",
                        std::string(name));
        }
    }
    return {};
}

Result<> read_text(const Body& body, std::string_view name, std::size_t bytes_max,
                   std::string& text) {
    if (body.has(name)) {
        GAC_TRY(said, body.text_or_empty(name, bytes_max));
        text = std::move(said);
    }
    return {};
}

// What the request says, over what was there.
Result<SearchText> read_wish(const Body& body, SearchText wanted, base::TimePoint now) {
    GAC_CHECK(read_text(body, "name", SavedSearches::kNameMax, wanted.name));
    GAC_CHECK(read_text(body, "note", SavedSearches::kNoteMax, wanted.note));
    GAC_CHECK(read_text(body, "query", SavedSearches::kQueryMax, wanted.query));
    GAC_CHECK(read_text(body, "span", 8, wanted.span));
    GAC_CHECK(read_time(body, "from", wanted.from));
    GAC_CHECK(read_time(body, "to", wanted.to));
    GAC_CHECK(read_text(body, "view", 20, wanted.view));
    if (body.has("columns")) {
        GAC_TRY(columns,
                body.texts("columns", SavedSearches::kColumnsMax, SavedSearches::kColumnMax));
        wanted.columns = std::move(columns);
    }
    GAC_TRY(shared, body.truth("shared", wanted.shared));
    wanted.shared = shared;
    if (auto parsed = store::parse(wanted.query, now); !parsed) {
        return std::unexpected(std::move(parsed).error());  // "column N" of the query
    }
    return wanted;
}

Result<net::Response> list(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::EventsSearch));
    GAC_CHECK(call.only({}));
    GAC_TRY(all, state.backend.saved_searches.list(call.actor, scope));
    JsonWriter json;
    json.open_object().key("searches").open_array();
    for (const SavedSearch& one : all) {
        write_search(state, json, call, one);
    }
    return json_response(json.close_array().close_object().take());
}

Result<net::Response> add(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::EventsSearch));
    GAC_TRY(body, Body::parse(call.request, {"name", "note", "query", "span", "from", "to",
                                             "columns", "view", "shared"}));
    GAC_TRY(wanted, read_wish(body, {}, state.now()));
    GAC_TRY(made, state.backend.saved_searches.add(call.actor, wanted));
    return answer(state, call, made, 201);
}

Result<net::Response> show(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::EventsSearch));
    GAC_CHECK(call.only({}));
    GAC_TRY(id, id_in_path(call));
    GAC_TRY(found, state.backend.saved_searches.find(call.actor, scope, id));
    return answer(state, call, found);
}

// What is shared with many, an administrator may tidy up.
Result<SavedSearches::Editor> editor_of(Api::State& state, const Call& call,
                                        const SavedSearch& one) {
    if (call.actor.user() == one.owner) {
        return SavedSearches::Editor::Owner;
    }
    const std::string id = one.id.text();
    GAC_CHECK(state.require(call, Permission::SystemManage, {"saved_search", id, one.unit}));
    return SavedSearches::Editor::Any;
}

// 412 with the search as it stands when somebody was faster.
Result<net::Response> told(Api::State& state, const Call& call, const access::Scope& scope,
                           SavedSearchId id, Result<SavedSearch> done) {
    if (done) {
        return answer(state, call, *done);
    }
    if (done.error().code != Code::Conflict) {
        return std::unexpected(std::move(done).error());
    }
    GAC_TRY(current, state.backend.saved_searches.find(call.actor, scope, id));
    JsonWriter json;
    write_search(state, json, call, current);
    return version_differs(call, done.error(), json.take());
}

Result<net::Response> change(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::EventsSearch));
    GAC_TRY(id, id_in_path(call));
    if (!call.request.headers.has("if-match")) {
        return version_missing(call);
    }
    GAC_TRY(version, call.expected_version());
    GAC_TRY(body, Body::parse(call.request, {"name", "note", "query", "span", "from", "to",
                                             "columns", "view", "shared", "removed"}));
    SavedSearches& book = state.backend.saved_searches;
    GAC_TRY(old, book.find(call.actor, scope, id));
    GAC_TRY(editor, editor_of(state, call, old));
    GAC_TRY(removed, body.truth("removed", old.removed));
    if (removed != old.removed) {
        return told(state, call, scope, id,
                    book.remove(call.actor, scope, id, version, removed, editor));
    }
    GAC_TRY(wanted, read_wish(body, old, state.now()));
    return told(state, call, scope, id,
                book.change(call.actor, scope, id, version, wanted, editor));
}

Result<net::Response> remove(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::EventsSearch));
    GAC_TRY(id, id_in_path(call));
    if (!call.request.headers.has("if-match")) {
        return version_missing(call);
    }
    GAC_TRY(version, call.expected_version());
    SavedSearches& book = state.backend.saved_searches;
    GAC_TRY(old, book.find(call.actor, scope, id));
    GAC_TRY(editor, editor_of(state, call, old));
    return told(state, call, scope, id, book.remove(call.actor, scope, id, version, true, editor));
}

constexpr Route kRoutes[] = {
    {"GET", "/api/v1/saved-searches", Access::Any, list},
    {"POST", "/api/v1/saved-searches", Access::Session, add},
    {"GET", "/api/v1/saved-searches/{id}", Access::Any, show},
    {"PATCH", "/api/v1/saved-searches/{id}", Access::Session, change},
    {"DELETE", "/api/v1/saved-searches/{id}", Access::Session, remove},
};

}  // namespace

std::span<const Route> saved_search_routes() { return kRoutes; }

}  // namespace gac::api
