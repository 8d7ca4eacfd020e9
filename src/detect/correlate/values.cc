#include "detect/correlate/values.h"

#include "base/assert.h"

namespace gac::detect::correlate {

namespace {
constexpr std::size_t kFirstSlots = 8;
}

std::size_t ValueCounts::find(std::uint64_t hash) const {
    std::size_t at = home(hash);
    while (slots_[at].count != 0 && slots_[at].hash != hash) {
        at = (at + 1) & (slots_.size() - 1);
    }
    return at;
}

void ValueCounts::enter(std::uint64_t hash) {
    if (distinct_ * 4 >= slots_.size() * 3) {
        resize(slots_.empty() ? kFirstSlots : slots_.size() * 2);
    }
    Slot& slot = slots_[find(hash)];
    if (slot.count++ == 0) {
        slot.hash = hash;
        ++distinct_;
    }
}

void ValueCounts::leave(std::uint64_t hash) {
    std::size_t at = find(hash);
    GAC_ASSERT(slots_[at].count > 0);
    if (--slots_[at].count > 0) {
        return;
    }
    --distinct_;
    // Move up what would not be found behind the gap.
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t next = (at + 1) & mask; slots_[next].count != 0; next = (next + 1) & mask) {
        const std::size_t from_home = (next - home(slots_[next].hash)) & mask;
        if (from_home >= ((next - at) & mask)) {
            slots_[at] = slots_[next];
            slots_[next].count = 0;
            at = next;
        }
    }
    if (slots_.size() > kFirstSlots * 8 && distinct_ < slots_.size() / 8) {
        resize(slots_.size() / 4);
    }
}

void ValueCounts::resize(std::size_t slots) {
    std::vector<Slot> before(slots);
    before.swap(slots_);
    for (const Slot& slot : before) {
        if (slot.count != 0) {
            slots_[find(slot.hash)] = slot;
        }
    }
}

void Ranks::enter(double number) {
    if (!low_.empty() && number >= *low_.rbegin()) {
        high_.insert(number);
    } else {
        low_.insert(number);
    }
    balance();
}

void Ranks::leave(double number) {
    if (!low_.empty() && number <= *low_.rbegin()) {
        low_.erase(low_.find(number));
    } else {
        high_.erase(high_.find(number));
    }
    balance();
}

double Ranks::rank() const { return percentile_ / 100 * static_cast<double>(size() - 1); }

void Ranks::balance() {
    const std::size_t wanted = size() == 0 ? 0 : static_cast<std::size_t>(rank()) + 1;
    while (low_.size() < wanted) {
        low_.insert(high_.extract(high_.begin()));
    }
    while (low_.size() > wanted) {
        high_.insert(low_.extract(std::prev(low_.end())));
    }
}

std::optional<double> Ranks::value() const {
    if (size() == 0) {
        return std::nullopt;
    }
    const double low = *low_.rbegin();
    if (high_.empty()) {
        return low;
    }
    const double at = rank();
    return low + (*high_.begin() - low) * (at - static_cast<double>(low_.size() - 1));
}

}  // namespace gac::detect::correlate
