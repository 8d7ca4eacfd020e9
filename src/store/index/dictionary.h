// The different values of an entity field in a segment (or of all addresses) in the order of a key,
// and for each the blocks that have it. Pages of kPageEntries values are packed each by itself, so
// that one value costs one page. Bytes: docs/formats/segment.md. One
// thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/reader.h"
#include "base/result.h"
#include "event/value.h"
#include "store/index/directory.h"
#include "store/segment/row_set.h"

namespace gac::store::index {

// Where a value stands among others: equal for all values that equal it, without regard to case and
// Vietnamese marks. Texts that are addresses have the address's key.
std::uint64_t address_key(const base::IpAddress& address);
std::uint64_t text_key(std::string_view text);

enum class ValueKind : std::uint8_t { Address, Text };

class DictionaryBuilder {
public:
    static constexpr std::uint32_t kNone = 0xffff'ffff;

    explicit DictionaryBuilder(ValueKind kind) : kind_(kind) {}

    // The value's number; `block` has it from now on. kNone when there is no room for it: the
    // dictionary is then incomplete for that block. Blocks come ascending. An address is given as
    // its 16 bytes.
    std::uint32_t add(std::string_view bytes, std::uint32_t block);

    std::uint32_t entries() const { return static_cast<std::uint32_t>(ends_.size()); }
    std::string_view value(std::uint32_t code) const {
        const std::size_t begin = code == 0 ? 0 : ends_[code - 1];
        return std::string_view(bytes_).substr(begin, ends_[code] - begin);
    }
    ValueKind kind() const { return kind_; }
    const std::vector<std::uint32_t>& incomplete() const { return incomplete_; }

    // Calls use(key of the first value, bytes) for each page: values ascending by key.
    template <class Use>
    void each_page(std::uint32_t blocks, Use&& use) const {
        const Blocks of = blocks_by_entry();
        const std::vector<Keyed> order = in_order();
        for (std::size_t first = 0; first < order.size(); first += kPageEntries) {
            const auto some = std::span(order).subspan(
                first, std::min<std::size_t>(kPageEntries, order.size() - first));
            use(some.front().key, page(some, blocks, of));
        }
    }

private:
    struct Blocks {
        std::vector<std::uint32_t> begin;  // of each entry in `numbers`, and the end
        std::vector<std::uint32_t> numbers;
    };
    struct Keyed {
        std::uint64_t key;
        std::uint32_t code;
    };
    Blocks blocks_by_entry() const;
    std::vector<Keyed> in_order() const;
    std::string page(std::span<const Keyed> values, std::uint32_t blocks, const Blocks& of) const;
    void grow();

    ValueKind kind_;
    std::vector<std::uint64_t> table_;  // high half of the hash, low half code + 1; 0 = free
    std::string bytes_;
    std::vector<std::uint32_t> ends_;
    std::vector<std::uint32_t> last_block_;  // + 1, by code
    std::vector<std::uint32_t> postings_;    // codes, in the order of blocks
    struct Run {
        std::uint32_t block;
        std::size_t begin;  // in postings_
    };
    std::vector<Run> runs_;
    std::vector<std::uint32_t> incomplete_;
};

// A page, unpacked. Holds its bytes; values point into them, also after it was moved.
class DictionaryPage {
public:
    static Result<DictionaryPage> decode(ValueKind kind, std::uint32_t count, std::uint32_t blocks,
                                         std::string_view bytes);

    std::uint32_t size() const { return static_cast<std::uint32_t>(values_.size()); }
    std::span<const event::ValueRef> values() const { return values_; }
    // Adds the blocks that have the value to a set of the segment's blocks.
    Result<> add_blocks(std::uint32_t place, RowSet& blocks);

private:
    bool read_values(base::Reader& in, ValueKind kind, std::uint32_t count, unsigned flags);
    bool read_lists();

    std::vector<base::IpAddress> addresses_;
    std::vector<char> text_;
    std::vector<event::ValueRef> values_;
    std::vector<char> postings_;
    std::uint32_t blocks_ = 0;
    bool lists_ = false;
    std::vector<std::uint32_t> begin_;  // of each entry in numbers_, and the end; when lists_
    std::vector<std::uint32_t> numbers_;
};

}  // namespace gac::store::index
