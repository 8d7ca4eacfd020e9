// What every command needs of the shipped content: where it lies, and the profiles in it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "detect/rule_text.h"
#include "event/profile.h"

namespace gac::app {

struct Content {
    std::filesystem::path folder;
    std::shared_ptr<const event::ProfileSet> profiles;

    // The lists that rules may expand: those of the given file, else the shipped ones.
    Result<detect::Placeholders> placeholders(const std::string& path) const;

    static Result<Content> load(std::string_view zone = "Asia/Ho_Chi_Minh");
};

}  // namespace gac::app
