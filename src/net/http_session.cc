#include "net/detail/http_session.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <ctime>
#include <mutex>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/metrics.h"
#include "base/text.h"
#include "base/uuid.h"
#include "net/detail/tls_contexts.h"

namespace gac::net::detail {

namespace {

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kReadBytes = 32 * 1024;
constexpr std::size_t kUntakenMax = 64 * 1024;

// No statuses: what vouch() says when it lets a body in, and what is said to whoever lost his place
// in the queue.
constexpr int kAgreed = 0;
constexpr int kTurnedAway = -1;
constexpr base::Duration kNoRetry{};
constexpr base::Duration kRetrySoon = base::Duration::seconds(1);
constexpr Refusal kTooManyBytes{503, "too many large requests at once"};
constexpr Refusal kTooManyWait{503, "too many requests are waiting"};
constexpr Refusal kTooSlow{408, "the body comes too slowly"};
constexpr Refusal kTooLarge{413, "the body is too large"};
constexpr Refusal kBadChunk{400, "a chunk's head is too large"};

Steady::duration steady(base::Duration span) { return std::chrono::microseconds(span.us); }

std::string http_date() {
    std::tm civil{};
    const std::time_t now = std::time(nullptr);
    ::gmtime_r(&now, &civil);
    return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", civil);
}

// A line break in a value would let its author write headers of his own.
void append_header(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    out += ": ";
    for (const char c : value) {
        out += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
    }
    out += "\r\n";
}

base::Counter& cuts(std::string_view why) {
    return base::counter("gac_http_cut_total", fmt::format("why=\"{}\"", why),
                         "connections ended by the server before their request was done");
}

void count_answer(int status) {
    static std::array<base::Counter*, 6> counters = [] {
        std::array<base::Counter*, 6> all{};
        for (std::size_t i = 0; i < all.size(); ++i) {
            all[i] = &base::counter("gac_http_answers_total", fmt::format("status=\"{}xx\"", i),
                                    "answered requests");
        }
        return all;
    }();
    counters[static_cast<std::size_t>(std::min(std::max(status, 0) / 100, 5))]->add();
}

}  // namespace

// An answer on its way from a worker to the session's loop. It may come when the session is gone.
struct HttpSession::Reply {
    std::mutex mutex;
    std::weak_ptr<HttpSession> session;
    std::optional<Response> response;
    bool done = false;

    // A stream that nobody will read must not be fed any longer.
    ~Reply() {
        if (response && response->stream) {
            response->stream->cut();
        }
    }

    void give(Response given) {
        const std::lock_guard lock(mutex);
        const auto alive = session.lock();
        response = std::move(given);
        done = true;
        if (alive) {
            asio::post(alive->socket_.get_executor(), [alive] { alive->wake_.cancel(); });
        }
    }

