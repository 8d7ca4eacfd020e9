#include "store/segment/shape.h"

#include <charconv>

#include "store/bytes.h"
#include "store/segment/format.h"

namespace gac::store {

namespace {

constexpr std::uint8_t kNotStored = 0x80;

char short_escape(char c) {
    switch (c) {
        case '"':
        case '\\':
            return c;
        case '\n':
            return 'n';
        case '\r':
            return 'r';
        case '\t':
            return 't';
        case '\b':
            return 'b';
        case '\f':
            return 'f';
        default:
            return 0;
    }
}

bool read_field(base::Reader& in, ShapeField& field, std::size_t names) {
    const std::uint64_t number = in.read_varint();
    const std::uint64_t occurrence = in.read_varint();
    const auto type = in.read<std::uint8_t>();
    const std::uint64_t begin = in.read_varint();
    const std::uint64_t pieces = in.read_varint();
    if (in.failed() || number >= names || occurrence > kPiecesMax || begin > kPiecesMax
        || pieces > kPiecesMax - begin || (type & ~kNotStored) >= kTypeCodes) {
        return false;
    }
    field.key = kFirstFieldColumn + static_cast<std::uint32_t>(number);
    field.occurrence = static_cast<std::uint32_t>(occurrence);
    field.type = static_cast<TypeCode>(type & ~kNotStored);
    field.stored = (type & kNotStored) == 0;
    field.begin = static_cast<std::uint16_t>(begin);
    field.end = static_cast<std::uint16_t>(begin + pieces);
    return field.begin == field.end ? field.stored : field.type == TypeCode::String;
}

bool read_piece(base::Reader& in, Shape& shape) {
    Piece piece;
    const auto kind = in.read<std::uint8_t>();
    if (kind >= kPieceKinds) {
        return false;
    }
    piece.kind = static_cast<Piece::Kind>(kind);
    if (piece.kind == Piece::Kind::Literal) {
        const std::string_view text = read_text(in);
        piece.at = static_cast<std::uint32_t>(shape.literals.size());
        piece.size = static_cast<std::uint32_t>(text.size());
        shape.literals += text;
    } else if (piece.is_variable()) {
        piece.index = shape.variables++;
    } else {
        const std::uint64_t field = in.read_varint();
        if (field >= shape.fields.size()) {
            return false;
        }
        piece.index = static_cast<std::uint32_t>(field);
        const TypeCode type = shape.fields[field].type;
        const TypeCode wanted = piece.kind == Piece::Kind::Number    ? TypeCode::Integer
                                : piece.kind == Piece::Kind::Address ? TypeCode::Ip
                                                                     : TypeCode::String;
        if (type != wanted || !shape.fields[field].stored) {
            return false;
        }
    }
    shape.pieces.push_back(piece);
    return !in.failed();
}

bool read_shape(base::Reader& in, Shape& shape, std::size_t names) {
    const std::uint64_t fields = in.read_varint();
    if (fields > in.left() || fields > kPiecesMax) {
        return false;
    }
    shape.fields.resize(fields);
    for (ShapeField& field : shape.fields) {
        if (!read_field(in, field, names)) {
            return false;
        }
    }
    const std::uint64_t pieces = in.read_varint();
    if (pieces > in.left() || pieces > kPiecesMax) {
        return false;
    }
    for (std::uint64_t i = 0; i < pieces; ++i) {
        if (!read_piece(in, shape)) {
            return false;
        }
    }
    for (const ShapeField& field : shape.fields) {
        if (field.end > pieces) {
            return false;
        }
    }
    return true;
}

}  // namespace

bool Shape::operator==(const Shape& other) const {
    const auto same_field = [](const ShapeField& a, const ShapeField& b) {
        return a.key == b.key && a.occurrence == b.occurrence && a.type == b.type
               && a.stored == b.stored && a.begin == b.begin && a.end == b.end;
    };
    const auto same_piece = [](const Piece& a, const Piece& b) {
        return a.kind == b.kind && a.index == b.index && a.at == b.at && a.size == b.size;
    };
    return literals == other.literals
           && std::equal(fields.begin(), fields.end(), other.fields.begin(), other.fields.end(),
                         same_field)
           && std::equal(pieces.begin(), pieces.end(), other.pieces.begin(), other.pieces.end(),
                         same_piece);
}

std::string encode_shapes(const std::vector<Shape>& shapes) {
    std::string out;
    put_varint(out, shapes.size());
    for (const Shape& shape : shapes) {
        put_varint(out, shape.fields.size());
        for (const ShapeField& field : shape.fields) {
            put_varint(out, field.key - kFirstFieldColumn);
            put_varint(out, field.occurrence);
            put(out, static_cast<std::uint8_t>(static_cast<std::uint8_t>(field.type)
                                               | (field.stored ? 0 : kNotStored)));
            put_varint(out, field.begin);
            put_varint(out, field.end - field.begin);
        }
        put_varint(out, shape.pieces.size());
        for (const Piece& piece : shape.pieces) {
            put(out, static_cast<std::uint8_t>(piece.kind));
            if (piece.kind == Piece::Kind::Literal) {
                put_text(out, shape.literal(piece));
            } else if (piece.is_field()) {
                put_varint(out, piece.index);
            }
        }
    }
    return out;
}

Result<std::vector<Shape>> decode_shapes(std::string_view bytes, std::size_t field_names) {
    base::Reader in(bytes);
    const std::uint64_t count = in.read_varint();
    if (count > in.left() || count > kShapesMax) {
        return fail(Code::Corrupt, "the table of shapes is damaged");
    }
    std::vector<Shape> shapes(count);
    for (std::size_t i = 0; i < shapes.size(); ++i) {
        if (!read_shape(in, shapes[i], field_names)) {
            return fail(Code::Corrupt, "shape " + std::to_string(i) + " is damaged");
        }
    }
    if (in.failed() || !in.done()) {
        return fail(Code::Corrupt, "the table of shapes is damaged");
    }
    return shapes;
}

void append_number(std::string& out, std::int64_t value) {
    char text[24];
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    out.append(text, static_cast<std::size_t>(end - text));
}

char* put_address(char* to, const base::IpAddress& v4) {
    for (std::size_t i = 12; i < 16; ++i) {
        const unsigned part = v4.bytes[i];
        if (i > 12) {
            *to++ = '.';
        }
        if (part >= 100) {
            *to++ = static_cast<char>('0' + part / 100);
        }
        if (part >= 10) {
            *to++ = static_cast<char>('0' + part / 10 % 10);
        }
        *to++ = static_cast<char>('0' + part % 10);
    }
    return to;
}

void append_address(std::string& out, const base::IpAddress& ip) {
    if (!ip.is_v4()) {
        out += ip.text();
        return;
    }
    char text[16];
    out.append(text, put_address(text, ip));
}

void append_json_body(std::string& out, std::string_view text) {
    for (const char c : text) {
        if (const char escape = short_escape(c); escape != 0) {
            out += '\\';
            out += escape;
        } else {
            out += c;
        }
    }
}

bool has_json_body(std::string_view text) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20 && short_escape(c) == 0) {
            return false;
        }
    }
    return true;
}

}  // namespace gac::store
