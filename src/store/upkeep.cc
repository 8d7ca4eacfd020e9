#include "store/upkeep.h"

#include <openssl/evp.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/log.h"
#include "store/query/plan.h"
#include "store/query/run.h"
#include "store/recovery.h"

namespace gac::store {

namespace {

constexpr auto kTick = std::chrono::seconds(1);
constexpr std::int64_t kRetryUs = 60'000'000;  // after a merge that failed
constexpr int kNice = 15;
constexpr int kMergesMax = 10'000;  // by one merge_all
constexpr int kSweepTries = 50;     // 100 ms each, for questions that still read removed files
constexpr std::size_t kBacklogFresh = 64;  // fresh segments from which on merging goes on anyway

void lower_priority() {
    // Best effort: without it merging is only less polite.
    const auto thread = static_cast<id_t>(::syscall(SYS_gettid));
    static_cast<void>(::setpriority(PRIO_PROCESS, thread, kNice));
    constexpr long kBestEffortLowest = 2L << 13 | 7;
    static_cast<void>(::syscall(SYS_ioprio_set, 1, thread, kBestEffortLowest));
}

// Runs `work` where it takes little from the others. On a thread of its own, for a thread that has
// lowered its priority may not raise it again.
template <class Work>
auto at_low_priority(Work work) -> decltype(work()) {
    std::optional<decltype(work())> done;
    std::thread([&] {
        lower_priority();
        done.emplace(work());
    }).join();
    return *std::move(done);
}

query::UnitPlace place_of(const std::shared_ptr<const Segment>& segment, std::uint32_t block) {
    const BlockEntry& entry = segment->blocks()[block];
    query::UnitPlace place;
    place.time_min = entry.time_min;
    place.time_max = entry.time_max;
    place.id_min = entry.id_min;
    place.id_max = entry.id_max;
    place.rows = entry.rows;
    place.segment = segment;
    place.block = block;
    return place;
}

bool overlaps(const TimeRange& range, const query::UnitPlace& place) {
    return place.time_max >= range.from && place.time_min < range.to;
}

Result<RowSet> rows_of(const Query& query, query::PlanNode& plan, query::Unit& unit,
                       const query::UnitPlace& place) {
    return overlaps(query.range, place) ? query::matching_rows(unit, place, query.range, plan)
                                        : Result<RowSet>(RowSet(unit.rows()));
}

struct Plans {
    static Result<Plans> make(const std::vector<Query>& queries,
                              const event::ProfileSet& profiles) {
        Plans made;
        for (const Query& query : queries) {
            GAC_TRY(plan, query::make_plan(query, profiles));
            made.plans.emplace_back(&query, std::move(plan));
        }
        return made;
    }
    // Rows that any of them holds.
    Result<RowSet> rows(query::Unit& unit, const query::UnitPlace& place) {
        RowSet all(unit.rows());
        for (auto& [query, plan] : plans) {
            GAC_TRY(rows, rows_of(*query, plan, unit, place));
            all |= rows;
        }
        return all;
    }
    std::vector<std::pair<const Query*, query::PlanNode>> plans;
};

// Every row of the file, from what its footer says.
std::vector<RowSet> all_rows(const Segment& segment, Removal& removal) {
    std::vector<RowSet> rows;
    for (const BlockEntry& block : segment.blocks()) {
        rows.emplace_back(block.rows, true);
    }
    const SegmentSummary& summary = segment.summary();
    const bool first = removal.events == 0;
    removal.oldest = first ? summary.time_min : std::min(removal.oldest, summary.time_min);
    removal.newest = first ? summary.time_max : std::max(removal.newest, summary.time_max);
    removal.events += summary.rows;
    return rows;
}

}  // namespace

bool is_filter_alone(const Query& query) { return query.tree && !query.tree->has_pipes(); }

std::string_view name_of(RemovalReason reason) {
    switch (reason) {
        case RemovalReason::Age:
            return "age";
        case RemovalReason::Size:
            return "size";
        case RemovalReason::DiskFull:
            return "disk_full";
        case RemovalReason::Query:
            return "query";
    }
    return "";
}

// A token bucket that also waits while the store is busy, and fails when it is to stop or to make
// way.
class Upkeep::Throttle final : public Pace {
public:
    Throttle(Upkeep& upkeep, bool polite) : upkeep_(upkeep), polite_(polite) {}

