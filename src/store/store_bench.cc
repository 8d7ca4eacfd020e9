// What the store must hold on one core: append well below 5 us an event, a field search over 1 M
// events within 300 ms, bytes on disk per row. Run: gac_store_bench
// --benchmark_counters_tabular=true
#include <benchmark/benchmark.h>

#include <sys/resource.h>

#include <fmt/format.h>

#include "store/testing.h"

namespace gac::store {

namespace {

// sshd and web lines as their decoders give them: fields are parts of the line.
void add_line(event::EventBatch& batch, std::mt19937& random, SourceNames& sources,
              std::int64_t time) {
    using namespace event;
    const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
    const auto address = base::IpAddress::from_v4(0x0A000000 + below(50'000));
    const std::string user = fmt::format("user{}", below(200));
    const std::string host = fmt::format("host-{}", below(300));
    const std::uint32_t pid = below(30'000);
    const std::uint32_t port = 1024 + below(60'000);
    const bool web = below(3) == 0;
    const std::string line =
        web ? fmt::format(
                  "{} - - [22/Nov/2026:21:59:13 +0700] \"GET /portal/page{}?id={} HTTP/1.1\" {} {} "
                  "\"-\" \"Mozilla/5.0 (X11; Linux x86_64)\"",
                  address.text(), below(500), random(), below(20) == 0 ? 404 : 200, below(50'000))
            : fmt::format(
                  "<38>Nov 22 21:59:13 {} sshd[{}]: Failed password for {} from {} port {} ssh2",
                  host, pid, user, address.text(), port);
    batch.begin();
    EventHead head;
    head.time.us = time;
    head.received.us = time + 1500;
    head.raw = batch.arena().copy(line);
    head.source = sources.source_id(web ? "nginx" : "sshd");
    const auto part = [&](std::string_view text) {
        return ValueRef(head.raw.substr(line.find(text), text.size()));
    };
    batch.add_ip(field::SourceIp, address);
    if (web) {
        batch.add(field::HttpMethod, part("GET"));
        batch.add(field::HttpStatus, ValueRef(std::int64_t{200}));
        batch.add(field::HttpResponseBytes, ValueRef(static_cast<std::int64_t>(below(50'000))));
        batch.add(field::UrlOriginal, part(line.substr(line.find("/portal"), 30)));
        batch.add(field::UserAgent, part("Mozilla/5.0 (X11; Linux x86_64)"));
        batch.add(field::EventDataset, ValueRef(std::string_view("nginx.access")));
    } else {
        batch.add(field::HostName, part(host));
        batch.add(field::ProcessName, part("sshd"));
        batch.add(field::ProcessPid, ValueRef(static_cast<std::int64_t>(pid)));
        batch.add(field::UserName, part(user));
        batch.add(field::SourcePort, ValueRef(static_cast<std::int64_t>(port)));
        batch.add(field::EventAction, ValueRef(std::string_view("ssh_login")));
        batch.add(field::EventOutcome, ValueRef(std::string_view("failure")));
        batch.add(field::EventDataset, ValueRef(std::string_view("sshd")));
        batch.add(field::LogSyslogFacility, ValueRef(std::int64_t{4}));
        batch.add(field::LogSyslogSeverity, ValueRef(std::int64_t{6}));
        batch.add(field::AuthMethod, ValueRef(std::string_view("password")));
        batch.add(field::Message, part(line.substr(line.find("Failed"), 30)));
    }
    batch.end(head);
}

constexpr std::uint32_t kBatch = 2048;

struct Filled {
    testing::TemporaryFolder folder;
    std::shared_ptr<SourceNames> sources = std::make_shared<SourceNameTable>();
    std::unique_ptr<Store> store;
};

Filled& million() {
    static Filled filled;
    if (!filled.store) {
        filled.store = Store::open({.folder = filled.folder.path() / "events"},
                                   testing::no_profiles(filled.folder), filled.sources)
                           .value();
        std::mt19937 random(1);
        event::EventBatch batch;
        std::int64_t time = 1'790'000'000'000'000;
        for (std::uint32_t i = 0; i < 1'000'000; i += kBatch) {
            batch.reset();
            for (std::uint32_t k = 0; k < kBatch; ++k) {
                add_line(batch, random, *filled.sources, time += 16'000);
            }
            static_cast<void>(testing::put(*filled.store, batch).value());
        }
        static_cast<void>(filled.store->seal());
    }
    return filled;
}

// Everything from append to sealed segments, CPU of all threads.
void append_and_seal(benchmark::State& state) {
    std::vector<event::EventBatch> batches(64);
    Filled filled;
    std::mt19937 random(1);
    std::int64_t time = 1'790'000'000'000'000;
    for (auto& batch : batches) {
        for (std::uint32_t k = 0; k < kBatch; ++k) {
            add_line(batch, random, *filled.sources, time += 16'000);
        }
    }
    filled.store = Store::open({.folder = filled.folder.path() / "events"},
                               testing::no_profiles(filled.folder), filled.sources)
                       .value();
    rusage before{};
    getrusage(RUSAGE_SELF, &before);
    std::uint64_t rows = 0;
    for (auto _ : state) {
        for (auto& batch : batches) {
            static_cast<void>(testing::put(*filled.store, batch).value());
            rows += batch.size();
        }
    }
    static_cast<void>(filled.store->seal());
    rusage after{};
    getrusage(RUSAGE_SELF, &after);
    const auto seconds = [](const rusage& u) {
        return static_cast<double>(u.ru_utime.tv_sec + u.ru_stime.tv_sec)
               + static_cast<double>(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
    };
    const Stats stats = filled.store->stats();
    state.counters["rows/s"] =
        benchmark::Counter(static_cast<double>(rows), benchmark::Counter::kIsRate);
    state.counters["cpu_us/row"] =
        (seconds(after) - seconds(before)) * 1e6 / static_cast<double>(rows);
    state.counters["bytes/row"] =
        static_cast<double>(stats.segment_bytes) / static_cast<double>(stats.events);
    state.counters["rss_MiB"] = static_cast<double>(after.ru_maxrss) / 1024;
}
BENCHMARK(append_and_seal)->UseRealTime()->Unit(benchmark::kMillisecond)->MinTime(3);

void search(benchmark::State& state, const char* text) {
    const Filled& filled = million();
    const Query query = parse(text, {}).value();
    std::uint64_t found = 0;
    std::uint64_t bytes = 0;
    for (auto _ : state) {
        const auto answer = filled.store->search(query, {}).value();
        found = answer.is_table ? answer.rows.size() : answer.events.size();
        bytes = answer.scanned_bytes;
    }
    state.counters["found"] = static_cast<double>(found);
    state.counters["MiB"] = static_cast<double>(bytes >> 20);
}
BENCHMARK_CAPTURE(search, one_address, "source.ip:10.0.3.9")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(search, no_address, "source.ip:192.0.2.1")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(search, network, "source.ip:10.0.12.0/28")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(search, user, "user.name:user17")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(search, port, "source.port:4444")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(search, url_wildcard, "url.original:*page499*")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(search, rare_text, "\"not in any line\"")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(search, newest, "")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(search, count_all, "| stats count()")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(search, count_by_user, "| stats count() by user.name")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(search, count_by_address, "| stats count() by source.ip | limit 10")
    ->Unit(benchmark::kMillisecond);

void reopen(benchmark::State& state) {
    testing::TemporaryFolder folder;
    const auto sources = std::make_shared<SourceNameTable>();
    const auto profiles = testing::no_profiles(folder);
    const Settings settings{.folder = folder.path() / "events"};
    {
        const auto store = Store::open(settings, profiles, sources).value();
        std::mt19937 random(1);
        event::EventBatch batch;
        for (std::uint32_t i = 0; i < 100'000; i += kBatch) {
            batch.reset();
            for (std::uint32_t k = 0; k < kBatch; ++k) {
                add_line(batch, random, *sources, 1'790'000'000'000'000 + i);
            }
            static_cast<void>(testing::put(*store, batch).value());
        }
    }
    for (auto _ : state) {
        benchmark::DoNotOptimize(Store::open(settings, profiles, sources).value());
    }
}
BENCHMARK(reopen)->Unit(benchmark::kMillisecond);

}  // namespace

}  // namespace gac::store
