// A window measured from scratch at every step: what the tests hold the real one against.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>
#include <set>
#include <vector>

#include "detect/correlate/window.h"

namespace gac::detect::correlate {

class Oracle {
public:
    explicit Oracle(const sigma::Correlation& rule) : rule_(rule) {}

    struct Found {
        base::TimePoint anchor;
        double measure = 0;
    };

    // The first window that the sighting touches and that satisfies the rule.
    std::optional<Found> find(const Sighting& sighting) {
        const auto at = std::ranges::upper_bound(all_, sighting.time, {}, &Sighting::time);
        const auto index = static_cast<std::size_t>(at - all_.begin());
        all_.insert(at, sighting);
        for (std::size_t i = index; i < all_.size(); ++i) {
            if (all_[i].time >= sighting.time + rule_.timespan) {
                break;
            }
            if (const auto measure = satisfied(i)) {
                return Found{all_[i].time, *measure};
            }
        }
        return std::nullopt;
    }

    std::optional<double> add(const Sighting& sighting) {
        const auto found = find(sighting);
        return found ? std::optional(found->measure) : std::nullopt;
    }

private:
    std::vector<const Sighting*> window(std::size_t anchor) const {
        std::vector<const Sighting*> out;
        for (std::size_t i = 0; i <= anchor; ++i) {
            if (all_[i].time > all_[anchor].time - rule_.timespan) {
                out.push_back(&all_[i]);
            }
        }
        return out;
    }

    bool ordered(const std::vector<const Sighting*>& window, std::size_t upto,
                 std::size_t step) const {
        if (step == 0) {
            return true;
        }
        for (std::size_t i = upto; i-- > 0;) {
            if (window[i]->reference + 1 == step && ordered(window, i, step - 1)) {
                return true;
            }
        }
        return false;
    }

    std::optional<double> satisfied(std::size_t anchor) const {
        const auto in = window(anchor);
        using sigma::CorrelationType;
        double measure = 0;
        std::set<std::uint32_t> references;
        std::set<std::uint64_t> values;
        std::vector<double> numbers;
        double sum = 0;
        for (const Sighting* s : in) {
            references.insert(s->reference);
            values.insert(s->payload);
            const auto number = std::bit_cast<double>(s->payload);
            numbers.push_back(number);
            sum += number;
        }
        std::ranges::sort(numbers);
        switch (rule_.type) {
            case CorrelationType::EventCount:
                measure = static_cast<double>(in.size());
                break;
            case CorrelationType::ValueCount:
                measure = static_cast<double>(values.size());
                break;
            case CorrelationType::Temporal:
                measure = static_cast<double>(references.size());
                if (!rule_.has_condition) {
                    return references.size() == rule_.rules.size() ? std::optional(measure)
                                                                   : std::nullopt;
                }
                break;
            case CorrelationType::TemporalOrdered:
                if (in.back()->reference + 1 == rule_.rules.size()
                    && ordered(in, in.size() - 1, rule_.rules.size() - 1)) {
                    return static_cast<double>(rule_.rules.size());
                }
                return std::nullopt;
            case CorrelationType::ValueSum:
                measure = sum;
                break;
            case CorrelationType::ValueAvg:
                measure = sum / static_cast<double>(in.size());
                break;
            case CorrelationType::ValuePercentile: {
                const double at = rule_.percentile / 100 * static_cast<double>(numbers.size() - 1);
                const auto low = static_cast<std::size_t>(at);
                const auto high = std::min(low + 1, numbers.size() - 1);
                measure = numbers[low] + (numbers[high] - numbers[low]) * (at - std::floor(at));
                break;
            }
        }
        for (const auto& [op, number] : rule_.conditions) {
            if (!sigma::compare(op, measure, number)) {
                return std::nullopt;
            }
        }
        return measure;
    }

    const sigma::Correlation& rule_;
    std::vector<Sighting> all_;
};

}  // namespace gac::detect::correlate