    Result<> step(std::uint64_t bytes) override {
        if (upkeep_.stopping()) {
            return fail(Code::Unavailable, "the store is being closed");
        }
        if (!polite_) {
            return {};
        }
        GAC_CHECK(make_way());
        const std::int64_t now = base::monotonic_us();
        const std::uint64_t limit = upkeep_.parts_.merging.bytes_per_second;
        if (limit > 0) {
            free_at_us_ =
                std::max(free_at_us_, now) + static_cast<std::int64_t>(bytes * 1'000'000 / limit);
        }
        std::int64_t wait = std::max<std::int64_t>(0, free_at_us_ - now);
        if (busy(now)) {
            wait = std::max(wait, 3 * (now - last_us_));  // a quarter of the time
        }
        constexpr std::int64_t kWaitMax = 2'000'000;
        wait = std::min(wait, kWaitMax);
        if (wait > 1000) {
            std::unique_lock lock(upkeep_.mutex_);
            upkeep_.wake_.wait_for(lock, std::chrono::microseconds(wait),
                                   [&] { return upkeep_.stopping() || upkeep_.callers_ > 0; });
        }
        last_us_ = base::monotonic_us();
        return make_way();
    }

    template <class Work>
    auto run(Work work) -> decltype(work()) {
        return polite_ ? at_low_priority(std::move(work)) : work();
    }
    bool made_way() const { return made_way_; }

private:
    Result<> make_way() {
        if (upkeep_.callers_ > 0) {
            made_way_ = true;
            return fail(Code::Unavailable, "somebody waits for other work on the segments");
        }
        return {};
    }
    bool busy(std::int64_t now) {
        if (now - counted_at_us_ >= 500'000) {
            const std::uint64_t events = upkeep_.parts_.appended();
            const double seconds = static_cast<double>(now - counted_at_us_) / 1e6;
            const auto fresh = std::ranges::count_if(
                *upkeep_.parts_.catalog.segments(),
                [](const auto& segment) { return segment->summary().order == kOrderTime; });
            busy_ = counted_at_us_ != 0
                    && static_cast<double>(events - counted_) / seconds
                           > static_cast<double>(upkeep_.parts_.merging.busy_events_per_second)
                    && static_cast<std::size_t>(fresh) < kBacklogFresh;
            counted_ = events;
            counted_at_us_ = now;
        }
        return busy_;
    }

    Upkeep& upkeep_;
    bool polite_;
    bool made_way_ = false;
    bool busy_ = false;
    std::int64_t free_at_us_ = 0;
    std::int64_t last_us_ = base::monotonic_us();
    std::int64_t counted_at_us_ = 0;
    std::uint64_t counted_ = 0;
};

// Held by a caller who merges or removes. Whatever the background does makes way for him: at its
// pace he could wait for many minutes.
class Upkeep::Turn {
public:
    explicit Turn(Upkeep& upkeep) : lock_(upkeep.work_, std::defer_lock) {
        {
            const std::lock_guard lock(upkeep.mutex_);
            ++upkeep.callers_;
        }
        upkeep.wake_.notify_all();
        lock_.lock();
        --upkeep.callers_;
    }

private:
    std::unique_lock<std::mutex> lock_;
};

// The fingerprint of removed events.
struct Upkeep::Gone {
    std::array<unsigned char, 32> sum{};

    void add(const event::EventRef& event) {
        const std::string_view raw = event.head().raw;
        const event::EventId id = event.id();
        std::array<unsigned char, 32> hash{};
        const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                         &EVP_MD_CTX_free);
        unsigned char bytes[8];
        for (int i = 0; i < 8; ++i) {
            bytes[i] = static_cast<unsigned char>(id >> (8 * i));
        }
        GAC_ASSERT(context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1
                   && EVP_DigestUpdate(context.get(), bytes, sizeof bytes) == 1
                   && EVP_DigestUpdate(context.get(), raw.data(), raw.size()) == 1
                   && EVP_DigestFinal_ex(context.get(), hash.data(), nullptr) == 1);
        unsigned carry = 0;
        for (std::size_t i = sum.size(); i-- > 0;) {
            carry += static_cast<unsigned>(sum[i]) + hash[i];
            sum[i] = static_cast<unsigned char>(carry);
            carry >>= 8;
        }
    }
    std::string text() const {
        std::string out;
        for (const unsigned char byte : sum) {
            out += fmt::format("{:02x}", byte);
        }
        return out;
    }
};

