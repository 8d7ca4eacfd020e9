// Figures over many values in little memory: how many different ones, and percentiles. Exact for
// few values, estimates for many; the same for any order of the values and any way of merging.
// Plain values; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

namespace gac::store::query {

// Different 64-bit hashes: counted exactly up to kExactMax, then by HyperLogLog with 2^14 registers
// (standard error 0.8 %).
class DistinctSketch {
public:
    static constexpr std::size_t kExactMax = 10'000;

    void add(std::uint64_t hash);
    void merge(const DistinctSketch& other);
    std::uint64_t count() const;
    bool exact() const { return registers_.empty(); }
    std::uint64_t memory() const;

private:
    void insert(std::uint64_t hash);
    void grow();
    void estimate_from_now_on();
    void note(std::uint64_t hash);

    std::vector<std::uint64_t> slots_;  // open addressing; 0 = free
    std::size_t used_ = 0;
    bool zero_ = false;  // the hash 0 came
    std::vector<std::uint8_t> registers_;
};

// Values by rank: exact up to kExactMax values, then DDSketch (Masson, Rim, Lee, VLDB 2019): a
// value that is at most 0.5 % away from the one of that rank.
class QuantileSketch {
public:
    static constexpr std::size_t kExactMax = 1'000;
    static constexpr double kError = 0.005;

    void add(double value, std::uint64_t times = 1);
    void merge(const QuantileSketch& other);
    // The value of rank ceil(fraction * count), at least the first; 0 < fraction <= 1. There must
    // be values.
    double at(double fraction) const;
    std::uint64_t count() const { return count_; }
    bool exact() const { return count_ <= kExactMax; }
    std::uint64_t memory() const;

private:
    void note(double value, std::uint64_t times);
    void leave_exact();

    std::vector<double> values_;  // while exact
    std::uint64_t count_ = 0;
    std::uint64_t zeros_ = 0;
    double min_ = 0, max_ = 0;
    std::map<std::int32_t, std::uint64_t> positive_, negative_;  // by logarithm
};

}  // namespace gac::store::query
