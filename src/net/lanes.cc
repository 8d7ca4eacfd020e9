#include "net/detail/lanes.h"

#include <exception>

#include "base/log.h"

namespace gac::net::detail {

Lanes::Lanes(const std::vector<Lane>& lanes) {
    for (const Lane& lane : lanes) {
        queues_.push_back(std::make_unique<Queue>(lane));
        for (std::size_t i = 0; i < lane.threads; ++i) {
            threads_.emplace_back(serve, std::ref(*queues_.back()));
        }
    }
}

std::optional<std::uint64_t> Lanes::submit(std::size_t lane, const std::string& party, Job& job) {
    Queue& queue = *queues_[lane];
    std::optional<Job> displaced;
    std::uint64_t ticket = 0;
    {
        const std::lock_guard lock(queue.mutex);
        ticket = ++queue.tickets;
        if (queue.closed || !queue.turns.add(party, ticket, job, displaced)) {
            return std::nullopt;
        }
    }
    queue.work.notify_one();
    if (displaced) {
        (*displaced)(false);
    }
    return ticket;
}

void Lanes::withdraw(std::size_t lane, const std::string& party, std::uint64_t ticket) {
    Queue& queue = *queues_[lane];
    std::optional<Job> job;  // dies without the lock
    const std::lock_guard lock(queue.mutex);
    job = queue.turns.withdraw(party, ticket);
}

void Lanes::serve(Queue& queue) {
    std::unique_lock lock(queue.mutex);
    for (;;) {
        std::optional<Turns<Job>::Turn> turn;
        queue.work.wait(lock, [&] {
            turn = queue.turns.next();
            return turn || (queue.closed && queue.turns.waiting() == 0);
        });
        if (!turn) {
            return;
        }
        lock.unlock();
        try {
            turn->job(true);
        } catch (const std::exception& fault) {
            base::log_error("net", "request handler: {}", fault.what());
        }
        turn->job = nullptr;
        lock.lock();
        queue.turns.done(turn->party);
        queue.work.notify_all();  // one that had to wait for this one may run now
    }
}

void Lanes::stop() {
    for (const auto& queue : queues_) {
        const std::lock_guard lock(queue->mutex);
        queue->closed = true;
        queue->work.notify_all();
    }
    threads_.clear();
}

}  // namespace gac::net::detail
