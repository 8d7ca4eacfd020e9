// A profile says how one kind of source speaks: how its own field names are asked for (ECS and
// Sigma names), where its time and host stand, and which Sigma log sources its events are. Profiles
// are data (profiles/*.yaml); names are resolved when a rule or query is compiled, never per event.
// Immutable once loaded: any thread.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "event/batch.h"
#include "event/field.h"

namespace gac::event {

// One Sigma log source that events of the profile can be. Empty product/category/service = not
// stated.
struct LogSource {
    struct When {
        FieldId field{};
        std::vector<std::string> values;  // any of them, ignoring case; numbers as decimal text
    };
    std::string product;
    std::string category;
    std::string service;
    std::vector<When> when;  // all must hold
    std::vector<std::pair<std::string, FieldId>>
        rename;  // asked name -> own field, only for this source
};

struct Profile {
    std::string name;
    std::string title;
    std::string format;  // decoder that this profile's sources use by default; "auto" if any
    base::Zone zone;     // of times that carry no offset
    std::vector<FieldId> time_fields;  // first present wins
    std::vector<FieldId> host_fields;
    std::vector<LogSource> log_sources;
    // asked name (ECS or Sigma) -> own fields, in order of preference
    std::unordered_map<std::string, std::vector<FieldId>> names;

    // Own names also stand below these ("winlog.event_data."), in order of preference; a step may
    // be "*" for one name of any text ("Event.UserData.*."), which only detection looks through.
    std::vector<std::string> prefixes;

    // Own fields that hold what `asked` means here: the mapped ones, then below the prefixes, then
    // the name itself. Never empty.
    std::vector<FieldId> resolve(std::string_view asked) const;
    // The other way round, for showing events: ECS name of an own field, if it has one.
    std::optional<std::string_view> ecs_name_of(FieldId own) const;

    std::unordered_map<std::uint32_t, std::string>
        ecs_names;  // own field -> ECS name; built when loading
};

class ProfileSet {
public:
    // Every *.yaml of the folder. The profile "generic" (no mapping) is always there and has id 0.
    // `zone` is taken by profiles that name none.
    static Result<std::shared_ptr<const ProfileSet>> load(const std::filesystem::path& folder,
                                                          const base::Zone& zone);

    const Profile& operator[](ProfileId id) const {
        return profiles_[static_cast<std::size_t>(id)];
    }
    std::optional<ProfileId> find(std::string_view name) const;
    std::span<const Profile> all() const { return profiles_; }

private:
    std::vector<Profile> profiles_;
};

}  // namespace gac::event
