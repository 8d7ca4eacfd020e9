// A parsed query: plain values, made by the parser, read by the planner.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/time.h"
#include "store/query/regex.h"

namespace gac::store::query {

// '*' and '?' that are wildcards, as against characters. Never in a typed text: the parser refuses
// control characters.
inline constexpr char kAnyMark = '\x02';
inline constexpr char kOneMark = '\x01';

enum class Relation : std::uint8_t {
    Is,
    Exists,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Matches
};

// What a value must be like. `text` keeps wildcards; the other readings are there when the text
// allows them.
struct Test {
    Relation relation = Relation::Is;
    std::string text;  // without quotes and escapes
    std::string
        pattern;  // the same with kAnyMark and kOneMark in place of wildcards that are meant
    bool quoted = false;  // marks of Vietnamese count
    std::optional<double> number;
    std::optional<std::int64_t> integer;
    std::optional<base::IpPrefix> prefix;
    bool is_network = false;  // written with a length: 10.0.0.0/8
    std::optional<base::TimePoint> time;
    std::shared_ptr<const Regex> regex;  // Matches
};

struct Node {
    enum class Kind : std::uint8_t { All, And, Or, Not, Field, FreeText };
    Kind kind = Kind::All;
    std::vector<Node> children;  // And, Or, Not
    std::string field;           // Field
    Test test;                   // Field, FreeText
};

// New fields out of a text.
struct Extract {
    std::string from;
    std::shared_ptr<const Regex> regex;
};

// A pipe that stands before the table: they run in their order.
struct Step {
    enum class Kind : std::uint8_t { Extract, Where, Hunt };
    Kind kind = Kind::Where;
    Extract extract;
    Node where;
    std::string list;  // Hunt: the list's name
};

// A value rounded down: times to Vietnam's clock (days begin at its midnight, weeks on Monday),
// numbers to multiples of the width.
struct Bin {
    base::Duration time{0};
    double number = 0;
};

struct By {
    std::string field;
    std::string name;  // of the column
    std::optional<Bin> bin;
};

struct Aggregate {
    enum class Function : std::uint8_t { Count, Sum, Average, Min, Max, DistinctCount, Percentile };
    Function function = Function::Count;
    std::string field;    // empty for count()
    std::string name;     // of the column
    double fraction = 0;  // Percentile
};

struct Stats {
    std::vector<Aggregate> aggregates;
    std::vector<By> by;
};

// The most frequent values, for each combination of the first `groups` by-fields.
struct Top {
    std::uint32_t size = 10;
    std::size_t groups = 0;
};

struct SortKey {
    std::string name;
    bool descending = false;
};

struct Tree {
    Node filter;
    std::vector<Step> steps;
    std::vector<std::string> dedup;
    std::optional<Stats> stats;
    std::optional<Top> top;    // with stats that count
    std::vector<Node> having;  // where pipes behind the table
    std::vector<SortKey> sort;
    std::optional<std::uint32_t> limit;
    std::vector<std::string> fields;

    bool has_pipes() const {
        return !steps.empty() || !dedup.empty() || stats || !sort.empty() || limit
               || !fields.empty();
    }
};

}  // namespace gac::store::query
