// The schema's history: schema/sql/NNNN_name.sql, embedded in the program, applied in order, each
// in its own transaction, and remembered with its SHA-256 in schema_migrations.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace gac::db {

class Session;

struct Migration {
    int version = 0;
    std::string_view name;  // "0001_units"
    std::string_view sql;
};

std::span<const Migration> migrations();

// What the file says was applied must be a prefix of `known`, byte for byte; the rest is applied
// now. Gives how many were. The session must be a writing one outside a transaction.
Result<int> migrate(Session& session, std::span<const Migration> known, base::TimePoint now);

}  // namespace gac::db
