// What the control database knows of rules: which are switched off and why, and how often each has
// hit. The rules themselves are files. Hits are counted by Alerts::raise, each event once, drill
// not counted. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/gate.h"
#include "base/result.h"
#include "base/time.h"
#include "response/changes.h"

namespace gac::access {
class Audit;
}

namespace gac::response {

struct RuleState {
    std::string rule_id;
    bool enabled = true;
    std::string reason;  // of the last switch
    std::string changed_by;
    std::optional<base::TimePoint> changed_at;
    std::uint64_t hits = 0;  // contributing events
    std::uint64_t alerts = 0;
    std::optional<base::TimePoint> last_hit;  // by the events' clock
    std::int64_t version = 0;                 // 0: never switched
};

// How alerts of a rule were judged when they were closed.
struct RuleVerdicts {
    std::int64_t judged = 0;  // as true, false or benign; not the duplicates
    std::int64_t false_alarms = 0;
};

class RulesBook {
public:
    RulesBook(db::Database& database, access::Audit& audit, const base::Clock& clock,
              ChangeFeed& feed)
        : database_(database), audit_(audit), clock_(clock), feed_(feed) {}

    Result<std::vector<RuleState>> list();             // of rules that hit or were switched
    Result<RuleState> find(std::string_view rule_id);  // a state of zeros when nothing is known
    Result<std::vector<std::string>> disabled();       // ids, for compiling
    // Of alerts closed since then, by rule id; drill not counted.
    Result<std::map<std::string, RuleVerdicts, std::less<>>> verdicts(const Scope& scope,
                                                                      base::TimePoint since);
    // The reason is required for switching off. Conflict when the version is another one; without
    // an expected version the last writer wins.
    Result<RuleState> set_enabled(const Actor& who, std::string_view rule_id,
                                  std::optional<std::int64_t> expected_version, bool enabled,
                                  std::string_view reason);

private:
    db::Database& database_;
    access::Audit& audit_;
    const base::Clock& clock_;
    ChangeFeed& feed_;
};

}  // namespace gac::response
