// What the index of a segment may cost: at most 0.5 us an event to build, and a question about one
// word or value a few microseconds a segment. Run: gac_store_bench --benchmark_filter=index
#include <benchmark/benchmark.h>

#include <fcntl.h>

#include <random>

#include <fmt/format.h>

#include "base/file.h"
#include "store/index/builder.h"
#include "store/index/reader.h"
#include "store/testing.h"

namespace gac::store::index {

namespace {

constexpr std::uint32_t kRows = 16'384;

void fill(event::EventBatch& batch, std::uint32_t seed) {
    using namespace event;
    std::mt19937 random(seed);
    const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
    for (std::uint32_t i = 0; i < kRows; ++i) {
        const auto address = base::IpAddress::from_v4(0x0A000000 + below(50'000));
        const std::string user = fmt::format("user{}", below(200));
        const std::string host = fmt::format("host-{}", below(300));
        const std::string line = fmt::format(
            "<38>Nov 22 21:59:13 {} sshd[{}]: Failed password for {} from {} port {} ssh2: RSA "
            "SHA256:{:08x}{:08x} session {} of the province's jump host, tty pts/{}",
            host, below(30'000), user, address.text(), 1024 + below(60'000), random(), random(),
            random(), below(20));
        batch.begin();
        EventHead head;
        head.time.us = i;
        head.raw = batch.arena().copy(line);
        batch.add_ip(field::SourceIp, address);
        batch.add_copy(field::HostName, host);
        batch.add_copy(field::UserName, user);
        batch.add_copy(field::ProcessName, "sshd");
        batch.add(field::Message, ValueRef(head.raw.substr(head.raw.find("Failed"))));
        batch.end(head);
    }
}

struct Made {
    testing::TemporaryFolder folder;
    std::shared_ptr<const event::ProfileSet> profiles = testing::no_profiles(folder);
    event::EventBatch batch;
    Made() { fill(batch, 1); }
};

void index_build(benchmark::State& state) {
    Made made;
    std::size_t bytes = 0;
    std::uint64_t rows = 0;
    constexpr int kBlocks = 15;
    for (auto _ : state) {
        Builder builder(*made.profiles);
        for (int block = 0; block < kBlocks; ++block) {
            for (std::uint32_t row = 0; row < made.batch.size(); ++row) {
                testing::add_row(builder, made.batch[row]);
            }
            builder.end_block();
        }
        const Builder::Sections sections = builder.finish();
        bytes = sections.pages.size() + sections.directory.size();
        rows += kBlocks * kRows;
    }
    state.counters["s/row"] = benchmark::Counter(
        static_cast<double>(rows), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
    state.counters["bytes/row"] = static_cast<double>(bytes) / (kBlocks * kRows);
    state.counters["line_bytes/row"] = static_cast<double>(made.batch.raw_bytes()) / kRows;
}
BENCHMARK(index_build)->Unit(benchmark::kMillisecond);

void index_words(benchmark::State& state) {
    Made made;
    WordScanner scanner;
    std::vector<std::uint64_t> hashes;
    std::uint64_t bytes = 0;
    for (auto _ : state) {
        for (const event::EventHead& head : made.batch.heads()) {
            hashes.clear();
            scanner.scan(head.raw, hashes);
            benchmark::DoNotOptimize(hashes.data());
            bytes += head.raw.size();
        }
    }
    state.counters["bytes/s"] =
        benchmark::Counter(static_cast<double>(bytes), benchmark::Counter::kIsRate);
}
BENCHMARK(index_words)->Unit(benchmark::kMillisecond);

// A word and an address that are not there, in a segment of 15 blocks.
void index_ask(benchmark::State& state) {
    Made made;
    Builder builder(*made.profiles);
    constexpr std::uint32_t kBlocks = 15;
    for (std::uint32_t block = 0; block < kBlocks; ++block) {
        for (std::uint32_t row = 0; row < made.batch.size(); ++row) {
            testing::add_row(builder, made.batch[row]);
        }
        builder.end_block();
    }
    const Builder::Sections sections = builder.finish();
    const auto path = made.folder.path() / "index";
    static_cast<void>(base::write_file_atomic(path, sections.pages));
    const auto fd = base::open_file(path, O_RDONLY).value();
    const auto directory =
        decode_directory(sections.directory, sections.pages.size(), kBlocks).value();
    const bool words = state.range(0) == 1;
    std::mt19937_64 random(9);
    std::uint64_t maybe = 0;
    for (auto _ : state) {
        Reader reader(directory, fd, 0);
        const std::uint64_t hash = random();
        if (words) {
            for (std::uint32_t block = 0; block < kBlocks; ++block) {
                maybe += *reader.may_hold(block, hash) ? 1 : 0;
            }
        } else {
            const auto& addresses = *reader.addresses();
            const auto pages = Reader::pages_with(addresses, 0x0A000000 + hash % 50'000);
            for (std::uint32_t page = pages.first; page <= pages.last; ++page) {
                maybe += reader.page(addresses, page)->size();
            }
        }
    }
    state.counters["maybe"] =
        benchmark::Counter(static_cast<double>(maybe), benchmark::Counter::kAvgIterations);
}
BENCHMARK(index_ask)->ArgName("words")->Arg(1)->Arg(0)->Unit(benchmark::kMicrosecond);

}  // namespace

}  // namespace gac::store::index
