#include "access/actor.h"

#include <array>

namespace gac::access {

namespace {
constexpr std::array<std::string_view, 6> kRoles = {"admin",        "coordinator",   "analyst",
                                                    "unit_officer", "operator_desk", "auditor"};
constexpr std::array<std::string_view, 3> kTokenScopes = {"ingest", "read", "admin"};
constexpr std::array<std::string_view, 3> kActorKinds = {"system", "user", "token"};

template <class E, std::size_t N>
std::optional<E> find_name(const std::array<std::string_view, N>& names, std::string_view name) {
    for (std::size_t i = 0; i < N; ++i) {
        if (names[i] == name) {
            return static_cast<E>(i);
        }
    }
    return std::nullopt;
}
}  // namespace

std::string_view name_of(Role role) { return kRoles[static_cast<std::size_t>(role)]; }
std::optional<Role> parse_role(std::string_view name) { return find_name<Role>(kRoles, name); }

std::string_view name_of(TokenScope scope) { return kTokenScopes[static_cast<std::size_t>(scope)]; }
std::optional<TokenScope> parse_token_scope(std::string_view name) {
    return find_name<TokenScope>(kTokenScopes, name);
}

std::string_view name_of(Actor::Kind kind) { return kActorKinds[static_cast<std::size_t>(kind)]; }

Actor Actor::system(std::string_view part) {
    Actor actor;
    actor.name = part;
    return actor;
}

}  // namespace gac::access
