// Segments into better segments: merging (rows sorted anew, cut into days and sources, packed
// harder) and leaving rows out (deletion). Writes new files and touches no old one; who counts is
// the catalog's affair. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "store/disk.h"
#include "store/memory/chunk.h"
#include "store/merge/plan.h"
#include "store/merge/rows.h"
#include "store/segment/row_set.h"
#include "store/segment/segment.h"
#include "store/segment/writer.h"

namespace gac::store {

struct RewriteParts {
    std::filesystem::path folder;  // of the segments
    const Names& names;
    Disk& disk;
    Pace& pace;
    std::function<std::string()> next_name;  // of a new file
};

struct MergeShape {
    BlockLimits limits{.rows_max = 32'768};
    int compression_level = 9;
    std::size_t sort_bytes = 64u << 20;
};

MergeInput merge_input(const Segment& segment, const MergeRules& rules);

// New segments with all rows of `inputs`. After an error no new file is left.
Result<std::vector<std::shared_ptr<const Segment>>> merge_segments(
    const RewriteParts& parts, std::span<const std::shared_ptr<const Segment>> inputs,
    const MergeRules& rules, const MergeShape& shape);

// The segment without the rows of `gone` (one set a block), its order kept; nothing when no row is
// left. `each` sees the rows that are left out.
Result<std::shared_ptr<const Segment>> rewrite_without(
    const RewriteParts& parts, const std::shared_ptr<const Segment>& segment,
    std::span<const RowSet> gone, const MergeShape& shape,
    const std::function<void(const event::EventRef&)>& each);

}  // namespace gac::store
