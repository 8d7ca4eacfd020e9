#include "detect/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "detect/sigma/parts.h"
#include "detect/sigma/source.h"

namespace gac::detect {

namespace {

using namespace sigma;

std::string cut(std::string_view text) {
    std::size_t size = std::min(text.size(), ExplainedItem::kValueBytesMax);
    while (size < text.size() && size > 0
           && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) {
        --size;
    }
    return std::string(text.substr(0, size));
}

std::string_view word_of(CompareOp op) {
    constexpr std::array<std::string_view, 6> kWords = {"eq", "neq", "gt", "gte", "lt", "lte"};
    return kWords.at(static_cast<std::size_t>(op));
}

ExplainedTest describe_text(const Test& test) {
    ExplainedTest out;
    out.cased = test.cased;
    out.value = cut(test.pattern.key());
    switch (test.pattern.kind()) {
        case Pattern::Kind::Equals:
            out.op = "equals";
            break;
        case Pattern::Kind::StartsWith:
            out.op = "startswith";
            break;
        case Pattern::Kind::EndsWith:
            out.op = "endswith";
            break;
        case Pattern::Kind::Contains:
            out.op = "contains";
            break;
        case Pattern::Kind::Anything:
            out.op = "any";
            break;
        case Pattern::Kind::Wildcard:
            out.op = "wildcard";
            out.value = cut(test.pattern.text());
            break;
    }
    return out;
}

ExplainedTest describe(const Test& test) {
    constexpr std::array<std::string_view, 6> kParts = {"minute", "hour",  "day",
                                                        "week",   "month", "year"};
    switch (test.kind) {
        case TestKind::Text:
            return describe_text(test);
        case TestKind::Number:
            return {.op = "number", .value = cut(test.text)};
        case TestKind::Bool:
            return {.op = "bool", .value = test.truth ? "true" : "false"};
        case TestKind::Null:
            return {.op = "null", .value = {}};
        case TestKind::Exists:
            return {.op = "exists", .value = test.truth ? "true" : "false"};
        case TestKind::Regex:
            return {.op = "re", .value = cut(test.text), .cased = !test.flags.ignore_case};
        case TestKind::Cidr:
            return {.op = "cidr", .value = test.prefix.text()};
        case TestKind::Compare:
            return {.op = word_of(test.op), .value = fmt::format("{}", test.number)};
        case TestKind::FieldRef:
            return {.op = "fieldref", .value = cut(test.text), .cased = test.cased};
        case TestKind::TimePart:
            return {.op = "timepart",
                    .value = fmt::format("{} {} {}", kParts.at(static_cast<std::size_t>(test.part)),
                                         word_of(test.op), test.number)};
    }
    return {};
}

ExplainedNode::Kind kind_of(Expr::Kind kind) {
    switch (kind) {
        case Expr::Kind::And:
            return ExplainedNode::Kind::And;
        case Expr::Kind::Or:
            return ExplainedNode::Kind::Or;
        case Expr::Kind::Not:
            return ExplainedNode::Kind::Not;
        case Expr::Kind::AtLeast:
            return ExplainedNode::Kind::AtLeast;
        case Expr::Kind::Item:
            return ExplainedNode::Kind::Item;
        case Expr::Kind::Constant:
            break;
    }
    return ExplainedNode::Kind::Constant;
}

// One rule and one event, seen in one way.
class Evaluation {
public:
    Evaluation(const Binding& binding, const event::Profile& profile, const DetectionRule& rule,
               const Alternative& way, const event::EventRef& event)
        : binding_(binding), profile_(profile), rule_(rule), way_(way), event_(event) {}

    ExplainedWay source() const {
        ExplainedWay out;
        out.holds = true;
        for (const Alternative::When& when : way_.when) {
            out.when.push_back(explain_when(when));
            out.holds = out.holds && out.when.back().holds;
        }
        return out;
    }

