#include "app/version.h"

#include <fmt/format.h>

namespace gac::app {

std::string version_text() {
#if defined(__clang__)
    constexpr const char* kCompiler = "clang " __clang_version__;
#else
    constexpr const char* kCompiler = "gcc " __VERSION__;
#endif
    return fmt::format("gac {} commit {} compiler {}", GAC_VERSION,
                       *GAC_COMMIT != '\0' ? GAC_COMMIT : "unknown", kCompiler);
}

}  // namespace gac::app
