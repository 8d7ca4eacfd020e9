// What has to be asked of the events of one route: all rules that are for them, partially
// evaluated (tests of the routing fields are constants of the route), with triggers. A rule's
// trigger is a set of items of which at least one holds whenever the rule matches; only rules with
// a trigger hit are evaluated. Immutable once built: any thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "detect/sigma/finder.h"
#include "detect/sigma/leaf.h"
#include "detect/sigma/rule.h"
#include "detect/sigma/source.h"

namespace gac::detect::sigma {

inline constexpr Slot kKeywordSlot = 0xffff'ffff;

// A rule as it runs in one route.
struct RouteRule {
    std::uint32_t rule = 0;  // index into the set's detection rules
    Expr condition;          // Expr::item indexes Program::items
};

struct ProgramItem {
    const Leaf* leaf = nullptr;
    Slot slot = 0;
    bool found_by_finder = false;      // all its tests are in the slot's finder, or in `keywords`
    std::vector<Slot> relations;       // FieldRef: slot of the other field, by test
    std::vector<std::uint32_t> wakes;  // entries of Program::rules that it triggers
};

struct Program {
    struct Node {
        Expr::Kind kind = Expr::Kind::Constant;
        bool truth = false;
        std::uint32_t value = 0;  // Item: item; AtLeast: need
        std::uint32_t first = 0;  // children: nodes[children[first .. first + count)]
        std::uint32_t count = 0;
    };
    struct Entry {
        std::uint32_t rule = 0;
        std::uint32_t root = 0;  // node
    };
    struct SlotWork {
        Slot slot = 0;
        Finder finder;
        bool has_finder = false;
        std::vector<std::uint32_t> direct;  // items to evaluate whenever the slot is filled
    };

    std::vector<ProgramItem> items;
    std::vector<Node> nodes;
    std::vector<std::uint32_t> children;
    std::vector<Entry> rules;           // ascending by rule
    std::vector<std::uint32_t> always;  // entries without a trigger
    std::vector<SlotWork> work;
    static constexpr std::uint32_t kNoWork = 0xffff'ffff;
    std::vector<std::uint32_t> work_of;  // by slot, as far as there is work: index into `work`
    // Keywords: literals of the raw line; a hit of number n says that the items keyword_items[n]
    // may hold, none that they do not.
    LiteralScan keywords;
    std::vector<std::string> keyword_literals;  // behind `keywords`
    std::vector<std::vector<std::uint32_t>> keyword_items;
    std::vector<std::uint32_t> all_keyword_items;
    std::vector<std::uint32_t> blind_keyword_items;  // without a literal: possible in every event
    // Literals that say that the scan cannot be trusted: a backslash and u, behind which any letter
    // may hide, and the signs beyond ASCII that fold to k and s.
    std::uint32_t unicode_escape = 0;
    std::array<std::uint32_t, 2> ascii_twins{};
    // Some keyword may stand in the text of a number, an address or a time.
    bool typed_keywords = false;
};

// `conditions` name leaves by (leaf, slot) pairs of `items`.
struct ProgramInput {
    struct ItemUse {
        const Leaf* leaf = nullptr;
        Slot slot = 0;
        std::vector<Slot> relations;
    };
    std::vector<ItemUse> items;
    std::vector<RouteRule> rules;
};

std::unique_ptr<const Program> build_program(ProgramInput input);

}  // namespace gac::detect::sigma