    ExplainedNode node(const Expr& expr) const {
        ExplainedNode out;
        out.kind = kind_of(expr.kind);
        out.need = expr.need;
        if (expr.selection.starts_with(kExceptionPath)) {
            out.exception = expr.selection.substr(kExceptionPath.size());
        } else {
            out.selection = expr.selection;
        }
        for (const Expr& child : expr.children) {
            out.children.push_back(node(child));
        }
        const auto held = static_cast<std::size_t>(
            std::ranges::count_if(out.children, [](const ExplainedNode& n) { return n.holds; }));
        switch (expr.kind) {
            case Expr::Kind::Constant:
                out.holds = expr.truth;
                break;
            case Expr::Kind::Not:
                out.holds = held == 0;
                break;
            case Expr::Kind::And:
                out.holds = held == out.children.size();
                break;
            case Expr::Kind::Or:
                out.holds = held > 0;
                break;
            case Expr::Kind::AtLeast:
                out.holds = held >= expr.need;
                break;
            case Expr::Kind::Item: {
                const Item& item = rule_.items[expr.item]->leaf().item;
                out.item =
                    item.is_keyword() ? explain_keyword(item) : explain_field(item, renamed(item));
                out.holds = out.item->holds;
                break;
            }
        }
        return out;
    }

private:
    // Names that no rule of the profile asks for are not bound: those are only looked up for
    // showing.
    const event::Field* find(const std::string& asked) const {
        if (const auto slot = binding_.find_slot(asked)) {
            return binding_.find(event_, *slot);
        }
        for (const event::FieldId id : profile_.resolve(asked)) {
            for (const event::Field& field : event_.fields()) {
                if (field.id == id) {
                    return &field;
                }
            }
        }
        return nullptr;
    }
    const event::Field* asked(const std::string& name) const {
        const auto other = way_.rename.find(name);
        return find(other == way_.rename.end() ? name : other->second);
    }
    const event::Field* renamed(const Item& item) const { return asked(item.field); }

    static void finish(ExplainedItem& item, std::vector<ExplainedTest> tests) {
        item.expected_count = tests.size();
        for (const bool hit : {true, false}) {
            for (ExplainedTest& test : tests) {
                if (test.hit == hit && item.expected.size() < ExplainedItem::kExpectedMax) {
                    item.expected.push_back(std::move(test));
                }
            }
        }
    }

    ExplainedItem::Actual actual_of(const event::Field& field) const {
        std::string text;
        std::string scratch;
        if (field.value.type() == event::Type::List) {
            field.value.append_json(text);
        } else if (field.value.is_null()) {
            text = "null";
        } else {
            text = field.value.text(scratch);
        }
        return {std::string(event::name_of(field.id)),
                std::string(profile_.ecs_name_of(field.id).value_or(std::string_view())),
                cut(text)};
    }

    // The whole text of the value, as routing takes it: the elements of a list are not looked at.
    ExplainedItem explain_when(const Alternative::When& when) const {
        ExplainedItem out;
        out.field = when.field;
        const event::Field* field = find(when.field);
        std::string folded;
        if (field != nullptr) {
            out.actual = actual_of(*field);
            std::string scratch;
            folded = base::fold_case(field->value.text(scratch));
        }
        std::vector<ExplainedTest> tests;
        for (const std::string& value : when.values) {
            const bool hit =
                field != nullptr && !field->value.is_null() && base::fold_case(value) == folded;
            out.holds = out.holds || hit;
            tests.push_back({.op = "equals", .value = value, .cased = false, .hit = hit});
        }
        finish(out, std::move(tests));
        return out;
    }

    ExplainedItem explain_field(const Item& item, const event::Field* field) const {
        ExplainedItem out;
        out.field = item.field;
        if (field != nullptr) {
            out.actual = actual_of(*field);
        }
        const event::ValueRef* value = field == nullptr ? nullptr : &field->value;
        std::vector<ExplainedTest> tests;
        for (const Test& test : item.any) {
            ExplainedTest told = describe(test);
            if (test.kind == TestKind::FieldRef) {
                const event::Field* other = asked(test.text);
                told.hit = ask_relation(test, value, other == nullptr ? nullptr : &other->value);
            } else {
                told.hit = ask(test, value);
            }
            out.holds = out.holds || told.hit;
            tests.push_back(std::move(told));
        }
        finish(out, std::move(tests));
        return out;
    }

