// How often each value of a field stands in a block, when all rows count: from the codes of columns
// and the shapes of rows, without a look at any row. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "event/value.h"
#include "store/query/plan.h"
#include "store/segment/segment.h"

namespace gac::store::query {

struct ValueCounts {
    struct One {
        event::ValueRef value;  // lives as long as the reader; one value may come several times
        std::uint64_t count = 0;
    };
    std::vector<One> values;
    std::uint64_t none = 0;  // rows without the field
};

// Nothing when the block's columns do not tell: then rows have to be looked at.
Result<std::optional<ValueCounts>> count_values(BlockReader& reader, const Name& name);

}  // namespace gac::store::query
