// Bounded queue between threads, measured in a caller's unit (events, bytes). A full queue makes
// push wait or try_push fail: nothing is dropped behind the caller's back. close() wakes everybody;
// what is queued is still handed out. Any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace gac::base {

template <class T>
class BoundedQueue {
public:
    explicit BoundedQueue(std::size_t weight_max) : weight_max_(weight_max) {}

    // False when closed. Waits while full; one item heavier than the whole queue passes alone.
    bool push(T item, std::size_t weight) {
        std::unique_lock lock(mutex_);
        room_.wait(lock, [&] { return closed_ || fits(weight); });
        return put(std::move(item), weight);
    }

    // False when full or closed; then `item` is untouched.
    bool try_push(T& item, std::size_t weight) {
        const std::lock_guard lock(mutex_);
        if (closed_ || !fits(weight)) {
            return false;
        }
        return put(std::move(item), weight);
    }

    // Nothing after `wait` without an item, or when closed and empty.
    std::optional<T> pop(std::chrono::microseconds wait) {
        std::unique_lock lock(mutex_);
        items_ready_.wait_for(lock, wait, [&] { return closed_ || !items_.empty(); });
        if (items_.empty()) {
            return std::nullopt;
        }
        auto [item, weight] = std::move(items_.front());
        items_.pop_front();
        weight_ -= weight;
        lock.unlock();
        room_.notify_all();
        return std::optional<T>(std::move(item));
    }

    void close() {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        room_.notify_all();
        items_ready_.notify_all();
    }

    bool closed() const {
        const std::lock_guard lock(mutex_);
        return closed_;
    }

    // What `look` says of the item that waits longest; nothing when none waits. `look` runs under
    // the queue's lock.
    template <class Look>
    auto at_front(Look look) const -> std::optional<decltype(look(std::declval<const T&>()))> {
        const std::lock_guard lock(mutex_);
        if (items_.empty()) {
            return std::nullopt;
        }
        return look(items_.front().first);
    }

    // Whether an item of that weight would be taken now.
    bool has_room(std::size_t weight) const {
        const std::lock_guard lock(mutex_);
        return closed_ || fits(weight);
    }

    std::size_t weight() const {
        const std::lock_guard lock(mutex_);
        return weight_;
    }

private:
    bool fits(std::size_t weight) const {
        return items_.empty() || weight_ + weight <= weight_max_;
    }

    bool put(T item, std::size_t weight) {
        if (closed_) {
            return false;
        }
        items_.emplace_back(std::move(item), weight);
        weight_ += weight;
        items_ready_.notify_one();
        return true;
    }

    mutable std::mutex mutex_;
    std::condition_variable room_;
    std::condition_variable items_ready_;
    std::deque<std::pair<T, std::size_t>> items_;
    std::size_t weight_ = 0;
    std::size_t weight_max_;
    bool closed_ = false;
};

}  // namespace gac::base
