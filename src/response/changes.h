// The feed of changes behind the live view (SSE): what changed, in which order, and whose it is.
// The newest 10,000 rows are kept, so that a client that was away resumes after its Last-Event-ID;
// one that was away longer is told so and fetches afresh. Written in the transaction of the change
// itself. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "access/gate.h"
#include "base/result.h"
#include "base/snapshot.h"
#include "base/time.h"

namespace gac::db {
class Database;
class Session;
}  // namespace gac::db

namespace gac::response {

using access::Actor;
using access::Scope;
using base::AlertId;
using base::UnitId;
using base::UserId;

// Kinds: alert.opened, alert.activity (count rose), alert.changed (a person did something),
// drill.removed, source.changed, rule.changed, host.changed.
struct Change {
    std::int64_t seq = 0;
    base::TimePoint time;
    std::string kind;
    std::string id;  // of the alert, source, rule; empty where there is none
    std::optional<UnitId> unit;
};

struct ChangePage {
    std::vector<Change> changes;  // ascending
    std::int64_t last_seq = 0;    // resume here, also when nothing in scope was found
    bool gap = false;             // older ones are gone: fetch everything afresh
};

class ChangeFeed {
public:
    static constexpr std::int64_t kKept = 10'000;
    using Listener = std::function<void(std::span<const Change>)>;

    ChangeFeed(db::Database& database, const base::Clock& clock)
        : database_(database), clock_(clock) {}

    Result<ChangePage> since(const Scope& scope, std::int64_t after_seq, int limit = 500);
    Result<std::int64_t> last_seq();

    // Called after the commit, on the committing thread: must be quick and must not call back. The
    // changes are of all units: filter with Scope::allows before sending. Gives a number for
    // forget().
    std::uint64_t listen(Listener listener);
    void forget(std::uint64_t listener);

    // For the rooms that change things: write inside the transaction, tell after it.
    Result<> write(db::Session& session, std::vector<Change>& changes);  // sets seq and time
    void tell(std::span<const Change> changes);

private:
    struct Entry {
        std::uint64_t id;
        std::shared_ptr<Listener> call;
    };
    db::Database& database_;
    const base::Clock& clock_;
    base::Guarded<std::vector<Entry>> listeners_;
    std::uint64_t next_listener_ = 1;
};

}  // namespace gac::response
