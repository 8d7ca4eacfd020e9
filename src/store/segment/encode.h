// One column of one block into bytes: chooses the encoding by size and says what it chose. Pure;
// any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "event/value.h"
#include "store/segment/format.h"

namespace gac::store {

// The values of one type of one field in a block. `rows` and `values` stand side by side, rows
// ascending; where all rows have the column, or all rows of certain shapes, `rows` is empty.
struct ColumnInput {
    TypeCode type{};
    std::span<const std::uint32_t> rows;
    std::span<const event::ValueRef> values;
    std::span<const std::uint32_t> shapes;    // place of each row's shape in the block's list
    std::span<const std::uint8_t> of_shapes;  // by place: 1 = its rows have the column
};

struct ColumnBytes {
    std::string stored;
    Encoding encoding{};
    Packing packing{};
    std::uint32_t raw_bytes = 0;
    std::int64_t min = 0;
    std::int64_t max = 0;
};

// Keeps its buffers between columns.
class ColumnEncoder {
public:
    explicit ColumnEncoder(int level);
    ~ColumnEncoder();
    ColumnEncoder(const ColumnEncoder&) = delete;
    ColumnEncoder& operator=(const ColumnEncoder&) = delete;

    ColumnBytes encode(const ColumnInput& input, std::uint32_t block_rows);
    // Where each different value of the column encoded last stands first, ascending; empty when
    // they were not told apart.
    std::span<const std::uint32_t> distinct() const;
    // event.original of rows that have these shapes (as numbers + 1; 0 = none).
    ColumnBytes encode_shaped(std::span<const std::uint32_t> shapes,
                              std::span<const std::uint32_t> codes);
    // Texts that are parts of event.original: nothing but the presence.
    ColumnBytes encode_span(std::uint32_t present, std::span<const std::uint8_t> of_shapes,
                            std::uint32_t block_rows);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace gac::store
