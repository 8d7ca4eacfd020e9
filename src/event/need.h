// What an event must have to be worth judging: a condition that is cheap to ask of stored columns
// and of their indexes. It is wide: it holds for every event that is wanted, and for some that are
// not. Made by detect out of rules, read by store. A plain value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "event/batch.h"
#include "event/field.h"

namespace gac::event {

struct Need {
    enum class Kind : std::uint8_t {
        Anything,
        Nothing,
        All,
        Any,
        Profile,  // the event speaks by this profile
        // A value that is not null stands in this own field of the event; of a list an element:
        Has,
        Text,     // and consists of the pieces, without regard to case
        Number,   // and is a number from `low` to `high`, also one that is written as text
        Network,  // and is an address of it, also one that is written as text
    };
    Kind kind = Kind::Anything;
    std::vector<Need> children;  // All, Any
    ProfileId profile{};
    FieldId field{};
    std::vector<std::string> pieces;  // in this order, anything between them
    bool open_begin = false;          // anything may stand before the first
    bool open_end = false;
    double low = 0, high = 0;
    std::optional<base::IpPrefix> network;

    static Need nothing();
    static Need of(ProfileId profile);
    static Need has(FieldId field);
    // Simplified; without children: Anything.
    static Need all(std::vector<Need> children);
    // Simplified, repeated ones once; without children: Nothing.
    static Need any(std::vector<Need> children);

    std::size_t leaves() const;  // conditions that are asked
};

bool operator==(const Need& a, const Need& b);

}  // namespace gac::event
