// Events a second of one engine: the shipped rules over made-up Windows and Linux events, and
// correlation alone. GAC_BENCH_RULES names another folder of rules.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <random>

#include "detect/correlator.h"
#include "detect/engine.h"

namespace {

using namespace gac;

struct Setup {
    std::shared_ptr<const event::ProfileSet> profiles;
    std::shared_ptr<const detect::RuleSet> rules;
};

Setup make_setup(const std::string& extra) {
    const std::filesystem::path root(GAC_SOURCE_DIR);
    Setup out;
    out.profiles = *event::ProfileSet::load(root / "profiles", base::Zone::utc());
    const char* given = std::getenv("GAC_BENCH_RULES");
    const std::vector<std::filesystem::path> paths{given != nullptr ? given : root / "rules"};
    auto texts = *detect::read_rules(paths);
    if (!extra.empty()) {
        texts.assign(1, {"bench.yml", extra});
    }
    detect::CompileOptions options;
    options.profiles = out.profiles;
    out.rules = *detect::compile(texts, options, nullptr);
    return out;
}

void fill(event::EventBatch& batch, const event::ProfileSet& profiles, std::mt19937_64& random) {
    const auto windows = *profiles.find("windows");
    const auto field = [](const char* name) { return event::intern(name); };
    const event::FieldId channel = field("Channel");
    const event::FieldId number = field("EventID");
    const event::FieldId image = field("Image");
    const event::FieldId parent = field("ParentImage");
    const event::FieldId line = field("CommandLine");
    const event::FieldId user = field("User");
    for (std::size_t i = 0; i < 1'024; ++i) {
        batch.begin();
        const std::string id = std::to_string(random() % 100'000);
        batch.add(channel,
                  event::ValueRef(std::string_view("Microsoft-Windows-Sysmon/Operational")));
        batch.add(number, event::ValueRef(std::int64_t{1}));
        batch.add_copy(image, "C:\\Program Files\\Vendor\\tool" + id + ".exe");
        batch.add_copy(parent, "C:\\Windows\\System32\\services.exe");
        batch.add_copy(line, "\"C:\\Program Files\\Vendor\\tool" + id
                                 + ".exe\" --profile default --quiet --session " + id);
        batch.add_copy(user, "TINHMAU\\user" + std::to_string(random() % 5'000));
        event::EventHead head;
        head.profile = windows;
        head.time.us = static_cast<std::int64_t>(i) * 1'000;
        head.raw = batch.arena().copy("{\"Image\":\"C:\\\\Program Files\\\\Vendor\\\\tool" + id
                                      + ".exe\"}");
        batch.end(head);
    }
    batch.set_first_id(1);
}

void run(benchmark::State& state, const std::string& rule) {
    const Setup setup = make_setup(rule);
    detect::Engine engine(setup.rules);
    std::mt19937_64 random(1);
    event::EventBatch batch;
    fill(batch, *setup.profiles, random);
    std::vector<event::Detection> out;
    std::int64_t round = 0;
    for (auto _ : state) {
        for (event::EventHead& head : batch.heads()) {
            head.time.us += 1'100'000;
        }
        out.clear();
        engine.match(batch, out);
        ++round;
    }
    state.SetItemsProcessed(round * batch.size());
    state.counters["rules"] = static_cast<double>(setup.rules->loaded());
}

void BM_Process(benchmark::State& state) { run(state, ""); }
BENCHMARK(BM_Process);

const std::string kBase =
    "title: A\nname: a\nid: a\nlogsource: {product: windows, category: process_creation}\n"
    "detection: {s: {Image|endswith: '.exe'}, condition: s}\n---\ntitle: C\nid: c\ncorrelation:\n"
    "    rules: [a]\n    group-by: [User]\n    timespan: 10m\n";

// Matching and correlation of a long stream whose values do not come again within a window. Users
// and their pace are such that each group's window holds ten thousand events.
void correlate(benchmark::State& state, const std::string& rule, std::size_t users) {
    constexpr std::size_t kHeld = 10'000;
    constexpr std::size_t kBatches = 128;
    constexpr std::uint32_t kEvents = 1'024;
    const Setup setup = make_setup(kBase + rule);
    const auto windows = *setup.profiles->find("windows");
    const std::int64_t pace = 600'000'000 / static_cast<std::int64_t>(kHeld * users);
    std::mt19937_64 random(1);
    std::vector<event::EventBatch> batches(kBatches);
    for (std::size_t b = 0; b < kBatches; ++b) {
        for (std::uint32_t i = 0; i < kEvents; ++i) {
            event::EventBatch& batch = batches[b];
            const std::string number = std::to_string(b * kEvents + i);
            batch.begin();
            batch.add(event::intern("Channel"),
                      event::ValueRef(std::string_view("Microsoft-Windows-Sysmon/Operational")));
            batch.add(event::intern("EventID"), event::ValueRef(std::int64_t{1}));
            batch.add_copy(event::intern("Image"), "C:\\Windows\\System32\\cmd.exe");
            batch.add_copy(event::intern("CommandLine"), "cmd /c type " + number);
            batch.add_copy(event::intern("User"),
                           "TINHMAU\\user" + std::to_string(random() % users));
            event::EventHead head;
            head.profile = windows;
            batch.end(head);
        }
    }
    detect::Engine engine(setup.rules);
    detect::Correlator correlator(setup.rules, {});
    detect::CorrelationFeed feed;
    std::vector<event::Detection> out;
    std::int64_t now = 0;
    event::EventId next_id = 1;
    const auto pass = [&](event::EventBatch& batch) {
        for (event::EventHead& head : batch.heads()) {
            now += pace;
            head.time.us = head.received.us = now;
        }
        batch.set_first_id(next_id);
        next_id += batch.size();
        out.clear();
        feed.clear();
        engine.match(batch, out, feed);
        correlator.take(feed, out);
    };
    const std::size_t filling = kHeld * users * 3 / 2 / kEvents + 1;
    for (std::size_t i = 0; i < filling; ++i) {
        pass(batches[i % kBatches]);
    }
    std::size_t at = filling;
    for (auto _ : state) {
        pass(batches[at++ % kBatches]);
    }
    state.SetItemsProcessed(state.iterations() * kEvents);
    const detect::CorrelatorStats stats = correlator.stats();
    state.counters["windows"] = static_cast<double>(stats.groups);
    state.counters["MB"] = static_cast<double>(stats.bytes) / 1e6;
    state.counters["evicted"] = static_cast<double>(stats.entries_evicted + stats.groups_evicted);
}

void BM_EventCount(benchmark::State& state) {
    correlate(state, "    type: event_count\n    condition: {gte: 1000000}\n",
              static_cast<std::size_t>(state.range(0)));
}
BENCHMARK(BM_EventCount)->Arg(8)->Arg(100);

void BM_ValueCount(benchmark::State& state) {
    correlate(state, "    type: value_count\n    condition: {field: CommandLine, gte: 1000000}\n",
              static_cast<std::size_t>(state.range(0)));
}
BENCHMARK(BM_ValueCount)->Arg(8);  // more users would need more batches for as many values

void BM_Percentile(benchmark::State& state) {
    correlate(
        state,
        "    type: value_percentile\n    percentile: 95\n    condition: {field: EventID, gte: "
        "1000000}\n",
        static_cast<std::size_t>(state.range(0)));
}
BENCHMARK(BM_Percentile)->Arg(8);

}  // namespace
