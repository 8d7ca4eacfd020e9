#include "store/query/plan.h"

#include <algorithm>
#include <utility>

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
    }
    return 10;
}

PlanNode leaf(std::string_view asked, const Test& test, const event::ProfileSet& profiles) {
    PlanNode node;
    node.kind = PlanNode::Kind::Leaf;
    node.name = resolve(asked, profiles);
    node.matcher.emplace(test, searched_for_parts(asked));
    node.cost = cost_of(node);
    return node;
}

PlanNode compile(const Node& from, const event::ProfileSet& profiles) {
    PlanNode node;
    switch (from.kind) {
        case Node::Kind::All:
            return node;
        case Node::Kind::Field:
            return leaf(from.field, from.test, profiles);
        case Node::Kind::FreeText:
            return leaf("event.original", from.test, profiles);
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
        node.children.push_back(compile(child, profiles));
        node.cost = std::max(node.cost, node.children.back().cost);
    }
    std::ranges::sort(node.children, {}, &PlanNode::cost);
    return node;
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

PlanNode make_plan(const Query& query, const event::ProfileSet& profiles) {
    PlanNode filter = query.tree ? compile(query.tree->filter, profiles) : PlanNode();
    if (!query.only_sources) {
        return filter;
    }
    PlanNode sources;
    sources.kind = PlanNode::Kind::Sources;
    sources.sources = *query.only_sources;
    std::ranges::sort(sources.sources);
    PlanNode both;
    both.kind = PlanNode::Kind::And;
    both.children.push_back(std::move(sources));
    both.children.push_back(std::move(filter));
    return both;
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
    }
    return false;
}

}  // namespace gac::store::query
