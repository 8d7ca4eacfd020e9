// The control database: users, units, alerts, settings. Events never come here.
//
// One Database a process: a single writing connection and a few reading ones beside it (SQLite,
// WAL). A change is a transact(): all of it is durable when it returns without error, or nothing
// happened. A read() sees one consistent state and never waits for the writer. Values go in as
// bound parameters only.
//
// Database: any thread; calls block, so never from a network or shard thread. Session: the thread
// it was lent to.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/uuid.h"

struct sqlite3_stmt;

namespace gac::db {

// One bound parameter. Text and bytes are views: they must live until the call returns. Ids are
// stored as their 36-character text (sorts by time of making, same in every SQL), times as integer
// microseconds, bools as 0 and 1.
class Arg {
public:
    enum class Kind : std::uint8_t { Null, Integer, Real, Text, Blob, Uuid };

    Arg(std::nullopt_t) {}
    Arg(bool value) : integer_(value ? 1 : 0), kind_(Kind::Integer) {}
    template <std::integral T>
    Arg(T value) : integer_(static_cast<std::int64_t>(value)), kind_(Kind::Integer) {}
    Arg(double value) : real_(value), kind_(Kind::Real) {}
    Arg(std::string_view value) : text_(value), kind_(Kind::Text) {}
    Arg(const std::string& value) : text_(value), kind_(Kind::Text) {}
    Arg(const char* value) : text_(value), kind_(Kind::Text) {}
    Arg(base::TimePoint value) : integer_(value.us), kind_(Kind::Integer) {}
    Arg(base::Duration value) : integer_(value.us), kind_(Kind::Integer) {}
    Arg(const base::Uuid& value) : uuid_(value), kind_(Kind::Uuid) {}
    template <class Tag>
    Arg(const base::Id<Tag>& value) : Arg(value.uuid) {}
    template <class T>
    Arg(const std::optional<T>& value) {
        if (value) {
            *this = Arg(*value);
        }
    }
    static Arg blob(std::string_view bytes) {
        Arg arg(bytes);
        arg.kind_ = Kind::Blob;
        return arg;
    }

    Kind kind() const { return kind_; }
    std::int64_t integer() const { return integer_; }
    double real() const { return real_; }
    std::string_view text() const { return text_; }
    const base::Uuid& uuid() const { return uuid_; }

private:
    std::string_view text_;
    base::Uuid uuid_;
    std::int64_t integer_ = 0;
    double real_ = 0;
    Kind kind_ = Kind::Null;
};

// The current row of a running query; texts live until the next row.
class RowView {
public:
    explicit RowView(sqlite3_stmt* statement) : statement_(statement) {}

    bool is_null(int column) const;
    std::int64_t integer(int column) const;
    double real(int column) const;
    std::string_view text(int column) const;  // also of a blob: its bytes
    std::string string(int column) const { return std::string(text(column)); }
    bool truth(int column) const { return integer(column) != 0; }
    base::TimePoint time(int column) const { return {integer(column)}; }
    std::optional<base::TimePoint> maybe_time(int column) const;
    template <class IdType>
    IdType id(int column) const {
        return IdType{base::Uuid::parse(text(column)).value_or(base::Uuid{})};
    }
    template <class IdType>
    std::optional<IdType> maybe_id(int column) const {
        return is_null(column) ? std::nullopt : std::optional(id<IdType>(column));
    }

private:
    sqlite3_stmt* statement_;
};

// A prepared statement, from the session's cache; goes back there, reset, when it dies.
class Statement {
public:
    Statement(sqlite3_stmt* handle, bool* busy) : handle_(handle), busy_(busy) {}
    Statement(Statement&& other) noexcept
        : handle_(std::exchange(other.handle_, nullptr)),
          busy_(std::exchange(other.busy_, nullptr)) {}
    Statement& operator=(Statement&&) = delete;
    ~Statement();

    Result<> bind(std::span<const Arg> args);  // all of them: the count must fit
    Result<bool> step();                       // false: no more rows
    RowView row() const { return RowView(handle_); }
    void reset();  // to run again with other parameters

private:
    sqlite3_stmt* handle_;
    bool* busy_;  // the cache's mark; nullptr when the statement is not cached and dies with us
};

// One connection inside transact() or read().
class Session {
public:
    virtual ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    Result<Statement> prepare(std::string_view sql);
    // Runs to the end; gives how many rows it changed.
    Result<std::int64_t> run(std::string_view sql, std::span<const Arg> args);
    Result<std::int64_t> run(std::string_view sql, std::initializer_list<Arg> args = {}) {
        return run(sql, std::span(args.begin(), args.size()));
    }
    // Several statements without parameters, as in a migration file.
    Result<> script(std::string_view sql);

