#include "store/query/need.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/text.h"

namespace gac::store::query {

using event::Need;

namespace {

// Integers beyond are not told apart as doubles, by which rules compare.
constexpr double kExactMax = 4'503'599'627'370'496.0;  // 2^52

PlanNode leaf_of(Name name, const Test& test, bool anywhere, int cost) {
    PlanNode out;
    out.kind = PlanNode::Kind::Leaf;
    out.name = std::move(name);
    out.matcher.emplace(test, anywhere);
    out.cost = cost;
    return out;
}

Name own(event::FieldId field, const event::ProfileSet& profiles) {
    Name name;
    name.asked = event::name_of(field);
    name.by_profile.assign(profiles.all().size(), {field});
    return name;
}

PlanNode leaf_of(event::FieldId field, const Test& test, bool anywhere,
                 const event::ProfileSet& profiles) {
    Name name = own(field, profiles);
    const int cost = searched_for_parts(name.asked) ? 50 : 10;
    return leaf_of(std::move(name), test, anywhere, cost);
}

// Marks of Vietnamese count, as they do in rules.
Test text_test(std::string text) {
    Test test;
    test.quoted = true;
    test.pattern = text;
    test.text = std::move(text);
    if (base::IpAddress::parse(test.text)) {
        test.prefix = base::IpPrefix::parse(test.text);
    }
    return test;
}

PlanNode has(const Need& need, const event::ProfileSet& profiles) {
    Test test;
    test.relation = Relation::Exists;
    return leaf_of(need.field, test, false, profiles);
}

PlanNode text(const Need& need, const event::ProfileSet& profiles) {
    std::string pattern;
    bool odd = false;  // a sign that means a wildcard here
    for (const std::string& piece : need.pieces) {
        if (need.open_begin || &piece != need.pieces.data()) {
            pattern += kAnyMark;
        }
        odd = odd || piece.contains(kAnyMark) || piece.contains(kOneMark);
        pattern += base::fold_case(piece);
    }
    if (odd) {
        return has(need, profiles);
    }
    if (need.pieces.size() == 1 && !need.open_begin && !need.open_end) {
        return leaf_of(need.field, text_test(std::move(pattern)), false, profiles);
    }
    pattern += need.open_end ? std::string(1, kAnyMark) : std::string();
    Test test;
    test.quoted = true;
    test.text = test.pattern = std::move(pattern);
    return leaf_of(need.field, test, need.open_begin && need.open_end, profiles);
}

PlanNode number(const Need& need, const event::ProfileSet& profiles) {
    std::vector<PlanNode> parts;
    const auto add = [&](Relation relation, double bound) {
        if (!std::isfinite(bound)) {
            return;
        }
        Test test;
        test.relation = relation;
        test.number = bound;
        if (bound == std::floor(bound) && std::abs(bound) <= kExactMax) {
            test.integer = static_cast<std::int64_t>(bound);
        }
        parts.push_back(leaf_of(need.field, test, false, profiles));
    };
    add(Relation::GreaterOrEqual, need.low);
    add(Relation::LessOrEqual, need.high);
    if (parts.empty()) {
        return has(need, profiles);
    }
    if (parts.size() == 1) {
        return std::move(parts.front());
    }
    PlanNode out;
    out.kind = PlanNode::Kind::And;
    out.cost = parts.front().cost;
    out.children = std::move(parts);
    return out;
}

PlanNode network(const Need& need, const event::ProfileSet& profiles) {
    Test test = text_test(need.network->text());
    test.prefix = need.network;
    test.is_network = true;
    return leaf_of(need.field, test, false, profiles);
}

}  // namespace

PlanNode plan_of(const event::Need& need, const event::ProfileSet& profiles) {
    PlanNode out;
    switch (need.kind) {
        case Need::Kind::Anything:
        case Need::Kind::Nothing:
            return out;
        case Need::Kind::Profile: {
            Name name;
            name.kind = Name::Kind::Profile;
            return leaf_of(std::move(name), text_test(profiles[need.profile].name), false, 1);
        }
        case Need::Kind::Has:
            return has(need, profiles);
        case Need::Kind::Text:
            return text(need, profiles);
        case Need::Kind::Number:
            return number(need, profiles);
        case Need::Kind::Network:
            return network(need, profiles);
        case Need::Kind::All:
            out.kind = PlanNode::Kind::And;
            break;
        case Need::Kind::Any:
            out.kind = PlanNode::Kind::Or;
            break;
    }
    for (const Need& child : need.children) {
        out.children.push_back(plan_of(child, profiles));
        out.cost = std::max(out.cost, out.children.back().cost);
    }
    std::ranges::sort(out.children, {}, &PlanNode::cost);
    return out;
}

}  // namespace gac::store::query
