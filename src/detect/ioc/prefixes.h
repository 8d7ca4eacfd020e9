// Address prefixes: cut into segments that do not overlap, each pointing to the longest prefix over
// it, and each prefix to the next one around it. So a look-up is one search among the segments of a
// 16-bit slice, and gives all prefixes around an address; for most IPv4 addresses one bit says that
// there is none. Built once, then only read: any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ip.h"

namespace gac::detect::ioc {

struct PrefixEntry {
    base::IpAddress address;  // host bits zero
    std::uint8_t bits = 128;  // of the 128-bit form
    std::uint32_t value = 0;
};

class PrefixIndex {
public:
    static constexpr std::uint32_t kNone = 0xffff'ffff;

    PrefixIndex() = default;
    explicit PrefixIndex(std::vector<PrefixEntry> entries);

    bool empty() const { return entries_.empty(); }
    // The longest prefix around the address, kNone if there is none; then the next by parent_of.
    std::uint32_t longest(const base::IpAddress& address) const;
    std::uint32_t longest(std::uint32_t v4) const { return may_cover(v4) ? search(v4) : kNone; }

    std::uint32_t parent_of(std::uint32_t at) const { return parents_[at]; }
    const PrefixEntry& entry(std::uint32_t at) const { return entries_[at]; }
    std::size_t bytes() const;

private:
    struct Number {
        std::uint64_t high = 0;
        std::uint64_t low = 0;
        auto operator<=>(const Number&) const = default;
    };
    struct Segments {
        std::vector<Number> starts;        // ascending
        std::vector<std::uint32_t> tops;   // the longest prefix from there on, or kNone
        std::vector<std::uint32_t> slice;  // first segment of each value of 16 leading bits
    };
    static Number number_of(const base::IpAddress& address);
    static std::size_t slice_of(const base::IpAddress& address);
    void cut(Segments& into, std::span<const std::uint32_t> order) const;
    void cut_v4(std::span<const std::uint32_t> order);
    void mark_v4();
    // False when the address is surely in no prefix.
    bool may_cover(std::uint32_t v4) const {
        return !covered_.empty() && (covered_[v4 >> 18] >> (v4 >> 12 & 63U) & 1U) != 0;
    }
    std::uint32_t search(std::uint32_t v4) const;

    std::vector<PrefixEntry> entries_;  // equal prefixes stand beside each other
    std::vector<std::uint32_t> parents_;
    struct Segment {
        std::uint32_t start = 0;
        std::uint32_t top = kNone;
    };
    std::vector<Segment> v4_;
    std::vector<std::uint32_t> slices_;  // the segment that reaches into each slice; one more
    // A bit for each /20, set when a prefix reaches into it: 128 KiB, which the caches keep.
    std::vector<std::uint64_t> covered_;
    Segments v6_;
};

}  // namespace gac::detect::ioc
