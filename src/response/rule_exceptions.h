// Exceptions from detection rules: what a rule (or all) must be silent about, until when and why.
// They are kept apart from the rules' files, so they survive updates; an expired one stops by
// itself and stays listed. Everything is audited. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/gate.h"
#include "base/result.h"
#include "base/time.h"
#include "base/uuid.h"
#include "response/changes.h"

namespace gac::access {
class Audit;
}

namespace gac::response {

using ExceptionId = base::Id<struct ExceptionTag>;

enum class ExceptionOp : std::uint8_t { Equals, StartsWith, EndsWith, Contains, Cidr };
std::string_view name_of(ExceptionOp op);  // "equals" ...
std::optional<ExceptionOp> parse_exception_op(std::string_view name);

// Letters' case does not count, and the value has no wildcards.
struct ExceptionCondition {
    std::string field;  // by the rule's name, the source's own or ECS
    ExceptionOp op = ExceptionOp::Equals;
    std::string value;
};

struct NewException {
    std::string rule_id;                         // empty = all rules
    std::vector<ExceptionCondition> conditions;  // all must hold
    std::string reason;
    base::TimePoint expires;
    std::optional<UnitId> unit;  // only for events of hosts of this unit
};

enum class ExceptionState : std::uint8_t { Active, Expired, Removed };
std::string_view name_of(ExceptionState state);

struct RuleException : NewException {
    ExceptionId id;
    std::string created_by;
    base::TimePoint created_at;
    bool removed = false;
    std::string changed_by;  // who changed or removed it last, and why
    std::optional<base::TimePoint> changed_at;
    std::string changed_reason;
    std::int64_t version = 1;
    std::vector<std::string> hosts;  // in_force() only: names and addresses of the unit's hosts

    ExceptionState state(base::TimePoint now) const {
        return removed          ? ExceptionState::Removed
               : expires <= now ? ExceptionState::Expired
                                : ExceptionState::Active;
    }
};

struct ExceptionChange {
    std::optional<base::TimePoint> expires;
    std::optional<bool> removed;
    std::string reason;  // required
};

class RuleExceptions {
public:
    static constexpr std::size_t kConditionsMax = 20;
    static constexpr std::size_t kInForceMax = 2'000;
    static constexpr base::Duration kLongest = base::Duration::days(366);

    RuleExceptions(db::Database& database, access::Audit& audit, const base::Clock& clock,
                   ChangeFeed& feed)
        : database_(database), audit_(audit), clock_(clock), feed_(feed) {}

    // What can be said of it without knowing rules; add() asks the same.
    static Result<> check(const std::vector<ExceptionCondition>& conditions);

    Result<RuleException> add(const Actor& who, const NewException& wanted);
    // Conflict when the version is another one; without an expected version the last writer wins.
    Result<RuleException> change(const Actor& who, ExceptionId id,
                                 std::optional<std::int64_t> expected_version,
                                 const ExceptionChange& change);

    Result<RuleException> find(const Scope& scope, ExceptionId id);
    // Newest first, the ones over included.
    Result<std::vector<RuleException>> list(const Scope& scope);
    // In force now, of everybody: for compiling.
    Result<std::vector<RuleException>> in_force();
    // Fills `hosts` of an exception for a unit.
    Result<std::vector<std::string>> hosts_of(UnitId unit);
    // Changes whenever in_force() would answer otherwise.
    Result<std::string> stamp();
    // Writes to the audit trail which ones have expired since the last call; how many.
    Result<std::size_t> note_expired();

private:
    db::Database& database_;
    access::Audit& audit_;
    const base::Clock& clock_;
    ChangeFeed& feed_;
};

}  // namespace gac::response