    bool ready() {
        const std::lock_guard lock(mutex);
        return done;
    }
};

HttpSession::HttpSession(std::shared_ptr<HttpServer::State> server, std::size_t shard,
                         asio::ip::tcp::socket socket)
    : server_(std::move(server)),
      shard_(shard),
      socket_(std::move(socket)),
      wake_(socket_.get_executor()) {
    boost::system::error_code fault;
    const auto remote = socket_.remote_endpoint(fault);
    if (!fault) {
        peer_ = from_asio(remote.address(), remote.port());
    }
    socket_.set_option(asio::ip::tcp::no_delay(true), fault);
    socket_.set_option(asio::socket_base::keep_alive(true), fault);
}

HttpSession::~HttpSession() { release_body_bytes(); }

void HttpSession::set_deadline(base::Duration from_now) {
    deadline_ = Steady::now() + steady(from_now);
}

void HttpSession::sweep(Steady::time_point now) {
    if (now >= deadline_) {
        cuts("timeout").add();
        cut();
    }
}

void HttpSession::drain() {
    if (idle_ || streaming_) {
        cut();
    }
}

void HttpSession::cut() {
    cut_ = true;
    boost::system::error_code fault;
    socket_.close(fault);
    wake_.cancel();
}

bool HttpSession::hold_body_bytes(std::size_t bytes) {
    if (bytes <= held_bytes_) {
        return true;
    }
    const std::size_t more = bytes - held_bytes_;
    if (server_->body_bytes.fetch_add(more) + more > server_->limits.body_bytes_all_max) {
        server_->body_bytes.fetch_sub(more);
        return false;
    }
    held_bytes_ = bytes;
    return true;
}

void HttpSession::release_body_bytes() {
    server_->body_bytes.fetch_sub(held_bytes_);
    held_bytes_ = 0;
}

asio::awaitable<void> HttpSession::run() {
    const auto self = shared_from_this();
    const bool secure = co_await handshake();
    if (!secure) {
        co_return;
    }
    bool more = true;
    while (more && !cut_) {
        more = co_await serve_one();
        release_body_bytes();
    }
    if (!cut_) {
        co_await close_gently();
    }
}

asio::awaitable<bool> HttpSession::handshake() {
    set_deadline(server_->limits.header_max);
    const auto [wait_fault] = co_await socket_.async_wait(asio::ip::tcp::socket::wait_read, kToken);
    if (wait_fault || cut_) {
        co_return false;
    }
    set_deadline(server_->limits.handshake_max);
    context_ = server_->tls->contexts().get();
    tls_.emplace(socket_, *context_);
    const auto [fault] = co_await tls_->async_handshake(asio::ssl::stream_base::server, kToken);
    if (fault) {
        cuts("handshake").add();
    }
    co_return !fault && !cut_;
}

asio::awaitable<bool> HttpSession::read_more() {
    if (watching_) {  // that read takes the next byte
        while (watching_ && !cut_) {
            co_await wait_for_wake();
        }
        co_return !gone_ && !cut_;
    }
    const std::size_t before = input_.size();
    input_.resize(before + kReadBytes);
    const auto room = asio::buffer(input_.data() + before, kReadBytes);
    const auto [fault, n] = co_await tls_->async_read_some(room, kToken);
    input_.resize(before + (fault ? 0 : n));
    co_return !fault && !cut_;
}

asio::awaitable<bool> HttpSession::read_head(RequestReader& reader) {
    idle_ = true;
    if (input_.empty()) {
        // An idle connection holds no buffer.
        input_.shrink_to_fit();
        set_deadline(server_->limits.idle_max);
        if (server_->stopping) {
            co_return false;
        }
        watch_peer();
        while (watching_ && !cut_) {
            co_await wait_for_wake();
        }
        if (gone_ || cut_) {
            co_return false;
        }
    }
    idle_ = false;
    set_deadline(server_->limits.header_max);
    while (!reader.head_done()) {
        input_.erase(0, reader.feed(input_));
        if (reader.refusal() || reader.head_done()) {
            break;
        }
        const bool read = co_await read_more();
        if (!read) {
            co_return false;
        }
    }
    co_return true;
}

asio::awaitable<bool> HttpSession::read_body(RequestReader& reader, std::uint64_t bytes_max) {
    reader.limit_body(bytes_max);
    if (reader.wants_continue() && input_.empty() && !reader.done()) {
        std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
        std::string nothing;
        const bool written = co_await write(std::move(go_on), std::move(nothing), nullptr);
        if (!written) {
            co_return false;
        }
    }
    const auto begun = Steady::now();
    const auto& limits = server_->limits;
    while (!reader.done()) {
        input_.erase(0, reader.feed(input_));
        if (reader.refusal() || reader.done()) {
            break;
        }
        if (!hold_body_bytes(reader.body_size())) {
            co_return co_await refuse(kTooManyBytes, kRetrySoon);
        }
        const auto seconds =
            std::chrono::duration_cast<std::chrono::seconds>(Steady::now() - begun).count();
        if (seconds > 10
            && reader.body_size() / static_cast<std::size_t>(seconds)
                   < limits.body_bytes_per_s_min) {
            cuts("slow body").add();
            co_return co_await refuse(kTooSlow, kNoRetry);
        }
        if (input_.size() > kUntakenMax) {
            co_return co_await refuse(kBadChunk, kNoRetry);
        }
        set_deadline(limits.body_stall_max);
        const bool read = co_await read_more();
        if (!read) {
            co_return false;
        }
    }
    co_return true;
}

asio::awaitable<bool> HttpSession::serve_one() {
    RequestReader reader(server_->limits.header_bytes_max);
    head_only_ = false;
    id_.clear();
    const bool got_head = co_await read_head(reader);
    if (!got_head) {
        co_return false;
    }
    id_ = base::Uuid::make(base::SystemClock{}.now()).text();
    if (reader.refusal()) {
        co_return co_await refuse(*reader.refusal(), kNoRetry);
    }
    http_10_ = reader.is_http_10();
    Request head = reader.head();
    head.peer = peer_;
    head.id = id_;
    head_only_ = head.method == "HEAD";
    Admission admission = server_->handler.admit(head);
    if (admission.refusal) {
        admission.refusal->close = admission.refusal->close || reader.has_body();
        co_return co_await answer(std::move(*admission.refusal), reader.keep_alive());
    }
    if (reader.content_length().value_or(0) > admission.body_bytes_max) {
        co_return co_await refuse(kTooLarge, kNoRetry);
    }
    // What is only announced is not counted yet: announcing costs nothing.
    if (server_->body_bytes.load() + reader.content_length().value_or(0)
        > server_->limits.body_bytes_all_max) {
        co_return co_await refuse(kTooManyBytes, kRetrySoon);
    }
    const bool is_large = reader.content_length().value_or(static_cast<std::uint64_t>(-1))
                          > admission.vouch_above_bytes;
    if (!reader.done() && reader.has_body() && is_large) {
        auto vouch = [&handler = server_->handler, head](Responder responder) mutable {
            auto refused = handler.vouch(head);
            responder(refused ? *std::move(refused) : Response{.status = kAgreed});
        };
        auto said = co_await on_lane(admission.lane, admission.party, std::move(vouch));
        if (!said) {
            co_return false;
        }
        if (said->status != kAgreed) {
            said->close = true;
            co_return co_await answer(std::move(*said), false);
        }
    }
    if (!reader.done()) {
        const bool got_body = co_await read_body(reader, admission.body_bytes_max);
        if (!got_body) {
            co_return false;
        }
        if (reader.refusal()) {
            co_return co_await refuse(*reader.refusal(), kNoRetry);
        }
    }
    const bool keep_alive = reader.keep_alive();
    Request request = reader.take();
    request.peer = peer_;
    request.id = id_;
    away_ = {};
    request.gone = away_.get_token();

    auto work = [&handler = server_->handler,
                 request = std::move(request)](Responder responder) mutable {
        handler.handle(std::move(request), std::move(responder));
    };
    auto response = co_await on_lane(admission.lane, std::move(admission.party), std::move(work));
    if (!response) {
        co_return false;
    }
    co_return co_await answer(std::move(*response), keep_alive);
}

asio::awaitable<std::optional<Response>> HttpSession::on_lane(
    std::size_t lane, std::string party, std::move_only_function<void(Responder)> work) {
    if (party.empty()) {
        party = peer_.address.text();
    }
    const auto reply = std::make_shared<Reply>();
    reply->session = weak_from_this();
    Responder responder([reply](Response response) { reply->give(std::move(response)); });
    Lanes::Job job = [work = std::move(work),
                      responder = std::move(responder)](bool has_turn) mutable {
        has_turn ? work(std::move(responder)) : responder(Response{.status = kTurnedAway});
    };
    clear_deadline();
    const auto ticket = server_->lanes.submit(lane, party, job);
    if (!ticket) {
        {
            // The unused job answers 500 when it dies; nobody waits for that any more.
            const std::lock_guard lock(reply->mutex);
            reply->session.reset();
        }
        job = nullptr;
        co_return turned_away();
    }
    watch_peer();
    while (!reply->ready() && !cut_ && !gone_) {
        co_await wait_for_wake();
    }
    if (cut_ || gone_) {
        away_.request_stop();
        server_->lanes.withdraw(lane, party, *ticket);
        co_return std::nullopt;
    }
    if (reply->response->status == kTurnedAway) {
        co_return turned_away();
    }
    co_return std::move(reply->response);
}

// The connection stays: who comes again need not shake hands again.
Response HttpSession::turned_away() const {
    Response response = refusal_of(kTooManyWait, kRetrySoon);
    response.close = false;
    return response;
}

asio::awaitable<void> HttpSession::wait_for_wake() {
    wake_.expires_at(Steady::time_point::max());
    co_await wake_.async_wait(kToken);
}

asio::awaitable<bool> HttpSession::write(std::string head, std::string body,
                                         std::shared_ptr<const std::string> shared) {
    // In pieces, so that the deadline is one of progress and not of size.
    constexpr std::size_t kPiece = 256 * 1024;
    const std::string_view rest = shared ? std::string_view(*shared) : std::string_view(body);
    std::size_t sent = std::min(rest.size(), kPiece);
    set_deadline(server_->limits.write_stall_max);
    const std::array<asio::const_buffer, 2> first{asio::buffer(head),
                                                  asio::buffer(rest.data(), sent)};
    const auto [fault, n] = co_await asio::async_write(*tls_, first, kToken);
    if (fault || cut_) {
        co_return false;
    }
    while (sent < rest.size()) {
        const std::size_t piece = std::min(rest.size() - sent, kPiece);
        set_deadline(server_->limits.write_stall_max);
        const auto buffer = asio::buffer(rest.data() + sent, piece);
        const auto [piece_fault, m] = co_await asio::async_write(*tls_, buffer, kToken);
        if (piece_fault || cut_) {
            co_return false;
        }
        sent += piece;
    }
    co_return true;
}

asio::awaitable<bool> HttpSession::answer(Response response, bool keep_alive) {
    count_answer(response.status);
    const bool chunked = response.stream && !http_10_;
    const bool close =
        response.close || !keep_alive || server_->stopping || (response.stream && !chunked);
    const bool bodiless = response.status == 204 || response.status == 304;
    std::string head =
        fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason_phrase(response.status));
    for (const auto& [name, value] : response.headers.all()) {
        append_header(head, name, value);
    }
    append_header(head, "Date", http_date());
    if (!id_.empty()) {
        append_header(head, "X-Request-Id", id_);
    }
    if (chunked) {
        head += "Transfer-Encoding: chunked\r\n";
    } else if (!response.stream && !bodiless) {
        const std::size_t size =
            response.shared_body ? response.shared_body->size() : response.body.size();
        fmt::format_to(std::back_inserter(head), "Content-Length: {}\r\n", size);
    }
    head += close ? "Connection: close\r\n\r\n" : "Connection: keep-alive\r\n\r\n";
    if (head_only_ || bodiless || response.stream) {
        response.body.clear();
        response.shared_body = nullptr;
    }
    const bool written =
        co_await write(std::move(head), std::move(response.body), std::move(response.shared_body));
    if (!written) {
        if (response.stream) {
            response.stream->cut();
        }
        co_return false;
    }
    if (response.stream) {
        co_return co_await stream(std::move(response.stream), chunked);
    }
    if (close && response.close) {
        co_await discard_input();
    }
    co_return !close;
}

