#include "store/segment/block_words.h"

#include <cstring>

namespace gac::store {

namespace {

constexpr std::int64_t kNumberIgnored = 99'999;  // numbers of up to five digits are no words

bool is_short_number(std::string_view text) {
    if (text.size() > 5) {
        return false;
    }
    bool digits = true;
    for (const char c : text) {
        digits = digits && c >= '0' && c <= '9';
    }
    return digits;
}

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

void BlockWords::add(std::string_view text) {
    constexpr std::size_t kStep = 16;
    if (size_ + text.size() + kStep > text_.size()) {
        text_.resize((size_ + text.size() + kStep) * 2);
    }
    char* const to = text_.data() + size_;
    if (text.size() >= kStep) {
        std::memcpy(to, text.data(), text.size());
    } else {
        for (std::size_t i = 0; i < text.size(); ++i) {
            to[i] = text[i];
        }
    }
    to[text.size()] = '\n';
    size_ += text.size() + 1;
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
                if ((kinds & piece_bit(Piece::Kind::Field)) != 0
                    && !is_short_number(value.string())) {
                    add(value.string());
                }
                if ((kinds & piece_bit(Piece::Kind::Json)) != 0) {
                    scratch_.clear();
                    append_json_body(scratch_, value.string());
                    add(scratch_);
                }
                break;
            case event::Type::Integer:
                if (value.integer() > kNumberIgnored || value.integer() < -kNumberIgnored) {
                    scratch_.clear();
                    append_number(scratch_, value.integer());
                    add(scratch_);
                }
                break;
            case event::Type::Ip:
                if (!value.ip().is_v4()) {  // parts of an IPv4 address are short numbers
                    scratch_.clear();
                    append_address(scratch_, value.ip());
                    add(scratch_);
                }
                break;
            default:
                break;
        }
    }
}

}  // namespace gac::store
