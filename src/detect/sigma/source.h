// Log sources and names of one profile, made ready: which events a rule is for, and in which of an
// event's own fields the name that a rule asks for stands.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "detect/sigma/rule.h"
#include "event/batch.h"
#include "event/profile.h"

namespace gac::detect::sigma {

// One way in which an event can be of a rule's log source.
struct Alternative {
    struct When {
        std::string field;                // asked name
        std::vector<std::string> values;  // any, ignoring case
    };
    std::vector<When> when;                     // all must hold
    std::map<std::string, std::string> rename;  // asked name -> asked name
};

// None: no event of the profile is for the rule.
std::vector<Alternative> alternatives(const Source& source, const event::Profile& profile,
                                      bool match_unknown);

// A name that rules ask for in events of one profile.
using Slot = std::uint32_t;

// Names to slots, and own fields to the slots that they fill. Built while rules compile; afterwards
// read by any thread.
class Binding {
public:
    explicit Binding(const event::Profile& profile);

    Slot slot_of(const std::string& asked);  // adds
    std::optional<Slot> find_slot(const std::string& asked) const;
    std::uint32_t slot_count() const { return static_cast<std::uint32_t>(names_.size()); }
    const std::string& name_of(Slot slot) const { return names_[slot]; }

    // An own field fills a slot unless one of lower rank does.
    struct Feed {
        Slot slot = 0;
        std::uint32_t rank = 0;
    };
    std::vector<Feed> feeds(event::FieldId own) const;

    // All own fields that can fill a slot and whose names are known beforehand.
    std::vector<event::FieldId> fields() const;
    const std::vector<std::string>& prefixes() const { return prefixes_; }

    // The field of the event that fills the slot, by search: the plain way.
    const event::Field* find(const event::EventRef& event, Slot slot) const;

private:
    const event::Profile* profile_;
    std::vector<std::string> prefixes_;
    std::vector<std::string> names_;
    std::unordered_map<std::string, Slot> slots_;
    std::unordered_map<std::uint32_t, std::vector<Feed>> mapped_;  // own field -> feeds
};

}  // namespace gac::detect::sigma
