// For tests: a small blocking TLS (or plain TCP) client that can also misbehave.
#pragma once

#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/text.h"
#include "net/runtime.h"

namespace gac::net::testing {

inline base::Fd connect_to(const Endpoint& where) {
    std::signal(SIGPIPE, SIG_IGN);  // a cut connection is an answer too
    base::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(where.port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
        return {};
    }
    const timeval limit{20, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    return fd;
}

struct Answer {
    int status = 0;
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
};

class TlsClient {
public:
    explicit TlsClient(const Endpoint& where, int version_max = TLS1_3_VERSION)
        : fd_(connect_to(where)), context_(SSL_CTX_new(TLS_client_method())) {
        SSL_CTX_set_max_proto_version(context_, version_max);
        SSL_CTX_set_min_proto_version(context_, TLS1_VERSION);
        SSL_CTX_set_security_level(context_, 0);
        ssl_ = SSL_new(context_);
        SSL_set_fd(ssl_, fd_.get());
        connected_ = fd_ && SSL_connect(ssl_) == 1;
    }
    ~TlsClient() {
        SSL_free(ssl_);
        SSL_CTX_free(context_);
    }
    TlsClient(const TlsClient&) = delete;
    TlsClient& operator=(const TlsClient&) = delete;

    bool connected() const { return connected_; }
    SSL* ssl() { return ssl_; }
    int fd() const { return fd_.get(); }

    bool send(std::string_view bytes) {
        std::size_t written = 0;
        while (!bytes.empty()) {
            if (SSL_write_ex(ssl_, bytes.data(), bytes.size(), &written) != 1) {
                return false;
            }
            bytes.remove_prefix(written);
        }
        return true;
    }

    // False at the end.
    bool read_more() {
        char buffer[16384];
        std::size_t n = 0;
        if (SSL_read_ex(ssl_, buffer, sizeof buffer, &n) != 1) {
            return false;
        }
        input_.append(buffer, n);
        return true;
    }

    bool read_until(std::string_view text) {
        while (!input_.contains(text)) {
            if (!read_more()) {
                return false;
            }
        }
        return true;
    }

    std::string take() { return std::exchange(input_, {}); }

    // The next answer; status 0 when the connection ended before it.
    Answer answer(bool head_only = false) {
        Answer out;
        if (!read_until("\r\n\r\n")) {
            return out;
        }
        const std::size_t end = input_.find("\r\n\r\n");
        std::string_view head = std::string_view(input_).substr(0, end);
        std::from_chars(head.data() + 9, head.data() + 12, out.status);
        while (!head.empty()) {
            const auto line = head.substr(0, head.find("\r\n"));
            head.remove_prefix(std::min(line.size() + 2, head.size()));
            const auto colon = line.find(": ");
            if (colon != std::string_view::npos) {
                out.headers[base::ascii_lower(line.substr(0, colon))] = line.substr(colon + 2);
            }
        }
        input_.erase(0, end + 4);
        std::size_t length = 0;
        const std::string& text = out.headers["content-length"];
        std::from_chars(text.data(), text.data() + text.size(), length);
        if (head_only) {
            return out;
        }
        while (input_.size() < length && read_more()) {
        }
        out.body = input_.substr(0, length);
        input_.erase(0, length);
        return out;
    }

    Answer ask(std::string_view method, std::string_view target, std::string_view headers = {},
               std::string_view body = {}) {
        std::string request =
            std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: t\r\n";
        request += headers;
        if (!body.empty()) {
            request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
        }
        request += "\r\n";
        request += body;
        return send(request) ? answer(method == "HEAD") : Answer{};
    }

private:
    base::Fd fd_;
    SSL_CTX* context_;
    SSL* ssl_;
    bool connected_ = false;
    std::string input_;
};

}  // namespace gac::net::testing
