#include "store/merge/plan.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace gac::store {

namespace {

constexpr std::int64_t kDayUs = 86'400'000'000;

// Merged files that may be merged with one another: of one day or, where they hold several, of one
// month; and of one source or of many.
using Bucket = std::tuple<std::int64_t, std::int64_t, std::string>;  // month, day or -1, source

Bucket bucket_of(const MergeInput& input, const MergeRules& rules) {
    const std::int64_t first = day_of(input.time_min, rules.day_offset);
    const std::int64_t last = day_of(input.time_max, rules.day_offset);
    return {month_of(last), first == last && input.rows >= rules.day_rows ? last : -1,
            input.only_source};
}

// Merging it once more would not give fewer files.
bool is_final(const MergeInput& input, const MergeRules& rules) {
    const bool one_day =
        day_of(input.time_min, rules.day_offset) == day_of(input.time_max, rules.day_offset);
    return input.rows >= (one_day ? rules.rows_enough : rules.day_rows);
}

std::vector<std::size_t> pick_fresh(std::span<const MergeInput> inputs, const MergeRules& rules,
                                    base::TimePoint now, bool all) {
    std::vector<std::size_t> fresh;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (inputs[i].fresh) {
            fresh.push_back(i);
        }
    }
    std::ranges::sort(fresh, {}, [&](std::size_t i) { return std::pair(inputs[i].created, i); });
    const bool due = !fresh.empty()
                     && (all || fresh.size() >= rules.fresh_files
                         || now - inputs[fresh.front()].created >= rules.fresh_age);
    std::vector<std::size_t> picked;
    std::uint64_t rows = 0;
    for (const std::size_t i : fresh) {
        if (!due || picked.size() == rules.files_max
            || (!picked.empty() && rows + inputs[i].rows > rules.rows_max)) {
            break;
        }
        picked.push_back(i);
        rows += inputs[i].rows;
    }
    return picked;
}

// The smallest files of a bucket that are alike: merging a large file with a small one again and
// again would write every row many times.
std::vector<std::size_t> pick_alike(std::span<const MergeInput> inputs,
                                    std::vector<std::size_t> files, const MergeRules& rules,
                                    bool all) {
    std::ranges::sort(files, {}, [&](std::size_t i) { return std::pair(inputs[i].rows, i); });
    const std::size_t least = all ? 2 : rules.files_alike;
    for (std::size_t begin = 0; begin + least <= files.size(); ++begin) {
        std::vector<std::size_t> picked;
        std::uint64_t rows = 0;
        for (std::size_t i = begin; i < files.size() && picked.size() < rules.files_max; ++i) {
            const std::uint64_t more = inputs[files[i]].rows;
            if ((!all && more > 4 * std::max<std::uint64_t>(inputs[files[begin]].rows, 1))
                || rows + more > rules.rows_max) {
                break;
            }
            picked.push_back(files[i]);
            rows += more;
        }
        if (picked.size() >= least) {
            return picked;
        }
    }
    return {};
}

}  // namespace

std::int64_t day_of(base::TimePoint time, base::Duration day_offset) {
    // Times at the ends of what a number holds must not wrap.
    const std::int64_t whole = time.us / kDayUs - (time.us % kDayUs < 0 ? 1 : 0);
    const std::int64_t rest = time.us - whole * kDayUs;
    return whole + (rest + day_offset.us >= kDayUs ? 1 : rest + day_offset.us < 0 ? -1 : 0);
}

std::int64_t month_of(std::int64_t day) {
    // https://howardhinnant.github.io/date_algorithms.html, civil_from_days
    const std::int64_t z = day + 719'468;
    const std::int64_t era = (z >= 0 ? z : z - 146'096) / 146'097;
    const std::int64_t doe = z - era * 146'097;
    const std::int64_t yoe = (doe - doe / 1460 + doe / 36'524 - doe / 146'096) / 365;
    const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const std::int64_t mp = (5 * doy + 2) / 153;  // from March
    return (yoe + era * 400) * 12 + mp;
}

std::vector<std::size_t> pick_merge(std::span<const MergeInput> inputs, const MergeRules& rules,
                                    base::TimePoint now, bool all) {
    if (auto fresh = pick_fresh(inputs, rules, now, all); !fresh.empty()) {
        return fresh;
    }
    std::map<Bucket, std::vector<std::size_t>> buckets;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (!inputs[i].fresh && !is_final(inputs[i], rules)) {
            buckets[bucket_of(inputs[i], rules)].push_back(i);
        }
    }
    for (auto& [bucket, files] : buckets) {
        if (auto alike = pick_alike(inputs, std::move(files), rules, all); !alike.empty()) {
            return alike;
        }
    }
    return {};
}

Partitions::Partitions(const Counts& counts, const MergeRules& rules) {
    std::uint64_t rows = 0;  // of the period that is being filled
    std::int64_t month = 0;
    std::map<std::uint32_t, std::uint64_t> by_source;
    std::vector<std::int64_t> days;
    const auto finish = [&] {
        if (days.empty()) {
            return;
        }
        Period period;
        bool small = false;
        for (const auto& [source, of_source] : by_source) {
            if (of_source >= rules.own_rows) {
                period.own.emplace(source, count_++);
            } else {
                small = true;
            }
        }
        period.shared = count_;
        count_ += small ? 1 : 0;
        for (const std::int64_t day : days) {
            period_of_day_.emplace(day, periods_.size());
        }
        periods_.push_back(std::move(period));
        days.clear();
        by_source.clear();
        rows = 0;
    };
    for (const auto& [day, sources] : counts) {
        std::uint64_t of_day = 0;
        for (const auto& [source, of_source] : sources) {
            of_day += of_source;
        }
        if (month_of(day) != month || rows >= rules.day_rows || of_day >= rules.day_rows) {
            finish();
        }
        month = month_of(day);
        days.push_back(day);
        rows += of_day;
        for (const auto& [source, of_source] : sources) {
            by_source[source] += of_source;
        }
    }
    finish();
}

std::uint32_t Partitions::of(std::int64_t day, std::uint32_t source) const {
    const Period& period = periods_[period_of_day_.at(day)];
    const auto own = period.own.find(source);
    return own == period.own.end() ? period.shared : own->second;
}

}  // namespace gac::store
