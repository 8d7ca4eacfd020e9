// How often each value stands in a window: a flat table by hash. And numbers kept in order, so that
// one percentile is known at any time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

namespace gac::detect::correlate {

class ValueCounts {
public:
    void enter(std::uint64_t hash);
    void leave(std::uint64_t hash);  // must have entered
    std::size_t distinct() const { return distinct_; }
    std::size_t bytes() const { return slots_.capacity() * sizeof(Slot); }

private:
    struct Slot {
        std::uint64_t hash = 0;
        std::uint32_t count = 0;  // 0: empty
    };
    std::size_t home(std::uint64_t hash) const { return hash & (slots_.size() - 1); }
    std::size_t find(std::uint64_t hash) const;  // its slot, or the empty one where it belongs
    void resize(std::size_t slots);

    std::vector<Slot> slots_;  // a power of two
    std::size_t distinct_ = 0;
};

// Two heaps side by side: as many of the smallest as the percentile's rank needs, and the rest.
class Ranks {
public:
    explicit Ranks(double percentile) : percentile_(percentile) {}
    void enter(double number);
    void leave(double number);            // must have entered
    std::optional<double> value() const;  // linear between the closest ranks
    std::size_t size() const { return low_.size() + high_.size(); }

private:
    double rank() const;  // of the percentile, from 0
    void balance();

    double percentile_;
    std::multiset<double> low_;
    std::multiset<double> high_;
};

}  // namespace gac::detect::correlate
