#include "detect/rule_text.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include <fmt/format.h>

#include "base/file.h"
#include "detect/sigma/yaml.h"

namespace gac::detect {

namespace {

constexpr std::size_t kFileBytesMax = 4 << 20;

Result<std::vector<std::string>> files_of(const std::filesystem::path& path) {
    std::error_code fault;
    if (!std::filesystem::is_directory(path, fault)) {
        return std::vector{path.string()};
    }
    std::vector<std::filesystem::path> files;
    for (auto entry = std::filesystem::recursive_directory_iterator(path, fault);
         !fault && entry != std::filesystem::recursive_directory_iterator();
         entry.increment(fault)) {
        const std::string extension = entry->path().extension().string();
        std::error_code ignored;
        if ((extension == ".yml" || extension == ".yaml") && entry->is_regular_file(ignored)) {
            files.push_back(entry->path());
        }
    }
    if (fault) {
        return fail(Code::Io, fault.message(), path.string());
    }
    std::ranges::sort(files);
    std::vector<std::string> out;
    for (const std::filesystem::path& file : files) {
        out.push_back(file.string());
    }
    return out;
}

Result<std::string> stamp_of(const std::string& path) {
    struct stat about{};
    if (::stat(path.c_str(), &about) != 0) {
        return fail(Code::Io, std::generic_category().message(errno), path);
    }
    // The time of change cannot be set by hand.
    const std::array<std::int64_t, 6> parts{
        static_cast<std::int64_t>(about.st_size),
        about.st_mtim.tv_sec * 1'000'000'000 + about.st_mtim.tv_nsec,
        about.st_ctim.tv_sec * 1'000'000'000 + about.st_ctim.tv_nsec,
        static_cast<std::int64_t>(about.st_ino),
        static_cast<std::int64_t>(about.st_dev),
        static_cast<std::int64_t>(about.st_mode)};
    return std::string(reinterpret_cast<const char*>(parts.data()), sizeof parts);
}

}  // namespace

Result<std::string> read_rule(const std::string& path) {
    return base::read_file(path, kFileBytesMax);
}

Result<std::vector<RuleText>> read_rules(std::span<const std::filesystem::path> paths) {
    std::vector<RuleText> out;
    for (const std::filesystem::path& path : paths) {
        GAC_TRY(files, files_of(path));
        for (std::string& file : files) {
            GAC_TRY(text, read_rule(file));
            out.push_back({.path = std::move(file), .yaml = std::move(text), .stamp = {}});
        }
    }
    return out;
}

Result<std::vector<RuleText>> list_rules(std::span<const std::filesystem::path> paths) {
    std::vector<RuleText> out;
    for (const std::filesystem::path& path : paths) {
        GAC_TRY(files, files_of(path));
        for (std::string& file : files) {
            GAC_TRY(stamp, stamp_of(file));
            out.push_back({.path = std::move(file), .yaml = {}, .stamp = std::move(stamp)});
        }
    }
    return out;
}

Result<Placeholders> read_placeholders(const std::filesystem::path& path) {
    GAC_TRY(text, base::read_file(path, kFileBytesMax));
    auto roots = sigma::parse_yaml(text, {});
    if (!roots) {
        return std::unexpected(base::at(path.string(), std::move(roots).error()));
    }
    Placeholders out;
    for (const sigma::Yaml& root : *roots) {
        if (!root.is_map()) {
            return fail(Code::InvalidArgument, "must be a map of names to lists",
                        fmt::format("{}:{}", path.string(), root.line));
        }
        for (const auto& [name, list] : root.pairs) {
            std::vector<std::string>& values = out[name.text];
            if (list.is_scalar() && !list.is_null()) {
                values.push_back(list.text);
            }
            for (const sigma::Yaml& value : list.items) {
                if (!value.is_scalar()) {
                    return fail(Code::InvalidArgument, "a list must hold texts",
                                fmt::format("{}:{}", path.string(), value.line));
                }
                values.push_back(value.text);
            }
        }
    }
    return out;
}

Result<std::vector<RuleOutline>> outline(const RuleText& text) {
    auto roots = sigma::parse_yaml(text.yaml, {});
    if (!roots) {
        return std::unexpected(base::at(text.path, std::move(roots).error()));
    }
    std::vector<RuleOutline> out;
    for (const sigma::Yaml& root : *roots) {
        RuleOutline& one = out.emplace_back();
        one.line = root.line;
        if (!root.is_map()) {
            continue;
        }
        const auto take = [&](std::string_view key, std::string& into) {
            if (const sigma::Yaml* node = root.find(key)) {
                into = node->text;
            }
        };
        take("id", one.id);
        take("title", one.title);
        take("status", one.status);
        one.is_rule = root.find("detection") != nullptr || root.find("correlation") != nullptr
                      || root.find("filter") != nullptr;
    }
    return out;
}

}  // namespace gac::detect
