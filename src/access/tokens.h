// API tokens for programs: "gac_<scope>_<43 characters of base64url>". Shown once; only the SHA-256
// is stored. Any thread.
#pragma once

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
}

namespace gac::access {

class Audit;

struct Token {
    TokenId id;
    std::string name;
    TokenScope scope = TokenScope::Ingest;
    std::optional<UnitId> unit;  // set: sees and feeds this unit only
    std::string created_by;
    base::TimePoint created;
    std::optional<base::TimePoint> expires, revoked, last_used;  // last_used to the minute
};

struct NewToken {
    std::string name;  // 1..64 characters, for people
    TokenScope scope = TokenScope::Ingest;
    std::optional<UnitId> unit = std::nullopt;
    std::optional<base::TimePoint> expires = std::nullopt;
};

struct MadeToken {
    Token token;
    base::Secret text;  // the only time it is seen
};

class Tokens {
public:
    Tokens(db::Database& database, Audit& audit, const base::Clock& clock)
        : database_(database), audit_(audit), clock_(clock) {}

    Result<MadeToken> add(const Actor& who, const NewToken& token);
    // Unauthenticated when unknown, expired or revoked. `text` as sent after "Bearer ".
    Result<Actor> authenticate(std::string_view text, std::string_view address = {});
    Result<> revoke(const Actor& who, TokenId id, std::string_view why);
    Result<std::vector<Token>> list();  // newest first

private:
    db::Database& database_;
    Audit& audit_;
    const base::Clock& clock_;
};

}  // namespace gac::access
