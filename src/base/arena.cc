#include "base/arena.h"

#include <algorithm>

namespace gac::base {

void* Arena::allocate_slow(std::size_t bytes) {
    const std::size_t need = bytes + kPadding;
    const std::size_t target = chunks_.empty() ? 0 : chunk_ + 1;
    std::size_t found = target;
    while (found < chunks_.size() && chunks_[found].bytes < need) {
        ++found;
    }
    if (found == chunks_.size()) {
        const std::size_t size = std::max(chunk_bytes_, need);
        chunks_.push_back({std::make_unique_for_overwrite<std::byte[]>(size), size});
    }
    std::swap(chunks_[found], chunks_[target]);
    chunk_ = target;
    used_ = bytes;
    return chunks_[chunk_].memory.get();
}

void Arena::reset() {
    // An outsized chunk served one huge event; keeping it would pin its memory for ever.
    std::erase_if(chunks_, [&](const Chunk& chunk) { return chunk.bytes > 4 * chunk_bytes_; });
    chunk_ = 0;
    used_ = 0;
}

std::size_t Arena::bytes_reserved() const {
    std::size_t total = 0;
    for (const Chunk& chunk : chunks_) {
        total += chunk.bytes;
    }
    return total;
}

}  // namespace gac::base