Upkeep::Upkeep(UpkeepParts parts)
    : parts_(std::move(parts)),
      rules_{.fresh_files = parts_.merging.fresh_files,
             .own_rows = parts_.merging.own_file_rows,
             .day_rows = std::min<std::uint64_t>(250'000, parts_.merging.own_file_rows),
             .day_offset = parts_.merging.day_offset},
      shape_{.limits = {.rows_max = parts_.merging.block_rows_max},
             .compression_level = parts_.merging.compression_level} {
    thread_ = std::thread([this] { run(); });
}

Upkeep::~Upkeep() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    wake_.notify_all();
    thread_.join();
}

void Upkeep::keep(Keeping keeping) {
    {
        const std::lock_guard lock(mutex_);
        keeping_ = std::move(keeping);
        look_now_ = true;
    }
    wake_.notify_all();
}

UpkeepStats Upkeep::stats() const {
    const std::lock_guard lock(mutex_);
    return stats_;
}

RewriteParts Upkeep::rewrite_parts(Pace& pace) const {
    return {.folder = segment_folder(parts_.folder),
            .names = parts_.names,
            .disk = *parts_.disk,
            .pace = pace,
            .next_name = [this] { return merged_name(parts_.catalog.take_number()); }};
}

void Upkeep::run() {
    std::unique_lock lock(mutex_);
    while (!stopping()) {
        wake_.wait_for(lock, kTick, [&] { return stopping() || look_now_; });
        if (look_now_) {
            look_now_ = false;
            next_retention_us_ = 0;
        }
        lock.unlock();
        if (!stopping()) {
            tick();
        }
        lock.lock();
    }
}

void Upkeep::tick() {
    const std::unique_lock work(work_, std::try_to_lock);
    if (!work) {
        return;
    }
    Throttle pace(*this, true);
    Keeping keeping;
    {
        const std::lock_guard lock(mutex_);
        keeping = keeping_;
    }
    const base::TimePoint now = base::SystemClock().now();
    const std::int64_t clock = base::monotonic_us();
    const auto note = [&](const Error& error) {
        const std::lock_guard lock(mutex_);
        if (!stopping() && stats_.fault != error.message()) {
            base::log_warn("store", "upkeep of segments failed and is tried again: {}",
                           error.message());
            stats_.fault = error.message();
        }
    };
    if (const auto swept = parts_.catalog.sweep(); !swept) {
        note(swept.error());
    }
    if (keeping.every.us > 0
        && (clock >= next_retention_us_ || (keeping.oldest_first && short_of_space()))) {
        next_retention_us_ = clock + keeping.every.us;
        auto removed = retain_paced(keeping, now, pace);
        if (pace.made_way()) {
            next_retention_us_ = 0;
            return;
        }
        if (!removed) {
            note(removed.error());
        }
    }
    if (parts_.merging.on && clock >= next_merge_us_) {
        auto merged = merge_once(pace, false, now);
        const std::lock_guard lock(mutex_);
        if (merged) {
            stats_.fault.clear();
        } else if (!stopping() && !pace.made_way()) {
            next_merge_us_ = clock + kRetryUs;
            ++stats_.merge_failures;
            stats_.fault = merged.error().message();
            base::log_warn("store", "segments were not merged: {}", merged.error().message());
        }
    }
}

bool Upkeep::short_of_space() const {
    const auto free = parts_.disk->free_bytes(parts_.folder);
    return free && *free < 2 * parts_.disk_reserve_bytes;
}

