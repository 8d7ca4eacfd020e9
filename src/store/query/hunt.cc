// Hunting: the values of all columns that a hunter asks for, block by block on all cores.
#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "store/query/hunt_tracker.h"

namespace gac::store::query {

Result<HuntAnswer> run_hunt(const Context& context, const Hunter& hunter,
                            const HuntQuestion& question, const Budget& budget) {
    std::vector<UnitPlace> places = units_of(context.history, question.range);
    std::erase_if(places, [&](const UnitPlace& place) {
        return place.id_min >= question.id_end || place.id_max < question.id_begin;
    });
    if (budget.progress) {
        budget.progress->units_all += places.size();
    }
    HuntAnswer answer;
    HuntTallies all(question);
    HuntIndexes indexes(places);
    std::mutex mutex;  // over `all`, `answer` and the damage that is told
    std::atomic<std::size_t> next{0};
    std::atomic<std::uint64_t> bytes{0};
    std::atomic<std::uint64_t> events{0};
    std::atomic<bool> enough{false};
    const std::int64_t deadline_us = base::monotonic_us() + budget.time_max.us;
    const auto give_up = [&](std::string why) {
        enough = true;
        const std::lock_guard lock(mutex);
        if (answer.partial.empty()) {
            answer.partial = std::move(why);
        }
    };
    const auto work = [&] {
        HuntTracker tracker(context, hunter, question, indexes);
        while (!enough) {
            const std::size_t at = next.fetch_add(1);
            if (at >= places.size()) {
                break;
            }
            if (budget.cancel.stop_requested()) {
                give_up("cancelled");
                break;
            }
            if (bytes > budget.bytes_max) {
                give_up(fmt::format("more than {} bytes would have to be read", budget.bytes_max));
                break;
            }
            if (base::monotonic_us() > deadline_us) {
                give_up(fmt::format("not finished within {} ms", budget.time_max.us / 1000));
                break;
            }
            const auto read = tracker.run(places[at]);
            if (budget.progress) {
                budget.progress->bytes += read.value_or(0);
                budget.progress->events += places[at].rows;
                ++budget.progress->units_done;
            }
            if (read) {
                bytes += *read;
                events += places[at].rows;
                continue;
            }
            const std::lock_guard lock(mutex);
            context.on_damage(read.error());
            if (answer.partial.empty()) {
                answer.partial = "a damaged part was left out: " + read.error().message();
            }
        }
        const std::lock_guard lock(mutex);
        all.merge(std::move(tracker.tallies()));
    };
    const std::size_t cores = question.threads != 0
                                  ? question.threads
                                  : std::max(1U, std::thread::hardware_concurrency());
    {
        std::vector<std::jthread> helpers;
        for (std::size_t i = 1; i < std::min(cores, places.size()); ++i) {
            helpers.emplace_back(work);
        }
        work();
    }
    all.give(answer);
    answer.scanned_bytes = bytes + indexes.bytes_read();
    answer.scanned_events = events;
    return answer;
}

}  // namespace gac::store::query
