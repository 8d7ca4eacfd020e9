#include "store/query/meter.h"

#include <utility>

#include <fmt/format.h>

#include "base/time.h"

namespace gac::store::query {

Meter::Meter(const Budget& budget, MemoryGauge* shared)
    : budget_(budget), shared_(shared), deadline_us_(base::monotonic_us() + budget.time_max.us) {}

Meter::~Meter() {
    if (shared_ != nullptr) {
        shared_->bytes -= kept_;
    }
}

void Meter::expect(std::uint64_t units) {
    if (budget_.progress) {
        budget_.progress->units_all += units;
    }
}

void Meter::add(std::uint64_t bytes, std::uint64_t events) {
    bytes_.fetch_add(bytes, std::memory_order_relaxed);
    events_.fetch_add(events, std::memory_order_relaxed);
    if (budget_.progress) {
        budget_.progress->bytes += bytes;
        budget_.progress->events += events;
    }
}

void Meter::unit_done(std::uint64_t units) {
    if (budget_.progress) {
        budget_.progress->units_done += units;
    }
}

void Meter::keeps(std::uint64_t bytes) {
    const std::uint64_t before = kept_.exchange(bytes);
    if (bytes > budget_.memory_max) {
        give_up(
            fmt::format("more than {} MiB of memory would be needed", budget_.memory_max >> 20));
    }
    if (shared_ != nullptr
        && shared_->bytes.fetch_add(bytes - before) + (bytes - before) > shared_->bytes_max) {
        give_up("all running questions together need more memory than they may have");
    }
}

bool Meter::enough() const {
    if (given_up_.load(std::memory_order_relaxed)) {
        return true;
    }
    if (budget_.cancel.stop_requested()) {
        give_up("cancelled");
    } else if (bytes() > budget_.bytes_max) {
        give_up(fmt::format("more than {} bytes would have to be read", budget_.bytes_max));
    } else if (base::monotonic_us() > deadline_us_) {
        give_up(fmt::format("not finished within {} ms", budget_.time_max.us / 1000));
    }
    return given_up_.load(std::memory_order_relaxed);
}

void Meter::give_up(std::string why) const {
    const std::lock_guard lock(mutex_);
    if (why_.empty()) {
        why_ = std::move(why);
    }
    given_up_ = true;
}

void Meter::note(std::string what) {
    const std::lock_guard lock(mutex_);
    note_ = std::move(what);
}

std::string Meter::why() const {
    const std::lock_guard lock(mutex_);
    return why_.empty() ? note_ : why_;
}

}  // namespace gac::store::query
