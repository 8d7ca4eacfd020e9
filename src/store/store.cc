#include "store/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <random>
#include <thread>

#include <fmt/format.h>

#include "base/log.h"
#include "store/catalog.h"
#include "store/disk.h"
#include "store/memory/table.h"
#include "store/query/run.h"
#include "store/recovery.h"
#include "store/segment/writer.h"
#include "store/upkeep.h"
#include "store/wal/log_writer.h"

namespace gac::store {

namespace fs = std::filesystem;

namespace {

constexpr event::EventId kIdsAtOnce = 1u << 20;  // ids set aside by one write to the disk
constexpr event::EventId kIdsRetry = 1u << 16;   // after how many ids a failed write is tried again
constexpr std::uint64_t kReserveMax = 64ULL << 20;
constexpr std::size_t kDamagesMax = 100;
constexpr std::size_t kWaitingTablesMax = 1;  // full tables that wait for the sealer
constexpr std::size_t kChunksMax = 50'000;    // batches in one table, however small
constexpr auto kSealRetry = std::chrono::seconds(1);
constexpr auto kWaitSlice = std::chrono::milliseconds(50);

Result<base::Fd> lock_folder(const fs::path& folder) {
    GAC_TRY(fd, base::open_file(folder / "lock", O_RDWR | O_CREAT));
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        return fail(Code::Unavailable, "another program has this event store open",
                    folder.string());
    }
    return fd;
}

// The file "ids": every id below the number in it may have been given.
event::EventId read_id_mark(const fs::path& folder) {
    const auto text = base::read_file(folder / "ids", 64);
    event::EventId mark = 0;
    if (text) {
        std::from_chars(text->data(), text->data() + text->size(), mark);
    }
    return mark;
}

std::uint64_t random_salt() {
    std::random_device device;
    return std::uint64_t{device()} << 32 | device();
}

}  // namespace

class Store::Impl {
public:
    Impl(Settings settings, Names names, base::Fd lock)
        : settings_(std::move(settings)),
          names_(std::move(names)),
          lock_(std::move(lock)),
          pool_({.threads = settings_.search_threads,
                 .running_max = settings_.searches_max,
                 .waiting_max = settings_.searches_waiting_max,
                 .memory_max = settings_.search_memory_bytes}) {}
    ~Impl();

    Result<> start();

    event::EventId reserve(std::uint32_t n);
    Result<Position> append(const event::EventBatch& batch);
    Health health() const;
    Result<> seal();
    Stats stats() const;
    query::History history() const;
    query::Context context(const query::History& history) {
        return {names_, history, [this](const Error& e) { note_damage(e); }, pool_};
    }
    query::Pool& pool() { return pool_; }
    Upkeep& upkeep() const { return *upkeep_; }
    Result<> visit(const Query& query,
                   const std::function<Result<bool>(const event::EventBatch&)>& use) const;
    const Names& names() const { return names_; }
    LogWriter& log() const { return *log_; }
    void note_damage(const Error& error) const;

private:
    void run_sealer();
    Result<> seal_table(const std::vector<std::shared_ptr<Chunk>>& chunks);
    void drop_lost(std::uint64_t first);
    void rotate();             // with the lock held
    bool active_full() const;  // with the lock held
    void save_id_mark();

    const Settings settings_;
    const Names names_;
    base::Fd lock_;

    mutable std::mutex mutex_;
    std::condition_variable seal_work_;
    std::condition_variable sealed_;
    MemoryTable active_;
    std::deque<MemoryTable> waiting_;
    std::shared_ptr<const Segments> segments_ = std::make_shared<const Segments>();
    bool next_begins_file_ = true;
    bool stop_ = false;
    std::uint64_t sealed_through_ = 0;  // the last record that stands in a segment
    std::optional<Error> seal_fault_;
    base::TimePoint seal_fault_since_{};
    std::uint64_t recovered_events_ = 0;
    mutable std::deque<Damage> damages_;

    mutable std::mutex ids_mutex_;
    event::EventId id_next_ = 1;
    event::EventId id_mark_ = 0;
    event::EventId id_retry_ = 0;

    std::unique_ptr<Catalog> catalog_;
    query::Pool pool_;
    std::unique_ptr<LogWriter> log_;
    std::thread sealer_;
    std::atomic<std::uint64_t> appended_ = 0;
    std::unique_ptr<Upkeep> upkeep_;
};

