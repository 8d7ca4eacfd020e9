// What all connections of one HTTP server share.
#pragma once

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <unordered_set>
#include <vector>

#include "net/detail/lanes.h"
#include "net/detail/loops.h"
#include "net/http_server.h"

namespace gac::net {

namespace detail {
class HttpSession;
}

class HttpServer::State : public std::enable_shared_from_this<State> {
public:
    // The part that lives on one loop and is touched on its thread only.
    struct Shard {
        explicit Shard(asio::io_context& io) : context(io), sweep_timer(io) {}
        asio::io_context& context;
        std::unordered_set<detail::HttpSession*> sessions;
        asio::steady_timer sweep_timer;
        bool stopping = false;
    };

    State(Runtime& runtime, asio::ip::tcp::acceptor acceptor, std::shared_ptr<Tls> tls,
          Handler& handler, const std::vector<Lane>& lanes, const HttpLimits& limits);

    void start();
    void stop(base::Duration patience);
    void ended();  // a coroutine of this server is over

    Runtime::Loops& loops;
    asio::ip::tcp::acceptor acceptor;
    std::shared_ptr<Tls> tls;
    Handler& handler;
    HttpLimits limits;
    detail::Lanes lanes;
    Endpoint endpoint;
    std::vector<std::unique_ptr<Shard>> shards;
    std::atomic<std::size_t> connections{0};
    std::atomic<std::size_t> body_bytes{0};
    std::atomic<bool> stopping{false};

private:
    void begun();
    bool wait_ended(base::Duration patience);

    std::mutex mutex_;
    std::condition_variable all_ended_;
    std::size_t running_ = 0;  // coroutines
    bool stopped_ = false;

    friend asio::awaitable<void> accept_all(std::shared_ptr<State> state);
    friend asio::awaitable<void> sweep_all(std::shared_ptr<State> state, std::size_t shard);
    friend asio::awaitable<void> serve(std::shared_ptr<State> state, std::size_t shard,
                                       std::shared_ptr<detail::HttpSession> session);
};

}  // namespace gac::net
