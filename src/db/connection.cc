#include <fmt/format.h>

#include <cerrno>

#include "base/log.h"
#include "db/sqlite.h"

namespace gac::db {

namespace {

Code code_of(int extended, int system_error) {
    switch (extended) {
        case SQLITE_CONSTRAINT_UNIQUE:
        case SQLITE_CONSTRAINT_PRIMARYKEY:
        case SQLITE_CONSTRAINT_ROWID:
            return Code::AlreadyExists;
        case SQLITE_CONSTRAINT_TRIGGER:
            return Code::PermissionDenied;
        default:
            break;
    }
    switch (extended & 0xff) {
        case SQLITE_CONSTRAINT:
        case SQLITE_MISMATCH:
            return Code::InvalidArgument;
        case SQLITE_FULL:
            return Code::StorageFull;
        case SQLITE_IOERR:
            return system_error == ENOSPC || system_error == EDQUOT ? Code::StorageFull : Code::Io;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return Code::Unavailable;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return Code::Corrupt;
        case SQLITE_CANTOPEN:
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_AUTH:
            return Code::Io;
        case SQLITE_TOOBIG:
            return Code::LimitExceeded;
        default:
            return Code::Internal;
    }
}

}  // namespace

std::unexpected<Error> failure(sqlite3* handle, const char* sql) {
    const int extended = sqlite3_extended_errcode(handle);
    const Code code = code_of(extended, sqlite3_system_errno(handle));
    if (code == Code::Internal) {
        base::log_error("db", "{} in: {}", sqlite3_errmsg(handle), sql);
    }
    return fail(code, fmt::format("control database: {}", sqlite3_errmsg(handle)));
}

Result<> Session::Connection::open(const std::filesystem::path& file, bool reader,
                                   const Options& options) {
    sqlite3* raw = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | (reader ? 0 : SQLITE_OPEN_CREATE)
                      | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const int code = sqlite3_open_v2(file.c_str(), &raw, flags, nullptr);
    handle.reset(raw);
    if (code != SQLITE_OK) {
        return fail(code_of(code, raw == nullptr ? ENOMEM : sqlite3_system_errno(raw)),
                    fmt::format("cannot open the control database: {}", sqlite3_errstr(code)),
                    file.string());
    }
    sqlite3_busy_timeout(raw, static_cast<int>(options.busy_timeout.us / 1000));
    // A file from a stranger must not run code of its own, and a misspelt column is an error, not a
    // text.
    sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
    // FULL: a committed transaction survives a power cut, not only a crash of the program.
    const char* pragmas = reader ? "PRAGMA query_only = 1; PRAGMA cache_size = -4096;"
                                 : "PRAGMA journal_mode = WAL;"
                                   "PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = 67108864;"
                                   "PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;";
    const char* sync = options.durable ? "PRAGMA synchronous = FULL;" : "PRAGMA synchronous = OFF;";
    for (const char* sql : {pragmas, sync}) {
        if (sqlite3_exec(raw, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
            auto error = failure(raw, sql);
            error.error().where = file.string();
            return error;
        }
    }
    return {};
}

Result<Statement> Session::Connection::prepare(std::string_view sql) {
    const auto known = cache.find(sql);
    if (known != cache.end() && !known->second.busy) {
        known->second.busy = true;
        known->second.used = ++clock;
        return Statement(known->second.handle.get(), &known->second.busy);
    }
    sqlite3_stmt* raw = nullptr;
    const char* tail = nullptr;
    const unsigned flags = known == cache.end() ? SQLITE_PREPARE_PERSISTENT : 0;
    if (sqlite3_prepare_v3(handle.get(), sql.data(), static_cast<int>(sql.size()), flags, &raw,
                           &tail)
        != SQLITE_OK) {
        return failure(handle.get(), std::string(sql).c_str());
    }
    if (known != cache.end()) {
        return Statement(raw, nullptr);  // the same query inside itself
    }
    if (cache.size() >= kCachedMax) {
        forget_oldest();
    }
    Cached& entry = cache[std::string(sql)];
    entry.handle.reset(raw);
    entry.busy = true;
    entry.used = ++clock;
    return Statement(raw, &entry.busy);
}

void Session::Connection::forget_oldest() {
    auto oldest = cache.end();
    for (auto at = cache.begin(); at != cache.end(); ++at) {
        if (!at->second.busy && (oldest == cache.end() || at->second.used < oldest->second.used)) {
            oldest = at;
        }
    }
    if (oldest != cache.end()) {
        cache.erase(oldest);
    }
}

}  // namespace gac::db
