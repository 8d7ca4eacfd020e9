#include "store/query/plan.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace gac::store::query {

using event::EventRef;
using event::FieldId;
using event::ValueRef;

namespace {

constexpr std::pair<std::string_view, Name::Kind> kSystemNames[] = {
    {"@timestamp", Name::Kind::Time},
    {"event.ingested", Name::Kind::Received},
    {"event.id", Name::Kind::Id},
    {"gac.source", Name::Kind::Source},
    {"gac.profile", Name::Kind::Profile},
    {"gac.drill", Name::Kind::Drill},
    {"gac.parse_failed", Name::Kind::ParseFailed},
    {"event.original", Name::Kind::Raw},
};

// As Profile::resolve, but a name that no event has ever had is not added to the table of names:
// questions must not be able to fill it.
std::vector<FieldId> own_fields(std::string_view asked, const event::Profile& profile) {
    std::vector<FieldId> own;
    if (const auto found = profile.names.find(std::string(asked)); found != profile.names.end()) {
        own = found->second;
    }
    const auto add = [&](std::string_view name) {
        const auto id = event::find_field(name);
        if (id && std::ranges::find(own, *id) == own.end()) {
            own.push_back(*id);
        }
    };
    for (const std::string& prefix : profile.prefixes) {
        if (!prefix.contains('*')) {
            add(prefix + std::string(asked));
        }
    }
    add(asked);
    return own;
}

int cost_of(const PlanNode& leaf) {
    switch (leaf.name.kind) {
        case Name::Kind::Time:
        case Name::Kind::Source:
        case Name::Kind::Profile:
        case Name::Kind::Drill:
        case Name::Kind::ParseFailed:
            return 1;
        case Name::Kind::Received:
        case Name::Kind::Id:
            return 2;
        case Name::Kind::Own:
            return searched_for_parts(leaf.name.asked) ? 50 : 10;
        case Name::Kind::Raw:
            return 100;
        case Name::Kind::Computed:
            return 200;
    }
    return 10;
}

PlanNode leaf(std::string_view asked, const Test& test, const Scope& scope) {
    PlanNode node;
    node.kind = PlanNode::Kind::Leaf;
    node.name = scope.resolve(asked);
    node.computed = node.name.kind == Name::Kind::Computed;
    node.matcher.emplace(test, !node.computed && searched_for_parts(asked));
    node.cost = cost_of(node) + (test.relation == Relation::Matches ? 20 : 0);
    return node;
}

PlanNode compile(const Node& from, const Scope& scope) {
    PlanNode node;
    switch (from.kind) {
        case Node::Kind::All:
            return node;
        case Node::Kind::Field:
            return leaf(from.field, from.test, scope);
        case Node::Kind::FreeText:
            return leaf("event.original", from.test, scope);
        case Node::Kind::And:
            node.kind = PlanNode::Kind::And;
            break;
        case Node::Kind::Or:
            node.kind = PlanNode::Kind::Or;
            break;
        case Node::Kind::Not:
            node.kind = PlanNode::Kind::Not;
            break;
    }
    for (const Node& child : from.children) {
        node.children.push_back(compile(child, scope));
        node.cost = std::max(node.cost, node.children.back().cost);
        node.computed = node.computed || node.children.back().computed;
    }
    std::ranges::sort(node.children, {}, &PlanNode::cost);
    return node;
}

// Does anything in the event stand in the list, at the event's time?
bool holds_any(const Hunter& hunter, HunterEye& eye, const EventRef& event) {
    std::vector<Find> finds;
    std::vector<std::uint32_t> maybe;
    bool has_text = false;
    bool closely = false;
    const auto look = [&](std::uint32_t role, const ValueRef& value) {
        maybe.clear();
        eye.glance(role, std::span(&value, 1), maybe);
        closely = (!maybe.empty() && eye.look(role, value, finds)) || closely;
    };
    for (const event::Field& field : event.fields()) {
        const std::uint32_t role = hunter.role(event.head().profile, field.id);
        if (role == Hunter::kNoRole) {
            continue;
        }
        has_text = has_text || role == hunter.text_role();
        if (!field.value.is_null()) {
            look(role, field.value);
        }
    }
    if (!has_text && hunter.text_role() != Hunter::kNoRole) {
        look(hunter.text_role(), ValueRef(event.head().raw));
    }
    if (closely) {
        eye.look_closely(event, finds);
    }
    return std::ranges::any_of(
        finds, [&](const Find& find) { return find.when.contains(event.head().time); });
}

bool leaf_passes(PlanNode& node, const EventRef& event, const Names& names) {
    if (node.name.kind != Name::Kind::Own) {
        std::string scratch;
        return node.matcher->matches(value_of(node.name, event, names, scratch));
    }
    for (const FieldId own : node.name.own(event.head().profile)) {
        bool present = false;
        for (const event::Field& field : event.fields()) {
            if (field.id == own && !field.value.is_null()) {
                present = true;
                if (node.matcher->matches(field.value)) {
                    return true;
                }
            }
        }
        if (present) {
            return false;
        }
    }
    return false;
}

}  // namespace

