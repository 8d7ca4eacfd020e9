#include "store/query/pool.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <stop_token>

#include "base/time.h"

namespace gac::store::query {

namespace {

unsigned threads_of(const Pool::Limits& limits) {
    return limits.threads != 0 ? limits.threads : std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

Pool::Pool(const Limits& limits)
    : threads_max_(threads_of(limits)),
      running_max_(limits.running_max != 0 ? limits.running_max : std::max(16U, threads_max_ * 4)),
      waiting_max_(limits.waiting_max) {
    memory_.bytes_max = limits.memory_max;
}

Pool::~Pool() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    work_.notify_all();
    for (std::thread& thread : threads_) {
        thread.join();
    }
}

Result<Pool::Place> Pool::enter(const Meter& meter) {
    std::unique_lock lock(mutex_);
    if (running_ < running_max_ && waiting_.empty()) {
        ++running_;
        return Place(*this);
    }
    if (waiting_.size() >= waiting_max_) {
        return fail(Code::Unavailable,
                    "too many searches run and wait already: try again in a moment");
    }
    Waiter waiter;
    waiting_.push_back(&waiter);
    lock.unlock();
    {
        const std::stop_callback on_cancel(meter.budget().cancel, [&] {
            const std::lock_guard again(mutex_);
            waiter.given_up = true;
            waiter.turn.notify_one();
        });
        lock.lock();
        while (!waiter.admitted && !waiter.given_up) {
            const std::int64_t left = meter.deadline_us() - base::monotonic_us();
            if (left <= 0) {
                waiter.given_up = true;
                break;
            }
            waiter.turn.wait_for(lock, std::chrono::microseconds(left));
        }
        lock.unlock();
    }
    lock.lock();
    if (!waiter.admitted) {
        std::erase(waiting_, &waiter);
        ++running_;  // it will leave at once
    }
    return Place(*this);
}

void Pool::leave() {
    const std::lock_guard lock(mutex_);
    --running_;
    while (running_ < running_max_ && !waiting_.empty()) {
        Waiter* const next = waiting_.front();
        waiting_.pop_front();
        next->admitted = true;
        ++running_;
        next->turn.notify_one();
    }
}

void Pool::start_threads() {
    while (threads_.size() < threads_max_) {
        threads_.emplace_back([this] { serve(); });
    }
}

void Pool::run(std::size_t tasks, const std::function<void(std::size_t)>& work,
               const std::function<bool(std::size_t)>& merge) {
    if (tasks == 0) {
        return;
    }
    Question question{
        .tasks = tasks, .work = work, .merge = merge, .ready = std::vector<char>(window(), 0)};
    std::unique_lock lock(mutex_);
    start_threads();
    questions_.push_back(&question);
    work_.notify_all();
    question.finished.wait(lock, [&] { return question.over(); });
    questions_.remove(&question);
}

void Pool::serve() {
    std::unique_lock lock(mutex_);
    for (;;) {
        auto next = questions_.end();
        work_.wait(lock, [&] {
            next = std::ranges::find_if(questions_, [](Question* q) { return q->has_work(); });
            return stop_ || next != questions_.end();
        });
        if (stop_) {
            return;
        }
        Question& question = **next;
        questions_.splice(questions_.end(), questions_, next);  // the others first
        const std::size_t number = question.given++;
        ++question.running;
        lock.unlock();
        question.work(number);
        lock.lock();
        --question.running;
        question.ready[number % question.ready.size()] = 1;
        merge_ready(question, lock);
        if (question.over()) {
            question.finished.notify_all();  // with the lock held: the question goes away after it
        }
    }
}

void Pool::merge_ready(Question& question, std::unique_lock<std::mutex>& lock) {
    if (question.merging) {
        return;  // who merges sees this one, too
    }
    question.merging = true;
    while (!question.stopped && question.merged < question.given
           && question.ready[question.merged % question.ready.size()] != 0) {
        const std::size_t number = question.merged;
        lock.unlock();
        const bool more = question.merge(number);
        lock.lock();
        question.ready[number % question.ready.size()] = 0;
        ++question.merged;
        question.stopped = question.stopped || !more;
        work_.notify_one();  // the window went on
    }
    question.merging = false;
}

}  // namespace gac::store::query
