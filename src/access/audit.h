// The audit trail: who did what to which object, when. Append-only: the database refuses UPDATE and
// DELETE on it, and each row carries the hash of the row before it, so that a change from outside
// shows (`gac audit verify`). A cut-off tail leaves an unbroken shorter chain: compare the head's
// seq and hash with a note kept elsewhere.
//
//   hash = SHA-256 of  prev_hash, seq, time, actor_kind, actor_id, actor_name, address, action,
//   object_kind,
//          object_id, unit_id, detail     each as  length in decimal ':' bytes
//
// Any thread; append(session, ...) takes part in the caller's transaction.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/actor.h"
#include "base/result.h"
#include "base/time.h"

namespace gac::db {
class Database;
class Session;
}  // namespace gac::db

namespace gac::access {

class Scope;

// One deed, as written.
struct Deed {
    std::string_view action;  // "alert.close", "user.add", "sign_in.failed"
    std::string_view object_kind = {};
    std::string object_id = {};
    std::optional<UnitId> unit = std::nullopt;  // owner of the object
    std::string detail = {};                    // a JSON object; empty = {}
};

struct AuditRow {
    std::int64_t seq = 0;
    base::TimePoint time;
    std::string actor_kind, actor_id, actor_name, address;
    std::string action, object_kind, object_id;
    std::optional<UnitId> unit;
    std::string detail;
    std::string prev_hash, hash;  // 64 hexadecimal digits
};

struct AuditFilter {
    std::optional<base::TimePoint> from, to;
    std::string actor_name;  // exact; empty = any
    std::string action;      // exact, or a prefix that ends in '.'
    std::string object_kind, object_id;
    std::int64_t before_seq = 0;  // cursor: rows older than this; 0 = newest
    int limit = 100;              // at most 1000
};

struct AuditCheck {
    std::int64_t rows = 0;                   // rows in order, from the first on
    std::optional<std::int64_t> broken_seq;  // first row that does not fit
    std::string reason;                      // what is wrong with it
    std::string head_hash;                   // hash of the last good row
    std::int64_t head_seq = 0;
};

class Audit {
public:
    Audit(db::Database& database, const base::Clock& clock) : database_(database), clock_(clock) {}

    Result<> append(db::Session& session, const Actor& who, const Deed& deed);
    Result<> append(const Actor& who, const Deed& deed);

    Result<std::vector<AuditRow>> list(const Scope& scope,
                                       const AuditFilter& filter);  // newest first
    Result<AuditCheck> verify();

private:
    db::Database& database_;
    const base::Clock& clock_;
};

// JSON object text from names and values, for Deed::detail: {"reason":"..."}.
std::string detail_json(std::initializer_list<std::pair<std::string_view, std::string_view>> pairs);

}  // namespace gac::access
