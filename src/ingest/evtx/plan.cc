#include "ingest/evtx/plan.h"

#include <algorithm>
#include <optional>
#include <string_view>

namespace gac::ingest::evtx {

namespace {

// Elements inside the one at the top. With fragments four deep this stays above the depth at which
// the JSON decoder leaves objects as text.
constexpr std::size_t kPlanDepthMax = 6;
constexpr std::uint32_t kLooseNode = 1U << 31;

// The name under which an element stands in the JSON; nothing when only a record can tell.
std::optional<std::string_view> key_of(const Element& element, std::string& memory) {
    std::string_view key = element.name;
    if (key == "Data") {
        for (const Attribute& attribute : element.attributes) {
            if (attribute.name != "Name") {
                continue;
            }
            if (!memory.empty() || attribute.parts.size() != 1
                || attribute.parts[0].kind != Part::Kind::Value) {
                return std::nullopt;
            }
            append_bare(ValueType::String, attribute.parts[0].value.bytes, memory);
            if (!memory.empty()) {
                key = memory;
            }
        }
    }
    // A name with JSON escapes in it is too rare to be worth a thought.
    return key.contains('\\') ? std::nullopt : std::optional(key);
}

bool has_elements(const Element& element) {
    return std::ranges::any_of(element.parts,
                               [](const Part& part) { return part.kind == Part::Kind::Element; });
}

}  // namespace

Planner::Planner(NameTree& names)
    : names_(names),
      event_(names.child(NameTree::kRoot, "Event").node),
      system_(names.child(event_, "System").node) {}

Target Planner::target(std::uint32_t node) const {
    const NameTree::Name name = names_.node(node);
    return {name.field, name.wanted};
}

std::unique_ptr<Plan> Planner::plan(const Tree& tree, std::uint32_t parent) {
    if (tree.roots.size() != 1 || tree.roots[0].kind != Part::Kind::Element) {
        return nullptr;
    }
    const Element& element = tree.elements[tree.roots[0].index];
    std::string memory;
    const auto key = key_of(element, memory);
    if (!key) {
        return nullptr;
    }
    auto plan = std::make_unique<Plan>();
    made_ = plan.get();
    plan->root = names_.child(parent, *key).node;
    // Names past the tree's limit do not stay.
    if ((plan->root & kLooseNode) != 0 || (parent == NameTree::kRoot && plan->root != event_)
        || !add_element(tree, element, plan->root, 0)) {
        return nullptr;
    }
    return plan;
}

bool Planner::content_of(const std::vector<Part>& parts, Content& out) {
    if (parts.empty()) {
        return true;
    }
    if (parts.size() != 1) {
        return false;
    }
    const Part& part = parts[0];
    if (part.kind == Part::Kind::Substitution) {
        out.kind = Content::Kind::Substitution;
        out.slot = static_cast<std::uint16_t>(part.index);
        return true;
    }
    if (part.kind != Part::Kind::Value) {
        return false;
    }
    out.kind = Content::Kind::Constant;
    base::Arena arena(1024);
    out.constant = decode_utf16(without_blanks_at_end(part.value.bytes), arena);
    return true;
}

bool Planner::add_element(const Tree& tree, const Element& element, std::uint32_t node,
                          std::size_t depth) {
    if (depth > kPlanDepthMax || (node & kLooseNode) != 0) {
        return false;
    }
    made_->has_system |= node == system_;
    if (has_elements(element)) {
        return add_children(tree, element, node, depth);
    }
    std::string memory;
    const auto key = key_of(element, memory);
    return key && add_leaf(element, *key != element.name, node);
}

bool Planner::add_leaf(const Element& element, bool named, std::uint32_t node) {
    Step step;
    step.kind = Step::Kind::Leaf;
    step.node = node;
    step.target = target(node);
    step.content.named = named;
    if (!content_of(element.parts, step.content)) {
        return false;
    }
    step.first = static_cast<std::uint32_t>(made_->attributes.size());
    if (!named && !element.attributes.empty()) {
        const std::uint32_t below = names_.child(node, "#attributes").node;
        const std::uint32_t beside = names_.child(node, "#text").node;
        if (((below | beside) & kLooseNode) != 0) {
            return false;
        }
        step.beside = target(beside);
        for (const Attribute& attribute : element.attributes) {
            PlannedAttribute planned;
            const std::uint32_t at = names_.child(below, attribute.name).node;
            planned.target = target(at);
            if ((at & kLooseNode) != 0 || attribute.name.contains('\\')
                || !content_of(attribute.parts, planned.content)) {
                return false;
            }
            made_->attributes.push_back(std::move(planned));
        }
        step.count = static_cast<std::uint32_t>(element.attributes.size());
    }
    made_->steps.push_back(std::move(step));
    return true;
}

bool Planner::add_list(const Tree& tree, const Element& element,
                       const std::vector<std::size_t>& parts, std::uint32_t node) {
    Step step;
    step.kind = Step::Kind::List;
    step.target = target(node);
    step.first = static_cast<std::uint32_t>(made_->members.size());
    step.count = static_cast<std::uint32_t>(parts.size());
    for (const std::size_t part : parts) {
        const Element& member = tree.elements[element.parts[part].index];
        std::string memory;
        const auto key = key_of(member, memory);
        Content content;
        content.named = key && *key != member.name;
        if (!key || (!content.named && !member.attributes.empty()) || has_elements(member)
            || !content_of(member.parts, content)) {
            return false;
        }
        made_->members.push_back(std::move(content));
    }
    made_->steps.push_back(std::move(step));
    return true;
}

bool Planner::add_children(const Tree& tree, const Element& element, std::uint32_t node,
                           std::size_t depth) {
    const std::uint32_t below = names_.child(node, "#attributes").node;
    for (const Attribute& attribute : element.attributes) {
        Step step;
        step.kind = Step::Kind::Attribute;
        const std::uint32_t at = names_.child(below, attribute.name).node;
        step.target = target(at);
        if (((below | at) & kLooseNode) != 0 || attribute.name.contains('\\')
            || !content_of(attribute.parts, step.content)) {
            return false;
        }
        made_->steps.push_back(std::move(step));
    }
    // Children by name, in the order in which each name stands first.
    std::vector<std::uint32_t> nodes(element.parts.size(), 0);
    std::vector<std::uint32_t> siblings;
    for (std::size_t i = 0; i < element.parts.size(); ++i) {
        const Part& part = element.parts[i];
        if (part.kind == Part::Kind::Element) {
            std::string memory;
            const auto key = key_of(tree.elements[part.index], memory);
            if (!key) {
                return false;
            }
            nodes[i] = names_.child(node, *key).node;
            siblings.push_back(nodes[i]);
        } else if (part.kind != Part::Kind::Substitution) {
            return false;
        }
    }
    std::ranges::sort(siblings);
    bool nested = false;
    for (std::size_t i = 0; i < element.parts.size(); ++i) {
        const Part& part = element.parts[i];
        if (part.kind == Part::Kind::Substitution) {
            if (nested) {
                return false;  // two fragments could repeat each other's names
            }
            nested = true;
            Step step;
            step.kind = Step::Kind::Nested;
            step.content.slot = static_cast<std::uint16_t>(part.index);
            step.node = node;
            step.first = static_cast<std::uint32_t>(made_->siblings.size());
            step.count = static_cast<std::uint32_t>(siblings.size());
            std::ranges::copy(siblings, std::back_inserter(made_->siblings));
            made_->steps.push_back(std::move(step));
            continue;
        }
        const auto [from, to] = std::ranges::equal_range(siblings, nodes[i]);
        if (to - from == 1) {
            if (!add_element(tree, tree.elements[part.index], nodes[i], depth + 1)) {
                return false;
            }
            continue;
        }
        if ((nodes[i] & kLooseNode) != 0
            || std::find(nodes.begin(), nodes.begin() + static_cast<std::ptrdiff_t>(i), nodes[i])
                   != nodes.begin() + static_cast<std::ptrdiff_t>(i)) {
            if ((nodes[i] & kLooseNode) != 0) {
                return false;
            }
            continue;  // part of a list already
        }
        made_->has_system |= nodes[i] == system_;
        std::vector<std::size_t> parts;
        for (std::size_t k = i; k < nodes.size(); ++k) {
            if (nodes[k] == nodes[i]) {
                parts.push_back(k);
            }
        }
        if (!add_list(tree, element, parts, nodes[i])) {
            return false;
        }
    }
    return true;
}

}  // namespace gac::ingest::evtx
