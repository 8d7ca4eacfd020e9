// The unit of all event work: up to a few thousand events whose bytes live in one arena. Decoders
// append events, detection reads them, the store keeps them; then the batch is reset and used
// again. A plain value: one thread at a time.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "base/time.h"
#include "event/field.h"
#include "event/value.h"

namespace gac::event {

enum class SourceId : std::uint32_t {
};  // a configured source of logs; names in pipeline's source table
enum class ProfileId : std::uint16_t {};  // index into the ProfileSet

// Where in all of history an event stands: given by the store, ascending by arrival, unique for
// ever.
using EventId = std::uint64_t;

struct Field {
    FieldId id{};
    ValueRef value;
};

// What every event has. Fields stand in batch.fields()[first_field, first_field + field_count).
struct EventHead {
    base::TimePoint time;  // event's own clock; the receive time where it has none
    base::TimePoint received;
    std::string_view raw;  // event.original; in the arena
    std::uint32_t first_field = 0;
    std::uint32_t field_count = 0;
    SourceId source{};
    ProfileId profile{};
    bool parse_failed = false;  // kept raw, with parse.error
    bool drill = false;         // diễn tập: counted nowhere, removed with one command
};

class EventBatch;

// One event of a batch; valid while the batch lives and is not changed.
class EventRef {
public:
    EventRef(const EventBatch& batch, std::uint32_t row) : batch_(&batch), row_(row) {}
    const EventHead& head() const;
    std::span<const Field> fields() const;
    const ValueRef* find(
        FieldId id) const;  // nullptr = missing; the last one wins where a name stands twice
    std::uint32_t row() const { return row_; }
    EventId id() const;

private:
    const EventBatch* batch_;
    std::uint32_t row_;
};

class EventBatch {
public:
    base::Arena& arena() { return arena_; }

    // Build one event: begin, any number of add, end. A begun event without end is dropped by the
    // next begin.
    void begin();
    void add(FieldId id, ValueRef value) { fields_.push_back({id, value}); }
    void add(std::span<const Field> fields) {
        fields_.insert(fields_.end(), fields.begin(), fields.end());
    }
    // Copies the bytes into the arena.
    void add_copy(FieldId id, std::string_view text) { add(id, ValueRef(arena_.copy(text))); }
    void add_ip(FieldId id, const base::IpAddress& address);
    void end(const EventHead& head);  // first_field and field_count are set here

    std::uint32_t size() const { return static_cast<std::uint32_t>(heads_.size()); }
    bool empty() const { return heads_.empty(); }
    EventRef operator[](std::uint32_t row) const { return {*this, row}; }
    std::span<const EventHead> heads() const { return heads_; }
    std::span<EventHead> heads() { return heads_; }
    std::span<const Field> fields() const { return fields_; }
    std::size_t raw_bytes() const { return raw_bytes_; }

    EventId first_id() const { return first_id_; }  // row r has id first_id + r
    void set_first_id(EventId id) { first_id_ = id; }
    // Events out of history keep the ids that they were given: one for each row, in place of
    // first_id.
    void set_ids(std::vector<EventId> ids) { ids_ = std::move(ids); }
    EventId id_of(std::uint32_t row) const { return ids_.empty() ? first_id_ + row : ids_[row]; }

    void reset();

private:
    base::Arena arena_;
    std::vector<EventHead> heads_;
    std::vector<Field> fields_;
    std::size_t begun_ = 0;
    std::size_t raw_bytes_ = 0;
    EventId first_id_ = 0;
    std::vector<EventId> ids_;  // empty, or one for each row
};

inline const EventHead& EventRef::head() const { return batch_->heads()[row_]; }
inline std::span<const Field> EventRef::fields() const {
    const EventHead& event = head();
    return batch_->fields().subspan(event.first_field, event.field_count);
}
inline EventId EventRef::id() const { return batch_->id_of(row_); }

}  // namespace gac::event
