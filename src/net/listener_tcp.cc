#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <unordered_set>

#include <fmt/format.h>

#include "base/log.h"
#include "base/metrics.h"
#include "net/detail/loops.h"
#include "net/detail/tls_contexts.h"
#include "net/listener.h"

namespace gac::net {

namespace {

using asio::ip::tcp;
using Steady = std::chrono::steady_clock;
constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kReadBytes = 256 * 1024;
constexpr std::size_t kTlsReadBytes = 16 * 1024 + 1;
constexpr auto kFullPause = std::chrono::milliseconds(2);  // the first; each is twice as long
constexpr auto kFullPauseMax = std::chrono::milliseconds(32);
constexpr auto kPatienceAfterStop = std::chrono::seconds(4);

struct Connection {
    explicit Connection(tcp::socket s) : socket(std::move(s)), pause(socket.get_executor()) {}

    tcp::socket socket;
    asio::steady_timer pause;
    Steady::time_point deadline = Steady::time_point::max();
    bool cut = false;

    void close() {
        cut = true;
        boost::system::error_code fault;
        socket.close(fault);
        pause.cancel();
    }
};

// The part that lives on one loop. Its connections share one buffer: a sink takes everything during
// the call.
struct Shard {
    explicit Shard(asio::io_context& io) : context(io), sweep_timer(io), buffer(kReadBytes, '\0') {}
    asio::io_context& context;
    asio::steady_timer sweep_timer;
    std::unordered_set<Connection*> connections;
    std::string buffer;
    bool stopping = false;
};

struct TcpState : std::enable_shared_from_this<TcpState> {
    TcpState(Runtime& runtime, tcp::acceptor open, ByteSinkMaker& sinks, const ListenLimits& most,
             std::shared_ptr<Tls> keys)
        : loops(runtime.loops()),
          acceptor(std::move(open)),
          maker(sinks),
          limits(most),
          tls(std::move(keys)),
          open_gauge(base::gauge("gac_listener_connections", tls ? "kind=\"tls\"" : "kind=\"tcp\"",
                                 "open log connections")) {
        for (std::size_t i = 0; i < loops.size(); ++i) {
            shards.push_back(std::make_unique<Shard>(loops.at(i).context));
        }
    }

    void begun() {
        const std::lock_guard lock(mutex);
        ++running;
    }
    void ended() {
        const std::lock_guard lock(mutex);
        --running;
        all_ended.notify_all();
    }

