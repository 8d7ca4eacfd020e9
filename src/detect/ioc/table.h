// Where keys are found: a filter of a few bits for each key, small enough for the caches, and
// behind it an open-addressing table. Built once from the number of keys, then only read: any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/huge_pages.h"
#include "detect/ioc/keys.h"

namespace gac::detect::ioc {

class Table {
public:
    static constexpr std::uint32_t kNone = 0xffff'ffff;

    Table() = default;
    explicit Table(std::size_t keys);

    // False when the key is surely not there.
    bool may_hold(const Key& key) const {
        const std::uint64_t bits = bits_of(key);
        return (*filter_of(key) & bits) == bits;
    }
    void prefetch(const Key& key) const { __builtin_prefetch(filter_of(key)); }
    std::uint32_t find(const Key& key) const {
        if (!may_hold(key)) {
            return kNone;
        }
        const std::uint32_t* value = slot(key);
        return value == nullptr ? kNone : *value;
    }

    void prefetch_slot(const Key& key) const {
        __builtin_prefetch(&marks_[scaled(key.place, marks_.size())]);
    }
    // The value of a key, for writing; a new one has kNone.
    std::uint32_t& add(const Key& key);
    std::size_t bytes() const {
        return filter_.size() * 8 + marks_.size() * 8 + values_.size() * 4;
    }

private:
    static std::size_t scaled(std::uint64_t number, std::size_t size) {
        __extension__ using Wide = unsigned __int128;
        return static_cast<std::size_t>((static_cast<Wide>(number) * size) >> 64);
    }
    const std::uint64_t* filter_of(const Key& key) const {
        return filter_.data() + scaled(key.place, filter_.size());
    }
    static std::uint64_t bits_of(const Key& key) {
        const std::uint64_t m = key.mark;
        return (1ULL << (m & 63U)) | (1ULL << ((m >> 6) & 63U)) | (1ULL << ((m >> 12) & 63U))
               | (1ULL << ((m >> 18) & 63U));
    }
    static std::uint64_t stored(const Key& key) { return key.mark == 0 ? 1 : key.mark; }

    const std::uint32_t* slot(const Key& key) const {
        const std::uint64_t wanted = stored(key);
        for (std::size_t at = scaled(key.place, marks_.size());;) {
            if (marks_[at] == wanted) {
                return &values_[at];
            }
            if (marks_[at] == 0) {
                return nullptr;
            }
            at = at + 1 == marks_.size() ? 0 : at + 1;
        }
    }

    template <class T>
    using Cells = std::vector<T, base::HugePages<T>>;
    Cells<std::uint64_t> filter_ = Cells<std::uint64_t>(1);
    Cells<std::uint64_t> marks_ = Cells<std::uint64_t>(1);  // 0 = free
    Cells<std::uint32_t> values_ = Cells<std::uint32_t>(1);
};

}  // namespace gac::detect::ioc
