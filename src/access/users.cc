#include "access/users.h"

#include <fmt/format.h>

#include <algorithm>

#include "access/audit.h"
#include "access/crypto/codec.h"
#include "access/crypto/password.h"
#include "base/text.h"
#include "db/session.h"

namespace gac::access {

namespace {

constexpr std::size_t kNameMax = 64;
constexpr std::size_t kTextMax = 200;
constexpr std::size_t kPasswordCharactersMin = 12;
constexpr std::size_t kPasswordBytesMax = 1024;

constexpr std::string_view kColumns =
    "u.id, u.name, u.display_name, u.role, u.unit_id, u.email, u.phone, u.active, "
    "coalesce(t.confirmed, 0), "
    "u.created, u.updated, u.last_sign_in, u.version";
constexpr std::string_view kFrom = "users u LEFT JOIN totp_secrets t ON t.user_id = u.id";

User read_user(const db::RowView& row) {
    User user;
    user.id = row.id<UserId>(0);
    user.name = row.string(1);
    user.display_name = row.string(2);
    user.role = parse_role(row.text(3)).value_or(Role::Auditor);
    user.unit = row.maybe_id<UnitId>(4);
    user.email = row.string(5);
    user.phone = row.string(6);
    user.active = row.truth(7);
    user.second_factor = row.truth(8);
    user.created = row.time(9);
    user.updated = row.time(10);
    user.last_sign_in = row.maybe_time(11);
    user.version = row.integer(12);
    return user;
}

Result<User> load_by(db::Session& session, std::string_view column, const db::Arg& value) {
    GAC_TRY(user,
            session.first(fmt::format("SELECT {} FROM {} WHERE u.{} = ?", kColumns, kFrom, column),
                          std::span(&value, 1), read_user));
    if (!user) {
        return fail(Code::NotFound, "no such user");
    }
    return std::move(*user);
}

bool is_login_name(std::string_view name) {
    return name.size() >= 2 && name.size() <= kNameMax && std::ranges::all_of(name, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_'
                      || c == '-';
           });
}

Result<> check_text(std::string_view text, std::string_view field) {
    if (text.size() > kTextMax || !base::is_utf8(text)) {
        return fail(Code::InvalidArgument,
                    fmt::format("must be UTF-8 of at most {} bytes", kTextMax), std::string(field));
    }
    return {};
}

Result<> check_unit(db::Session& session, const std::optional<UnitId>& unit) {
    if (!unit) {
        return {};
    }
    GAC_TRY(known, session.number("SELECT count(*) FROM units WHERE id = ?", {*unit}));
    return known > 0 ? Result<>{} : fail(Code::InvalidArgument, "no such unit", "unit");
}

Result<> end_sessions(db::Session& session, UserId user, std::string_view keep_hash = {}) {
    GAC_CHECK(session.run("DELETE FROM sessions WHERE user_id = ? AND token_hash <> ?",
                          {user, keep_hash}));
    return {};
}

// The door must not lock behind the last one who has the key.
Result<> check_admin_left(db::Session& session, const User& before, const User& after) {
    const auto holds_key = [](const User& user) { return user.role == Role::Admin && user.active; };
    if (!holds_key(before) || holds_key(after)) {
        return {};
    }
    GAC_TRY(
        others,
        session.number("SELECT count(*) FROM users WHERE role = 'admin' AND active = 1 AND id <> ?",
                       {after.id}));
    return others > 0 ? Result<>{} : fail(Code::Conflict, "this is the last active administrator");
}

}  // namespace

