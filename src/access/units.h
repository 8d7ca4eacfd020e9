// Organisations. A unit has dates, a parent, and predecessors and successors, because ministries
// merge and districts vanish; its records keep its id for ever. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "access/actor.h"
#include "base/result.h"
#include "base/time.h"

namespace gac::db {
class Database;
}

namespace gac::access {

class Audit;
class Scope;

struct Unit {
    UnitId id;
    std::string code;  // short, unique for ever: "xa-minh-duc"
    std::string name;  // "UBND xã Minh Đức"
    std::string name_en;
    std::string
        kind;  // "province", "department", "commune", "hospital", "school", "operator", "other"
    std::optional<UnitId> parent;
    base::TimePoint valid_from;
    std::optional<base::TimePoint> valid_to;
    std::string contact_name, contact_phone, contact_email;
    std::vector<UnitId> predecessors, successors;
    base::TimePoint updated;
    std::int64_t version = 1;
};

struct NewUnit {
    std::string code;
    std::string name;
    std::string name_en = {};
    std::string kind = "other";
    std::optional<UnitId> parent = std::nullopt;
    std::optional<base::TimePoint> valid_from = std::nullopt;  // now
    std::string contact_name = {}, contact_phone = {}, contact_email = {};
};

// Only what is set changes.
struct UnitChange {
    std::optional<std::string> name, name_en, kind, contact_name, contact_phone, contact_email;
    std::optional<std::optional<UnitId>> parent;
};

class Units {
public:
    Units(db::Database& database, Audit& audit, const base::Clock& clock)
        : database_(database), audit_(audit), clock_(clock) {}

    Result<Unit> add(const Actor& who, const NewUnit& unit);
    Result<Unit> update(const Actor& who, UnitId id, std::int64_t expected_version,
                        const UnitChange& change);
    // `old` end now and `heir` goes on for them: a merger (many old), a renaming (one), a split
    // (several calls).
    Result<> succeed(const Actor& who, const std::vector<UnitId>& old, UnitId heir,
                     std::string_view why);

    Result<Unit> find(UnitId id);
    Result<Unit> find_by_code(std::string_view code);
    Result<std::vector<Unit>> list(const Scope& scope, bool with_ended = false);  // by code

private:
    db::Database& database_;
    Audit& audit_;
    const base::Clock& clock_;
};

}  // namespace gac::access
