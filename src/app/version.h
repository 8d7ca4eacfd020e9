// What `gac --version` says.
#pragma once

#include <string>

namespace gac::app {
std::string version_text();
}
