#include "detect/ioc/canonical.h"

#include <unicode/uidna.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "base/text.h"

namespace gac::detect::ioc {

namespace {

constexpr std::size_t kUrlBytesMax = 16 << 10;
constexpr std::size_t kNameBytesMax = 4096;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_ascii(std::string_view text) {
    return std::ranges::none_of(text, [](char c) { return (c & 0x80) != 0; });
}
int hex_value(char c) {
    if (is_digit(c)) {
        return c - '0';
    }
    const char low = base::ascii_lower(c);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

// Labels of a domain that is ASCII by now.
bool fold_labels(std::string_view text, std::string& out) {
    if (text.ends_with('.')) {
        text.remove_suffix(1);
    }
    if (text.empty() || text.size() > kDomainBytesMax) {
        return false;
    }
    out.clear();
    std::size_t label = 0;
    for (const char raw : text) {
        const char c = base::ascii_lower(raw);
        if (c == '.') {
            if (label == 0 || label > 63) {
                return false;
            }
            label = 0;
        } else if ((c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_') {
            ++label;
        } else {
            return false;
        }
        out += c;
    }
    return label > 0 && label <= 63;
}

const UIDNA* idna() {
    static const std::unique_ptr<UIDNA, void (*)(UIDNA*)> made = [] {
        UErrorCode fault = U_ZERO_ERROR;
        return std::unique_ptr<UIDNA, void (*)(UIDNA*)>(
            uidna_openUTS46(UIDNA_NONTRANSITIONAL_TO_ASCII, &fault), uidna_close);
    }();
    return made.get();
}

bool to_punycode(std::string_view text, std::string& out) {
    if (text.size() > 4 * kDomainBytesMax || idna() == nullptr) {
        return false;
    }
    char buffer[512];
    UIDNAInfo info = UIDNA_INFO_INITIALIZER;
    UErrorCode fault = U_ZERO_ERROR;
    const std::int32_t length =
        uidna_nameToASCII_UTF8(idna(), text.data(), static_cast<std::int32_t>(text.size()), buffer,
                               sizeof(buffer), &info, &fault);
    if (U_FAILURE(fault) || info.errors != 0 || length <= 0
        || length >= static_cast<std::int32_t>(sizeof(buffer))) {
        return false;
    }
    return fold_labels(std::string_view(buffer, static_cast<std::size_t>(length)), out);
}

struct UrlParts {
    std::string_view scheme, host, port, rest;  // rest: path and query
};

std::string_view before_any(std::string_view text, std::string_view ends) {
    return text.substr(0, std::min(text.find_first_of(ends), text.size()));
}

std::optional<UrlParts> split_url(std::string_view text) {
    UrlParts parts;
    if (const std::size_t scheme = scheme_bytes(text); scheme > 0) {
        parts.scheme = text.substr(0, scheme - 3);
        text.remove_prefix(scheme);
    } else if (text.starts_with("//")) {
        text.remove_prefix(2);
    }
    std::string_view authority = before_any(text, "/\\?#");
    parts.rest = before_any(text.substr(authority.size()), "#");
    if (const std::size_t user = authority.rfind('@'); user != std::string_view::npos) {
        authority.remove_prefix(user + 1);
    }
    std::size_t colon = authority.rfind(':');
    if (const std::size_t bracket = authority.rfind(']'); bracket != std::string_view::npos) {
        colon = bracket + 1 < authority.size() && authority[bracket + 1] == ':'
                    ? bracket + 1
                    : std::string_view::npos;
    }
    parts.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) {
        parts.port = authority.substr(colon + 1);
    }
    if (parts.host.empty()) {
        return std::nullopt;
    }
    return parts;
}

bool is_default_port(std::string_view scheme, std::string_view port) {
    return port.empty() || (port == "80" && (scheme == "http" || scheme == "ws"))
           || (port == "443" && (scheme == "https" || scheme == "wss"))
           || (port == "21" && scheme == "ftp");
}

bool append_port(std::string_view scheme, std::string_view port, std::string& out) {
    while (port.size() > 1 && port.front() == '0') {
        port.remove_prefix(1);
    }
    if (port.size() > 5 || !std::ranges::all_of(port, is_digit)) {
        return false;
    }
    if (!is_default_port(scheme, port)) {
        out += ':';
        out += port;
    }
    return true;
}

bool append_host(std::string_view host, std::string& out) {
    if (host.starts_with('[') && host.ends_with(']')) {
        const auto address = base::IpAddress::parse(host.substr(1, host.size() - 2));
        if (!address) {
            return false;
        }
        out += address->is_v4() ? address->text() : '[' + address->text() + ']';
        return true;
    }
    std::string decoded;
    if (host.contains('%')) {
        for (std::size_t i = 0; i < host.size(); ++i) {
            if (host[i] == '%' && i + 2 < host.size() && hex_value(host[i + 1]) >= 0
                && hex_value(host[i + 2]) >= 0) {
                decoded += static_cast<char>(hex_value(host[i + 1]) * 16 + hex_value(host[i + 2]));
                i += 2;
            } else {
                decoded += host[i];
            }
        }
        host = decoded;
    }
    std::string folded;
    if (!canonical_domain(host, folded)) {
        return false;
    }
    out += folded;
    return true;
}

bool is_unreserved(char c) {
    return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

void append_escape(unsigned char byte, std::string& out) {
    static constexpr char kDigits[] = "0123456789ABCDEF";
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15U];
}

// Percent-encoding in one form: decoded where it need not be, capitals where it must.
void append_encoded(std::string_view text, bool path, std::string& out) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0) {
                append_escape('%', out);
                continue;
            }
            i += 2;
            c = static_cast<char>(high * 16 + low);
            if (is_unreserved(c)) {
                out += c;
            } else {
                append_escape(static_cast<unsigned char>(c), out);
            }
        } else if (c == '\\' && path) {
            out += '/';
        } else if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f
                   || std::string_view("\"<>\\^`{|}").contains(c)) {
            append_escape(static_cast<unsigned char>(c), out);
        } else {
            out += c;
        }
    }
}

