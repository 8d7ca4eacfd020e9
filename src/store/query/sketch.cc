#include "store/query/sketch.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace gac::store::query {

namespace {

constexpr unsigned kBits = 14;
constexpr std::size_t kRegisters = std::size_t{1} << kBits;
constexpr double kSmallest = 1e-9;  // what is nearer to nothing counts as nothing

double gamma_of() { return (1 + QuantileSketch::kError) / (1 - QuantileSketch::kError); }

}  // namespace

void DistinctSketch::add(std::uint64_t hash) {
    if (!exact()) {
        note(hash);
        return;
    }
    insert(hash);
    if (used_ + (zero_ ? 1 : 0) > kExactMax) {
        estimate_from_now_on();
    }
}

void DistinctSketch::insert(std::uint64_t hash) {
    if (hash == 0) {
        zero_ = true;
        return;
    }
    if (used_ * 2 >= slots_.size()) {
        grow();
    }
    std::size_t slot = hash & (slots_.size() - 1);
    while (slots_[slot] != 0 && slots_[slot] != hash) {
        slot = (slot + 1) & (slots_.size() - 1);
    }
    used_ += slots_[slot] == 0 ? 1 : 0;
    slots_[slot] = hash;
}

void DistinctSketch::grow() {
    std::vector<std::uint64_t> old = std::move(slots_);
    slots_.assign(old.empty() ? 8 : old.size() * 2, 0);
    used_ = 0;
    for (const std::uint64_t hash : old) {
        if (hash != 0) {
            insert(hash);
        }
    }
}

void DistinctSketch::estimate_from_now_on() {
    registers_.assign(kRegisters, 0);
    for (const std::uint64_t hash : slots_) {
        if (hash != 0) {
            note(hash);
        }
    }
    if (zero_) {
        note(0);
    }
    slots_ = {};
    used_ = 0;
}

void DistinctSketch::note(std::uint64_t hash) {
    const std::size_t place = hash >> (64 - kBits);
    const auto rank = static_cast<std::uint8_t>(
        std::min(std::countl_zero(hash << kBits), static_cast<int>(64 - kBits)) + 1);
    registers_[place] = std::max(registers_[place], rank);
}

void DistinctSketch::merge(const DistinctSketch& other) {
    if (!other.exact()) {
        if (exact()) {
            estimate_from_now_on();
        }
        for (std::size_t i = 0; i < kRegisters; ++i) {
            registers_[i] = std::max(registers_[i], other.registers_[i]);
        }
        return;
    }
    for (const std::uint64_t hash : other.slots_) {
        if (hash != 0) {
            add(hash);
        }
    }
    if (other.zero_) {
        add(0);
    }
}

std::uint64_t DistinctSketch::count() const {
    if (exact()) {
        return used_ + (zero_ ? 1 : 0);
    }
    double sum = 0;
    std::size_t empty = 0;
    for (const std::uint8_t rank : registers_) {
        sum += std::ldexp(1.0, -static_cast<int>(rank));
        empty += rank == 0 ? 1 : 0;
    }
    constexpr auto kM = static_cast<double>(kRegisters);
    constexpr double kAlpha = 0.7213 / (1 + 1.079 / kM);
    double estimate = kAlpha * kM * kM / sum;
    if (estimate <= 2.5 * kM && empty > 0) {
        estimate = kM * std::log(kM / static_cast<double>(empty));
    }
    return static_cast<std::uint64_t>(std::llround(estimate));
}

std::uint64_t DistinctSketch::memory() const { return slots_.size() * 8 + registers_.size(); }

void QuantileSketch::add(double value, std::uint64_t times) {
    if (std::isnan(value) || times == 0) {
        return;
    }
    min_ = count_ == 0 ? value : std::min(min_, value);
    max_ = count_ == 0 ? value : std::max(max_, value);
    count_ += times;
    if (exact()) {
        values_.insert(values_.end(), times, value);
        return;
    }
    leave_exact();
    note(value, times);
}

void QuantileSketch::leave_exact() {
    for (const double kept : values_) {
        note(kept, 1);
    }
    values_ = {};
}

void QuantileSketch::note(double value, std::uint64_t times) {
    const double size = std::min(std::abs(value), 1e300);
    if (size < kSmallest) {
        zeros_ += times;
        return;
    }
    const auto place = static_cast<std::int32_t>(std::ceil(std::log(size) / std::log(gamma_of())));
    (value > 0 ? positive_ : negative_)[place] += times;
}

void QuantileSketch::merge(const QuantileSketch& other) {
    if (other.count_ == 0) {
        return;
    }
    min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
    max_ = count_ == 0 ? other.max_ : std::max(max_, other.max_);
    const bool stays_exact = count_ + other.count_ <= kExactMax;
    count_ += other.count_;
    if (stays_exact) {
        values_.insert(values_.end(), other.values_.begin(), other.values_.end());
        return;
    }
    leave_exact();
    for (const double value : other.values_) {
        note(value, 1);
    }
    zeros_ += other.zeros_;
    for (const auto& [place, times] : other.positive_) {
        positive_[place] += times;
    }
    for (const auto& [place, times] : other.negative_) {
        negative_[place] += times;
    }
}

double QuantileSketch::at(double fraction) const {
    const auto rank = std::clamp<std::uint64_t>(
        static_cast<std::uint64_t>(std::ceil(fraction * static_cast<double>(count_) - 1e-9)), 1,
        count_);
    if (exact()) {
        std::vector<double> sorted = values_;
        const auto place = sorted.begin() + static_cast<std::ptrdiff_t>(rank - 1);
        std::ranges::nth_element(sorted, place);
        return *place;
    }
    const auto value_of = [](std::int32_t place) {
        const double gamma = gamma_of();
        return 2 * std::pow(gamma, place) / (gamma + 1);
    };
    std::uint64_t seen = 0;
    for (auto i = negative_.rbegin(); i != negative_.rend(); ++i) {
        seen += i->second;
        if (seen >= rank) {
            return std::clamp(-value_of(i->first), min_, max_);
        }
    }
    seen += zeros_;
    if (seen >= rank) {
        return std::clamp(0.0, min_, max_);
    }
    for (const auto& [place, times] : positive_) {
        seen += times;
        if (seen >= rank) {
            return std::clamp(value_of(place), min_, max_);
        }
    }
    return max_;
}

std::uint64_t QuantileSketch::memory() const {
    return values_.capacity() * 8 + (positive_.size() + negative_.size()) * 48;
}

}  // namespace gac::store::query
