#include "pipeline/source_table.h"

#include <mutex>

#include "base/assert.h"

namespace gac::pipeline {

namespace {
constexpr std::string_view kOverflowName = "_overflow";
}

Result<event::SourceId> SourceTable::find_or_add(std::string_view name, std::string_view kind) {
    if (name.empty() || name.size() > 200) {
        return fail(Code::InvalidArgument, "a source's name has 1 to 200 bytes", "source");
    }
    if (const auto known = find(name)) {
        return *known;
    }
    const std::unique_lock lock(mutex_);
    const auto [at, added] =
        by_name_.try_emplace(std::string(name), static_cast<std::uint32_t>(entries_.size()));
    if (added) {
        if (entries_.size() >= kSourcesMax && name != kOverflowName) {
            by_name_.erase(at);
            return fail(Code::LimitExceeded, "the table of sources is full", "source");
        }
        Entry& entry = entries_.emplace_back();
        entry.info.id = event::SourceId{at->second};
        entry.info.name = std::string(name);
        entry.info.kind = std::string(kind);
    }
    return event::SourceId{at->second};
}

std::optional<event::SourceId> SourceTable::find(std::string_view name) const {
    const std::shared_lock lock(mutex_);
    const auto found = by_name_.find(std::string(name));
    return found == by_name_.end() ? std::nullopt : std::optional(event::SourceId{found->second});
}

SourceTable::Entry& SourceTable::entry(event::SourceId id) const {
    const std::shared_lock lock(mutex_);
    GAC_ASSERT(static_cast<std::uint32_t>(id) < entries_.size());
    return entries_[static_cast<std::uint32_t>(id)];
}

SourceInfo SourceTable::info(event::SourceId id) const {
    const std::shared_lock lock(mutex_);
    GAC_ASSERT(static_cast<std::uint32_t>(id) < entries_.size());
    return entries_[static_cast<std::uint32_t>(id)].info;
}

std::string SourceTable::name(event::SourceId id) const { return info(id).name; }

void SourceTable::set_kind(event::SourceId id, std::string kind) {
    const std::unique_lock lock(mutex_);
    GAC_ASSERT(static_cast<std::uint32_t>(id) < entries_.size());
    entries_[static_cast<std::uint32_t>(id)].info.kind = std::move(kind);
}

void SourceTable::set_profile(event::SourceId id, event::ProfileId profile, std::string format) {
    const std::unique_lock lock(mutex_);
    GAC_ASSERT(static_cast<std::uint32_t>(id) < entries_.size());
    SourceInfo& info = entries_[static_cast<std::uint32_t>(id)].info;
    info.profile = profile;
    info.format = std::move(format);
}

void SourceTable::count(event::SourceId id, std::uint64_t events, std::uint64_t bytes,
                        std::uint64_t failed, base::TimePoint received) {
    Entry& to = entry(id);
    to.events.fetch_add(events, std::memory_order_relaxed);
    to.bytes.fetch_add(bytes, std::memory_order_relaxed);
    to.failed.fetch_add(failed, std::memory_order_relaxed);
    std::int64_t never = 0;
    to.first_us.compare_exchange_strong(never, received.us, std::memory_order_relaxed);
    to.last_us.store(received.us, std::memory_order_relaxed);
}

void SourceTable::count_dropped(event::SourceId id, std::uint64_t datagrams) {
    entry(id).dropped.fetch_add(datagrams, std::memory_order_relaxed);
}

SourceCounts SourceTable::counts(event::SourceId id) const {
    const Entry& from = entry(id);
    return {.events = from.events.load(std::memory_order_relaxed),
            .bytes = from.bytes.load(std::memory_order_relaxed),
            .failed = from.failed.load(std::memory_order_relaxed),
            .dropped = from.dropped.load(std::memory_order_relaxed),
            .first = {from.first_us.load(std::memory_order_relaxed)},
            .last = {from.last_us.load(std::memory_order_relaxed)}};
}

event::SourceId SourceTable::source_id(std::string_view name) {
    const auto known = find_or_add(name, "");
    return known ? *known : *find_or_add(kOverflowName, "");
}

std::uint32_t SourceTable::size() const {
    const std::shared_lock lock(mutex_);
    return static_cast<std::uint32_t>(entries_.size());
}

}  // namespace gac::pipeline
