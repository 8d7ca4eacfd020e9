// Sealing of small secrets with AES-256-GCM under a key file.
//
//   offset  size  field
//   0       1     version, 1
//   1       12    nonce
//   13      n     ciphertext
//   13+n    16    tag
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace gac::access {

class SealKey {
public:
    // Reads the file, or makes it (0600) where there is none. A file that others may read is
    // refused.
    static Result<SealKey> open(const std::filesystem::path& file);

    // `bound_to` must be the same when opening: a sealed secret cannot be moved to another owner.
    std::string seal(std::string_view plain, std::string_view bound_to) const;
    Result<base::Secret> unseal(std::string_view sealed, std::string_view bound_to) const;

private:
    explicit SealKey(base::Secret key) : key_(std::move(key)) {}
    base::Secret key_;
};

}  // namespace gac::access
