// The network threads. Each has its own event loop; a connection lives on one of them for all its
// life. Everything in this room that listens is given a Runtime, and must be stopped before the
// Runtime goes. No Asio type is visible outside this room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "base/result.h"

namespace gac::net {

class Runtime {
public:
    explicit Runtime(std::size_t threads = 2);
    ~Runtime();  // ends the loops and joins the threads
    Runtime(const Runtime&) = delete;
    Runtime& operator=(const Runtime&) = delete;

    class Loops;
    Loops& loops() { return *loops_; }

private:
    std::unique_ptr<Loops> loops_;
};

// Where something listens or comes from.
struct Endpoint {
    base::IpAddress address;
    std::uint16_t port = 0;

    // "127.0.0.1:8443", "[::1]:8443", "localhost:8443", ":8443" and "*:8443" (all addresses); port
    // 0 = any free one.
    static Result<Endpoint> parse(std::string_view text);
    std::string text() const;
    bool is_loopback() const;
};

// Every connection is a file descriptor: lifts the soft limit to the hard one. Gives the limit in
// force.
std::size_t raise_descriptor_limit();

}  // namespace gac::net
