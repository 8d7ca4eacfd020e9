#include "detect/correlator.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <condition_variable>
#include <mutex>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "detect/correlate/hash.h"
#include "detect/correlate/input_writer.h"
#include "detect/correlate/partition.h"
#include "detect/correlate/windows_file.h"
#include "detect/sigma/parts.h"

namespace gac::detect {

using namespace correlate;

namespace {

constexpr std::uint64_t kAheadMax = 64;
constexpr std::size_t kPartitionsMax = 16;
constexpr std::size_t kGroupsPerPartition = 256;  // with fewer there is nothing to share out

// What one correlation forwards to another.
struct Link {
    CorrelationFeed::Input input;
    std::string group;
    std::shared_ptr<const Chained> chained;
    std::uint32_t origin = 0;
    std::uint32_t from = 0;  // correlation
};

struct Report {
    std::uint32_t origin = 0;
    std::uint32_t correlation = 0;
    std::uint32_t reference = 0;  // whose input completed it
    event::Detection detection;
};

// What a lane gives out for one batch.
struct Yield {
    std::vector<Report> reports;
    std::vector<Link> links;
};

constexpr std::uint32_t kLinkBit = 0x8000'0000;

// One batch on its way through the stage.
struct Work {
    CorrelationFeed feed;
    Correlator::Done done;
    std::vector<Link> links;
    // By level and lane: places in feed.inputs, or in `links` with kLinkBit, in the order of their
    // origin.
    std::vector<std::vector<std::uint32_t>> shares;
    std::vector<Yield> yields;  // by lane
    std::vector<Report> reports;
    std::size_t level = 0;
    std::atomic<std::size_t> busy{0};  // lanes of the level that are not through yet
};

struct Tally {
    std::atomic<std::uint64_t> correlated{0}, late{0}, reports{0}, groups_evicted{0},
        entries_evicted{0}, groups{0}, bytes{0};
};

struct Lane {
    std::size_t level = 0;
    std::size_t number = 0;  // within the level
    CorrelatorStats stats;   // of the thread that drives it
    Tally tally;             // the same, for others to see

    std::mutex mutex;
    std::array<Work*, kAheadMax> waiting{};  // by ticket
    std::uint64_t next = 0;
    bool driven = false;
};

std::size_t partitions_for(const Limits& limits) {
    std::size_t count = 1;
    while (count < kPartitionsMax
           && limits.correlation_groups_max / (count * 2) >= kGroupsPerPartition) {
        count *= 2;
    }
    return count;
}

}  // namespace

class Correlator::Stage {
public:
    Stage(std::shared_ptr<const RuleSet> rules, const Limits& limits, std::size_t lanes)
        : limits_(limits),
          partition_count_(partitions_for(limits)),
          lane_count_(std::bit_floor(std::clamp<std::size_t>(lanes, 1, partition_count_))) {
        take_rules(std::move(rules));
    }

    void take(CorrelationFeed& feed, std::vector<event::Detection>& out) {
        if (feed.empty()) {
            return;
        }
        std::swap(scratch_.feed, feed);
        begin(scratch_);
        for (std::size_t level = 0; level < levels_; ++level) {
            for (std::size_t lane = 0; lane < lane_count_; ++lane) {
                work_off(*lanes_[level * lane_count_ + lane], scratch_);
            }
            end_level(scratch_);
        }
        for (Report& report : scratch_.reports) {
            out.push_back(std::move(report.detection));
        }
        std::swap(scratch_.feed, feed);
    }

    void put(std::uint64_t ticket, CorrelationFeed feed, Done done) {
        auto work = std::make_unique<Work>();
        work->feed = std::move(feed);
        work->done = std::move(done);
        {
            std::unique_lock lock(mutex_);
            moved_.wait(lock, [&] { return ticket < delivered_ + kAheadMax; });
        }
        begin(*work);
        std::vector<Lane*> ready;
        hand_on(work.release(), ticket, ready);
        drive(ready);
    }

    void drain(std::uint64_t ticket) {
        std::unique_lock lock(mutex_);
        moved_.wait(lock, [&] { return delivered_ >= ticket; });
    }