Result<> Store::Impl::start() {
    Disk& disk = *settings_.disk;
    GAC_CHECK(disk.make_folder(segment_folder(settings_.folder)));
    GAC_CHECK(disk.make_folder(log_folder(settings_.folder)));
    auto found = recover(settings_.folder, disk, names_, [this](std::shared_ptr<Chunk> chunk) {
        active_.add(std::move(chunk));
        if (active_.bytes >= settings_.memory_bytes_max) {
            rotate();
        }
    });
    if (!found) {
        return std::unexpected(std::move(found).error());
    }
    for (const MemoryTable& table : waiting_) {
        recovered_events_ += table.rows;
    }
    recovered_events_ += active_.rows;
    damages_.assign(found->damages.begin(), found->damages.end());
    if (found->list_stale) {
        GAC_CHECK(write_manifest(disk, settings_.folder, found->manifest));
    }
    catalog_ = std::make_unique<Catalog>(settings_.folder, settings_.disk,
                                         std::move(found->manifest), std::move(found->segments));
    segments_ = catalog_->segments();
    id_mark_ = read_id_mark(settings_.folder);
    id_next_ = std::max(found->id_next, id_mark_);

    std::uint64_t reserve = settings_.disk_reserve_bytes;
    if (reserve == 0) {
        const auto total = settings_.disk->total_bytes(settings_.folder);
        reserve = total ? std::min(kReserveMax, *total / 20) : kReserveMax;
    }
    LogOptions options{
        .folder = log_folder(settings_.folder),
        .disk = settings_.disk,
        .sync_interval = settings_.sync_interval,
        .full_retry = settings_.full_retry,
        .disk_reserve_bytes = reserve,
        .salt = random_salt(),
        .sequence_last = found->sequence_last,
        .previous = found->kept_last,
        .number_next = found->log_number_next,
        .files = std::move(found->log_files),
        .on_lost = [this](std::uint64_t first) { drop_lost(first); },
        .on_settled =
            [this] {
                {
                    const std::lock_guard lock(mutex_);
                }  // so that the sealer cannot miss it
                seal_work_.notify_one();
            },
    };
    log_ = std::make_unique<LogWriter>(std::move(options));
    sealed_through_ = found->sealed_through;
    log_->forget_sealed(found->sealed_through);
    sealer_ = std::thread([this] { run_sealer(); });
    upkeep_ = std::make_unique<Upkeep>(UpkeepParts{
        .folder = settings_.folder,
        .names = names_,
        .disk = settings_.disk,
        .catalog = *catalog_,
        .merging = settings_.merging,
        .disk_reserve_bytes = reserve,
        .show =
            [this](std::shared_ptr<const Segments> segments) {
                const std::lock_guard lock(mutex_);
                segments_ = std::move(segments);
            },
        .appended = [this] { return appended_.load(std::memory_order_relaxed); },
        .log_bytes = [this] { return log_->bytes(); },
        .seal = [this] { return seal(); },
        .on_damage = [this](const Error& error) { note_damage(error); },
        .on_removed = settings_.on_removed,
    });
    return {};
}

Result<> Store::Impl::visit(
    const Query& query, const std::function<Result<bool>(const event::EventBatch&)>& use) const {
    constexpr std::uint32_t kRowsAtOnce = 2048;
    const query::History seen = history();
    GAC_TRY(plan, query::make_plan(query, *names_.profiles));
    for (const query::UnitPlace& place : query::units_of(seen, query.range)) {
        GAC_TRY(unit, query::open_unit(place, names_));
        GAC_TRY(rows, query::matching_rows(*unit, place, query.range, plan));
        std::vector<std::uint32_t> numbers;
        rows.for_each([&](std::uint32_t row) { numbers.push_back(row); });
        for (std::size_t from = 0; from < numbers.size(); from += kRowsAtOnce) {
            const std::size_t count = std::min<std::size_t>(kRowsAtOnce, numbers.size() - from);
            event::EventBatch batch;
            std::vector<event::EventId> ids;
            GAC_CHECK(unit->materialize(std::span(numbers).subspan(from, count), batch, ids));
            batch.set_ids(std::move(ids));
            GAC_TRY(more, use(batch));
            if (!more) {
                return {};
            }
        }
    }
    return {};
}