Result<> check_password_rules(std::string_view name, std::string_view password) {
    if (password.size() > kPasswordBytesMax || !base::is_utf8(password)) {
        return fail(Code::InvalidArgument,
                    fmt::format("password must be UTF-8 of at most {} bytes", kPasswordBytesMax),
                    "password");
    }
    std::size_t characters = 0;
    bool varied = false;
    std::string_view first;
    for (std::size_t at = 0; at < password.size(); ++characters) {
        const std::string_view point = password.substr(at, base::code_point_length(password, at));
        first = characters == 0 ? point : first;
        varied = varied || point != first;
        at += point.size();
    }
    if (characters < kPasswordCharactersMin) {
        return fail(Code::InvalidArgument,
                    fmt::format("password needs at least {} characters", kPasswordCharactersMin),
                    "password");
    }
    if (!varied) {
        return fail(Code::InvalidArgument, "password is one character repeated", "password");
    }
    if (base::fold_case(password) == base::fold_case(name)) {
        return fail(Code::InvalidArgument, "password must not be the name", "password");
    }
    return {};
}

Result<User> Users::add(const Actor& who, const NewUser& user, const base::Secret& password) {
    const std::string name = base::ascii_lower(user.name);
    if (!is_login_name(name)) {
        return fail(Code::InvalidArgument,
                    fmt::format("user name is 2 to {} of a-z 0-9 . _ -", kNameMax), "name");
    }
    GAC_CHECK(check_text(user.display_name, "display_name"));
    GAC_CHECK(check_text(user.email, "email"));
    GAC_CHECK(check_text(user.phone, "phone"));
    GAC_CHECK(check_password_rules(name, password.reveal()));
    GAC_TRY(hash, hash_password(password.reveal(), cost_));
    return database_.transact([&](db::Session& session) -> Result<User> {
        const base::TimePoint now = clock_.now();
        const UserId id = UserId::make(now);
        GAC_CHECK(check_unit(session, user.unit));
        GAC_TRY(taken, session.number("SELECT count(*) FROM users WHERE name = ?", {name}));
        if (taken > 0) {
            return fail(Code::AlreadyExists, fmt::format("user '{}' exists already", name), "name");
        }
        GAC_CHECK(
            session.run("INSERT INTO users (id, name, display_name, role, unit_id, email, phone, "
                        "password_hash, created, updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        {id, name, user.display_name.empty() ? name : user.display_name,
                         name_of(user.role), user.unit, user.email, user.phone, hash, now, now}));
        GAC_CHECK(
            audit_.append(session, who,
                          {.action = "user.add",
                           .object_kind = "user",
                           .object_id = id.text(),
                           .unit = user.unit,
                           .detail = detail_json({{"name", name}, {"role", name_of(user.role)}})}));
        return load(session, id);
    });
}

Result<User> Users::update(const Actor& who, UserId id, std::int64_t expected_version,
                           const UserChange& change) {
    return database_.transact([&](db::Session& session) -> Result<User> {
        GAC_TRY(user, load(session, id));
        if (user.version != expected_version) {
            return fail(Code::Conflict, fmt::format("user is at version {}", user.version));
        }
        const User before = user;
        user.display_name = change.display_name.value_or(user.display_name);
        user.email = change.email.value_or(user.email);
        user.phone = change.phone.value_or(user.phone);
        user.role = change.role.value_or(user.role);
        user.unit = change.unit.value_or(user.unit);
        user.active = change.active.value_or(user.active);
        GAC_CHECK(check_text(user.display_name, "display_name"));
        GAC_CHECK(check_text(user.email, "email"));
        GAC_CHECK(check_text(user.phone, "phone"));
        GAC_CHECK(check_unit(session, user.unit));
        GAC_CHECK(check_admin_left(session, before, user));
        GAC_CHECK(session.run(
            "UPDATE users SET display_name = ?, email = ?, phone = ?, role = ?, unit_id = ?, "
            "active = ?, updated = ?, version = version + 1 WHERE id = ?",
            {user.display_name, user.email, user.phone, name_of(user.role), user.unit, user.active,
             clock_.now(), id}));
        if (!user.active) {
            GAC_CHECK(end_sessions(session, id));
        }
        GAC_CHECK(
            audit_.append(session, who,
                          {.action = "user.update",
                           .object_kind = "user",
                           .object_id = id.text(),
                           .unit = user.unit,
                           .detail = detail_json({{"name", user.name},
                                                  {"role", name_of(user.role)},
                                                  {"unit", user.unit ? user.unit->text() : ""},
                                                  {"active", user.active ? "true" : "false"}})}));
        return load(session, id);
    });
}

