// People's accounts. Passwords are Argon2id hashes (64 MiB, 3 passes), at most two computed at a
// time; the calling thread computes, so call from a worker. There is no account until somebody adds
// one. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/actor.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"

namespace gac::db {
class Database;
class Session;
}  // namespace gac::db

namespace gac::access {

class Audit;

struct User {
    UserId id;
    std::string name;  // log-in name: 2..64 of a-z 0-9 . _ -
    std::string display_name;
    Role role = Role::Auditor;
    std::optional<UnitId> unit;  // a unit officer or operator desk without one sees nothing
    std::string email, phone;
    bool active = true;
    bool second_factor = false;  // TOTP is confirmed
    base::TimePoint created, updated;
    std::optional<base::TimePoint> last_sign_in;
    std::int64_t version = 1;
};

struct NewUser {
    std::string name;  // upper case is taken as lower
    Role role = Role::Auditor;
    std::string display_name = {};  // empty: the name
    std::optional<UnitId> unit = std::nullopt;
    std::string email = {}, phone = {};
};

// Only what is set changes.
struct UserChange {
    std::optional<std::string> display_name, email, phone;
    std::optional<Role> role;
    std::optional<std::optional<UnitId>> unit;
    std::optional<bool> active;  // false ends all the user's sessions
};

// What hashing a password costs. Tests take a small one; a hash says itself what it cost.
struct PasswordCost {
    std::uint32_t memory_kib = 64 * 1024;
    std::uint32_t passes = 3;
};

// At least 12 characters, at most 1024 bytes, UTF-8, not one character repeated, not the user's
// name.
Result<> check_password_rules(std::string_view name, std::string_view password);

class Users {
public:
    Users(db::Database& database, Audit& audit, const base::Clock& clock, PasswordCost cost = {})
        : database_(database), audit_(audit), clock_(clock), cost_(cost) {}

    Result<User> add(const Actor& who, const NewUser& user, const base::Secret& password);
    Result<User> update(const Actor& who, UserId id, std::int64_t expected_version,
                        const UserChange& change);
    // By an administrator. Ends all the user's sessions and lifts a lock-out.
    Result<> set_password(const Actor& who, UserId id, const base::Secret& password);
    // By the user: the old one must be right. Ends the user's other sessions.
    Result<> change_password(const Actor& who, const base::Secret& old, const base::Secret& fresh,
                             std::string_view keep_session_cookie = {});

    Result<User> find(UserId id);
    Result<User> find_by_name(std::string_view name);
    Result<std::vector<User>> list();  // by name
    Result<std::int64_t> count();

private:
    friend class Sessions;
    static Result<User> load(db::Session& session, UserId id);

    db::Database& database_;
    Audit& audit_;
    const base::Clock& clock_;
    PasswordCost cost_;
};

}  // namespace gac::access