    void swap_rules(std::shared_ptr<const RuleSet> rules) {
        if (rules == rules_) {
            return;
        }
        std::unordered_map<std::string_view, std::uint32_t> known;
        for (std::uint32_t i = 0; i < rules->parts().correlations.size(); ++i) {
            known.emplace(rules->parts().correlations[i].text_key, i);
        }
        std::vector<std::unique_ptr<Group>> kept;
        for (const auto& partition : partitions_) {
            for (auto& group : partition->release()) {
                const auto found =
                    known.find(rules_->parts().correlations[group->correlation].text_key);
                if (found != known.end()) {
                    group->correlation = found->second;
                    kept.push_back(std::move(group));
                }
            }
        }
        std::ranges::sort(kept, [](const auto& a, const auto& b) {
            return std::tie(a->turn, a->hash) < std::tie(b->turn, b->hash);
        });
        const std::shared_ptr<const RuleSet> before = rules_;  // `kept` refers to its rules
        take_rules(std::move(rules));
        for (auto& group : kept) {
            partition_of(group->correlation, group->hash).adopt(std::move(group));
        }
        publish_sizes();
    }

    const std::shared_ptr<const RuleSet>& rules() const { return rules_; }

    void save(event::EventId mark, std::string& out) const {
        std::vector<const Group*> groups;
        for (const auto& partition : partitions_) {
            partition->each([&](const Group& group) { groups.push_back(&group); });
        }
        std::ranges::sort(groups, [](const Group* a, const Group* b) {
            return a->turn != b->turn ? a->turn < b->turn : a->hash < b->hash;
        });
        save_windows(rules_->parts().correlations, limits_.correlation_seed, mark, groups, out);
    }

    Result<event::EventId> load(std::string_view bytes) {
        for (const auto& partition : partitions_) {
            partition->release();
        }
        GAC_TRY(saved, load_windows(bytes, rules_->parts().correlations, limits_));
        for (auto& group : saved.groups) {
            partition_of(group->correlation, group->hash).adopt(std::move(group));
        }
        publish_sizes();
        return saved.mark;
    }

    CorrelatorStats stats() const {
        const std::lock_guard lock(mutex_);
        return sum();
    }

private:
    CorrelatorStats sum() const {
        CorrelatorStats sum = before_;
        for (const auto& lane : lanes_) {
            const Tally& tally = lane->tally;
            sum.correlated += tally.correlated.load(std::memory_order_relaxed);
            sum.late += tally.late.load(std::memory_order_relaxed);
            sum.reports += tally.reports.load(std::memory_order_relaxed);
            sum.groups_evicted += tally.groups_evicted.load(std::memory_order_relaxed);
            sum.entries_evicted += tally.entries_evicted.load(std::memory_order_relaxed);
            sum.groups += tally.groups.load(std::memory_order_relaxed);
            sum.bytes += tally.bytes.load(std::memory_order_relaxed);
        }
        return sum;
    }

    void take_rules(std::shared_ptr<const RuleSet> rules) {
        const std::lock_guard lock(mutex_);
        std::uint64_t next = 0;
        if (!lanes_.empty()) {
            before_ = sum();
            before_.groups = before_.bytes = 0;
            next = lanes_.front()->next;
        }
        rules_ = std::move(rules);
        const RuleSet::Parts& parts = rules_->parts();
        level_of_.assign(parts.correlations.size(), 0);
        levels_ = 1;
        for (std::size_t i = 0; i < parts.correlations.size();
             ++i) {  // inputs before what they feed
            for (const sigma::CorrelationInput& above : parts.correlation_inputs[i]) {
                std::size_t& level = level_of_[above.correlation];
                level = std::max(level, level_of_[i] + 1);
                levels_ = std::max(levels_, level + 1);
            }
        }
        seeds_.clear();
        for (const sigma::Correlation& rule : parts.correlations) {
            seeds_.push_back(correlate::seed_of(rule, limits_.correlation_seed));
        }
        Partition::Share share;
        share.groups_max = std::max<std::size_t>(
            (limits_.correlation_groups_max + partition_count_ - 1) / partition_count_, 1);
        share.bytes_max = limits_.correlation_bytes_max / (partition_count_ * levels_);
        partitions_.clear();
        for (std::size_t i = 0; i < levels_ * partition_count_; ++i) {
            partitions_.push_back(std::make_unique<Partition>(parts, limits_, share));
        }
        lanes_.clear();
        for (std::size_t i = 0; i <= levels_ * lane_count_; ++i) {  // the last one delivers
            auto lane = std::make_unique<Lane>();
            lane->level = i / lane_count_;
            lane->number = i % lane_count_;
            lane->next = next;
            lanes_.push_back(std::move(lane));
        }
        scratch_.shares.clear();
        scratch_.yields.clear();
    }

    void publish_sizes() {
        for (const auto& lane : lanes_) {
            if (lane->level < levels_) {
                publish(*lane);
            }
        }
    }