Store::Impl::~Impl() {
    upkeep_.reset();
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    seal_work_.notify_all();
    sealed_.notify_all();
    if (sealer_.joinable()) {
        sealer_.join();
    }
    log_.reset();  // writes and syncs what is queued
    if (catalog_) {
        segments_.reset();
        if (const auto swept = catalog_->sweep(); !swept) {
            base::log_warn("store", "files that are no longer needed stay: {}",
                           swept.error().message());
        }
    }
}

event::EventId Store::Impl::reserve(std::uint32_t n) {
    const std::lock_guard lock(ids_mutex_);
    const event::EventId first = id_next_;
    id_next_ += n;
    if (id_next_ > id_mark_ && id_next_ >= id_retry_) {
        save_id_mark();
    }
    return first;
}

// When this fails (full disk) ids are given all the same: after a restart they go on behind the
// newest event that is kept, so only an id whose event was lost could be given again.
void Store::Impl::save_id_mark() {
    const event::EventId mark = id_next_ + kIdsAtOnce;
    if (const auto saved =
            write_file(*settings_.disk, settings_.folder / "ids", fmt::format("{}\n", mark));
        saved) {
        id_mark_ = mark;
    } else {
        id_retry_ = id_next_ + kIdsRetry;
    }
}

void Store::Impl::rotate() {
    if (!active_.chunks.empty()) {
        waiting_.push_back(std::move(active_));
        active_ = {};
        next_begins_file_ = true;
    }
}

bool Store::Impl::active_full() const {
    return active_.bytes >= settings_.memory_bytes_max || active_.rows >= settings_.memory_rows_max
           || active_.chunks.size() >= kChunksMax;
}

Health Store::Impl::health() const {
    Health health = log_->health();
    const std::lock_guard lock(mutex_);
    if (health.writable && seal_fault_ && active_full() && waiting_.size() >= kWaitingTablesMax) {
        health = {.writable = false,
                  .reason = "segments cannot be written: " + seal_fault_->message(),
                  .since = seal_fault_since_};
    }
    return health;
}

Result<Position> Store::Impl::append(const event::EventBatch& batch) {
    GAC_TRY(chunk, Chunk::encode(batch, names_));
    std::unique_lock lock(mutex_);
    if (active_full() && waiting_.size() >= kWaitingTablesMax) {
        // The sealer is behind: the sender waits, which slows it down.
        const auto may_go_on = [&] {
            return stop_ || seal_fault_ || !active_full() || waiting_.size() < kWaitingTablesMax;
        };
        if (settings_.append_wait_max.us == 0) {
            sealed_.wait(lock, may_go_on);
        }
        // In slices: while the whole process is stopped or hardly gets a processor the sealer does
        // not run either, and that time must not count against it.
        const std::chrono::microseconds slice = kWaitSlice;
        for (std::chrono::microseconds left(settings_.append_wait_max.us);
             left.count() > 0 && !may_go_on(); left -= slice) {
            sealed_.wait_for(lock, std::min(left, slice), may_go_on);
        }
        if (active_full() && waiting_.size() >= kWaitingTablesMax) {
            if (seal_fault_) {
                return fail(
                    seal_fault_->code == Code::StorageFull ? Code::StorageFull : Code::Unavailable,
                    "segments cannot be written: " + seal_fault_->message());
            }
            return fail(Code::Unavailable, "events come faster than segments can be written");
        }
    }
    if (active_full()) {
        rotate();
        seal_work_.notify_one();
    }
    GAC_TRY(position, log_->enqueue(chunk, next_begins_file_));
    next_begins_file_ = false;
    appended_.fetch_add(chunk->rows(), std::memory_order_relaxed);
    active_.add(std::move(chunk));
    return position;
}

void Store::Impl::drop_lost(std::uint64_t first) {
    const std::lock_guard lock(mutex_);
    active_.drop_from(first);
    for (auto table = waiting_.rbegin(); table != waiting_.rend(); ++table) {
        table->drop_from(first);
    }
    std::erase_if(waiting_, [](const MemoryTable& table) { return table.chunks.empty(); });
    next_begins_file_ = next_begins_file_ || active_.chunks.empty();
    sealed_.notify_all();
}

