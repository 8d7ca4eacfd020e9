// The segment file, versions 1 and 2, as numbers and plain structs: docs/formats/segment.md is the
// document, and a reader of both is kept for ever. Codes are never renumbered.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "event/batch.h"
#include "store/memory/value_bytes.h"

namespace gac::store {

inline constexpr std::string_view kSegmentMagic = "GACSEG\r\n";
inline constexpr std::string_view kSegmentEndMagic = "GACSEND\n";
inline constexpr std::uint32_t kSegmentVersion = 2;  // what is written; 1 and 2 are read
inline constexpr std::size_t kSegmentHeader = 32;
inline constexpr std::size_t kSegmentTrailer = 40;
inline constexpr std::uint32_t kBlockRowsMax = 65'536;
inline constexpr std::size_t kColumnBytesMax = std::size_t{1}
                                               << 30;  // of a column of a block, unpacked
inline constexpr std::size_t kFooterBytesMax = std::size_t{1} << 28;

enum class Encoding : std::uint8_t {
    Constant = 0,    // one value for all rows that have the column
    Dictionary = 1,  // distinct values, then a code of 1 or 2 bytes a row
    Delta = 2,       // zigzag varints of differences (Integer, Time, Bool)
    Plain = 3,       // Float 8 bytes, Ip 16 bytes, List as value bytes
    Ip4 = 4,         // IPv4 addresses, 4 bytes each
    Text = 5,        // strings in pages, each packed by itself
    // Since version 2:
    Packed = 6,      // numbers in few bits (Integer, Time, Bool, IPv4)
    Codes = 7,       // distinct values, then a code of few bits a row
    ByShape = 8,     // distinct values, then a code for each shape
    NumberText = 9,  // strings that are a number between the same two texts
    Shaped = 10,     // event.original: the shape of each row
    Span = 11,       // strings that are parts of event.original
};
inline constexpr std::uint8_t kEncodings = 12;

enum class Packing : std::uint8_t { None = 0, Zstd = 1 };

enum class Presence : std::uint8_t {
    All = 0,
    Bits = 1,    // one bit a row
    List = 2,    // varints of differences of row numbers
    Shapes = 3,  // one bit for each shape of the block
};

// Columns that every row has; columns of fields are numbered from kFirstFieldColumn.
enum class System : std::uint8_t {
    Time = 0,
    Received = 1,
    Id = 2,
    Source = 3,
    Profile = 4,
    Flags = 5,
    Raw = 6
};
inline constexpr std::uint32_t kSystemColumns = 7;
inline constexpr std::uint32_t kFirstFieldColumn = 16;

// Keys of BlockEntry::variables. An own column holds one variable of one shape, with its number as
// occurrence; the pool holds all variables of rows whose shapes have no own columns, row by row.
inline constexpr std::uint32_t kPoolKey = 0;
inline constexpr std::uint32_t kFirstShapeKey = 1;  // + place in the block's list of shapes

inline constexpr std::int64_t kFlagParseFailed = 1;
inline constexpr std::int64_t kFlagDrill = 2;

struct ColumnEntry {
    std::uint32_t key = 0;  // System, or kFirstFieldColumn + index into the segment's field names
    std::uint32_t occurrence = 0;  // a field that stands twice in an event has a second column
    TypeCode type{};
    Encoding encoding{};
    Packing packing{};
    std::uint32_t present = 0;  // rows that have it
    std::uint64_t offset = 0;
    std::uint32_t stored_bytes = 0;
    std::uint32_t raw_bytes = 0;  // before packing
    std::uint64_t checksum = 0;   // xxh3 of the stored bytes
    std::int64_t min = 0;         // Integer, Time, Bool
    std::int64_t max = 0;
};

struct BlockEntry {
    std::uint32_t rows = 0;
    base::TimePoint time_min{}, time_max{};
    event::EventId id_min = 0, id_max = 0;
    std::vector<ColumnEntry>
        columns;  // system columns first, then fields in the order of their first appearance
    std::vector<ColumnEntry> variables;  // of event.original, by key and occurrence
};

struct SegmentSummary {
    std::uint64_t rows = 0;
    std::uint64_t sequence_first = 0, sequence_last = 0;  // log records that it holds
    std::uint32_t part = 0, parts = 1;                    // the records' segments are `parts` files
    event::EventId id_min = 0, id_max = 0;
    base::TimePoint time_min{}, time_max{};
    base::TimePoint created{};
    std::uint8_t order = 0;  // kOrderTime, kOrderSource
};
inline constexpr std::uint8_t kOrderTime = 1;    // rows ascending by (time, id): fresh
inline constexpr std::uint8_t kOrderSource = 2;  // by (source, host, time, id): merged

// A part of the file beside columns and footer (an index): its bytes are read when asked for.
struct SectionEntry {
    std::uint32_t tag = 0;
    std::uint64_t offset = 0;
    std::uint32_t bytes = 0;
    std::uint64_t checksum = 0;  // xxh3
};
inline constexpr std::uint32_t kSectionTagMin = 128;
inline constexpr std::uint32_t kShapeSection = 200;  // packed
inline constexpr std::size_t kSectionBytesMax = std::size_t{1} << 30;

struct SegmentFooter {
    SegmentSummary summary;
    std::vector<std::string> fields, sources, profiles;
    std::vector<BlockEntry> blocks;
    std::vector<SectionEntry> sections;  // each tag once
};

std::string encode_footer(const SegmentFooter& footer);
// Fails on anything that does not hold together: every number is checked against `file_bytes`.
Result<SegmentFooter> decode_footer(std::string_view bytes, std::uint64_t file_bytes);

std::string segment_name(const SegmentSummary& summary);
// What the name of a segment says; nothing when it is not one.
struct SegmentPlace {
    std::uint64_t sequence_first = 0, sequence_last = 0;
    std::uint32_t part = 0, parts = 1;
};
std::optional<SegmentPlace> read_segment_name(std::string_view name);

// A merged segment's file is named by its number: "m000000000042.seg".
std::string merged_name(std::uint64_t number);
std::optional<std::uint64_t> read_merged_name(std::string_view name);

}  // namespace gac::store
