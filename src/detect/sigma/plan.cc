#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>

#include <fmt/format.h>

#include "base/text.h"
#include "detect/sigma/parts.h"

namespace gac::detect::sigma {

namespace {

// What a test says of a route's value; nothing when it must be asked of each event.
std::optional<bool> settle(const Test& test, std::uint32_t id, const std::string* text) {
    if (id == kRouteOpen || test.kind == TestKind::FieldRef) {
        return std::nullopt;
    }
    if (id == kRouteMissing) {
        return test.kind == TestKind::Exists ? std::nullopt
                                             : std::optional(test.kind == TestKind::Null);
    }
    if (test.kind == TestKind::Null || test.kind == TestKind::Exists) {
        return test.kind == TestKind::Exists && test.truth;
    }
    if (id == kRouteOther) {
        const bool whole = test.kind == TestKind::Text && !test.cased
                           && test.pattern.kind() == Pattern::Kind::Equals;
        return whole || test.kind == TestKind::Number ? std::optional(false) : std::nullopt;
    }
    // Known values are kept folded: case-sensitive questions stay open.
    if (test.cased || test.kind == TestKind::Regex) {
        return std::nullopt;
    }
    return ask_scalar(test, event::ValueRef(std::string_view(*text)));
}

using KnownItems = std::map<std::tuple<const Leaf*, Slot, std::vector<Slot>>, std::uint32_t>;

class Specialiser {
public:
    Specialiser(const Plan& plan, const DetectionRule& rule, const Plan::Way& way,
                const std::array<std::uint32_t, kRouteFieldsMax>& route, ProgramInput& out,
                KnownItems& known_items)
        : plan_(plan),
          rule_(rule),
          way_(way),
          route_(route),
          out_(out),
          known_items_(known_items) {}

    // Negations end up above items only.
    Expr run(const Expr& expr, bool negated) {
        switch (expr.kind) {
            case Expr::Kind::Constant:
                return Expr::constant(expr.truth != negated);
            case Expr::Kind::Not:
                return run(expr.children.front(), !negated);
            case Expr::Kind::And:
            case Expr::Kind::Or:
                return join(expr, negated);
            case Expr::Kind::AtLeast:
                return at_least(expr, negated);
            case Expr::Kind::Item: {
                const SharedItem& shared = *rule_.items[expr.item];
                Expr leaf = item(&shared.leaf(),
                                 shared.is_keyword() ? kKeywordSlot : way_.slots[shared.name()],
                                 relations_of(shared));
                if (leaf.kind == Expr::Kind::Constant) {
                    leaf.truth = leaf.truth != negated;
                    return leaf;
                }
                return negated ? Expr::negate(std::move(leaf)) : std::move(leaf);
            }
        }
        return Expr::constant(false);
    }

    Expr item(const Leaf* leaf, Slot slot, const std::vector<Slot>& relations) {
        for (std::size_t field = 0; field < plan_.route_slots.size(); ++field) {
            if (plan_.route_slots[field] != slot) {
                continue;
            }
            const std::uint32_t id = route_[field];
            const std::string* text =
                id >= kRouteFirst ? &plan_.known_texts[field][id - kRouteFirst] : nullptr;
            bool open = false;
            for (const Test& test : leaf->item.any) {
                const std::optional<bool> answer = settle(test, id, text);
                if (answer.value_or(false)) {
                    return Expr::constant(true);
                }
                open = open || !answer;
            }
            if (!open) {
                return Expr::constant(false);
            }
        }
        const auto [at, added] = known_items_.try_emplace(
            {leaf, slot, relations}, static_cast<std::uint32_t>(out_.items.size()));
        if (added) {
            out_.items.push_back({leaf, slot, relations});
        }
        return Expr::leaf(at->second);
    }

private:
    std::vector<Slot> relations_of(const SharedItem& shared) const {
        std::vector<Slot> out;
        if (shared.has_relation()) {
            for (const Test& test : shared.leaf().item.any) {
                out.push_back(test.kind == TestKind::FieldRef ? plan_.slot_of(way_, test.text) : 0);
            }
        }
        return out;
    }

