// What every command needs of the shipped content: where it lies, and the profiles in it.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "event/profile.h"

namespace gac::app {

struct Content {
    std::filesystem::path folder;
    std::shared_ptr<const event::ProfileSet> profiles;

    static Result<Content> load(std::string_view zone = "Asia/Ho_Chi_Minh");
};

}  // namespace gac::app
