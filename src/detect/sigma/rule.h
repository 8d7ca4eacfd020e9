// Rules as read: detection, correlation and filter documents. Nothing here knows of profiles or
// routes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "detect/sigma/test.h"
#include "event/detection.h"

namespace gac::detect::sigma {

// A field (empty: keyword search over all values) and tests of which any must hold. `|all` is
// several items side by side.
struct Item {
    std::string field;
    std::vector<Test> any;
    bool is_keyword() const { return field.empty(); }
};

// The condition as a tree over items.
struct Expr {
    enum class Kind : std::uint8_t { And, Or, Not, AtLeast, Item, Constant };
    Kind kind = Kind::Constant;
    bool truth = false;      // Constant
    std::uint32_t need = 0;  // AtLeast
    std::uint32_t item = 0;  // Item: index into Rule::items
    std::vector<Expr> children;
    std::string selection;  // name of the selection whose whole expression this is

    static Expr constant(bool truth) {
        Expr out;
        out.truth = truth;
        return out;
    }
    static Expr leaf(std::uint32_t item) {
        Expr out;
        out.kind = Kind::Item;
        out.item = item;
        return out;
    }
    static Expr join(Kind kind, std::vector<Expr> children) {
        Expr out;
        out.kind = kind;
        out.children = std::move(children);
        return out;
    }
    static Expr negate(Expr child) {
        Expr out;
        out.kind = Kind::Not;
        out.children.push_back(std::move(child));
        return out;
    }
};

struct Source {
    std::string product, category, service;
};

struct Rule {
    std::shared_ptr<event::RuleInfo> info;
    std::string name;  // second key for references; may be empty
    int line = 0;
    Source source;
    std::vector<Item> items;
    Expr condition;
};

enum class CorrelationType : std::uint8_t {
    EventCount,
    ValueCount,
    Temporal,
    TemporalOrdered,
    ValueSum,
    ValueAvg,
    ValuePercentile,
};

struct Correlation {
    std::shared_ptr<event::RuleInfo> info;
    std::string name;
    int line = 0;
    CorrelationType type = CorrelationType::EventCount;
    std::vector<std::string> rules;  // ids or names
    std::vector<std::string> group_by;
    base::Duration timespan;
    // alias -> (rule reference -> field)
    std::vector<std::pair<std::string, std::vector<std::pair<std::string, std::string>>>> aliases;
    bool generate = false;
    std::vector<std::pair<CompareOp, double>> conditions;  // all must hold
    bool has_condition = false;
    std::vector<std::string> fields;  // value_count: a tuple; the others: one
    double percentile = 50;
    std::vector<std::string> names;  // extended condition: rule references, by Expr::item
    Expr expression;                 // extended condition over `names`
    bool has_expression = false;
    std::string text_key;  // changes when the meaning of the rule changes
};

struct Filter {
    std::string id, title, path;
    int line = 0;
    Source source;
    std::vector<std::string> rules;  // empty: any rule of the source
    std::vector<Item> items;
    Expr condition;
};

}  // namespace gac::detect::sigma