    Expr join(const Expr& expr, bool negated) {
        const bool all = (expr.kind == Expr::Kind::And) != negated;
        const Expr::Kind kind = all ? Expr::Kind::And : Expr::Kind::Or;
        std::vector<Expr> parts;
        for (const Expr& child : expr.children) {
            Expr part = run(child, negated);
            if (part.kind == Expr::Kind::Constant) {
                if (part.truth != all) {
                    return part;  // false in an AND, true in an OR
                }
                continue;
            }
            if (part.kind == kind) {
                std::ranges::move(part.children, std::back_inserter(parts));
            } else {
                parts.push_back(std::move(part));
            }
        }
        if (parts.empty()) {
            return Expr::constant(all);
        }
        return parts.size() == 1 ? std::move(parts.front()) : Expr::join(kind, std::move(parts));
    }

    Expr at_least(const Expr& expr, bool negated) {
        // Not (n of k) is (k - n + 1) of k, each negated.
        const auto size = static_cast<std::uint32_t>(expr.children.size());
        std::uint32_t need = negated ? size - expr.need + 1 : expr.need;
        std::vector<Expr> parts;
        for (const Expr& child : expr.children) {
            Expr part = run(child, negated);
            if (part.kind != Expr::Kind::Constant) {
                parts.push_back(std::move(part));
            } else if (part.truth && need > 0) {
                --need;
            }
        }
        if (need == 0 || need > parts.size()) {
            return Expr::constant(need == 0);
        }
        if (parts.size() == 1) {
            return std::move(parts.front());
        }
        Expr out = Expr::join(need == 1              ? Expr::Kind::Or
                              : need == parts.size() ? Expr::Kind::And
                                                     : Expr::Kind::AtLeast,
                              std::move(parts));
        out.need = need;
        return out;
    }

