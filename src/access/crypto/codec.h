// Encodings and hashes of sign-in: base64url (RFC 4648 section 5, no padding), base32 (section 6),
// HMAC.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gac::access {

std::string base64url(std::string_view bytes);
std::string base32(std::string_view bytes);                      // upper case, no padding
std::optional<std::string> parse_base32(std::string_view text);  // either case
std::string hmac_sha1(std::string_view key, std::string_view message);
std::string hmac_sha256(std::string_view key, std::string_view message);
// What is stored of a token: hexadecimal SHA-256. Enough for 256 random bits; never for a password.
std::string token_hash(std::string_view token);

}  // namespace gac::access
