#include "detect/sigma/test.h"

#include <charconv>

#include "base/text.h"
#include "base/time.h"

namespace gac::detect::sigma {

namespace {

// "2026-11-22T21:59:13.5+07:00" without its offset: parts are compared as they are written.
std::string_view without_offset(std::string_view text) {
    if (text.ends_with('Z') || text.ends_with('z')) {
        return text.substr(0, text.size() - 1);
    }
    const std::size_t sign = text.find_last_of("+-");
    // The date's own hyphens stand before the tenth sign.
    return sign != std::string_view::npos && sign > 10 ? text.substr(0, sign) : text;
}

int iso_week(const base::CivilTime& civil) {
    const auto day_of = [](int year, int month, int day) {
        return base::from_civil({.year = year, .month = month, .day = day}).us / 86'400'000'000;
    };
    // 1970-01-01 was a Thursday; Monday is 0.
    const auto weekday = [](std::int64_t day) { return ((day % 7) + 10) % 7; };
    const auto week_one = [&](int year) {  // Monday of the week that holds January 4th
        const std::int64_t fourth = day_of(year, 1, 4);
        return fourth - weekday(fourth);
    };
    const std::int64_t day = day_of(civil.year, civil.month, civil.day);
    std::int64_t start = week_one(civil.year);
    if (day < start) {
        start = week_one(civil.year - 1);
    } else if (day >= week_one(civil.year + 1)) {
        start = week_one(civil.year + 1);
    }
    return static_cast<int>((day - start) / 7) + 1;
}

std::optional<double> part_of(Part part, const event::ValueRef& value) {
    std::optional<base::TimePoint> time;
    if (value.type() == event::Type::Time) {
        time = value.time();
    } else if (value.is_string()) {
        time = base::parse_rfc3339(without_offset(base::trim(value.string())));
    }
    if (!time) {
        return std::nullopt;
    }
    const base::CivilTime civil = base::to_civil(*time);
    switch (part) {
        case Part::Minute:
            return civil.minute;
        case Part::Hour:
            return civil.hour;
        case Part::Day:
            return civil.day;
        case Part::Week:
            return iso_week(civil);
        case Part::Month:
            return civil.month;
        case Part::Year:
            return civil.year;
    }
    return std::nullopt;
}

bool relate(Relation relation, std::string_view left, std::string_view right) {
    switch (relation) {
        case Relation::Equals:
            return left == right;
        case Relation::StartsWith:
            return left.starts_with(right);
        case Relation::EndsWith:
            return left.ends_with(right);
        case Relation::Contains:
            return left.contains(right);
    }
    return false;
}

}  // namespace

bool compare(CompareOp op, double left, double right) {
    switch (op) {
        case CompareOp::Eq:
            return left == right;
        case CompareOp::Neq:
            return left != right;
        case CompareOp::Gt:
            return left > right;
        case CompareOp::Gte:
            return left >= right;
        case CompareOp::Lt:
            return left < right;
        case CompareOp::Lte:
            return left <= right;
    }
    return false;
}

std::optional<double> number_of(std::string_view text) {
    if (text.empty() || !((text[0] >= '0' && text[0] <= '9') || text[0] == '-' || text[0] == '.')) {
        return std::nullopt;  // no "inf", no "nan"
    }
    double number = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (fault != std::errc{} || end != text.data() + text.size() || text.starts_with("-i")
        || text.starts_with("-n")) {
        return std::nullopt;
    }
    return number;
}

std::optional<double> number_of(const event::ValueRef& value) {
    switch (value.type()) {
        case event::Type::Integer:
            return static_cast<double>(value.integer());
        case event::Type::Float:
            return value.number();
        case event::Type::String:
            return number_of(value.string());
        default:
            return std::nullopt;
    }
}

bool prefix_contains(const base::IpPrefix& prefix, const base::IpAddress& address) {
    const bool v4 = prefix.address().is_v4() && prefix.bits() >= 96;
    return v4 == address.is_v4() && prefix.contains(address);
}

bool ask_scalar(const Test& test, const event::ValueRef& value) {
    std::string scratch;
    if (value.is_escaped()) {
        return ask_scalar(test, event::ValueRef(value.text(scratch)));
    }
    switch (test.kind) {
        case TestKind::Text: {
            const std::string_view text = value.text(scratch);
            return test.cased ? test.pattern.matches(text)
                              : test.pattern.matches(base::fold_case(text));
        }
        case TestKind::Number: {
            const auto number = number_of(value);
            return (number && *number == test.number)
                   || base::fold_case(value.text(scratch)) == base::fold_case(test.text);
        }
        case TestKind::Bool:
            return base::equal_ignoring_ascii_case(value.text(scratch),
                                                   test.truth ? "true" : "false");
        case TestKind::Regex:
            return test.regex->search(value.text(scratch));
        case TestKind::Cidr: {
            if (value.type() == event::Type::Ip) {
                return prefix_contains(test.prefix, value.ip());
            }
            const auto address =
                value.is_string() ? base::IpAddress::parse(value.string()) : std::nullopt;
            return address && prefix_contains(test.prefix, *address);
        }
        case TestKind::Compare: {
            const auto number = number_of(value);
            return number && compare(test.op, *number, test.number);
        }
        case TestKind::TimePart: {
            const auto part = part_of(test.part, value);
            return part && compare(test.op, *part, test.number);
        }
        case TestKind::Null:
        case TestKind::Exists:
        case TestKind::FieldRef:
            break;
    }
    return false;
}

bool ask(const Test& test, const event::ValueRef* value) {
    if (test.kind == TestKind::Null) {
        if (value == nullptr || value->is_null()) {
            return true;
        }
        if (value->type() == event::Type::List) {
            for (const event::ValueRef& element : value->list()) {
                if (element.is_null()) {
                    return true;
                }
            }
        }
        return false;
    }
    if (test.kind == TestKind::Exists) {
        return (value != nullptr) == test.truth;
    }
    if (value == nullptr || value->is_null()) {
        return false;
    }
    if (value->type() == event::Type::List) {
        for (const event::ValueRef& element : value->list()) {
            if (!element.is_null() && ask(test, &element)) {
                return true;
            }
        }
        return false;
    }
    return ask_scalar(test, *value);
}

bool ask_relation(const Test& test, const event::ValueRef* value, const event::ValueRef* other) {
    if (value == nullptr || other == nullptr || value->is_null() || other->is_null()) {
        return false;
    }
    if (value->type() == event::Type::List) {
        for (const event::ValueRef& element : value->list()) {
            if (ask_relation(test, &element, other)) {
                return true;
            }
        }
        return false;
    }
    if (other->type() == event::Type::List) {
        for (const event::ValueRef& element : other->list()) {
            if (ask_relation(test, value, &element)) {
                return true;
            }
        }
        return false;
    }
    std::string left;
    std::string right;
    const std::string_view a = value->text(left);
    const std::string_view b = other->text(right);
    return test.cased ? relate(test.relation, a, b)
                      : relate(test.relation, base::fold_case(a), base::fold_case(b));
}

}  // namespace gac::detect::sigma
