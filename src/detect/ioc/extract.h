// What the events of each profile hold, as fields and roles; and the close look at one event.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "detect/indicator_engine.h"
#include "detect/ioc/roles.h"
#include "event/batch.h"

namespace gac::detect {

class IndicatorPlan::Parts {
public:
    IndicatorOptions options;
    // By profile, by index of the own field; fields beyond the end have no role.
    std::vector<std::vector<ioc::Role>> roles;

    ioc::Role role_of(const std::vector<ioc::Role>& of_profile, event::FieldId field) const {
        const std::uint32_t at = event::index_of(field);
        return at < of_profile.size() ? of_profile[at] : ioc::Role::None;
    }
    const std::vector<ioc::Role>& roles_of(event::ProfileId profile) const {
        const auto at = static_cast<std::size_t>(profile);
        return roles[at < roles.size() ? at : 0];
    }
};

namespace ioc {

// An observable of an event, and the fields that it stands in.
struct Sighted {
    Observable observable;
    std::vector<event::Matched> fields;
};

// What one value holds by itself, added to `out`; a path without a host holds nothing yet.
void observe_value(Role role, std::string_view text, const IndicatorOptions& options,
                   std::vector<Observable>& out);

std::vector<Sighted> sight(const event::EventRef& event, const IndicatorPlan::Parts& plan);

// Calls use(part) for each part of a list of addresses.
template <class Use>
void each_part(std::string_view list, Use&& use) {
    for (std::size_t at = 0; at < list.size();) {
        std::size_t end = at;
        while (end < list.size() && list[end] != ';' && list[end] != ',' && list[end] != ' ') {
            ++end;
        }
        if (end > at) {
            use(list.substr(at, end - at));
        }
        at = end + 1;
    }
}

}  // namespace ioc
}  // namespace gac::detect