// "." and ".." of the path that begins at `start` (RFC 3986, 5.2.4).
void remove_dots(std::string& url, std::size_t start) {
    if (url.find("/.", start) == std::string::npos) {
        return;
    }
    const std::string path = url.substr(start);
    url.resize(start);
    std::size_t at = 0;
    while (at < path.size()) {
        std::size_t end = path.find('/', at + 1);
        end = std::min(end, path.size());
        const std::string_view segment = std::string_view(path).substr(at, end - at);
        const bool last = end == path.size();
        if (segment == "/..") {
            const std::size_t slash = url.rfind('/');
            url.resize(slash == std::string::npos || slash < start ? start : slash);
        }
        if (segment == "/." || segment == "/..") {
            if (last) {
                url += '/';
            }
        } else {
            url += segment;
        }
        at = end;
    }
}

}  // namespace

std::size_t scheme_bytes(std::string_view url) {
    const auto in_scheme = [](char c) {
        return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
    };
    std::size_t at = 0;
    while (at < url.size() && in_scheme(url[at])) {
        ++at;
    }
    return at > 0 && is_alpha(url[0]) && url.substr(at).starts_with("://") ? at + 3 : 0;
}

bool canonical_domain(std::string_view text, std::string& out) {
    return is_ascii(text) ? fold_labels(text, out) : to_punycode(text, out);
}

bool looks_public(std::string_view domain) {
    const std::size_t dot = domain.rfind('.');
    if (dot == std::string_view::npos) {
        return false;
    }
    const std::string_view last = domain.substr(dot + 1);
    if (last.size() < 2 || !is_alpha(last.front())) {
        return false;
    }
    return last.starts_with("xn--") || std::ranges::all_of(last, is_alpha);
}

std::optional<UrlForm> canonical_url(std::string_view text, std::string& out) {
    if (text.size() > kUrlBytesMax) {
        return std::nullopt;
    }
    const auto parts = split_url(text);
    if (!parts) {
        return std::nullopt;
    }
    out.clear();
    for (const char c : parts->scheme) {
        out += base::ascii_lower(c);
    }
    const std::string scheme = out;
    out += scheme.empty() ? "" : "://";
    UrlForm form;
    form.scheme_bytes = out.size();
    if (!append_host(parts->host, out)) {
        return std::nullopt;
    }
    form.host_bytes = out.size() - form.scheme_bytes;
    if (!append_port(scheme, parts->port, out)) {
        return std::nullopt;
    }
    const std::size_t start = out.size();
    const std::size_t question = std::min(parts->rest.find('?'), parts->rest.size());
    append_encoded(parts->rest.substr(0, question), true, out);
    remove_dots(out, start);
    if (out.size() == start) {
        out += '/';
    }
    append_encoded(parts->rest.substr(question), false, out);
    return form;
}

bool canonical_email(std::string_view text, std::string& out) {
    if (const std::size_t open = text.rfind('<'); open != std::string_view::npos) {
        const std::size_t close = text.find('>', open);
        text = text.substr(open + 1, close == std::string_view::npos ? close : close - open - 1);
    }
    text = base::trim(text);
    if (text.size() > 7 && base::equal_ignoring_ascii_case(text.substr(0, 7), "mailto:")) {
        text.remove_prefix(7);
        text = text.substr(0, text.find('?'));
    }
    const std::size_t at = text.rfind('@');
    if (at == std::string_view::npos || at == 0 || at > 128) {
        return false;
    }
    const std::string_view local = text.substr(0, at);
    if (std::ranges::any_of(local, [](char c) {
            return static_cast<unsigned char>(c) <= 0x20
                   || std::string_view("@<>()[]\\,;:\"").contains(c);
        })) {
        return false;
    }
    std::string domain;
    if (!canonical_domain(text.substr(at + 1), domain)) {
        return false;
    }
    out = base::fold_case(local);
    out += '@';
    out += domain;
    return true;
}

