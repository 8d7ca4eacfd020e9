// The write-ahead log's writer: takes records in their order, writes and fsyncs them in groups on
// its own thread, and says when they are safe. A full disk refuses new records until there is room;
// a failed fsync gives up the file, because what it holds can no longer be known
// (https://lwn.net/Articles/752063/), and writes the records that were not yet confirmed into a new
// one. Any thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "store/disk.h"
#include "store/event_sink.h"
#include "store/memory/chunk.h"

namespace gac::store {

struct LogFile {
    std::uint64_t number = 0;
    std::uint64_t sequence_max = 0;  // of its records; 0 when it has none
    std::uint64_t bytes = 0;
};

struct LogOptions {
    std::filesystem::path folder;
    std::shared_ptr<Disk> disk;
    base::Duration sync_interval;
    base::Duration full_retry;
    std::uint64_t disk_reserve_bytes = 0;
    std::uint64_t salt = 0;
    std::uint64_t sequence_last = 0;  // the next record gets the one after it
    std::uint64_t previous =
        0;  // the last record that is kept; below sequence_last where some were lost
    std::uint64_t number_next = 1;
    std::vector<LogFile> files;  // left by earlier runs, not yet sealed
    // Records from this sequence on were not written and never will be. Called before anything can
    // follow them.
    std::function<void(std::uint64_t first)> on_lost;
    std::function<void()> on_settled;  // settled() has moved on
};

class LogWriter {
public:
    explicit LogWriter(LogOptions options);
    // Writes and syncs what is queued.
    ~LogWriter();
    LogWriter(const LogWriter&) = delete;
    LogWriter& operator=(const LogWriter&) = delete;

    // Gives the record its place in the log. `begins_file`: it and what follows go into a new file.
    // Never waits.
    Result<Position> enqueue(const std::shared_ptr<Chunk>& chunk, bool begins_file);

    void when_durable(Position position, std::move_only_function<void(Result<>)> done);
    Result<> wait_durable(Position position);
    // Everything up to here is either durable or lost.
    std::uint64_t settled() const;

    // Deletes the files whose records all stand in segments now; returns when they are gone.
    void forget_sealed(std::uint64_t sequence);
    void let_go(std::uint64_t sequence);  // the same, without waiting for it

    Health health() const;
    std::uint64_t bytes() const;
    std::uint64_t syncs() const;

private:
    struct Entry {
        std::shared_ptr<Chunk> chunk;
        bool begins_file;
    };
    struct Lost {
        std::uint64_t first, last;
        Error why;
    };
    using Waiters = std::multimap<std::uint64_t, std::move_only_function<void(Result<>)>>;

    void run();
    void commit(std::span<const Entry> group);
    void commit_run(std::span<const Entry> run);
    Result<> write_and_sync(std::span<const Entry> run);
    Result<> open_next_file();
    void settle(std::uint64_t through);
    void lose(const Error& why);
    void refuse_from_now(std::string reason);
    void look_for_room();
    void remove_sealed_files(std::unique_lock<std::mutex>& lock);
    std::optional<Result<>> outcome(std::uint64_t sequence) const;  // with the lock held

    LogOptions options_;

    // Only the writer's thread.
    base::Fd file_;
    std::uint64_t file_good_bytes_ = 0;  // up to here everything is synced
    std::int64_t last_sync_us_ = 0;

    mutable std::mutex mutex_;
    std::condition_variable work_;
    std::condition_variable moved_;
    std::deque<Entry> queue_;
    Waiters waiters_;
    std::deque<Lost> lost_;
    std::deque<LogFile> files_;
    std::uint64_t assigned_ = 0;
    std::uint64_t previous_ = 0;
    std::uint64_t settled_ = 0;
    std::uint64_t durable_ = 0;    // the newest record that is safe
    std::uint64_t sealed_ = 0;     // forget_sealed asked for
    std::uint64_t forgotten_ = 0;  // and done
    std::uint64_t next_number_ = 1;
    std::uint64_t syncs_ = 0;
    Health health_;
    bool stop_ = false;

    std::thread thread_;
};

}  // namespace gac::store
