// One question about one value: what a detection item of a rule comes down to after its modifiers.
// ask() here is the meaning of every test; the fast engine must agree with it and is held against
// it by tests.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "detect/sigma/pattern.h"
#include "detect/sigma/regex.h"
#include "event/value.h"

namespace gac::detect::sigma {

enum class TestKind : std::uint8_t {
    Text,    // pattern, whole value
    Number,  // equal to a number, or the same text
    Bool,    // equal to a boolean, or its word
    Null,    // missing or null
    Exists,  // truth: present / absent
    Regex,
    Cidr,
    Compare,   // op number
    FieldRef,  // relation to another field of the event
    TimePart,  // part op number
};

enum class CompareOp : std::uint8_t { Eq, Neq, Gt, Gte, Lt, Lte };
enum class Part : std::uint8_t { Minute, Hour, Day, Week, Month, Year };
enum class Relation : std::uint8_t { Equals, StartsWith, EndsWith, Contains };

struct Test {
    TestKind kind = TestKind::Text;
    bool cased = false;                    // Text, FieldRef: exact case
    bool truth = true;                     // Bool, Exists
    CompareOp op = CompareOp::Eq;          // Compare, TimePart
    Part part = Part::Hour;                // TimePart
    Relation relation = Relation::Equals;  // FieldRef
    RegexFlags flags;                      // Regex
    double number = 0;                     // Number, Compare, TimePart
    // Text: folded unless cased.
    Pattern pattern;
    // Number, Bool: as written. Regex: the expression. FieldRef: the other field's name.
    std::string text;
    std::shared_ptr<const Regex> regex;
    base::IpPrefix prefix;
};

// A value that is present: a scalar that is not null. Null, Exists and FieldRef are not asked here.
bool ask_scalar(const Test& test, const event::ValueRef& value);
// Any value, or nullptr for a missing field; lists match if any element does. FieldRef is not asked
// here.
bool ask(const Test& test, const event::ValueRef* value);
// FieldRef: `value` against `other`; lists: any pair.
bool ask_relation(const Test& test, const event::ValueRef* value, const event::ValueRef* other);

bool compare(CompareOp op, double left, double right);
// The whole text as a decimal number.
std::optional<double> number_of(std::string_view text);
std::optional<double> number_of(const event::ValueRef& value);
bool prefix_contains(const base::IpPrefix& prefix, const base::IpAddress& address);

}  // namespace gac::detect::sigma
