#include "event/field.h"

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>

#include "base/metrics.h"

namespace gac::event {

namespace {

class Names {
public:
    Names() {
#define GAC_FIELD(identifier, name, type, meaning) add(name);
#include "../schema/fields.def"
#undef GAC_FIELD
    }

    std::optional<FieldId> find(std::string_view name) const {
        const std::shared_lock lock(mutex_);
        const auto found = ids_.find(name);
        return found == ids_.end() ? std::nullopt : std::optional(FieldId{found->second});
    }

    FieldId intern(std::string_view name) {
        if (const auto known = find(name)) {
            return *known;
        }
        const std::unique_lock lock(mutex_);
        if (const auto found = ids_.find(name); found != ids_.end()) {
            return FieldId{found->second};
        }
        if (count_.load(std::memory_order_relaxed) >= kFieldNamesMax) {
            static base::Counter& overflowed =
                base::counter("gac_event_field_names_overflow_total", {},
                              "Field names refused because the table is full");
            overflowed.add();
            return field::Overflow;
        }
        return FieldId{add(name)};
    }

    std::string_view name(FieldId id) const { return by_id_[index_of(id)]; }
    std::uint32_t count() const { return count_.load(std::memory_order_acquire); }

private:
    std::uint32_t add(std::string_view name) {
        const std::uint32_t id = count_.load(std::memory_order_relaxed);
        const std::string& kept = storage_.emplace_back(name);
        ids_.emplace(kept, id);
        by_id_[id] = kept;
        count_.store(id + 1, std::memory_order_release);
        return id;
    }

    mutable std::shared_mutex mutex_;
    std::deque<std::string> storage_;
    std::unordered_map<std::string_view, std::uint32_t> ids_;
    // Fixed size, so that name() needs no lock: an id is handed out only after its name stands
    // here.
    std::unique_ptr<std::string_view[]> by_id_ =
        std::make_unique<std::string_view[]>(kFieldNamesMax);
    std::atomic<std::uint32_t> count_{0};
};

Names& names() {
    static Names instance;
    return instance;
}

}  // namespace

FieldId intern(std::string_view name) { return names().intern(name); }
std::optional<FieldId> find_field(std::string_view name) { return names().find(name); }
std::string_view name_of(FieldId id) { return names().name(id); }
std::uint32_t field_count() { return names().count(); }

}  // namespace gac::event