    std::size_t partition_number(std::uint64_t hash) const {
        return static_cast<std::size_t>(hash >> 48) & (partition_count_ - 1);
    }
    Partition& partition_of(std::uint32_t correlation, std::uint64_t hash) {
        return *partitions_[level_of_[correlation] * partition_count_ + partition_number(hash)];
    }
    std::size_t share_of(std::uint32_t correlation, std::uint64_t hash) const {
        return level_of_[correlation] * lane_count_ + (partition_number(hash) & (lane_count_ - 1));
    }

    // Shares out what the batch brings.
    void begin(Work& work) {
        work.shares.resize(levels_ * lane_count_);
        work.yields.resize(lane_count_);
        for (auto& share : work.shares) {
            share.clear();
        }
        work.links.clear();
        work.reports.clear();
        work.level = 0;
        const auto& inputs = work.feed.inputs;
        for (std::uint32_t i = 0; i < inputs.size(); ++i) {
            work.shares[share_of(inputs[i].correlation, inputs[i].group_hash)].push_back(i);
        }
    }

    void work_off(Lane& lane, Work& work) {
        const auto& share = work.shares[lane.level * lane_count_ + lane.number];
        if (share.empty()) {
            return;
        }
        Yield& yield = work.yields[lane.number];
        const std::function<void(const Satisfied&)> report = [&](const Satisfied& found) {
            this->report(found, yield, lane.stats);
        };
        const auto input_at = [&](std::size_t i) -> const CorrelationFeed::Input& {
            return (share[i] & kLinkBit) != 0 ? work.links[share[i] & ~kLinkBit].input
                                              : work.feed.inputs[share[i]];
        };
        const auto partition_at = [&](const CorrelationFeed::Input& input) -> Partition& {
            return *partitions_[lane.level * partition_count_ + partition_number(input.group_hash)];
        };
        constexpr std::size_t kFar = 12, kNear = 8, kNext = 4;
        for (std::size_t i = 0; i < share.size(); ++i) {
            if (i + kFar < share.size()) {
                const auto& coming = input_at(i + kFar);
                partition_at(coming).prefetch_slot(coming.group_hash);
            }
            if (i + kNear < share.size()) {
                const auto& coming = input_at(i + kNear);
                partition_at(coming).prefetch_group(coming.group_hash);
            }
            if (i + kNext < share.size()) {
                const auto& coming = input_at(i + kNext);
                partition_at(coming).prefetch_window(coming.group_hash);
            }
            Arrival arrival;
            arrival.input = &input_at(i);
            if ((share[i] & kLinkBit) != 0) {
                const Link& link = work.links[share[i] & ~kLinkBit];
                arrival.group = link.group;
                arrival.chained = link.chained;
                arrival.origin = link.origin;
            } else {
                arrival.group = std::string_view(work.feed.texts)
                                    .substr(arrival.input->group_at, arrival.input->group_size);
                arrival.origin = share[i];
            }
            partition_at(*arrival.input).add(arrival, report, lane.stats);
        }
        publish(lane);
    }

    void publish(Lane& lane) {
        const auto put = [](std::atomic<std::uint64_t>& to, std::uint64_t value) {
            to.store(value, std::memory_order_relaxed);
        };
        std::size_t groups = 0;
        std::size_t bytes = 0;
        for (std::size_t p = lane.number; p < partition_count_; p += lane_count_) {
            const Partition& partition = *partitions_[lane.level * partition_count_ + p];
            groups += partition.groups();
            bytes += partition.bytes();
        }
        put(lane.tally.correlated, lane.stats.correlated);
        put(lane.tally.late, lane.stats.late);
        put(lane.tally.reports, lane.stats.reports);
        put(lane.tally.groups_evicted, lane.stats.groups_evicted);
        put(lane.tally.entries_evicted, lane.stats.entries_evicted);
        put(lane.tally.groups, groups);
        put(lane.tally.bytes, bytes);
    }

