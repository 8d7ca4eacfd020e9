// A text that has every word of the lines of a block, and few of them twice: what the index makes
// its word filter of. Literals of a shape come once, values once for each different one; only where
// a word may reach over the border of a piece is the line itself taken. Words:
// store/index/tokens.h. One thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "event/value.h"
#include "store/segment/shape.h"

namespace gac::store {

class BlockWords {
public:
    void begin() { size_ = 0; }
    void add(std::string_view text);
    void add_literals(const Shape& shape);
    // Values that are pieces of lines; `kinds`: a bit for each kind of piece that they are.
    void add_pieces(std::uint32_t kinds, std::span<const event::ValueRef> values);

    std::string_view text() const { return {text_.data(), size_}; }

private:
    std::string text_;  // more than is used, so that short texts are added without a call
    std::size_t size_ = 0;
    std::string scratch_;
};

constexpr std::uint32_t piece_bit(Piece::Kind kind) {
    return 1U << static_cast<std::uint32_t>(kind);
}

// Does no word reach over the border between two pieces, whatever the values are?
bool words_end_at_pieces(const Shape& shape);

}  // namespace gac::store
