// Rules turned into what an event must have for them. Only what is asked for positively counts: a
// negation excludes nothing, since a value that is not there passes it.
#include "detect/need.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <unordered_map>

#include "detect/sigma/parts.h"

namespace gac::detect {

using event::Need;
using namespace sigma;

namespace {

constexpr std::size_t kTestsMax = 20;  // of one item: more of them are asked as "has a value"
constexpr double kUnbounded = std::numeric_limits<double>::infinity();

enum class Detail { Profiles, Sources, Whole };

Need text_need(std::vector<std::string> pieces, bool open_begin, bool open_end) {
    Need out;
    out.kind = Need::Kind::Text;
    out.pieces = std::move(pieces);
    out.open_begin = open_begin;
    out.open_end = open_end;
    return out;
}

Need number_need(double low, double high) {
    Need out;
    out.kind = Need::Kind::Number;
    out.low = low;
    out.high = high;
    return out;
}

// A whole text; one that is a plain number is also a number, whose range a column knows.
Need whole_text(const std::string& text) {
    std::int64_t number = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (fault == std::errc{} && end == text.data() + text.size() && text.size() < 16) {
        return number_need(static_cast<double>(number), static_cast<double>(number));
    }
    return text_need({text}, false, false);
}

// Single signs that may be any are taken for any run: wider, and simpler to ask.
Need pattern_need(const Pattern& pattern) {
    std::vector<std::string> pieces;
    const auto& parts = pattern.pieces();
    for (const Pattern::Piece& piece : parts) {
        if (piece.kind == Pattern::Piece::Kind::Literal) {
            pieces.push_back(piece.text);
        }
    }
    if (parts.empty()) {
        return text_need({""}, false, false);
    }
    if (pieces.empty()) {
        Need out;
        out.kind = Need::Kind::Has;
        return out;
    }
    if (parts.size() == 1) {
        return whole_text(pieces.front());
    }
    return text_need(std::move(pieces), parts.front().kind != Pattern::Piece::Kind::Literal,
                     parts.back().kind != Pattern::Piece::Kind::Literal);
}

Need compare_need(const Test& test) {
    switch (test.op) {
        case CompareOp::Eq:
            return number_need(test.number, test.number);
        case CompareOp::Gt:
        case CompareOp::Gte:
            return number_need(test.number, kUnbounded);
        case CompareOp::Lt:
        case CompareOp::Lte:
            return number_need(-kUnbounded, test.number);
        case CompareOp::Neq:
            break;
    }
    return number_need(-kUnbounded, kUnbounded);
}

// What a value must be, of whatever field; Anything: there need not be one.
Need value_need(const Test& test) {
    Need has;
    has.kind = Need::Kind::Has;
    switch (test.kind) {
        case TestKind::Null:
        case TestKind::Exists:
            return {};
        case TestKind::Text:
            return pattern_need(test.pattern);
        case TestKind::Number:
            return Need::any(
                {number_need(test.number, test.number), text_need({test.text}, false, false)});
        case TestKind::Bool:
            return text_need({test.truth ? "true" : "false"}, false, false);
        case TestKind::Cidr:
            has.kind = Need::Kind::Network;
            has.network = test.prefix;
            return has;
        case TestKind::Compare:
            return compare_need(test);
        case TestKind::Regex:
        case TestKind::FieldRef:
        case TestKind::TimePart:
            return has;
    }
    return {};
}

void set_field(Need& need, event::FieldId field) {
    need.field = field;
    for (Need& child : need.children) {
        set_field(child, field);
    }
}

// The rules that are for events of one profile.
class ProfileNeed {
public:
    ProfileNeed(const std::vector<DetectionRule>& rules, const Plan& plan, Detail detail)
        : rules_(rules), plan_(plan), detail_(detail) {
        for (std::uint32_t index = 0; index < event::field_count(); ++index) {
            for (const Binding::Feed& feed : plan.binding.feeds(event::FieldId{index})) {
                fields_[feed.slot].push_back(event::FieldId{index});
            }
        }
    }

