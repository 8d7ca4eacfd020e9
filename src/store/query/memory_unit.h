// Batches of the memory table as one unit. One thread.
#pragma once

#include <memory>
#include <vector>

#include "store/memory/chunk.h"
#include "store/query/unit.h"

namespace gac::store::query {

std::unique_ptr<Unit> open_memory_unit(std::vector<std::shared_ptr<Chunk>> chunks,
                                       const Names& names);

}  // namespace gac::store::query
