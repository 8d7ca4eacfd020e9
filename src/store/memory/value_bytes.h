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

constexpr TypeCode code_of(event::Type type) {
    using event::Type;
    // Until the types of a process are put in another order, that is no work.
    static_assert(static_cast<int>(Type::Null) == static_cast<int>(TypeCode::Null)
                  && static_cast<int>(Type::String) == static_cast<int>(TypeCode::String)
                  && static_cast<int>(Type::Integer) == static_cast<int>(TypeCode::Integer)
                  && static_cast<int>(Type::Float) == static_cast<int>(TypeCode::Float)
                  && static_cast<int>(Type::Bool) == static_cast<int>(TypeCode::Bool)
                  && static_cast<int>(Type::Ip) == static_cast<int>(TypeCode::Ip)
                  && static_cast<int>(Type::Time) == static_cast<int>(TypeCode::Time)
                  && static_cast<int>(Type::List) == static_cast<int>(TypeCode::List));
    return static_cast<TypeCode>(type);
}

// Type byte and payload. `raw` may be empty; a string inside it becomes offset and length.
void put_value(std::string& out, const event::ValueRef& value, std::string_view raw, int depth = 0);

// The same for the values that most events have, without a string that grows: true when the value
// was written from `to` on, at most kShortValueMax bytes, and `to` stands behind it.
inline constexpr std::size_t kShortValueMax = 24;
bool put_short_value(char*& to, const event::ValueRef& value, std::string_view raw);

// Null with in.failed() set when the bytes are not a value. Strings and addresses point into the
// reader's bytes or into `raw`, lists into the arena.
event::ValueRef read_value(base::Reader& in, std::string_view raw, base::Arena& arena,
                           int depth = 0);

}  // namespace gac::store