Result<> Store::Impl::seal_table(const std::vector<std::shared_ptr<Chunk>>& chunks) {
    const SegmentOptions options{.limits = {.rows_max = settings_.block_rows_max},
                                 .compression_level = settings_.compression_level};
    GAC_TRY(path, write_segment(segment_folder(settings_.folder), chunks, names_, options,
                                *settings_.disk));
    GAC_TRY(segment, Segment::open(path, names_));
    const std::uint64_t sequence = chunks.back()->sequence();
    GAC_CHECK(
        catalog_->apply({.add = {std::move(segment)}, .remove = {}, .sealed_through = sequence},
                        [this, sequence](std::shared_ptr<const Segments> segments) {
                            // Searches see the rows in memory or in the segment, never in
                            // both.
                            const std::lock_guard lock(mutex_);
                            segments_ = std::move(segments);
                            waiting_.pop_front();
                            seal_fault_.reset();
                            sealed_through_ = sequence;
                        }));
    // There is room now: who waits for it need not wait for the log as well.
    sealed_.notify_all();
    log_->let_go(sequence);
    return {};
}

void Store::Impl::run_sealer() {
    std::unique_lock lock(mutex_);
    for (;;) {
        // What is not durable yet may still be refused, and must not come into a segment.
        seal_work_.wait(lock, [&] {
            return stop_
                   || (!waiting_.empty() && log_->settled() >= waiting_.front().sequence_last());
        });
        if (stop_) {
            return;
        }
        const auto chunks = waiting_.front().chunks;
        lock.unlock();
        const auto sealed = seal_table(chunks);
        lock.lock();
        if (!sealed) {
            if (!seal_fault_ || seal_fault_->text != sealed.error().text) {
                base::log_error(
                    "store",
                    "a segment cannot be written, its rows stay in the log and in memory: {}",
                    sealed.error().message());
            }
            if (!seal_fault_) {
                seal_fault_since_ = base::SystemClock().now();
            }
            seal_fault_ = sealed.error();
            sealed_.notify_all();
            seal_work_.wait_for(lock, kSealRetry, [&] { return stop_; });
        }
    }
}

Result<> Store::Impl::seal() {
    std::unique_lock lock(mutex_);
    rotate();
    std::uint64_t last = sealed_through_;
    if (!waiting_.empty()) {
        last = waiting_.back().sequence_last();
        seal_fault_.reset();
        seal_work_.notify_one();
        sealed_.wait(lock, [&] {
            return stop_ || seal_fault_ || waiting_.empty()
                   || waiting_.front().chunks.front()->sequence() > last;
        });
        if (seal_fault_) {
            return std::unexpected(*seal_fault_);
        }
    }
    lock.unlock();
    log_->forget_sealed(last);
    return {};
}

query::History Store::Impl::history() const {
    const std::lock_guard lock(mutex_);
    query::History history;
    std::size_t count = active_.chunks.size();
    for (const MemoryTable& table : waiting_) {
        count += table.chunks.size();
    }
    history.chunks.reserve(count);
    for (const MemoryTable& table : waiting_) {
        history.chunks.insert(history.chunks.end(), table.chunks.begin(), table.chunks.end());
    }
    history.chunks.insert(history.chunks.end(), active_.chunks.begin(), active_.chunks.end());
    history.segments = segments_;
    return history;
}

void Store::Impl::note_damage(const Error& error) const {
    const std::lock_guard lock(mutex_);
    for (const Damage& known : damages_) {
        if (known.file == error.where && known.what == error.text) {
            return;
        }
    }
    base::log_error("store", "{}", error.message());
    damages_.push_back({.file = error.where, .what = error.text});
    if (damages_.size() > kDamagesMax) {
        damages_.pop_front();
    }
}

Stats Store::Impl::stats() const {
    Stats out;
    out.wal_bytes = log_->bytes();
    out.syncs = log_->syncs();
    const query::History seen = history();
    const auto widen = [&out](base::TimePoint min, base::TimePoint max) {
        out.oldest = out.events == 0 ? min : std::min(out.oldest, min);
        out.newest = out.events == 0 ? max : std::max(out.newest, max);
    };
    for (const auto& chunk : seen.chunks) {
        widen(chunk->time_min(), chunk->time_max());
        out.events += chunk->rows();
        out.events_in_memory += chunk->rows();
        out.memory_bytes += chunk->memory_bytes();
    }
    for (const auto& segment : *seen.segments) {
        widen(segment->summary().time_min, segment->summary().time_max);
        out.events += segment->summary().rows;
        out.segment_bytes += segment->file_bytes();
        ++out.segments;
        if (segment->summary().order == kOrderTime) {
            ++out.fresh_segments;
            out.fresh_events += segment->summary().rows;
        }
    }
    const UpkeepStats upkeep = upkeep_->stats();
    out.waiting_files = catalog_->waiting_files();
    out.merges = upkeep.merges;
    out.merged_events = upkeep.merged_events;
    out.merge_failures = upkeep.merge_failures;
    out.removed_events = upkeep.removed_events;
    out.upkeep_fault = upkeep.fault;
    {
        const std::lock_guard lock(ids_mutex_);
        out.next_id = id_next_;
    }
    const std::lock_guard lock(mutex_);
    out.recovered_events = recovered_events_;
    out.damages.assign(damages_.begin(), damages_.end());
    return out;
}

