#include <optional>

#include "base/ip.h"
#include "ingest/core/scan.h"
#include "ingest/core/times.h"
#include "ingest/json/text.h"
#include "ingest/web/reader.h"

namespace gac::ingest {

namespace field = event::field;

namespace {

// A quoted part; inside it a backslash keeps the quote behind it. The quotes are eaten. A part that
// the line's end cut short is taken as far as it goes.
std::optional<std::string_view> scan_quoted(Scan& scan) {
    if (!scan.eat('"')) {
        return std::nullopt;
    }
    const std::string_view rest = scan.rest();
    bool has_escapes = false;
    const std::size_t end = std::min(string_length(rest, 0, has_escapes), rest.size());
    const std::string_view part = rest.substr(0, end);
    scan.skip(end + 1);
    return part;
}

bool is_method(std::string_view word) {
    if (word.empty() || word.size() > 20) {
        return false;
    }
    for (const char c : word) {
        if (!is_letter(c) && c != '_' && c != '-') {
            return false;
        }
    }
    return true;
}

// "GET /path?query HTTP/1.1"; a request that is none ("\x16\x03\x01", "-") is only url.original.
void write_request(std::string_view request, Writer& writer) {
    if (request.empty() || request == "-") {
        return;
    }
    Scan scan(request);
    const std::string_view method = scan.short_word();
    std::string_view target = scan.rest();
    if (!is_method(method) || target.empty()) {
        writer.text(field::UrlOriginal, request);
        return;
    }
    writer.text(field::HttpMethod, method);
    // The target may hold blanks that the client did not encode: the version is the last word.
    if (const std::size_t version = find_last(target, " HTTP/");
        version != std::string_view::npos) {
        writer.text(field::HttpVersion, target.substr(version + 6));
        target = target.substr(0, version);
    }
    writer.text(field::UrlOriginal, target);
    std::string_view path = target;
    if (const std::size_t scheme =
            path.starts_with('/') ? std::string_view::npos : path.find("://");
        scheme != std::string_view::npos) {
        // Proxies log the whole URL.
        const std::string_view rest = path.substr(scheme + 3);
        const std::size_t slash = rest.find('/');
        writer.text(field::UrlDomain, rest.substr(0, rest.find_first_of(":/?")));
        path = slash == std::string_view::npos ? std::string_view("/") : rest.substr(slash);
    }
    const std::size_t question = path.find('?');
    writer.text(field::UrlPath, path.substr(0, question));
    if (question != std::string_view::npos) {
        writer.text(field::UrlQuery, path.substr(question + 1));
    }
}

struct AccessLine {
    std::string_view virtual_host;
    std::string_view client;
    std::string_view user;
    base::TimePoint time;
    std::string_view request;
    std::int64_t status = 0;
    std::string_view bytes;
    std::optional<std::string_view> referrer, agent;
};

std::optional<AccessLine> split(std::string_view line, const base::Zone& zone) {
    // Everything hangs on the bracketed time and the quote behind it.
    std::size_t open = line.find('[', 1);
    while (open != std::string_view::npos && line[open - 1] != ' ') {
        open = line.find('[', open + 1);
    }
    if (open == std::string_view::npos || --open > 1024) {
        return std::nullopt;
    }
    AccessLine out;
    Scan scan(line.substr(open + 2));
    const auto stamp = scan.until(']');
    if (!stamp || stamp->size() > 40) {
        return std::nullopt;
    }
    const auto time = parse_clf_time(*stamp, zone);
    if (!time) {
        return std::nullopt;
    }
    out.time = *time;
    scan.eat(' ');
    const auto request = scan_quoted(scan);
    if (!request) {
        return std::nullopt;
    }
    out.request = *request;
    scan.eat(' ');
    const auto status = parse_integer(scan.short_word());
    if (!status || *status < 0 || *status > 999) {
        return std::nullopt;
    }
    out.status = *status;
    out.bytes = scan.short_word();
    out.referrer = scan_quoted(scan);
    scan.eat(' ');
    out.agent = scan_quoted(scan);

    Scan head(line.substr(0, open));
    out.client = head.short_word();
    if (Scan ahead = head; !base::IpAddress::parse(out.client)) {
        const std::string_view second = ahead.short_word();
        if (base::IpAddress::parse(second)) {
            out.virtual_host = out.client.substr(0, out.client.rfind(':'));
            out.client = second;
            head = ahead;
        }
    }
    head.short_word();  // identd, which nobody runs
    out.user = head.rest();
    if (out.client.empty()) {
        return std::nullopt;
    }
    return out;
}

bool is_given(std::string_view value) { return !value.empty() && value != "-"; }

}  // namespace

bool read_access_line(std::string_view line, Writer& writer) {
    const auto access = split(line, writer.zone());
    if (!access) {
        return false;
    }
    writer.time(access->time);
    writer.text(field::EventCategory, "web");
    writer.text(field::EventOutcome, access->status < 400 ? "success" : "failure");
    writer.peer(access->client);
    if (is_given(access->virtual_host)) {
        writer.text(field::UrlDomain, access->virtual_host);
    }
    if (is_given(access->user)) {
        writer.text(field::UserName, access->user);
    }
    write_request(access->request, writer);
    writer.integer(field::HttpStatus, access->status);
    if (is_given(access->bytes)) {
        writer.digits(field::HttpResponseBytes, access->bytes);
    }
    if (access->referrer && is_given(*access->referrer)) {
        writer.text(field::HttpReferrer, *access->referrer);
    }
    if (access->agent && is_given(*access->agent)) {
        writer.text(field::UserAgent, *access->agent);
    }
    return true;
}

}  // namespace gac::ingest
