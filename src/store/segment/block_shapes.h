// Which shape each row of a block has, and what follows from it: which rows have a column, and the
// place of a row among those of its shape. What is not asked for is not worked out. One thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/reader.h"
#include "store/segment/row_set.h"

namespace gac::store {

class BlockShapes {
public:
    static constexpr std::uint32_t kFree = 0xffffffff;  // rows without a shape

    // varint count; for each varint 0 = free or the segment's number + 1; u8 width; a code of so
    // many bits a row. `bytes` end with kBitsPadding bytes that are not theirs.
    bool read(base::Reader& in, std::string_view bytes, std::uint32_t rows);

    std::uint32_t count() const { return static_cast<std::uint32_t>(numbers_.size()); }
    std::uint32_t rows() const { return static_cast<std::uint32_t>(code_.size()); }
    std::uint32_t number(std::uint32_t place) const { return numbers_[place]; }
    // Place of the row's shape in the block's list.
    std::uint32_t code(std::uint32_t row) const { return code_[row]; }
    std::span<const std::uint32_t> codes() const { return code_; }
    std::uint32_t rows_with(std::uint32_t place) const { return counts_[place]; }
    // Rows whose shape has its bit set, lowest bit first.
    RowSet rows_of(std::string_view bits) const;
    RowSet rows_of(std::uint32_t place) const;
    // How many rows before this one have the same shape.
    std::uint32_t rank(std::uint32_t row) const;
    // The same for each shape; cheap for rows that come ascending. Good until the next call.
    std::span<const std::uint32_t> rows_before(std::uint32_t row) const;

private:
    const std::vector<RowSet>& sets() const;

    std::vector<std::uint32_t> numbers_;
    std::vector<std::uint32_t> code_;
    std::vector<std::uint32_t> counts_;
    mutable std::vector<RowSet> sets_;           // of each shape, when they are few
    mutable std::vector<std::uint32_t> rank_;    // of each row
    mutable std::uint32_t ranked_alone_ = 0;     // rows that were asked for without rank_
    mutable std::vector<std::uint32_t> before_;  // of each shape, before before_row_
    mutable std::uint32_t before_row_ = 0;
};

}  // namespace gac::store
