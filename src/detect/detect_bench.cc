// Events a second of one engine: the shipped rules over made-up Windows and Linux events, and
// correlation alone. GAC_BENCH_RULES names another folder of rules.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <random>

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

void BM_EventCount(benchmark::State& state) {
    run(state, kBase + "    type: event_count\n    condition: {gte: 1000000}\n");
}
BENCHMARK(BM_EventCount);

void BM_ValueCount(benchmark::State& state) {
    run(state,
        kBase + "    type: value_count\n    condition: {field: CommandLine, gte: 1000000}\n");
}
BENCHMARK(BM_ValueCount);

}  // namespace
