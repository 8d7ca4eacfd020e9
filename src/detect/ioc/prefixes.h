// Address prefixes: cut into segments that do not overlap, each pointing to the longest prefix over
// it, and each prefix to the next one around it. So a look-up is one search among the segments of a
// 16-bit slice, and gives all prefixes around an address. Built once, then only read: any thread.
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

    // The same for many IPv4 addresses at once, in three steps that wait for no memory: a glance at
    // all addresses between each two.
    struct Glance {
        std::uint32_t begin = 0, end = 0;
    };
    bool has_v4() const { return !v4_.empty(); }
    void prefetch_slice(std::uint32_t v4) const { __builtin_prefetch(&slices_[v4 >> 16]); }
    Glance prefetch_segment(std::uint32_t v4) const {
        const std::uint32_t first = slices_[v4 >> 16];
        __builtin_prefetch(&v4_[first]);
        return {first, slices_[(v4 >> 16) + 1] + 1};
    }
    std::uint32_t longest(std::uint32_t v4, Glance among) const {
        while (among.end - among.begin > 1) {
            const std::uint32_t middle = (among.begin + among.end) / 2;
            (v4_[middle].start <= v4 ? among.begin : among.end) = middle;
        }
        return v4_[among.begin].top;
    }

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

    std::vector<PrefixEntry> entries_;  // equal prefixes stand beside each other
    std::vector<std::uint32_t> parents_;
    struct Segment {
        std::uint32_t start = 0;
        std::uint32_t top = kNone;
    };
    std::vector<Segment> v4_;
    std::vector<std::uint32_t> slices_;  // the segment that reaches into each slice; one more
    Segments v6_;
};

}  // namespace gac::detect::ioc
