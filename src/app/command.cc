#include "app/command.h"

#include <cstdio>
#include <string>

namespace gac::app {

int cannot_start(std::string_view message) {
    std::fprintf(stderr, "gac: %.*s\n", static_cast<int>(message.size()), message.data());
    return kCannotStart;
}

int cannot_start(const Error& error) { return cannot_start(error.message()); }

}  // namespace gac::app