    Runtime::Loops& loops;
    tcp::acceptor acceptor;
    ByteSinkMaker& maker;
    ListenLimits limits;
    std::shared_ptr<Tls> tls;
    base::Gauge& open_gauge;
    std::vector<std::unique_ptr<Shard>> shards;
    std::atomic<std::size_t> connections{0};
    std::atomic<bool> stopping{false};
    std::mutex mutex;
    std::condition_variable all_ended;
    std::size_t running = 0;
};
using StatePtr = std::shared_ptr<TcpState>;

void arm(Connection& connection, const ListenLimits& limits) {
    connection.deadline = limits.idle_max.us == 0
                              ? Steady::time_point::max()
                              : Steady::now() + std::chrono::microseconds(limits.idle_max.us);
}

// Waits until the sink has room for what comes next.
asio::awaitable<void> wait_for_room(std::shared_ptr<Connection> connection, ByteSink& sink,
                                    Shard& home) {
    if (sink.has_room()) {
        co_return;
    }
    static base::Counter& paused =
        base::counter("gac_listener_paused_total", {},
                      "Times that a log connection was not read because the input queue was full");
    paused.add();
    connection->deadline = Steady::time_point::max();  // it is we who make it wait
    auto waited_after_stop = std::chrono::milliseconds(0);
    auto pause = kFullPause;
    do {
        if (home.stopping && (waited_after_stop += pause) > kPatienceAfterStop) {
            connection->close();
            break;
        }
        connection->pause.expires_after(pause);
        pause = std::min(2 * pause, kFullPauseMax);
        co_await connection->pause.async_wait(kToken);
    } while (!connection->cut && !sink.has_room());
}

asio::awaitable<void> read_plain(StatePtr state, std::shared_ptr<Connection> connection,
                                 ByteSink& sink, Shard& home) {
    boost::system::error_code mode_fault;
    connection->socket.non_blocking(true, mode_fault);
    while (!connection->cut) {
        arm(*connection, state->limits);
        const auto [wait_fault] =
            co_await connection->socket.async_wait(tcp::socket::wait_read, kToken);
        if (wait_fault) {
            break;
        }
        co_await wait_for_room(connection, sink, home);
        if (connection->cut) {
            break;
        }
        boost::system::error_code fault;
        const std::size_t n = connection->socket.read_some(asio::buffer(home.buffer), fault);
        if (fault == asio::error::would_block) {
            continue;
        }
        if (fault || n == 0) {
            break;
        }
        sink.receive(std::string_view(home.buffer.data(), n));
    }
    co_await wait_for_room(connection, sink, home);
}

asio::awaitable<void> read_tls(StatePtr state, std::shared_ptr<Connection> connection,
                               ByteSink& sink, Shard& home) {
    connection->deadline =
        Steady::now() + std::chrono::microseconds(state->limits.handshake_max.us);
    const auto [wait_fault] =
        co_await connection->socket.async_wait(tcp::socket::wait_read, kToken);
    if (wait_fault || connection->cut) {
        co_return;
    }
    const auto context = state->tls->contexts().get();
    asio::ssl::stream<tcp::socket&> stream(connection->socket, *context);
    const auto [shake_fault] =
        co_await stream.async_handshake(asio::ssl::stream_base::server, kToken);
    if (shake_fault) {
        base::counter("gac_listener_handshake_failures_total", {}, "TLS handshakes that failed")
            .add();
        co_return;
    }
    // Here the buffer must be the connection's own: the stream fills it while others run.
    std::string buffer(kTlsReadBytes, '\0');
    while (!connection->cut) {
        co_await wait_for_room(connection, sink, home);
        arm(*connection, state->limits);
        const auto room = asio::buffer(buffer);
        const auto [fault, n] = co_await stream.async_read_some(room, kToken);
        if (fault || n == 0) {
            break;
        }
        sink.receive(std::string_view(buffer.data(), n));
    }
    co_await wait_for_room(connection, sink, home);
}

asio::awaitable<void> serve(StatePtr state, std::size_t shard,
                            std::shared_ptr<Connection> connection) {
    Shard& home = *state->shards[shard];
    boost::system::error_code fault;
    const auto remote = connection->socket.remote_endpoint(fault);
    if (!fault && !home.stopping) {
        connection->socket.set_option(asio::socket_base::keep_alive(true), fault);
        home.connections.insert(connection.get());
        auto sink = state->maker.make(detail::from_asio(remote.address(), remote.port()));
        if (sink) {
            if (state->tls) {
                co_await read_tls(state, connection, *sink, home);
            } else {
                co_await read_plain(state, connection, *sink, home);
            }
            sink->end();
        }
        home.connections.erase(connection.get());
    }
    connection->close();
    connection = nullptr;
    state->connections.fetch_sub(1);
    state->open_gauge.add(-1);
    state->ended();
}

asio::awaitable<void> accept_all(StatePtr state) {
    base::Counter& refused = base::counter("gac_listener_refused_connections_total", {},
                                           "closed because too many were open");
    asio::steady_timer pause(state->acceptor.get_executor());
    while (!state->stopping) {
        const std::size_t shard = state->loops.next();
        auto [fault, socket] =
            co_await state->acceptor.async_accept(state->shards[shard]->context, kToken);
        if (state->stopping) {
            break;
        }
        if (fault) {
            if (detail::is_shortage(fault)) {
                base::log_warn("net", "cannot accept log connections: {}", fault.message());
                pause.expires_after(std::chrono::milliseconds(200));
                co_await pause.async_wait(kToken);
            }
            continue;
        }
        if (state->connections.load() >= state->limits.connections_max) {
            refused.add();
            continue;
        }
        state->connections.fetch_add(1);
        state->open_gauge.add(1);
        state->begun();
        auto connection = std::make_shared<Connection>(std::move(socket));
        auto job = serve(state, shard, std::move(connection));
        asio::co_spawn(state->shards[shard]->context, std::move(job), asio::detached);
    }
    state->ended();
}

asio::awaitable<void> sweep_all(StatePtr state, std::size_t shard) {
    Shard& home = *state->shards[shard];
    while (!home.stopping || !home.connections.empty()) {
        home.sweep_timer.expires_after(std::chrono::milliseconds(500));
        co_await home.sweep_timer.async_wait(kToken);
        const auto now = Steady::now();
        for (Connection* connection : home.connections) {
            if (now >= connection->deadline) {
                connection->close();
            }
        }
    }
    state->ended();
}

class TcpListener final : public Listener {
public:
    explicit TcpListener(StatePtr state) : state_(std::move(state)) {
        boost::system::error_code fault;
        const auto local = state_->acceptor.local_endpoint(fault);
        endpoint_ = detail::from_asio(local.address(), local.port());
        state_->begun();
        auto accept = accept_all(state_);
        asio::co_spawn(state_->acceptor.get_executor(), std::move(accept), asio::detached);
        for (std::size_t i = 0; i < state_->shards.size(); ++i) {
            state_->begun();
            auto sweep = sweep_all(state_, i);
            asio::co_spawn(state_->shards[i]->context, std::move(sweep), asio::detached);
        }
    }
    ~TcpListener() override { stop_now(); }

