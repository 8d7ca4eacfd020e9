// Units, users, tokens and the audit trail.
#include <algorithm>

#include <fmt/format.h>

#include "api/body.h"
#include "api/json_writer.h"
#include "api/state.h"
#include "base/secret.h"

namespace gac::api {

namespace {

using access::Permission;

template <class Tag>
Result<base::Id<Tag>> id_of(const Call& call, std::string_view what) {
    const auto id = base::Id<Tag>::parse(call.path.at(0));
    if (!id) {
        return fail(Code::NotFound, fmt::format("there is no such {}", what), "id");
    }
    return *id;
}

Result<net::Response> list_units(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::UnitsView));
    GAC_CHECK(call.only({}));
    GAC_TRY(units, state.backend.units.list(scope));
    JsonWriter json;
    json.open_object().key("units").open_array();
    for (const access::Unit& unit : units) {
        json.open_object().field("id", unit.id.text()).field("name", unit.name);
        json.field("name_en", unit.name_en).field("code", unit.code).field("kind", unit.kind);
        json.key("parent_id");
        unit.parent ? json.value(unit.parent->text()) : json.null();
        json.field("valid_from", unit.valid_from).field("valid_to", unit.valid_to);
        json.field("contact_name", unit.contact_name).field("contact_phone", unit.contact_phone);
        json.field("contact_email", unit.contact_email).field("version", unit.version);
        json.close_object();
    }
    return json_response(json.close_array().close_object().take());
}

void write_user(Api::State& state, JsonWriter& json, const access::User& user, bool all) {
    json.open_object().field("id", user.id.text()).field("name", user.name);
    json.field("display_name", user.display_name).field("role", access::name_of(user.role));
    json.field("active", user.active);
    if (all) {
        json.key("unit");
        state.units.write(json, user.unit);
        json.field("totp", user.second_factor).field("email", user.email);
        json.field("phone", user.phone).field("last_sign_in", user.last_sign_in);
        json.field("created", user.created).field("version", user.version);
    }
    json.close_object();
}

Result<net::Response> list_users(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::UsersView));
    GAC_CHECK(call.only({}));
    const bool all = call.actor.kind == access::Actor::Kind::Token
                         ? access::grants(call.actor.scope, Permission::UsersManage)
                         : access::grants(call.actor.role, Permission::UsersManage);
    GAC_TRY(users, state.backend.users.list());
    JsonWriter json;
    json.open_object().key("users").open_array();
    for (const access::User& user : users) {
        write_user(state, json, user, all);
    }
    return json_response(json.close_array().close_object().take());
}

// 20 characters without those that look alike: about 116 bits.
base::Secret make_password() {
    constexpr std::string_view kAlphabet =
        "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    std::string password;
    while (password.size() < 20) {
        for (const char byte : base::random_bytes(32)) {
            const auto value = static_cast<unsigned char>(byte);
            // Values beyond a multiple of the alphabet would favour its first letters.
            if (value < 256 / kAlphabet.size() * kAlphabet.size() && password.size() < 20) {
                password += kAlphabet[value % kAlphabet.size()];
            }
        }
    }
    return base::Secret(std::move(password));
}

Result<std::optional<base::UnitId>> unit_member(const Body& body) {
    GAC_TRY(text, body.text_or_empty("unit_id", 64));
    const auto unit = base::UnitId::parse(text);
    if (!text.empty() && !unit) {
        return fail(Code::InvalidArgument, fmt::format("'{}' is no unit's id", text), "unit_id");
    }
    return unit;
}

Result<access::Role> role_member(const Body& body) {
    GAC_TRY(name, body.text("role", 32));
    const auto role = access::parse_role(name);
    if (!role) {
        return fail(Code::InvalidArgument, fmt::format("'{}' is not a role", name), "role");
    }
    return *role;
}

net::Response user_answer(Api::State& state, const access::User& user, const base::Secret* made,
                          int status) {
    JsonWriter json;
    json.open_object().key("user");
    write_user(state, json, user, true);
    if (made != nullptr) {
        json.field("password", made->reveal());
    }
    return json_response(json.close_object().take(), status);
}

