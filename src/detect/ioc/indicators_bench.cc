// Three million mixed indicators: how long they take to load, what they weigh, and what they add to
// an event with six observables. Figures to hold: docs/indicators.md.
#include <benchmark/benchmark.h>

#include <fstream>
#include <random>

#include <fmt/format.h>

#include "detect/indicator_engine.h"

namespace {

using namespace gac;

std::uint64_t resident_bytes() {
    std::uint64_t total = 0;
    std::uint64_t resident = 0;
    std::ifstream("/proc/self/statm") >> total >> resident;
    return resident * 4096;
}

std::string random_hex(std::mt19937_64& random, std::size_t digits) {
    std::string out;
    while (out.size() < digits) {
        out += fmt::format("{:016x}", random());
    }
    out.resize(digits);
    return out;
}

std::string random_name(std::mt19937_64& random) {
    static const char* const kEnds[] = {"com", "net", "vn", "org", "info", "xyz"};
    std::string out;
    for (auto n = 6 + random() % 10; n > 0; --n) {
        out += static_cast<char>('a' + random() % 26);
    }
    return out + '.' + kEnds[random() % 6];
}

std::string random_ip(std::mt19937_64& random) {
    const auto number = static_cast<std::uint32_t>(random());
    const std::uint32_t first = 1 + (number >> 24) % 223;
    return fmt::format("{}.{}.{}.{}", first == 10 ? 11 : first, number >> 16 & 255,
                       number >> 8 & 255, number & 255);
}

// One list of mixed kinds, as feeds come: 40 % addresses, 1 % prefixes, 25 % domains, 10 % URLs,
// 22 % hashes, 2 % e-mail addresses.
std::string mixed_list(std::size_t entries) {
    std::mt19937_64 random(1);
    std::string out;
    for (std::size_t i = 0; i < entries; ++i) {
        const auto kind = random() % 100;
        if (kind < 40) {
            out += random_ip(random);
        } else if (kind < 41) {
            out += random_ip(random) + '/' + std::to_string(24 + random() % 7);
        } else if (kind < 66) {
            out += (random() % 3 == 0 ? "www." : "") + random_name(random);
        } else if (kind < 76) {
            out += "http://" + random_name(random) + '/' + random_hex(random, 12) + ".php";
        } else if (kind < 98) {
            out += random_hex(random, kind < 83 ? 32 : kind < 88 ? 40 : 64);
        } else {
            out += "user" + std::to_string(random() % 1000) + '@' + random_name(random);
        }
        out += '\n';
    }
    return out;
}

struct Loaded {
    std::shared_ptr<const detect::IndicatorSet> set;
    double seconds = 0;
    std::uint64_t resident = 0;  // what the set added to the process
};

Loaded load(const std::string& text) {
    Loaded out;
    const std::uint64_t before = resident_bytes();
    const std::int64_t started = base::monotonic_us();
    detect::IndicatorBuilder builder;
    builder.begin("bench.txt", false);
    for (std::size_t at = 0; at < text.size(); at += 256 << 10) {
        builder.feed(std::string_view(text).substr(at, 256 << 10));
    }
    static_cast<void>(builder.end());
    out.set = builder.finish();
    out.seconds = static_cast<double>(base::monotonic_us() - started) / 1e6;
    out.resident = resident_bytes() - before;
    return out;
}

const std::string& three_million() {
    static const std::string text = mixed_list(3'000'000);
    return text;
}

void BM_Load(benchmark::State& state) {
    const std::string& text = three_million();
    Loaded loaded;
    for (auto _ : state) {
        loaded = load(text);
    }
    state.counters["entries"] = static_cast<double>(loaded.set->entries());
    state.counters["seconds"] = loaded.seconds;
    state.counters["resident_mb"] = static_cast<double>(loaded.resident) / 1e6;
    state.counters["own_mb"] = static_cast<double>(loaded.set->memory_bytes()) / 1e6;
}
BENCHMARK(BM_Load)->Unit(benchmark::kMillisecond)->Iterations(2);

// Events of ten fields, six of which hold an observable; one in a thousand hits.
void fill(event::EventBatch& batch, std::mt19937_64& random, std::size_t events) {
    const auto field = [](const char* name) { return event::intern(name); };
    const event::FieldId source = field("source.ip");
    const event::FieldId destination = field("destination.ip");
    const event::FieldId question = field("dns.question.name");
    const event::FieldId url = field("url.full");
    const event::FieldId hash = field("file.hash.sha256");
    const event::FieldId mail = field("email.from.address");
    const event::FieldId others[] = {field("event.action"), field("process.pid"),
                                     field("user.name"), field("network.bytes")};
    for (std::size_t i = 0; i < events; ++i) {
        batch.begin();
        batch.add_copy(source, fmt::format("10.0.{}.{}", random() % 256, random() % 256));
        batch.add_copy(destination, random_ip(random));
        batch.add_copy(question, "www." + random_name(random));
        batch.add_copy(url,
                       "https://" + random_name(random) + "/index.html?q=" + random_hex(random, 8));
        batch.add_copy(hash, random_hex(random, 64));
        batch.add_copy(mail, "someone@" + random_name(random));
        for (const event::FieldId other : others) {
            batch.add_copy(other, "a value");
        }
        batch.end({.time = {1'780'000'000'000'000}});
    }
    batch.set_first_id(1);
}

// The batches of a pipeline's shard, one after the other.
void BM_SixObservables(benchmark::State& state) {
    constexpr std::size_t kBatches = 16;
    constexpr std::size_t kEvents = 2'048;
    static const Loaded loaded = load(three_million());
    std::mt19937_64 random(2);
    std::vector<event::EventBatch> batches(kBatches);
    for (event::EventBatch& batch : batches) {
        fill(batch, random, kEvents);
    }
    const auto profiles = *event::ProfileSet::load(
        std::filesystem::path(GAC_SOURCE_DIR) / "profiles", base::Zone::utc());
    detect::IndicatorEngine engine(
        std::make_shared<detect::IndicatorPlan>(*profiles, detect::IndicatorOptions{}), loaded.set);
    std::vector<event::Detection> hits;
    for (auto _ : state) {
        for (const event::EventBatch& batch : batches) {
            hits.clear();
            engine.match(batch, hits);
        }
    }
    const auto events = static_cast<double>(engine.stats().events);
    state.counters["ns_per_event"] = benchmark::Counter(
        events * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
    state.counters["checked_per_mille"] =
        static_cast<double>(engine.stats().checked) * 1000 / events;
    state.counters["hits_per_mille"] = static_cast<double>(engine.stats().hits) * 1000 / events;
}
BENCHMARK(BM_SixObservables)->Unit(benchmark::kMillisecond);

}  // namespace
