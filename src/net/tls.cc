#include "net/tls.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <mutex>

#include <fmt/format.h>

#include "base/file.h"
#include "base/snapshot.h"
#include "base/text.h"
#include "net/detail/tls_contexts.h"

namespace gac::net {

namespace {

// Only HTTP/1.1 is spoken; a client that offers nothing we know goes on without ALPN.
int choose_protocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned offered_size, void* /*unused*/) {
    static constexpr unsigned char kHttp11[] = "\x08http/1.1";
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, out_size, kHttp11, sizeof kHttp11 - 1, offered, offered_size)
        != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

std::string print_of(X509* certificate) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (certificate == nullptr || X509_digest(certificate, EVP_sha256(), digest, &size) != 1) {
        return {};
    }
    std::string out;
    for (unsigned i = 0; i < size; ++i) {
        fmt::format_to(std::back_inserter(out), "{}{:02X}", i == 0 ? "" : ":", digest[i]);
    }
    return out;
}

Result<std::shared_ptr<asio::ssl::context>> load(const TlsFiles& files) {
    boost::system::error_code fault;
    auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
    SSL_CTX* native = context->native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE
                                    | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    // An idle connection must not hold two record buffers.
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_select_cb(native, choose_protocol, nullptr);
    context->use_certificate_chain_file(files.certificate.string(), fault);
    if (fault) {
        return fail(Code::InvalidArgument,
                    fmt::format("cannot use this certificate: {}", fault.message()),
                    files.certificate.string());
    }
    context->use_private_key_file(files.key.string(), asio::ssl::context::pem, fault);
    if (fault) {
        return fail(Code::InvalidArgument, fmt::format("cannot use this key: {}", fault.message()),
                    files.key.string());
    }
    if (SSL_CTX_check_private_key(native) != 1) {
        return fail(Code::InvalidArgument, "the key does not belong to the certificate",
                    files.key.string());
    }
    return context;
}

}  // namespace

Tls::Tls(TlsFiles files) : files_(std::move(files)), contexts_(std::make_unique<Contexts>()) {}
Tls::~Tls() = default;

Result<std::shared_ptr<Tls>> Tls::open(const TlsFiles& files) {
    std::shared_ptr<Tls> tls(new Tls(files));
    GAC_CHECK(tls->reload());
    return tls;
}

Result<> Tls::reload() {
    GAC_TRY(context, load(files_));
    contexts_->current.with([&](auto& current) { current = std::move(context); });
    return {};
}

std::string Tls::fingerprint() const {
    return contexts_->current.with([](const auto& current) {
        return print_of(SSL_CTX_get0_certificate(current->native_handle()));
    });
}

}  // namespace gac::net
