// What one question costs and whether it is enough. Any thread: the workers of a question count
// here, and ask between pages whether they shall go on.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

#include "store/query.h"
#include "store/query/unit.h"

namespace gac::store::query {

// Bytes that all questions together keep, as against the limit of each.
struct MemoryGauge {
    std::uint64_t bytes_max = ~std::uint64_t{0};
    std::atomic<std::uint64_t> bytes = 0;
};

class Meter final : public Watch {
public:
    explicit Meter(const Budget& budget, MemoryGauge* shared = nullptr);
    ~Meter() override;
    Meter(const Meter&) = delete;
    Meter& operator=(const Meter&) = delete;

    void expect(std::uint64_t units);  // more of them will be looked at
    void add(std::uint64_t bytes, std::uint64_t events);
    void unit_done(std::uint64_t units = 1);
    // What the question keeps of groups, sorted rows and distinct values, in all.
    void keeps(std::uint64_t bytes);

    bool enough() const;  // then why() says what for
    bool stopped() const override { return enough(); }
    void give_up(std::string why) const;  // the first reason stays
    std::string why() const;
    // A remark that is no reason to stop: what was left out all the same.
    void note(std::string what);

    const Budget& budget() const { return budget_; }
    std::int64_t deadline_us() const { return deadline_us_; }
    std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
    std::uint64_t events() const { return events_.load(std::memory_order_relaxed); }

private:
    const Budget& budget_;
    MemoryGauge* shared_;
    std::int64_t deadline_us_;
    std::atomic<std::uint64_t> bytes_ = 0;
    std::atomic<std::uint64_t> events_ = 0;
    std::atomic<std::uint64_t> kept_ = 0;
    mutable std::atomic<bool> given_up_ = false;
    mutable std::mutex mutex_;
    mutable std::string why_;
    std::string note_;
};

}  // namespace gac::store::query
