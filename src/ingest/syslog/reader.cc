#include "ingest/syslog/reader.h"

#include <algorithm>
#include <optional>

#include "base/ip.h"
#include "ingest/core/scan.h"
#include "ingest/core/times.h"

namespace gac::ingest {

namespace field = event::field;

namespace {

constexpr int kPriorityMax = 191;
constexpr std::size_t kTagMax = 96;
constexpr std::size_t kHostMax = 255;
constexpr std::size_t kStructuredMax = 512;  // parameters of one message

// "<34>": facility and severity.
std::optional<int> scan_priority(Scan& scan) {
    Scan ahead = scan;
    if (!ahead.eat('<')) {
        return std::nullopt;
    }
    const auto priority = ahead.number(3);
    if (!priority || *priority > kPriorityMax || !ahead.eat('>')) {
        return std::nullopt;
    }
    scan = ahead;
    return priority;
}

constexpr ByteSet kTagBytes = byte_set([](char c) {
    return is_letter(c) || is_digit(c) || std::string_view("-_./()%@+#*").contains(c);
});

constexpr ByteSet kHostBytes = byte_set([](char c) {
    return is_letter(c) || is_digit(c) || std::string_view("-_.:%").contains(c)
           || static_cast<unsigned char>(c) >= 0x80;
});

constexpr ByteSet kUsualHostBytes =
    byte_set([](char c) { return is_in(kTagBytes, c) && is_in(kHostBytes, c); });
constexpr ByteSet kDigits = byte_set(is_digit);

bool is_host_char(char c) { return is_in(kHostBytes, c); }

struct Tag {
    std::string_view name;
    std::string_view pid;
};

// "sshd[123]: ", "sshd: ", "su(pam_unix)[12]: ", "%ASA-6-302013: ", "postfix/smtpd[9]: ".
// Only with its colon (or a bracketed pid) is a word a tag.
std::optional<Tag> scan_tag(Scan& scan) {
    const std::string_view rest = scan.rest();
    std::size_t end = 0;
    while (end < rest.size() && end < kTagMax && is_in(kTagBytes, rest[end])) {
        ++end;
    }
    if (end == 0 || end == rest.size()) {
        return std::nullopt;
    }
    Tag tag{.name = rest.substr(0, end), .pid = {}};
    if (rest[end] == '[') {
        const std::size_t close = rest.find(']', end);
        if (close == std::string_view::npos || close - end > kTagMax) {
            return std::nullopt;
        }
        tag.pid = rest.substr(end + 1, close - end - 1);
        end = close + 1;
        if (end < rest.size() && rest[end] == ':') {
            ++end;
        } else if (end < rest.size() && rest[end] != ' ') {
            return std::nullopt;
        }
    } else if (rest[end] == ':' && (end + 1 == rest.size() || rest[end + 1] == ' ')) {
        ++end;
    } else if (rest.substr(end).starts_with(" : ") && rest[0] == '%') {
        end += 2;
    } else {
        return std::nullopt;
    }
    scan.skip(end);
    scan.eat(' ');
    return tag;
}

void write_tag(const Tag& tag, Writer& writer) {
    if (tag.name.empty()) {
        return;
    }
    writer.text(field::LogSyslogAppName, tag.name);
    writer.text(field::ProcessName, program_of(tag.name));
    if (!tag.pid.empty()) {
        writer.digits(field::ProcessPid, tag.pid);
    }
}

bool is_nil(std::string_view value) { return value == "-"; }

}  // namespace

std::string_view program_of(std::string_view tag) {
    std::size_t paren = 1;
    while (paren < tag.size() && tag[paren] != '(') {
        ++paren;
    }
    if (paren < tag.size() && tag[0] != '(') {
        tag = tag.substr(0, paren);
    }
    if (tag.starts_with('/')) {
        tag = tag.substr(tag.rfind('/') + 1);
    }
    return tag;
}

SyslogReader::SyslogReader(NameTree& names) : names_(names) {
    std::uint32_t node = NameTree::kRoot;
    for (const std::string_view part : {"log", "syslog", "structured_data"}) {
        node = names_.child(node, part).node;
    }
    structured_data_ = node;
}

SyslogHeader SyslogReader::read_header(std::string_view line, Writer& writer) {
    SyslogHeader header;
    Scan scan(line);
    scan.blanks();
    if (const auto priority = scan_priority(scan)) {
        header.has_priority = true;
        writer.integer(field::LogSyslogFacility, *priority / 8);
        writer.integer(field::LogSyslogSeverity, *priority % 8);
    }
    // Files often hold the messages without the priority.
    const std::string_view rest = scan.rest();
    const bool versioned =
        rest.starts_with("1 ") && rest.size() > 2 && (header.has_priority || is_digit(rest[2]));
    if (versioned && read_5424(rest.substr(2), header, writer)) {
        return header;
    }
    read_3164(scan.rest(), header, writer);
    return header;
}

bool SyslogReader::read_5424(std::string_view rest, SyslogHeader& header, Writer& writer) {
    Scan scan(rest);
    const std::string_view time = scan.word();
    const auto parsed = base::parse_rfc3339(time, writer.zone());
    if (!parsed && !is_nil(time)) {
        return false;
    }
    const std::string_view host = scan.word();
    const std::string_view app = scan.word();
    const std::string_view pid = scan.word();
    const std::string_view id = scan.word();
    if (id.empty()) {
        return false;
    }
    header.is_5424 = true;
    if (parsed) {
        header.has_time = true;
        writer.time(*parsed);
    }
    if (!is_nil(host)) {
        writer.text(field::HostName, host);
    }
    if (!is_nil(app)) {
        header.tag = app;
        writer.text(field::LogSyslogAppName, app);
        writer.text(field::ProcessName, program_of(app));
    }
    if (!is_nil(pid)) {
        writer.text(field::LogSyslogProcId, pid);
        if (const auto number = parse_integer(pid)) {
            writer.integer(field::ProcessPid, *number);
        }
    }
    if (!is_nil(id)) {
        writer.text(field::LogSyslogMsgId, id);
    }
    // Some devices leave the structured data out; then the message begins at once.
    if (scan.peek() == '[') {
        Scan ahead = scan;
        if (read_structured(ahead, writer)) {
            scan = ahead;
        }
    } else if (scan.rest() == "-" || scan.rest().starts_with("- ")) {
        scan.skip(1);
    }
    scan.eat(' ');
    scan.eat("\xEF\xBB\xBF");
    header.message = scan.rest();
    return true;
}

// [id name="value" name="value"][id ...]; in values \" \\ \] are escaped.
bool SyslogReader::read_structured(Scan& scan, Writer& writer) {
    std::size_t parameters = 0;
    while (scan.eat('[')) {
        const std::string_view rest = scan.rest();
        const std::size_t id_end = rest.find_first_of(" ]");
        if (id_end == std::string_view::npos || id_end == 0) {
            return false;
        }
        const NameTree::Name element = names_.child(structured_data_, rest.substr(0, id_end));
        scan.skip(id_end);
        while (scan.eat(' ')) {
            scan.blanks();
            if (scan.peek() == ']') {
                break;
            }
            const auto name = scan.until('=');
            if (!name || name->empty() || !scan.eat('"')) {
                return false;
            }
            const std::string_view body = scan.rest();
            std::size_t end = 0;
            std::size_t escapes = 0;
            while (end < body.size() && body[end] != '"') {
                if (body[end] == '\\' && end + 1 < body.size()) {
                    ++escapes;
                    ++end;
                }
                ++end;
            }
            if (end >= body.size()) {
                return false;
            }
            scan.skip(end + 1);
            if (++parameters > kStructuredMax) {
                writer.fault("structured data with more than 512 parameters");
                continue;
            }
            const NameTree::Name parameter = names_.child(element.node, *name);
            if (!parameter.wanted) {
                continue;
            }
            std::string_view value = body.substr(0, end);
            if (escapes > 0) {
                char* to = static_cast<char*>(writer.batch().arena().allocate(value.size(), 1));
                std::size_t size = 0;
                for (std::size_t i = 0; i < value.size(); ++i) {
                    const bool escape =
                        value[i] == '\\' && i + 1 < value.size()
                        && (value[i + 1] == '"' || value[i + 1] == '\\' || value[i + 1] == ']');
                    to[size++] = value[escape ? ++i : i];
                }
                value = {to, size};
            }
            writer.put(parameter.field, event::ValueRef(value));
        }
        if (!scan.eat(']')) {
            return false;
        }
    }
    return true;
}

// "Dec 10 06:55:46 host tag[pid]: message" and nothing out of the ordinary, as nearly all lines of
// a file are: what read_3164() makes of them, without looking for all the other shapes. False, and
// nothing written, when it is another.
bool SyslogReader::read_usual(std::string_view line, SyslogHeader& header, Writer& writer) {
    const auto time = clock_.usual(line, writer.zone(), writer.origin().received);
    if (!time || line[BsdClock::kUsual] != ' ') {
        return false;
    }
    const char* const host = line.data() + BsdClock::kUsual + 1;
    const char* const end = line.data() + line.size();
    const auto word_end = [end](const ByteSet& set, const char* from) {
        const char* const most =
            end - from > static_cast<std::ptrdiff_t>(kTagMax) ? from + kTagMax : end;
        while (from != most && is_in(set, *from)) {
            ++from;
        }
        return from;
    };
    // A host that could be no tag: a blank follows it, and then a tag.
    const char* const host_end = word_end(kUsualHostBytes, host);
    if (host_end == host || host_end == end || *host_end != ' ' || *host == '%') {
        return false;
    }
    const char* const tag = host_end + 1;
    const char* at = word_end(kTagBytes, tag);
    if (at == tag || at == end) {
        return false;
    }
    const std::string_view name(tag, static_cast<std::size_t>(at - tag));
    std::string_view pid;
    if (*at == '[') {
        const char* const digits = at + 1;
        at = word_end(kDigits, digits);
        pid = {digits, static_cast<std::size_t>(at - digits)};
        if (at == end || *at != ']' || pid.empty() || ++at == end) {
            return false;
        }
    }
    if (*at != ':' || ++at == end || *at != ' ') {
        return false;
    }
    ++at;
    writer.time(*time);
    header.has_time = true;
    writer.text(field::HostName, {host, static_cast<std::size_t>(host_end - host)});
    header.tag = name;
    write_tag({.name = name, .pid = pid}, writer);
    header.message = {at, static_cast<std::size_t>(end - at)};
    return true;
}

// [seq:] [host] [*.]time[:] [host] [tag]: message, each part optional.
void SyslogReader::read_3164(std::string_view rest, SyslogHeader& header, Writer& writer) {
    if (read_usual(rest, header, writer)) {
        return;
    }
    Scan scan(rest);
    scan.blanks();
    bool has_host = false;
    const auto write_host = [&](std::string_view host) {
        writer.text(field::HostName, host);
        has_host = true;
    };
    const auto scan_time = [&](Scan& from) {
        Scan ahead = from;
        if (ahead.peek() == '*' || ahead.peek() == '.') {  // Cisco: clock not set, not synchronised
            ahead.skip(1);
        }
        auto time = clock_.scan(ahead, writer.zone(), writer.origin().received);
        if (!time) {
            time = scan_iso_time(ahead, writer.zone());
        }
        if (!time) {
            return false;
        }
        // "... 18:46:11.123 ICT: %SYS-5-..." and "...: %SYS": Cisco names the zone and adds a
        // colon.
        Scan zone = ahead;
        zone.blanks();
        std::size_t letters = 0;
        while (letters < zone.rest().size() && letters < 6 && zone.rest()[letters] >= 'A'
               && zone.rest()[letters] <= 'Z') {
            ++letters;
        }
        zone.skip(letters);
        if (zone.rest().starts_with(": %")) {
            ahead = zone;
            ahead.skip(1);
        } else {
            ahead.eat(':');
        }
        ahead.blanks();
        writer.time(*time);
        header.has_time = true;
        from = ahead;
        return true;
    };
    if (!scan_time(scan) && header.has_priority) {
        // Cisco IOS: "1234: host: *Mar  1 18:46:11.123: %SYS-5-CONFIG_I: ..."
        Scan ahead = scan;
        const bool has_number = ahead.number(9).has_value() && ahead.eat(": ");
        Scan named = ahead;
        const std::string_view host = named.word();
        if (has_number && scan_time(ahead)) {
            scan = ahead;
        } else if (host.size() > 1 && host.ends_with(':')
                   && std::ranges::all_of(host.substr(0, host.size() - 1), is_host_char)
                   && scan_time(named)) {
            write_host(host.substr(0, host.size() - 1));
            scan = named;
        } else if (has_number) {
            scan = ahead;
        }
    }
    // A word is the host when a tag, or anything at all, follows it; a tag names itself by its
    // colon.
    auto tag = scan_tag(scan);
    if (tag && is_digit(tag->name[0])
        && base::IpAddress::parse(tag->name)) {  // "192.0.2.1: %ACE-3-251010: ..."
        write_host(tag->name);
        tag = scan_tag(scan);
    }
    if (!tag && header.has_time && !has_host) {
        Scan ahead = scan;
        const std::string_view host = ahead.word();
        const bool is_host = !host.empty() && host.size() <= kHostMax && !host.ends_with(':')
                             && std::ranges::all_of(host, is_host_char);
        if (is_host) {
            write_host(host);
            ahead.eat(": ");  // "host : %ASA-6-302013: ..."
            scan = ahead;
            tag = scan_tag(scan);
        }
    }
    if (tag) {
        header.tag = tag->name;
        write_tag(*tag, writer);
    }
    header.message = scan.rest();
}

}  // namespace gac::ingest
