// A shape: which fields an event has, in order, and how its event.original is put together out of
// literals, fields and variables. A segment has a table of shapes, a row only a shape's number.
// Values; any thread. docs/formats/segment.md, "shapes".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/memory/value_bytes.h"

namespace gac::store {

struct ShapeField {
    std::uint32_t key = 0;  // as in ColumnEntry
    std::uint32_t occurrence = 0;
    TypeCode type{};
    bool stored = true;  // in a column; else it is the pieces [begin, end), which are all of it
    std::uint16_t begin = 0, end = 0;  // where it stands in raw as it is; begin == end: nowhere
};

struct Piece {
    enum class Kind : std::uint8_t {
        Literal = 0,
        Token = 1,    // a variable without separators
        Digits = 2,   // a variable of digits
        Text = 3,     // a variable of any bytes
        Field = 4,    // a String field as it is
        Number = 5,   // an Integer field in decimal
        Address = 6,  // an Ip field in canonical form
        Json = 7,     // a String field as the body of a JSON string
    };
    Kind kind{};
    std::uint32_t index = 0;         // of the variable, or of the field in Shape::fields
    std::uint32_t at = 0, size = 0;  // literal: place in Shape::literals

    bool is_variable() const {
        return kind == Kind::Token || kind == Kind::Digits || kind == Kind::Text;
    }
    bool is_field() const { return kind >= Kind::Field; }
};
inline constexpr std::uint8_t kPieceKinds = 8;

struct Shape {
    std::vector<ShapeField> fields;
    std::vector<Piece> pieces;
    std::string literals;
    std::uint32_t variables = 0;

    std::string_view literal(const Piece& piece) const {
        return std::string_view(literals).substr(piece.at, piece.size);
    }
    bool operator==(const Shape& other) const;
};

inline constexpr std::uint32_t kShapesMax = 65'000;  // of a segment
inline constexpr std::uint32_t kPiecesMax = 65'000;  // of a shape

// The section of shapes, before packing.
std::string encode_shapes(const std::vector<Shape>& shapes);
Result<std::vector<Shape>> decode_shapes(std::string_view bytes, std::size_t field_names);

// How a value stands in event.original; appends.
void append_number(std::string& out, std::int64_t value);
void append_address(std::string& out, const base::IpAddress& ip);
// Of an IPv4 address; returns the end of what was written: at most 15 bytes.
char* put_address(char* to, const base::IpAddress& v4);
void append_json_body(std::string& out, std::string_view text);
// False for texts that have no such form (control bytes without a short escape).
bool has_json_body(std::string_view text);

}  // namespace gac::store