    void report(const Satisfied& found, Yield& yield, CorrelatorStats& stats) const {
        const RuleSet::Parts& parts = rules_->parts();
        const sigma::Correlation& rule = found.rule;
        const CorrelationFeed::Input& input = *found.arrival.input;
        event::Detection detection;
        detection.rule = rule.info;
        detection.row = input.row;
        detection.time = found.window[found.outcome.last].time;
        detection.drill = true;
        base::TimePoint first = detection.time;
        std::unordered_set<event::EventId> seen;  // one event may stand for several rules
        const auto put = [&](event::EventId id) {
            if (detection.events.size() < limits_.correlation_events_max
                && seen.insert(id).second) {
                detection.events.push_back(id);
            }
        };
        const auto add = [&](const Sighting& sighting) {
            detection.drill = detection.drill && sighting.drill != 0;
            if (sighting.chained != 0) {
                const Chained& record = found.window.chained(sighting);
                first = std::min(first, record.first);
                std::ranges::for_each(record.events, put);
            } else {
                first = std::min(first, sighting.time);
                put(sighting.event);
            }
        };
        if (rule.type == sigma::CorrelationType::TemporalOrdered) {
            for (const std::size_t i : found.window.sequence(found.outcome)) {
                add(found.window[i]);
            }
        } else {
            for (std::size_t i = found.outcome.first; i <= found.outcome.last; ++i) {
                add(found.window[i]);
            }
        }
        detection.first = first;
        detection.count = rule.type == sigma::CorrelationType::EventCount
                                  || rule.type == sigma::CorrelationType::ValueCount
                              ? static_cast<std::uint64_t>(found.outcome.measure)
                              : detection.events.size();
        std::string_view texts = found.arrival.group;
        for (const std::string& name : rule.group_by) {
            detection.group.emplace_back(name, take_part(texts));
        }
        const std::uint32_t index = input.correlation;
        forward(detection, found.arrival, yield);
        if (!parts.correlation_silent[index]) {
            ++stats.reports;
            yield.reports.push_back(
                {found.arrival.origin, index, input.reference, std::move(detection)});
        }
    }

    // Group names of the reporting rule serve as its fields.
    void forward(const event::Detection& detection, const Arrival& arrival, Yield& yield) const {
        const RuleSet::Parts& parts = rules_->parts();
        const std::uint32_t index = arrival.input->correlation;
        std::shared_ptr<const Chained> record;
        for (const sigma::CorrelationInput& next : parts.correlation_inputs[index]) {
            const sigma::Correlation& above = parts.correlations[next.correlation];
            CorrelationFeed one;
            InputWriter writer(one, above, seeds_[next.correlation], limits_);
            const bool complete = std::ranges::all_of(
                parts.correlation_fields[next.correlation][next.reference],
                [&](const std::string& name) {
                    const auto known = std::ranges::find(
                        detection.group, name, [](const auto& pair) { return pair.first; });
                    if (known == detection.group.end()) {
                        return false;  // a missing group field: not counted
                    }
                    writer.add(known->second);
                    return true;
                });
            CorrelationFeed::Input input = *arrival.input;
            input.correlation = next.correlation;
            input.reference = next.reference;
            input.time = detection.time;
            input.drill = detection.drill;
            input.count = 1;
            if (!complete || !writer.finish(input)) {
                continue;
            }
            if (!record) {
                record =
                    std::make_shared<const Chained>(Chained{detection.events, *detection.first});
            }
            yield.links.push_back(
                {one.inputs.front(), std::move(one.texts), record, arrival.origin, index});
        }
    }

    // Every lane of the level is through with the batch.
    void end_level(Work& work) {
        const std::size_t before = work.links.size();
        for (Yield& yield : work.yields) {
            std::ranges::move(yield.reports, std::back_inserter(work.reports));
            std::ranges::move(yield.links, std::back_inserter(work.links));
            yield.reports.clear();
            yield.links.clear();
        }
        ++work.level;
        if (work.links.size() > before) {
            // In an order that does not depend on lanes.
            std::sort(work.links.begin() + static_cast<std::ptrdiff_t>(before), work.links.end(),
                      [](const Link& a, const Link& b) {
                          return std::tie(a.origin, a.from, a.input.correlation, a.input.reference,
                                          a.group)
                                 < std::tie(b.origin, b.from, b.input.correlation,
                                            b.input.reference, b.group);
                      });
            for (auto i = static_cast<std::uint32_t>(before); i < work.links.size(); ++i) {
                const CorrelationFeed::Input& input = work.links[i].input;
                auto& share = work.shares[share_of(input.correlation, input.group_hash)];
                const auto origin = [&](std::uint32_t place) {
                    return (place & kLinkBit) != 0 ? work.links[place & ~kLinkBit].origin : place;
                };
                share.insert(std::ranges::upper_bound(share, work.links[i].origin, {}, origin),
                             i | kLinkBit);
            }
        }
        if (work.level == levels_) {
            std::ranges::sort(work.reports, [](const Report& a, const Report& b) {
                return std::tie(a.origin, a.correlation, a.reference, a.detection.group)
                       < std::tie(b.origin, b.correlation, b.reference, b.detection.group);
            });
        }
    }

