#include "store/wal/log_writer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "store/wal/log_file.h"

namespace gac::store {

namespace {

constexpr std::size_t kLostMax = 1024;

base::TimePoint wall_now() { return base::SystemClock().now(); }

}  // namespace

LogWriter::LogWriter(LogOptions options) : options_(std::move(options)) {
    assigned_ = settled_ = options_.sequence_last;
    durable_ = previous_ = options_.previous;
    next_number_ = options_.number_next;
    files_.assign(options_.files.begin(), options_.files.end());
    thread_ = std::thread([this] { run(); });
}

LogWriter::~LogWriter() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    work_.notify_all();
    thread_.join();
}

Result<Position> LogWriter::enqueue(const std::shared_ptr<Chunk>& chunk, bool begins_file) {
    const std::lock_guard lock(mutex_);
    if (!health_.writable) {
        return fail(Code::StorageFull, health_.reason);
    }
    chunk->place(assigned_ + 1, previous_, options_.salt);
    previous_ = ++assigned_;
    queue_.push_back({chunk, begins_file});
    if (queue_.size() == 1) {
        work_.notify_one();
    }
    return Position{assigned_};
}

std::optional<Result<>> LogWriter::outcome(std::uint64_t sequence) const {
    if (sequence > assigned_) {
        return Result<>(fail(Code::InvalidArgument, "a position that was never given"));
    }
    for (const Lost& lost : lost_) {
        if (lost.first <= sequence && sequence <= lost.last) {
            return Result<>(std::unexpected(lost.why));
        }
    }
    return sequence <= settled_ ? std::optional<Result<>>(Result<>()) : std::nullopt;
}

void LogWriter::when_durable(Position position, std::move_only_function<void(Result<>)> done) {
    std::unique_lock lock(mutex_);
    if (auto known = outcome(position.sequence)) {
        lock.unlock();
        done(std::move(*known));
        return;
    }
    waiters_.emplace(position.sequence, std::move(done));
}

Result<> LogWriter::wait_durable(Position position) {
    std::unique_lock lock(mutex_);
    std::optional<Result<>> known;
    moved_.wait(lock, [&] { return (known = outcome(position.sequence)).has_value(); });
    return std::move(*known);
}

std::uint64_t LogWriter::settled() const {
    const std::lock_guard lock(mutex_);
    return settled_;
}

void LogWriter::let_go(std::uint64_t sequence) {
    const std::lock_guard lock(mutex_);
    sealed_ = std::max(sealed_, sequence);
    work_.notify_one();
}

void LogWriter::forget_sealed(std::uint64_t sequence) {
    let_go(sequence);
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [&] { return forgotten_ >= sequence; });
}

Health LogWriter::health() const {
    const std::lock_guard lock(mutex_);
    return health_;
}

std::uint64_t LogWriter::bytes() const {
    const std::lock_guard lock(mutex_);
    std::uint64_t sum = 0;
    for (const LogFile& file : files_) {
        sum += file.bytes;
    }
    return sum;
}

std::uint64_t LogWriter::syncs() const {
    const std::lock_guard lock(mutex_);
    return syncs_;
}

void LogWriter::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        const auto has_work = [&] { return stop_ || !queue_.empty() || sealed_ > forgotten_; };
        if (health_.writable) {
            work_.wait(lock, has_work);
        } else {
            work_.wait_for(lock, std::chrono::microseconds(options_.full_retry.us), has_work);
        }
        if (sealed_ > forgotten_) {
            remove_sealed_files(lock);
        }
        if (!health_.writable && queue_.empty() && !stop_) {
            lock.unlock();
            look_for_room();
            lock.lock();
            continue;
        }
        if (queue_.empty()) {
            if (stop_) {
                return;
            }
            continue;
        }
        // Others may join the group until the interval since the last fsync is over.
        const std::int64_t rest = last_sync_us_ + options_.sync_interval.us - base::monotonic_us();
        if (rest > 0 && !stop_) {
            work_.wait_for(lock, std::chrono::microseconds(rest), [&] { return stop_; });
        }
        std::deque<Entry> taken;
        taken.swap(queue_);
        lock.unlock();
        std::vector<Entry> group(std::make_move_iterator(taken.begin()),
                                 std::make_move_iterator(taken.end()));
        commit(group);
        lock.lock();
    }
}

void LogWriter::commit(std::span<const Entry> group) {
    if (const auto free = options_.disk->free_bytes(options_.folder);
        free && *free < options_.disk_reserve_bytes) {
        // What was taken in still fits; nothing more is.
        refuse_from_now(fmt::format("disk full: {} MiB free, {} MiB kept in reserve", *free >> 20,
                                    options_.disk_reserve_bytes >> 20));
    }
    while (!group.empty()) {
        std::size_t count = 1;
        while (count < group.size() && !group[count].begins_file) {
            ++count;
        }
        const auto run = group.first(count);
        group = group.subspan(count);
        if (run.front().begins_file) {
            file_.close();
        }
        auto written = write_and_sync(run);
        if (!written && written.error().code != Code::StorageFull) {
            base::log_error("store", "log file given up, going on in a new one: {}",
                            written.error().message());
            file_.close();
            written = write_and_sync(run);
        }
        if (!written) {
            lose(written.error());
            return;
        }
        settle(run.back().chunk->sequence());
    }
}

