// One HTTP connection: a coroutine on one loop from the first byte to the close. Nothing is
// allocated for TLS before that byte, so connections that never speak cost little.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "net/detail/http_state.h"
#include "net/detail/request_reader.h"

namespace gac::net::detail {

using Steady = std::chrono::steady_clock;

class HttpSession : public std::enable_shared_from_this<HttpSession> {
public:
    HttpSession(std::shared_ptr<HttpServer::State> server, std::size_t shard,
                asio::ip::tcp::socket socket);
    ~HttpSession();

    asio::awaitable<void> run();

    // On the session's loop only.
    void sweep(Steady::time_point now);  // cuts it when its deadline is over
    void drain();                        // the server stops: close when nothing runs
    void cut();

private:
    struct Reply;
    using TlsStream = asio::ssl::stream<asio::ip::tcp::socket&>;

    asio::awaitable<bool> handshake();
    asio::awaitable<bool> serve_one();
    // Runs `work` on the lane and waits for what it answers. Nothing when the connection was cut
    // or the client is gone.
    asio::awaitable<std::optional<Response>> on_lane(std::size_t lane, std::string party,
                                                     std::move_only_function<void(Responder)> work);
    Response turned_away() const;
    asio::awaitable<bool> read_head(RequestReader& reader);
    asio::awaitable<bool> read_body(RequestReader& reader, std::uint64_t bytes_max);
    asio::awaitable<bool> read_more();
    asio::awaitable<bool> write(std::string head, std::string body,
                                std::shared_ptr<const std::string> shared);
    asio::awaitable<bool> answer(Response response, bool keep_alive);
    asio::awaitable<bool> refuse(Refusal refusal, base::Duration retry_after);
    Response refusal_of(Refusal refusal, base::Duration retry_after) const;
    asio::awaitable<bool> stream(std::shared_ptr<Stream> stream, bool chunked);
    asio::awaitable<void> wait_for_wake();
    asio::awaitable<void> close_gently();
    asio::awaitable<void> discard_input();

    void set_deadline(base::Duration from_now);
    void clear_deadline() { deadline_ = Steady::time_point::max(); }
    bool hold_body_bytes(std::size_t bytes);
    void release_body_bytes();
    void watch_peer();

    std::shared_ptr<HttpServer::State> server_;
    std::size_t shard_;
    asio::ip::tcp::socket socket_;
    std::shared_ptr<asio::ssl::context> context_;
    std::optional<TlsStream> tls_;
    asio::steady_timer wake_;
    Steady::time_point deadline_ = Steady::time_point::max();
    std::string input_;  // read and not yet taken
    Endpoint peer_;
    std::string id_;
    bool head_only_ = false;
    bool http_10_ = false;
    bool cut_ = false;
    bool idle_ = true;  // between requests
    bool streaming_ = false;
    bool watching_ = false;  // a read of one byte is under way
    bool gone_ = false;      // the client closed
    std::stop_source away_;  // of the request that is worked on: tells it that
    std::size_t held_bytes_ = 0;
    char peek_ = 0;
};

}  // namespace gac::net::detail
