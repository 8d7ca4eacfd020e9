// HTTP/1.1 over TLS for people, programs and log shippers. Reads with limits on everything a
// stranger controls, hands whole requests to worker threads ("lanes", so that slow searches never
// hold up ingest), and sends answers and event streams. One request at a time on a connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/http.h"
#include "net/runtime.h"
#include "net/tls.h"

namespace gac::net {

struct Lane {
    std::size_t threads = 2;
    std::size_t queue_max = 256;  // requests that wait; beyond: 503 with Retry-After
    // For long work: a party runs fewer requests than threads are free, so that some are left for
    // whoever comes next.
    bool spares_threads = false;
};

struct HttpLimits {
    std::size_t connections_max = 20'000;
    std::uint32_t header_bytes_max = 16U * 1024U;
    std::size_t body_bytes_all_max =
        256U << 20U;  // being read or worked on, all connections together; beyond: 503
    base::Duration handshake_max = base::Duration::seconds(10);
    base::Duration header_max =
        base::Duration::seconds(10);  // from its first byte; also to the first byte
    base::Duration idle_max = base::Duration::seconds(75);  // between requests
    base::Duration body_stall_max = base::Duration::seconds(20);
    std::size_t body_bytes_per_s_min = 1024;  // on average, after the first 10 s
    base::Duration write_stall_max = base::Duration::seconds(30);
    base::Duration heartbeat = base::Duration::seconds(15);  // of event streams
};

class HttpServer {
public:
    // The handler must outlive the server.
    static Result<std::unique_ptr<HttpServer>> start(Runtime& runtime, const Endpoint& where,
                                                     std::shared_ptr<Tls> tls, Handler& handler,
                                                     std::vector<Lane> lanes,
                                                     const HttpLimits& limits);
    ~HttpServer();  // stop(0)

    Endpoint endpoint() const;
    std::size_t connections() const;
    // No new connections; idle ones and streams are closed at once; running requests have until
    // `patience` is over.
    void stop(base::Duration patience);

    class State;

private:
    explicit HttpServer(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;
};

}  // namespace gac::net
