// The one place where it is decided what somebody may do and whose records he may see. Every API
// handler asks require() first and hands the Scope it gets to the functions of other rooms; nothing
// else makes a Scope. A unit's officer and an operator's desk see the records of their own unit and
// of those it took over whole (its predecessors that have no other successor), never those without
// a unit; other roles see the province. Denials are written to the audit trail (repeated ones
// within a minute are counted into one row). Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/actor.h"
#include "base/result.h"
#include "base/snapshot.h"
#include "base/time.h"

namespace gac::db {
class Arg;
class Database;
}  // namespace gac::db

namespace gac::access {

class Audit;

enum class Permission : std::uint8_t {
    AlertsView,
    AlertsHandle,  // acknowledge, assign, close, reopen, note, undo
    EventsSearch,  // the event store knows no units yet: province-wide roles only
    RulesView,
    RulesEdit,  // enable, disable, except, import
    SourcesView,
    SourcesEdit,  // owner, expected silence, snooze
    UnitsView,
    UnitsEdit,  // units, and which host belongs to which
    UsersView,  // names, to assign work
    UsersManage,
    TokensManage,
    AuditView,
    SystemManage,  // remove the drill, settings, regulations
    Ingest,
};
inline constexpr int kPermissionCount = 15;
std::string_view name_of(Permission permission);  // "alerts_view" ...

bool grants(Role role, Permission permission);
bool grants(TokenScope scope, Permission permission);

// Whose records: everybody's, or those of some units (perhaps none).
class Scope {
public:
    bool everything() const { return everything_; }
    const std::vector<UnitId>& units() const { return units_; }  // only when not everything()
    bool allows(const std::optional<UnitId>& unit) const;
    // The same as a condition on a column of unit ids, for a WHERE clause; adds its parameters.
    std::string where(std::string_view column, std::vector<db::Arg>& args) const;

private:
    friend class Gate;
    bool everything_ = false;
    std::vector<UnitId> units_;
};

// What the permission is wanted for; goes to the audit trail when denied. `unit` set: that unit's
// own record, so the actor's scope must hold it.
struct Object {
    std::string_view kind = {};
    std::string_view id = {};
    std::optional<UnitId> unit = std::nullopt;
};

class Gate {
public:
    Gate(db::Database& database, Audit& audit, const base::Clock& clock);
    ~Gate();

    // PermissionDenied, or the scope in which the actor may do it.
    Result<Scope> require(const Actor& actor, Permission permission, const Object& object = {});

    // For showing: what the role may do at all. Not audited.
    static std::vector<Permission> permissions_of(const Actor& actor);

private:
    Result<Scope> scope_of(const Actor& actor);
    void audit_denial(const Actor& actor, Permission permission, const Object& object);

    struct Denial {
        std::string key;
        base::TimePoint first;
        std::uint64_t repeated = 0;
    };
    db::Database& database_;
    Audit& audit_;
    const base::Clock& clock_;
    base::Guarded<std::vector<Denial>> denials_;
};

}  // namespace gac::access