bool canonical_file(std::string_view text, std::string& out) {
    if (text.empty() || text.size() > kNameBytesMax) {
        return false;
    }
    out.clear();
    base::append_folded(text, out);
    std::ranges::replace(out, '\\', '/');
    return true;
}

bool canonical_mutex(std::string_view text, std::string& out) {
    static constexpr std::string_view kObjects = "BaseNamedObjects\\";
    text = base::trim(text);
    if (text.starts_with('\\')) {
        if (const std::size_t at = text.find(kObjects); at != std::string_view::npos) {
            text.remove_prefix(at + kObjects.size());
        }
    }
    for (bool more = true; more;) {
        more = false;
        for (const std::string_view space : {"Global\\", "Local\\"}) {
            if (text.starts_with(space)) {
                text.remove_prefix(space.size());
                more = true;
            }
        }
    }
    if (text.empty() || text.size() > kNameBytesMax) {
        return false;
    }
    out = text;
    return true;
}

bool canonical_hex(std::string_view text, std::string& out) {
    out.clear();
    for (const char c : text) {
        if (hex_value(c) < 0) {
            return false;
        }
        out += base::ascii_lower(c);
    }
    return !out.empty();
}

std::optional<base::IpAddress> address_of(std::string_view text) {
    const auto is_port = [](std::string_view port) {
        return !port.empty() && port.size() <= 5 && std::ranges::all_of(port, is_digit);
    };
    if (text.starts_with('[')) {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos
            || (close + 1 < text.size()
                && (text[close + 1] != ':' || !is_port(text.substr(close + 2))))) {
            return std::nullopt;
        }
        return base::IpAddress::parse(text.substr(1, close - 1));
    }
    if (const auto address = base::IpAddress::parse(text)) {
        return address;
    }
    const std::size_t colon = text.find(':');
    if (colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos
        && is_port(text.substr(colon + 1))) {
        return base::IpAddress::parse(text.substr(0, colon));
    }
    return std::nullopt;
}

bool refang(std::string_view text, std::string& out) {
    struct Form {
        std::string_view written, meant;
    };
    static constexpr Form kForms[] = {
        {"[.]", "."},     {"(.)", "."},  {"{.}", "."}, {"[dot]", "."}, {"(dot)", "."},
        {"{dot}", "."},   {"[.", "."},   {".]", "."},  {"\\.", "."},   {"[at]", "@"},
        {"(at)", "@"},    {"{at}", "@"}, {"[@]", "@"}, {"(@)", "@"},   {"[://]", "://"},
        {"[:]//", "://"}, {"[:]", ":"},  {"[/]", "/"}, {"[//]", "//"},
    };
    static constexpr Form kSchemes[] = {
        {"hxxp", "http"}, {"hxtp", "http"},     {"htxp", "http"},       {"h**p", "http"},
        {"hXXp", "http"}, {"fxp://", "ftp://"}, {"fxps://", "ftps://"},
    };
    if (text.find_first_of("[({\\") == std::string_view::npos
        && text.find_first_of("xX*") == std::string_view::npos) {
        return false;
    }
    bool changed = false;
    std::string made;
    const auto take = [&](std::size_t& at, const Form& form) {
        if (text.size() - at < form.written.size()
            || !base::equal_ignoring_ascii_case(text.substr(at, form.written.size()),
                                                form.written)) {
            return false;
        }
        made += form.meant;
        at += form.written.size();
        changed = true;
        return true;
    };
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        bool taken = false;
        if (c == '[' || c == '(' || c == '{' || c == '\\' || c == '.' || c == ':') {
            // "[.12" is a dot with its bracket left open only between parts of a name.
            for (const Form& form : kForms) {
                const bool half = form.written == "[." || form.written == ".]";
                if (half && (at == 0 || at + 2 >= text.size())) {
                    continue;
                }
                if ((taken = take(at, form))) {
                    break;
                }
            }
        } else if ((c == 'h' || c == 'H' || c == 'f' || c == 'F')
                   && (at == 0 || !(is_alpha(text[at - 1]) || is_digit(text[at - 1])))) {
            for (const Form& form : kSchemes) {
                if ((taken = take(at, form))) {
                    break;
                }
            }
        }
        if (!taken) {
            made += text[at++];
        }
    }
    if (changed) {
        out = std::move(made);
    }
    return changed;
}

}  // namespace gac::detect::ioc
