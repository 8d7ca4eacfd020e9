// What is done to segments after they were written: merging, retention, deletion by query. One
// background thread, which steps back while many events come in, and breaks its work off when
// somebody waits for work of his own; deletion runs on its caller's thread. One piece of work at a
// time, whoever asks for it. Files are made at low priority, the list is changed at the usual one:
// the sealer waits for that. Any thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "base/result.h"
#include "store/catalog.h"
#include "store/keeping.h"
#include "store/merge/merge.h"
#include "store/query/unit.h"

namespace gac::store {

struct UpkeepParts {
    std::filesystem::path folder;  // of the store
    const Names& names;
    std::shared_ptr<Disk> disk;
    Catalog& catalog;
    Merging merging;
    std::uint64_t disk_reserve_bytes = 0;
    std::function<void(std::shared_ptr<const Segments>)> show;  // the new list
    std::function<std::uint64_t()> appended;                    // events since the start
    std::function<std::uint64_t()> log_bytes;
    std::function<Result<>()> seal;
    std::function<void(const Error&)> on_damage;
    std::function<void(const Removal&)> on_removed;  // by the background; may be empty
};

struct UpkeepStats {
    std::uint64_t merges = 0, merged_events = 0, merge_failures = 0;
    std::uint64_t removed_events = 0;
    std::string fault;  // of the last merge or retention; empty when it went well
};

class Upkeep {
public:
    explicit Upkeep(UpkeepParts parts);
    ~Upkeep();  // stops at once: what was being made is dropped
    Upkeep(const Upkeep&) = delete;
    Upkeep& operator=(const Upkeep&) = delete;

    void keep(Keeping keeping);  // from now on
    Result<> merge_all();
    // One pass of retention.
    Result<std::vector<Removal>> retain(base::TimePoint now);
    // How many events of `history` match and are held, without touching them.
    Result<Removal> preview(const Query& query, const query::History& history) const;
    Result<Removal> remove(const Query& query);
    UpkeepStats stats() const;

private:
    class Throttle;
    class Turn;
    struct Gone;

    void run();
    void tick();
    Result<bool> merge_once(Throttle& pace, bool all, base::TimePoint now);
    RewriteParts rewrite_parts(Pace& pace) const;
    Result<std::vector<RowSet>> rows_to_go(
        const std::shared_ptr<const Segment>& segment,
        const std::function<Result<RowSet>(query::Unit&, const query::UnitPlace&)>& wanted,
        const std::vector<Query>& held, Removal& removal) const;
    Result<> take_away(const std::shared_ptr<const Segment>& segment,
                       const std::vector<RowSet>& gone, Throttle& pace, Removal& removal,
                       Gone* fingerprint);
    Result<> retain_by_age(const Keeping& keeping, base::TimePoint now, Throttle& pace,
                           Removal& removal);
    Result<> retain_oldest(const Keeping& keeping, Throttle& pace, Removal& removal,
                           const std::function<Result<bool>()>& enough);
    Result<std::vector<Removal>> retain_paced(const Keeping& keeping, base::TimePoint now,
                                              Throttle& pace);
    bool short_of_space() const;
    bool stopping() const { return stop_.load(std::memory_order_relaxed); }

    const UpkeepParts parts_;
    const MergeRules rules_;
    const MergeShape shape_;

    std::mutex work_;               // held by whoever merges or removes
    std::atomic<int> callers_ = 0;  // that wait for it
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    Keeping keeping_;
    bool look_now_ = false;
    UpkeepStats stats_;
    std::atomic<bool> stop_ = false;
    std::int64_t next_retention_us_ = 0;  // of the thread
    std::int64_t next_merge_us_ = 0;
    std::thread thread_;
};

}  // namespace gac::store
