// A template of binary XML as the steps that turn a record's values into an event's fields: names
// are resolved once, when the plan is made, so that a record costs a walk over its values. What is
// not of the usual shape has no plan; its records take the way over JSON, which knows everything.
// The steps give the very fields that the JSON decoder reads out of the record's JSON.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "event/field.h"
#include "ingest/core/names.h"
#include "ingest/evtx/chunk_tree.h"

namespace gac::ingest::evtx {

// What an attribute or an element without elements holds.
struct Content {
    enum class Kind : std::uint8_t { Nothing, Constant, Substitution };
    Kind kind = Kind::Nothing;
    bool named = false;      // of <Data Name="x">: nothing is the empty text
    std::uint16_t slot = 0;  // Substitution
    std::string constant;    // UTF-8
};

struct Target {
    event::FieldId field{};
    bool wanted = false;
};

struct Step {
    enum class Kind : std::uint8_t {
        Attribute,  // of an element with elements
        Leaf,       // an element without: `count` attributes, then its content
        List,       // `count` elements of one name
        Nested,     // a fragment in the value `content.slot`, below `node`
    };
    Kind kind = Kind::Leaf;
    Target target;            // Attribute, List; Leaf without attributes
    Target beside;            // Leaf: the text beside attributes
    std::uint32_t first = 0;  // Leaf: in Plan::attributes; List: in Plan::members; Nested: in
                              // Plan::siblings
    std::uint32_t count = 0;
    std::uint32_t node = 0;
    Content content;
};

struct PlannedAttribute {
    Target target;
    Content content;
};

struct Plan {
    std::vector<Step> steps;
    std::vector<PlannedAttribute> attributes;
    std::vector<Content> members;
    std::vector<std::uint32_t> siblings;  // nodes whose names a nested element may not repeat
    std::uint32_t root = 0;               // node of the one element at the top
    bool has_system = false;              // Event.System
};

class Planner {
public:
    explicit Planner(NameTree& names);
    // Of a template whose element stands below `parent`; null when it is of no usual shape.
    std::unique_ptr<Plan> plan(const Tree& tree, std::uint32_t parent);
    std::uint32_t event_node() const { return event_; }

private:
    bool add_element(const Tree& tree, const Element& element, std::uint32_t node,
                     std::size_t depth);
    bool add_children(const Tree& tree, const Element& element, std::uint32_t node,
                      std::size_t depth);
    bool add_leaf(const Element& element, bool named, std::uint32_t node);
    bool add_list(const Tree& tree, const Element& element, const std::vector<std::size_t>& parts,
                  std::uint32_t node);
    static bool content_of(const std::vector<Part>& parts, Content& out);
    Target target(std::uint32_t node) const;

    NameTree& names_;
    std::uint32_t event_;
    std::uint32_t system_;
    Plan* made_ = nullptr;
};

}  // namespace gac::ingest::evtx
