#include "store/query/tally.h"

#include <xxhash.h>

#include <optional>
#include <utility>

#include "store/query/run.h"

namespace gac::store::query {

using event::ValueRef;
using Function = Aggregate::Function;

namespace {

std::optional<double> number_of(const ValueRef& value) {
    switch (value.type()) {
        case event::Type::Integer:
            return static_cast<double>(value.integer());
        case event::Type::Float:
            return value.number();
        case event::Type::Bool:
            return value.truth() ? 1 : 0;
        default:
            return std::nullopt;
    }
}

bool beats(Function function, const Cell& a, const Cell& b) {
    const auto order = compare(a, b);
    return function == Function::Min ? order < 0 : order > 0;
}

}  // namespace

void Tally::add_number(const ValueRef& value, std::uint64_t times) {
    const auto number = number_of(value);
    if (!number) {
        return;
    }
    count_ += times;
    sum_ += *number * static_cast<double>(times);
    std::int64_t product = 0;
    if (value.type() != event::Type::Integer
        || __builtin_mul_overflow(value.integer(), times, &product)
        || __builtin_add_overflow(integer_sum_, product, &integer_sum_)) {
        all_integers_ = false;
    }
}

void Tally::add(Function function, const ValueRef& value, std::string_view key,
                std::uint64_t times) {
    switch (function) {
        case Function::Count:
            return;
        case Function::DistinctCount:
            if (!distinct_) {
                distinct_ = std::make_unique<DistinctSketch>();
            }
            distinct_->add(XXH3_64bits(key.data(), key.size()));
            return;
        case Function::Sum:
        case Function::Average:
            add_number(value, times);
            return;
        case Function::Percentile:
            if (const auto number = number_of(value)) {
                if (!quantiles_) {
                    quantiles_ = std::make_unique<QuantileSketch>();
                }
                quantiles_->add(*number, times);
            }
            return;
        case Function::Min:
        case Function::Max: {
            Cell cell = cell_of(value);
            if (count_ == 0 || beats(function, cell, extreme_)) {
                extreme_ = std::move(cell);
            }
            ++count_;
            return;
        }
    }
}

void Tally::merge(Function function, Tally& other) {
    if (other.distinct_) {
        if (distinct_) {
            distinct_->merge(*other.distinct_);
        } else {
            distinct_ = std::move(other.distinct_);
        }
    }
    if (other.quantiles_) {
        if (quantiles_) {
            quantiles_->merge(*other.quantiles_);
        } else {
            quantiles_ = std::move(other.quantiles_);
        }
    }
    if ((function == Function::Min || function == Function::Max) && other.count_ > 0
        && (count_ == 0 || beats(function, other.extreme_, extreme_))) {
        extreme_ = std::move(other.extreme_);
    }
    count_ += other.count_;
    sum_ += other.sum_;
    all_integers_ = all_integers_ && other.all_integers_
                    && !__builtin_add_overflow(integer_sum_, other.integer_sum_, &integer_sum_);
}

Cell Tally::result(const Aggregate& aggregate, std::uint64_t group_count) const {
    switch (aggregate.function) {
        case Function::Count:
            return static_cast<std::int64_t>(group_count);
        case Function::DistinctCount:
            return static_cast<std::int64_t>(distinct_ ? distinct_->count() : 0);
        case Function::Sum:
            return count_ == 0 ? Cell() : all_integers_ ? Cell(integer_sum_) : Cell(sum_);
        case Function::Average:
            return count_ == 0 ? Cell() : Cell(sum_ / static_cast<double>(count_));
        case Function::Percentile:
            return quantiles_ ? Cell(quantiles_->at(aggregate.fraction)) : Cell();
        case Function::Min:
        case Function::Max:
            return extreme_;
    }
    return {};
}

std::uint64_t Tally::memory() const {
    return sizeof(Tally) + (distinct_ ? sizeof(DistinctSketch) + distinct_->memory() : 0)
           + (quantiles_ ? sizeof(QuantileSketch) + quantiles_->memory() : 0);
}

}  // namespace gac::store::query
