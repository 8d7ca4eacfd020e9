// The bytes of JSON text itself: string bodies, where a value ends, and repair of sloppy senders'
// text. No tree is built here.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/arena.h"

namespace gac::ingest {

// The body of a JSON string (between the quotes) without its escapes. Without any it is the view
// itself, else a copy in the arena. A lone surrogate becomes U+FFFD; a backslash before anything
// that JSON does not know stays.
std::string_view unescape(std::string_view body, base::Arena& arena);

// Length of the string body that starts at `from`, up to its closing quote; npos when it does not
// close. `has_escapes` says whether a backslash stands in it.
std::size_t string_length(std::string_view text, std::size_t from, bool& has_escapes);

// Index behind the object, array or scalar that begins at `from`; npos when it does not end.
std::size_t value_end(std::string_view text, std::size_t from);

// Valid UTF-8 and no bare control characters inside strings; otherwise the same text.
std::string repair_json(std::string_view text);

}  // namespace gac::ingest
