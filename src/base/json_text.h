// The bodies of JSON strings (RFC 8259 section 7), between the quotes: escapes to bytes. A lone
// surrogate becomes U+FFFD; a backslash before anything that JSON does not know stays.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gac::base {

// Bytes that unescape_json may write behind what it gives.
inline constexpr std::size_t kUnescapeSlack = 16;

// npos when there is none, and so no escape.
std::size_t find_backslash(std::string_view text);

// Writes to `to`, which has room for the body and the slack; gives the number of bytes, never more
// than the body has.
std::size_t unescape_json(std::string_view body, char* to);
void unescape_json(std::string_view body, std::string& out);

}  // namespace gac::base
