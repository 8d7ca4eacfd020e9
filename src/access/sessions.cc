#include "access/sessions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "access/audit.h"
#include "access/crypto/codec.h"
#include "access/crypto/password.h"
#include "access/totp.h"
#include "base/ip.h"
#include "base/text.h"
#include "db/session.h"

namespace gac::access {

namespace {

constexpr std::size_t kTokenBytes = 32;
constexpr std::size_t kCookieMax = 128;
constexpr std::size_t kAgentMax = 200;
constexpr std::size_t kSessionsPerUserMax = 50;
constexpr base::Duration kTouch = base::Duration::minutes(1);

// When wrong tries of one subject begin to cost time, and when they are forgotten.
struct Patience {
    std::string_view kind;
    std::int64_t free_tries;
    base::Duration forget_after;
};
constexpr Patience kByName{"name", 5, base::Duration::hours(24)};
constexpr Patience kByAddress{"address", 20, base::Duration::hours(1)};
constexpr base::Duration kFirstLock = base::Duration::seconds(30);
constexpr base::Duration kLongestLock = base::Duration::minutes(15);

base::Duration lock_for(std::int64_t failures, const Patience& patience) {
    if (failures < patience.free_tries) {
        return {};
    }
    const std::int64_t doublings = std::min<std::int64_t>(failures - patience.free_tries, 10);
    return std::min(base::Duration{kFirstLock.us << doublings}, kLongestLock);
}

// Names that nobody can have are kept as hashes: people type passwords into the wrong box.
std::string name_subject(std::string_view name) {
    std::string lower = base::ascii_lower(name);
    const bool plain =
        !lower.empty() && lower.size() <= 64 && std::ranges::all_of(lower, [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_'
                   || c == '-';
        });
    return plain ? lower : "#" + token_hash(lower);
}

// A customer holds a /64 of IPv6: counted as one.
std::string address_subject(std::string_view address) {
    const auto parsed = base::IpAddress::parse(address);
    if (!parsed || parsed->is_v4()) {
        return std::string(address.substr(0, 64));
    }
    const auto prefix = base::IpPrefix::parse(parsed->text() + "/64");
    return prefix ? prefix->text() : std::string(address.substr(0, 64));
}

Result<base::TimePoint> locked_until(db::Session& session, std::string_view name,
                                     std::string_view address) {
    GAC_TRY(until,
            session.number(
                "SELECT coalesce(max(locked_until), 0) FROM sign_in_failures "
                "WHERE (kind = 'name' AND subject = ?) OR (kind = 'address' AND subject = ?)",
                {name, address}));
    return base::TimePoint{until};
}

// Counts one more; gives for how long the subject is locked now.
Result<base::Duration> count_failure(db::Session& session, const Patience& patience,
                                     std::string_view subject, base::TimePoint now) {
    if (subject.empty()) {
        return base::Duration{};
    }
    GAC_CHECK(session.run(
        "DELETE FROM sign_in_failures WHERE kind = ? AND subject = ? AND last_failure < ?",
        {patience.kind, subject, now - patience.forget_after}));
    GAC_CHECK(session.run(
        "INSERT INTO sign_in_failures (kind, subject, failures, last_failure) VALUES (?, ?, 1, ?) "
        "ON CONFLICT (kind, subject) DO UPDATE SET failures = failures + 1, last_failure = "
        "excluded.last_failure",
        {patience.kind, subject, now}));
    GAC_TRY(failures,
            session.number("SELECT failures FROM sign_in_failures WHERE kind = ? AND subject = ?",
                           {patience.kind, subject}));
    const base::Duration lock = lock_for(failures, patience);
    GAC_CHECK(
        session.run("UPDATE sign_in_failures SET locked_until = ? WHERE kind = ? AND subject = ?",
                    {lock.us > 0 ? now + lock : base::TimePoint{}, patience.kind, subject}));
    return lock;
}

struct Account {
    UserId id;
    std::string password_hash;
    bool active = false;
    bool second_factor = false;
    std::optional<UnitId> unit;
};

Result<std::optional<Account>> find_account(db::Session& session, std::string_view name) {
    return session.first(
        "SELECT u.id, u.password_hash, u.active, coalesce(t.confirmed, 0), u.unit_id FROM users u "
        "LEFT JOIN totp_secrets t ON t.user_id = u.id WHERE u.name = ?",
        {name}, [](const db::RowView& row) {
            return Account{row.id<UserId>(0), row.string(1), row.truth(2), row.truth(3),
                           row.maybe_id<UnitId>(4)};
        });
}

std::string csrf_of(std::string_view cookie) {
    return base64url(hmac_sha256(cookie, "gac csrf 1"));
}

Actor actor_of(const User& user, std::string_view address) {
    Actor actor;
    actor.kind = Actor::Kind::User;
    actor.id = user.id.uuid;
    actor.name = user.name;
    actor.role = user.role;
    actor.unit = user.unit;
    actor.address = address;
    return actor;
}

constexpr std::array<std::string_view, 5> kOutcomes = {
    "ok", "wrong_credentials", "second_factor_required", "wrong_code", "locked_out"};

}  // namespace

std::string_view name_of(SignInOutcome outcome) {
    return kOutcomes[static_cast<std::size_t>(outcome)];
}

Result<SignInAnswer> Sessions::sign_in(const SignIn& attempt) {
    const std::string name = name_subject(attempt.name);
    const std::string address = address_subject(attempt.address);
    SignInAnswer answer;
    const auto locked = [&](base::TimePoint until, base::TimePoint now) {
        answer.outcome = SignInOutcome::LockedOut;
        answer.retry_after = until - now;
        return answer;
    };
    std::optional<Account> account;
    base::TimePoint until;
    GAC_CHECK(database_.read([&](db::Session& session) -> Result<> {
        GAC_TRY(lock, locked_until(session, name, address));
        GAC_TRY(found, find_account(session, name));
        until = lock;
        account = std::move(found);
        return {};
    }));
    if (const base::TimePoint now = clock_.now(); until > now) {
        return locked(until, now);
    }
    bool right = false;
    if (account && attempt.password.reveal().size() <= 1024) {
        GAC_TRY(fits, verify_password(account->password_hash, attempt.password.reveal()));
        right = fits && account->active;
    } else {
        GAC_CHECK(pretend_to_verify(attempt.password.reveal().substr(0, 1024), users_.cost_));
    }
    std::string fresh_hash;
    if (right && costs_differ(account->password_hash, users_.cost_)) {
        GAC_TRY(hash, hash_password(attempt.password.reveal(), users_.cost_));
        fresh_hash = std::move(hash);
    }

    Actor unknown = Actor::system("sign_in");
    unknown.address = attempt.address;
    return database_.transact([&](db::Session& session) -> Result<SignInAnswer> {
        const base::TimePoint now = clock_.now();
        // Again: while the hash was computed, other tries may have used up what was free.
        GAC_TRY(lock, locked_until(session, name, address));
        if (lock > now) {
            return locked(lock, now);
        }
        // And again: the account may have been closed or its password changed.
        if (right) {
            GAC_TRY(still, find_account(session, name));
            right = still && still->active && still->password_hash == account->password_hash;
            account = still;
        }
        answer.outcome = right ? SignInOutcome::Ok : SignInOutcome::WrongCredentials;
        if (right && account->second_factor) {
            if (attempt.code.empty()) {
                answer.outcome = SignInOutcome::SecondFactorRequired;
                return answer;
            }
            GAC_TRY(fits, totp_.verify(session, account->id, attempt.code));
            answer.outcome = fits ? SignInOutcome::Ok : SignInOutcome::WrongCode;
        }
        const std::string user_id = account ? account->id.text() : std::string();
        const std::string shown = account ? name : std::string("unknown");
        if (answer.outcome != SignInOutcome::Ok) {
            GAC_TRY(name_lock, count_failure(session, kByName, name, now));
            GAC_TRY(address_lock, count_failure(session, kByAddress, address, now));
            const base::Duration longest = std::max(name_lock, address_lock);
            GAC_CHECK(audit_.append(
                session, unknown,
                {.action = "sign_in.failed",
                 .object_kind = "user",
                 .object_id = user_id,
                 .unit = account ? account->unit : std::nullopt,
                 .detail =
                     detail_json({{"name", shown},
                                  {"why", name_of(answer.outcome)},
                                  {"locked_seconds", std::to_string(longest.us / 1'000'000)}})}));
            return answer;
        }
        const std::string token = base64url(base::random_bytes(kTokenBytes));
        answer.cookie = base::Secret(token);
        answer.csrf = csrf_of(token);
        answer.session = SessionId::make(now);
        answer.expires = now + kAbsolute;
        GAC_CHECK(session.run("DELETE FROM sign_in_failures WHERE kind = 'name' AND subject = ?",
                              {name}));
        GAC_CHECK(session.run(
            "INSERT INTO sessions (id, token_hash, user_id, created, last_used, expires, address, "
            "user_agent) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            {answer.session, token_hash(token), account->id, now, now, answer.expires,
             attempt.address,
             base::repair_utf8(std::string_view(attempt.user_agent).substr(0, kAgentMax))}));
        // A script that signs in for each request must not fill the table.
        GAC_CHECK(session.run(
            "DELETE FROM sessions WHERE user_id = ? AND id NOT IN (SELECT id FROM sessions "
            "WHERE user_id = ? ORDER BY id DESC LIMIT ?)",
            {account->id, account->id, kSessionsPerUserMax}));
        GAC_CHECK(session.run(
            "UPDATE users SET last_sign_in = ?, password_hash = ? WHERE id = ?",
            {now, fresh_hash.empty() ? account->password_hash : fresh_hash, account->id}));
        GAC_TRY(user, Users::load(session, account->id));
        GAC_CHECK(audit_.append(
            session, actor_of(user, attempt.address),
            {.action = "sign_in.ok",
             .object_kind = "user",
             .object_id = user_id,
             .unit = user.unit,
             .detail =
                 detail_json({{"session", answer.session.text()},
                              {"second_factor", account->second_factor ? "true" : "false"}})}));
        answer.user = std::move(user);
        return answer;
    });
}

