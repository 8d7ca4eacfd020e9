#include "store/segment/block_words.h"

namespace gac::store {

namespace {

constexpr std::int64_t kNumberIgnored = 99'999;  // numbers of up to five digits are no words

// Letters, digits, and all bytes beyond ASCII.
bool may_be_in_word(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
           || (c & 0x80) != 0;
}

}  // namespace

bool words_end_at_pieces(const Shape& shape) {
    const auto is_literal = [](const Piece& piece) { return piece.kind == Piece::Kind::Literal; };
    for (std::size_t i = 1; i < shape.pieces.size(); ++i) {
        const Piece& left = shape.pieces[i - 1];
        const Piece& right = shape.pieces[i];
        const bool ends = is_literal(left) && !may_be_in_word(shape.literal(left).back());
        const bool begins = is_literal(right) && !may_be_in_word(shape.literal(right).front());
        if (!ends && !begins) {
            return false;
        }
    }
    return true;
}

void BlockWords::add_literals(const Shape& shape) {
    for (const Piece& piece : shape.pieces) {
        if (piece.kind == Piece::Kind::Literal) {
            add(shape.literal(piece));
        }
    }
}

void BlockWords::add_pieces(std::uint32_t kinds, std::span<const event::ValueRef> values) {
    for (const event::ValueRef& value : values) {
        switch (value.type()) {
            case event::Type::String:
                if ((kinds & piece_bit(Piece::Kind::Field)) != 0) {
                    add(value.string());
                }
                if ((kinds & piece_bit(Piece::Kind::Json)) != 0) {
                    append_json_body(text_, value.string());
                    text_ += '\n';
                }
                break;
            case event::Type::Integer:
                if (value.integer() > kNumberIgnored || value.integer() < -kNumberIgnored) {
                    append_number(text_, value.integer());
                    text_ += '\n';
                }
                break;
            case event::Type::Ip:
                if (!value.ip().is_v4()) {  // parts of an IPv4 address are short numbers
                    append_address(text_, value.ip());
                    text_ += '\n';
                }
                break;
            default:
                break;
        }
    }
}

}  // namespace gac::store
