// Argon2id on the calling thread, two at a time in the whole process (64 MiB each); callers beyond
// a short queue are turned away with Unavailable, so that a flood of sign-ins cannot take all
// threads.
#pragma once

#include <string>
#include <string_view>

#include "access/users.h"
#include "base/result.h"

namespace gac::access {

Result<std::string> hash_password(std::string_view password, const PasswordCost& cost);  // PHC text
Result<bool> verify_password(std::string_view hash, std::string_view password);
// Takes as long as verify_password would: for names that do not exist.
Result<> pretend_to_verify(std::string_view password, const PasswordCost& cost);
bool costs_differ(std::string_view hash, const PasswordCost& cost);

}  // namespace gac::access
