#include "detect/ioc/prefixes.h"

#include <algorithm>
#include <tuple>

namespace gac::detect::ioc {

namespace {

constexpr std::size_t kSlices = 65'536;

std::uint64_t big_endian(const std::uint8_t* bytes) {
    std::uint64_t number = 0;
    for (int i = 0; i < 8; ++i) {
        number = (number << 8) | bytes[i];
    }
    return number;
}

}  // namespace

PrefixIndex::Number PrefixIndex::number_of(const base::IpAddress& address) {
    return {big_endian(address.bytes.data()), big_endian(address.bytes.data() + 8)};
}

std::size_t PrefixIndex::slice_of(const base::IpAddress& address) {
    return (std::size_t{address.bytes[0]} << 8) | address.bytes[1];
}

PrefixIndex::PrefixIndex(std::vector<PrefixEntry> entries) : entries_(std::move(entries)) {
    std::ranges::sort(entries_, {}, [](const PrefixEntry& entry) {
        return std::tuple(entry.address, entry.bits, entry.value);
    });
    parents_.assign(entries_.size(), kNone);
    std::vector<std::uint32_t> four;
    std::vector<std::uint32_t> six;
    for (std::uint32_t i = 0; i < entries_.size(); ++i) {
        (entries_[i].address.is_v4() && entries_[i].bits >= 96 ? four : six).push_back(i);
    }
    // Prefixes either nest or do not meet: a stack of those that are open gives the parents.
    for (const auto* order : {&four, &six}) {
        std::vector<std::uint32_t> open;
        for (const std::uint32_t i : *order) {
            const auto around = [&](std::uint32_t outer) {
                const PrefixEntry& wide = entries_[outer];
                const int whole = wide.bits / 8;
                const int rest = wide.bits % 8;
                const auto& a = wide.address.bytes;
                const auto& b = entries_[i].address.bytes;
                if (!std::equal(a.begin(), a.begin() + whole, b.begin())) {
                    return false;
                }
                const auto at = static_cast<std::size_t>(whole);
                return rest == 0 || (a[at] ^ b[at]) >> (8 - rest) == 0;
            };
            while (!open.empty() && !around(open.back())) {
                open.pop_back();
            }
            parents_[i] = open.empty() ? kNone : open.back();
            open.push_back(i);
        }
    }
    cut_v4(four);
    cut(v6_, six);
}

void PrefixIndex::cut_v4(std::span<const std::uint32_t> order) {
    Segments wide;
    cut(wide, order);
    constexpr std::uint64_t kFirst = 0xffff'0000'0000ULL;
    for (std::size_t i = 0; i < wide.starts.size(); ++i) {
        const Number& start = wide.starts[i];
        if (start.high != 0 || start.low > kFirst + 0xffff'ffffU) {
            break;  // behind the last address
        }
        const auto narrow = static_cast<std::uint32_t>(start.low < kFirst ? 0 : start.low - kFirst);
        if (!v4_.empty() && v4_.back().start == narrow) {
            v4_.back().top = wide.tops[i];
        } else {
            v4_.push_back({narrow, wide.tops[i]});
        }
    }
    if (v4_.empty()) {
        return;
    }
    slices_.assign(kSlices + 1, static_cast<std::uint32_t>(v4_.size() - 1));
    std::uint32_t segment = 0;
    for (std::uint32_t slice = 0; slice < kSlices; ++slice) {
        while (segment + 1 < v4_.size() && v4_[segment + 1].start <= slice << 16) {
            ++segment;
        }
        slices_[slice] = segment;
    }
    mark_v4();
}

void PrefixIndex::mark_v4() {
    covered_.assign(std::size_t{1} << 14, 0);
    for (std::size_t i = 0; i < v4_.size(); ++i) {
        if (v4_[i].top == kNone) {
            continue;
        }
        const std::uint32_t last = i + 1 < v4_.size() ? v4_[i + 1].start - 1 : 0xffff'ffffU;
        for (std::uint32_t at = v4_[i].start >> 12; at <= last >> 12; ++at) {
            covered_[at >> 6] |= std::uint64_t{1} << (at & 63U);
        }
    }
}

std::uint32_t PrefixIndex::search(std::uint32_t v4) const {
    std::uint32_t begin = slices_[v4 >> 16];
    std::uint32_t end = slices_[(v4 >> 16) + 1] + 1;
    while (end - begin > 1) {
        const std::uint32_t middle = (begin + end) / 2;
        (v4_[middle].start <= v4 ? begin : end) = middle;
    }
    return v4_[begin].top;
}

void PrefixIndex::cut(Segments& into, std::span<const std::uint32_t> order) const {
    if (order.empty()) {
        return;
    }
    const auto last_of = [&](const PrefixEntry& entry) {
        Number last = number_of(entry.address);
        const int free = 128 - entry.bits;
        last.low |= free >= 64 ? ~0ULL : (1ULL << free) - 1;
        if (free > 64) {
            last.high |= free >= 128 ? ~0ULL : (1ULL << (free - 64)) - 1;
        }
        return last;
    };
    const auto put = [&](const Number& start, std::uint32_t top) {
        if (!into.starts.empty() && into.starts.back() == start) {
            into.tops.back() = top;
        } else {
            into.starts.push_back(start);
            into.tops.push_back(top);
        }
    };
    std::vector<std::uint32_t> open;
    const auto close = [&] {
        const std::uint32_t inner = open.back();
        open.pop_back();
        Number after = last_of(entries_[inner]);
        if (++after.low == 0 && ++after.high == 0) {
            return;  // the end of all addresses
        }
        put(after, open.empty() ? kNone : open.back());
    };
    put({}, kNone);
    for (const std::uint32_t i : order) {
        while (!open.empty() && open.back() != parents_[i]) {
            close();
        }
        put(number_of(entries_[i].address), i);
        open.push_back(i);
    }
    while (!open.empty()) {
        close();
    }
    into.slice.assign(kSlices + 1, 0);
    std::size_t segment = 0;
    for (std::size_t slice = 0; slice <= kSlices; ++slice) {
        const Number begin{std::uint64_t{slice} << 48, 0};
        const bool end = slice == kSlices;
        while (segment < into.starts.size() && (end || into.starts[segment] < begin)) {
            ++segment;
        }
        into.slice[slice] = static_cast<std::uint32_t>(segment);
    }
}

std::uint32_t PrefixIndex::longest(const base::IpAddress& address) const {
    if (address.is_v4()) {
        return longest(address.v4());
    }
    const Segments& in = v6_;
    if (in.starts.empty()) {
        return kNone;
    }
    const std::size_t slice = slice_of(address);
    // The segment before the slice's first one may reach into it.
    std::size_t begin = in.slice[slice] - (in.slice[slice] > 0 ? 1 : 0);
    std::size_t end = in.slice[slice + 1];
    const Number wanted = number_of(address);
    while (end - begin > 1) {
        const std::size_t middle = (begin + end) / 2;
        (in.starts[middle] <= wanted ? begin : end) = middle;
    }
    return in.tops[begin];
}

std::size_t PrefixIndex::bytes() const {
    return entries_.size() * (sizeof(PrefixEntry) + 4) + v4_.size() * sizeof(Segment)
           + slices_.size() * 4 + covered_.size() * 8 + v6_.starts.size() * 20
           + v6_.slice.size() * 4;
}

}  // namespace gac::detect::ioc
