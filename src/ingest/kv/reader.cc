#include "ingest/kv/reader.h"

#include <string>

#include "base/ip.h"
#include "ingest/core/scan.h"
#include "ingest/core/times.h"

namespace gac::ingest {

namespace field = event::field;

namespace {

constexpr std::size_t kKeyMax = 128;

bool is_key_char(char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.'; }

// Length of a key at the front ("srcip" of "srcip=..."), 0 when there is none.
std::size_t key_length(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size() && at <= kKeyMax && is_key_char(text[at])) {
        ++at;
    }
    const bool good = at > 0 && at <= kKeyMax && at < text.size() && text[at] == '='
                      && (is_letter(text[0]) || text[0] == '_');
    return good ? at : 0;
}

// A value in quotes: up to the closing quote; a backslash keeps the quote behind it.
std::size_t quoted_length(std::string_view body) {
    std::size_t end = 0;
    while (end < body.size() && body[end] != '"') {
        end += body[end] == '\\' && end + 1 < body.size() ? 2u : 1u;
    }
    return end < body.size() ? end : std::string_view::npos;
}

std::string_view without_escapes(std::string_view body, Writer& writer) {
    if (!body.contains("\\\"")) {
        return body;
    }
    char* to = static_cast<char*>(writer.batch().arena().allocate(body.size(), 1));
    std::size_t size = 0;
    for (std::size_t i = 0; i < body.size(); ++i) {
        if (body[i] == '\\' && i + 1 < body.size() && body[i + 1] == '"') {
            ++i;
        }
        to[size++] = body[i];
    }
    return {to, size};
}

// Digits that a number keeps as they are: no leading zero, no overflow.
std::optional<std::int64_t> plain_integer(std::string_view text) {
    const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
    if (digits.empty() || digits.size() > 19 || (digits.size() > 1 && digits[0] == '0')
        || !is_digit(digits[0])) {
        return std::nullopt;
    }
    return parse_integer(text);
}

struct TimeFields {
    event::FieldId date = event::intern("date");
    event::FieldId time = event::intern("time");
    event::FieldId zone = event::intern("tz");
};

const TimeFields& time_fields() {
    static const TimeFields kFields;
    return kFields;
}

std::string_view string_of(const event::ValueRef* value) {
    return value != nullptr && value->is_string() ? value->string() : std::string_view{};
}

bool is_audit_record(std::string_view text) {
    return text.starts_with("type=") && text.substr(0, 64).contains(" msg=audit(");
}

// "audit(1604994496.155:92733):" of Linux audit records
std::optional<base::TimePoint> audit_time(std::string_view text) {
    Scan scan(text);
    if (!scan.eat("audit(")) {
        return std::nullopt;
    }
    const auto stamp = scan.until(':');
    return stamp ? time_of(event::ValueRef(*stamp), base::Zone::utc()) : std::nullopt;
}

}  // namespace

bool KeyValueReader::looks_like(std::string_view text) {
    if (key_length(text) == 0) {
        return false;
    }
    if (is_audit_record(text)) {
        return true;
    }
    std::size_t pairs = 0;
    bool at_start = true;
    for (std::size_t at = 0; at < text.size() && pairs < 3; ++at) {
        if (at_start) {
            const std::size_t length = key_length(text.substr(at));
            if (length > 0) {
                ++pairs;
                at += length;
                if (at + 1 < text.size() && text[at + 1] == '"') {
                    const std::size_t quoted = quoted_length(text.substr(at + 2));
                    at += quoted == std::string_view::npos ? 1 : quoted + 2;
                }
            }
        }
        at_start = at < text.size()
                   && (text[at] == ' ' || text[at] == '|' || text[at] == '\t' || text[at] == ',');
    }
    return pairs >= 3;
}

bool KeyValueReader::read(std::string_view text, Writer& writer) {
    names_.begin_event();
    if (is_audit_record(text)) {
        writer.use_profile(writer.shapes().linux_host);
        static const event::FieldId kRecord = event::intern("msg");
        const std::size_t pairs = read_pairs(text, ' ', Loose::Extend, writer);
        if (const auto time = audit_time(string_of(writer.find(kRecord)))) {
            writer.time(*time);
        }
        return pairs > 0;
    }
    if (text.contains("srcip=") || text.contains("devname=") || text.contains("src=")
        || text.contains("SRC=")) {
        writer.use_profile(writer.shapes().firewall);
    }
    // "time=1|hostname=fw|product=...": some part the pairs by bars or tabs; then blanks are text.
    const std::size_t mark = text.find_first_of("|\t ");
    const bool marked = mark != std::string_view::npos && text[mark] != ' '
                        && key_length(text.substr(mark + 1)) > 0;
    const std::size_t pairs = read_pairs(text, marked ? text[mark] : ' ', Loose::Extend, writer);
    read_time(writer);
    return pairs > 0;
}

bool KeyValueReader::read_packet_filter(std::string_view message, Writer& writer) {
    const std::size_t at = message.find("IN=");
    if (at == std::string_view::npos || (at > 0 && message[at - 1] != ' ' && message[at - 1] != ']')
        || !message.contains(" SRC=") || !message.contains(" DST=")) {
        return false;
    }
    names_.begin_event();
    writer.text(field::EventCategory, "network");
    // The words in front are what the administrator had the filter write: "[UFW BLOCK]".
    std::string_view prefix = message.substr(0, at);
    if (prefix.starts_with('[')) {
        const std::size_t close = prefix.find("] ");
        const std::string_view stamp = trim_blanks(
            prefix.substr(1, close == std::string_view::npos ? std::string_view::npos : close - 1));
        if (!stamp.empty() && is_digit(stamp[0])) {
            prefix.remove_prefix(close == std::string_view::npos ? prefix.size() : close + 2);
        }
    }
    if (prefix = trim_blanks(prefix); !prefix.empty()) {
        writer.text(field::EventAction, prefix);
    }
    read_pairs(message.substr(at), ' ', Loose::Flag, writer);
    return true;
}

std::size_t KeyValueReader::read_pairs(std::string_view text, char separator, Loose loose,
                                       Writer& writer) {
    std::size_t pairs = 0;
    Scan scan(text);
    while (!scan.done()) {
        while (scan.peek() == ' ' || scan.peek() == ',' || scan.peek() == separator) {
            scan.skip(1);
        }
        const std::size_t length = key_length(scan.rest());
        if (length == 0) {
            // A word on its own: skipped, the original keeps it.
            const std::size_t next = scan.rest().find(separator);
            scan.skip(next == std::string_view::npos ? scan.rest().size() : next + 1);
            continue;
        }
        const std::string_view key = scan.rest().substr(0, length);
        scan.skip(length + 1);
        ++pairs;
        if (scan.peek() == '"') {
            const std::string_view body = scan.rest().substr(1);
            if (const std::size_t end = quoted_length(body); end != std::string_view::npos) {
                read_value(key, without_escapes(body.substr(0, end), writer), true, writer);
                scan.skip(end + 2);
                continue;
            }
        }
        // An unquoted value goes on over blanks until the next key.
        const std::string_view rest = scan.rest();
        std::size_t end = rest.find(separator);
        while (separator == ' ' && loose == Loose::Extend && end != std::string_view::npos
               && key_length(rest.substr(end + 1)) == 0) {
            end = rest.find(separator, end + 1);
        }
        const std::string_view value = trim_blanks(rest.substr(0, end));
        const bool comma = separator == ' ' && value.ends_with(',');
        read_value(key, comma ? value.substr(0, value.size() - 1) : value, false, writer);
        scan.skip(end == std::string_view::npos ? rest.size() : end + 1);
    }
    return pairs;
}

void KeyValueReader::read_value(std::string_view key, std::string_view value, bool quoted,
                                Writer& writer) {
    const NameTree::Name name = names_.child(NameTree::kRoot, key);
    if (!name.wanted) {
        return;
    }
    if (writer.is_address_field(name.field)) {
        writer.address(name.field, value);
        return;
    }
    if (!quoted) {
        if (const auto number = plain_integer(value)) {
            writer.integer(name.field, *number);
            return;
        }
    }
    writer.text(name.field, value);
}

void KeyValueReader::read_time(Writer& writer) {
    const base::TimePoint before = writer.time();
    writer.time_from_fields();
    if (writer.time() != before) {
        return;
    }
    const TimeFields& names = time_fields();
    if (const event::ValueRef* value = writer.find(names.time);
        value != nullptr && value->type() == event::Type::Integer) {
        if (const auto time = time_of(*value, writer.zone())) {
            writer.time(*time);
        }
        return;
    }
    const std::string_view date = string_of(writer.find(names.date));
    const std::string_view clock = string_of(writer.find(names.time));
    if (date.empty() || clock.empty() || date.size() + clock.size() > 40) {
        return;
    }
    std::string whole;
    whole.append(date).append(" ").append(clock);
    const std::string_view zone = string_of(writer.find(names.zone));
    if (zone.size() >= 5 && zone.size() <= 6 && (zone[0] == '+' || zone[0] == '-')) {
        whole.append(zone);
    }
    if (const auto time = base::parse_rfc3339(whole, writer.zone())) {
        writer.time(*time);
    }
}

}  // namespace gac::ingest
