// Small dense numbers for different byte strings, in the order of their first appearance. Keeps the
// bytes. A plain value; one thread. Several times faster than a map of strings, and grouping is
// nothing else.
#pragma once

#include <xxhash.h>

#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.h"

namespace gac::store::query {

class BytesIndex {
public:
    static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

    // The number of these bytes, and whether they are new.
    std::pair<std::uint32_t, bool> add(std::string_view bytes) {
        if (entries_.size() * 2 >= slots_.size()) {
            grow();
        }
        const std::uint64_t hash = XXH3_64bits(bytes.data(), bytes.size());
        const std::size_t slot = find_slot(hash, bytes);
        if (slots_[slot] != kNone) {
            return {slots_[slot], false};
        }
        slots_[slot] = static_cast<std::uint32_t>(entries_.size());
        entries_.push_back({hash, arena_.copy(bytes)});
        return {slots_[slot], true};
    }
    // kNone when they never came.
    std::uint32_t find(std::string_view bytes) const {
        return slots_.empty() ? kNone
                              : slots_[find_slot(XXH3_64bits(bytes.data(), bytes.size()), bytes)];
    }
    std::uint32_t size() const { return static_cast<std::uint32_t>(entries_.size()); }
    std::string_view bytes(std::uint32_t number) const { return entries_[number].bytes; }

private:
    struct Entry {
        std::uint64_t hash;
        std::string_view bytes;  // in arena_
    };

    std::size_t find_slot(std::uint64_t hash, std::string_view bytes) const {
        std::size_t slot = hash & (slots_.size() - 1);
        while (slots_[slot] != kNone
               && (entries_[slots_[slot]].hash != hash || entries_[slots_[slot]].bytes != bytes)) {
            slot = (slot + 1) & (slots_.size() - 1);
        }
        return slot;
    }
    void grow() {
        slots_.assign(slots_.empty() ? 64 : slots_.size() * 2, kNone);
        for (std::uint32_t i = 0; i < entries_.size(); ++i) {
            std::size_t slot = entries_[i].hash & (slots_.size() - 1);
            while (slots_[slot] != kNone) {
                slot = (slot + 1) & (slots_.size() - 1);
            }
            slots_[slot] = i;
        }
    }

    base::Arena arena_{16 * 1024};
    std::vector<Entry> entries_;
    std::vector<std::uint32_t> slots_;
};

}  // namespace gac::store::query