Result<bool> Upkeep::merge_once(Throttle& pace, bool all, base::TimePoint now) {
    const auto segments = parts_.catalog.segments();
    std::vector<MergeInput> inputs;
    for (const auto& segment : *segments) {
        inputs.push_back(merge_input(*segment, rules_));
    }
    Segments chosen;
    std::uint64_t bytes = 0;
    for (const std::size_t i : pick_merge(inputs, rules_, now, all)) {
        chosen.push_back((*segments)[i]);
        bytes += (*segments)[i]->file_bytes();
    }
    if (chosen.empty()) {
        return false;
    }
    // Output and sorted runs lie beside the inputs for a while.
    const auto free = parts_.disk->free_bytes(parts_.folder);
    if (free && *free < 2 * parts_.disk_reserve_bytes + 3 * bytes) {
        return fail(Code::StorageFull, fmt::format("{} MiB free are too few for merging {} MiB",
                                                   *free >> 20, bytes >> 20));
    }
    auto made =
        pace.run([&] { return merge_segments(rewrite_parts(pace), chosen, rules_, shape_); });
    if (!made) {
        if (made.error().code == Code::Corrupt) {
            parts_.on_damage(made.error());
        }
        return std::unexpected(std::move(made).error());
    }
    std::uint64_t events = 0;
    for (const auto& segment : *made) {
        events += segment->summary().rows;
    }
    GAC_CHECK(
        parts_.catalog.apply({.add = *made, .remove = chosen, .sealed_through = 0}, parts_.show));
    {
        const std::lock_guard lock(mutex_);
        ++stats_.merges;
        stats_.merged_events += events;
    }
    chosen.clear();
    GAC_CHECK(parts_.catalog.sweep());
    return true;
}

Result<> Upkeep::merge_all() {
    const Turn turn(*this);
    Throttle pace(*this, false);
    for (int i = 0; i < kMergesMax; ++i) {
        GAC_TRY(more, merge_once(pace, true, base::SystemClock().now()));
        if (!more) {
            GAC_CHECK(parts_.catalog.sweep());
            return {};
        }
    }
    return fail(Code::Internal, "merging does not come to an end");
}

Result<std::vector<RowSet>> Upkeep::rows_to_go(
    const std::shared_ptr<const Segment>& segment,
    const std::function<Result<RowSet>(query::Unit&, const query::UnitPlace&)>& wanted,
    const std::vector<Query>& held, Removal& removal) const {
    GAC_TRY(holds, Plans::make(held, *parts_.names.profiles));
    std::vector<RowSet> gone;
    for (std::uint32_t block = 0; block < segment->blocks().size(); ++block) {
        const query::UnitPlace place = place_of(segment, block);
        GAC_TRY(unit, query::open_unit(place, parts_.names));
        GAC_TRY(rows, wanted(*unit, place));
        if (!rows.empty() && !held.empty()) {
            GAC_TRY(kept, holds.rows(*unit, place));
            const std::uint32_t before = rows.count();
            rows -= kept;
            removal.held_events += before - rows.count();
        }
        if (!rows.empty()) {
            GAC_TRY(times, unit->times());
            rows.for_each([&](std::uint32_t row) {
                const base::TimePoint time{times[row]};
                const bool first = removal.events++ == 0;
                removal.oldest = first ? time : std::min(removal.oldest, time);
                removal.newest = first ? time : std::max(removal.newest, time);
            });
        }
        gone.push_back(std::move(rows));
    }
    return gone;
}

Result<> Upkeep::take_away(const std::shared_ptr<const Segment>& segment,
                           const std::vector<RowSet>& gone, Throttle& pace, Removal& removal,
                           Gone* fingerprint) {
    if (std::ranges::all_of(gone, [](const RowSet& rows) { return rows.empty(); })) {
        return {};
    }
    std::uint64_t count = 0;
    for (const RowSet& rows : gone) {
        count += rows.count();
    }
    Segments left;
    // A file that goes whole needs no reading, unless its events are to be hashed.
    if (fingerprint != nullptr || count < segment->summary().rows) {
        auto rewrite = [&] {
            return rewrite_without(rewrite_parts(pace), segment, gone, shape_,
                                   [&](const event::EventRef& event) {
                                       if (fingerprint != nullptr) {
                                           fingerprint->add(event);
                                       }
                                   });
        };
        GAC_TRY(made, pace.run(rewrite));
        if (made) {
            left.push_back(std::move(made));
        }
    }
    std::uint64_t bytes_left = 0;
    for (const auto& made : left) {
        bytes_left += made->file_bytes();
    }
    removal.bytes_freed += segment->file_bytes() - std::min(bytes_left, segment->file_bytes());
    ++(left.empty() ? removal.files_removed : removal.files_rewritten);
    GAC_CHECK(
        parts_.catalog.apply({.add = left, .remove = {segment}, .sealed_through = 0}, parts_.show));
    const std::lock_guard lock(mutex_);
    stats_.removed_events += count;
    return {};
}

