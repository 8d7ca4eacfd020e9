// One file of the write-ahead log, as bytes: header, then records. docs/formats/wal.md. Pure
// functions; any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/memory/chunk.h"

namespace gac::store {

inline constexpr std::size_t kLogHeaderCopy = 40;
inline constexpr std::size_t kLogHeader =
    2 * kLogHeaderCopy;  // it stands twice: without it no record can be checked
inline constexpr std::uint32_t kLogVersion = 1;
inline constexpr std::size_t kLogFileMax = std::size_t{4} << 30;

struct LogHeader {
    std::uint64_t number = 0;
    std::uint64_t salt = 0;
};

std::string log_header(const LogHeader& header);
std::optional<LogHeader> read_log_header(std::string_view file);

std::filesystem::path log_path(const std::filesystem::path& folder, std::uint64_t number);
std::optional<std::uint64_t> log_number(
    const std::filesystem::path& path);  // nothing: not a log file's name

struct RecordPlace {
    std::size_t at = 0;
    std::size_t bytes = 0;  // header and payload
    RecordHeader header;
};

struct LogScan {
    LogHeader header;
    bool header_half_damaged = false;  // one of its two copies does not fit
    std::vector<RecordPlace> records;  // whole ones, in file order
    std::size_t damaged_bytes = 0;     // between whole records: not a torn tail but damage
    std::size_t torn_bytes = 0;        // after the last whole record
};

// Finds every whole record. A cut or damaged one is left out, and the search goes on behind it.
Result<LogScan> scan_log(std::string_view file);

// Which records of all files, in the order of the files, are events that must be kept: each
// sequence number once; records that a later one disowns by its `previous` are dropped (they failed
// to be written and were refused).
struct LogRecord {
    std::size_t file = 0;
    RecordPlace place;
};
struct LogPlan {
    std::vector<LogRecord> records;  // ascending by sequence
    std::uint64_t gaps = 0;          // places where an acknowledged record may be missing
};
LogPlan plan_replay(const std::vector<LogScan>& files, std::uint64_t sealed_through);

}  // namespace gac::store