    const Plan& plan_;
    const DetectionRule& rule_;
    const Plan::Way& way_;
    const std::array<std::uint32_t, kRouteFieldsMax>& route_;
    ProgramInput& out_;
    KnownItems& known_items_;
};

// Decimal digits as an integer writes itself.
bool is_plain_integer(std::string_view text) {
    return !text.empty() && text.size() < 18
           && std::ranges::all_of(
               text, [](char c) { return c >= '0' && c <= '9'; })
           && (text.size() == 1 || text[0] != '0');
}

}  // namespace

std::vector<std::string> route_values(const Test& test) {
    if (test.kind == TestKind::Text && !test.cased
        && test.pattern.kind() == Pattern::Kind::Equals) {
        return {test.pattern.plain()};
    }
    if (test.kind == TestKind::Number) {
        std::vector<std::string> out{base::fold_case(test.text)};
        if (test.number >= 0 && test.number < 1e15 && test.number == std::floor(test.number)) {
            out.push_back(fmt::format("{}", static_cast<std::uint64_t>(test.number)));
        }
        return out;
    }
    return {};
}

std::uint32_t Plan::add_known(std::size_t field, std::string folded) {
    const auto id = static_cast<std::uint32_t>(known_texts[field].size()) + kRouteFirst;
    const auto [at, added] = known[field].try_emplace(folded, id);
    if (added) {
        known_texts[field].push_back(std::move(folded));
    }
    return at->second;
}

std::uint32_t Plan::route_id(std::size_t field, const event::ValueRef* value,
                             std::string& scratch) const {
    if (value == nullptr || value->is_null()) {
        return kRouteMissing;
    }
    if (value->type() != event::Type::String && value->type() != event::Type::Integer) {
        return kRouteOpen;
    }
    const bool number = value->type() == event::Type::Integer;
    const std::string_view text = value->text(scratch);
    const std::string folded = base::fold_case(text);
    const auto found = known[field].find(folded);
    if (found != known[field].end()) {
        return found->second;
    }
    // Texts that are numbers in another spelling ("01") may still equal a rule's number.
    return number || is_plain_integer(text) || !number_of(text) ? kRouteOther : kRouteOpen;
}

bool Plan::when_holds(const Way& way, const Route& route) {
    return std::ranges::all_of(way.route_when, [&](const auto& when) {
        return std::ranges::find(when.second, route[when.first]) != when.second.end();
    });
}

std::span<const std::vector<Slot>> Plan::inputs_of(const DetectionRule& rule, std::uint32_t number,
                                                   Route route) const {
    const auto use = std::ranges::lower_bound(uses, number, {}, &Use::rule);
    if (use == uses.end() || use->rule != number) {
        return {};
    }
    const std::size_t count = rule.inputs.size();
    for (std::size_t way = 0; way < use->way_count; ++way) {
        if (when_holds(ways[use->first_way + way], route)) {
            return std::span(inputs).subspan(use->first_input + way * count, count);
        }
    }
    return {};
}

Slot Plan::slot_of(const Way& way, const std::string& asked) const {
    const auto renamed = way.rename.find(asked);
    return binding.find_slot(renamed == way.rename.end() ? asked : renamed->second)
        .value_or(kNoSlot);
}

std::unique_ptr<const Program> Plan::build(const std::vector<DetectionRule>& rules,
                                           const Route& route) const {
    ProgramInput input;
    KnownItems items;
    for (const Use& use : uses) {
        std::vector<Expr> conditions;
        for (const Way& way : ways_of(use)) {
            if (!when_holds(way, route)) {
                continue;
            }
            const DetectionRule& rule = rules[use.rule];
            Specialiser specialiser(*this, rule, way, route, input, items);
            Expr condition = specialiser.run(rule.rule.condition, false);
            if (condition.kind == Expr::Kind::Constant && !condition.truth) {
                continue;
            }
            std::vector<Expr> parts;
            for (const auto& [item, slot] : way.other_when) {
                parts.push_back(specialiser.item(&item->leaf(), slot, {}));
            }
            if (!parts.empty()) {
                parts.push_back(std::move(condition));
                condition = Expr::join(Expr::Kind::And, std::move(parts));
            }
            conditions.push_back(std::move(condition));
        }
        if (!conditions.empty()) {
            Expr condition = conditions.size() == 1
                                 ? std::move(conditions.front())
                                 : Expr::join(Expr::Kind::Or, std::move(conditions));
            input.rules.push_back({use.rule, std::move(condition)});
        }
    }
    return build_program(std::move(input));
}

// Every known value of the second field for which some test of the leaf holds.
void Plan::mark_relevant(const Leaf& leaf, std::vector<bool>& relevant) const {
    for (const Test& test : leaf.item.any) {
        for (const std::string& text : route_values(test)) {
            if (const auto id = known[1].find(text); id != known[1].end()) {
                relevant[id->second - kRouteFirst] = true;
            }
        }
        if (!route_values(test).empty()) {
            continue;
        }
        for (std::size_t k = 0; k < known_texts[1].size(); ++k) {
            if (settle(test, static_cast<std::uint32_t>(k) + kRouteFirst, &known_texts[1][k])
                    .value_or(false)) {
                relevant[k] = true;
            }
        }
    }
}

Plan::Route Plan::narrowed(const std::vector<DetectionRule>& rules, Route route) const {
    if (route_slots.size() < 2 || route[1] < kRouteFirst) {
        return route;
    }
    auto [found, added] = relevant_.try_emplace(route[0]);
    if (added) {
        std::vector<bool>& relevant = found->second;
        relevant.resize(known_texts[1].size(), false);
        for (const Use& use : uses) {
            for (const Way& way : ways_of(use)) {
                bool first_holds = true;
                for (const auto& when : way.route_when) {
                    first_holds =
                        first_holds
                        && (when.first != 0
                            || std::ranges::find(when.second, route[0]) != when.second.end());
                }
                if (!first_holds) {
                    continue;
                }
                for (const auto& when : way.route_when) {
                    if (when.first == 1) {
                        for (const std::uint32_t id : when.second) {
                            relevant[id - kRouteFirst] = true;
                        }
                    }
                }
                const DetectionRule& rule = rules[use.rule];
                for (const SharedItem* item : rule.items) {
                    if (!item->is_keyword() && way.slots[item->name()] == route_slots[1]) {
                        mark_relevant(item->leaf(), relevant);
                    }
                }
            }
        }
    }
    if (!found->second[route[1] - kRouteFirst]) {
        route[1] = kRouteOther;
    }
    return route;
}

const Program& Plan::program(const std::vector<DetectionRule>& rules, Route route) const {
    Built* built = nullptr;
    {
        const std::lock_guard lock(mutex_);
        route = narrowed(rules, route);
        built = &programs_[route];
    }
    // Several threads may build programs of different routes side by side.
    std::call_once(built->once, [&] { built->program = build(rules, route); });
    return *built->program;
}

std::size_t Plan::program_count() const {
    const std::lock_guard lock(mutex_);
    return programs_.size();
}

}  // namespace gac::detect::sigma
