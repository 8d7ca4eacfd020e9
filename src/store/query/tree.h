// A parsed query: plain values, made by the parser, read by the planner.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/time.h"

namespace gac::store::query {

// '*' and '?' that are wildcards, as against characters. Never in a typed text: the parser refuses
// control characters.
inline constexpr char kAnyMark = '\x02';
inline constexpr char kOneMark = '\x01';

enum class Relation : std::uint8_t { Is, Exists, Less, LessOrEqual, Greater, GreaterOrEqual };

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
};

struct Node {
    enum class Kind : std::uint8_t { All, And, Or, Not, Field, FreeText };
    Kind kind = Kind::All;
    std::vector<Node> children;  // And, Or, Not
    std::string field;           // Field
    Test test;                   // Field, FreeText
};

struct Aggregate {
    enum class Function : std::uint8_t { Count, Sum, Average, Min, Max, DistinctCount };
    Function function = Function::Count;
    std::string field;  // empty for count()
    std::string name;   // of the column
};

struct Stats {
    std::vector<Aggregate> aggregates;
    std::vector<std::string> by;
};

struct SortKey {
    std::string name;
    bool descending = false;
};

struct Tree {
    Node filter;
    std::optional<Stats> stats;
    std::vector<SortKey> sort;
    std::optional<std::uint32_t> limit;
    std::vector<std::string> fields;
};

}  // namespace gac::store::query
