// The one form in which equal things are equal bytes, for what lists hold and what events hold
// alike. Each function gives false when the text is no such thing; `out` is then worthless. Giving
// a canonical text again changes nothing.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip.h"

namespace gac::detect::ioc {

// Lower case, no dot at the end, labels of letters, digits, '-' and '_', at most 63 bytes each and
// 253 in all. Other letters become punycode (IDNA 2008 rules of Unicode UTS 46).
bool canonical_domain(std::string_view text, std::string& out);
inline constexpr std::size_t kDomainBytesMax = 253;

// True when the last label can be one of the public tree: not all digits, not a usual file ending.
bool looks_public(std::string_view domain);

// "scheme://host[:port]/path[?query]": scheme and host in lower case; no user, no fragment, no
// default port; percent-encoding only where it is needed, in capitals; no dot segments, a path of
// "/" at least. `scheme_bytes` counts "scheme://"; 0 when the text has no scheme, then the form
// begins with the host.
struct UrlForm {
    std::size_t scheme_bytes = 0;
    std::size_t host_bytes = 0;  // without the port, brackets included
};
std::optional<UrlForm> canonical_url(std::string_view text, std::string& out);

// Local part and domain in lower case; "Name <a@b>" and "mailto:" are read as well.
bool canonical_email(std::string_view text, std::string& out);

// Folded case, '/' between the parts of a path.
bool canonical_file(std::string_view text, std::string& out);
inline std::string_view base_name(std::string_view canonical_file) {
    return canonical_file.substr(canonical_file.rfind('/') + 1);
}

// Case counts; "Global\", "Local\" and what stands before them are left out.
bool canonical_mutex(std::string_view text, std::string& out);

bool canonical_hex(std::string_view text, std::string& out);  // lower case, hex digits only

// An address, in brackets or with a port too: "192.0.2.1:443", "[2001:db8::1]:443".
std::optional<base::IpAddress> address_of(std::string_view text);

// Bytes of "scheme://" at the beginning; 0 when the text begins otherwise.
std::size_t scheme_bytes(std::string_view url);

// hxxp, [.], (dot), [at], [:] and their kin as they were meant. False when nothing was changed
// (then `out` is untouched).
bool refang(std::string_view text, std::string& out);

}  // namespace gac::detect::ioc
