// A query in words, for `explain`, and the columns of its table.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "store/query/plan.h"

namespace gac::store::query {

namespace {

std::string test_in_words(const Test& test) {
    switch (test.relation) {
        case Relation::Exists:
            return "is there";
        case Relation::Less:
            return "< " + test.text;
        case Relation::LessOrEqual:
            return "<= " + test.text;
        case Relation::Greater:
            return "> " + test.text;
        case Relation::GreaterOrEqual:
            return ">= " + test.text;
        case Relation::Matches:
            return "matches /" + test.text + "/";
        case Relation::Is:
            return (test.is_network ? "in " : "is ")
                   + (test.quoted ? "\"" + test.text + "\"" : test.text);
    }
    return {};
}

void condition_in_words(const PlanNode& node, std::size_t depth, std::vector<std::string>& out) {
    const std::string indent(depth * 2, ' ');
    switch (node.kind) {
        case PlanNode::Kind::All:
            out.push_back(indent + "everything");
            return;
        case PlanNode::Kind::Leaf:
            out.push_back(fmt::format("{}{} {}", indent, node.name.asked,
                                      test_in_words(node.matcher->test())));
            return;
        case PlanNode::Kind::Sources:
            out.push_back(fmt::format("{}one of {} sources", indent, node.sources.size()));
            return;
        case PlanNode::Kind::Hunt:
            out.push_back(indent + "holds something of the list");
            return;
        case PlanNode::Kind::And:
            out.push_back(indent + "all of, in this order:");
            break;
        case PlanNode::Kind::Or:
            out.push_back(indent + "any of:");
            break;
        case PlanNode::Kind::Not:
            out.push_back(indent + "not:");
            break;
    }
    for (const PlanNode& child : node.children) {
        condition_in_words(child, depth + 1, out);
    }
}

}  // namespace

std::vector<std::string> table_columns(const Tree& tree) {
    std::vector<std::string> out;
    if (!tree.stats) {
        return out;
    }
    for (const By& by : tree.stats->by) {
        out.push_back(by.name);
    }
    for (const Aggregate& aggregate : tree.stats->aggregates) {
        out.push_back(aggregate.name);
    }
    if (tree.top) {
        out.emplace_back("percent");
    }
    return out;
}

std::vector<std::string> plan_in_words(const Query& query, const event::ProfileSet& profiles) {
    std::vector<std::string> out;
    const auto plan = make_plan(query, profiles);
    if (!plan) {
        return out;
    }
    condition_in_words(*plan, 0, out);
    if (!query.tree) {
        return out;
    }
    const Tree& tree = *query.tree;
    for (const Step& step : tree.steps) {
        if (step.kind == Step::Kind::Extract) {
            out.push_back(fmt::format("extract from {} by /{}/", step.extract.from,
                                      step.extract.regex->pattern()));
        }
    }
    if (!tree.dedup.empty()) {
        out.push_back(fmt::format("the newest for each {}", fmt::join(tree.dedup, ", ")));
    }
    if (tree.stats) {
        out.push_back(fmt::format("a table of {}", fmt::join(table_columns(tree), ", ")));
    }
    for (std::size_t i = 0; i < tree.having.size(); ++i) {
        out.emplace_back("rows of it that pass a condition");
    }
    for (const SortKey& key : tree.sort) {
        out.push_back(
            fmt::format("sorted by {}{}", key.name, key.descending ? ", descending" : ""));
    }
    if (!tree.stats && tree.sort.empty()) {
        out.emplace_back("newest first, older blocks are not opened once the page is full");
    }
    return out;
}

}  // namespace gac::store::query
