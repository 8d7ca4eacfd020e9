#include "db/migrations.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/secret.h"
#include "base/text.h"
#include "db/session.h"

namespace gac::db {

namespace {

struct Applied {
    int version = 0;
    std::string name;
    std::string sha256;
};

Result<std::vector<Applied>> applied_ones(Session& session) {
    std::vector<Applied> applied;
    GAC_CHECK(session.each("SELECT version, name, sha256 FROM schema_migrations ORDER BY version",
                           {}, [&](const RowView& row) {
                               applied.push_back({static_cast<int>(row.integer(0)), row.string(1),
                                                  row.string(2)});
                           }));
    return applied;
}

Result<> check_prefix(const std::vector<Applied>& applied, std::span<const Migration> known) {
    for (std::size_t i = 0; i < applied.size(); ++i) {
        if (i >= known.size()) {
            return fail(
                Code::Conflict,
                fmt::format("the control database has schema version {} and this program "
                            "knows {}: install a newer gac",
                            applied.back().version, known.empty() ? 0 : known.back().version));
        }
        if (applied[i].version != known[i].version
            || applied[i].sha256 != base::hex(base::sha256(known[i].sql))) {
            return fail(
                Code::Corrupt,
                fmt::format("migration {} is not the one that this database was made with ({})",
                            known[i].name, applied[i].name));
        }
    }
    return {};
}

Result<> apply(Session& session, const Migration& migration, base::TimePoint now) {
    if (auto done = session.script(migration.sql); !done) {
        return std::unexpected(base::at(migration.name, std::move(done).error()));
    }
    GAC_CHECK(session.run(
        "INSERT INTO schema_migrations (version, name, sha256, applied) VALUES (?, ?, ?, ?)",
        {migration.version, migration.name, base::hex(base::sha256(migration.sql)), now}));
    return {};
}

// One step: false when nothing was left. Looks again inside the transaction, because another
// process may have been faster.
Result<bool> step(Session& session, std::span<const Migration> known, base::TimePoint now) {
    GAC_TRY(applied, applied_ones(session));
    GAC_CHECK(check_prefix(applied, known));
    if (applied.size() == known.size()) {
        return false;
    }
    GAC_CHECK(apply(session, known[applied.size()], now));
    return true;
}

}  // namespace

Result<int> migrate(Session& session, std::span<const Migration> known, base::TimePoint now) {
    GAC_CHECK(session.run(
        "CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY NOT NULL, "
        "name TEXT NOT NULL, sha256 TEXT NOT NULL, applied INTEGER NOT NULL) STRICT"));
    int count = 0;
    for (;;) {
        GAC_CHECK(session.run("BEGIN IMMEDIATE"));
        auto stepped = step(session, known, now);
        if (!stepped) {
            (void)session.run("ROLLBACK");
            return std::unexpected(std::move(stepped).error());
        }
        GAC_CHECK(session.run("COMMIT"));
        if (!*stepped) {
            return count;
        }
        ++count;
    }
}

}  // namespace gac::db
