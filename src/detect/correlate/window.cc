#include "detect/correlate/window.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace gac::detect::correlate {

using sigma::CorrelationType;
using sigma::Expr;

namespace {

constexpr std::size_t kNodeBytes = 48;  // of a tree, about

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

}  // namespace

Window::Measure::Measure(const sigma::Correlation& rule) : type_(rule.type) {
    switch (type_) {
        case CorrelationType::ValueCount:
            values_ = std::make_unique<ValueCounts>();
            break;
        case CorrelationType::ValuePercentile:
            ranks_ = std::make_unique<Ranks>(rule.percentile);
            break;
        case CorrelationType::TemporalOrdered:
        case CorrelationType::Temporal:
            steps_ = std::make_unique<Steps>();
            steps_->references.resize(rule.rules.size());
            if (type_ == CorrelationType::TemporalOrdered) {
                steps_->starts.resize(rule.rules.size() + 1);
            }
            break;
        default:
            break;
    }
}

void Window::Measure::add_number(double number) {
    const double next = sum_ + number;
    lost_ += std::abs(sum_) >= std::abs(number) ? (sum_ - next) + number : (number - next) + sum_;
    sum_ = next;
}

void Window::Measure::enter(const Sighting& sighting) {
    switch (type_) {
        case CorrelationType::EventCount:
            count_ += sighting.count;
            return;
        case CorrelationType::ValueCount:
            values_->enter(sighting.payload);
            return;
        case CorrelationType::ValueSum:
        case CorrelationType::ValueAvg:
            ++count_;
            add_number(std::bit_cast<double>(sighting.payload));
            return;
        case CorrelationType::ValuePercentile:
            ranks_->enter(std::bit_cast<double>(sighting.payload));
            return;
        case CorrelationType::TemporalOrdered: {
            const std::uint32_t step = sighting.reference;
            const std::optional<base::TimePoint> start =
                step == 0 ? std::optional(sighting.time) : steps_->starts[step];
            std::optional<base::TimePoint>& known = steps_->starts[step + 1];
            if (start && (!known || *known < *start)) {
                known = start;
            }
            last_step_now_ = step + 2 == steps_->starts.size();
            return;
        }
        case CorrelationType::Temporal:
            steps_->seen += steps_->references[sighting.reference]++ == 0 ? 1U : 0U;
            return;
    }
}

void Window::Measure::leave(const Sighting& sighting) {
    switch (type_) {
        case CorrelationType::EventCount:
            count_ -= sighting.count;
            return;
        case CorrelationType::ValueCount:
            values_->leave(sighting.payload);
            return;
        case CorrelationType::ValueSum:
        case CorrelationType::ValueAvg:
            add_number(-std::bit_cast<double>(sighting.payload));
            if (--count_ == 0) {
                sum_ = 0;
                lost_ = 0;
            }
            return;
        case CorrelationType::ValuePercentile:
            ranks_->leave(std::bit_cast<double>(sighting.payload));
            return;
        case CorrelationType::TemporalOrdered:
            return;
        case CorrelationType::Temporal:
            steps_->seen -= --steps_->references[sighting.reference] == 0 ? 1U : 0U;
            return;
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
            measure = static_cast<double>(values_->distinct());
            break;
        case CorrelationType::Temporal:
            measure = static_cast<double>(steps_->seen);
            if (rule.has_expression) {
                return holds(rule.expression, steps_->references) ? std::optional(measure)
                                                                  : std::nullopt;
            }
            if (!rule.has_condition) {
                return steps_->seen == steps_->references.size() ? std::optional(measure)
                                                                 : std::nullopt;
            }
            break;
        case CorrelationType::TemporalOrdered: {
            const auto& start = steps_->starts.back();
            return last_step_now_ && start && *start > t - rule.timespan
                       ? std::optional(static_cast<double>(steps_->references.size()))
                       : std::nullopt;
        }
        case CorrelationType::ValueSum:
            measure = sum_ + lost_;
            break;
        case CorrelationType::ValueAvg:
            measure = (sum_ + lost_) / static_cast<double>(std::max<std::uint64_t>(count_, 1));
            break;
        case CorrelationType::ValuePercentile: {
            const auto value = ranks_->value();
            if (!value) {
                return std::nullopt;
            }
            measure = *value;
            break;
        }
    }
    for (const auto& [op, number] : rule.conditions) {
        if (!sigma::compare(op, measure, number)) {
            return std::nullopt;
        }
    }
    return measure;
}