    Need run() const {
        std::vector<Need> out;
        for (const Plan::Use& use : plan_.uses) {
            for (std::size_t way = 0; way < use.way_count; ++way) {
                out.push_back(of_way(rules_[use.rule], plan_.ways[use.first_way + way]));
                if (out.back().kind == Need::Kind::Anything) {
                    return {};
                }
            }
        }
        return Need::any(std::move(out));
    }

private:
    Need of_way(const DetectionRule& rule, const Plan::Way& way) const {
        std::vector<Need> parts;
        for (const auto& [field, values] : way.route_when) {
            std::vector<Need> any;
            for (const std::uint32_t id : values) {
                if (id < kRouteFirst) {
                    return {};
                }
                any.push_back(in_slot(whole_text(plan_.known_texts[field][id - kRouteFirst]),
                                      plan_.route_slots[field]));
            }
            parts.push_back(Need::any(std::move(any)));
        }
        for (const auto& [item, slot] : way.other_when) {
            parts.push_back(of_item(*item, slot));
        }
        if (detail_ == Detail::Whole) {
            parts.push_back(of(rule.rule.condition, rule, way));
        }
        return Need::all(std::move(parts));
    }

    Need of(const Expr& expr, const DetectionRule& rule, const Plan::Way& way) const {
        switch (expr.kind) {
            case Expr::Kind::Constant:
                return expr.truth ? Need{} : Need::nothing();
            case Expr::Kind::Not:
                return {};
            case Expr::Kind::Item: {
                const SharedItem& item = *rule.items[expr.item];
                return item.is_keyword() ? Need{} : of_item(item, way.slots[item.name()]);
            }
            case Expr::Kind::AtLeast:
                if (expr.need == 0) {
                    return {};
                }
                break;
            case Expr::Kind::And:
            case Expr::Kind::Or:
                break;
        }
        std::vector<Need> parts;
        for (const Expr& child : expr.children) {
            parts.push_back(of(child, rule, way));
        }
        return expr.kind == Expr::Kind::And ? Need::all(std::move(parts))
                                            : Need::any(std::move(parts));
    }

    Need of_item(const SharedItem& item, Slot slot) const {
        const std::vector<Test>& tests = item.leaf().item.any;
        std::vector<Need> any;
        for (const Test& test : tests) {
            Need need = value_need(test);
            if (need.kind == Need::Kind::Anything) {
                return {};
            }
            if (tests.size() > kTestsMax) {
                need = {};
                need.kind = Need::Kind::Has;
            }
            any.push_back(in_slot(std::move(need), slot));
        }
        return Need::any(std::move(any));
    }

    Need in_slot(const Need& need, Slot slot) const {
        if (slot == Plan::kNoSlot) {
            return {};
        }
        const auto found = fields_.find(slot);
        std::vector<Need> any;
        if (found != fields_.end()) {
            for (const event::FieldId field : found->second) {
                any.push_back(need);
                set_field(any.back(), field);
            }
        }
        return Need::any(std::move(any));
    }

    const std::vector<DetectionRule>& rules_;
    const Plan& plan_;
    Detail detail_;
    std::unordered_map<Slot, std::vector<event::FieldId>> fields_;  // own fields that fill a slot
};

Need need_in(const RuleSet::Parts& parts, Detail detail) {
    std::vector<Need> out;
    for (std::size_t i = 0; i < parts.plans.size(); ++i) {
        const Plan& plan = *parts.plans[i];
        if (plan.uses.empty()) {
            continue;
        }
        Need need = Need::of(static_cast<event::ProfileId>(i));
        if (detail != Detail::Profiles) {
            need = Need::all({std::move(need), ProfileNeed(parts.rules, plan, detail).run()});
        }
        out.push_back(std::move(need));
    }
    return Need::any(std::move(out));
}

}  // namespace

event::Need need_of(const RuleSet& rules, std::size_t leaves_max) {
    const RuleSet::Parts& parts = rules.parts();
    if (!parts.profiles || parts.plans.size() != parts.profiles->all().size()) {
        return {};  // profiles are not told apart
    }
    // So many rules are not asked one by one: that would make all of their items ready.
    Need need = need_in(parts, parts.rules.size() > leaves_max ? Detail::Sources : Detail::Whole);
    if (need.leaves() > leaves_max) {
        need = need_in(parts, Detail::Sources);
    }
    return need.leaves() > leaves_max ? need_in(parts, Detail::Profiles) : need;
}

}  // namespace gac::detect
