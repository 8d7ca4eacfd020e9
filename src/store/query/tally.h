// The figures of one group of a stats pipe. Parts of different units are merged in their order, so
// that sums of fractions come out the same for any number of threads. A plain value; one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "event/value.h"
#include "store/query.h"
#include "store/query/sketch.h"
#include "store/query/tree.h"

namespace gac::store::query {

class Tally {
public:
    // `key`: the value as bytes (Codes::keys); `times`: how many rows have it.
    void add(Aggregate::Function function, const event::ValueRef& value, std::string_view key,
             std::uint64_t times);
    void merge(Aggregate::Function function, Tally& other);
    Cell result(const Aggregate& aggregate, std::uint64_t group_count) const;
    bool estimated() const {
        return (distinct_ && !distinct_->exact()) || (quantiles_ && !quantiles_->exact());
    }
    std::uint64_t memory() const;

private:
    void add_number(const event::ValueRef& value, std::uint64_t times);

    std::uint64_t count_ = 0;
    double sum_ = 0;
    std::int64_t integer_sum_ = 0;
    bool all_integers_ = true;
    Cell extreme_;
    std::unique_ptr<DistinctSketch> distinct_;
    std::unique_ptr<QuantileSketch> quantiles_;
};

}  // namespace gac::store::query
