#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <sys/stat.h>
#include <unistd.h>

#include <ifaddrs.h>
#include <netinet/in.h>

#include <cstring>
#include <ctime>
#include <memory>
#include <set>

#include <fmt/format.h>

#include "base/file.h"
#include "base/ip.h"
#include "net/tls.h"

namespace gac::net {

namespace {

template <auto Free>
struct Freed {
    template <class T>
    void operator()(T* object) const {
        Free(object);
    }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, Freed<X509_free>>;
using BioPtr = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;

constexpr long kDaySeconds = 24L * 60 * 60;
constexpr long kValidDays = 3650;

// What a browser or shipper on this network may call this machine.
std::set<std::string> subject_names(const std::vector<std::string>& asked) {
    std::set<std::string> names{"DNS:localhost", "IP:127.0.0.1", "IP:::1"};
    char host[256] = {};
    if (::gethostname(host, sizeof host - 1) == 0 && host[0] != 0) {
        names.insert(fmt::format("DNS:{}", host));
    }
    ifaddrs* all = nullptr;
    if (::getifaddrs(&all) == 0) {
        for (const ifaddrs* one = all; one != nullptr && names.size() < 64; one = one->ifa_next) {
            if (one->ifa_addr == nullptr) {
                continue;
            }
            base::IpAddress address;
            if (one->ifa_addr->sa_family == AF_INET) {
                sockaddr_in in{};
                std::memcpy(&in, one->ifa_addr, sizeof in);
                address = base::IpAddress::from_v4(ntohl(in.sin_addr.s_addr));
            } else if (one->ifa_addr->sa_family == AF_INET6) {
                sockaddr_in6 in{};
                std::memcpy(&in, one->ifa_addr, sizeof in);
                std::memcpy(address.bytes.data(), &in.sin6_addr, 16);
            } else {
                continue;
            }
            names.insert(fmt::format("IP:{}", address.text()));
        }
        ::freeifaddrs(all);
    }
    for (const std::string& name : asked) {
        const bool plain = name.find_first_not_of(
                               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
                               "WXYZ0123456789.-:*")
                           == std::string::npos;
        if (!name.empty() && plain) {
            names.insert(fmt::format("{}:{}", base::IpAddress::parse(name) ? "IP" : "DNS", name));
        }
    }
    return names;
}

bool add_extension(X509* certificate, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
    return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

CertificatePtr make_certificate(EVP_PKEY* key, const std::set<std::string>& names) {
    CertificatePtr certificate(X509_new());
    if (!certificate) {
        return nullptr;
    }
    X509_set_version(certificate.get(), 2);
    unsigned char serial[16];
    if (RAND_bytes(serial, sizeof serial) != 1) {
        return nullptr;
    }
    serial[0] &= 0x7fU;
    BIGNUM* number = BN_bin2bn(serial, sizeof serial, nullptr);
    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate.get()));
    BN_free(number);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kDaySeconds);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kValidDays * kDaySeconds);
    X509_set_pubkey(certificate.get(), key);
    X509_NAME* name = X509_get_subject_name(certificate.get());
    const auto* organisation = reinterpret_cast<const unsigned char*>("Gac");
    const auto* common = reinterpret_cast<const unsigned char*>("Gac self-signed");
    X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, organisation, -1, -1, 0);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, common, -1, -1, 0);
    X509_set_issuer_name(certificate.get(), name);
    std::string alternatives;
    for (const std::string& one : names) {
        alternatives += alternatives.empty() ? one : "," + one;
    }
    // A CA of itself, so that it can be installed as trusted; it can sign nothing below it.
    if (!add_extension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0")
        || !add_extension(certificate.get(), NID_key_usage, "critical,digitalSignature,keyCertSign")
        || !add_extension(certificate.get(), NID_ext_key_usage, "serverAuth")
        || !add_extension(certificate.get(), NID_subject_key_identifier, "hash")
        || !add_extension(certificate.get(), NID_subject_alt_name, alternatives)
        || X509_sign(certificate.get(), key, EVP_sha256()) == 0) {
        return nullptr;
    }
    return certificate;
}

std::string pem_text(BIO* bio) {
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio, &text);
    return {text, static_cast<std::size_t>(size)};
}

// Both files are there and the certificate is good for another day.
bool still_good(const TlsFiles& files) {
    const auto text = base::read_file(files.certificate, 1U << 20U);
    if (!text || ::access(files.key.c_str(), R_OK) != 0) {
        return false;
    }
    const BioPtr bio(BIO_new_mem_buf(text->data(), static_cast<int>(text->size())));
    const CertificatePtr certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    std::time_t tomorrow = std::time(nullptr) + kDaySeconds;
    return certificate != nullptr
           && X509_cmp_time(X509_get0_notAfter(certificate.get()), &tomorrow) > 0;
}

}  // namespace

Result<> make_self_signed(const TlsFiles& files, const std::vector<std::string>& names) {
    if (still_good(files)) {
        return {};
    }
    const KeyPtr key(EVP_EC_gen("P-256"));
    const CertificatePtr certificate =
        key ? make_certificate(key.get(), subject_names(names)) : nullptr;
    const BioPtr key_bio(BIO_new(BIO_s_mem()));
    const BioPtr certificate_bio(BIO_new(BIO_s_mem()));
    if (!certificate || !key_bio || !certificate_bio
        || PEM_write_bio_PKCS8PrivateKey(key_bio.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                         nullptr)
               != 1
        || PEM_write_bio_X509(certificate_bio.get(), certificate.get()) != 1) {
        return fail(Code::Internal, "OpenSSL could not make a self-signed certificate",
                    files.certificate.string());
    }
    GAC_CHECK(base::write_file_atomic(files.key, pem_text(key_bio.get()), 0600));
    GAC_CHECK(base::write_file_atomic(files.certificate, pem_text(certificate_bio.get()), 0644));
    return {};
}

}  // namespace gac::net
