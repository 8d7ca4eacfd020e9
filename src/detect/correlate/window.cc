#include "detect/correlate/window.h"

#include <algorithm>
#include <cmath>

namespace gac::detect::correlate {

using sigma::CorrelationType;
using sigma::Expr;

namespace {

bool holds(const Expr& expr, const std::vector<std::uint32_t>& references) {
    switch (expr.kind) {
        case Expr::Kind::Constant:
            return expr.truth;
        case Expr::Kind::Item:
            return references[expr.item] > 0;
        case Expr::Kind::Not:
            return !holds(expr.children.front(), references);
        case Expr::Kind::And:
            return std::ranges::all_of(expr.children,
                                       [&](const Expr& c) { return holds(c, references); });
        case Expr::Kind::Or:
            return std::ranges::any_of(expr.children,
                                       [&](const Expr& c) { return holds(c, references); });
        case Expr::Kind::AtLeast:
            return std::ranges::count_if(expr.children,
                                         [&](const Expr& c) { return holds(c, references); })
                   >= static_cast<std::ptrdiff_t>(expr.need);
    }
    return false;
}

// Linear between the closest ranks.
double percentile_of(const std::vector<double>& sorted, double percentile) {
    const double at = percentile / 100 * static_cast<double>(sorted.size() - 1);
    const auto low = static_cast<std::size_t>(at);
    const std::size_t high = std::min(low + 1, sorted.size() - 1);
    return sorted[low] + (sorted[high] - sorted[low]) * (at - static_cast<double>(low));
}

}  // namespace

Window::Measure::Measure(const sigma::Correlation& rule)
    : ordered_(rule.type == CorrelationType::TemporalOrdered),
      type_(rule.type),
      references_(rule.rules.size(), 0),
      starts_(ordered_ ? rule.rules.size() + 1 : 0) {}

void Window::Measure::enter(const Sighting& sighting) {
    ++count_;
    references_seen_ += references_[sighting.reference]++ == 0 ? 1U : 0U;
    switch (type_) {
        case CorrelationType::ValueCount:
            ++values_[sighting.value];
            break;
        case CorrelationType::ValueSum:
        case CorrelationType::ValueAvg: {
            const double next = sum_ + sighting.number;
            lost_ += std::abs(sum_) >= std::abs(sighting.number) ? (sum_ - next) + sighting.number
                                                                 : (sighting.number - next) + sum_;
            sum_ = next;
            break;
        }
        case CorrelationType::ValuePercentile:
            sorted_.insert(std::ranges::upper_bound(sorted_, sighting.number), sighting.number);
            break;
        case CorrelationType::TemporalOrdered: {
            const std::uint32_t step = sighting.reference;
            const std::optional<base::TimePoint> start =
                step == 0 ? std::optional(sighting.time) : starts_[step];
            std::optional<base::TimePoint>& known = starts_[step + 1];
            if (start && (!known || *known < *start)) {
                known = start;
            }
            last_step_now_ = step + 2 == starts_.size();
            break;
        }
        default:
            break;
    }
}

void Window::Measure::leave(const Sighting& sighting) {
    --count_;
    references_seen_ -= --references_[sighting.reference] == 0 ? 1U : 0U;
    if (type_ == CorrelationType::ValueCount) {
        const auto found = values_.find(sighting.value);
        if (--found->second == 0) {
            values_.erase(found);
        }
    } else if (type_ == CorrelationType::ValueSum || type_ == CorrelationType::ValueAvg) {
        const double next = sum_ - sighting.number;
        lost_ += std::abs(sum_) >= std::abs(sighting.number) ? (sum_ - next) - sighting.number
                                                             : (-sighting.number - next) + sum_;
        sum_ = next;
        if (count_ == 0) {
            sum_ = 0;
            lost_ = 0;
        }
    } else if (type_ == CorrelationType::ValuePercentile) {
        sorted_.erase(std::ranges::lower_bound(sorted_, sighting.number));
    }
}

std::optional<double> Window::Measure::satisfied(const sigma::Correlation& rule,
                                                 base::TimePoint t) const {
    double measure = 0;
    switch (type_) {
        case CorrelationType::EventCount:
            measure = static_cast<double>(count_);
            break;
        case CorrelationType::ValueCount:
            measure = static_cast<double>(values_.size());
            break;
        case CorrelationType::Temporal:
            measure = static_cast<double>(references_seen_);
            if (rule.has_expression) {
                return holds(rule.expression, references_) ? std::optional(measure) : std::nullopt;
            }
            if (!rule.has_condition) {
                return references_seen_ == references_.size() ? std::optional(measure)
                                                              : std::nullopt;
            }
            break;
        case CorrelationType::TemporalOrdered: {
            const auto& start = starts_.back();
            return last_step_now_ && start && *start > t - rule.timespan
                       ? std::optional(static_cast<double>(references_.size()))
                       : std::nullopt;
        }
        case CorrelationType::ValueSum:
            measure = sum_ + lost_;
            break;
        case CorrelationType::ValueAvg:
            measure = (sum_ + lost_) / static_cast<double>(std::max<std::size_t>(count_, 1));
            break;
        case CorrelationType::ValuePercentile:
            if (sorted_.empty()) {
                return std::nullopt;
            }
            measure = percentile_of(sorted_, rule.percentile);
            break;
    }
    for (const auto& [op, number] : rule.conditions) {
        if (!sigma::compare(op, measure, number)) {
            return std::nullopt;
        }
    }
    return measure;
}

Window::Window(const sigma::Correlation& rule) : rule_(&rule), measure_(rule) {}

void Window::drop_front(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        if (left_ == 0) {
            measure_.leave(sightings_.front());
        } else {
            --left_;
        }
        sightings_.pop_front();
    }
}