Response HttpSession::refusal_of(Refusal refusal, base::Duration retry_after) const {
    Response response;
    response.status = refusal.status;
    response.headers.add("Content-Type", "application/json");
    if (retry_after.us > 0) {
        response.headers.add("Retry-After",
                             fmt::format("{}", (retry_after.us + 999'999) / 1'000'000));
    }
    const char* code = refusal.status == 413   ? "limit_exceeded"
                       : refusal.status == 503 ? "unavailable"
                       : refusal.status == 408 ? "timeout"
                                               : "invalid_argument";
    response.body = fmt::format(R"({{"error":{{"code":"{}","message":"{}","request_id":"{}"}}}})",
                                code, refusal.message, id_);
    response.close = true;
    return response;
}

asio::awaitable<bool> HttpSession::refuse(Refusal refusal, base::Duration retry_after) {
    Response response = refusal_of(refusal, retry_after);
    co_return co_await answer(std::move(response), false);
}

// A byte that comes belongs to the next request; who closed does not wait for the answer.
void HttpSession::watch_peer() {
    if (std::exchange(watching_, true)) {
        return;
    }
    const auto self = shared_from_this();
    tls_->async_read_some(asio::buffer(&peek_, 1),
                          [self](const boost::system::error_code& fault, std::size_t n) {
                              self->watching_ = false;
                              if (fault || n == 0) {
                                  self->gone_ = true;
                              } else {
                                  self->input_ += self->peek_;
                              }
                              if (self->streaming_) {
                                  self->cut();  // it closed, or speaks where it should listen
                              }
                              self->wake_.cancel();
                          });
}

asio::awaitable<bool> HttpSession::stream(std::shared_ptr<Stream> stream, bool chunked) {
    streaming_ = true;
    base::gauge("gac_http_streams", {}, "open event streams").add(1);
    const std::weak_ptr<HttpSession> weak = weak_from_this();
    stream->on_wake([weak] {
        if (const auto self = weak.lock()) {
            asio::post(self->socket_.get_executor(), [self] { self->wake_.cancel(); });
        }
    });
    watch_peer();
    if (gone_) {
        cut();
    }
    auto beat = Steady::now() + steady(server_->limits.heartbeat);
    while (!cut_ && !server_->stopping) {
        std::string text = stream->take();
        const auto now = Steady::now();
        if (text.empty() && now >= beat) {
            text = stream->heartbeat();
            beat = now + steady(server_->limits.heartbeat);
        }
        if (!text.empty()) {
            std::string head = chunked ? fmt::format("{:x}\r\n", text.size()) : std::string();
            text += chunked ? "\r\n" : "";
            const bool written = co_await write(std::move(head), std::move(text), nullptr);
            if (!written) {
                break;
            }
            beat = Steady::now() + steady(server_->limits.heartbeat);
            continue;
        }
        if (stream->closed()) {
            if (chunked && !stream->aborted()) {
                std::string last = "0\r\n\r\n";
                std::string nothing;
                co_await write(std::move(last), std::move(nothing), nullptr);
            }
            break;
        }
        clear_deadline();
        wake_.expires_at(beat);
        co_await wake_.async_wait(kToken);
    }
    stream->cut();
    base::gauge("gac_http_streams").add(-1);
    cut();
    co_return false;
}

asio::awaitable<void> HttpSession::discard_input() {
    // Closing with unread input makes the kernel reset the connection, and the answer may be lost
    // with it.
    boost::system::error_code fault;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, fault);
    set_deadline(base::Duration::seconds(2));
    input_.resize(kReadBytes);
    for (int i = 0; i < 4096 && !cut_; ++i) {
        const auto room = asio::buffer(input_.data(), input_.size());
        const auto [read_fault, n] = co_await socket_.async_read_some(room, kToken);
        if (read_fault) {
            break;
        }
    }
    cut();
}

asio::awaitable<void> HttpSession::close_gently() {
    set_deadline(base::Duration::seconds(1));
    co_await tls_->async_shutdown(kToken);
    cut();
}

}  // namespace gac::net::detail
