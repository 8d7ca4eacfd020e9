#include "event/profile.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/file.h"
#include "base/yaml.h"

namespace gac::event {

namespace {

constexpr std::size_t kProfileBytesMax = 1 << 20;

// A profile's YAML, with the place of whatever is wrong in it.
class Reader {
public:
    Reader(const std::filesystem::path& path, const base::Zone& zone) : path_(path) {
        out_.name = path.stem().string();
        out_.zone = zone;
        out_.format = "auto";
    }

    Result<Profile> run(std::string_view text) {
        auto roots = base::parse_yaml(text, {});
        if (!roots) {
            return std::unexpected(base::at(path_.string(), std::move(roots).error()));
        }
        for (const Yaml& root : *roots) {
            GAC_CHECK(each_pair(root, [&](const std::string& key, const Yaml& name,
                                          const Yaml& value) { return take(key, name, value); }));
        }
        return std::move(out_);
    }

private:
    using Yaml = base::Yaml;

    std::unexpected<Error> wrong(const Yaml& node, std::string text) const {
        return fail(Code::InvalidArgument, std::move(text),
                    fmt::format("{}:{}", path_.string(), node.line));
    }

    template <class Use>
    Result<> each_pair(const Yaml& map, Use&& use) const {
        if (!map.is_map()) {
            return wrong(map, "must be a map");
        }
        for (const auto& [name, value] : map.pairs) {
            GAC_TRY(key, text(name));
            GAC_CHECK(use(key, name, value));
        }
        return {};
    }

    Result<std::string> text(const Yaml& node) const {
        if (!node.is_scalar() || node.is_null()) {
            return wrong(node, "must be a text");
        }
        return node.text;
    }

    Result<std::vector<std::string>> texts(const Yaml& node) const {
        std::vector<std::string> out;
        if (!node.is_sequence()) {
            GAC_TRY(one, text(node));
            out.push_back(std::move(one));
        }
        for (const Yaml& element : node.items) {
            GAC_TRY(one, text(element));
            out.push_back(std::move(one));
        }
        return out;
    }

    Result<std::vector<FieldId>> fields(const Yaml& node) const {
        GAC_TRY(names, texts(node));
        std::vector<FieldId> out;
        for (const std::string& name : names) {
            out.push_back(intern(name));
        }
        return out;
    }

    Result<> take(const std::string& key, const Yaml& name, const Yaml& value) {
        if (key == "name" || key == "title" || key == "format") {
            GAC_TRY(given, text(value));
            (key == "name"    ? out_.name
             : key == "title" ? out_.title
                              : out_.format) = std::move(given);
        } else if (key == "zone") {
            GAC_TRY(given, text(value));
            auto named = base::Zone::parse(given);
            if (!named) {
                return wrong(value, named.error().message());
            }
            out_.zone = *named;
        } else if (key == "time") {
            GAC_TRY(given, fields(value));
            out_.time_fields = std::move(given);
        } else if (key == "host") {
            GAC_TRY(given, fields(value));
            out_.host_fields = std::move(given);
        } else if (key == "fields") {
            return each_pair(
                value, [&](const std::string& asked, const Yaml&, const Yaml& own) -> Result<> {
                    GAC_TRY(given, fields(own));
                    out_.names[asked] = std::move(given);
                    return {};
                });
        } else if (key == "prefixes") {
            GAC_TRY(given, texts(value));
            out_.prefixes = std::move(given);
        } else if (key == "logsources") {
            for (const Yaml& source : value.items) {
                LogSource& added = out_.log_sources.emplace_back();
                GAC_CHECK(each_pair(
                    source, [&](const std::string& part, const Yaml& at, const Yaml& given) {
                        return take_source(added, part, at, given);
                    }));
            }
        } else {
            return wrong(name, fmt::format("unknown key \"{}\"", key));
        }
        return {};
    }

    Result<> take_source(LogSource& source, const std::string& key, const Yaml& name,
                         const Yaml& value) const {
        if (key == "product" || key == "category" || key == "service") {
            GAC_TRY(given, text(value));
            (key == "product"    ? source.product
             : key == "category" ? source.category
                                 : source.service) = std::move(given);
        } else if (key == "when") {
            return each_pair(
                value, [&](const std::string& field, const Yaml&, const Yaml& wanted) -> Result<> {
                    GAC_TRY(values, texts(wanted));
                    source.when.push_back({intern(field), std::move(values)});
                    return {};
                });
        } else if (key == "rename") {
            return each_pair(
                value, [&](const std::string& asked, const Yaml&, const Yaml& own) -> Result<> {
                    GAC_TRY(given, text(own));
                    source.rename.emplace_back(asked, intern(given));
                    return {};
                });
        } else {
            return wrong(name, fmt::format("unknown key \"{}\"", key));
        }
        return {};
    }

    const std::filesystem::path& path_;
    Profile out_;
};

Result<Profile> read_profile(const std::filesystem::path& path, const base::Zone& zone) {
    GAC_TRY(text, base::read_file(path, kProfileBytesMax));
    return Reader(path, zone).run(text);
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
