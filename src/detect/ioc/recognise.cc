#include "detect/ioc/recognise.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"

namespace gac::detect::ioc {

namespace {

using enum IndicatorType;

bool is_hex(std::string_view text) {
    return std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    });
}

std::optional<IndicatorType> hash_by_length(std::size_t digits) {
    switch (digits) {
        case 32:
            return Md5;
        case 40:
            return Sha1;
        case 64:
            return Sha256;
        default:
            return std::nullopt;
    }
}

std::size_t digits_of(IndicatorType type) { return type == Sha1 ? 40 : type == Sha256 ? 64 : 32; }

bool take_address(std::string_view text, Recognised& out, std::string_view& why) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) {
        const auto address = address_of(text);
        if (!address) {
            why = "not an IP address";
            return false;
        }
        out.ip = *address;
        out.bits = 128;
    } else {
        const auto prefix = base::IpPrefix::parse(text);
        if (!prefix) {
            why = "not an IP prefix";
            return false;
        }
        if (prefix->bits() == 0 || (prefix->address().is_v4() && prefix->bits() == 96)) {
            why = "a prefix of length 0 covers every address";
            return false;
        }
        out.ip = prefix->address();
        out.bits = prefix->bits();
    }
    out.type = Ip;
    return true;
}

bool take_hash(std::string_view text, IndicatorType type, Recognised& out, std::string_view& why) {
    if (text.size() != digits_of(type) || !canonical_hex(text, out.text)) {
        why = "not a hash of that type: wrong length or other characters than hex digits";
        return false;
    }
    out.type = type;
    return true;
}

bool take_domain(std::string_view text, Recognised& out, std::string_view& why) {
    out.subdomains_only = text.starts_with("*.");
    const bool dotted = text.starts_with('.');
    text.remove_prefix(out.subdomains_only ? 2 : dotted ? 1 : 0);
    if (!canonical_domain(text, out.text)) {
        why = "not a domain name";
        return false;
    }
    // ".zip" is meant as it stands; a bare "localhost" is a slip.
    if (!out.text.contains('.') && !dotted && !out.subdomains_only) {
        why = "a domain of one label; write \".label\" to mean the whole of it";
        return false;
    }
    if (base::IpAddress::parse(out.text)) {  // columns of hosts hold both
        return take_address(out.text, out, why);
    }
    out.type = Domain;
    return true;
}

bool take_url(std::string_view text, Recognised& out, std::string_view& why) {
    if (text.ends_with("\xe2\x80\xa6") || text.ends_with("...")) {
        why = "a URL that was cut off";
        return false;
    }
    out.url_below = text.ends_with("/*");
    if (out.url_below) {
        text.remove_suffix(1);
    }
    const auto form = canonical_url(text, out.text);
    if (!form) {
        why = "not a URL";
        return false;
    }
    out.url = *form;
    out.type = Url;
    return true;
}

bool take_typed(std::string_view text, IndicatorType type, Recognised& out, std::string_view& why) {
    switch (type) {
        case Ip:
            return take_address(text, out, why);
        case Domain:
            return take_domain(text, out, why);
        case Url:
            return take_url(text, out, why);
        case Md5:
        case Sha1:
        case Sha256:
        case Ja3:
            return take_hash(text, type, out, why);
        case Email:
            why = "not an e-mail address";
            out.type = Email;
            return canonical_email(text, out.text);
        case Mutex:
            why = "not the name of a mutex";
            out.type = Mutex;
            return canonical_mutex(text, out.text);
        case FileName:
            why = "not a file name";
            out.type = FileName;
            return canonical_file(text, out.text);
    }
    return false;
}

bool take_by_shape(std::string_view text, Recognised& out, std::string_view& why) {
    if (const auto hash = hash_by_length(text.size()); hash && is_hex(text)) {
        return take_hash(text, *hash, out, why);
    }
    const bool addressy = std::ranges::all_of(
        text, [](char c) { return (c >= '0' && c <= '9') || c == '.' || c == '/' || c == ':'; });
    if (addressy || text.starts_with('[')) {
        return take_address(text, out, why);
    }
    if (text.contains("://")) {
        return take_url(text, out, why);
    }
    const std::size_t slash = text.find('/');
    if (text.find(':') < slash && std::ranges::count(text.substr(0, slash), ':') > 1) {
        return take_address(text, out, why);
    }
    if (slash != std::string_view::npos) {
        return text.substr(0, slash).contains('.') && take_url(text, out, why);
    }
    if (text.contains('@')) {
        return take_typed(text, Email, out, why);
    }
    if (!text.contains('.') || text.contains(':')) {
        return false;
    }
    if (!take_domain(text, out, why)) {
        return false;
    }
    const std::size_t dot = out.text.rfind('.');
    if (dot != std::string::npos && !looks_public(out.text)) {
        why = "not a domain name: its last label is no top-level domain";
        return false;
    }
    return true;
}

}  // namespace

