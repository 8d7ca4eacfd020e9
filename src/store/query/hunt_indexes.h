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

// IPv4 addresses among which all are that hold something: a bit for each hash of 16 bits, so that
// a column's numbers are gone through without a look at the list.
class AddressFilter {
public:
    void add(std::uint32_t v4) { bits_[place(v4) / 64] |= std::uint64_t{1} << (place(v4) % 64); }
    bool may_hold(std::uint32_t v4) const {
        return (bits_[place(v4) / 64] >> (place(v4) % 64) & 1) != 0;
    }

private:
    static std::uint32_t place(std::uint32_t v4) { return v4 * 0x9e3779b1U >> 16; }
    std::vector<std::uint64_t> bits_ = std::vector<std::uint64_t>(1024);
};

class HuntIndexes {
public:
    explicit HuntIndexes(std::span<const UnitPlace> places);

    struct Says {
        bool may_hold = true;
        // Of the addresses that do, also as texts; null when it cannot tell.
        std::shared_ptr<const AddressFilter> among;
    };
    // May values of that type in a column of the field hold something, in that block? A damaged
    // index is told once and says yes.
    Says ask(const Segment& segment, std::uint32_t block, event::FieldId field, TypeCode type,
             std::uint32_t role, HunterEye& eye,
             const std::function<void(const Error&)>& on_damage);

    std::uint64_t bytes_read() const;

private:
    struct Entry {
        struct Known {
            const index::DictionaryEntry* dictionary = nullptr;
            std::uint32_t role = 0;
            RowSet blocks;
            std::shared_ptr<const AddressFilter> among;
        };
        std::mutex mutex;
        bool opened = false;
        base::Fd fd;
        std::shared_ptr<const Segment::Index> index;
        std::optional<index::Reader> reader;
        std::vector<Known> known;

        Result<> open(const Segment& segment);
        Says ask(const index::DictionaryEntry& dictionary, std::uint32_t block, std::uint32_t role,
                 HunterEye& eye, const std::function<void(const Error&)>& on_damage);
        Result<Known> look_through(const index::DictionaryEntry& dictionary, std::uint32_t role,
                                   HunterEye& eye);
    };
    std::unordered_map<const Segment*, std::unique_ptr<Entry>> segments_;
};

}  // namespace gac::store::query