bool searched_for_parts(std::string_view asked) {
    return asked == "event.original" || asked == "message";
}

Name resolve(std::string_view asked, const event::ProfileSet& profiles) {
    Name name;
    name.asked = asked;
    for (const auto& [system, kind] : kSystemNames) {
        if (system == asked) {
            name.kind = kind;
            return name;
        }
    }
    for (const event::Profile& profile : profiles.all()) {
        name.by_profile.push_back(own_fields(asked, profile));
    }
    return name;
}

ValueRef value_of(const Name& name, const EventRef& event, const Names& names,
                  std::string& scratch) {
    const event::EventHead& head = event.head();
    switch (name.kind) {
        case Name::Kind::Time:
            return ValueRef(head.time);
        case Name::Kind::Received:
            return ValueRef(head.received);
        case Name::Kind::Id:
            return ValueRef(static_cast<std::int64_t>(event.id()));
        case Name::Kind::Source:
            scratch = names.sources->source_name(head.source);
            return ValueRef(std::string_view(scratch));
        case Name::Kind::Profile:
            return ValueRef(std::string_view((*names.profiles)[head.profile].name));
        case Name::Kind::Drill:
            return ValueRef(head.drill);
        case Name::Kind::ParseFailed:
            return ValueRef(head.parse_failed);
        case Name::Kind::Raw:
            return ValueRef(head.raw);
        case Name::Kind::Computed: {
            const ValueRef in = value_of(name.computed->from, event, names, scratch);
            std::string room;
            const ValueRef out = compute(*name.computed, in, room);
            if (!out.is_string()) {
                return out;
            }
            std::string copy(out.string());
            scratch = std::move(copy);
            return ValueRef(std::string_view(scratch));
        }
        case Name::Kind::Own:
            break;
    }
    for (const FieldId own : name.own(head.profile)) {
        const auto fields = event.fields();
        for (std::size_t i = fields.size(); i-- > 0;) {
            if (fields[i].id == own && !fields[i].value.is_null()) {
                return fields[i].value;
            }
        }
    }
    return {};
}

Result<PlanNode> make_plan(const Query& query, const event::ProfileSet& profiles) {
    PlanNode all;
    all.kind = PlanNode::Kind::And;
    if (query.only_sources) {
        PlanNode sources;
        sources.kind = PlanNode::Kind::Sources;
        sources.sources = *query.only_sources;
        std::ranges::sort(sources.sources);
        all.children.push_back(std::move(sources));
    }
    if (query.tree) {
        Scope scope(profiles);
        if (query.tree->filter.kind != Node::Kind::All) {
            all.children.push_back(compile(query.tree->filter, scope));
        }
        for (const Step& step : query.tree->steps) {
            switch (step.kind) {
                case Step::Kind::Extract:
                    scope.add(step.extract);
                    break;
                case Step::Kind::Where:
                    all.children.push_back(compile(step.where, scope));
                    break;
                case Step::Kind::Hunt: {
                    if (query.hunter == nullptr) {
                        return fail(
                            Code::InvalidArgument,
                            fmt::format("the list \"{}\" cannot be hunted for here", step.list));
                    }
                    PlanNode node;
                    node.kind = PlanNode::Kind::Hunt;
                    node.hunter = query.hunter.get();
                    node.computed = true;
                    all.children.push_back(std::move(node));
                    break;
                }
            }
        }
    }
    for (const PlanNode& child : all.children) {
        all.computed = all.computed || child.computed;
    }
    if (all.children.empty()) {
        return PlanNode();
    }
    if (all.children.size() == 1) {
        PlanNode only = std::move(all.children.front());
        return only;
    }
    return all;
}

bool passes(PlanNode& node, const EventRef& event, const Names& names) {
    const auto child_passes = [&](PlanNode& child) { return passes(child, event, names); };
    switch (node.kind) {
        case PlanNode::Kind::All:
            return true;
        case PlanNode::Kind::And:
            return std::ranges::all_of(node.children, child_passes);
        case PlanNode::Kind::Or:
            return std::ranges::any_of(node.children, child_passes);
        case PlanNode::Kind::Not:
            return !passes(node.children.front(), event, names);
        case PlanNode::Kind::Leaf:
            return leaf_passes(node, event, names);
        case PlanNode::Kind::Sources:
            return std::ranges::binary_search(node.sources,
                                              names.sources->source_name(event.head().source));
        case PlanNode::Kind::Hunt: {
            if (!node.eye) {
                node.eye = node.hunter->eye();
            }
            return holds_any(*node.hunter, *node.eye, event);
        }
    }
    return false;
}

}  // namespace gac::store::query
