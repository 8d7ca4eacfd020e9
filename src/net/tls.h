// The server's certificate and the TLS that it allows (1.2 and later). Made on first start when the
// operator gives none: self-signed, ECDSA P-256, for the machine's names and addresses. Any thread;
// reload() changes what new connections see.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gac::net {

struct TlsFiles {
    std::filesystem::path certificate;  // PEM, the chain behind the first
    std::filesystem::path key;          // PEM
};

class Tls {
public:
    static Result<std::shared_ptr<Tls>> open(const TlsFiles& files);
    ~Tls();

    Result<> reload();                // reads the files again; keeps the old ones when they are bad
    std::string fingerprint() const;  // SHA-256 of the certificate: "AB:CD:…"

    class Contexts;
    Contexts& contexts() { return *contexts_; }

private:
    explicit Tls(TlsFiles files);

    TlsFiles files_;
    std::unique_ptr<Contexts> contexts_;
};

// Writes both files unless they are there and still good for a day. `names` are DNS names and
// addresses beside this host's own, localhost and the loopback addresses. The key is readable by
// its owner alone.
Result<> make_self_signed(const TlsFiles& files, const std::vector<std::string>& names);

}  // namespace gac::net
