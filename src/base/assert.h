// A broken promise of our own: logged with its place, then the process aborts. On in every build.
#pragma once

namespace gac::base {
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);
}  // namespace gac::base

#define GAC_ASSERT(...)                   \
    ((__VA_ARGS__) ? static_cast<void>(0) \
                   : ::gac::base::assertion_failed(#__VA_ARGS__, __FILE__, __LINE__))
