#include <array>
#include <cstdint>

#include "ingest/core/scan.h"
#include "ingest/syslog/programs.h"

namespace gac::ingest {

namespace field = event::field;

namespace {

constexpr std::string_view kPreauth = " [preauth]";

std::string_view without_preauth(std::string_view text) {
    if (text.ends_with(kPreauth)) {
        text.remove_suffix(kPreauth.size());
    }
    return text;
}

struct Peer {
    std::string_view before;  // what stands in front of it
    std::string_view host;
    std::string_view port;
    std::string_view after;
};

// "<before><link>HOST[ port PORT][ after]", the last one of the line: a user name may hold the
// words too.
std::optional<Peer> find_peer(std::string_view text, std::string_view link) {
    const std::size_t at = find_last(text, link);
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    Peer peer{.before = text.substr(0, at), .host = {}, .port = {}, .after = {}};
    Scan scan(text.substr(at + link.size()));
    peer.host = scan.word();
    if (scan.eat("port ")) {
        peer.port = scan.word();
    }
    while (!peer.host.empty() && (peer.host.back() == ':' || peer.host.back() == ',')) {
        peer.host.remove_suffix(1);
    }
    if (!peer.port.empty() && !is_digit(peer.port.back())) {
        std::size_t digits = 0;
        while (digits < peer.port.size() && is_digit(peer.port[digits])) {
            ++digits;
        }
        peer.port = peer.port.substr(0, digits);
    }
    peer.after = scan.rest();
    return peer.host.empty() ? std::nullopt : std::optional(peer);
}

void write_peer(const Peer& peer, Writer& writer) {
    writer.peer(peer.host);
    if (!peer.port.empty()) {
        writer.digits(field::SourcePort, peer.port);
    }
}

void write_kind(Writer& writer, std::string_view action, std::string_view outcome) {
    writer.text(field::EventCategory, "authentication");
    writer.text(field::EventAction, action);
    if (!outcome.empty()) {
        writer.text(field::EventOutcome, outcome);
    }
}

void write_user(Writer& writer, std::string_view user) {
    if (!user.empty()) {
        writer.text(field::UserName, user);
    }
}

// "root", "invalid user admin", "illegal user admin": eats the words in front.
std::string_view user_of(std::string_view text) {
    Scan scan(text);
    if (!scan.eat("invalid user ")) {
        scan.eat("illegal user ");
    }
    return scan.rest();
}

// "Failed password for invalid user admin from 203.0.113.9 port 4711 ssh2"
// "Accepted publickey for root from 203.0.113.9 port 4711 ssh2: ED25519 SHA256:..."
bool read_login(std::string_view message, Writer& writer) {
    Scan scan(message);
    std::string_view outcome;
    if (scan.eat("Failed ")) {
        outcome = "failure";
    } else if (scan.eat("Accepted ")) {
        outcome = "success";
    } else {
        return false;
    }
    const auto method = scan.until(" for ");
    if (!method || method->contains(' ')) {
        return false;
    }
    const auto peer = find_peer(scan.rest(), " from ");
    if (!peer) {
        return false;
    }
    write_kind(writer, "ssh_login", outcome);
    writer.text(field::AuthMethod, *method);
    write_user(writer, user_of(peer->before));
    write_peer(*peer, writer);
    return true;
}

bool read_invalid_user(std::string_view message, Writer& writer) {
    Scan scan(message);
    if (scan.eat("input_userauth_request: invalid user ")) {
        write_kind(writer, "ssh_invalid_user", "failure");
        write_user(writer, without_preauth(scan.rest()));
        return true;
    }
    if (!scan.eat("Invalid user ") && !scan.eat("Illegal user ")) {
        return false;
    }
    // "Invalid user  from 203.0.113.9": the name may be empty.
    const auto peer = find_peer(scan.rest(), "from ");
    if (!peer) {
        return false;
    }
    write_kind(writer, "ssh_invalid_user", "failure");
    write_user(writer, trim_blanks(peer->before));
    write_peer(*peer, writer);
    return true;
}

// "Disconnected from [invalid|authenticating] user X 203.0.113.9 port 1 [preauth]",
// "Connection closed|reset by [invalid|authenticating user X] 203.0.113.9 port 1",
// "Received disconnect from 203.0.113.9 port 1:11: Bye Bye", "Disconnecting: Too many ..."
bool read_disconnect(std::string_view message, Writer& writer) {
    Scan scan(without_preauth(message));
    const bool from_text = scan.eat("Received disconnect from ");
    if (!from_text && !scan.eat("Disconnected from ") && !scan.eat("Connection closed by ")
        && !scan.eat("Connection reset by ") && !scan.eat("Disconnecting ")) {
        if (scan.eat("Disconnecting: ")) {
            write_kind(writer, "ssh_disconnect", "");
            if (scan.eat("Too many authentication failures for ")) {
                writer.text(field::EventOutcome, "failure");
                write_user(writer, user_of(scan.rest()));
            }
            return true;
        }
        return false;
    }
    write_kind(writer, "ssh_disconnect", "");
    if (from_text) {
        Peer peer{.before = {}, .host = scan.word(), .port = {}, .after = {}};
        if (scan.eat("port ")) {
            peer.port = scan.rest().substr(0, scan.rest().find(':'));
        }
        // "203.0.113.9: 11: Bye Bye"
        while (peer.host.ends_with(':')) {
            peer.host.remove_suffix(1);
        }
        write_peer(peer, writer);
        return true;
    }
    const bool named =
        scan.eat("invalid user ") || scan.eat("authenticating user ") || scan.eat("user ");
    const std::size_t port = scan.rest().rfind(" port ");
    std::string_view before = scan.rest().substr(0, port);
    const std::size_t blank = named ? before.rfind(' ') : std::string_view::npos;
    if (named && blank != std::string_view::npos) {
        write_user(writer, before.substr(0, blank));
        before.remove_prefix(blank + 1);
    } else if (named) {
        return true;
    }
    Peer peer{.before = {}, .host = before, .port = {}, .after = {}};
    if (port != std::string_view::npos) {
        Scan digits(scan.rest().substr(port + 6));
        const std::string_view text = digits.word();
        peer.port = text.substr(0, text.find_first_not_of("0123456789"));
    }
    if (!peer.host.contains(' ')) {
        write_peer(peer, writer);
    }
    return true;
}

// Messages that name the peer behind "from" and need no more than an action.
struct Simple {
    std::string_view begins;
    std::string_view action;
    std::string_view outcome;
};
constexpr std::array kSimple = std::to_array<Simple>({
    {"Did not receive identification string from ", "ssh_no_identification", "failure"},
    {"Bad protocol version identification ", "ssh_bad_protocol", "failure"},
    {"banner exchange: Connection from ", "ssh_bad_protocol", "failure"},
    {"Connection from ", "ssh_connection", ""},
    {"Postponed ", "ssh_postponed", ""},
    {"Starting session: ", "ssh_session", "success"},
});

bool read_warning(std::string_view message, Writer& writer) {
    Scan scan(message);
    scan.eat("error: ");
    if (scan.eat("maximum authentication attempts exceeded for ")
        || scan.eat("Maximum authentication attempts exceeded for ")) {
        write_kind(writer, "ssh_max_attempts", "failure");
        if (const auto peer = find_peer(scan.rest(), " from ")) {
            write_user(writer, user_of(peer->before));
            write_peer(*peer, writer);
        }
        return true;
    }
    if (scan.eat("reverse mapping checking getaddrinfo for ")) {
        // "host.example [203.0.113.9] failed - POSSIBLE BREAK-IN ATTEMPT!"
        write_kind(writer, "ssh_reverse_mapping", "failure");
        writer.text(field::SourceDomain, scan.word());
        if (scan.eat('[')) {
            if (const auto ip = scan.until(']')) {
                writer.peer(*ip);
            }
        } else {
            writer.peer(scan.word());
        }
        return true;
    }
    if (scan.eat("Address ")) {
        // "203.0.113.9 maps to host.example, but this does not map back to the address"
        const std::string_view ip = scan.word();
        if (!scan.eat("maps to ")) {
            return false;
        }
        write_kind(writer, "ssh_reverse_mapping", "failure");
        writer.peer(ip);
        if (const auto name = scan.until(',')) {
            writer.text(field::SourceDomain, *name);
        }
        return true;
    }
    if (scan.eat("Unable to negotiate with ")) {
        write_kind(writer, "ssh_negotiation", "failure");
        Peer peer{.before = {}, .host = scan.word(), .port = {}, .after = {}};
        while (peer.host.ends_with(':')) {
            peer.host.remove_suffix(1);
        }
        if (scan.eat("port ")) {
            peer.port = scan.rest().substr(0, scan.rest().find(':'));
        }
        write_peer(peer, writer);
        return true;
    }
    if (scan.eat("User ") && message.contains(" not allowed because ")) {
        // "User root from 203.0.113.9 not allowed because not listed in AllowUsers"
        write_kind(writer, "ssh_user_denied", "failure");
        const std::size_t end = scan.rest().rfind(" not allowed because ");
        const std::string_view who = scan.rest().substr(0, end);
        if (const auto peer = find_peer(who, " from ")) {
            write_user(writer, peer->before);
            write_peer(*peer, writer);
        } else {
            write_user(writer, who);
        }
        return true;
    }
    return false;
}

bool read_simple(std::string_view message, Writer& writer) {
    for (const Simple& simple : kSimple) {
        if (!message.starts_with(simple.begins)) {
            continue;
        }
        const auto peer = find_peer(message, "from ");
        if (!peer) {
            return false;
        }
        write_kind(writer, simple.action, simple.outcome);
        write_peer(*peer, writer);
        if (const std::size_t user = peer->before.find(" for user ");
            user != std::string_view::npos) {
            write_user(writer, trim_blanks(peer->before.substr(user + 10)));
        }
        return true;
    }
    return false;
}

// Which readers may know a message, by its first letter.
enum Reader : std::uint8_t {
    kLogin = 1,
    kInvalidUser = 2,
    kDisconnect = 4,
    kWarning = 8,
    kSimpleText = 16,
    kPam = 32,
};
constexpr std::array kReaders = [] {
    std::array<std::uint8_t, 256> out{};
    const auto add = [&](std::string_view letters, Reader reader) {
        for (const char c : letters) {
            out[static_cast<unsigned char>(c)] |= reader;
        }
    };
    add("FA", kLogin);
    add("iI", kInvalidUser);
    add("RDC", kDisconnect);
    add("emMrAU", kWarning);
    for (const Simple& simple : kSimple) {
        add(simple.begins.substr(0, 1), kSimpleText);
    }
    add(kPamLetters, kPam);
    return out;
}();

}  // namespace

bool read_sshd(std::string_view message, Writer& writer) {
    if (message.empty()) {
        return false;
    }
    // "message repeated 5 times: [ Failed password for root from ...]"
    Scan scan(message);
    if (scan.eat("message repeated ")) {
        const auto times = scan.number(9);
        if (times && scan.eat(" times: [ ") && scan.rest().ends_with(']')) {
            static const event::FieldId kCount = event::intern("event.count");
            writer.integer(kCount, *times);
            std::string_view inner = scan.rest();
            inner.remove_suffix(1);
            return read_sshd(inner, writer);
        }
        return false;
    }
    const unsigned readers = kReaders[static_cast<unsigned char>(message[0])];
    return ((readers & kLogin) != 0 && read_login(message, writer))
           || ((readers & kInvalidUser) != 0 && read_invalid_user(message, writer))
           || ((readers & kDisconnect) != 0 && read_disconnect(message, writer))
           || ((readers & kWarning) != 0 && read_warning(message, writer))
           || ((readers & kSimpleText) != 0 && read_simple(message, writer))
           || ((readers & kPam) != 0 && read_pam(message, writer));
}

}  // namespace gac::ingest