Result<std::unique_ptr<Store>> Store::open(const Settings& settings,
                                           std::shared_ptr<const event::ProfileSet> profiles,
                                           std::shared_ptr<SourceNames> sources) {
    Settings whole = settings;
    if (!whole.disk) {
        whole.disk = std::make_shared<Disk>();
    }
    GAC_CHECK(whole.disk->make_folder(whole.folder));
    GAC_TRY(lock, lock_folder(whole.folder));
    Names names{.profiles = std::move(profiles), .sources = std::move(sources)};
    auto impl = std::make_unique<Impl>(std::move(whole), std::move(names), std::move(lock));
    GAC_CHECK(impl->start());
    return std::unique_ptr<Store>(new Store(std::move(impl)));
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

event::EventId Store::reserve(std::uint32_t n) { return impl_->reserve(n); }
Result<Position> Store::append(const event::EventBatch& batch) { return impl_->append(batch); }
void Store::when_durable(Position position, std::move_only_function<void(Result<>)> done) {
    impl_->log().when_durable(position, std::move(done));
}
Result<> Store::wait_durable(Position position) { return impl_->log().wait_durable(position); }
Health Store::health() const { return impl_->health(); }
Result<> Store::seal() { return impl_->seal(); }
Result<> Store::visit(const Query& query,
                      const std::function<Result<bool>(const event::EventBatch&)>& use) const {
    return impl_->visit(query, use);
}
Result<> Store::merge() { return impl_->upkeep().merge_all(); }
void Store::keep(Keeping keeping) { impl_->upkeep().keep(std::move(keeping)); }
Result<std::vector<Removal>> Store::retain(base::TimePoint now) {
    return impl_->upkeep().retain(now);
}
Result<Removal> Store::preview_removal(const Query& query) const {
    return impl_->upkeep().preview(query, impl_->history());
}
Result<Removal> Store::remove(const Query& query) { return impl_->upkeep().remove(query); }
Stats Store::stats() const { return impl_->stats(); }
unsigned Store::search_threads() const { return impl_->pool().threads(); }
SourceNames& Store::sources() const { return *impl_->names().sources; }

Result<Answer> Store::search(const Query& query, const Budget& budget) const {
    const query::History history = impl_->history();
    return query::run_search(impl_->context(history), query, budget);
}

Result<> Store::fetch(std::span<const event::EventId> ids, event::EventBatch& out) const {
    const query::History history = impl_->history();
    return query::run_fetch(impl_->context(history), ids, out);
}

Result<Histogram> Store::histogram(const Query& query, const HistogramSpec& spec,
                                   const Budget& budget) const {
    const query::History history = impl_->history();
    return query::run_histogram(impl_->context(history), query, spec, budget);
}

Result<std::vector<TopValues>> Store::top_values(const Query& query,
                                                 std::span<const std::string> fields,
                                                 std::uint32_t values_max,
                                                 const Budget& budget) const {
    const query::History history = impl_->history();
    return query::run_top_values(impl_->context(history), query, fields, values_max, budget);
}

Result<std::vector<TopValues>> Store::field_summary(const Query& query, std::uint32_t events_max,
                                                    std::uint32_t values_max,
                                                    const Budget& budget) const {
    const query::History history = impl_->history();
    return query::run_field_summary(impl_->context(history), query, events_max, values_max, budget);
}

Result<HuntAnswer> Store::hunt(const Hunter& hunter, const HuntQuestion& question,
                               const Budget& budget) const {
    const query::History history = impl_->history();
    return query::run_hunt(impl_->context(history), hunter, question, budget);
}

Result<SweepAnswer> Store::sweep(Sweeper& sweeper, const SweepQuestion& question,
                                 const Budget& budget) const {
    const query::History history = impl_->history();
    return query::run_sweep(impl_->context(history), sweeper, question, budget);
}

}  // namespace gac::store