Result<net::Response> add_user(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::UsersManage));
    GAC_TRY(body, Body::parse(call.request, {"name", "display_name", "role", "unit_id", "email",
                                             "phone", "password"}));
    access::NewUser user;
    GAC_TRY(name, body.text("name", 64));
    GAC_TRY(role, role_member(body));
    GAC_TRY(unit, unit_member(body));
    GAC_TRY(display_name, body.text_or_empty("display_name", 200));
    GAC_TRY(email, body.text_or_empty("email", 200));
    GAC_TRY(phone, body.text_or_empty("phone", 64));
    GAC_TRY(password, body.text_or_empty("password", 1024));
    user.name = std::move(name);
    user.role = role;
    user.unit = unit;
    user.display_name = std::move(display_name);
    user.email = std::move(email);
    user.phone = std::move(phone);
    const bool made = password.empty();
    const base::Secret secret = made ? make_password() : base::Secret(std::move(password));
    GAC_TRY(added, state.backend.users.add(call.actor, user, secret));
    return user_answer(state, added, made ? &secret : nullptr, 201);
}

Result<net::Response> change_user(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::UsersManage));
    GAC_TRY(id, id_of<base::UserTag>(call, "user"));
    GAC_TRY(body, Body::parse(call.request,
                              {"display_name", "role", "unit_id", "email", "phone", "active"}));
    access::UserChange change;
    if (body.has("role")) {
        GAC_TRY(role, role_member(body));
        change.role = role;
    }
    if (body.has("unit_id")) {
        GAC_TRY(unit, unit_member(body));
        change.unit = unit;
    }
    if (body.has("active")) {
        GAC_TRY(active, body.truth("active", true));
        change.active = active;
    }
    const auto text = [&](const char* name, std::optional<std::string>& into) -> Result<> {
        if (body.has(name)) {
            GAC_TRY(value, body.text_or_empty(name, 200));
            into = std::move(value);
        }
        return {};
    };
    GAC_CHECK(text("display_name", change.display_name));
    GAC_CHECK(text("email", change.email));
    GAC_CHECK(text("phone", change.phone));
    GAC_TRY(before, state.backend.users.find(id));
    GAC_TRY(after, state.backend.users.update(call.actor, id, before.version, change));
    if (change.role || change.unit || change.active) {
        GAC_CHECK(state.backend.sessions.revoke_all(call.actor, id, "account changed"));
        state.live.drop(id.uuid);
    }
    JsonWriter json;
    write_user(state, json, after, true);
    return json_response(json.take());
}

Result<net::Response> reset_user(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::UsersManage));
    GAC_TRY(id, id_of<base::UserTag>(call, "user"));
    GAC_TRY(user, state.backend.users.find(id));
    const base::Secret password = make_password();
    GAC_CHECK(state.backend.users.set_password(call.actor, id, password));
    if (user.second_factor) {
        GAC_CHECK(state.backend.totp.disable(call.actor, id, "account reset"));
    }
    state.live.drop(id.uuid);
    GAC_TRY(after, state.backend.users.find(id));
    return user_answer(state, after, &password, 200);
}

void write_token(Api::State& state, JsonWriter& json, const access::Token& token) {
    json.open_object().field("id", token.id.text()).field("name", token.name);
    json.field("scope", access::name_of(token.scope)).key("unit");
    state.units.write(json, token.unit);
    json.field("created", token.created).field("created_by", token.created_by);
    json.field("expires", token.expires).field("revoked", token.revoked);
    json.field("last_used", token.last_used).close_object();
}

Result<net::Response> list_tokens(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::TokensManage));
    GAC_CHECK(call.only({}));
    GAC_TRY(tokens, state.backend.tokens.list());
    JsonWriter json;
    json.open_object().key("tokens").open_array();
    for (const access::Token& token : tokens) {
        write_token(state, json, token);
    }
    return json_response(json.close_array().close_object().take());
}

