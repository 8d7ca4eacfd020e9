#include "access/crypto/seal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "base/assert.h"
#include "base/file.h"
#include "base/text.h"

namespace gac::access {

namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr char kVersion = 1;

struct FreeCipher {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

const unsigned char* in(std::string_view bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* out(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

// Written whole under another name and then linked, so that two processes that start at once agree
// on one key.
Result<> make_key(const std::filesystem::path& file) {
    const std::filesystem::path fresh =
        file.string() + "." + base::hex(base::random_bytes(6)) + ".new";
    {
        GAC_TRY(fd, base::open_file(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        auto written = base::write_all(fd, base::random_bytes(kKeyBytes));
        if (written) {
            written = base::sync_data(fd);
        }
        if (!written) {
            ::unlink(fresh.c_str());
            return written;
        }
    }
    const int linked = ::link(fresh.c_str(), file.c_str());
    const int error = errno;
    ::unlink(fresh.c_str());
    if (linked != 0 && error != EEXIST) {
        return base::fail_errno(fmt::format("cannot make {}", file.string()), error);
    }
    return base::sync_folder(file.parent_path());
}

}  // namespace

Result<SealKey> SealKey::open(const std::filesystem::path& file) {
    struct stat status{};
    if (::stat(file.c_str(), &status) != 0) {
        if (errno != ENOENT) {
            return base::fail_errno(fmt::format("cannot look at {}", file.string()), errno);
        }
        GAC_CHECK(make_key(file));
        if (::stat(file.c_str(), &status) != 0) {
            return base::fail_errno(fmt::format("cannot look at {}", file.string()), errno);
        }
    }
    if ((status.st_mode & 0077U) != 0) {
        return fail(Code::PermissionDenied, "the key file may be read by others: chmod 600 it",
                    file.string());
    }
    GAC_TRY(bytes, base::read_file(file, 4096));
    if (bytes.size() != kKeyBytes) {
        return fail(Code::Corrupt,
                    fmt::format("the key file holds {} bytes, not {}", bytes.size(), kKeyBytes),
                    file.string());
    }
    return SealKey(base::Secret(std::move(bytes)));
}

std::string SealKey::seal(std::string_view plain, std::string_view bound_to) const {
    const std::string nonce = base::random_bytes(kNonceBytes);
    std::string text(plain.size(), '\0');
    std::string tag(kTagBytes, '\0');
    const Cipher cipher(EVP_CIPHER_CTX_new());
    int size = 0;
    GAC_ASSERT(cipher != nullptr);
    GAC_ASSERT(
        EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, in(key_.reveal()), in(nonce))
        == 1);
    GAC_ASSERT(EVP_EncryptUpdate(cipher.get(), nullptr, &size, in(bound_to),
                                 static_cast<int>(bound_to.size()))
               == 1);
    GAC_ASSERT(
        EVP_EncryptUpdate(cipher.get(), out(text), &size, in(plain), static_cast<int>(plain.size()))
        == 1);
    GAC_ASSERT(EVP_EncryptFinal_ex(cipher.get(), nullptr, &size) == 1);
    GAC_ASSERT(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, tag.data()) == 1);
    return kVersion + nonce + text + tag;
}

Result<base::Secret> SealKey::unseal(std::string_view sealed, std::string_view bound_to) const {
    constexpr std::size_t kAround = 1 + kNonceBytes + kTagBytes;
    if (sealed.size() < kAround || sealed.front() != kVersion) {
        return fail(Code::Corrupt, "sealed secret has an unknown shape");
    }
    const std::string_view nonce = sealed.substr(1, kNonceBytes);
    const std::string_view body = sealed.substr(1 + kNonceBytes, sealed.size() - kAround);
    std::string tag(sealed.substr(sealed.size() - kTagBytes));
    std::string plain(body.size(), '\0');
    const Cipher cipher(EVP_CIPHER_CTX_new());
    int size = 0;
    GAC_ASSERT(cipher != nullptr);
    GAC_ASSERT(
        EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, in(key_.reveal()), in(nonce))
        == 1);
    GAC_ASSERT(EVP_DecryptUpdate(cipher.get(), nullptr, &size, in(bound_to),
                                 static_cast<int>(bound_to.size()))
               == 1);
    GAC_ASSERT(
        EVP_DecryptUpdate(cipher.get(), out(plain), &size, in(body), static_cast<int>(body.size()))
        == 1);
    GAC_ASSERT(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1);
    base::Secret secret(std::move(plain));
    if (EVP_DecryptFinal_ex(cipher.get(), nullptr, &size) != 1) {
        return fail(Code::Corrupt, "sealed secret does not fit this key file");
    }
    return secret;
}

}  // namespace gac::access