Result<> Users::set_password(const Actor& who, UserId id, const base::Secret& password) {
    GAC_TRY(user, find(id));
    GAC_CHECK(check_password_rules(user.name, password.reveal()));
    GAC_TRY(hash, hash_password(password.reveal(), cost_));
    return database_.transact([&](db::Session& session) -> Result<> {
        GAC_CHECK(session.run(
            "UPDATE users SET password_hash = ?, updated = ?, version = version + 1 WHERE id = ?",
            {hash, clock_.now(), id}));
        GAC_CHECK(session.run("DELETE FROM sign_in_failures WHERE kind = 'name' AND subject = ?",
                              {user.name}));
        GAC_CHECK(end_sessions(session, id));
        return audit_.append(session, who,
                             {.action = "user.set_password",
                              .object_kind = "user",
                              .object_id = id.text(),
                              .unit = user.unit,
                              .detail = detail_json({{"name", user.name}})});
    });
}

Result<> Users::change_password(const Actor& who, const base::Secret& old,
                                const base::Secret& fresh, std::string_view keep_session_cookie) {
    const auto id = who.user();
    if (!id) {
        return fail(Code::PermissionDenied, "only a person has a password");
    }
    GAC_TRY(user, find(*id));
    GAC_CHECK(check_password_rules(user.name, fresh.reveal()));
    GAC_TRY(stored, database_.read([&](db::Session& session) {
        return session.first("SELECT password_hash FROM users WHERE id = ?", {*id},
                             [](const db::RowView& row) { return row.string(0); });
    }));
    GAC_TRY(right, verify_password(stored.value_or(""), old.reveal()));
    if (!right) {
        return fail(Code::PermissionDenied, "the old password is wrong", "old_password");
    }
    GAC_TRY(hash, hash_password(fresh.reveal(), cost_));
    return database_.transact([&](db::Session& session) -> Result<> {
        // Only over the hash that was verified: two changes at once must not both win.
        GAC_TRY(
            changed,
            session.run("UPDATE users SET password_hash = ?, updated = ?, version = version + 1 "
                        "WHERE id = ? AND password_hash = ?",
                        {hash, clock_.now(), *id, stored.value_or("")}));
        if (changed == 0) {
            return fail(Code::Conflict, "the password was changed meanwhile");
        }
        GAC_CHECK(end_sessions(
            session, *id,
            keep_session_cookie.empty() ? std::string() : token_hash(keep_session_cookie)));
        return audit_.append(session, who,
                             {.action = "user.change_password",
                              .object_kind = "user",
                              .object_id = id->text(),
                              .unit = user.unit});
    });
}

Result<User> Users::load(db::Session& session, UserId id) { return load_by(session, "id", id); }

Result<User> Users::find(UserId id) {
    return database_.read([&](db::Session& session) { return load(session, id); });
}

Result<User> Users::find_by_name(std::string_view name) {
    const std::string lower = base::ascii_lower(name);
    return database_.read([&](db::Session& session) { return load_by(session, "name", lower); });
}

Result<std::vector<User>> Users::list() {
    std::vector<User> users;
    GAC_CHECK(database_.read([&](db::Session& session) {
        return session.each(fmt::format("SELECT {} FROM {} ORDER BY u.name", kColumns, kFrom), {},
                            [&](const db::RowView& row) { users.push_back(read_user(row)); });
    }));
    return users;
}

Result<std::int64_t> Users::count() {
    return database_.read(
        [](db::Session& session) { return session.number("SELECT count(*) FROM users"); });
}

}  // namespace gac::access
