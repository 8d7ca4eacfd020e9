#include "store/query/hunt_tallies.h"

#include <algorithm>

#include <fmt/format.h>

namespace gac::store::query {

namespace {

constexpr std::size_t kSourcesMax = 1'000;  // of one thing found

}  // namespace

void widen(base::TimePoint& first, base::TimePoint& last, bool fresh, base::TimePoint a,
           base::TimePoint b) {
    first = fresh ? a : std::min(first, a);
    last = fresh ? b : std::max(last, b);
}

HuntTallies::One* HuntTallies::of(std::uint32_t what) {
    const auto known = all_.find(what);
    if (known != all_.end()) {
        return &known->second;
    }
    if (all_.size() >= question_.found_max) {
        full_ = true;
        return nullptr;
    }
    return &all_[what];
}

void HuntTallies::add_host(One& to, HuntAnswer::OnHost&& part) {
    auto at = to.hosts.find(part.host);
    if (at == to.hosts.end()) {
        if (to.hosts.size() >= question_.hosts_max) {
            to.more_hosts = true;
            return;
        }
        std::string host = part.host;
        to.hosts.emplace(std::move(host), std::move(part));
        return;
    }
    HuntAnswer::OnHost& known = at->second;
    if (part.last > known.last) {
        known.source = std::move(part.source);
    }
    known.count += part.count;
    widen(known.first, known.last, false, part.first, part.last);
    known.samples.insert(known.samples.end(), part.samples.begin(), part.samples.end());
    keep_newest(known.samples);
}

void HuntTallies::add_source(One& to, std::string_view source, std::uint64_t count) {
    const auto at = to.sources.find(source);
    if (at != to.sources.end()) {
        at->second += count;
    } else if (to.sources.size() < kSourcesMax) {
        to.sources.emplace(source, count);
    }
}

void HuntTallies::keep_newest(std::vector<HuntAnswer::Sample>& samples) const {
    std::ranges::sort(samples, std::greater<>());
    samples.resize(std::min<std::size_t>(samples.size(), question_.samples_max));
}

void HuntTallies::merge(HuntTallies&& other) {
    full_ = full_ || other.full_;
    for (auto& [what, one] : other.all_) {
        One* const to = of(what);
        if (to == nullptr) {
            continue;
        }
        widen(to->first, to->last, to->count == 0, one.first, one.last);
        to->count += one.count;
        to->more_hosts = to->more_hosts || one.more_hosts;
        for (auto& [name, host] : one.hosts) {
            add_host(*to, std::move(host));
        }
        for (const auto& [source, count] : one.sources) {
            add_source(*to, source, count);
        }
    }
}

void HuntTallies::give(HuntAnswer& answer) {
    for (auto& [what, one] : all_) {
        HuntAnswer::Found& found = answer.found.emplace_back();
        found.what = what;
        found.count = one.count;
        found.first = one.first;
        found.last = one.last;
        found.more_hosts = one.more_hosts;
        for (auto& [name, host] : one.hosts) {
            found.hosts.push_back(std::move(host));
        }
        for (const auto& [source, count] : one.sources) {
            found.sources.push_back({source, count});
        }
        std::ranges::sort(found.hosts, [](const auto& x, const auto& y) {
            return x.count != y.count ? x.count > y.count : x.host < y.host;
        });
        std::ranges::sort(found.sources, [](const auto& x, const auto& y) {
            return x.count != y.count ? x.count > y.count : x.source < y.source;
        });
    }
    std::ranges::sort(answer.found, {}, &HuntAnswer::Found::what);
    if (full_ && answer.partial.empty()) {
        answer.partial = fmt::format("more than {} things were found", question_.found_max);
    }
}

}  // namespace gac::store::query
