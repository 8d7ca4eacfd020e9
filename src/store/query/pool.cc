#include "store/query/pool.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <stop_token>

#include "base/metrics.h"
#include "base/time.h"

namespace gac::store::query {

namespace {

unsigned threads_of(const Pool::Limits& limits) {
    return limits.threads != 0 ? limits.threads : std::max(1U, std::thread::hardware_concurrency());
}

base::Gauge& running_gauge() {
    static base::Gauge& gauge = base::gauge("gac_searches_running", {}, "questions that run");
    return gauge;
}

base::Gauge& waiting_gauge() {
    static base::Gauge& gauge =
        base::gauge("gac_searches_waiting", {}, "questions that wait for others to end");
    return gauge;
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

std::uint32_t Pool::running_of(std::uint64_t asker) const {
    const auto found = running_by_.find(asker);
    return found == running_by_.end() ? 0 : found->second;
}

bool Pool::may_enter(std::uint64_t asker) const {
    if (running_ >= running_max_) {
        return false;
    }
    const std::uint32_t mine = running_of(asker);
    return mine == 0 || mine < running_max_ - running_;
}

void Pool::count_in(std::uint64_t asker) {
    ++running_;
    running_gauge().add(1);
    if (asker != 0) {
        ++running_by_[asker];
    }
}

Result<Pool::Place> Pool::enter(const Meter& meter) {
    const std::uint64_t asker = meter.budget().asker;
    std::unique_lock lock(mutex_);
    // Whoever waits may not enter, or leave() would have let him in: nobody is overtaken.
    if (may_enter(asker)) {
        count_in(asker);
        return Place(*this, asker);
    }
    if (waiting_.size() >= waiting_max_) {
        return fail(Code::Unavailable,
                    "too many searches run and wait already: try again in a moment");
    }
    Waiter waiter;
    waiter.asker = asker;
    waiting_.push_back(&waiter);
    waiting_gauge().add(1);
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
    waiting_gauge().add(-1);
    if (!waiter.admitted) {
        std::erase(waiting_, &waiter);
        count_in(asker);  // it will leave at once
    }
    return Place(*this, asker);
}

void Pool::leave(std::uint64_t asker) {
    const std::lock_guard lock(mutex_);
    --running_;
    running_gauge().add(-1);
    if (asker != 0 && --running_by_[asker] == 0) {
        running_by_.erase(asker);
    }
    for (;;) {
        auto next = waiting_.end();
        for (auto at = waiting_.begin(); at != waiting_.end(); ++at) {
            if (may_enter((*at)->asker)
                && (next == waiting_.end()
                    || running_of((*at)->asker) < running_of((*next)->asker))) {
                next = at;
            }
        }
        if (next == waiting_.end()) {
            return;
        }
        Waiter* const waiter = *next;
        waiting_.erase(next);
        waiter->admitted = true;
        count_in(waiter->asker);
        waiter->turn.notify_one();
    }
}

void Pool::start_threads() {
    while (threads_.size() < threads_max_) {
        threads_.emplace_back([this] { serve(); });
    }
}

std::int64_t Pool::least_used() const {
    std::optional<std::int64_t> least;
    for (const Question* question : questions_) {
        least = std::min(least.value_or(question->share.used_us), question->share.used_us);
    }
    return least.value_or(0);
}

void Pool::run(std::size_t tasks, std::uint64_t asker, const std::function<void(std::size_t)>& work,
               const std::function<bool(std::size_t)>& merge) {
    if (tasks == 0) {
        return;
    }
    std::unique_lock lock(mutex_);
    Share own;
    Share& share = asker == 0 ? own : shares_[asker];
    if (share.questions++ == 0) {
        share.used_us = least_used();
    }
    Question question{.tasks = tasks,
                      .work = work,
                      .merge = merge,
                      .share = share,
                      .ready = std::vector<char>(window(), 0)};
    start_threads();
    questions_.push_back(&question);
    work_.notify_all();
    question.finished.wait(lock, [&] { return question.over(); });
    questions_.remove(&question);
    if (--share.questions == 0 && asker != 0) {
        shares_.erase(asker);
    }
}

std::list<Pool::Question*>::iterator Pool::next_question() {
    auto best = questions_.end();
    for (auto at = questions_.begin(); at != questions_.end(); ++at) {
        if ((*at)->has_work()
            && (best == questions_.end() || (*at)->share.used_us < (*best)->share.used_us)) {
            best = at;
        }
    }
    return best;
}

void Pool::serve() {
    std::unique_lock lock(mutex_);
    for (;;) {
        auto next = questions_.end();
        work_.wait(lock, [&] {
            next = next_question();
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
        const std::int64_t begun = base::monotonic_us();
        question.work(number);
        const std::int64_t used = base::monotonic_us() - begun;
        lock.lock();
        question.share.used_us += used + 1;  // something, however short: turns go round
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
