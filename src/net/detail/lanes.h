// Worker threads behind bounded queues, one queue a lane, served in turns between parties.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "net/detail/turns.h"
#include "net/http_server.h"

namespace gac::net::detail {

class Lanes {
public:
    // Called once: with true on a thread of the lane, with false on any thread when somebody else
    // got its place.
    using Job = std::move_only_function<void(bool has_turn)>;

    explicit Lanes(const std::vector<Lane>& lanes);
    ~Lanes() { stop(); }

    // A ticket for withdraw(). Nothing when full or stopped: `job` is untouched.
    std::optional<std::uint64_t> submit(std::size_t lane, const std::string& party, Job& job);
    // Drops what has not begun, uncalled.
    void withdraw(std::size_t lane, const std::string& party, std::uint64_t ticket);
    void stop();  // after what is queued

private:
    struct Queue {
        explicit Queue(const Lane& lane)
            : turns({.threads = lane.threads,
                     .waiting_max = lane.queue_max,
                     .spares_threads = lane.spares_threads}) {}

        std::mutex mutex;
        std::condition_variable work;
        Turns<Job> turns;
        std::uint64_t tickets = 0;
        bool closed = false;
    };
    static void serve(Queue& queue);

    std::vector<std::unique_ptr<Queue>> queues_;
    std::vector<std::jthread> threads_;
};

}  // namespace gac::net::detail
