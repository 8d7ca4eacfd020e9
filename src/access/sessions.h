// Signing in and staying signed in. The cookie holds a random 256-bit token; only its SHA-256 is
// stored. A session ends 12 h after its last use, 24 h after it began, when revoked, or when the
// account is closed. The CSRF token is derived from the cookie's token, so it fits that session
// only.
//
// Wrong tries are counted by name and by address and survive a restart. After 5 for a name (20 for
// an address) further tries are refused unseen for 30 s, then 1 min, 2 min ... at most 15 min; a
// success or a day of quiet clears the name's count, an hour of quiet the address's. Unknown names
// behave like known ones, in answer and in time.
//
// Any thread; sign_in computes Argon2id on the calling thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/actor.h"
#include "access/users.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"

namespace gac::access {

class Totp;

using SessionId = base::Id<struct SessionTag>;

struct SignIn {
    std::string name;
    base::Secret password;
    std::string code = {};  // TOTP or a recovery code, when the account has a second factor
    std::string address = {};
    std::string user_agent = {};
};

enum class SignInOutcome : std::uint8_t {
    Ok,
    WrongCredentials,
    SecondFactorRequired,
    WrongCode,
    LockedOut
};
std::string_view name_of(SignInOutcome outcome);

struct SignInAnswer {
    SignInOutcome outcome = SignInOutcome::WrongCredentials;
    base::Duration retry_after;  // LockedOut
    base::Secret cookie;         // Ok: value of the session cookie
    std::string csrf;            // Ok
    SessionId session;
    std::optional<User> user;  // Ok
    base::TimePoint expires;   // Ok: the absolute end
};

struct Authenticated {
    Actor actor;
    SessionId session;
    std::string csrf;
    User user;
    base::TimePoint expires;
};

struct SessionRow {
    SessionId id;
    base::TimePoint created, last_used, expires;
    std::string address, user_agent;
};

class Sessions {
public:
    static constexpr base::Duration kIdle = base::Duration::hours(12);
    static constexpr base::Duration kAbsolute = base::Duration::hours(24);

    Sessions(db::Database& database, Audit& audit, const base::Clock& clock, Users& users,
             Totp& totp)
        : database_(database), audit_(audit), clock_(clock), users_(users), totp_(totp) {}

    Result<SignInAnswer> sign_in(const SignIn& attempt);
    // Unauthenticated when the cookie is unknown, ended or its account closed. `address` goes into
    // the actor.
    Result<Authenticated> authenticate(std::string_view cookie, std::string_view address = {});
    // PermissionDenied unless it is this session's token.
    static Result<> check_csrf(std::string_view cookie, std::string_view csrf);
    Result<> sign_out(std::string_view cookie, std::string_view address = {});

    Result<std::vector<SessionRow>> list(UserId user);
    Result<> revoke(const Actor& who, SessionId session, std::string_view why);
    Result<std::int64_t> revoke_all(const Actor& who, UserId user, std::string_view why);
    // Removes ended sessions and old counts of wrong tries; call now and then.
    Result<> prune();

private:
    db::Database& database_;
    Audit& audit_;
    const base::Clock& clock_;
    Users& users_;
    Totp& totp_;
};

}  // namespace gac::access
