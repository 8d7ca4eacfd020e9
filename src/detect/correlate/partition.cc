#include "detect/correlate/partition.h"

#include <algorithm>

namespace gac::detect::correlate {

namespace {

constexpr std::size_t kFirstSlots = 16;
constexpr std::size_t kEntriesMax = 1'000'000;  // of one window, whatever the rule asks for
constexpr std::size_t kIdleAtOnce = 4;          // groups looked at for each new one

// A rule that counts to a number needs room for as many.
std::size_t entries_max_of(const sigma::Correlation& rule, const Limits& limits) {
    std::size_t most = std::max<std::size_t>(limits.correlation_entries_max, 1);
    for (const auto& [op, number] : rule.conditions) {
        if (number > 0 && number < static_cast<double>(kEntriesMax)
            && (rule.type == sigma::CorrelationType::EventCount
                || rule.type == sigma::CorrelationType::ValueCount)) {
            most = std::max(most, static_cast<std::size_t>(number) + 1);
        }
    }
    return most;
}

}  // namespace

Partition::Partition(const RuleSet::Parts& parts, const Limits& limits, Share share)
    : parts_(parts), limits_(limits), share_(share), slots_(kFirstSlots) {
    shelves_.resize(parts.correlations.size());
    for (std::size_t i = 0; i < shelves_.size(); ++i) {
        shelves_[i].entries_max = entries_max_of(parts.correlations[i], limits);
    }
}

void Partition::prefetch_slot(std::uint64_t hash) const {
    __builtin_prefetch(&slots_[home(hash)], 0);
}

const Group* Partition::peek(std::uint64_t hash) const {
    const Slot& slot = slots_[home(hash)];
    return slot.hash == hash ? slot.group.get() : nullptr;
}

void Partition::prefetch_group(std::uint64_t hash) const {
    if (const Group* group = peek(hash)) {
        const char* bytes = reinterpret_cast<const char*>(group);
        for (std::size_t i = 0; i < sizeof(Group); i += 64) {
            __builtin_prefetch(bytes + i, 1);
        }
    }
}

void Partition::prefetch_window(std::uint64_t hash) const {
    if (const Group* group = peek(hash)) {
        group->window.prefetch();
    }
}

void Partition::place(std::unique_ptr<Group> group) {
    if ((groups_ + 1) * 4 > slots_.size() * 3) {
        std::vector<Slot> before(slots_.size() * 2);
        before.swap(slots_);
        groups_ = 0;
        for (Slot& slot : before) {
            if (slot.group) {
                place(std::move(slot.group));
            }
        }
    }
    std::size_t at = home(group->hash);
    while (slots_[at].group) {
        at = (at + 1) & (slots_.size() - 1);
    }
    slots_[at].hash = group->hash;
    slots_[at].group = std::move(group);
    ++groups_;
}

void Partition::erase(const Group& group) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = home(group.hash);
    while (slots_[at].group.get() != &group) {
        at = (at + 1) & mask;
    }
    bytes_ -= group.bytes;
    --groups_;
    slots_[at].group.reset();
    for (std::size_t next = (at + 1) & mask; slots_[next].group; next = (next + 1) & mask) {
        const std::size_t from_home = (next - home(slots_[next].hash)) & mask;
        if (from_home >= ((next - at) & mask)) {
            slots_[at] = std::move(slots_[next]);
            slots_[next] = Slot{};
            at = next;
        }
    }
}

void Partition::recount(Group& group) {
    const std::size_t now = sizeof(Group) - sizeof(Window) + group.window.bytes()
                            + group.texts.capacity() + sizeof(Slot) + sizeof(Turn);
    bytes_ += now - group.bytes;
    group.bytes = now;
}

std::vector<std::unique_ptr<Group>> Partition::release() {
    std::vector<std::unique_ptr<Group>> out;
    for (Slot& slot : slots_) {
        if (slot.group) {
            out.push_back(std::move(slot.group));
        }
    }
    // In the order in which they were fed, so that the stalest stay the stalest.
    std::ranges::sort(out, {}, [](const auto& group) { return group->turn; });
    slots_.clear();
    slots_.resize(kFirstSlots);
    groups_ = 0;
    bytes_ = 0;
    for (Shelf& shelf : shelves_) {
        shelf.turns.clear();
    }
    return out;
}