std::optional<Outcome> Window::add(Sighting sighting, const Bounds& bounds, bool& too_late,
                                   std::uint64_t& evicted) {
    too_late = false;
    const base::TimePoint t = sighting.time;
    const bool in_order = sightings_.empty() || t >= sightings_.back().time;
    if (!in_order && t < sightings_.back().time - bounds.lateness) {
        too_late = true;
        return std::nullopt;
    }
    if (in_order) {
        while (left_ < sightings_.size() && sightings_[left_].time <= t - rule_->timespan) {
            measure_.leave(sightings_[left_++]);
        }
        std::size_t stale = 0;
        while (stale < left_ && sightings_[stale].time <= t - rule_->timespan - bounds.lateness) {
            ++stale;
        }
        drop_front(stale);
        if (sightings_.size() >= bounds.entries_max) {
            drop_front(1);
            ++evicted;
        }
        measure_.enter(sighting);
        sightings_.push_back(std::move(sighting));
        const auto measure = measure_.satisfied(*rule_, t);
        return measure ? std::optional(Outcome{left_, sightings_.size() - 1, *measure})
                       : std::nullopt;
    }
    // Late: behind all of the same time, as it arrived after them.
    const auto at = std::ranges::upper_bound(sightings_, t, {}, &Sighting::time);
    const auto index = static_cast<std::size_t>(at - sightings_.begin());
    sightings_.insert(at, std::move(sighting));
    if (sightings_[index].time <= sightings_.back().time - rule_->timespan) {
        ++left_;
    }
    // Measure again every window with an anchor in [t, t + timespan).
    std::size_t first = 0;
    while (first < index && sightings_[first].time <= t - rule_->timespan) {
        ++first;
    }
    Measure measure(*rule_);
    std::size_t begin = first;
    std::optional<Outcome> outcome;
    for (std::size_t i = first; i < sightings_.size(); ++i) {
        const base::TimePoint anchor = sightings_[i].time;
        if (i > index && anchor >= t + rule_->timespan) {
            break;
        }
        while (sightings_[begin].time <= anchor - rule_->timespan) {
            measure.leave(sightings_[begin++]);
        }
        measure.enter(sightings_[i]);
        if (i >= index && !outcome) {
            if (const auto value = measure.satisfied(*rule_, anchor)) {
                outcome = Outcome{begin, i, *value};
            }
        }
    }
    // The newest window holds it too, or a sequence goes through it: measured afresh.
    measure_ = Measure(*rule_);
    for (std::size_t i = left_; i < sightings_.size(); ++i) {
        measure_.enter(sightings_[i]);
    }
    if (sightings_.size() > bounds.entries_max) {
        drop_front(1);
        ++evicted;
        if (outcome) {
            if (outcome->last == 0) {
                return std::nullopt;
            }
            --outcome->last;
            outcome->first -= outcome->first > 0 ? 1U : 0U;
        }
    }
    return outcome;
}

std::vector<std::size_t> Window::sequence(const Outcome& outcome) const {
    // Backwards from the last step, each time the latest sighting of the step before.
    std::vector<std::size_t> out;
    std::uint32_t step = static_cast<std::uint32_t>(rule_->rules.size());
    for (std::size_t i = outcome.last + 1; i-- > outcome.first && step > 0;) {
        if (sightings_[i].reference + 1 == step) {
            out.push_back(i);
            --step;
        }
    }
    std::ranges::reverse(out);
    return out;
}

}  // namespace gac::detect::correlate
