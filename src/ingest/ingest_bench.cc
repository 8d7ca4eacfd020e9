// Bytes a second of each decoder on one core: framing, decoding, arena; no store, no rules. Lines
// are the fixtures of tests/data/ingest, repeated with other numbers in them; with GAC_SHARED set
// also the Windows pack, whole and with the fields of a typical rule set only.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/core/testing.h"
#include "ingest/framing.h"
#include "ingest/input.h"

namespace gac::ingest {
namespace {

constexpr std::size_t kBytes = 8 << 20;
constexpr std::uint32_t kBatchEvents = 512;

// The fixture's lines over and over, with their clocks and ports varied, so that no branch
// predictor learns them by heart.
std::string repeated(std::string_view fixture) {
    std::ifstream file(testing::source_folder() / "tests/data/ingest" / fixture, std::ios::binary);
    const std::string once{std::istreambuf_iterator<char>(file), {}};
    std::string out;
    std::uint32_t state = 1;
    while (out.size() < kBytes) {
        for (const char c : once) {
            state = state * 1664525 + 1013904223;
            const bool varied = c >= '1' && c <= '8' && (state >> 28) == 0;
            out += varied ? static_cast<char>('1' + (state >> 20) % 8) : c;
        }
    }
    return out;
}

std::string shared_file(std::string_view path) {
    const auto folder = testing::shared_folder();
    if (folder.empty()) {
        return {};
    }
    auto input = Input::open((folder / path).string());
    std::string out;
    Frame frame;
    while (input && out.size() < 4 * kBytes) {
        const auto more = (*input)->next(frame);
        if (!more || !*more) {
            break;
        }
        out.append(frame.bytes);
        out += '\n';
    }
    return out;
}

void run(benchmark::State& state, const std::string& bytes, std::string_view format,
         std::string_view profile, Options options = {}) {
    if (bytes.empty()) {
        state.SkipWithError("no shared data: set GAC_SHARED");
        return;
    }
    options.profiles = testing::profiles();
    const auto decoder = make_decoder(format, options);
    const Origin origin{.profile = testing::profiles()->find(profile).value_or(event::ProfileId{}),
                        .received = testing::received()};
    event::EventBatch batch;
    std::uint64_t events = 0;
    for (auto _ : state) {
        LineFramer framer(1 << 20);
        const auto sink = [&](const Frame& frame) {
            (*decoder)->decode(frame.bytes, origin, batch);
            if (batch.size() >= kBatchEvents) {
                events += batch.size();
                batch.reset();
            }
        };
        for (std::size_t at = 0; at < bytes.size(); at += 64 * 1024) {
            framer.feed(std::string_view(bytes).substr(at, 64 * 1024), sink);
        }
        framer.finish(sink);
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
    state.counters["events/s"] =
        benchmark::Counter(static_cast<double>(events), benchmark::Counter::kIsRate);
}

void framing_lines(benchmark::State& state) {
    const std::string bytes = repeated("linux.log");
    std::size_t frames = 0;
    for (auto _ : state) {
        SyslogFramer framer(64 * 1024);
        for (std::size_t at = 0; at < bytes.size(); at += 64 * 1024) {
            framer.feed(std::string_view(bytes).substr(at, 64 * 1024),
                        [&](const Frame&) { ++frames; });
        }
    }
    benchmark::DoNotOptimize(frames);
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}
BENCHMARK(framing_lines)->Unit(benchmark::kMillisecond);

void line(benchmark::State& state) { run(state, repeated("linux.log"), "line", "generic"); }
BENCHMARK(line)->Unit(benchmark::kMillisecond);

void syslog_linux(benchmark::State& state) { run(state, repeated("linux.log"), "syslog", "linux"); }
BENCHMARK(syslog_linux)->Unit(benchmark::kMillisecond);

void auto_linux(benchmark::State& state) { run(state, repeated("linux.log"), "auto", "generic"); }
BENCHMARK(auto_linux)->Unit(benchmark::kMillisecond);

void combined(benchmark::State& state) { run(state, repeated("web.log"), "combined", "web"); }
BENCHMARK(combined)->Unit(benchmark::kMillisecond);

void kv(benchmark::State& state) { run(state, repeated("firewall.log"), "kv", "firewall"); }
BENCHMARK(kv)->Unit(benchmark::kMillisecond);

void json_small(benchmark::State& state) { run(state, repeated("events.ndjson"), "json", "json"); }
BENCHMARK(json_small)->Unit(benchmark::kMillisecond);

constexpr std::string_view kPack =
    "data/windows-json/covenant_dcom_iertutil_dll_hijack_2020-10-09183000.ndjson.zst";

void json_windows(benchmark::State& state) { run(state, shared_file(kPack), "json", "windows"); }
BENCHMARK(json_windows)->Unit(benchmark::kMillisecond);

void json_windows_few_fields(benchmark::State& state) {
    std::vector<event::FieldId> wanted;
    for (const std::string_view name : {"Channel",
                                        "EventID",
                                        "Image",
                                        "CommandLine",
                                        "ParentImage",
                                        "ParentCommandLine",
                                        "OriginalFileName",
                                        "TargetObject",
                                        "Details",
                                        "TargetFilename",
                                        "ScriptBlockText",
                                        "ImageLoaded",
                                        "User",
                                        "DestinationIp",
                                        "QueryName",
                                        "PipeName",
                                        "TargetImage",
                                        "SourceImage",
                                        "GrantedAccess",
                                        "CallTrace",
                                        "EventType",
                                        "Hashes"}) {
        wanted.push_back(event::intern(name));
    }
    run(state, shared_file(kPack), "json", "windows",
        {.fields = FieldChoice::of(wanted), .keep_raw = false});
}
BENCHMARK(json_windows_few_fields)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace gac::ingest
