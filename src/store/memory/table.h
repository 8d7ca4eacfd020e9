// The rows that are not in segments yet: one table that grows and those that wait for the sealer,
// oldest first. A plain value; the store holds it behind its lock.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "store/memory/chunk.h"

namespace gac::store {

struct MemoryTable {
    std::vector<std::shared_ptr<Chunk>> chunks;
    std::uint64_t bytes = 0;
    std::uint64_t rows = 0;

    void add(std::shared_ptr<Chunk> chunk) {
        bytes += chunk->memory_bytes();
        rows += chunk->rows();
        chunks.push_back(std::move(chunk));
    }
    std::uint64_t sequence_last() const { return chunks.back()->sequence(); }
    // Drops what was placed from `sequence` on: always the end of the table.
    void drop_from(std::uint64_t sequence) {
        while (!chunks.empty() && chunks.back()->sequence() >= sequence) {
            bytes -= chunks.back()->memory_bytes();
            rows -= chunks.back()->rows();
            chunks.pop_back();
        }
    }
};

}  // namespace gac::store
