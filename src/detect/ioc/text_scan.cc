#include "detect/ioc/text_scan.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "detect/ioc/canonical.h"

namespace gac::detect::ioc {

namespace {

bool is_word_end(char c) {
    return static_cast<unsigned char>(c) <= 0x20 || std::string_view("\"'<>{}|`,;").contains(c);
}

bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.'
           || c == '-' || c == '_' || c == ':' || c == '@' || c == '+' || (c & 0x80) != 0;
}

std::string_view trim_sentence(std::string_view word) {
    while (!word.empty() && std::string_view(".,:;!?)]}'\"-").contains(word.back())) {
        word.remove_suffix(1);
    }
    return word;
}

bool is_hex(std::string_view text) {
    return std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    });
}

// One run of name characters.
void scan_name(std::string_view name, std::vector<Observable>& out) {
    name = trim_sentence(name);
    while (!name.empty() && std::string_view(".-:@+").contains(name.front())
           && !name.starts_with("::")) {
        name.remove_prefix(1);
    }
    if (name.size() < 4) {
        return;
    }
    if ((name.size() == 32 || name.size() == 40 || name.size() == 64) && is_hex(name)) {
        observe_hash(name, out);
        return;
    }
    if (name.contains('@')) {
        observe_email(name, out);
        return;
    }
    if (const auto address = address_of(name)) {
        observe_ip(*address, out);
        return;
    }
    if (name.contains(':')) {  // a port, or "key:value"
        for (std::size_t at = 0; at < name.size();) {
            const std::size_t end = std::min(name.find(':', at), name.size());
            const std::string_view part = name.substr(at, end - at);
            if (part.size() >= 4 && part.size() < name.size()) {
                scan_name(part, out);
            }
            at = end + 1;
        }
        return;
    }
    std::string domain;
    if (name.contains('.') && canonical_domain(name, domain) && looks_public(domain)) {
        observe(IndicatorType::Domain, domain, out);
    }
}

// One word: a URL, or names between other characters ("dst=203.0.113.9", "/evil.example/x").
void scan_word(std::string_view word, std::size_t most, std::vector<Observable>& out) {
    if (const std::size_t mark = word.find("://"); mark != std::string_view::npos && mark > 0) {
        std::size_t begin = mark;
        while (begin > 0
               && ((word[begin - 1] >= 'a' && word[begin - 1] <= 'z')
                   || (word[begin - 1] >= 'A' && word[begin - 1] <= 'Z'))) {
            --begin;
        }
        if (begin > 0) {
            scan_word(word.substr(0, begin), most, out);
        }
        if (begin < mark) {
            observe_url(trim_sentence(word.substr(begin)), out);
        }
        return;
    }
    for (std::size_t at = 0; at < word.size() && out.size() < most;) {
        if (!is_name_char(word[at])) {
            ++at;
            continue;
        }
        std::size_t end = at;
        while (end < word.size() && is_name_char(word[end])) {
            ++end;
        }
        scan_name(word.substr(at, end - at), out);
        at = end;
    }
}

}  // namespace

void observe(IndicatorType type, std::string_view canonical, std::vector<Observable>& out) {
    for (const Observable& known : out) {
        if (known.type == type && known.text == canonical) {
            return;
        }
    }
    Observable& made = out.emplace_back();
    made.type = type;
    made.text = canonical;
}

void observe_ip(const base::IpAddress& address, std::vector<Observable>& out) {
    const std::size_t before = out.size();
    observe(IndicatorType::Ip, address.text(), out);
    if (out.size() > before) {
        out.back().ip = address;
    }
}

void observe_address(std::string_view value, std::vector<Observable>& out) {
    value = base::trim(value);
    if (const auto address = address_of(value)) {
        observe_ip(*address, out);
        return;
    }
    std::string domain;
    if (canonical_domain(value.substr(0, value.find(':')), domain) && domain.contains('.')) {
        observe(IndicatorType::Domain, domain, out);
    }
}

void observe_url(std::string_view value, std::vector<Observable>& out) {
    std::string canonical;
    const auto form = canonical_url(base::trim(value), canonical);
    if (!form) {
        return;
    }
    const std::string host = canonical.substr(form->scheme_bytes, form->host_bytes);
    const std::size_t before = out.size();
    observe(IndicatorType::Url, canonical, out);
    if (out.size() > before) {
        out.back().schemeless = form->scheme_bytes == 0;
    }
    observe_address(host, out);
}

void observe_email(std::string_view value, std::vector<Observable>& out) {
    std::string canonical;
    if (!canonical_email(value, canonical)) {
        return;
    }
    observe(IndicatorType::Email, canonical, out);
    observe_address(std::string_view(canonical).substr(canonical.rfind('@') + 1), out);
}

void observe_hash(std::string_view value, std::vector<Observable>& out) {
    const auto one = [&](std::string_view hex, std::string_view algorithm) {
        hex = base::trim(hex);
        struct Kind {
            std::size_t digits;
            IndicatorType type;
            std::string_view name;
        };
        static constexpr std::array kKinds = {Kind{32, IndicatorType::Md5, "md5"},
                                              Kind{40, IndicatorType::Sha1, "sha1"},
                                              Kind{64, IndicatorType::Sha256, "sha256"}};
        for (const Kind& kind : kKinds) {
            std::string canonical;
            if (hex.size() == kind.digits
                && (algorithm.empty() || base::equal_ignoring_ascii_case(algorithm, kind.name))
                && canonical_hex(hex, canonical)) {
                observe(kind.type, canonical, out);
            }
        }
    };
    if (!value.contains('=')) {
        one(value, {});
        return;
    }
    // Sysmon: "SHA1=…,MD5=…,SHA256=…,IMPHASH=…"
    for (std::size_t at = 0; at < value.size();) {
        const std::size_t end = std::min(value.find_first_of(",; ", at), value.size());
        const std::string_view part = value.substr(at, end - at);
        if (const std::size_t equals = part.find('='); equals != std::string_view::npos) {
            one(part.substr(equals + 1), part.substr(0, equals));
        }
        at = end + 1;
    }
}

void scan_text(std::string_view text, const TextLimits& limits, std::vector<Observable>& out) {
    text = text.substr(0, limits.bytes_max);
    std::string meant;
    if (refang(text, meant)) {
        text = meant;
    }
    const std::size_t most = out.size() + limits.observables_max;
    for (std::size_t at = 0; at < text.size() && out.size() < most;) {
        if (is_word_end(text[at])) {
            ++at;
            continue;
        }
        std::size_t end = at;
        while (end < text.size() && !is_word_end(text[end])) {
            ++end;
        }
        if (end - at >= 4) {
            scan_word(text.substr(at, end - at), most, out);
        }
        at = end;
    }
}

}  // namespace gac::detect::ioc
