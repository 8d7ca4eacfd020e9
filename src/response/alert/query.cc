#include "response/alert/query.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>

#include "base/text.h"
#include "response/alert/json.h"

namespace gac::response {

namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kWordsMax = 10;
constexpr std::size_t kTextMax = 500;

std::string like_pattern(std::string_view word) {
    std::string pattern = "%";
    for (const char c : word) {
        if (c == '%' || c == '_' || c == '\\') {
            pattern += '\\';
        }
        pattern += c;
    }
    return pattern + "%";
}

struct Order {
    std::string_view name;
    std::string_view by;
    std::string_view after;  // condition on key and number
};

// In the order of Sort. The keys of all but Updated never change while somebody turns pages.
constexpr std::array<Order, 5> kOrders = {{
    {"newest", "a.number DESC", "? = 0 AND a.number < ?"},
    {"oldest", "a.number", "? = 0 AND a.number > ?"},
    {"level", "a.level DESC, a.number DESC", "(a.level, a.number) < (?, ?)"},
    {"due", "coalesce(a.due, 9223372036854775807), a.number",
     "(coalesce(a.due, 9223372036854775807), a.number) > (?, ?)"},
    {"updated", "a.updated, a.number", "(a.updated, a.number) > (?, ?)"},
}};

std::int64_t key_of(Sort sort, const Alert& alert) {
    switch (sort) {
        case Sort::Newest:
        case Sort::Oldest:
            return 0;
        case Sort::Level:
            return static_cast<std::int64_t>(alert.level);
        case Sort::Due:
            return alert.due ? alert.due->us : kNever;
        case Sort::Updated:
            return alert.updated.us;
    }
    return 0;
}

std::optional<std::int64_t> to_number(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    return fault == std::errc{} && end == text.data() + text.size() ? std::optional(number)
                                                                    : std::nullopt;
}

}  // namespace

const std::string_view kAlertColumns =
    "a.id, a.number, a.rule_id, a.rule_title, a.rule_title_vi, a.rule_description, "
    "a.rule_description_vi, a.kind, "
    "a.level, a.tags, a.false_positives, a.unit_id, a.host, a.source, a.source_ip, a.user_name, "
    "a.safety_level, "
    "a.group_values, a.grouped, a.drill, a.status, a.verdict, a.comment, a.assignee_id, "
    "coalesce(u.display_name, ''), a.version, a.created, a.updated, a.first_seen, a.last_seen, "
    "a.event_count, a.due, "
    "a.acknowledged_at, a.closed_at, a.acknowledged_by, a.closed_by";
const std::string_view kAlertFrom = "alerts a LEFT JOIN users u ON u.id = a.assignee_id";

Alert read_alert(const db::RowView& row) {
    Alert alert;
    int at = 0;
    alert.id = row.id<AlertId>(at++);
    alert.number = row.integer(at++);
    alert.rule_id = row.string(at++);
    alert.rule_title = row.string(at++);
    alert.rule_title_vi = row.string(at++);
    alert.rule_description = row.string(at++);
    alert.rule_description_vi = row.string(at++);
    alert.kind = static_cast<event::DetectionKind>(row.integer(at++));
    alert.level = static_cast<event::Level>(row.integer(at++));
    alert.tags = list_from_json(row.text(at++));
    alert.false_positives = list_from_json(row.text(at++));
    alert.unit = row.maybe_id<UnitId>(at++);
    alert.host = row.string(at++);
    alert.source = row.string(at++);
    alert.source_ip = row.string(at++);
    alert.user_name = row.string(at++);
    alert.safety_level = static_cast<int>(row.integer(at++));
    alert.group = pairs_from_json(row.text(at++));
    alert.grouped = row.truth(at++);
    alert.drill = row.truth(at++);
    alert.status = static_cast<Status>(row.integer(at++));
    if (!row.is_null(at)) {
        alert.verdict = static_cast<Verdict>(row.integer(at));
    }
    ++at;
    alert.comment = row.string(at++);
    alert.assignee = row.maybe_id<UserId>(at++);
    alert.assignee_name = row.string(at++);
    alert.version = row.integer(at++);
    alert.created = row.time(at++);
    alert.updated = row.time(at++);
    alert.first_seen = row.time(at++);
    alert.last_seen = row.time(at++);
    alert.count = static_cast<std::uint64_t>(row.integer(at++));
    alert.due = row.maybe_time(at++);
    alert.acknowledged_at = row.maybe_time(at++);
    alert.closed_at = row.maybe_time(at++);
    alert.acknowledged_by = row.string(at++);
    alert.closed_by = row.string(at++);
    return alert;
}

