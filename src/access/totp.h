// The second factor: time-based one-time passwords (RFC 6238: SHA-1, 30 s, 6 digits, one step
// either side). A code works once. Secrets are sealed with AES-256-GCM under a key file of mode
// 0600 in the data folder, so that a copy of the database alone does not give them away; ten
// recovery codes work once each. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
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

// The six digits of a step (seconds since 1970 / 30).
std::string totp_code(std::string_view secret, std::int64_t step);

struct Enrolment {
    base::Secret secret;  // base32, for typing
    std::string uri;      // otpauth://totp/... for a QR code
};

class Totp {
public:
    // Reads the key file, or makes it on first use. Refuses one that others may read.
    static Result<std::unique_ptr<Totp>> open(db::Database& database, Audit& audit,
                                              const base::Clock& clock,
                                              const std::filesystem::path& key_file);
    ~Totp();

    // A new secret that counts only after confirm(); asking again replaces an unconfirmed one.
    Result<Enrolment> enrol(const Actor& who, UserId user);
    // The first code proves that the user's device has it. Gives the recovery codes, shown once.
    Result<std::vector<std::string>> confirm(const Actor& who, UserId user, std::string_view code);
    Result<> disable(const Actor& who, UserId user, std::string_view why);
    Result<std::vector<std::string>> new_recovery_codes(const Actor& who, UserId user);
    Result<int> recovery_codes_left(UserId user);

    // True once for each right code; takes part in the caller's transaction.
    Result<bool> verify(db::Session& session, UserId user, std::string_view code);

private:
    struct Key;
    Totp(db::Database& database, Audit& audit, const base::Clock& clock, std::unique_ptr<Key> key);

    db::Database& database_;
    Audit& audit_;
    const base::Clock& clock_;
    std::unique_ptr<Key> key_;
};

}  // namespace gac::access
