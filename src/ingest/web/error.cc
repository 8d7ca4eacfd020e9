#include <optional>

#include "ingest/core/scan.h"
#include "ingest/core/times.h"
#include "ingest/web/reader.h"

namespace gac::ingest {

namespace field = event::field;

namespace {

event::FieldId level_field() {
    static const event::FieldId kLevel = event::intern("log.level");
    return kLevel;
}

// "Fri Dec 16 01:46:23.123456 2026": the year stands last.
std::optional<base::TimePoint> parse_apache_time(std::string_view text, const base::Zone& zone) {
    if (text.size() < 6 || text[text.size() - 5] != ' ') {
        return std::nullopt;
    }
    const auto year = parse_integer(text.substr(text.size() - 4));
    if (!year || *year < 1970 || *year > 9998) {
        return std::nullopt;
    }
    Scan scan(text);
    scan.short_word();  // weekday
    return scan_bsd_time_of(scan, zone, static_cast<int>(*year));
}

// "192.0.2.1:5678", "[2001:db8::1]:5678", "192.0.2.1"
void write_client(std::string_view client, Writer& writer) {
    const std::size_t colon = client.rfind(':');
    const bool has_port =
        colon != std::string_view::npos
        && (client.find(':') == colon || client.find(']') != std::string_view::npos);
    std::string_view host = has_port ? client.substr(0, colon) : client;
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    }
    writer.peer(host);
    if (has_port) {
        writer.digits(field::SourcePort, client.substr(colon + 1));
    }
}

bool read_apache(std::string_view line, Writer& writer) {
    Scan scan(line);
    if (!scan.eat('[')) {
        return false;
    }
    const auto stamp = scan.until(']');
    if (!stamp) {
        return false;
    }
    const auto time = parse_apache_time(*stamp, writer.zone());
    if (!time) {
        return false;
    }
    writer.time(*time);
    writer.text(field::EventCategory, "web");
    while (true) {
        Scan ahead = scan;
        ahead.blanks();
        if (!ahead.eat('[')) {
            break;
        }
        const bool is_client = ahead.eat("client ");
        const bool is_pid = !is_client && ahead.eat("pid ");
        const auto part = is_client && ahead.peek() == '[' ? ahead.until("] ") : ahead.until(']');
        if (!part) {
            break;
        }
        if (is_client) {
            write_client(*part, writer);
        } else if (is_pid) {
            writer.digits(field::ProcessPid, part->substr(0, part->find(':')));
        } else if (const std::size_t colon = part->find(':'); !part->contains(' ')) {
            writer.text(level_field(),
                        colon == std::string_view::npos ? *part : part->substr(colon + 1));
        }
        scan = ahead;
    }
    scan.blanks();
    writer.text(field::Message, scan.rest());
    return true;
}

// The value of ", name: value" in nginx's tail, without quotes.
std::string_view tail_of(std::string_view text, std::string_view name) {
    const std::size_t at = text.rfind(name);
    if (at == std::string_view::npos) {
        return {};
    }
    const std::string_view rest = text.substr(at + name.size());
    if (rest.starts_with('"')) {
        return rest.substr(1, rest.find('"', 1) - 1);
    }
    return rest.substr(0, rest.find(','));
}

bool read_nginx(std::string_view line, Writer& writer) {
    if (line.size() < 24 || line[4] != '/' || line[7] != '/' || line[10] != ' ') {
        return false;
    }
    Scan scan(line);
    base::CivilTime civil;
    const auto year = scan.number(4);
    scan.eat('/');
    const auto month = scan.number(2);
    scan.eat('/');
    const auto day = scan.number(2);
    scan.eat(' ');
    const auto hour = scan.number(2);
    scan.eat(':');
    const auto minute = scan.number(2);
    scan.eat(':');
    const auto second = scan.number(2);
    if (!year || !month || !day || !hour || !minute || !second || !scan.eat(" [")) {
        return false;
    }
    civil.year = *year;
    civil.month = *month;
    civil.day = *day;
    civil.hour = *hour;
    civil.minute = *minute;
    civil.second = *second;
    const auto level = scan.until("] ");
    if (!base::is_valid(civil) || !level) {
        return false;
    }
    writer.time(base::from_civil(civil) - writer.zone().offset_at_local(civil));
    writer.text(field::EventCategory, "web");
    writer.text(level_field(), *level);
    if (const auto process = scan.until(": ")) {
        writer.digits(field::ProcessPid, process->substr(0, process->find('#')));
    }
    const std::string_view message = scan.rest();
    writer.text(field::Message, message);
    if (const std::string_view client = tail_of(message, ", client: "); !client.empty()) {
        writer.peer(client);
    }
    if (const std::string_view request = tail_of(message, ", request: "); !request.empty()) {
        Scan words(request);
        writer.text(field::HttpMethod, words.word());
        writer.text(field::UrlOriginal, words.rest().substr(0, words.rest().rfind(" HTTP/")));
    }
    if (const std::string_view host = tail_of(message, ", host: "); !host.empty()) {
        writer.text(field::UrlDomain, host);
    }
    return true;
}

}  // namespace

bool read_error_line(std::string_view line, Writer& writer) {
    return read_apache(line, writer) || read_nginx(line, writer);
}

}  // namespace gac::ingest
