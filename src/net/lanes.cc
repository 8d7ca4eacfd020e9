#include "net/detail/lanes.h"

#include <exception>

#include "base/log.h"

namespace gac::net::detail {

namespace {

void work(base::BoundedQueue<Lanes::Job>& queue) {
    for (;;) {
        auto job = queue.pop(std::chrono::seconds(1));
        if (job) {
            try {
                (*job)();
            } catch (const std::exception& fault) {
                base::log_error("net", "request handler: {}", fault.what());
            }
        } else if (queue.closed()) {
            return;
        }
    }
}

}  // namespace

Lanes::Lanes(const std::vector<Lane>& lanes) {
    for (const Lane& lane : lanes) {
        queues_.push_back(std::make_unique<base::BoundedQueue<Job>>(lane.queue_max));
        for (std::size_t i = 0; i < lane.threads; ++i) {
            threads_.emplace_back(work, std::ref(*queues_.back()));
        }
    }
}

bool Lanes::submit(std::size_t lane, Job& job) { return queues_[lane]->try_push(job, 1); }

void Lanes::stop() {
    for (const auto& queue : queues_) {
        queue->close();
    }
    threads_.clear();
}

}  // namespace gac::net::detail
