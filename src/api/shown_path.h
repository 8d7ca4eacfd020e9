// A file's path as people see it.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace gac::api {

// Below the folder (of these) that it was found in: where that lies is no reader's business.
inline std::string shown_path(std::string_view path,
                              std::span<const std::filesystem::path> folders) {
    for (const std::filesystem::path& from : folders) {
        const std::string& folder = from.native();
        if (path.starts_with(folder) && path.size() > folder.size()) {
            const std::string_view rest = path.substr(folder.size());
            if (rest.starts_with('/') || folder.ends_with('/')) {
                return std::string(rest.substr(rest.starts_with('/') ? 1 : 0));
            }
        }
    }
    return std::filesystem::path(path).filename().string();
}

}  // namespace gac::api
