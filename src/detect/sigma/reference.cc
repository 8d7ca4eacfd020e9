#include "detect/sigma/reference.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"
#include "detect/sigma/parts.h"

namespace gac::detect::sigma {

namespace {

class Evaluation {
public:
    Evaluation(const Binding& binding, const DetectionRule& rule, const Alternative& way,
               const event::EventRef& event)
        : binding_(binding), rule_(rule), way_(way), event_(event) {}

    bool of_source() const {
        return std::ranges::all_of(way_.when, [&](const Alternative::When& when) {
            const event::ValueRef* value = find(when.field);
            if (value == nullptr || value->is_null()) {
                return false;
            }
            std::string scratch;
            const std::string text = base::fold_case(value->text(scratch));
            return std::ranges::any_of(when.values, [&](const std::string& wanted) {
                return base::fold_case(wanted) == text;
            });
        });
    }

    bool holds(const Expr& expr) const {
        const auto child = [&](const Expr& e) { return holds(e); };
        switch (expr.kind) {
            case Expr::Kind::Constant:
                return expr.truth;
            case Expr::Kind::Not:
                return !holds(expr.children.front());
            case Expr::Kind::And:
                return std::ranges::all_of(expr.children, child);
            case Expr::Kind::Or:
                return std::ranges::any_of(expr.children, child);
            case Expr::Kind::AtLeast:
                return std::ranges::count_if(expr.children, child)
                       >= static_cast<std::ptrdiff_t>(expr.need);
            case Expr::Kind::Item:
                return item_holds(rule_.items[expr.item]->leaf().item);
        }
        return false;
    }

private:
    const event::ValueRef* find(const std::string& asked) const {
        const auto renamed = way_.rename.find(asked);
        const auto slot =
            binding_.find_slot(renamed == way_.rename.end() ? asked : renamed->second);
        const event::Field* field = slot ? binding_.find(event_, *slot) : nullptr;
        return field == nullptr ? nullptr : &field->value;
    }

    bool item_holds(const Item& item) const {
        return std::ranges::any_of(item.any, [&](const Test& test) {
            if (item.is_keyword()) {
                return keyword_holds(test);
            }
            const event::ValueRef* value = find(item.field);
            return test.kind == TestKind::FieldRef ? ask_relation(test, value, find(test.text))
                                                   : ask(test, value);
        });
    }

    bool keyword_holds(const Test& test) const {
        const std::string_view raw = base::trim(event_.head().raw);
        const bool json = !event_.head().parse_failed && raw.starts_with('{') && raw.ends_with('}');
        const event::ValueRef whole(event_.head().raw);
        return (!json && ask(test, &whole))
               || std::ranges::any_of(event_.fields(), [&](const event::Field& field) {
                      return ask(test, &field.value);
                  });
    }

    const Binding& binding_;
    const DetectionRule& rule_;
    const Alternative& way_;
    const event::EventRef& event_;
};

}  // namespace

bool reference_matches(const RuleSet::Parts& parts, std::uint32_t rule,
                       const event::EventRef& event) {
    static const event::Profile kGeneric;
    auto profile = static_cast<std::size_t>(event.head().profile);
    profile = profile < parts.plans.size() ? profile : 0;
    const DetectionRule& asked = parts.rules[rule];
    const std::vector<Alternative> ways =
        alternatives(asked.rule.source, parts.profiles ? parts.profiles->all()[profile] : kGeneric,
                     parts.match_unknown_sources);
    return std::ranges::any_of(ways, [&](const Alternative& way) {
        const Evaluation evaluation(parts.plans[profile]->binding, asked, way, event);
        return evaluation.of_source() && evaluation.holds(asked.rule.condition);
    });
}

}  // namespace gac::detect::sigma
