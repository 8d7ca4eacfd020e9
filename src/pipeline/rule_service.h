// The rules in force: read from files, compiled aside together with the exceptions that people
// made, and put in place of the old ones between two batches, so that no event goes unjudged. A
// reload that fails leaves the old rules working, and a file that is refused in its new version
// (half saved, mistyped) leaves its version before in force. Any thread; reload() takes as long as
// compiling takes, one at a time.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/snapshot.h"
#include "base/time.h"
#include "detect/rule_meter.h"
#include "detect/rule_set.h"
#include "event/profile.h"
#include "pipeline/rule_packs.h"
#include "response/rule_exceptions.h"
#include "response/rules_book.h"

namespace gac::pipeline {

// One loading, as people see it.
struct RuleLoading {
    std::vector<detect::RuleText> texts;  // in force
    std::vector<detect::RuleFault> faults;
    std::set<std::string> kept;  // paths of files whose new version was refused
    std::vector<response::RuleException> exceptions;      // that were in force
    std::map<std::string, std::string> exception_faults;  // by exception id
    base::TimePoint at;
    base::Duration took;
};

// What rules have cost since the server started.
struct RuleCosts {
    std::map<std::string, detect::RuleCost, std::less<>> rules;  // by rule id
    double total_ns = 0;                                         // estimated, of all
    // Of all time spent on evaluating rules; nothing when it was never sampled.
    std::optional<double> share(const detect::RuleCost& cost) const;
};
std::optional<double> ns_per_evaluation(const detect::RuleCost& cost);

struct RuleSources {
    std::vector<std::filesystem::path> paths;
    std::shared_ptr<const event::ProfileSet> profiles;
    detect::Placeholders placeholders;
    std::filesystem::path packs;  // folder of imported packs; empty: none
    std::filesystem::path cache;  // file that keeps what was read of rules; empty: none
};

class RuleService {
public:
    RuleService(RuleSources sources, response::RulesBook& book,
                response::RuleExceptions& exceptions, const base::Clock& clock);

    Result<> reload();
    // Takes up which rules people have switched off; no compiling.
    Result<> refresh_disabled();
    // Reloads when a file of the paths, or what is excepted, is not what it was when last loaded;
    // cheap otherwise.
    void reload_if_changed();

    base::Snapshot<detect::RuleSet>& active() { return active_; }
    const base::Snapshot<detect::RuleSet>& active() const { return active_; }
    const RulePacks& packs() const { return packs_; }
    // Files and folders that rules are read from; of packs the versions in force.
    std::vector<std::filesystem::path> paths() const;
    std::shared_ptr<const std::set<std::string>> disabled() const { return disabled_.get(); }
    std::shared_ptr<const RuleLoading> loading() const { return loading_.get(); }

    // Whether the exception can work: its rule is loaded, and a correlation is excepted by its
    // group alone.
    Result<> check_exception(const response::NewException& wanted) const;
    // Why an exception in force has no effect; empty when it has.
    std::string exception_fault(response::ExceptionId id) const;
    // Takes out of `detections` what is excepted from correlation rules.
    void drop_excepted(std::vector<event::Detection>& detections) const;
    detect::CompileOptions compile_options() const;

    void add_costs(std::span<const detect::MeteredRule> costs);
    std::shared_ptr<const RuleCosts> costs() const;

private:
    std::string fingerprint() const;
    Result<std::shared_ptr<const detect::RuleSet>> compile_all(RuleLoading& loading) const;

    RuleSources sources_;
    RulePacks packs_;
    response::RulesBook& book_;
    response::RuleExceptions& exceptions_;
    const base::Clock& clock_;
    base::Snapshot<detect::RuleSet> active_;
    base::Snapshot<std::set<std::string>> disabled_;
    base::Snapshot<RuleLoading> loading_;
    base::Guarded<std::string> seen_;  // fingerprint of what was last looked at
    base::Guarded<std::map<std::string, detect::RuleCost, std::less<>>> costs_;
    struct Turn {};
    base::Guarded<Turn> turn_;  // of reloading
};

}  // namespace gac::pipeline
