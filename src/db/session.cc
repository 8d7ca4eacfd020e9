#include "db/session.h"

#include <sqlite3.h>

#include <string>

#include "base/assert.h"
#include "db/sqlite.h"

namespace gac::db {

bool RowView::is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::int64_t RowView::integer(int column) const { return sqlite3_column_int64(statement_, column); }

double RowView::real(int column) const { return sqlite3_column_double(statement_, column); }

std::string_view RowView::text(int column) const {
    // column_blob of a text gives its bytes without a conversion; bytes after it, as SQLite wants.
    const void* bytes = sqlite3_column_blob(statement_, column);
    const int size = sqlite3_column_bytes(statement_, column);
    return bytes == nullptr
               ? std::string_view{}
               : std::string_view(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

std::optional<base::TimePoint> RowView::maybe_time(int column) const {
    return is_null(column) ? std::nullopt : std::optional(time(column));
}

Statement::~Statement() {
    if (handle_ == nullptr) {
        return;
    }
    if (busy_ == nullptr) {
        sqlite3_finalize(handle_);
        return;
    }
    reset();
    *busy_ = false;
}

void Statement::reset() {
    sqlite3_reset(handle_);
    sqlite3_clear_bindings(handle_);
}

Result<> Statement::bind(std::span<const Arg> args) {
    GAC_ASSERT(static_cast<std::size_t>(sqlite3_bind_parameter_count(handle_)) == args.size());
    for (std::size_t i = 0; i < args.size(); ++i) {
        const Arg& arg = args[i];
        const int at = static_cast<int>(i) + 1;
        int code = SQLITE_OK;
        switch (arg.kind()) {
            case Arg::Kind::Null:
                code = sqlite3_bind_null(handle_, at);
                break;
            case Arg::Kind::Integer:
                code = sqlite3_bind_int64(handle_, at, arg.integer());
                break;
            case Arg::Kind::Real:
                code = sqlite3_bind_double(handle_, at, arg.real());
                break;
            case Arg::Kind::Text:
                // An empty view may point nowhere, which SQLite would take for NULL.
                code = sqlite3_bind_text64(handle_, at, arg.text().empty() ? "" : arg.text().data(),
                                           arg.text().size(), SQLITE_STATIC, SQLITE_UTF8);
                break;
            case Arg::Kind::Blob:
                code = sqlite3_bind_blob64(handle_, at, arg.text().empty() ? "" : arg.text().data(),
                                           arg.text().size(), SQLITE_STATIC);
                break;
            case Arg::Kind::Uuid: {
                const std::string text = arg.uuid().text();
                code = sqlite3_bind_text64(handle_, at, text.data(), text.size(), SQLITE_TRANSIENT,
                                           SQLITE_UTF8);
                break;
            }
        }
        if (code != SQLITE_OK) {
            return failure(sqlite3_db_handle(handle_), sqlite3_sql(handle_));
        }
    }
    return {};
}

Result<bool> Statement::step() {
    const int code = sqlite3_step(handle_);
    if (code == SQLITE_ROW) {
        return true;
    }
    if (code == SQLITE_DONE) {
        return false;
    }
    auto error = failure(sqlite3_db_handle(handle_), sqlite3_sql(handle_));
    sqlite3_reset(handle_);
    return error;
}

Session::Session() : connection_(std::make_unique<Connection>()) {}
Session::~Session() = default;

Result<Statement> Session::prepare(std::string_view sql) { return connection_->prepare(sql); }

Result<std::int64_t> Session::run(std::string_view sql, std::span<const Arg> args) {
    GAC_TRY(statement, prepare(sql));
    GAC_CHECK(statement.bind(args));
    for (;;) {
        GAC_TRY(more, statement.step());
        if (!more) {
            return sqlite3_changes64(connection_->handle.get());
        }
    }
}

Result<> Session::script(std::string_view sql) {
    char* message = nullptr;
    const std::string text(sql);
    if (sqlite3_exec(connection_->handle.get(), text.c_str(), nullptr, nullptr, &message)
        != SQLITE_OK) {
        sqlite3_free(message);
        return failure(connection_->handle.get(), "script");
    }
    return {};
}

Result<std::int64_t> Session::number(std::string_view sql, std::initializer_list<Arg> args) {
    GAC_TRY(found, first(sql, args, [](const RowView& row) { return row.integer(0); }));
    return found.value_or(0);
}

}  // namespace gac::db