Result<Authenticated> Sessions::authenticate(std::string_view cookie, std::string_view address) {
    const auto refuse = [] {
        return fail(Code::Unauthenticated, "not signed in, or the session has ended");
    };
    if (cookie.empty() || cookie.size() > kCookieMax) {
        return refuse();
    }
    struct Found {
        SessionId id;
        UserId user;
        base::TimePoint last_used, expires;
    };
    const base::TimePoint now = clock_.now();
    std::optional<Found> found;
    Authenticated authenticated;
    GAC_CHECK(database_.read([&](db::Session& session) -> Result<> {
        GAC_TRY(row,
                session.first(
                    "SELECT id, user_id, last_used, expires FROM sessions WHERE token_hash = ?",
                    {token_hash(cookie)}, [](const db::RowView& view) {
                        return Found{view.id<SessionId>(0), view.id<UserId>(1), view.time(2),
                                     view.time(3)};
                    }));
        if (!row) {
            return {};
        }
        GAC_TRY(user, Users::load(session, row->user));
        authenticated.user = std::move(user);
        found = row;
        return {};
    }));
    if (!found || found->expires <= now || found->last_used + kIdle <= now
        || !authenticated.user.active) {
        return refuse();
    }
    if (now - found->last_used >= kTouch) {
        // Not worth failing the request for; the session then ends a little early.
        (void)database_.transact([&](db::Session& session) {
            return session.run("UPDATE sessions SET last_used = ? WHERE id = ?", {now, found->id});
        });
    }
    authenticated.actor = actor_of(authenticated.user, address);
    authenticated.session = found->id;
    authenticated.csrf = csrf_of(cookie);
    authenticated.expires = found->expires;
    return authenticated;
}

