#include "access/crypto/password.h"

#include <argon2.h>
#include <fmt/format.h>

#include <atomic>
#include <semaphore>

#include "base/secret.h"

namespace gac::access {

namespace {

constexpr int kAtOnce = 2;
constexpr int kWaitingMax = 32;
constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kHashBytes = 32;

std::counting_semaphore<kAtOnce> turns{kAtOnce};
std::atomic<int> waiting{0};

class Turn {
public:
    static Result<Turn> take() {
        if (waiting.fetch_add(1) >= kWaitingMax) {
            waiting.fetch_sub(1);
            return fail(Code::Unavailable, "too many people sign in at once, try again");
        }
        turns.acquire();
        waiting.fetch_sub(1);
        return Turn(true);
    }
    Turn(Turn&& other) noexcept : held_(std::exchange(other.held_, false)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
        if (held_) {
            turns.release();
        }
    }

private:
    explicit Turn(bool held) : held_(held) {}
    bool held_;
};

std::unexpected<Error> argon_failure(int code) {
    return fail(code == ARGON2_MEMORY_ALLOCATION_ERROR ? Code::Unavailable : Code::Internal,
                fmt::format("password hash: {}", argon2_error_message(code)));
}

}  // namespace

Result<std::string> hash_password(std::string_view password, const PasswordCost& cost) {
    GAC_TRY(turn, Turn::take());
    const std::string salt = base::random_bytes(kSaltBytes);
    std::string encoded(
        argon2_encodedlen(cost.passes, cost.memory_kib, 1, kSaltBytes, kHashBytes, Argon2_id),
        '\0');
    const int code =
        argon2id_hash_encoded(cost.passes, cost.memory_kib, 1, password.data(), password.size(),
                              salt.data(), salt.size(), kHashBytes, encoded.data(), encoded.size());
    if (code != ARGON2_OK) {
        return argon_failure(code);
    }
    encoded.resize(encoded.find('\0'));
    return encoded;
}

Result<bool> verify_password(std::string_view hash, std::string_view password) {
    GAC_TRY(turn, Turn::take());
    const std::string terminated(hash);
    const int code = argon2id_verify(terminated.c_str(), password.data(), password.size());
    if (code != ARGON2_OK && code != ARGON2_VERIFY_MISMATCH) {
        return argon_failure(code);
    }
    return code == ARGON2_OK;
}

Result<> pretend_to_verify(std::string_view password, const PasswordCost& cost) {
    GAC_TRY(hash, hash_password(password, cost));
    return {};
}

bool costs_differ(std::string_view hash, const PasswordCost& cost) {
    return !hash.starts_with(
        fmt::format("$argon2id$v=19$m={},t={},p=1$", cost.memory_kib, cost.passes));
}

}  // namespace gac::access
