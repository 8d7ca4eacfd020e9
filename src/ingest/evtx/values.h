// Values of binary XML as JSON text and as values of events.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/time.h"
#include "event/value.h"
#include "ingest/evtx/utf16.h"

namespace gac::ingest::evtx {

enum class ValueType : std::uint8_t {
    Null = 0x00,
    String = 0x01,
    AnsiString = 0x02,
    Int8 = 0x03,
    UInt8 = 0x04,
    Int16 = 0x05,
    UInt16 = 0x06,
    Int32 = 0x07,
    UInt32 = 0x08,
    Int64 = 0x09,
    UInt64 = 0x0a,
    Real32 = 0x0b,
    Real64 = 0x0c,
    Bool = 0x0d,
    Binary = 0x0e,
    Guid = 0x0f,
    SizeT = 0x10,
    FileTime = 0x11,
    SysTime = 0x12,
    Sid = 0x13,
    HexInt32 = 0x14,
    HexInt64 = 0x15,
    EvtHandle = 0x20,
    BinXml = 0x21,
    EvtXml = 0x23,
};
inline constexpr std::uint8_t kArrayFlag = 0x80;

// The body of a JSON string (no quotes) for UTF-16LE text; trailing NULs are dropped, lone halves
// of pairs become U+FFFD.
void append_utf16(std::string_view utf16, std::string& out);

struct Value {
    std::uint8_t type = 0;
    std::string_view bytes;
    bool is_null() const { return type == 0; }
    bool is_array() const { return (type & kArrayFlag) != 0; }
};

// True when the JSON form of the value is a quoted text.
bool is_quoted(ValueType type);
// The form of a value without quotes; false when its bytes do not fit its type.
bool append_bare(ValueType type, std::string_view bytes, std::string& out);
// A JSON value; arrays become lists. False when its bytes do not fit its type.
bool append_value(const Value& value, std::string& out);

// The value as the JSON decoder reads what append_value writes; texts lie in the arena. False when
// its bytes do not fit its type, or it is a fragment or too long a list.
bool to_value(const Value& value, base::Arena& arena, event::ValueRef& out);
inline constexpr std::size_t kListMax = 16'384;

// Of a type whose values have one text: GUID, SID, hexadecimal, times. Gives its length, 0 when
// the bytes do not fit; `to` has kFixedTextMax bytes.
std::size_t fixed_text(ValueType type, std::string_view bytes, char* to);
inline constexpr std::size_t kFixedTextMax = 3'072;  // a SID of 255 parts

std::size_t size_of(ValueType type);  // of an element of an array; 0 = it has none

// Texts one behind the other, each ended by a NUL.
template <class Use>
void each_text(ValueType type, std::string_view bytes, Use&& use) {
    const std::size_t width = type == ValueType::String ? 2 : 1;
    std::size_t from = 0;
    for (std::size_t at = 0; at + width <= bytes.size(); at += width) {
        const bool nul = width == 2 ? unit_at(bytes, at / 2) == 0 : bytes[at] == '\0';
        const bool last = at + 2 * width > bytes.size();
        if (nul || last) {
            use(bytes.substr(from, at + (nul ? 0 : width) - from));
            from = at + width;
        }
    }
}

base::TimePoint filetime(std::uint64_t ticks);   // of 100 ns since 1601
std::string filetime_text(std::uint64_t ticks);  // RFC 3339, UTC, microseconds

}  // namespace gac::ingest::evtx