Result<> LogWriter::open_next_file() {
    std::uint64_t number = 0;
    {
        const std::lock_guard lock(mutex_);
        number = next_number_++;
    }
    const auto path = log_path(options_.folder, number);
    GAC_TRY(fd, options_.disk->create(path));
    const std::string header = log_header({.number = number, .salt = options_.salt});
    const std::string_view parts[] = {header};
    auto made = options_.disk->write(fd, parts);
    if (made) {  // before the first record: a header that does not fit later is damage, not a crash
        made = options_.disk->sync(fd);
    }
    if (made) {
        made = options_.disk->sync_folder(options_.folder);
    }
    if (!made) {
        static_cast<void>(options_.disk->remove(path));  // what failed first is told
        return std::unexpected(base::at(path.string(), std::move(made).error()));
    }
    file_ = std::move(fd);
    file_good_bytes_ = header.size();
    const std::lock_guard lock(mutex_);
    files_.push_back({.number = number, .sequence_max = 0, .bytes = header.size()});
    return {};
}

Result<> LogWriter::write_and_sync(std::span<const Entry> run) {
    if (!file_) {
        GAC_CHECK(open_next_file());
    }
    std::vector<std::string_view> parts;
    parts.reserve(run.size());
    std::uint64_t bytes = 0;
    for (const Entry& entry : run) {
        parts.push_back(entry.chunk->record());
        bytes += parts.back().size();
    }
    auto done = options_.disk->write(file_, parts);
    const bool wrote = done.has_value();
    if (done) {
        done = options_.disk->sync(file_);
    }
    last_sync_us_ = base::monotonic_us();
    if (!done) {
        // Take the part that was written back, so that refused records cannot come to life after a
        // restart. After a failed fsync, or where that fails too, the file is given up; then the
        // next record's `previous` says so.
        if (!options_.disk->truncate(file_, file_good_bytes_) || wrote) {
            file_.close();
        }
        return done;
    }
    file_good_bytes_ += bytes;
    const std::lock_guard lock(mutex_);
    files_.back().sequence_max = run.back().chunk->sequence();
    files_.back().bytes = file_good_bytes_;
    ++syncs_;
    return {};
}

void LogWriter::settle(std::uint64_t through) {
    Waiters ready;
    {
        const std::lock_guard lock(mutex_);
        settled_ = durable_ = through;
        while (!waiters_.empty() && waiters_.begin()->first <= through) {
            ready.insert(waiters_.extract(waiters_.begin()));
        }
    }
    moved_.notify_all();
    for (auto& [sequence, done] : ready) {
        done({});
    }
    options_.on_settled();
}

void LogWriter::lose(const Error& why) {
    std::uint64_t first = 0;
    Waiters failed;
    {
        const std::lock_guard lock(mutex_);
        first = settled_ + 1;
        lost_.push_back({.first = first, .last = assigned_, .why = why});
        if (lost_.size() > kLostMax) {
            lost_.pop_front();
        }
        queue_.clear();
        previous_ = durable_;
        if (health_.writable) {
            health_ = {.writable = false, .reason = why.message(), .since = wall_now()};
        }
        failed.swap(waiters_);
    }
    base::log_error("store", "events were refused, not kept: {}", why.message());
    options_.on_lost(first);
    {
        const std::lock_guard lock(mutex_);
        settled_ = assigned_;
    }
    moved_.notify_all();
    for (auto& [sequence, done] : failed) {
        done(std::unexpected(why));
    }
    options_.on_settled();
}

void LogWriter::refuse_from_now(std::string reason) {
    const std::lock_guard lock(mutex_);
    if (health_.writable) {
        base::log_error("store", "no more events are taken in: {}", reason);
        health_ = {.writable = false, .reason = std::move(reason), .since = wall_now()};
    }
}

void LogWriter::look_for_room() {
    const auto free = options_.disk->free_bytes(options_.folder);
    // A little more than the reserve, so that the state does not flicker.
    if (!free || *free < options_.disk_reserve_bytes + options_.disk_reserve_bytes / 8) {
        return;
    }
    const std::lock_guard lock(mutex_);
    base::log_info("store", "there is room again ({} MiB free): events are taken in", *free >> 20);
    health_ = {};
}

void LogWriter::remove_sealed_files(std::unique_lock<std::mutex>& lock) {
    const std::uint64_t sealed = sealed_;
    std::vector<std::uint64_t> numbers;
    bool current = false;
    for (auto file = files_.begin(); file != files_.end();) {
        if (file->sequence_max <= sealed
            && (file->sequence_max != 0 || !file_ || std::next(file) != files_.end())) {
            current = current || (file_ && std::next(file) == files_.end());
            numbers.push_back(file->number);
            file = files_.erase(file);
        } else {
            ++file;
        }
    }
    lock.unlock();
    if (current) {
        file_.close();
    }
    for (const std::uint64_t number : numbers) {
        const auto path = log_path(options_.folder, number);
        if (const auto removed = options_.disk->remove(path); !removed) {
            base::log_warn("store", "a log file is not needed any more but cannot be removed: {}",
                           removed.error().message());
        }
    }
    lock.lock();
    forgotten_ = std::max(forgotten_, sealed);
    moved_.notify_all();
}

}  // namespace gac::store
