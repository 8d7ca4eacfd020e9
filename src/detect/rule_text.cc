#include "detect/rule_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/file.h"
#include "detect/sigma/yaml.h"

namespace gac::detect {

namespace {
constexpr std::size_t kFileBytesMax = 4 << 20;
}  // namespace

Result<std::vector<RuleText>> read_rules(std::span<const std::filesystem::path> paths) {
    std::vector<RuleText> out;
    for (const std::filesystem::path& path : paths) {
        std::error_code fault;
        if (!std::filesystem::is_directory(path, fault)) {
            GAC_TRY(text, base::read_file(path, kFileBytesMax));
            out.push_back({path.string(), std::move(text)});
            continue;
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
        for (const std::filesystem::path& file : files) {
            GAC_TRY(text, base::read_file(file, kFileBytesMax));
            out.push_back({file.string(), std::move(text)});
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

}  // namespace gac::detect
