#include "app/content.h"

#include "base/file.h"

namespace gac::app {

Result<Content> Content::load(std::string_view zone) {
    Content content;
    GAC_TRY(folder, base::content_folder());
    GAC_TRY(parsed, base::Zone::parse(zone));
    GAC_TRY(profiles, event::ProfileSet::load(folder / "profiles", parsed));
    content.folder = std::move(folder);
    content.profiles = std::move(profiles);
    return content;
}

Result<detect::Placeholders> Content::placeholders(const std::string& path) const {
    if (!path.empty()) {
        return detect::read_placeholders(path);
    }
    const std::filesystem::path shipped = folder / "profiles" / "lists" / "placeholders.yaml";
    std::error_code ignored;
    return std::filesystem::exists(shipped, ignored) ? detect::read_placeholders(shipped)
                                                     : detect::Placeholders{};
}

}  // namespace gac::app
