// What the indexes of segments say to a hunt: in which blocks a field holds a value that is looked
// for. Shared by all threads of it; each dictionary is gone through once for each role.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "store/hunt.h"
#include "store/index/reader.h"
#include "store/query/unit.h"

namespace gac::store::query {

class HuntIndexes {
public:
    explicit HuntIndexes(std::span<const UnitPlace> places);

    // May values of that type in a column of the field hold something, in that block? A damaged
    // index is told once and says yes.
    bool may_hold(const Segment& segment, std::uint32_t block, event::FieldId field, TypeCode type,
                  std::uint32_t role, HunterEye& eye,
                  const std::function<void(const Error&)>& on_damage);

    std::uint64_t bytes_read() const;

private:
    struct Entry {
        struct Known {
            const index::DictionaryEntry* dictionary = nullptr;
            std::uint32_t role = 0;
            RowSet blocks;
        };
        std::mutex mutex;
        bool opened = false;
        base::Fd fd;
        std::shared_ptr<const Segment::Index> index;
        std::optional<index::Reader> reader;
        std::vector<Known> known;

        Result<> open(const Segment& segment);
        bool holds(const index::DictionaryEntry& dictionary, std::uint32_t block,
                   std::uint32_t role, HunterEye& eye,
                   const std::function<void(const Error&)>& on_damage);
        Result<RowSet> blocks_with(const index::DictionaryEntry& dictionary, std::uint32_t role,
                                   HunterEye& eye);
    };
    std::unordered_map<const Segment*, std::unique_ptr<Entry>> segments_;
};

}  // namespace gac::store::query