Result<> Sessions::check_csrf(std::string_view cookie, std::string_view csrf) {
    if (cookie.empty() || !base::equal_in_constant_time(csrf_of(cookie), csrf)) {
        return fail(Code::PermissionDenied, "the CSRF token is missing or not this session's");
    }
    return {};
}

Result<> Sessions::sign_out(std::string_view cookie, std::string_view address) {
    GAC_TRY(authenticated, authenticate(cookie, address));
    return database_.transact([&](db::Session& session) -> Result<> {
        GAC_CHECK(session.run("DELETE FROM sessions WHERE id = ?", {authenticated.session}));
        return audit_.append(session, authenticated.actor,
                             {.action = "sign_out",
                              .object_kind = "user",
                              .object_id = authenticated.user.id.text(),
                              .unit = authenticated.user.unit});
    });
}

Result<std::vector<SessionRow>> Sessions::list(UserId user) {
    std::vector<SessionRow> rows;
    const base::TimePoint now = clock_.now();
    GAC_CHECK(database_.read([&](db::Session& session) {
        return session.each(
            "SELECT id, created, last_used, expires, address, user_agent FROM sessions "
            "WHERE user_id = ? AND expires > ? AND last_used > ? ORDER BY last_used DESC",
            {user, now, now - kIdle}, [&](const db::RowView& row) {
                rows.push_back({row.id<SessionId>(0), row.time(1), row.time(2), row.time(3),
                                row.string(4), row.string(5)});
            });
    }));
    return rows;
}

Result<> Sessions::revoke(const Actor& who, SessionId id, std::string_view why) {
    return database_.transact([&](db::Session& session) -> Result<> {
        GAC_TRY(removed, session.run("DELETE FROM sessions WHERE id = ?", {id}));
        if (removed == 0) {
            return fail(Code::NotFound, "no such session");
        }
        return audit_.append(session, who,
                             {.action = "session.revoke",
                              .object_kind = "session",
                              .object_id = id.text(),
                              .detail = detail_json({{"why", why}})});
    });
}

Result<std::int64_t> Sessions::revoke_all(const Actor& who, UserId user, std::string_view why) {
    return database_.transact([&](db::Session& session) -> Result<std::int64_t> {
        GAC_TRY(removed, session.run("DELETE FROM sessions WHERE user_id = ?", {user}));
        GAC_CHECK(audit_.append(
            session, who,
            {.action = "session.revoke_all",
             .object_kind = "user",
             .object_id = user.text(),
             .detail = detail_json({{"why", why}, {"count", std::to_string(removed)}})}));
        return removed;
    });
}

Result<> Sessions::prune() {
    const base::TimePoint now = clock_.now();
    return database_.transact([&](db::Session& session) -> Result<> {
        GAC_CHECK(session.run("DELETE FROM sessions WHERE expires <= ? OR last_used <= ?",
                              {now, now - kIdle}));
        GAC_CHECK(
            session.run("DELETE FROM sign_in_failures WHERE last_failure < ? AND locked_until < ?",
                        {now - kByName.forget_after, now}));
        return {};
    });
}

}  // namespace gac::access