Result<net::Response> add_token(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::TokensManage));
    GAC_TRY(body, Body::parse(call.request, {"name", "scope", "unit_id", "expires"}));
    access::NewToken token;
    GAC_TRY(name, body.text("name", 64));
    GAC_TRY(word, body.text("scope", 16));
    GAC_TRY(unit, unit_member(body));
    GAC_TRY(expires, body.text_or_empty("expires", 64));
    const auto parsed = access::parse_token_scope(word);
    if (!parsed) {
        return fail(Code::InvalidArgument, fmt::format("'{}' is not ingest, read or admin", word),
                    "scope");
    }
    if (!expires.empty()) {
        token.expires = base::parse_rfc3339(expires);
        if (!token.expires) {
            return fail(Code::InvalidArgument, fmt::format("'{}' is not a time", expires),
                        "expires");
        }
    }
    token.name = std::move(name);
    token.scope = *parsed;
    token.unit = unit;
    GAC_TRY(made, state.backend.tokens.add(call.actor, token));
    JsonWriter json;
    json.open_object().key("token");
    write_token(state, json, made.token);
    json.field("secret", made.text.reveal());
    return json_response(json.close_object().take(), 201);
}

Result<net::Response> revoke_token(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::TokensManage));
    GAC_TRY(id, id_of<base::TokenTag>(call, "token"));
    GAC_CHECK(state.backend.tokens.revoke(call.actor, id, "revoked in the console"));
    state.live.drop(id.uuid);
    return no_content();
}

Result<net::Response> list_audit(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::AuditView));
    GAC_CHECK(call.only({"actor", "action", "from", "to", "cursor", "limit"}));
    access::AuditFilter filter;
    filter.actor_name = call.parameter("actor");
    filter.action = call.parameter("action");
    const base::TimePoint now = state.now();
    GAC_TRY(from, call.time("from", now));
    GAC_TRY(to, call.time("to", now));
    GAC_TRY(limit, call.number("limit", 100, 1, 1000));
    GAC_TRY(before, call.number("cursor", 0, 0, std::numeric_limits<std::int64_t>::max()));
    filter.from = from;
    filter.to = to;
    filter.limit = static_cast<int>(limit);
    filter.before_seq = before;
    GAC_TRY(rows, state.backend.audit.list(scope, filter));
    JsonWriter json;
    json.open_object().key("entries").open_array();
    for (const access::AuditRow& row : rows) {
        json.open_object().field("seq", row.seq).field("time", row.time);
        json.field("actor", row.actor_name).field("actor_kind", row.actor_kind);
        json.field("peer", row.address).field("action", row.action);
        json.field("object_kind", row.object_kind).field("object", row.object_id).key("unit");
        state.units.write(json, row.unit);
        json.key("detail").raw(row.detail.empty() ? std::string_view("{}") : row.detail);
        json.field("hash", row.hash).close_object();
    }
    json.close_array().key("cursor");
    rows.size() == static_cast<std::size_t>(limit) ? json.value(std::to_string(rows.back().seq))
                                                   : json.null();
    return json_response(json.close_object().take());
}

constexpr Route kRoutes[] = {
    {"GET", "/api/v1/units", Access::Any, list_units},
    {"GET", "/api/v1/users", Access::Any, list_users},
    {"POST", "/api/v1/users", Access::Any, add_user, nullptr, kSignInLane},
    {"PATCH", "/api/v1/users/{id}", Access::Any, change_user},
    {"POST", "/api/v1/users/{id}/reset", Access::Any, reset_user, nullptr, kSignInLane},
    {"GET", "/api/v1/tokens", Access::Any, list_tokens},
    {"POST", "/api/v1/tokens", Access::Any, add_token},
    {"DELETE", "/api/v1/tokens/{id}", Access::Any, revoke_token},
    {"GET", "/api/v1/audit", Access::Any, list_audit},
};

}  // namespace

std::span<const Route> admin_routes() { return kRoutes; }

}  // namespace gac::api
