#include "base/metrics.h"

#include <map>
#include <memory>

#include <fmt/format.h>

#include "base/snapshot.h"

namespace gac::base {

namespace {

constexpr std::size_t kSeriesMax = 10'000;

template <class Metric>
struct Family {
    std::string help;
    std::map<std::string, std::unique_ptr<Metric>, std::less<>> series;
};

struct Registry {
    std::map<std::string, Family<Counter>, std::less<>> counters;
    std::map<std::string, Family<Gauge>, std::less<>> gauges;
    std::size_t series = 0;
};

Guarded<Registry>& registry() {
    static Guarded<Registry> instance;
    return instance;
}

template <class Metric>
Metric& find_or_make(Registry& all, std::map<std::string, Family<Metric>, std::less<>>& families,
                     std::string_view name, std::string_view labels, std::string_view help) {
    auto family = families.find(name);
    if (family == families.end()) {
        family = families.emplace(std::string(name), Family<Metric>{}).first;
    }
    if (family->second.help.empty()) {
        family->second.help = std::string(help);
    }
    auto& series = family->second.series;
    if (const auto found = series.find(labels); found != series.end()) {
        return *found->second;
    }
    const bool full = all.series >= kSeriesMax;
    auto& metric = series[full ? "overflow=\"true\"" : std::string(labels)];
    if (!metric) {
        metric = std::make_unique<Metric>();
        ++all.series;
    }
    return *metric;
}

template <class Metric>
void print(const std::map<std::string, Family<Metric>, std::less<>>& families,
           std::string_view type, std::string& out) {
    for (const auto& [name, family] : families) {
        if (!family.help.empty()) {
            out += fmt::format("# HELP {} {}\n", name, family.help);
        }
        out += fmt::format("# TYPE {} {}\n", name, type);
        for (const auto& [labels, metric] : family.series) {
            out += labels.empty() ? fmt::format("{} {}\n", name, metric->value())
                                  : fmt::format("{}{{{}}} {}\n", name, labels, metric->value());
        }
    }
}

}  // namespace

Counter& counter(std::string_view name, std::string_view labels, std::string_view help) {
    return registry().with([&](Registry& all) -> Counter& {
        return find_or_make(all, all.counters, name, labels, help);
    });
}

Gauge& gauge(std::string_view name, std::string_view labels, std::string_view help) {
    return registry().with(
        [&](Registry& all) -> Gauge& { return find_or_make(all, all.gauges, name, labels, help); });
}

std::string metrics_text() {
    return registry().with([](const Registry& all) {
        std::string out;
        print(all.counters, "counter", out);
        print(all.gauges, "gauge", out);
        return out;
    });
}

std::string escape_label(std::string_view value) {
    std::string out;
    for (const char c : value) {
        if (c == '\\' || c == '"') {
            out += '\\';
        }
        out += c == '\n' ? ' ' : c;
    }
    return out;
}

}  // namespace gac::base
