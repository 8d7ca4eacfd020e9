// Worker threads behind bounded queues, one queue a lane.
#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/queue.h"
#include "net/http_server.h"

namespace gac::net::detail {

class Lanes {
public:
    using Job = std::move_only_function<void()>;

    explicit Lanes(const std::vector<Lane>& lanes);
    ~Lanes() { stop(); }

    std::size_t size() const { return queues_.size(); }
    bool submit(std::size_t lane, Job& job);  // false when full or stopped: `job` is untouched
    void stop();                              // after what is queued

private:
    std::vector<std::unique_ptr<base::BoundedQueue<Job>>> queues_;
    std::vector<std::jthread> threads_;
};

}  // namespace gac::net::detail
