// What a line of a list is: an address, a prefix, a domain … told by its shape, or as its list
// says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "detect/indicators.h"
#include "detect/ioc/canonical.h"
#include "detect/ioc/keys.h"

namespace gac::detect::ioc {

// One entry of a list in canonical form; used again for each, so that nothing is allocated.
struct Recognised {
    IndicatorType type{};
    base::IpAddress ip;  // Ip: host bits are zero
    int bits = 128;      // of the 128-bit form; 128 = one address
    std::string text;    // the others
    UrlForm url;
    bool url_below = false;        // everything below that path too
    bool subdomains_only = false;  // "*.example.com"
    std::string scratch;
};

// False when the text is no indicator (of that type, where one is given); `why` says so.
bool recognise(std::string_view text, std::optional<IndicatorType> type, Recognised& out,
               std::string_view& why);

// What feeds call the types: "ipv4-addr", "ip-dst|port", "FileHash-SHA256" … `known` is false for
// other words; a word that leaves the kind open ("hash", "ioc") gives no type.
struct TypeWord {
    bool known = false;
    std::optional<IndicatorType> type;
};
TypeWord type_of_word(std::string_view word);

Tag hash_tag(IndicatorType type);                      // Md5, Sha1, Sha256, Ja3
Key hex_key(std::string_view canonical_hex, Tag tag);  // of 32 digits or more

}  // namespace gac::detect::ioc
