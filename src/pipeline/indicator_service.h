// The indicator lists in force: read from files, built aside, and put in place of the old set
// between two batches. A file that is new, gone or changed is taken up within seconds; while one
// cannot be read, or is no list, the last good set stays. Any thread; start() begins the watch with
// a thread of its own, as reading millions of lines takes its time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "base/snapshot.h"
#include "base/time.h"
#include "detect/indicator_engine.h"
#include "detect/indicators.h"

namespace gac::pipeline {

struct IndicatorPaths {
    std::vector<std::filesystem::path> lists;
    std::vector<std::filesystem::path> allow;  // what stands in these does not hit
    bool empty() const { return lists.empty() && allow.empty(); }
};

struct IndicatorLoading {
    std::shared_ptr<const detect::IndicatorSet> set;
    std::vector<detect::ListFault> faults;  // lines that were left out, the first of each file
    std::vector<Error> failures;            // files that were left out as a whole
    std::size_t refused = 0;                // lines left out, all of them
    base::TimePoint at;
    base::Duration took;
};

// Reads all of them, packed (.gz .xz .zst) or not; a folder at any depth, less hidden and half
// written files and *.md. What cannot be used stands in `failures` and `faults`.
IndicatorLoading load_indicators(const IndicatorPaths& paths,
                                 const detect::IndicatorLimits& limits = {},
                                 detect::IndicatorChoice* choice = nullptr);

class IndicatorService {
public:
    IndicatorService(IndicatorPaths paths, std::shared_ptr<const detect::IndicatorPlan> plan);
    ~IndicatorService();

    // At start: takes what can be used, and logs the rest.
    void load();
    // False when the old set stays because a file is bad.
    bool reload();
    // Looks at the files every second from now on.
    void start();

    std::shared_ptr<const detect::IndicatorSet> active() const { return active_.get(); }
    const std::shared_ptr<const detect::IndicatorPlan>& plan() const { return plan_; }
    std::shared_ptr<const IndicatorLoading> loading() const { return loading_.get(); }
    // Why the files as they are now were not taken up, and the old set stays; empty when it is
    // theirs.
    std::vector<Error> pending_failures() const {
        return pending_.with([](const std::vector<Error>& all) { return all; });
    }
    const IndicatorPaths& paths() const { return paths_; }
    // Tells two states of the files apart: names, sizes and times.
    std::string fingerprint() const;

private:
    void take(IndicatorLoading loading);
    void watch(const std::stop_token& stop);

    const IndicatorPaths paths_;
    const std::shared_ptr<const detect::IndicatorPlan> plan_;
    base::Snapshot<detect::IndicatorSet> active_;
    base::Snapshot<IndicatorLoading> loading_;
    base::Guarded<std::string> taken_;  // fingerprint of the files last read
    base::Guarded<std::vector<Error>> pending_;
    std::jthread watcher_;
};

}  // namespace gac::pipeline
