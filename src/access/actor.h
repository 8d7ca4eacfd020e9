// Who does something: a person who signed in, a program with an API token, or a part of the product
// itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/uuid.h"

namespace gac::access {

using base::TokenId;
using base::UnitId;
using base::UserId;

enum class Role : std::uint8_t { Admin, Coordinator, Analyst, UnitOfficer, OperatorDesk, Auditor };
std::string_view name_of(
    Role role);  // "admin", "coordinator", "analyst", "unit_officer", "operator_desk", "auditor"
std::optional<Role> parse_role(std::string_view name);

enum class TokenScope : std::uint8_t { Ingest, Read, Admin };
std::string_view name_of(TokenScope scope);  // "ingest", "read", "admin"
std::optional<TokenScope> parse_token_scope(std::string_view name);

struct Actor {
    enum class Kind : std::uint8_t { System, User, Token };

    Kind kind = Kind::System;
    base::Uuid id;              // of the user or token; zero for the system
    std::string name;           // log-in name, token's name, or the part: "pipeline", "cli"
    Role role = Role::Auditor;  // only for a user
    TokenScope scope = TokenScope::Ingest;  // only for a token
    std::optional<UnitId> unit;             // the unit it belongs to, if any
    std::string address;                    // where it comes from, for the audit trail

    static Actor system(std::string_view part);
    std::optional<UserId> user() const {
        return kind == Kind::User ? std::optional(UserId{id}) : std::nullopt;
    }
};
std::string_view name_of(Actor::Kind kind);  // "system", "user", "token"

}  // namespace gac::access
