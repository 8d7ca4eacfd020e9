// HTTP as the rest of the product sees it: requests, responses and streams as plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/runtime.h"

namespace gac::net {

// Names compare without case. Repeated names keep their order.
class Headers {
public:
    void add(std::string name, std::string value) {
        all_.emplace_back(std::move(name), std::move(value));
    }
    void set(std::string_view name, std::string value);
    // Empty when absent; the first where several stand. The view lives as long as this object is
    // unchanged.
    std::string_view operator[](std::string_view name) const;
    bool has(std::string_view name) const;
    const std::vector<std::pair<std::string, std::string>>& all() const { return all_; }

private:
    std::vector<std::pair<std::string, std::string>> all_;
};

struct Request {
    std::string method;  // "GET"
    std::string target;  // as sent: "/a%20b?x=1"
    std::string path;    // before the question mark, still encoded
    std::string query;   // after it, still encoded
    Headers headers;
    std::string body;
    Endpoint peer;
    std::string id;        // of this request, in the log and in X-Request-Id
    std::stop_token gone;  // the client went away: nobody will read the answer
};

// Text that goes to one client as it comes, from any thread. Bounded: a client that does not read
// is cut off.
class Stream {
public:
    // `heartbeat` is sent while nothing else is; empty: nothing.
    explicit Stream(std::size_t bytes_max = 1U << 20U, std::string heartbeat = ": still here\n\n")
        : bytes_max_(bytes_max), heartbeat_(std::move(heartbeat)) {}
    virtual ~Stream() = default;

    bool send(std::string_view text);  // false when closed; over the bound it closes
    // Waits until there is room; false when closed, or when the client takes nothing for so
    // long, which closes it.
    bool send_in_time(std::string_view text, base::Duration patience);
    void close();  // after what was sent
    void abort();  // at once: the client sees that the end is missing
    bool closed() const;
    bool aborted() const;
    const std::string& heartbeat() const { return heartbeat_; }

    // For the server alone: takes all that waits; `wake` is called (any thread) when more has come
    // or it closed.
    std::string take();
    void on_wake(std::function<void()> wake);
    void cut();  // the client is gone

private:
    struct State;
    std::size_t bytes_max_;
    std::string heartbeat_;
    std::shared_ptr<State> state_ = make_state();
    static std::shared_ptr<State> make_state();
};

struct Response {
    int status = 200;
    Headers headers;
    std::string body;
    std::shared_ptr<const std::string>
        shared_body;                 // instead of body: bytes that many answers share
    std::shared_ptr<Stream> stream;  // instead of both: text/event-stream
    bool close = false;              // end the connection after it
};

// Sends the answer, from any thread, once. One that is dropped unused answers 500.
class Responder {
public:
    explicit Responder(std::move_only_function<void(Response)> send) : send_(std::move(send)) {}
    Responder(Responder&& other) noexcept : send_(std::exchange(other.send_, nullptr)) {}
    Responder& operator=(Responder&&) = delete;
    ~Responder();
    void operator()(Response response);

private:
    std::move_only_function<void(Response)> send_;
};

// What the server may do with a request of which only the head is known.
struct Admission {
    std::size_t body_bytes_max = 1U << 20U;
    std::size_t lane = 0;             // which worker threads run it
    std::string party;                // whose turn on the lane it takes; empty: its address's
    std::optional<Response> refusal;  // answered at once; the body is not read
    // A body that is announced as larger than this, or without its size, is read only after
    // vouch().
    std::size_t vouch_above_bytes = static_cast<std::size_t>(-1);
};

class Handler {
public:
    virtual ~Handler() = default;
    // On a network thread: must not block.
    virtual Admission admit(const Request& head) = 0;
    // On a thread of the lane, before a large body is read: a refusal, so that strangers cannot
    // fill memory. May block.
    virtual std::optional<Response> vouch(const Request& /*head*/) { return std::nullopt; }
    // On a thread of the lane; may block.
    virtual void handle(Request request, Responder respond) = 0;
};

// %XX decoded; nothing when a % is not followed by two hex digits, or the result is not UTF-8 or
// holds NUL. In queries '+' is a blank.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank);

// "a=1&b=2" in order, decoded. An error's place is the parameter's number.
Result<std::vector<std::pair<std::string, std::string>>> parse_query(
    std::string_view query, std::size_t parameters_max = 100);

// The value of one cookie in a Cookie header; empty when absent.
std::string_view cookie(std::string_view header, std::string_view name);

// gzip, x-gzip, deflate (zlib), zstd; "" and identity pass through. LimitExceeded when it unpacks
// to more than `bytes_max`.
Result<std::string> unpack(std::string_view encoding, std::string body, std::size_t bytes_max);

std::string_view reason_phrase(int status);

}  // namespace gac::net
