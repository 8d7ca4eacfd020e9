#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace gac::base {

void assertion_failed(const char* expression, const char* file, int line) {
    std::fprintf(stderr, "gac: broken promise: %s at %s:%d\n", expression, file, line);
    std::fflush(stderr);
    std::abort();
}

}  // namespace gac::base