    // use(const RowView&) for each row. It may return void, or bool: false stops.
    template <class F>
    Result<> each(std::string_view sql, std::span<const Arg> args, F&& use) {
        GAC_TRY(statement, prepare(sql));
        GAC_CHECK(statement.bind(args));
        for (;;) {
            GAC_TRY(more, statement.step());
            if (!more) {
                return {};
            }
            if constexpr (std::is_same_v<std::invoke_result_t<F&, const RowView&>, bool>) {
                if (!use(statement.row())) {
                    return {};
                }
            } else {
                use(statement.row());
            }
        }
    }
    template <class F>
    Result<> each(std::string_view sql, std::initializer_list<Arg> args, F&& use) {
        return each(sql, std::span(args.begin(), args.size()), std::forward<F>(use));
    }

    // make(const RowView&) of the first row, or nothing.
    template <class F>
    auto first(std::string_view sql, std::span<const Arg> args, F&& make)
        -> Result<std::optional<std::invoke_result_t<F&, const RowView&>>> {
        std::optional<std::invoke_result_t<F&, const RowView&>> found;
        GAC_CHECK(each(sql, args, [&](const RowView& row) {
            found = make(row);
            return false;
        }));
        return found;
    }
    template <class F>
    auto first(std::string_view sql, std::initializer_list<Arg> args, F&& make) {
        return first(sql, std::span(args.begin(), args.size()), std::forward<F>(make));
    }

    // The integer of the first row's first column; 0 when there is none.
    Result<std::int64_t> number(std::string_view sql, std::initializer_list<Arg> args = {});

protected:
    Session();
    struct Connection;
    std::unique_ptr<Connection> connection_;
    friend class Database;
};

struct Options {
    int readers = 3;  // reading connections; a read waits for a free one
    base::Duration busy_timeout = base::Duration::seconds(10);  // for another process's write
    bool durable = true;  // false, for tests: a power cut may lose the last commits
    bool migrate = true;  // false: leave the schema as it is
};

class Database {
public:
    // Creates the file (0600) where there is none and brings its schema up to date. A database
    // written by a newer program is refused with Code::Conflict, a migration changed after it ran
    // with Code::Corrupt.
    static Result<std::unique_ptr<Database>> open(const std::filesystem::path& file,
                                                  const base::Clock& clock,
                                                  const Options& options = {});
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    // change(Session&) -> Result<T>: committed and durable when it returns a value, undone when an
    // error. One at a time; transactions do not nest (functions that take part in one take the
    // Session&).
    template <class F>
    auto transact(F&& change) -> std::invoke_result_t<F&, Session&> {
        GAC_TRY(lease, begin_write());
        auto result = change(*lease.session);
        if (result) {
            GAC_CHECK(lease.commit());
        }
        return result;
    }

    // look(Session&) -> Result<T> over one consistent state.
    template <class F>
    auto read(F&& look) -> std::invoke_result_t<F&, Session&> {
        GAC_TRY(lease, begin_read());
        return look(*lease.session);
    }

    // Everything that was written is in the main file, for copying it. Also done when the last one
    // closes.
    Result<> checkpoint();
    // One consistent state into a new file, while others read and write.
    Result<> copy_to(const std::filesystem::path& file);
    const std::filesystem::path& file() const;

private:
    struct State;
    struct Lease {
        State* state = nullptr;
        Session* session = nullptr;
        bool writes = false;

        Lease(State* of, Session* lent, bool writing) : state(of), session(lent), writes(writing) {}
        Lease(Lease&& other) noexcept
            : state(std::exchange(other.state, nullptr)),
              session(other.session),
              writes(other.writes) {}
        Lease& operator=(Lease&&) = delete;
        ~Lease();  // rolls back what was not committed
        Result<> commit();
    };

    explicit Database(std::unique_ptr<State> state);
    Result<Lease> begin_write();
    Result<Lease> begin_read();

    std::unique_ptr<State> state_;
};

}  // namespace gac::db
