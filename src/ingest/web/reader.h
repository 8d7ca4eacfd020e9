// Logs of web servers: access lines in Common and Combined Log Format (Apache, nginx and whoever
// writes like them) and the error logs of both.
#pragma once

#include <string_view>

#include "ingest/core/writer.h"

namespace gac::ingest {

// HOST IDENT USER [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 203023["REFERRER" "AGENT"[...]]
// also with the virtual host in front. False, and nothing written, when it is none.
bool read_access_line(std::string_view line, Writer& writer);

// Apache: [Fri Dec 16 01:46:23.123456 2026] [core:error] [pid 12:tid 34] [client 192.0.2.1:5678]
// ... nginx:  2026/08/21 10:15:30 [error] 12#12: *1 ..., client: 192.0.2.1, ... request: "GET /
// HTTP/1.1"
bool read_error_line(std::string_view line, Writer& writer);

}  // namespace gac::ingest
