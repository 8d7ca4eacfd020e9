// Plain byte listeners for logs: TCP, TLS and UDP. Sinks are called on a network thread and must
// not block; a sink that is full says so, and then its connection is not read until it has room:
// the sender slows down.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "net/runtime.h"
#include "net/tls.h"

namespace gac::net {

// Takes what one connection sends. Always called on the same thread.
class ByteSink {
public:
    virtual ~ByteSink() = default;
    // Asked before each read, and then every few milliseconds until it says true: there is room.
    // What is not read yet waits in the kernel and at the sender, not in our memory.
    virtual bool has_room() = 0;
    // Takes all of `bytes` (valid only during the call), at once or as soon as there is room.
    virtual void receive(std::string_view bytes) = 0;
    // The peer has closed or was cut; no call follows. Bytes of an unfinished message may be judged
    // now.
    virtual void end() = 0;
};

class ByteSinkMaker {
public:
    virtual ~ByteSinkMaker() = default;
    virtual std::unique_ptr<ByteSink> make(const Endpoint& peer) = 0;  // any network thread
};

struct Datagram {
    Endpoint peer;
    std::string_view bytes;
};

class DatagramSink {
public:
    virtual ~DatagramSink() = default;
    // A datagram cannot wait: the sink counts as lost what it has no room for.
    virtual void receive(std::span<const Datagram> datagrams) = 0;
};

struct ListenLimits {
    std::size_t connections_max = 20'000;
    base::Duration handshake_max = base::Duration::seconds(10);  // TLS
    // A connection that sends nothing for so long is closed; zero = never (keep-alive probes find
    // dead peers).
    base::Duration idle_max{};
    std::size_t receive_buffer_bytes = 16U << 20U;  // UDP, asked of the kernel
};

// Stopping: no new connections; what has arrived is read; then all are closed. The destructor stops
// too. The maker or sink must outlive the listener.
class Listener {
public:
    virtual ~Listener() = default;
    virtual Endpoint endpoint() const = 0;  // with the port that was given
    virtual std::size_t connections() const = 0;
    virtual void stop() = 0;
};

Result<std::unique_ptr<Listener>> listen_tcp(Runtime& runtime, const Endpoint& where,
                                             ByteSinkMaker& maker, const ListenLimits& limits);
Result<std::unique_ptr<Listener>> listen_tls(Runtime& runtime, const Endpoint& where,
                                             ByteSinkMaker& maker, const ListenLimits& limits,
                                             std::shared_ptr<Tls> tls);
Result<std::unique_ptr<Listener>> listen_udp(Runtime& runtime, const Endpoint& where,
                                             DatagramSink& sink, const ListenLimits& limits);

}  // namespace gac::net
