#include "access/crypto/codec.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdint>

#include "base/assert.h"
#include "base/secret.h"
#include "base/text.h"

namespace gac::access {

namespace {

constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

// Groups of `bits` from the left, the last one filled with zeros.
std::string encode(std::string_view bytes, unsigned bits, std::string_view alphabet) {
    std::string text;
    std::uint32_t pending = 0;
    unsigned held = 0;
    for (const char byte : bytes) {
        pending = (pending << 8) | static_cast<std::uint8_t>(byte);
        held += 8;
        while (held >= bits) {
            held -= bits;
            text += alphabet[(pending >> held) & ((1U << bits) - 1)];
        }
    }
    if (held > 0) {
        text += alphabet[(pending << (bits - held)) & ((1U << bits) - 1)];
    }
    return text;
}

std::string hmac(const EVP_MD* hash, std::string_view key, std::string_view message) {
    std::string out(EVP_MAX_MD_SIZE, '\0');
    unsigned size = 0;
    GAC_ASSERT(HMAC(hash, key.data(), static_cast<int>(key.size()),
                    reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                    reinterpret_cast<unsigned char*>(out.data()), &size)
               != nullptr);
    out.resize(size);
    return out;
}

}  // namespace

std::string base64url(std::string_view bytes) { return encode(bytes, 6, kBase64Url); }
std::string base32(std::string_view bytes) { return encode(bytes, 5, kBase32); }

std::optional<std::string> parse_base32(std::string_view text) {
    std::string bytes;
    std::uint32_t pending = 0;
    unsigned held = 0;
    for (const char c : text) {
        const char upper = c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c;
        const std::size_t digit = kBase32.find(upper);
        if (digit == std::string_view::npos) {
            return std::nullopt;
        }
        pending = (pending << 5) | static_cast<std::uint32_t>(digit);
        held += 5;
        if (held >= 8) {
            held -= 8;
            bytes += static_cast<char>((pending >> held) & 0xffU);
        }
    }
    return bytes;
}

std::string hmac_sha1(std::string_view key, std::string_view message) {
    return hmac(EVP_sha1(), key, message);
}

std::string hmac_sha256(std::string_view key, std::string_view message) {
    return hmac(EVP_sha256(), key, message);
}

std::string token_hash(std::string_view token) { return base::hex(base::sha256(token)); }

}  // namespace gac::access
