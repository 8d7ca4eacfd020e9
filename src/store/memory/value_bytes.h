// One value as bytes: in the log's records and inside list columns of segments. See
// docs/formats/wal.md.
#pragma once

#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/reader.h"
#include "event/value.h"

namespace gac::store {

// Type codes on disk; never renumbered.
enum class TypeCode : std::uint8_t {
    Null = 0,
    String = 1,
    Integer = 2,
    Float = 3,
    Bool = 4,
    Ip = 5,
    Time = 6,
    List = 7
};
inline constexpr std::uint8_t kTypeCodes = 8;
inline constexpr std::uint8_t kInRaw = 0x80;  // a string that is a part of the event's raw text

// Lists inside lists: deeper ones are kept as null.
inline constexpr int kListDepthMax = 8;

TypeCode code_of(event::Type type);

// Type byte and payload. `raw` may be empty; a string inside it becomes offset and length.
void put_value(std::string& out, const event::ValueRef& value, std::string_view raw, int depth = 0);

// Null with in.failed() set when the bytes are not a value. Strings and addresses point into the
// reader's bytes or into `raw`, lists into the arena.
event::ValueRef read_value(base::Reader& in, std::string_view raw, base::Arena& arena,
                           int depth = 0);

}  // namespace gac::store
