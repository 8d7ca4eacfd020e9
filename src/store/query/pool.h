// The threads that look through history, shared by all questions. A question is a row of tasks;
// the threads take the next task of whoever had least of their time, so that a short question is
// not held up by a long one, nor an asker by another one's hundred. At most so many questions run,
// and fewer of one asker than there are places left, so that who comes next finds one; the others
// wait, and who has least running goes on first. Threads are made when the first question comes.
// Any thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "base/result.h"
#include "store/query/meter.h"

namespace gac::store::query {

class Pool {
public:
    struct Limits {
        unsigned threads = 0;           // 0 = one for each core
        std::uint32_t running_max = 0;  // questions; 0 = four for each thread, at least 16
        std::uint32_t waiting_max = 1'000;
        std::uint64_t memory_max = 1ULL << 30;  // of all questions together
    };

    explicit Pool(const Limits& limits);
    ~Pool();  // no question runs any more
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    unsigned threads() const { return threads_max_; }
    // Tasks of a question may be so far ahead of its merging; callers keep as many results.
    std::size_t window() const { return std::size_t{threads_max_} * 2 + 2; }
    MemoryGauge& memory() { return memory_; }

    // A place among the questions that run.
    class Place {
    public:
        Place(Pool& pool, std::uint64_t asker) : pool_(&pool), asker_(asker) {}
        Place(Place&& other) noexcept
            : pool_(std::exchange(other.pool_, nullptr)), asker_(other.asker_) {}
        Place& operator=(Place&&) = delete;
        ~Place() {
            if (pool_ != nullptr) {
                pool_->leave(asker_);
            }
        }

    private:
        Pool* pool_;
        std::uint64_t asker_;
    };
    // Waits for its turn. Unavailable when too many wait already. A question that is cancelled or
    // out of time while it waits gets a place at once: it has nothing to do any more.
    Result<Place> enter(const Meter& meter);

    // Calls work(i) for 0 <= i < tasks on the pool's threads, and merge(i) in that order, one at a
    // time; false from merge ends it. Returns when nothing of it runs any more. Neither may throw.
    void run(std::size_t tasks, std::uint64_t asker, const std::function<void(std::size_t)>& work,
             const std::function<bool(std::size_t)>& merge);

private:
    struct Waiter {
        std::condition_variable turn;
        std::uint64_t asker = 0;
        bool admitted = false;
        bool given_up = false;
    };
    // What an asker's questions that run had of the threads. One who comes starts with as much as
    // who had least.
    struct Share {
        std::uint32_t questions = 0;
        std::int64_t used_us = 0;
    };
    struct Question {
        std::size_t tasks = 0;
        const std::function<void(std::size_t)>& work;
        const std::function<bool(std::size_t)>& merge;
        Share& share;
        std::vector<char> ready;  // a ring: tasks done and not merged yet
        std::size_t given = 0;
        std::size_t merged = 0;
        std::size_t running = 0;
        bool merging = false;
        bool stopped = false;
        std::condition_variable finished;

        bool has_work() const { return !stopped && given < tasks && given < merged + ready.size(); }
        bool over() const { return running == 0 && !merging && (stopped || merged == tasks); }
    };

    void leave(std::uint64_t asker);
    // With the lock held.
    std::uint32_t running_of(std::uint64_t asker) const;
    bool may_enter(std::uint64_t asker) const;
    void count_in(std::uint64_t asker);
    void start_threads();
    std::int64_t least_used() const;
    std::list<Question*>::iterator next_question();

    void serve();
    void merge_ready(Question& question, std::unique_lock<std::mutex>& lock);

    const unsigned threads_max_;
    const std::uint32_t running_max_;
    const std::uint32_t waiting_max_;
    MemoryGauge memory_;

    std::mutex mutex_;
    std::condition_variable work_;
    std::list<Question*> questions_;  // of one asker the next to be served first
    std::map<std::uint64_t, Share> shares_;
    std::deque<Waiter*> waiting_;
    std::uint32_t running_ = 0;
    std::map<std::uint64_t, std::uint32_t> running_by_;  // of askers
    bool stop_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace gac::store::query
