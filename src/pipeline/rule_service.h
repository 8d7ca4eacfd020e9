// The rules in force: read from files, compiled aside, and put in place of the old ones between two
// batches, so that no event goes unjudged. A reload that fails leaves the old rules working. Any
// thread; reload() takes as long as compiling takes.
#pragma once

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/snapshot.h"
#include "base/time.h"
#include "detect/rule_set.h"
#include "event/profile.h"
#include "response/rules_book.h"

namespace gac::pipeline {

// One loading, as people see it.
struct RuleLoading {
    std::vector<detect::RuleText> texts;
    std::vector<detect::RuleFault> faults;
    base::TimePoint at;
    base::Duration took;
};

class RuleService {
public:
    RuleService(std::vector<std::filesystem::path> paths,
                std::shared_ptr<const event::ProfileSet> profiles, response::RulesBook& book,
                const base::Clock& clock);

    Result<> reload();
    // Takes up which rules people have switched off; no compiling.
    Result<> refresh_disabled();
    // Reloads when a file of the paths is new, gone or changed since the last loading; cheap
    // otherwise.
    void reload_if_changed();

    base::Snapshot<detect::RuleSet>& active() { return active_; }
    std::shared_ptr<const std::set<std::string>> disabled() const { return disabled_.get(); }
    std::shared_ptr<const RuleLoading> loading() const { return loading_.get(); }

private:
    std::string fingerprint() const;

    std::vector<std::filesystem::path> paths_;
    std::shared_ptr<const event::ProfileSet> profiles_;
    response::RulesBook& book_;
    const base::Clock& clock_;
    base::Snapshot<detect::RuleSet> active_;
    base::Snapshot<std::set<std::string>> disabled_;
    base::Snapshot<RuleLoading> loading_;
    base::Guarded<std::string> seen_;  // fingerprint of the files last looked at
};

}  // namespace gac::pipeline
