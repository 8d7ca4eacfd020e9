// The book of hunts: what was asked of history, by whom, how far it is and what it found. Hunts
// that people ask for, and those that new entries of lists begin, stand here alike; beginning and
// end of each are audited. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "access/actor.h"
#include "access/gate.h"
#include "base/result.h"
#include "base/time.h"
#include "base/uuid.h"
#include "event/batch.h"

namespace gac::access {
class Audit;
}
namespace gac::db {
class Database;
}

namespace gac::response {

using HuntId = base::Id<struct HuntTag>;

enum class HuntStatus : std::uint8_t { Waiting, Running, Done, Cancelled, Failed, Interrupted };
std::string_view name_of(HuntStatus status);  // "waiting", "running" ...

struct Hunt {
    HuntId id;
    bool automatic = false;
    std::string name;
    std::string owner_id;  // of the user or token; empty = the product itself
    std::string owner_name;
    HuntStatus status = HuntStatus::Waiting;
    base::TimePoint created;
    std::optional<base::TimePoint> ended;
    std::optional<base::TimePoint> from, to;
    event::EventId id_end = 0;
    event::EventId done_to = 0;
    std::string fingerprint;
    std::uint64_t indicators = 0;
    std::uint64_t events = 0;
    std::uint64_t found = 0;
    std::uint64_t alerts = 0;
    std::string partial;
    std::string findings = "[]";  // JSON array; left out by list()
};

// Where a hunt found something, and at which time the alert for it stands.
struct HuntPlace {
    std::string rule_id, type, indicator, host;
    base::TimePoint time;
};

class Hunts {
public:
    static constexpr int kListed = 200;
    static constexpr int kKept = 1'000;  // older ones go

    Hunts(db::Database& database, access::Audit& audit, const base::Clock& clock)
        : database_(database), audit_(audit), clock_(clock) {}

    // Gives it its id and time.
    Result<Hunt> add(const access::Actor& who, Hunt hunt);
    // Status, progress and findings as they stand now; an ended status is audited.
    Result<> keep(const access::Actor& who, const Hunt& hunt);
    // Of a hunt that has not ended; forgotten when it ends. A place that is known keeps its time.
    Result<> note(HuntId id, std::span<const HuntPlace> places);
    Result<std::vector<HuntPlace>> places(HuntId id);
    // The automatic hunt that was not finished, if there is one.
    Result<std::optional<Hunt>> unfinished();
    // What was running when the program ended, automatic ones excepted, runs no more.
    Result<> interrupt();

    // His own; all of them for who sees everything. Newest first.
    Result<std::vector<Hunt>> list(const access::Actor& who, const access::Scope& scope);
    Result<Hunt> find(const access::Actor& who, const access::Scope& scope, HuntId id);
    Result<Hunt> find(HuntId id);  // whoever asks

    static bool owns(const access::Actor& who, const Hunt& hunt) {
        return !hunt.owner_id.empty() && hunt.owner_id == who.id.text();
    }

private:
    db::Database& database_;
    access::Audit& audit_;
    const base::Clock& clock_;
};

}  // namespace gac::response
