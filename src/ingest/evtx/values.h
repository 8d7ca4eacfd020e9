// Values of binary XML as JSON text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

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

std::string filetime_text(std::uint64_t filetime);  // RFC 3339, UTC, microseconds

}  // namespace gac::ingest::evtx
