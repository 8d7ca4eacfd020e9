#include "access/totp.h"

#include <fmt/format.h>

#include <algorithm>

#include "access/audit.h"
#include "access/crypto/codec.h"
#include "access/crypto/seal.h"
#include "base/secret.h"
#include "db/session.h"

namespace gac::access {

namespace {

constexpr std::int64_t kStepSeconds = 30;
constexpr std::int64_t kWindow = 1;
constexpr std::size_t kSecretBytes = 20;  // RFC 4226 wants the hash's length
constexpr std::size_t kRecoveryCodes = 10;
constexpr std::size_t kRecoveryBytes = 10;  // 80 bits: 16 characters of base32
constexpr std::size_t kCodeTextMax = 64;

bool is_six_digits(std::string_view code) {
    return code.size() == 6
           && std::ranges::all_of(code, [](char c) { return c >= '0' && c <= '9'; });
}

// Blanks and hyphens are for the eye.
std::string compact(std::string_view code) {
    std::string kept;
    for (const char c : code.substr(0, kCodeTextMax)) {
        if (c != ' ' && c != '-') {
            kept += c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c;
        }
    }
    return kept;
}

Result<std::string> user_name(db::Session& session, UserId user) {
    GAC_TRY(name, session.first("SELECT name FROM users WHERE id = ?", {user},
                                [](const db::RowView& row) { return row.string(0); }));
    if (!name) {
        return fail(Code::NotFound, "no such user");
    }
    return *name;
}

Result<std::vector<std::string>> make_recovery_codes(db::Session& session, UserId user) {
    GAC_CHECK(session.run("DELETE FROM recovery_codes WHERE user_id = ?", {user}));
    std::vector<std::string> codes;
    for (std::size_t i = 0; i < kRecoveryCodes; ++i) {
        const std::string code = base32(base::random_bytes(kRecoveryBytes));
        GAC_CHECK(session.run("INSERT INTO recovery_codes (user_id, code_hash) VALUES (?, ?)",
                              {user, token_hash(code)}));
        codes.push_back(fmt::format("{}-{}-{}-{}", code.substr(0, 4), code.substr(4, 4),
                                    code.substr(8, 4), code.substr(12, 4)));
    }
    return codes;
}

}  // namespace

struct Totp::Key {
    SealKey seal;
};

std::string totp_code(std::string_view secret, std::int64_t step) {
    std::string message(8, '\0');
    for (int i = 7; i >= 0; --i) {
        message[static_cast<std::size_t>(i)] = static_cast<char>(step & 0xff);
        step >>= 8;
    }
    const std::string mac = hmac_sha1(secret, message);
    const auto byte = [&](std::size_t at) {
        return static_cast<std::uint32_t>(static_cast<std::uint8_t>(mac[at]));
    };
    const std::size_t at = byte(mac.size() - 1) & 0x0fU;
    const std::uint32_t number =
        ((byte(at) & 0x7fU) << 24) | (byte(at + 1) << 16) | (byte(at + 2) << 8) | byte(at + 3);
    return fmt::format("{:06}", number % 1'000'000);
}

Totp::Totp(db::Database& database, Audit& audit, const base::Clock& clock, std::unique_ptr<Key> key)
    : database_(database), audit_(audit), clock_(clock), key_(std::move(key)) {}
Totp::~Totp() = default;

Result<std::unique_ptr<Totp>> Totp::open(db::Database& database, Audit& audit,
                                         const base::Clock& clock,
                                         const std::filesystem::path& key_file) {
    GAC_TRY(seal, SealKey::open(key_file));
    return std::unique_ptr<Totp>(
        new Totp(database, audit, clock, std::make_unique<Key>(std::move(seal))));
}

Result<Enrolment> Totp::enrol(const Actor& who, UserId user) {
    const std::string secret = base::random_bytes(kSecretBytes);
    std::string name;
    auto stored = database_.transact([&](db::Session& session) -> Result<> {
        GAC_TRY(known, user_name(session, user));
        name = known;
        GAC_TRY(confirmed,
                session.number("SELECT confirmed FROM totp_secrets WHERE user_id = ?", {user}));
        if (confirmed != 0) {
            return fail(Code::Conflict, "a second factor is set up already; disable it first");
        }
        GAC_CHECK(session.run("DELETE FROM totp_secrets WHERE user_id = ?", {user}));
        GAC_CHECK(
            session.run("INSERT INTO totp_secrets (user_id, sealed, created) VALUES (?, ?, ?)",
                        {user, db::Arg::blob(key_->seal.seal(secret, user.text())), clock_.now()}));
        return audit_.append(
            session, who,
            {.action = "totp.enrol", .object_kind = "user", .object_id = user.text()});
    });
    GAC_CHECK(std::move(stored));
    Enrolment enrolment;
    const std::string text = base32(secret);
    enrolment.uri = fmt::format(
        "otpauth://totp/G%C3%A1c:{}?secret={}&issuer=G%C3%A1c&algorithm=SHA1&digits=6&period={}",
        name, text, kStepSeconds);
    enrolment.secret = base::Secret(text);
    return enrolment;
}

Result<std::vector<std::string>> Totp::confirm(const Actor& who, UserId user,
                                               std::string_view code) {
    return database_.transact([&](db::Session& session) -> Result<std::vector<std::string>> {
        GAC_TRY(
            pending,
            session.number("SELECT count(*) FROM totp_secrets WHERE user_id = ? AND confirmed = 0",
                           {user}));
        if (pending == 0) {
            return fail(Code::Conflict, "no second factor waits to be confirmed");
        }
        const std::string digits = compact(code);
        if (!is_six_digits(digits)) {
            return fail(Code::InvalidArgument, "the code is six digits", "code");
        }
        GAC_TRY(right, verify(session, user, digits));
        if (!right) {
            return fail(Code::InvalidArgument, "the code is wrong; check the clock of the device",
                        "code");
        }
        GAC_CHECK(session.run("UPDATE totp_secrets SET confirmed = 1 WHERE user_id = ?", {user}));
        GAC_CHECK(audit_.append(
            session, who,
            {.action = "totp.confirm", .object_kind = "user", .object_id = user.text()}));
        return make_recovery_codes(session, user);
    });
}

Result<> Totp::disable(const Actor& who, UserId user, std::string_view why) {
    return database_.transact([&](db::Session& session) -> Result<> {
        GAC_TRY(removed, session.run("DELETE FROM totp_secrets WHERE user_id = ?", {user}));
        if (removed == 0) {
            return fail(Code::NotFound, "no second factor is set up");
        }
        GAC_CHECK(session.run("DELETE FROM recovery_codes WHERE user_id = ?", {user}));
        return audit_.append(session, who,
                             {.action = "totp.disable",
                              .object_kind = "user",
                              .object_id = user.text(),
                              .detail = detail_json({{"why", why}})});
    });
}

Result<std::vector<std::string>> Totp::new_recovery_codes(const Actor& who, UserId user) {
    return database_.transact([&](db::Session& session) -> Result<std::vector<std::string>> {
        GAC_TRY(confirmed,
                session.number("SELECT confirmed FROM totp_secrets WHERE user_id = ?", {user}));
        if (confirmed == 0) {
            return fail(Code::Conflict, "no second factor is set up");
        }
        GAC_CHECK(audit_.append(session, who,
                                {.action = "totp.new_recovery_codes",
                                 .object_kind = "user",
                                 .object_id = user.text()}));
        return make_recovery_codes(session, user);
    });
}

Result<int> Totp::recovery_codes_left(UserId user) {
    GAC_TRY(left, database_.read([&](db::Session& session) {
        return session.number(
            "SELECT count(*) FROM recovery_codes WHERE user_id = ? AND used IS NULL", {user});
    }));
    return static_cast<int>(left);
}

Result<bool> Totp::verify(db::Session& session, UserId user, std::string_view code) {
    const std::string given = compact(code);
    if (!is_six_digits(given)) {
        GAC_TRY(used, session.run("UPDATE recovery_codes SET used = ? WHERE user_id = ? AND "
                                  "code_hash = ? AND used IS NULL",
                                  {clock_.now(), user, token_hash(given)}));
        if (used == 0) {
            return false;
        }
        GAC_CHECK(audit_.append(
            session, Actor::system("sign_in"),
            {.action = "totp.recovery_used", .object_kind = "user", .object_id = user.text()}));
        return true;
    }
    struct Stored {
        std::string sealed;
        std::int64_t last_step;
    };
    GAC_TRY(stored, session.first("SELECT sealed, last_step FROM totp_secrets WHERE user_id = ?",
                                  {user}, [](const db::RowView& row) {
                                      return Stored{row.string(0), row.integer(1)};
                                  }));
    if (!stored) {
        return false;
    }
    GAC_TRY(secret, key_->seal.unseal(stored->sealed, user.text()));
    const std::int64_t now_step = clock_.now().us / 1'000'000 / kStepSeconds;
    for (std::int64_t step = now_step - kWindow; step <= now_step + kWindow; ++step) {
        if (base::equal_in_constant_time(totp_code(secret.reveal(), step), given)
            && step > stored->last_step) {
            GAC_CHECK(session.run("UPDATE totp_secrets SET last_step = ? WHERE user_id = ?",
                                  {step, user}));
            return true;
        }
    }
    return false;
}

}  // namespace gac::access
