#include "app/rule_cache.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <xxhash.h>

namespace gac::app {

namespace {

constexpr std::size_t kFilesMax = 16;

std::filesystem::path cache_folder() {
    for (const auto& [variable, below] :
         {std::pair{"XDG_CACHE_HOME", "gac"}, std::pair{"HOME", ".cache/gac"}}) {
        const char* value = std::getenv(variable);
        if (value != nullptr && *value == '/') {
            return std::filesystem::path(value) / below;
        }
    }
    return {};
}

void drop_oldest(const std::filesystem::path& folder) {
    std::vector<std::pair<std::filesystem::file_time_type, std::filesystem::path>> files;
    std::error_code fault;
    for (auto entry = std::filesystem::directory_iterator(folder, fault);
         !fault && entry != std::filesystem::directory_iterator(); entry.increment(fault)) {
        const std::string name = entry->path().filename().string();
        std::error_code ignored;
        if (name.starts_with("rules-") && name.ends_with(".cache")) {
            files.emplace_back(entry->last_write_time(ignored), entry->path());
        }
    }
    std::ranges::sort(files, std::greater<>{});
    for (std::size_t i = kFilesMax - 1; i < files.size(); ++i) {
        std::error_code ignored;
        std::filesystem::remove(files[i].second, ignored);
    }
}

}  // namespace

std::filesystem::path rule_cache_file(const std::vector<std::string>& rule_paths) {
    const std::filesystem::path folder = cache_folder();
    if (folder.empty()) {
        return {};
    }
    std::string all;
    for (const std::string& path : rule_paths) {
        std::error_code fault;
        all += std::filesystem::absolute(path, fault).string();
        all += '\0';
    }
    std::filesystem::path file =
        folder / fmt::format("rules-{:016x}.cache", XXH3_64bits(all.data(), all.size()));
    if (std::error_code fault; !std::filesystem::exists(file, fault)) {
        drop_oldest(folder);
    }
    return file;
}

}  // namespace gac::app
