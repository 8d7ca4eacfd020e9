#include "detect/correlate/correlator.h"

#include <algorithm>
#include <cstring>

namespace gac::detect::correlate {

namespace {

void append_part(std::string_view part, std::string& key) {
    const auto size = static_cast<std::uint32_t>(part.size());
    char bytes[sizeof(size)];
    std::memcpy(bytes, &size, sizeof(size));
    key.append(bytes, sizeof(size));
    key.append(part);
}

std::string key_of(std::span<const std::string> parts) {
    std::string key;
    for (const std::string& part : parts) {
        append_part(part, key);
    }
    return key;
}

}  // namespace

Correlator::Correlator(std::shared_ptr<const RuleSet> rules, const Limits& limits)
    : rules_(std::move(rules)), limits_(limits), states_(rules_->parts().correlations.size()) {}

void Correlator::swap_rules(std::shared_ptr<const RuleSet> rules) {
    const auto& before = rules_->parts().correlations;
    const auto& after = rules->parts().correlations;
    std::unordered_map<std::string_view, std::size_t> known;
    for (std::size_t i = 0; i < before.size(); ++i) {
        known.emplace(before[i].text_key, i);
    }
    std::vector<State> states(after.size());
    for (std::size_t i = 0; i < after.size(); ++i) {
        if (const auto found = known.find(after[i].text_key); found != known.end()) {
            states[i] = std::move(states_[found->second]);
            for (auto& [key, group] : states[i].groups) {
                group->window.rebind(after[i]);
            }
        }
    }
    states_ = std::move(states);
    rules_ = std::move(rules);
}

Correlator::Group& Correlator::group_of(State& state, std::string key, const Input& input,
                                        const sigma::Correlation& rule, EngineStats& stats) {
    const auto [at, added] = state.groups.try_emplace(std::move(key));
    if (!added) {
        Group& group = *at->second;
        group.touched = input.received;
        state.turns.splice(state.turns.end(), state.turns, group.turn);
        return group;
    }
    at->second = std::make_unique<Group>(rule);
    Group& group = *at->second;
    group.touched = input.received;
    group.turn = state.turns.insert(state.turns.end(), &at->first);
    const auto drop_stalest = [&] {
        const auto stalest = state.groups.find(*state.turns.front());
        state.turns.pop_front();
        state.groups.erase(stalest);
    };
    // By our clock, not the events': one event from the future must not end all windows.
    const base::TimePoint idle = input.received - rule.timespan - limits_.lateness;
    while (state.groups.size() > 1
           && state.groups.find(*state.turns.front())->second->touched < idle) {
        drop_stalest();
    }
    if (state.groups.size() > std::max<std::size_t>(limits_.correlation_groups_max, 1)) {
        drop_stalest();
        ++stats.groups_evicted;
    }
    return group;
}

void Correlator::add(const Input& input, std::vector<event::Detection>& out, EngineStats& stats) {
    feed(input, nullptr, out, stats);
}

void Correlator::feed(const Input& input, std::shared_ptr<const std::vector<event::EventId>> events,
                      std::vector<event::Detection>& out, EngineStats& stats) {
    using sigma::CorrelationType;
    const sigma::Correlation& rule = rules_->parts().correlations[input.to.correlation];
    Sighting sighting;
    sighting.time = input.time;
    sighting.event = input.event;
    sighting.events = std::move(events);
    sighting.reference = input.to.reference;
    sighting.drill = input.drill;
    switch (rule.type) {
        case CorrelationType::ValueCount:
            sighting.value = key_of(input.values);
            break;
        case CorrelationType::ValueSum:
        case CorrelationType::ValueAvg:
        case CorrelationType::ValuePercentile: {
            const auto number = sigma::number_of(input.values.front());
            if (!number) {
                return;
            }
            sighting.number = *number;
            break;
        }
        default:
            break;
    }
    State& state = states_[input.to.correlation];
    Group& group = group_of(state, key_of(input.group), input, rule, stats);
    bool too_late = false;
    const bool in_order =
        group.window.size() == 0 || input.time >= group.window[group.window.size() - 1].time;
    const auto outcome =
        group.window.add(std::move(sighting), {limits_.lateness, limits_.correlation_entries_max},
                         too_late, stats.entries_evicted);
    if (too_late) {
        ++stats.late;
        return;
    }
    ++stats.correlated;
    if (!outcome) {
        group.window.armed = group.window.armed || in_order;
        return;
    }
    const base::TimePoint anchor = group.window[outcome->last].time;
    if (!group.window.armed && anchor < group.window.reported + rule.timespan) {
        return;
    }
    group.window.armed = false;
    group.window.reported = anchor;
    report(rule, group.window, *outcome, input, out, stats);
}

void Correlator::report(const sigma::Correlation& rule, const Window& window,
                        const Outcome& outcome, const Input& input,
                        std::vector<event::Detection>& out, EngineStats& stats) {
    const RuleSet::Parts& parts = rules_->parts();
    event::Detection detection;
    detection.rule = rule.info;
    detection.row = input.row;
    detection.time = window[outcome.last].time;
    detection.drill = true;
    const auto add = [&](const Sighting& sighting) {
        detection.drill = detection.drill && sighting.drill;
        const auto put = [&](event::EventId id) {
            if (detection.events.size() < limits_.correlation_events_max) {
                detection.events.push_back(id);
            }
        };
        if (sighting.events) {
            std::ranges::for_each(*sighting.events, put);
        } else {
            put(sighting.event);
        }
    };
    if (rule.type == sigma::CorrelationType::TemporalOrdered) {
        for (const std::size_t i : window.sequence(outcome)) {
            add(window[i]);
        }
    } else {
        for (std::size_t i = outcome.first; i <= outcome.last; ++i) {
            add(window[i]);
        }
    }
    // One event may stand for several rules.
    std::vector<event::EventId> unique;
    for (const event::EventId id : detection.events) {
        if (unique.empty() || unique.back() != id) {
            unique.push_back(id);
        }
    }
    detection.events = std::move(unique);
    detection.count = rule.type == sigma::CorrelationType::EventCount
                              || rule.type == sigma::CorrelationType::ValueCount
                          ? static_cast<std::uint64_t>(outcome.measure)
                          : detection.events.size();
    for (std::size_t i = 0; i < rule.group_by.size(); ++i) {
        detection.group.emplace_back(rule.group_by[i], input.group[i]);
    }
    const std::uint32_t index = input.to.correlation;
    if (!parts.correlation_silent[index]) {
        ++stats.matches;
        out.push_back(detection);
    }
    // What feeds from this one: group names of this rule serve as its fields.
    for (const sigma::CorrelationInput& next : parts.correlation_inputs[index]) {
        const sigma::Correlation& above = parts.correlations[next.correlation];
        const std::vector<std::string>& names =
            parts.correlation_fields[next.correlation][next.reference];
        std::vector<std::string> texts;
        for (const std::string& name : names) {
            const auto known =
                std::ranges::find(detection.group, name, [](const auto& p) { return p.first; });
            if (known == detection.group.end()) {
                break;
            }
            texts.push_back(known->second);
        }
        if (texts.size() != names.size()) {
            continue;  // a missing group field: not counted
        }
        Input chained = input;
        chained.to = next;
        chained.time = detection.time;
        chained.drill = detection.drill;
        chained.group = std::span(texts).first(above.group_by.size());
        chained.values = std::span(texts).subspan(above.group_by.size());
        feed(chained, std::make_shared<const std::vector<event::EventId>>(detection.events), out,
             stats);
    }
}

}  // namespace gac::detect::correlate