Result<> Upkeep::retain_by_age(const Keeping& keeping, base::TimePoint now, Throttle& pace,
                               Removal& removal) {
    const auto age_of = [&](const std::string& source) {
        const auto own = keeping.age_by_source.find(source);
        return own == keeping.age_by_source.end() ? keeping.age_max : own->second;
    };
    const auto listed = parts_.catalog.segments();
    for (const auto& segment : *listed) {
        // A source's events go when all of the file is older than it keeps them: so a file is
        // written again once for each age, not every day.
        std::vector<bool> past;
        bool any = false;
        bool all = true;
        for (const std::string& source : segment->source_names()) {
            const base::Duration age = age_of(source);
            past.push_back(age.us > 0 && segment->summary().time_max < now - age);
            any = any || past.back();
            all = all && past.back();
        }
        if (!any) {
            continue;
        }
        std::vector<RowSet> gone;
        if (all && keeping.held.empty()) {
            gone = all_rows(*segment, removal);
        } else {
            GAC_TRY(fd, segment->open_data());
            GAC_TRY(rows,
                    rows_to_go(
                        segment,
                        [&](query::Unit& unit, const query::UnitPlace& place) -> Result<RowSet> {
                            BlockReader reader(segment, fd, place.block);
                            GAC_TRY(sources, reader.numbers(System::Source));
                            RowSet of_past(unit.rows());
                            for (std::uint32_t row = 0; row < unit.rows(); ++row) {
                                const auto source = static_cast<std::size_t>(sources[row]);
                                if (source < past.size() && past[source]) {
                                    of_past.set(row);
                                }
                            }
                            return of_past;
                        },
                        keeping.held, removal));
            gone = std::move(rows);
        }
        GAC_CHECK(take_away(segment, gone, pace, removal, nullptr));
        GAC_CHECK(pace.step(0));
    }
    return {};
}

Result<> Upkeep::retain_oldest(const Keeping& keeping, Throttle& pace, Removal& removal,
                               const std::function<Result<bool>()>& enough) {
    Segments oldest(*parts_.catalog.segments());
    std::ranges::sort(oldest, {}, [](const auto& segment) { return segment->summary().time_max; });
    for (auto& segment : oldest) {
        GAC_TRY(done, enough());
        if (done) {
            break;
        }
        auto gone = keeping.held.empty()
                        ? Result<std::vector<RowSet>>(all_rows(*segment, removal))
                        : rows_to_go(
                              segment,
                              [](query::Unit& unit, const query::UnitPlace&) -> Result<RowSet> {
                                  return RowSet(unit.rows(), true);
                              },
                              keeping.held, removal);
        if (!gone) {
            return std::unexpected(std::move(gone).error());
        }
        GAC_CHECK(take_away(segment, *gone, pace, removal, nullptr));
        segment.reset();
        GAC_CHECK(parts_.catalog.sweep());
        GAC_CHECK(pace.step(0));
    }
    return {};
}

Result<std::vector<Removal>> Upkeep::retain_paced(const Keeping& keeping, base::TimePoint now,
                                                  Throttle& pace) {
    std::vector<Removal> removed;
    const auto pass = [&](RemovalReason reason, auto&& work) -> Result<> {
        Removal removal;
        removal.reason = reason;
        const Result<> done = work(removal);
        if (removal.files_removed + removal.files_rewritten > 0) {
            base::log_info("store",
                           "{} events were removed by retention ({}): {} files deleted, "
                           "{} written again, {} events are held",
                           removal.events, name_of(reason), removal.files_removed,
                           removal.files_rewritten, removal.held_events);
            if (parts_.on_removed) {
                parts_.on_removed(removal);
            }
            removed.push_back(removal);
        }
        return done;
    };
    const bool by_age = keeping.age_max.us > 0 || !keeping.age_by_source.empty();
    if (by_age) {
        GAC_CHECK(pass(RemovalReason::Age, [&](Removal& removal) {
            return retain_by_age(keeping, now, pace, removal);
        }));
    }
    if (keeping.bytes_max > 0) {
        GAC_CHECK(pass(RemovalReason::Size, [&](Removal& removal) {
            return retain_oldest(keeping, pace, removal, [&]() -> Result<bool> {
                std::uint64_t bytes = parts_.log_bytes();
                const auto listed = parts_.catalog.segments();
                for (const auto& segment : *listed) {
                    bytes += segment->file_bytes();
                }
                return bytes <= keeping.bytes_max;
            });
        }));
    }
    if (keeping.oldest_first && short_of_space()) {
        GAC_CHECK(pass(RemovalReason::DiskFull, [&](Removal& removal) {
            return retain_oldest(keeping, pace, removal,
                                 [&]() -> Result<bool> { return !short_of_space(); });
        }));
    }
    GAC_CHECK(parts_.catalog.sweep());
    return removed;
}