void Partition::adopt(std::unique_ptr<Group> group) {
    group->bytes = 0;
    group->turn = ++turn_;
    group->window.rebind(parts_.correlations[group->correlation]);
    recount(*group);
    shelves_[group->correlation].turns.push_back({group.get(), group->turn});
    place(std::move(group));
}

bool Partition::drop_stalest(Shelf& shelf, const Group& keep) {
    for (std::size_t left = shelf.turns.size() + 1; left > 0; --left) {
        const Turn first = shelf.turns.front();
        shelf.turns.pop_front();
        if (first.group->turn != first.turn || first.group == &keep) {
            shelf.turns.push_back({first.group, first.group->turn});
            continue;
        }
        erase(*first.group);
        return true;
    }
    return false;
}

void Partition::make_room(const Group& keep, Shelf& shelf, base::TimePoint idle,
                          CorrelatorStats& stats) {
    // By our clock, not the events': one event from the future must not end all windows.
    for (std::size_t i = 0; i < kIdleAtOnce && shelf.turns.size() > 1; ++i) {
        const Turn first = shelf.turns.front();
        if (first.group->touched >= idle && first.group->turn == first.turn) {
            break;
        }
        shelf.turns.pop_front();
        if (first.group->touched < idle && first.group != &keep) {
            erase(*first.group);
        } else {
            shelf.turns.push_back({first.group, first.group->turn});
        }
    }
    if (shelf.turns.size() > share_.groups_max && drop_stalest(shelf, keep)) {
        ++stats.groups_evicted;
    }
}

Group& Partition::group_of(const Arrival& arrival, CorrelatorStats& stats) {
    const CorrelationFeed::Input& input = *arrival.input;
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = home(input.group_hash); slots_[at].group; at = (at + 1) & mask) {
        Group& group = *slots_[at].group;
        if (slots_[at].hash == input.group_hash && group.correlation == input.correlation
            && group.texts == arrival.group) {
            return group;
        }
    }
    const sigma::Correlation& rule = parts_.correlations[input.correlation];
    auto made = std::make_unique<Group>(rule, input.correlation);
    Group& group = *made;
    group.hash = input.group_hash;
    group.texts = arrival.group;
    place(std::move(made));
    recount(group);
    Shelf& shelf = shelves_[input.correlation];
    shelf.turns.push_back({&group, turn_});
    make_room(group, shelf, input.received - rule.timespan - limits_.lateness, stats);
    return group;
}

void Partition::add(const Arrival& arrival, const std::function<void(const Satisfied&)>& report,
                    CorrelatorStats& stats) {
    const CorrelationFeed::Input& input = *arrival.input;
    const sigma::Correlation& rule = parts_.correlations[input.correlation];
    ++turn_;
    Group& group = group_of(arrival, stats);
    group.turn = turn_;
    group.touched = std::max(group.touched, input.received);
    Sighting sighting;
    sighting.time = input.time;
    sighting.event = input.event;
    sighting.payload = input.payload;
    sighting.count = input.count;
    sighting.reference = input.reference & 0x3fff'ffff;
    sighting.drill = input.drill ? 1 : 0;
    Window& window = group.window;
    const bool in_order = window.size() == 0 || input.time >= window[window.size() - 1].time;
    const Window::Bounds bounds{limits_.lateness, shelves_[input.correlation].entries_max};
    bool too_late = false;
    const auto outcome =
        arrival.chained
            ? window.add(sighting, arrival.chained, bounds, too_late, stats.entries_evicted)
            : window.add(sighting, bounds, too_late, stats.entries_evicted);
    if (too_late) {
        ++stats.late;
        return;
    }
    ++stats.correlated;
    recount(group);
    if (outcome) {
        const base::TimePoint anchor = window[outcome->last].time;
        if (window.armed || anchor >= window.reported + rule.timespan) {
            window.armed = false;
            window.reported = anchor;
            report({rule, window, *outcome, arrival});
        }
    } else {
        window.armed = window.armed || in_order;
    }
    while (bytes_ > share_.bytes_max && groups_ > 1) {
        Shelf* stalest = nullptr;
        for (Shelf& shelf : shelves_) {
            if (!shelf.turns.empty()
                && (shelf.turns.size() > 1 || shelf.turns.front().group != &group)
                && (stalest == nullptr || shelf.turns.front().turn < stalest->turns.front().turn)) {
                stalest = &shelf;
            }
        }
        if (stalest == nullptr || !drop_stalest(*stalest, group)) {
            return;
        }
        ++stats.groups_evicted;
    }
}

}  // namespace gac::detect::correlate
