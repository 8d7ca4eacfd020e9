// A query made ready to run over one snapshot of history: names resolved for every profile, tests
// compiled. Made per call and used by one thread, because matchers keep scratch memory.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "event/batch.h"
#include "event/profile.h"
#include "store/memory/chunk.h"
#include "store/query.h"
#include "store/query/match.h"
#include "store/query/tree.h"

namespace gac::store::query {

// What a name in a query stands for: a thing that every event has, or own fields, which depend on
// the profile.
struct Name {
    enum class Kind : std::uint8_t {
        Own,
        Time,
        Received,
        Id,
        Source,
        Profile,
        Drill,
        ParseFailed,
        Raw
    };
    Kind kind = Kind::Own;
    std::string asked;
    // Own fields in order of preference, by ProfileId: the first one present is the value.
    std::vector<std::vector<event::FieldId>> by_profile;

    std::span<const event::FieldId> own(event::ProfileId profile) const {
        const auto index = static_cast<std::size_t>(profile);
        return index < by_profile.size() ? by_profile[index] : by_profile.front();
    }
};

Name resolve(std::string_view asked, const event::ProfileSet& profiles);

// The value of a name in an event at hand: the first own field present, of which the last one wins;
// Null if none. `source_scratch` backs a source's name.
event::ValueRef value_of(const Name& name, const event::EventRef& event, const Names& names,
                         std::string& scratch);

struct PlanNode {
    enum class Kind : std::uint8_t { All, And, Or, Not, Leaf, Sources };
    Kind kind = Kind::All;
    std::vector<PlanNode> children;
    Name name;                         // Leaf
    std::optional<Matcher> matcher;    // Leaf
    std::vector<std::string> sources;  // Sources: sorted
    int cost = 0;                      // cheap conditions are tried first
};

PlanNode make_plan(const Query& query, const event::ProfileSet& profiles);

// Does the event pass? The meaning of the language; blocks give the same answer over encoded
// columns.
bool passes(PlanNode& node, const event::EventRef& event, const Names& names);

// Is this name one whose text is searched for parts: event.original and message.
bool searched_for_parts(std::string_view asked);

}  // namespace gac::store::query
