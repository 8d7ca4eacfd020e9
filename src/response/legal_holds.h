// Legal hold: events that retention and deletion leave alone until the hold is lifted. A hold names
// them by a filter, a source and a span of time; everybody sees who made it and why. Making and
// lifting are audited. The store is told by whoever calls changed(). Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/actor.h"
#include "base/result.h"
#include "base/time.h"
#include "base/uuid.h"

namespace gac::access {
class Audit;
}
namespace gac::db {
class Database;
}

namespace gac::response {

using LegalHoldId = base::Id<struct LegalHoldTag>;

struct NewLegalHold {
    std::string name;
    std::string reason;
    std::string query;                        // a filter; empty = every event
    std::string source;                       // empty = every source
    std::optional<base::TimePoint> from, to;  // of the events' times
};

struct LegalHold : NewLegalHold {
    LegalHoldId id;
    base::TimePoint created;
    std::string created_by;
    std::optional<base::TimePoint> lifted;
    std::string lifted_by, lifted_reason;
};

class LegalHolds {
public:
    static constexpr std::size_t kInForceMax = 200;
    static constexpr std::size_t kTextMax = 2'000;
    static constexpr std::size_t kQueryMax = 20'000;

    LegalHolds(db::Database& database, access::Audit& audit, const base::Clock& clock)
        : database_(database), audit_(audit), clock_(clock) {}

    // The caller has checked that the filter can be read.
    Result<LegalHold> add(const access::Actor& who, const NewLegalHold& wanted);
    Result<LegalHold> lift(const access::Actor& who, LegalHoldId id, std::string_view reason);
    Result<std::vector<LegalHold>> list(bool lifted_too);  // newest first

private:
    db::Database& database_;
    access::Audit& audit_;
    const base::Clock& clock_;
};

}  // namespace gac::response
