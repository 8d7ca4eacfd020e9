#include "ingest/framing.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace gac::ingest {

namespace {

constexpr std::size_t kUntilLineFeed = std::numeric_limits<std::size_t>::max();
constexpr std::size_t kCountDigitsMax = 9;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_between_messages(char c) { return c == '\n' || c == '\r' || c == '\0'; }

std::size_t find_line_feed(std::string_view text, std::size_t from) {
    return from >= text.size() ? std::string_view::npos : text.find('\n', from);
}

// How a text goes on after a line feed, seen as the beginning of another syslog message.
enum class Start : std::uint8_t { No, Yes, Unknown /* too short to tell */ };

// [digits ' '] '<' digit
Start message_start(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size() && at <= kCountDigitsMax && is_digit(text[at])) {
        ++at;
    }
    if (at > 0) {
        if (at == text.size()) {
            return Start::Unknown;
        }
        if (at > kCountDigitsMax || text[at] != ' ') {
            return Start::No;
        }
        ++at;
    }
    if (at == text.size()) {
        return Start::Unknown;
    }
    if (text[at] != '<') {
        return Start::No;
    }
    if (at + 1 == text.size()) {
        return Start::Unknown;
    }
    return is_digit(text[at + 1]) ? Start::Yes : Start::No;
}

}  // namespace

namespace detail {

Framer::Step Framer::skip(std::string_view rest) {
    const std::string_view over = rest.substr(0, std::min(rest.size(), skip_bytes_));
    const std::size_t end = over.find('\n');
    if (end != std::string_view::npos) {
        counts_.skipped_bytes += end;
        skip_bytes_ = 0;
        return {.used = end + 1};
    }
    counts_.skipped_bytes += over.size();
    if (skip_bytes_ != kUntilLineFeed) {
        skip_bytes_ -= over.size();
    }
    return {.used = over.size()};
}

// `message` is what is left of the frame, `skip_bytes` what is still to come of it.
Framer::Step Framer::cut_over_long(std::string_view message, std::size_t skip_bytes) {
    ++counts_.truncated;
    skip_bytes_ = skip_bytes;
    return {.used = message.size(), .is_frame = true, .frame = {message, true}};
}

Framer::Step Framer::cut_line(std::string_view rest, bool at_end) {
    const std::size_t end = find_line_feed(rest, scanned_);
    const bool found = end != std::string_view::npos;
    const std::size_t length = found ? end : rest.size();
    const bool return_before = length > 0 && rest[length - 1] == '\r';
    // A carriage return that closes the bytes so far may belong to the line's end: not counted yet.
    const std::size_t content = length - (return_before ? 1 : 0);
    if (content > frame_bytes_max_) {
        return cut_over_long(rest.substr(0, frame_bytes_max_), kUntilLineFeed);
    }
    if (!found && !at_end) {
        scanned_ = rest.size();
        return {};
    }
    return {.used = found ? end + 1 : rest.size(),
            .is_frame = content > 0,
            .frame = {rest.substr(0, content), false}};
}

}  // namespace detail

detail::Framer::Step LineFramer::step(std::string_view rest, bool at_end) {
    return skip_bytes_ > 0 ? skip(rest) : cut_line(rest, at_end);
}

detail::Framer::Step SyslogFramer::step(std::string_view rest, bool at_end) {
    if (skip_bytes_ > 0) {
        return skip(rest);
    }
    if (is_between_messages(rest[0])) {
        std::size_t used = 0;
        while (used < rest.size() && is_between_messages(rest[used])) {
            ++used;
        }
        after_counted_ = false;
        return {.used = used};
    }
    if (is_digit(rest[0]) && rest[0] != '0') {
        switch (message_start(rest)) {
            case Start::Unknown:
                if (!at_end) {
                    return {};
                }
                break;
            case Start::Yes: {
                const std::size_t digits = rest.find(' ');
                return counted(rest, digits, at_end);
            }
            case Start::No:
                break;
        }
    }
    const Step line = cut_line(rest, at_end);
    if (line.used > 0) {
        // A message that goes on where a counted one should have ended: the count was too small.
        if (after_counted_ && rest[0] != '<') {
            ++counts_.bad_counts;
        }
        after_counted_ = false;
    }
    return line;
}

// "N <34>...": N bytes from the '<' on. A count that is too large would swallow the messages that
// follow, so a line feed with the beginning of another message behind it ends the frame early; one
// that is larger than any frame may be is not believed further than the next line feed.
detail::Framer::Step SyslogFramer::counted(std::string_view rest, std::size_t digits, bool at_end) {
    std::size_t count = 0;
    for (const char c : rest.substr(0, digits)) {
        count = count * 10 + static_cast<std::size_t>(c - '0');
    }
    const std::size_t header = digits + 1;
    const bool over_long = count > frame_bytes_max_;
    const std::size_t wanted = over_long ? frame_bytes_max_ : count;
    const std::string_view body = rest.substr(header, wanted);

    std::size_t from = scanned_ > header ? scanned_ - header : 0;
    for (;;) {
        const std::size_t end = find_line_feed(body, from);
        if (end == std::string_view::npos) {
            from = body.size();
            break;
        }
        const Start start = over_long ? Start::Yes : message_start(body.substr(end + 1));
        if (start == Start::Unknown && body.size() < wanted) {
            from = end;  // look again when more is there
            break;
        }
        if (start == Start::Yes) {
            ++counts_.bad_counts;
            const std::size_t content = end > 0 && body[end - 1] == '\r' ? end - 1 : end;
            after_counted_ = false;
            return {.used = header + end + 1,
                    .is_frame = content > 0,
                    .frame = {body.substr(0, content), false}};
        }
        from = end + 1;
    }
    if (body.size() < wanted && !at_end) {
        scanned_ = header + from;
        return {};
    }
    after_counted_ = true;
    if (over_long && body.size() == wanted) {
        Step cut = cut_over_long(body, count - wanted);
        cut.used += header;
        return cut;
    }
    if (body.size() < count) {
        ++counts_.bad_counts;  // the connection ended before the message did
    }
    const std::string_view message = trim_datagram(body);
    return {.used = header + body.size(), .is_frame = !message.empty(), .frame = {message, false}};
}

std::string_view trim_datagram(std::string_view datagram) {
    while (!datagram.empty() && is_between_messages(datagram.back())) {
        datagram.remove_suffix(1);
    }
    return datagram;
}

}  // namespace gac::ingest
