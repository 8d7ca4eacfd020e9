// A query made ready to run over one snapshot of history: names resolved for every profile, tests
// compiled. Made per call and used by one thread, because matchers keep scratch memory.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "event/batch.h"
#include "event/profile.h"
#include "store/hunt.h"
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
        Raw,
        Computed  // by a pipe, from another name
    };
    Kind kind = Kind::Own;
    std::string asked;
    // Own fields in order of preference, by ProfileId: the first one present is the value.
    std::vector<std::vector<event::FieldId>> by_profile;
    std::shared_ptr<const struct Computed> computed;

    std::span<const event::FieldId> own(event::ProfileId profile) const {
        const auto index = static_cast<std::size_t>(profile);
        return index < by_profile.size() ? by_profile[index] : by_profile.front();
    }
};

// Either what a group of the expression takes from a text, or a value rounded down.
struct Computed {
    Name from;
    std::shared_ptr<const Regex> regex;
    int group = 0;
    Bin bin;
};

// Null when there is nothing; points into `in`'s bytes or `scratch`.
event::ValueRef compute(const Computed& how, const event::ValueRef& in, std::string& scratch);

Name resolve(std::string_view asked, const event::ProfileSet& profiles);

// Names as the pipes of a query leave them: what `extract` made hides what events have.
class Scope {
public:
    explicit Scope(const event::ProfileSet& profiles) : profiles_(profiles) {}
    Scope(const event::ProfileSet& profiles, const Tree* tree);
    void add(const Extract& extract);
    Name resolve(std::string_view asked) const;
    Name resolve(const By& by) const;
    // In the order in which they were made.
    const std::vector<std::pair<std::string, Name>>& made() const { return made_; }

private:
    const event::ProfileSet& profiles_;
    std::vector<std::pair<std::string, Name>> made_;
};

// The value of a name in an event at hand: the first own field present, of which the last one wins;
// Null if none. `source_scratch` backs a source's name.
event::ValueRef value_of(const Name& name, const event::EventRef& event, const Names& names,
                         std::string& scratch);

struct PlanNode {
    enum class Kind : std::uint8_t { All, And, Or, Not, Leaf, Sources, Hunt };
    Kind kind = Kind::All;
    std::vector<PlanNode> children;
    Name name;                         // Leaf
    std::optional<Matcher> matcher;    // Leaf
    std::vector<std::string> sources;  // Sources: sorted
    int cost = 0;                      // cheap conditions are tried first
    bool computed = false;             // a name that a pipe made stands in it
    const Hunter* hunter = nullptr;    // Hunt
    std::shared_ptr<HunterEye> eye;    // made when first used; never shared by two threads
};

// The filter and the pipes that filter (where, hunt).
Result<PlanNode> make_plan(const Query& query, const event::ProfileSet& profiles);

// The columns of the table that a stats or top pipe makes, before a fields pipe.
std::vector<std::string> table_columns(const Tree& tree);

// The plan in words, a condition a line, in the order in which they are tried.
std::vector<std::string> plan_in_words(const Query& query, const event::ProfileSet& profiles);

// Does the event pass? The meaning of the language; blocks give the same answer over encoded
// columns.
bool passes(PlanNode& node, const event::EventRef& event, const Names& names);

// Is this name one whose text is searched for parts: event.original and message.
bool searched_for_parts(std::string_view asked);

}  // namespace gac::store::query