std::size_t Window::Measure::bytes() const {
    std::size_t total = 0;
    if (values_) {
        total += sizeof(ValueCounts) + values_->bytes();
    }
    if (ranks_) {
        total += sizeof(Ranks) + ranks_->size() * kNodeBytes;
    }
    if (steps_) {
        total += sizeof(Steps) + steps_->references.size() * sizeof(std::uint32_t)
                 + steps_->starts.size() * sizeof(steps_->starts.front());
    }
    return total;
}

Window::Window(const sigma::Correlation& rule) : rule_(&rule), measure_(rule) {}

std::size_t Window::bytes() const {
    std::size_t total =
        sizeof(Window) + sightings_.capacity() * sizeof(Sighting) + measure_.bytes();
    return total + (chains_ ? chains_->bytes : 0);
}

std::uint64_t Window::Chains::keep(std::shared_ptr<const Chained> record) {
    bytes += kNodeBytes + record->events.size() * sizeof(event::EventId);
    records.emplace(next, std::move(record));
    return next++;
}

void Window::Chains::forget(std::uint64_t number) {
    const auto known = records.find(number);
    bytes -= kNodeBytes + known->second->events.size() * sizeof(event::EventId);
    records.erase(known);
}

void Window::prefetch() const {
    __builtin_prefetch(sightings_.end_address(), 1);
    if (!sightings_.empty()) {
        __builtin_prefetch(&sightings_[0], 0);
        __builtin_prefetch(&sightings_[left_], 0);
    }
}

void Window::drop_front(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        const Sighting& sighting = sightings_[i];
        if (i >= left_) {
            measure_.leave(sighting);
        }
        if (sighting.chained != 0) {
            chains_->forget(sighting.event);
        }
    }
    left_ -= std::min(left_, count);
    sightings_.pop_front(count);
}

std::optional<Outcome> Window::add(Sighting sighting, const Bounds& bounds, bool& too_late,
                                   std::uint64_t& evicted) {
    too_late = false;
    const base::TimePoint t = sighting.time;
    if (!sightings_.empty() && t < sightings_.back().time) {
        if (t < sightings_.back().time - bounds.lateness) {
            too_late = true;
            return std::nullopt;
        }
        return add_late(sighting, bounds, evicted);
    }
    const base::TimePoint begin = t - rule_->timespan;
    while (left_ < sightings_.size() && sightings_[left_].time <= begin) {
        measure_.leave(sightings_[left_++]);
    }
    std::size_t stale = 0;
    while (stale < left_ && sightings_[stale].time <= begin - bounds.lateness) {
        ++stale;
    }
    if (stale > 0) {
        drop_front(stale);
    }
    if (sightings_.size() >= bounds.entries_max) {
        evicted += left_ == 0 ? 1 : 0;
        drop_front(1);
    }
    measure_.enter(sighting);
    sightings_.push_back(sighting);
    const auto measure = measure_.satisfied(*rule_, t);
    return measure ? std::optional(Outcome{left_, sightings_.size() - 1, *measure}) : std::nullopt;
}

std::optional<Outcome> Window::add(Sighting sighting, std::shared_ptr<const Chained> chained,
                                   const Bounds& bounds, bool& too_late, std::uint64_t& evicted) {
    if (!chains_) {
        chains_ = std::make_unique<Chains>();
    }
    sighting.chained = 1;
    sighting.event = chains_->keep(std::move(chained));
    const auto outcome = add(sighting, bounds, too_late, evicted);
    if (too_late) {
        chains_->forget(sighting.event);
    }
    return outcome;
}

// Takes the measure to the window that ends before sighting `index`, at the anchor's time.
void Window::go_back_to(std::size_t index, base::TimePoint anchor) {
    const base::TimePoint begin = anchor - rule_->timespan;
    if (!measure_.is_reversible()) {
        measure_ = Measure(*rule_);
        left_ = index;
        while (left_ > 0 && sightings_[left_ - 1].time > begin) {
            --left_;
        }
        for (std::size_t i = left_; i < index; ++i) {
            measure_.enter(sightings_[i]);
        }
        return;
    }
    for (std::size_t i = sightings_.size(); i > std::max(index, left_); --i) {
        measure_.leave(sightings_[i - 1]);
    }
    left_ = std::min(left_, index);
    while (left_ > 0 && sightings_[left_ - 1].time > begin) {
        measure_.enter(sightings_[--left_]);
    }
}

