// What session.cc and database.cc share of SQLite: the connection with its cache of statements, and
// how its error codes become ours.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "db/session.h"

namespace gac::db {

// The error of the connection's last failed call; `sql` is named in the log only for our own bugs.
std::unexpected<Error> failure(sqlite3* handle, const char* sql);

struct CloseConnection {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
};
struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

struct Session::Connection {
    static constexpr std::size_t kCachedMax = 200;

    struct Cached {
        std::unique_ptr<sqlite3_stmt, Finalize> handle;
        bool busy = false;
        std::uint64_t used = 0;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>{}(text);
        }
    };

    // Declared first, so closed last.
    std::unique_ptr<sqlite3, CloseConnection> handle;
    // Nodes do not move, so Statement may point to `busy`.
    std::unordered_map<std::string, Cached, Hash, std::equal_to<>> cache;
    std::uint64_t clock = 0;

    Result<> open(const std::filesystem::path& file, bool reader, const Options& options);
    Result<Statement> prepare(std::string_view sql);
    void forget_oldest();
};

}  // namespace gac::db