    ExplainedItem explain_keyword(const Item& item) const {
        ExplainedItem out;
        std::vector<ExplainedTest> tests;
        const std::string_view raw = base::trim(event_.head().raw);
        const bool json = !event_.head().parse_failed && raw.starts_with('{') && raw.ends_with('}');
        const event::ValueRef whole(event_.head().raw);
        for (const Test& test : item.any) {
            ExplainedTest told = describe(test);
            for (const event::Field& field : event_.fields()) {
                if (ask(test, &field.value)) {
                    told.hit = true;
                    if (!out.actual) {
                        out.actual = actual_of(field);
                    }
                    break;
                }
            }
            if (!told.hit && !json && ask(test, &whole)) {
                told.hit = true;
                if (!out.actual) {
                    out.actual = {
                        std::string(event::name_of(event::field::Original)), {}, cut(raw)};
                }
            }
            out.holds = out.holds || told.hit;
            tests.push_back(std::move(told));
        }
        finish(out, std::move(tests));
        return out;
    }

    const Binding& binding_;
    const event::Profile& profile_;
    const DetectionRule& rule_;
    const Alternative& way_;
    const event::EventRef& event_;
};

Explanation explain_rule(const RuleSet::Parts& parts, const DetectionRule& rule,
                         const event::EventRef& event) {
    static const event::Profile kGeneric;
    auto index = static_cast<std::size_t>(event.head().profile);
    index = index < parts.plans.size() ? index : 0;
    const event::Profile& profile = parts.profiles ? parts.profiles->all()[index] : kGeneric;
    Explanation out;
    out.rule = rule.rule.info;
    out.profile = profile.name;
    const std::vector<Alternative> ways =
        alternatives(rule.rule.source, profile, parts.match_unknown_sources);
    const auto look = [&](const Alternative& way) {
        return Evaluation(parts.plans[index]->binding, profile, rule, way, event);
    };
    std::optional<ExplainedNode> otherwise;  // as if the log source fitted
    for (const Alternative& way : ways) {
        out.ways.push_back(look(way).source());
        const bool fits = out.ways.back().holds;
        out.source_holds = out.source_holds || fits;
        if (fits && (!out.condition || !out.condition->holds)) {
            ExplainedNode node = look(way).node(rule.rule.condition);
            if (!out.condition || node.holds) {
                out.condition = std::move(node);
            }
        } else if (!fits && !otherwise) {
            otherwise = look(way).node(rule.rule.condition);
        }
    }
    if (!out.condition) {
        out.condition = otherwise ? *std::move(otherwise) : look({}).node(rule.rule.condition);
    }
    out.verdict = !out.source_holds      ? Explained::OtherSource
                  : out.condition->holds ? Explained::Match
                                         : Explained::NoMatch;
    return out;
}

bool named(const event::RuleInfo& info, std::string_view name, std::string_view wanted) {
    return base::equal_ignoring_ascii_case(info.id, wanted) || (!name.empty() && name == wanted)
           || info.title == wanted || info.path == wanted;
}

Explanation explain_correlation(const RuleSet& rules, const Correlation& correlation,
                                const event::EventRef& event) {
    Explanation out;
    out.rule = correlation.info;
    out.verdict = Explained::Correlation;
    for (const std::string& reference : correlation.rules) {
        // Loaded correlations refer to loaded rules, and never in a circle.
        if (auto one = explain(rules, reference, event)) {
            out.references.push_back(*std::move(one));
        }
    }
    return out;
}

}  // namespace

std::string_view name_of(Explained verdict) {
    constexpr std::array<std::string_view, 4> kNames = {"match", "no_match", "other_source",
                                                        "correlation"};
    return kNames.at(static_cast<std::size_t>(verdict));
}

Result<Explanation> explain(const RuleSet& rules, std::string_view rule,
                            const event::EventRef& event) {
    for (const DetectionRule& one : rules.parts().rules) {
        if (named(*one.rule.info, one.rule.name, rule)) {
            return explain_rule(rules.parts(), one, event);
        }
    }
    for (const Correlation& one : rules.parts().correlations) {
        if (named(*one.info, one.name, rule)) {
            return explain_correlation(rules, one, event);
        }
    }
    return fail(Code::NotFound, fmt::format("no rule \"{}\" is loaded", rule));
}

}  // namespace gac::detect
