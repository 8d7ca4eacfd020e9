// Event history on one machine: write-ahead log, memory table and immutable columnar segments in
// one folder. Promises: an event that when_durable confirmed is found exactly once after any crash;
// searches go on while the disk is full, and writing goes on by itself when there is room again; a
// damaged file is named and the rest stays readable. Owns three threads (log writer, sealer,
// upkeep of segments). Every
// function may be called by any thread. Bytes on disk: docs/formats/wal.md and
// docs/formats/segment.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "event/profile.h"
#include "store/event_sink.h"
#include "store/event_source.h"
#include "store/keeping.h"
#include "store/source_names.h"

namespace gac::store {

class Disk;

struct Settings {
    std::filesystem::path folder;
    base::Duration sync_interval =
        base::Duration::millis(10);                // group commit: at most one fsync in this time
    std::uint64_t memory_bytes_max = 48ULL << 20;  // of the memory table before it is sealed
    std::uint32_t memory_rows_max = 250'000;
    std::uint32_t block_rows_max = 16'384;
    int compression_level = 1;  // zstd, for fresh segments
    // Free bytes below which nothing more is taken in, so that what is in memory can still be
    // sealed. 0 = 5 % of the file system, at most 64 MiB.
    std::uint64_t disk_reserve_bytes = 0;
    base::Duration append_wait_max =
        base::Duration::seconds(5);  // how long append waits for a sealer that is behind; 0: until
                                     // it comes up or fails
    base::Duration full_retry =
        base::Duration::millis(200);  // how often a full disk is looked at again
    unsigned search_threads = 0;      // 0 = one for each core
    std::uint32_t searches_max = 0;   // that run at once, the others wait; 0 = by the threads
    std::uint32_t searches_waiting_max = 1'000;      // more are refused
    std::uint64_t search_memory_bytes = 1ULL << 30;  // of all running searches together
    Merging merging;
    // What retention has taken away, told on the store's own thread.
    std::function<void(const Removal&)> on_removed;
    std::shared_ptr<Disk> disk;  // for tests; not set = the real one
};

struct Damage {
    std::string file;
    std::string what;
};

struct Stats {
    std::uint64_t events = 0;  // kept, searchable
    std::uint64_t events_in_memory = 0;
    std::uint64_t memory_bytes = 0;
    std::uint64_t segments = 0;
    std::uint64_t segment_bytes = 0;
    std::uint64_t fresh_segments = 0;  // of `segments`: as sealed, not merged yet
    std::uint64_t fresh_events = 0;
    std::uint64_t waiting_files = 0;  // no longer part of history, still read by a question
    std::uint64_t merges = 0, merged_events = 0, merge_failures = 0;  // since the start
    std::uint64_t removed_events = 0;                                 // by retention and deletion
    std::string upkeep_fault;  // why merging or retention does not go on; empty when it does
    std::uint64_t wal_bytes = 0;
    std::uint64_t syncs = 0;
    std::uint64_t recovered_events = 0;  // from the log when the store was opened
    base::TimePoint oldest{};            // of all events; 0 when there are none
    base::TimePoint newest{};
    event::EventId next_id = 0;
    std::vector<Damage> damages;  // found when opening or reading; the newest 100
};

class Store final : public EventSink, public EventSource {
public:
    static Result<std::unique_ptr<Store>> open(const Settings& settings,
                                               std::shared_ptr<const event::ProfileSet> profiles,
                                               std::shared_ptr<SourceNames> sources);
    // Makes everything appended durable. What is in memory stays in the log and is read again by
    // the next open.
    ~Store() override;
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    event::EventId reserve(std::uint32_t n) override;
    Result<Position> append(const event::EventBatch& batch) override;
    void when_durable(Position position, std::move_only_function<void(Result<>)> done) override;
    Result<> wait_durable(Position position) override;
    Health health() const override;

    Result<Answer> search(const Query& query, const Budget& budget) const override;
    Result<> fetch(std::span<const event::EventId> ids, event::EventBatch& out) const override;
    Result<Histogram> histogram(const Query& query, const HistogramSpec& spec,
                                const Budget& budget) const override;
    Result<std::vector<TopValues>> top_values(const Query& query,
                                              std::span<const std::string> fields,
                                              std::uint32_t values_max,
                                              const Budget& budget) const override;
    Result<std::vector<TopValues>> field_summary(const Query& query, std::uint32_t events_max,
                                                 std::uint32_t values_max,
                                                 const Budget& budget) const override;
    Result<HuntAnswer> hunt(const Hunter& hunter, const HuntQuestion& question,
                            const Budget& budget) const override;
    Result<SweepAnswer> sweep(Sweeper& sweeper, const SweepQuestion& question,
                              const Budget& budget) const override;

    // Every event that passes the filter, in the order of the files: blocks newest first, rows of a
    // block as they stand. For exports: no limit of rows, little memory. `use` says whether to go
    // on; the events are gone when it returns.
    Result<> visit(const Query& query,
                   const std::function<Result<bool>(const event::EventBatch&)>& use) const;

    // Everything appended so far stands in segments when it returns, and its log files are gone.
    Result<> seal();
    // Merges whatever can be merged, at full speed, and returns when nothing is left to do.
    Result<> merge();
    // From now on; looked at at once and then from time to time.
    void keep(Keeping keeping);
    // One pass of retention now.
    Result<std::vector<Removal>> retain(base::TimePoint now);
    // What remove() would take away.
    Result<Removal> preview_removal(const Query& query) const;
    // Takes away for ever what passes the filter and is not held: from memory, log and segments.
    // Events that come in meanwhile are not touched.
    Result<Removal> remove(const Query& query);
    Stats stats() const;
    unsigned search_threads() const;
    SourceNames& sources() const;

private:
    class Impl;
    explicit Store(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace gac::store