std::optional<Outcome> Window::add_late(const Sighting& sighting, const Bounds& bounds,
                                        std::uint64_t& evicted) {
    const base::TimePoint t = sighting.time;
    // Behind all of the same time, as it arrived after them.
    std::size_t index = sightings_.size();
    while (index > 0 && sightings_[index - 1].time > t) {
        --index;
    }
    go_back_to(index, t);
    sightings_.insert(index, sighting);
    // Forward over every window that ends since then; those with an anchor in [t, t + timespan)
    // hold the new one.
    std::optional<Outcome> outcome;
    for (std::size_t i = index; i < sightings_.size(); ++i) {
        const base::TimePoint anchor = sightings_[i].time;
        while (sightings_[left_].time <= anchor - rule_->timespan) {
            measure_.leave(sightings_[left_++]);
        }
        measure_.enter(sightings_[i]);
        if (!outcome && anchor < t + rule_->timespan) {
            if (const auto measure = measure_.satisfied(*rule_, anchor)) {
                outcome = Outcome{left_, i, *measure};
            }
        }
    }
    if (sightings_.size() > bounds.entries_max) {
        evicted += left_ == 0 ? 1 : 0;
        drop_front(1);
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

namespace {

template <class T>
void put(T value, std::string& out) {
    static_assert(std::is_integral_v<T>);
    char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    out.append(bytes, sizeof(T));
}

enum Flag : std::uint8_t { kDrill = 1, kChained = 2 };

}  // namespace

void Window::save(std::string& out) const {
    put<std::uint8_t>(armed ? 1 : 0, out);
    put(reported.us, out);
    put(static_cast<std::uint32_t>(left_), out);
    put(static_cast<std::uint32_t>(sightings_.size()), out);
    for (std::size_t i = 0; i < sightings_.size(); ++i) {
        const Sighting& sighting = sightings_[i];
        put(sighting.time.us, out);
        put(sighting.payload, out);
        put(sighting.count, out);
        put<std::uint32_t>(sighting.reference, out);
        put<std::uint8_t>(
            (sighting.drill != 0 ? kDrill : 0) | (sighting.chained != 0 ? kChained : 0), out);
        if (sighting.chained == 0) {
            put(sighting.event, out);
            continue;
        }
        const Chained& record = chained(sighting);
        put(record.first.us, out);
        put(static_cast<std::uint32_t>(record.events.size()), out);
        for (const event::EventId id : record.events) {
            put(id, out);
        }
    }
}

bool Window::load(base::Reader& in, std::size_t entries_max) {
    armed = in.read<std::uint8_t>() != 0;
    reported.us = in.read<std::int64_t>();
    const auto left = in.read<std::uint32_t>();
    const auto size = in.read<std::uint32_t>();
    if (size > entries_max || left > size) {
        return false;
    }
    for (std::uint32_t i = 0; i < size; ++i) {
        Sighting sighting;
        sighting.time.us = in.read<std::int64_t>();
        sighting.payload = in.read<std::uint64_t>();
        sighting.count = in.read<std::uint32_t>();
        const auto reference = in.read<std::uint32_t>();
        const auto flags = in.read<std::uint8_t>();
        if (reference >= rule_->rules.size()) {
            return false;
        }
        sighting.reference = reference & 0x3fff'ffff;
        sighting.drill = (flags & kDrill) != 0 ? 1 : 0;
        sighting.chained = (flags & kChained) != 0 ? 1 : 0;
        if (sighting.chained == 0) {
            sighting.event = in.read<std::uint64_t>();
        } else {
            auto record = std::make_shared<Chained>();
            record->first.us = in.read<std::int64_t>();
            const auto events = in.read<std::uint32_t>();
            if (events > in.left() / sizeof(event::EventId)) {
                return false;
            }
            for (std::uint32_t k = 0; k < events; ++k) {
                record->events.push_back(in.read<std::uint64_t>());
            }
            if (!chains_) {
                chains_ = std::make_unique<Chains>();
            }
            sighting.event = chains_->keep(std::move(record));
        }
        const bool ascending = sightings_.empty() || sightings_.back().time <= sighting.time;
        if (in.failed() || !ascending) {
            return false;
        }
        if (i >= left) {
            measure_.enter(sighting);
        }
        sightings_.push_back(sighting);
    }
    left_ = left;
    return !in.failed();
}

}  // namespace gac::detect::correlate