    // Lays the batch before every lane of its level (or the one that delivers).
    void hand_on(Work* work, std::uint64_t ticket, std::vector<Lane*>& ready) {
        const std::size_t first = work->level * lane_count_;
        const std::size_t count = work->level < levels_ ? lane_count_ : 1;
        work->busy.store(count);
        for (std::size_t i = 0; i < count; ++i) {
            // Threads begin with different lanes.
            Lane* lane = lanes_[first + (ticket + i) % count].get();
            {
                const std::lock_guard lock(lane->mutex);
                lane->waiting[ticket % kAheadMax] = work;
            }
            ready.push_back(lane);
        }
    }

    // A lane is driven by one thread; whoever lays work before it comes by afterwards, so nothing
    // is left lying.
    void drive(std::vector<Lane*>& ready) {
        while (!ready.empty()) {
            Lane& lane = *ready.back();
            ready.pop_back();
            bool mine = false;
            for (;;) {
                std::uint64_t ticket = 0;
                Work* work = nullptr;
                {
                    const std::lock_guard lock(lane.mutex);
                    if (!mine && lane.driven) {
                        break;
                    }
                    ticket = lane.next;
                    work = std::exchange(lane.waiting[ticket % kAheadMax], nullptr);
                    mine = lane.driven = work != nullptr;
                    if (!mine) {
                        break;
                    }
                    ++lane.next;
                }
                if (lane.level == levels_) {
                    deliver(std::unique_ptr<Work>(work));
                    continue;
                }
                work_off(lane, *work);
                if (work->busy.fetch_sub(1) == 1) {
                    end_level(*work);
                    hand_on(work, ticket, ready);
                }
            }
        }
    }

    void deliver(std::unique_ptr<Work> work) {
        std::vector<event::Detection> detections;
        detections.reserve(work->reports.size());
        for (Report& report : work->reports) {
            detections.push_back(std::move(report.detection));
        }
        work->done(std::move(detections));
        const std::lock_guard lock(mutex_);
        ++delivered_;
        moved_.notify_all();
    }

    const Limits limits_;
    const std::size_t partition_count_;
    const std::size_t lane_count_;
    std::shared_ptr<const RuleSet> rules_;
    std::vector<std::size_t> level_of_;  // by correlation: how deep a chain ends in it
    std::size_t levels_ = 1;
    std::vector<std::uint64_t> seeds_;                    // by correlation
    std::vector<std::unique_ptr<Partition>> partitions_;  // by level, by number
    std::vector<std::unique_ptr<Lane>> lanes_;            // by level, by number; the last delivers
    Work scratch_;                                        // of take()
    CorrelatorStats before_;                              // of earlier rule sets

    mutable std::mutex mutex_;
    std::condition_variable moved_;
    std::uint64_t delivered_ = 0;
};

Correlator::Correlator(std::shared_ptr<const RuleSet> rules, const Limits& limits,
                       std::size_t lanes)
    : stage_(std::make_unique<Stage>(std::move(rules), limits, lanes)) {}
Correlator::~Correlator() = default;

void Correlator::take(CorrelationFeed& feed, std::vector<event::Detection>& out) {
    stage_->take(feed, out);
}
void Correlator::put(std::uint64_t ticket, CorrelationFeed feed, Done done) {
    stage_->put(ticket, std::move(feed), std::move(done));
}
void Correlator::drain(std::uint64_t ticket) { stage_->drain(ticket); }
void Correlator::swap_rules(std::shared_ptr<const RuleSet> rules) {
    stage_->swap_rules(std::move(rules));
}
const std::shared_ptr<const RuleSet>& Correlator::rules() const { return stage_->rules(); }
void Correlator::save(event::EventId mark, std::string& out) const { stage_->save(mark, out); }
Result<event::EventId> Correlator::load(std::string_view bytes) { return stage_->load(bytes); }
std::optional<std::uint64_t> Correlator::seed_of(std::string_view saved) {
    return seed_of_saved(saved);
}
CorrelatorStats Correlator::stats() const { return stage_->stats(); }

void merge_by_row(std::vector<event::Detection>& detections, std::size_t from,
                  std::vector<event::Detection> correlated) {
    if (correlated.empty()) {
        return;
    }
    std::vector<event::Detection> merged;
    merged.reserve(detections.size() - from + correlated.size());
    auto next = correlated.begin();
    for (std::size_t i = from; i < detections.size(); ++i) {
        while (next != correlated.end() && next->row < detections[i].row) {
            merged.push_back(std::move(*next++));
        }
        merged.push_back(std::move(detections[i]));
    }
    std::move(next, correlated.end(), std::back_inserter(merged));
    detections.resize(from);
    std::ranges::move(merged, std::back_inserter(detections));
}

}  // namespace gac::detect