Where::Where(const Scope& scope, const AlertFilter& filter, base::TimePoint now) {
    // Parameters point into patterns_: it must not grow beyond this.
    patterns_.reserve(kWordsMax);
    sql_ = scope.where("a.unit_id", args_);
    any_of("a.status", filter.status);
    any_of("a.level", filter.level);
    if (filter.unit) {
        add("a.unit_id = ?", {*filter.unit});
    }
    if (filter.without_unit) {
        add("a.unit_id IS NULL");
    }
    const std::pair<const std::string*, std::string_view> exact[] = {
        {&filter.rule_id, "a.rule_id = ?"},
        {&filter.host, "a.host = ?"},
        {&filter.source_ip, "a.source_ip = ?"},
        {&filter.user_name, "a.user_name = ?"},
        {&filter.source, "a.source = ?"}};
    for (const auto& [value, condition] : exact) {
        if (!value->empty()) {
            add(condition, {*value});
        }
    }
    if (filter.assignee) {
        add("a.assignee_id = ?", {*filter.assignee});
    }
    if (filter.unassigned) {
        add("a.assignee_id IS NULL");
    }
    if (filter.verdict) {
        add("a.verdict = ?", {static_cast<int>(*filter.verdict)});
    }
    if (filter.drill) {
        add("a.drill = ?", {*filter.drill});
    }
    if (filter.overdue) {
        add("a.status = 0 AND a.due < ?", {now});
    }
    add_text(filter.text);
    const std::pair<const std::optional<base::TimePoint>*, std::string_view> times[] = {
        {&filter.updated_after, "a.updated > ?"},
        {&filter.seen_from, "a.last_seen >= ?"},
        {&filter.seen_to, "a.first_seen < ?"},
        {&filter.created_from, "a.created >= ?"},
        {&filter.created_to, "a.created < ?"}};
    for (const auto& [value, condition] : times) {
        if (*value) {
            add(condition, {**value});
        }
    }
}

void Where::add(std::string_view condition, std::initializer_list<db::Arg> args) {
    sql_ += " AND ";
    sql_ += condition;
    args_.insert(args_.end(), args);
}

template <class T>
void Where::any_of(std::string_view column, const std::vector<T>& values) {
    if (values.empty()) {
        return;
    }
    std::string condition = fmt::format("{} IN (", column);
    for (std::size_t i = 0; i < values.size(); ++i) {
        condition += i == 0 ? "?" : ", ?";
        args_.emplace_back(static_cast<int>(values[i]));
    }
    sql_ += " AND " + condition + ")";
}

void Where::add_text(std::string_view text) {
    const std::string folded = base::fold_for_search(text.substr(0, kTextMax));
    std::string_view rest = folded;
    for (std::size_t words = 0; words < kWordsMax; ++words) {
        rest = base::trim(rest);
        if (rest.empty()) {
            return;
        }
        const std::string_view word = rest.substr(0, rest.find(' '));
        rest.remove_prefix(word.size());
        patterns_.push_back(like_pattern(word));
        add("a.search_text LIKE ? ESCAPE '\\'", {patterns_.back()});
    }
}

std::optional<Sort> parse_sort(std::string_view name) {
    for (std::size_t i = 0; i < kOrders.size(); ++i) {
        if (kOrders[i].name == name) {
            return static_cast<Sort>(i);
        }
    }
    return std::nullopt;
}

std::string_view order_of(Sort sort) { return kOrders[static_cast<std::size_t>(sort)].by; }

std::string cursor_of(Sort sort, const Alert& last) {
    return fmt::format("{}.{}.{}", kOrders[static_cast<std::size_t>(sort)].name, key_of(sort, last),
                       last.number);
}

Result<> continue_after(Sort sort, std::string_view cursor, Where& where) {
    if (cursor.empty()) {
        return {};
    }
    const std::size_t first = cursor.find('.');
    const std::size_t second =
        first == std::string_view::npos ? first : cursor.find('.', first + 1);
    const Order& order = kOrders[static_cast<std::size_t>(sort)];
    if (second == std::string_view::npos || cursor.substr(0, first) != order.name) {
        return fail(Code::InvalidArgument, "cursor is not from this list and order", "cursor");
    }
    const auto key = to_number(cursor.substr(first + 1, second - first - 1));
    const auto number = to_number(cursor.substr(second + 1));
    if (!key || !number) {
        return fail(Code::InvalidArgument, "cursor is not from this list and order", "cursor");
    }
    where.add(order.after, {*key, *number});
    return {};
}

}  // namespace gac::response
