// Every source of logs that this process has met: its name, how it speaks, and what it has sent.
// Ids are dense and valid in this process only; history and control database keep names. Any
// thread; counting is lock-free.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "event/batch.h"
#include "store/source_names.h"

namespace gac::pipeline {

// A sender could invent names without end.
inline constexpr std::uint32_t kSourcesMax = 100'000;

struct SourceCounts {
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
    std::uint64_t failed = 0;   // kept raw, with parse.error
    std::uint64_t dropped = 0;  // UDP datagrams that found the queue full
    base::TimePoint first;      // receive times; zero = never
    base::TimePoint last;
};

struct SourceInfo {
    event::SourceId id{};
    std::string name;
    std::string kind;            // http, syslog, file, drill
    event::ProfileId profile{};  // generic (0) = by shape
    std::string format;          // decoder; empty = the profile's
};

class SourceTable final : public store::SourceNames {
public:
    // The id of that name; adds it with this kind when new. Fails when the table is full.
    Result<event::SourceId> find_or_add(std::string_view name, std::string_view kind);
    std::optional<event::SourceId> find(std::string_view name) const;
    SourceInfo info(event::SourceId id) const;
    std::string name(event::SourceId id) const;
    void set_kind(event::SourceId id, std::string kind);
    void set_profile(event::SourceId id, event::ProfileId profile, std::string format);

    void count(event::SourceId id, std::uint64_t events, std::uint64_t bytes, std::uint64_t failed,
               base::TimePoint received);
    void count_dropped(event::SourceId id, std::uint64_t datagrams);
    SourceCounts counts(event::SourceId id) const;
    std::uint32_t size() const;

    // For the store, which writes names: a name out of history counts as a source without a kind.
    event::SourceId source_id(std::string_view name) override;
    std::string source_name(event::SourceId id) const override { return name(id); }

private:
    struct Entry {
        SourceInfo info;
        std::atomic<std::uint64_t> events{0};
        std::atomic<std::uint64_t> bytes{0};
        std::atomic<std::uint64_t> failed{0};
        std::atomic<std::uint64_t> dropped{0};
        std::atomic<std::int64_t> first_us{0};
        std::atomic<std::int64_t> last_us{0};
    };

    Entry& entry(event::SourceId id) const;

    mutable std::shared_mutex mutex_;
    mutable std::deque<Entry> entries_;  // addresses stay
    std::unordered_map<std::string, std::uint32_t> by_name_;
};

}  // namespace gac::pipeline
