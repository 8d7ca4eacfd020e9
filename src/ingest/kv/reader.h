// key=value lines: firewalls (FortiGate and its kin), Linux packet filters, audit records. The
// source's own names are kept; its profile says what they mean.
#pragma once

#include <string_view>

#include "ingest/core/names.h"
#include "ingest/core/writer.h"

namespace gac::ingest {

class KeyValueReader {
public:
    // Fields that it takes times from, besides the profile's: "msg" is that of audit records.
    static constexpr std::string_view kTimeFields[] = {"date", "time", "tz", "msg"};

    explicit KeyValueReader(NameTree& names) : names_(names) {}

    // Begins with a key and holds at least three pairs.
    static bool looks_like(std::string_view text);
    // Chooses the profile where the source has none, reads the pairs, and takes the event's time
    // out of them (the profile's time fields, or date + time + tz). False when there was no pair.
    bool read(std::string_view text, Writer& writer);
    // "[12345.678] DROP IN=eth0 OUT= MAC=... SRC=192.0.2.1 DST=... PROTO=TCP SPT=1 DPT=22 SYN"
    bool read_packet_filter(std::string_view message, Writer& writer);

private:
    enum class Loose : std::uint8_t {
        Extend,
        Flag
    };  // words without "=": part of the value, or not
    std::size_t read_pairs(std::string_view text, char separator, Loose loose, Writer& writer);
    void read_value(std::string_view key, std::string_view value, bool quoted, Writer& writer);
    void read_time(Writer& writer);

    NameTree& names_;
};

}  // namespace gac::ingest
