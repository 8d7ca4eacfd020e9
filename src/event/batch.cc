#include "event/batch.h"

namespace gac::event {

const ValueRef* EventRef::find(FieldId id) const {
    const auto all = fields();
    for (std::size_t i = all.size(); i-- > 0;) {
        if (all[i].id == id) {
            return &all[i].value;
        }
    }
    return nullptr;
}

void EventBatch::begin() { fields_.resize(begun_); }

void EventBatch::add_ip(FieldId id, const base::IpAddress& address) {
    const auto kept = arena_.copy(std::span(&address, 1));
    add(id, ValueRef(kept.data()));
}

void EventBatch::end(const EventHead& head) {
    // Set where it stays: a copy that is changed and copied again stalls on its own writes.
    EventHead& kept = heads_.emplace_back(head);
    kept.first_field = static_cast<std::uint32_t>(begun_);
    kept.field_count = static_cast<std::uint32_t>(fields_.size() - begun_);
    raw_bytes_ += kept.raw.size();
    begun_ = fields_.size();
}

void EventBatch::reset() {
    arena_.reset();
    heads_.clear();
    fields_.clear();
    begun_ = 0;
    raw_bytes_ = 0;
    first_id_ = 0;
    ids_.clear();
}

}  // namespace gac::event