bool recognise(std::string_view text, std::optional<IndicatorType> type, Recognised& out,
               std::string_view& why) {
    out.url_below = false;
    out.subdomains_only = false;
    if (type != Mutex && type != FileName && refang(text, out.scratch)) {
        text = out.scratch;
    }
    why = "no known kind of indicator";
    if (text.empty()) {
        why = "an empty value";
        return false;
    }
    return type ? take_typed(text, *type, out, why) : take_by_shape(text, out, why);
}

TypeWord type_of_word(std::string_view word) {
    struct Word {
        std::string_view text;
        std::optional<IndicatorType> type;
    };
    static constexpr std::array kWords = {
        Word{"", std::nullopt},
        Word{"ioc", std::nullopt},
        Word{"indicator", std::nullopt},
        Word{"hash", std::nullopt},
        Word{"filehash", std::nullopt},
        Word{"ip", Ip},
        Word{"ipv4", Ip},
        Word{"ipv6", Ip},
        Word{"ipaddr", Ip},
        Word{"ipaddress", Ip},
        Word{"ipv4addr", Ip},
        Word{"ipv6addr", Ip},
        Word{"ipsrc", Ip},
        Word{"ipdst", Ip},
        Word{"ipport", Ip},
        Word{"ipsrcport", Ip},
        Word{"ipdstport", Ip},
        Word{"address", Ip},
        Word{"cidr", Ip},
        Word{"net", Ip},
        Word{"netblock", Ip},
        Word{"network", Ip},
        Word{"prefix", Ip},
        Word{"subnet", Ip},
        Word{"domain", Domain},
        Word{"domainname", Domain},
        Word{"hostname", Domain},
        Word{"host", Domain},
        Word{"fqdn", Domain},
        Word{"url", Url},
        Word{"uri", Url},
        Word{"link", Url},
        Word{"md5", Md5},
        Word{"md5hash", Md5},
        Word{"filehashmd5", Md5},
        Word{"hashmd5", Md5},
        Word{"sha1", Sha1},
        Word{"sha1hash", Sha1},
        Word{"filehashsha1", Sha1},
        Word{"hashsha1", Sha1},
        Word{"sha256", Sha256},
        Word{"sha256hash", Sha256},
        Word{"filehashsha256", Sha256},
        Word{"hashsha256", Sha256},
        Word{"email", Email},
        Word{"emailaddr", Email},
        Word{"emailaddress", Email},
        Word{"emailsrc", Email},
        Word{"emaildst", Email},
        Word{"mail", Email},
        Word{"ja3", Ja3},
        Word{"ja3hash", Ja3},
        Word{"ja3md5", Ja3},
        Word{"ja3fingerprint", Ja3},
        Word{"ja3fingerprintmd5", Ja3},
        Word{"mutex", Mutex},
        Word{"mutant", Mutex},
        Word{"file", FileName},
        Word{"filename", FileName},
        Word{"filepath", FileName},
    };
    char folded[32];
    std::size_t size = 0;
    for (const char c : word) {
        if (c == '-' || c == '_' || c == ' ' || c == ':' || c == '|' || c == '.') {
            continue;
        }
        if (size == sizeof(folded)) {
            return {};
        }
        folded[size++] = base::ascii_lower(c);
    }
    const std::string_view wanted(folded, size);
    const auto found = std::ranges::find(kWords, wanted, &Word::text);
    return found == kWords.end() ? TypeWord{} : TypeWord{true, found->type};
}

Tag hash_tag(IndicatorType type) {
    switch (type) {
        case Sha1:
            return Tag::Sha1;
        case Sha256:
            return Tag::Sha256;
        case Ja3:
            return Tag::Ja3;
        default:
            return Tag::Md5;
    }
}

Key hex_key(std::string_view canonical_hex, Tag tag) {
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    std::from_chars(canonical_hex.data(), canonical_hex.data() + 16, a, 16);
    std::from_chars(canonical_hex.data() + 16, canonical_hex.data() + 32, b, 16);
    return hash_key(a, b, tag);
}

}  // namespace gac::detect::ioc
