#include "net/http_server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

#include "base/log.h"
#include "base/metrics.h"
#include "net/detail/http_session.h"
#include "net/detail/http_state.h"

namespace gac::net {

namespace {

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);

base::Gauge& connections_gauge() {
    static base::Gauge& gauge = base::gauge("gac_http_connections", {}, "open HTTP connections");
    return gauge;
}

}  // namespace

asio::awaitable<void> serve(std::shared_ptr<HttpServer::State> state, std::size_t shard,
                            std::shared_ptr<detail::HttpSession> session) {
    HttpServer::State::Shard& home = *state->shards[shard];
    if (home.stopping) {
        session->cut();
    }
    home.sessions.insert(session.get());
    co_await session->run();
    home.sessions.erase(session.get());
    session->cut();
    session = nullptr;
    state->connections.fetch_sub(1);
    connections_gauge().add(-1);
    state->ended();
}

asio::awaitable<void> accept_all(std::shared_ptr<HttpServer::State> state) {
    base::Counter& refused = base::counter("gac_http_refused_connections_total", {},
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
                base::log_warn("net", "cannot accept connections: {}", fault.message());
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
        connections_gauge().add(1);
        state->begun();
        auto session = std::make_shared<detail::HttpSession>(state, shard, std::move(socket));
        auto job = serve(state, shard, std::move(session));
        asio::co_spawn(state->shards[shard]->context, std::move(job), asio::detached);
    }
    state->ended();
}

// Timeouts of all connections of a shard, by one timer.
asio::awaitable<void> sweep_all(std::shared_ptr<HttpServer::State> state, std::size_t shard) {
    HttpServer::State::Shard& home = *state->shards[shard];
    while (!home.stopping || !home.sessions.empty()) {
        home.sweep_timer.expires_after(std::chrono::milliseconds(250));
        co_await home.sweep_timer.async_wait(kToken);
        const auto now = detail::Steady::now();
        for (detail::HttpSession* session : home.sessions) {
            session->sweep(now);
        }
    }
    state->ended();
}

HttpServer::State::State(Runtime& runtime, asio::ip::tcp::acceptor open, std::shared_ptr<Tls> keys,
                         Handler& answers, const std::vector<Lane>& kinds, const HttpLimits& most)
    : loops(runtime.loops()),
      acceptor(std::move(open)),
      tls(std::move(keys)),
      handler(answers),
      limits(most),
      lanes(kinds) {
    boost::system::error_code fault;
    const auto local = acceptor.local_endpoint(fault);
    endpoint = detail::from_asio(local.address(), local.port());
    for (std::size_t i = 0; i < loops.size(); ++i) {
        shards.push_back(std::make_unique<Shard>(loops.at(i).context));
    }
}

void HttpServer::State::start() {
    begun();
    auto accept = accept_all(shared_from_this());
    asio::co_spawn(acceptor.get_executor(), std::move(accept), asio::detached);
    for (std::size_t i = 0; i < shards.size(); ++i) {
        begun();
        auto sweep = sweep_all(shared_from_this(), i);
        asio::co_spawn(shards[i]->context, std::move(sweep), asio::detached);
    }
}

void HttpServer::State::begun() {
    const std::lock_guard lock(mutex_);
    ++running_;
}

void HttpServer::State::ended() {
    const std::lock_guard lock(mutex_);
    --running_;
    all_ended_.notify_all();
}

bool HttpServer::State::wait_ended(base::Duration patience) {
    std::unique_lock lock(mutex_);
    return all_ended_.wait_for(lock, std::chrono::microseconds(patience.us),
                               [&] { return running_ == 0; });
}

void HttpServer::State::stop(base::Duration patience) {
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(stopped_, true)) {
            return;
        }
    }
    stopping = true;
    const auto self = shared_from_this();
    asio::post(acceptor.get_executor(), [self] {
        boost::system::error_code fault;
        self->acceptor.close(fault);
    });
    const auto on_each_shard = [&](auto&& act) {
        for (const auto& shard : shards) {
            asio::post(shard->context, [self, act, home = shard.get()] { act(*home); });
        }
    };
    on_each_shard([](Shard& home) {
        home.stopping = true;
        home.sweep_timer.cancel();
        for (detail::HttpSession* session : home.sessions) {
            session->drain();
        }
    });
    if (!wait_ended(patience)) {
        on_each_shard([](Shard& home) {
            for (detail::HttpSession* session : home.sessions) {
                session->cut();
            }
        });
        if (!wait_ended(base::Duration::seconds(10))) {
            base::log_error("net", "connections did not end in time");
        }
    }
    lanes.stop();
}

HttpServer::HttpServer(std::shared_ptr<State> state) : state_(std::move(state)) {}
HttpServer::~HttpServer() { stop({}); }

Result<std::unique_ptr<HttpServer>> HttpServer::start(Runtime& runtime, const Endpoint& where,
                                                      std::shared_ptr<Tls> tls, Handler& handler,
                                                      std::vector<Lane> lanes,
                                                      const HttpLimits& limits) {
    GAC_TRY(acceptor, detail::open_acceptor(runtime.loops().at(0).context, where));
    auto state = std::make_shared<State>(runtime, std::move(acceptor), std::move(tls), handler,
                                         lanes, limits);
    state->start();
    return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

Endpoint HttpServer::endpoint() const { return state_->endpoint; }
std::size_t HttpServer::connections() const { return state_->connections.load(); }
void HttpServer::stop(base::Duration patience) { state_->stop(patience); }

}  // namespace gac::net
