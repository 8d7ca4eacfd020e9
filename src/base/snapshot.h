// Read-mostly state published to other threads: readers take a shared_ptr for as long as they need
// one consistent version; a writer replaces it whole. Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace gac::base {

template <class T>
class Snapshot {
public:
    Snapshot() = default;
    explicit Snapshot(std::shared_ptr<const T> value) : value_(std::move(value)) {}

    std::shared_ptr<const T> get() const {
        const std::lock_guard lock(mutex_);
        return value_;
    }

    void set(std::shared_ptr<const T> value) {
        // The old version dies outside the lock.
        {
            const std::lock_guard lock(mutex_);
            value_.swap(value);
        }
    }

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const T> value_;
};

// Data inside its lock: reachable only through with().
template <class T>
class Guarded {
public:
    Guarded() = default;
    explicit Guarded(T value) : value_(std::move(value)) {}

    template <class F>
    decltype(auto) with(F&& use) {
        const std::lock_guard lock(mutex_);
        return std::forward<F>(use)(value_);
    }

    template <class F>
    decltype(auto) with(F&& use) const {
        const std::lock_guard lock(mutex_);
        return std::forward<F>(use)(value_);
    }

private:
    mutable std::mutex mutex_;
    T value_{};
};

}  // namespace gac::base
