#include "net/http.h"

#include <chrono>
#include <condition_variable>
#include <mutex>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/text.h"

namespace gac::net {

void Headers::set(std::string_view name, std::string value) {
    for (auto& [key, old] : all_) {
        if (base::equal_ignoring_ascii_case(key, name)) {
            old = std::move(value);
            return;
        }
    }
    all_.emplace_back(name, std::move(value));
}

std::string_view Headers::operator[](std::string_view name) const {
    for (const auto& [key, value] : all_) {
        if (base::equal_ignoring_ascii_case(key, name)) {
            return value;
        }
    }
    return {};
}

bool Headers::has(std::string_view name) const {
    for (const auto& [key, value] : all_) {
        if (base::equal_ignoring_ascii_case(key, name)) {
            return true;
        }
    }
    return false;
}

struct Stream::State {
    mutable std::mutex mutex;
    std::string waiting;
    std::function<void()> wake;
    std::condition_variable room;
    bool closed = false;
    bool aborted = false;
};

std::shared_ptr<Stream::State> Stream::make_state() { return std::make_shared<State>(); }

bool Stream::send(std::string_view text) {
    std::function<void()> wake;
    bool sent = false;
    {
        const std::lock_guard lock(state_->mutex);
        if (state_->closed) {
            return false;
        }
        if (state_->waiting.size() + text.size() > bytes_max_) {
            // The client does not keep up. It comes back and asks from where it was.
            state_->closed = true;
            state_->waiting.clear();
        } else {
            state_->waiting += text;
            sent = true;
        }
        wake = state_->wake;
    }
    if (wake) {
        wake();
    }
    return sent;
}

bool Stream::send_in_time(std::string_view text, base::Duration patience) {
    {
        std::unique_lock lock(state_->mutex);
        const bool room = state_->room.wait_for(lock, std::chrono::microseconds(patience.us), [&] {
            return state_->closed || state_->waiting.empty()
                   || state_->waiting.size() + text.size() <= bytes_max_;
        });
        if (!room) {
            state_->closed = state_->aborted = true;
            state_->waiting.clear();
        }
    }
    return send(text);
}

void Stream::close() {
    std::function<void()> wake;
    {
        const std::lock_guard lock(state_->mutex);
        state_->closed = true;
        wake = state_->wake;
    }
    if (wake) {
        wake();
    }
}

void Stream::abort() {
    {
        const std::lock_guard lock(state_->mutex);
        state_->aborted = true;
        state_->waiting.clear();
    }
    close();
}

bool Stream::aborted() const {
    const std::lock_guard lock(state_->mutex);
    return state_->aborted;
}

bool Stream::closed() const {
    const std::lock_guard lock(state_->mutex);
    return state_->closed;
}

std::string Stream::take() {
    const std::lock_guard lock(state_->mutex);
    state_->room.notify_all();
    return std::exchange(state_->waiting, {});
}

void Stream::on_wake(std::function<void()> wake) {
    const std::lock_guard lock(state_->mutex);
    state_->wake = std::move(wake);
}

void Stream::cut() {
    const std::lock_guard lock(state_->mutex);
    state_->closed = true;
    state_->waiting.clear();
    state_->wake = nullptr;
    state_->room.notify_all();
}

Responder::~Responder() {
    if (send_) {
        Response response;
        response.status = 500;
        response.headers.add("Content-Type", "application/json");
        response.body =
            R"({"error":{"code":"internal","message":"the request was dropped without an answer"}})";
        send_(std::move(response));
    }
}

void Responder::operator()(Response response) {
    GAC_ASSERT(send_);
    std::exchange(send_, nullptr)(std::move(response));
}

namespace {

int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char lower = base::ascii_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return std::nullopt;
            }
            c = static_cast<char>(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus_is_blank) {
            c = ' ';
        }
        if (c == '\0') {
            return std::nullopt;
        }
        out += c;
    }
    if (!base::is_utf8(out)) {
        return std::nullopt;
    }
    return out;
}

Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query,
                                                                     std::size_t parameters_max) {
    std::vector<std::pair<std::string, std::string>> out;
    std::size_t number = 0;
    while (!query.empty()) {
        const std::string_view part = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(part.size() + 1, query.size()));
        if (part.empty()) {
            continue;
        }
        ++number;
        if (number > parameters_max) {
            return fail(Code::LimitExceeded,
                        fmt::format("more than {} query parameters", parameters_max), "query");
        }
        const auto equals = part.find('=');
        auto name = percent_decode(part.substr(0, equals), true);
        auto value = equals == std::string_view::npos
                         ? std::optional<std::string>("")
                         : percent_decode(part.substr(equals + 1), true);
        if (!name || !value) {
            return fail(Code::InvalidArgument, "not percent-encoded UTF-8 text",
                        fmt::format("query parameter {}", number));
        }
        out.emplace_back(*std::move(name), *std::move(value));
    }
    return out;
}

std::string_view cookie(std::string_view header, std::string_view name) {
    while (!header.empty()) {
        const std::string_view part = header.substr(0, header.find(';'));
        header.remove_prefix(std::min(part.size() + 1, header.size()));
        const std::string_view pair = base::trim(part);
        const auto equals = pair.find('=');
        if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
            return pair.substr(equals + 1);
        }
    }
    return {};
}

std::string_view reason_phrase(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 204:
            return "No Content";
        case 304:
            return "Not Modified";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 411:
            return "Length Required";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 428:
            return "Precondition Required";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 503:
            return "Service Unavailable";
        case 505:
            return "HTTP Version Not Supported";
        case 507:
            return "Insufficient Storage";
        default:
            return "Status";
    }
}

}  // namespace gac::net
