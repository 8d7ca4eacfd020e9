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

}  // namespace gac::app
