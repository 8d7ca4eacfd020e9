// Where commands keep what they read of rule files between runs: one file for each set of paths in
// the user's cache folder, the oldest of which go when there are many.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace gac::app {

// Empty when the user has no cache folder ($XDG_CACHE_HOME, $HOME/.cache).
std::filesystem::path rule_cache_file(const std::vector<std::string>& rule_paths);

}  // namespace gac::app
