// An item that all rules which ask the same of the same name share, made ready for evaluation.
// Immutable; any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "detect/sigma/rule.h"

namespace gac::detect::sigma {

// One test, with what a plain text test comes down to beside it.
struct LeafTest {
    enum class Way : std::uint8_t { Equals, StartsWith, EndsWith, Contains, Other };
    explicit LeafTest(const Test& of);

    const Test* test;
    Way way = Way::Other;
    bool cased = false;
    bool ordinary = false;       // many events hold it
    std::string_view literal;    // of a text the whole or, with wildcards, the longest piece
    std::string_view key;        // the same, folded
    std::uint64_t likeness = 0;  // the same for texts that ask the same
};

struct Leaf {
    explicit Leaf(Item of);
    Leaf(const Leaf&) = delete;  // tests point into the item
    Leaf& operator=(const Leaf&) = delete;

    const Item item;
    std::vector<LeafTest> tests;  // one for each of item.any
    bool null = false;            // some test is Null
    bool exists = false;          // some test is Exists: true
    bool missing = false;         // some test is Exists: false
    bool relation = false;        // some test is FieldRef
    bool source = false;          // asks of the log source: holds for many events
    float cost = 0;               // of one evaluation, for the order of children

private:
    std::deque<std::string> folded_;  // keys of cased tests
};

}  // namespace gac::detect::sigma
