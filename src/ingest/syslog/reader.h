// Syslog messages: RFC 5424 with structured data, RFC 3164 in the shapes that real devices send
// (with or without priority, time, host and tag; with ISO times as rsyslog writes them; Cisco's
// sequence numbers and marks). Everything that is understood becomes a field; the text behind the
// tag is `message`. What the program itself says is read by the readers of its kind.
#pragma once

#include <string_view>

#include "ingest/core/names.h"
#include "ingest/core/times.h"
#include "ingest/core/writer.h"

namespace gac::ingest {

class Scan;

struct SyslogHeader {
    bool has_priority = false;
    bool has_time = false;
    bool is_5424 = false;
    std::string_view tag;  // as it stands, without [pid]
    std::string_view message;
};

// The program that a tag names: without its folder and without "(pam_unix)".
std::string_view program_of(std::string_view tag);

class SyslogReader {
public:
    explicit SyslogReader(NameTree& names);

    // Reads the header into fields. Never fails: a line without any header is all message.
    SyslogHeader read_header(std::string_view line, Writer& writer);

private:
    bool read_5424(std::string_view rest, SyslogHeader& header, Writer& writer);
    bool read_usual(std::string_view line, SyslogHeader& header, Writer& writer);
    void read_3164(std::string_view rest, SyslogHeader& header, Writer& writer);
    bool read_structured(Scan& scan, Writer& writer);

    NameTree& names_;
    BsdClock clock_;
    std::uint32_t structured_data_ = 0;  // node of log.syslog.structured_data
};

}  // namespace gac::ingest
