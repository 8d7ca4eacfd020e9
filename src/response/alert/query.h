// The questions about alerts as SQL: columns of an alert, filter to WHERE, order and cursor.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "db/session.h"
#include "response/alerts.h"

namespace gac::response {

// Of "alerts a LEFT JOIN users u ON u.id = a.assignee_id", as read_alert wants them.
extern const std::string_view kAlertColumns;
extern const std::string_view kAlertFrom;
Alert read_alert(const db::RowView& row);

// A WHERE clause over `alerts a`, and its parameters. Texts that parameters point to live in here:
// not copyable.
class Where {
public:
    Where(const Scope& scope, const AlertFilter& filter, base::TimePoint now);
    Where(const Where&) = delete;
    Where& operator=(const Where&) = delete;

    void add(std::string_view condition, std::initializer_list<db::Arg> args = {});
    const std::string& sql() const { return sql_; }
    const std::vector<db::Arg>& args() const { return args_; }

private:
    template <class T>
    void any_of(std::string_view column, const std::vector<T>& values);
    void add_text(std::string_view text);

    std::string sql_;
    std::vector<db::Arg> args_;
    std::vector<std::string> patterns_;
};

std::string_view order_of(Sort sort);
std::string cursor_of(Sort sort, const Alert& last);
Result<> continue_after(Sort sort, std::string_view cursor, Where& where);

}  // namespace gac::response
