// Explanations as JSON for programs and as lines for people.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "detect/explain.h"

namespace gac::detect {

namespace {

constexpr std::array<std::string_view, 6> kKinds = {"and",      "or",   "not",
                                                    "at_least", "item", "constant"};
constexpr std::size_t kShownValues = 8;

std::string_view kind_name(ExplainedNode::Kind kind) {
    return kKinds.at(static_cast<std::size_t>(kind));
}

void text_member(std::string_view name, std::string_view value, std::string& out) {
    base::append_json_string(name, out);
    out += ':';
    base::append_json_string(value, out);
}

template <class T, class Append>
void list_member(std::string_view name, const std::vector<T>& all, std::string& out,
                 Append&& append) {
    base::append_json_string(name, out);
    out += ":[";
    for (std::size_t i = 0; i < all.size(); ++i) {
        out += i == 0 ? "" : ",";
        append(all[i]);
    }
    out += ']';
}

void append_item(const ExplainedItem& item, std::string& out) {
    out += fmt::format("{{\"holds\":{},", item.holds);
    text_member("field", item.field, out);
    out += ',';
    list_member("expected", item.expected, out, [&](const ExplainedTest& test) {
        out += '{';
        text_member("op", test.op, out);
        out += ',';
        text_member("value", test.value, out);
        out += fmt::format(",\"cased\":{},\"hit\":{}}}", test.cased, test.hit);
    });
    out += fmt::format(",\"expected_count\":{},\"actual\":", item.expected_count);
    if (!item.actual) {
        out += "null}";
        return;
    }
    out += '{';
    text_member("field", item.actual->field, out);
    out += ',';
    text_member("ecs", item.actual->ecs, out);
    out += ',';
    text_member("value", item.actual->value, out);
    out += "}}";
}

void append_node(const ExplainedNode& node, std::string& out) {
    out += fmt::format("{{\"kind\":\"{}\",\"holds\":{}", kind_name(node.kind), node.holds);
    if (!node.selection.empty()) {
        out += ',';
        text_member("selection", node.selection, out);
    }
    if (!node.exception.empty()) {
        out += ',';
        text_member("exception", node.exception, out);
    }
    if (node.kind == ExplainedNode::Kind::AtLeast) {
        out += fmt::format(",\"need\":{}", node.need);
    }
    if (!node.children.empty()) {
        out += ',';
        list_member("children", node.children, out,
                    [&](const ExplainedNode& child) { append_node(child, out); });
    }
    if (node.item) {
        out += ",\"item\":";
        append_item(*node.item, out);
    }
    out += '}';
}

void append_condition(const Explanation& explanation, std::string& out) {
    out += "\"condition\":";
    if (explanation.condition) {
        append_node(*explanation.condition, out);
    } else {
        out += "null";
    }
}

std::string item_line(const ExplainedItem& item) {
    std::string out = item.field.empty() ? "(any text)" : item.field;
    const std::size_t shown = std::min(item.expected.size(), kShownValues);
    for (std::size_t i = 0; i < shown; ++i) {
        const ExplainedTest& test = item.expected[i];
        out += fmt::format("{}{}{} \"{}\"", i == 0 ? " " : " | ", test.hit ? "=> " : "", test.op,
                           test.value);
    }
    if (item.expected_count > shown) {
        out += fmt::format(" | and {} more", item.expected_count - shown);
    }
    if (!item.actual) {
        return out + (item.field.empty() ? "" : "   [event: field is missing]");
    }
    return out
           + fmt::format("   [event: {}{}{} = \"{}\"]", item.actual->field,
                         item.actual->ecs.empty() ? "" : " / ", item.actual->ecs,
                         item.actual->value);
}

std::string_view mark(bool holds) { return holds ? "[x]" : "[ ]"; }

void add_lines(const ExplainedNode& node, std::size_t depth, std::string& out) {
    out += fmt::format("{:>{}}{} ", "", depth * 2, mark(node.holds));
    if (!node.selection.empty()) {
        out += node.selection + ": ";
    }
    if (!node.exception.empty()) {
        out += "exception " + node.exception + ": ";
    }
    if (node.item) {
        out += item_line(*node.item) + "\n";
        return;
    }
    switch (node.kind) {
        case ExplainedNode::Kind::And:
            out += "all of";
            break;
        case ExplainedNode::Kind::Or:
            out += "any of";
            break;
        case ExplainedNode::Kind::Not:
            out += "not";
            break;
        case ExplainedNode::Kind::AtLeast:
            out += fmt::format("at least {} of", node.need);
            break;
        default:
            out += node.holds ? "always" : "never";
            break;
    }
    out += '\n';
    for (const ExplainedNode& child : node.children) {
        add_lines(child, depth + 1, out);
    }
}

void add_rule_lines(const Explanation& explanation, std::size_t depth, std::string& out) {
    constexpr std::array<std::string_view, 4> kWords = {
        "matches", "does not match: the condition does not hold",
        "is not asked: the event is of another log source",
        "is a correlation: it counts matches of"};
    const event::RuleInfo& rule = *explanation.rule;
    out += fmt::format("{:>{}}{} ({})\n{:>{}}{}\n", "", depth * 2, rule.title, rule.id, "",
                       depth * 2, kWords.at(static_cast<std::size_t>(explanation.verdict)));
    if (explanation.verdict != Explained::Correlation) {
        out += fmt::format(
            "{:>{}}{} log source: product \"{}\" category \"{}\" service \"{}\"; "
            "the event is of profile \"{}\"\n",
            "", depth * 2, mark(explanation.source_holds), rule.product, rule.category,
            rule.service, explanation.profile);
        for (const ExplainedWay& way : explanation.ways) {
            for (const ExplainedItem& item : way.when) {
                out += fmt::format("{:>{}}{} {}\n", "", depth * 2 + 2, mark(item.holds),
                                   item_line(item));
            }
        }
    }
    if (explanation.condition) {
        add_lines(*explanation.condition, depth, out);
    }
    for (const Explanation& reference : explanation.references) {
        add_rule_lines(reference, depth + 1, out);
    }
}

}  // namespace

void append_explanation_json(const Explanation& explanation, std::string& out) {
    const event::RuleInfo& rule = *explanation.rule;
    text_member("rule_id", rule.id, out);
    out += ',';
    text_member("title", rule.title, out);
    out += ',';
    text_member("title_vi", rule.title_vi, out);
    out += ',';
    text_member("verdict", name_of(explanation.verdict), out);
    out += ',';
    text_member("profile", explanation.profile, out);
    out += fmt::format(",\"source\":{{\"holds\":{},", explanation.source_holds);
    text_member("product", rule.product, out);
    out += ',';
    text_member("category", rule.category, out);
    out += ',';
    text_member("service", rule.service, out);
    out += ',';
    list_member("ways", explanation.ways, out, [&](const ExplainedWay& way) {
        out += fmt::format("{{\"holds\":{},", way.holds);
        list_member("when", way.when, out, [&](const ExplainedItem& i) { append_item(i, out); });
        out += '}';
    });
    out += "},";
    append_condition(explanation, out);
    out += ',';
    list_member("references", explanation.references, out, [&](const Explanation& one) {
        out += '{';
        append_explanation_json(one, out);
        out += '}';
    });
}

std::string explanation_text(const Explanation& explanation) {
    std::string out;
    add_rule_lines(explanation, 0, out);
    return out;
}

}  // namespace gac::detect
