// Counters and gauges for /metrics (Prometheus text exposition format 0.0.4). A metric is made
// once, by name and labels, and lives as long as the process; adding is one relaxed atomic. Any
// thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace gac::base {

class Counter {
public:
    void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

class Gauge {
public:
    void set(std::int64_t n) { value_.store(n, std::memory_order_relaxed); }
    void add(std::int64_t n) { value_.fetch_add(n, std::memory_order_relaxed); }
    std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::int64_t> value_{0};
};

// `name` as Prometheus wants it (gac_ingest_events_total); `labels` ready made:
// source="fw",kind="tcp". The same name and labels give the same object. At most 10,000 label sets
// in all: beyond, one shared overflow object.
Counter& counter(std::string_view name, std::string_view labels = {}, std::string_view help = {});
Gauge& gauge(std::string_view name, std::string_view labels = {}, std::string_view help = {});

std::string metrics_text();
std::string escape_label(std::string_view value);

}  // namespace gac::base
