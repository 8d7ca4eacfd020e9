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
// ascending.
struct ColumnInput {
    TypeCode type{};
    std::span<const std::uint32_t> rows;
    std::span<const event::ValueRef> values;
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

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace gac::store
