#include "event/profile.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/file.h"

namespace gac::event {

namespace {

constexpr std::size_t kProfileBytesMax = 1 << 20;

std::string place(const std::filesystem::path& path, const YAML::Node& node) {
    const YAML::Mark mark = node.Mark();
    return mark.is_null() ? path.string()
                          : fmt::format("{}:{}:{}", path.string(), mark.line + 1, mark.column + 1);
}

std::vector<std::string> scalars(const YAML::Node& node) {
    std::vector<std::string> out;
    if (node.IsSequence()) {
        for (const auto& element : node) {
            out.push_back(element.as<std::string>());
        }
    } else {
        out.push_back(node.as<std::string>());
    }
    return out;
}

std::vector<FieldId> fields(const YAML::Node& node) {
    std::vector<FieldId> out;
    if (node) {
        for (const std::string& name : scalars(node)) {
            out.push_back(intern(name));
        }
    }
    return out;
}

LogSource read_log_source(const YAML::Node& node, const std::filesystem::path& path) {
    LogSource source;
    for (const auto& entry : node) {
        const auto key = entry.first.as<std::string>();
        if (key == "product") {
            source.product = entry.second.as<std::string>();
        } else if (key == "category") {
            source.category = entry.second.as<std::string>();
        } else if (key == "service") {
            source.service = entry.second.as<std::string>();
        } else if (key == "when") {
            for (const auto& condition : entry.second) {
                source.when.push_back(
                    {intern(condition.first.as<std::string>()), scalars(condition.second)});
            }
        } else if (key == "rename") {
            for (const auto& pair : entry.second) {
                source.rename.emplace_back(pair.first.as<std::string>(),
                                           intern(pair.second.as<std::string>()));
            }
        } else {
            throw YAML::Exception(entry.first.Mark(),
                                  fmt::format("unknown key \"{}\" in {}", key, path.string()));
        }
    }
    return source;
}

Result<Profile> read_profile(const std::filesystem::path& path, const base::Zone& zone) {
    GAC_TRY(text, base::read_file(path, kProfileBytesMax));
    Profile profile;
    profile.name = path.stem().string();
    profile.zone = zone;
    profile.format = "auto";
    try {
        const YAML::Node root = YAML::Load(text);
        for (const auto& entry : root) {
            const auto key = entry.first.as<std::string>();
            const YAML::Node& value = entry.second;
            if (key == "name") {
                profile.name = value.as<std::string>();
            } else if (key == "title") {
                profile.title = value.as<std::string>();
            } else if (key == "format") {
                profile.format = value.as<std::string>();
            } else if (key == "zone") {
                auto named = base::Zone::parse(value.as<std::string>());
                if (!named) {
                    return std::unexpected(base::at(place(path, value), std::move(named).error()));
                }
                profile.zone = *named;
            } else if (key == "time") {
                profile.time_fields = fields(value);
            } else if (key == "host") {
                profile.host_fields = fields(value);
            } else if (key == "fields") {
                for (const auto& mapping : value) {
                    profile.names[mapping.first.as<std::string>()] = fields(mapping.second);
                }
            } else if (key == "prefixes") {
                profile.prefixes = scalars(value);
            } else if (key == "logsources") {
                for (const auto& source : value) {
                    profile.log_sources.push_back(read_log_source(source, path));
                }
            } else {
                return fail(Code::InvalidArgument, fmt::format("unknown key \"{}\"", key),
                            place(path, entry.first));
            }
        }
    } catch (const YAML::Exception& fault) {
        return fail(
            Code::InvalidArgument, fault.msg,
            fmt::format("{}:{}:{}", path.string(), fault.mark.line + 1, fault.mark.column + 1));
    }
    return profile;
}

// ECS names hold a dot and no capital letters; Sigma's own names (CommandLine, cs-uri) do not.
bool looks_like_ecs(std::string_view name) {
    return name.contains('.')
           && std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; });
}

void index_ecs_names(Profile& profile) {
    std::vector<std::string_view> asked;
    for (const auto& [name, own] : profile.names) {
        if (looks_like_ecs(name)) {
            asked.push_back(name);
        }
    }
    std::ranges::sort(asked);  // the same answer on every run
    for (const std::string_view name : asked) {
        for (const FieldId own : profile.names.find(std::string(name))->second) {
            profile.ecs_names.try_emplace(index_of(own), name);
        }
    }
}

}  // namespace

std::vector<FieldId> Profile::resolve(std::string_view asked) const {
    std::vector<FieldId> own;
    if (const auto found = names.find(std::string(asked)); found != names.end()) {
        own = found->second;
    }
    for (const std::string& prefix : prefixes) {
        if (!prefix.contains('*')) {
            own.push_back(intern(prefix + std::string(asked)));
        }
    }
    const FieldId itself = intern(asked);
    if (std::ranges::find(own, itself) == own.end()) {
        own.push_back(itself);
    }
    return own;
}

std::optional<std::string_view> Profile::ecs_name_of(FieldId own) const {
    const auto found = ecs_names.find(index_of(own));
    return found == ecs_names.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

Result<std::shared_ptr<const ProfileSet>> ProfileSet::load(const std::filesystem::path& folder,
                                                           const base::Zone& zone) {
    auto set = std::make_shared<ProfileSet>();
    Profile generic;
    generic.name = "generic";
    generic.title = "Any source without a profile of its own";
    generic.format = "auto";
    generic.zone = zone;
    set->profiles_.push_back(std::move(generic));

    std::error_code fault;
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder, fault)) {
        if (entry.path().extension() == ".yaml") {
            paths.push_back(entry.path());
        }
    }
    if (fault) {
        return fail(Code::NotFound, fault.message(), folder.string());
    }
    std::ranges::sort(paths);
    for (const auto& path : paths) {
        GAC_TRY(profile, read_profile(path, zone));
        if (set->find(profile.name)) {
            return fail(Code::AlreadyExists,
                        fmt::format("profile \"{}\" stands twice", profile.name), path.string());
        }
        if (set->profiles_.size() > std::numeric_limits<std::uint16_t>::max()) {
            return fail(Code::LimitExceeded, "too many profiles", folder.string());
        }
        index_ecs_names(profile);
        set->profiles_.push_back(std::move(profile));
    }
    return set;
}

std::optional<ProfileId> ProfileSet::find(std::string_view name) const {
    for (std::size_t i = 0; i < profiles_.size(); ++i) {
        if (profiles_[i].name == name) {
            return ProfileId{static_cast<std::uint16_t>(i)};
        }
    }
    return std::nullopt;
}

}  // namespace gac::event