Result<std::vector<Removal>> Upkeep::retain(base::TimePoint now) {
    const Turn turn(*this);
    Throttle pace(*this, false);
    Keeping keeping;
    {
        const std::lock_guard lock(mutex_);
        keeping = keeping_;
    }
    return retain_paced(keeping, now, pace);
}

Result<Removal> Upkeep::preview(const Query& query, const query::History& history) const {
    if (!is_filter_alone(query)) {
        return fail(Code::InvalidArgument, "what is deleted is told by a filter, without pipes",
                    "query");
    }
    std::vector<Query> held;
    {
        const std::lock_guard lock(mutex_);
        held = keeping_.held;
    }
    Removal removal;
    removal.reason = RemovalReason::Query;
    GAC_TRY(plan, query::make_plan(query, *parts_.names.profiles));
    GAC_TRY(holds, Plans::make(held, *parts_.names.profiles));
    for (const query::UnitPlace& place : query::units_of(history, query.range)) {
        GAC_TRY(unit, query::open_unit(place, parts_.names));
        GAC_TRY(rows, rows_of(query, plan, *unit, place));
        if (rows.empty()) {
            continue;
        }
        GAC_TRY(kept, holds.rows(*unit, place));
        const std::uint32_t before = rows.count();
        rows -= kept;
        removal.held_events += before - rows.count();
        GAC_TRY(times, unit->times());
        rows.for_each([&](std::uint32_t row) {
            const base::TimePoint time{times[row]};
            const bool first = removal.events++ == 0;
            removal.oldest = first ? time : std::min(removal.oldest, time);
            removal.newest = first ? time : std::max(removal.newest, time);
        });
    }
    return removal;
}

Result<Removal> Upkeep::remove(const Query& query) {
    if (!is_filter_alone(query)) {
        return fail(Code::InvalidArgument, "what is deleted is told by a filter, without pipes",
                    "query");
    }
    const Turn turn(*this);
    GAC_CHECK(parts_.seal());  // nothing of it stays in memory or in the log
    GAC_CHECK(parts_.disk->sync_folder(log_folder(parts_.folder)));
    std::vector<Query> held;
    {
        const std::lock_guard lock(mutex_);
        held = keeping_.held;
    }
    Throttle pace(*this, false);
    Removal removal;
    removal.reason = RemovalReason::Query;
    Gone fingerprint;
    GAC_TRY(plan, query::make_plan(query, *parts_.names.profiles));
    Segments segments(*parts_.catalog.segments());
    for (auto& segment : segments) {
        const SegmentSummary& summary = segment->summary();
        if (summary.time_max < query.range.from || summary.time_min >= query.range.to) {
            continue;
        }
        GAC_TRY(gone, rows_to_go(
                          segment,
                          [&](query::Unit& unit, const query::UnitPlace& place) {
                              return rows_of(query, plan, unit, place);
                          },
                          held, removal));
        GAC_CHECK(take_away(segment, gone, pace, removal, &fingerprint));
        segment.reset();
    }
    segments.clear();
    for (int i = 0; i < kSweepTries; ++i) {
        GAC_TRY(waiting, parts_.catalog.sweep());
        removal.files_waiting = waiting;
        if (waiting == 0) {
            break;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    removal.fingerprint = fingerprint.text();
    return removal;
}

}  // namespace gac::store