    Endpoint endpoint() const override { return endpoint_; }
    std::size_t connections() const override { return state_->connections.load(); }
    void stop() override { stop_now(); }

private:
    void stop_now() {
        if (state_->stopping.exchange(true)) {
            return;
        }
        asio::post(state_->acceptor.get_executor(), [state = state_] {
            boost::system::error_code fault;
            state->acceptor.close(fault);
        });
        for (const auto& shard : state_->shards) {
            asio::post(shard->context, [state = state_, home = shard.get()] {
                home->stopping = true;
                home->sweep_timer.cancel();
                for (Connection* connection : home->connections) {
                    finish(*state, *connection);
                }
            });
        }
        std::unique_lock lock(state_->mutex);
        if (!state_->all_ended.wait_for(lock, std::chrono::seconds(10),
                                        [&] { return state_->running == 0; })) {
            base::log_error("net", "log connections did not end in time");
        }
    }

    // What the kernel already has is read to its end, unless the sink is full; then no more comes.
    static void finish(const TcpState& state, Connection& connection) {
        boost::system::error_code fault;
        if (state.tls) {
            connection.close();
            return;
        }
        connection.deadline = Steady::now() + std::chrono::seconds(2);
        connection.socket.shutdown(tcp::socket::shutdown_receive, fault);
        if (fault) {
            connection.close();
        }
    }

    StatePtr state_;
    Endpoint endpoint_;
};

Result<std::unique_ptr<Listener>> listen(Runtime& runtime, const Endpoint& where,
                                         ByteSinkMaker& maker, const ListenLimits& limits,
                                         std::shared_ptr<Tls> tls) {
    GAC_TRY(acceptor, detail::open_acceptor(runtime.loops().at(0).context, where));
    auto state =
        std::make_shared<TcpState>(runtime, std::move(acceptor), maker, limits, std::move(tls));
    return std::make_unique<TcpListener>(std::move(state));
}

}  // namespace

Result<std::unique_ptr<Listener>> listen_tcp(Runtime& runtime, const Endpoint& where,
                                             ByteSinkMaker& maker, const ListenLimits& limits) {
    return listen(runtime, where, maker, limits, nullptr);
}

Result<std::unique_ptr<Listener>> listen_tls(Runtime& runtime, const Endpoint& where,
                                             ByteSinkMaker& maker, const ListenLimits& limits,
                                             std::shared_ptr<Tls> tls) {
    return listen(runtime, where, maker, limits, std::move(tls));
}

}  // namespace gac::net
