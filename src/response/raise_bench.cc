// Alerts::raise under floods. The watch must hold 5,000 detections a second on one thread.
#include <benchmark/benchmark.h>

#include "response/fake_desk.h"

namespace gac::response {
namespace {

// range(0) detections a call over range(1) hosts of one rule; every event is new.
void raise_flood(benchmark::State& state) {
    FakeDesk desk;
    const auto rule = test_rule("r1");
    const auto batch = static_cast<std::size_t>(state.range(0));
    const auto hosts = static_cast<std::uint64_t>(state.range(1));
    event::EventId id = 1;
    std::vector<Sighting> sightings(batch);
    for (auto _ : state) {
        state.PauseTiming();
        for (Sighting& one : sightings) {
            one = sighting_of(rule, "host-" + std::to_string(id % hosts), {id}, desk.clock.now());
            ++id;
        }
        desk.clock.advance(base::Duration::millis(200));
        state.ResumeTiming();
        must(desk.alerts.raise(sightings));
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(id - 1));
}
BENCHMARK(raise_flood)
    ->Args({1, 1})
    ->Args({100, 10})
    ->Args({1000, 1})
    ->Args({1000, 500})
    ->Args({4096, 50});

// Every detection is of a rule of its own: the dearest case, an alert each.
void raise_all_new(benchmark::State& state) {
    FakeDesk desk;
    event::EventId id = 1;
    std::vector<Sighting> sightings(1000);
    for (auto _ : state) {
        state.PauseTiming();
        for (Sighting& one : sightings) {
            one = sighting_of(test_rule("r" + std::to_string(id)), "h", {id}, desk.clock.now());
            ++id;
        }
        state.ResumeTiming();
        must(desk.alerts.raise(sightings));
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(id - 1));
}
BENCHMARK(raise_all_new);

// The queue's questions over 20,000 open alerts. range(0): Sort, or 5 groups, 6 counts.
void ask(benchmark::State& state) {
    FakeDesk desk;
    std::vector<Sighting> sightings;
    for (event::EventId id = 1; id <= 20'000; ++id) {
        sightings.push_back(sighting_of(
            test_rule("r" + std::to_string(id % 60)), "h" + std::to_string(id % 300), {id},
            kTestStart - base::Duration::hours(static_cast<std::int64_t>(id) / 60 * 2)));
        if (id % 60 == 59) {
            must(desk.alerts.raise(sightings));
            sightings.clear();
        }
    }
    AlertFilter filter;
    filter.status = {Status::New};
    for (auto _ : state) {
        if (state.range(0) < 5) {
            benchmark::DoNotOptimize(
                must(desk.alerts.list(desk.all, filter, static_cast<Sort>(state.range(0)))));
        } else if (state.range(0) == 5) {
            benchmark::DoNotOptimize(must(desk.alerts.groups(desk.all, filter)));
        } else {
            benchmark::DoNotOptimize(must(desk.alerts.counts(desk.all, {}, desk.system)));
        }
    }
}
BENCHMARK(ask)->DenseRange(0, 6)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace gac::response
