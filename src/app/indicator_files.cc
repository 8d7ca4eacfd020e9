#include "app/indicator_files.h"

#include <algorithm>
#include <cstdio>

#include "pipeline/indicator_service.h"

namespace gac::app {

namespace {
constexpr std::size_t kFaultsTold = 20;
}

IndicatorFiles read_indicators(const std::vector<std::string>& lists,
                               const std::vector<std::string>& allow) {
    const pipeline::IndicatorPaths paths{{lists.begin(), lists.end()},
                                         {allow.begin(), allow.end()}};
    const pipeline::IndicatorLoading loading = pipeline::load_indicators(paths);
    for (const Error& failure : loading.failures) {
        std::fprintf(stderr, "gac: --indicators: %s\n", failure.message().c_str());
    }
    for (std::size_t i = 0; i < std::min(loading.faults.size(), kFaultsTold); ++i) {
        const detect::ListFault& fault = loading.faults[i];
        std::fprintf(stderr, "gac: %s:%u: left out: %s\n", fault.path.c_str(), fault.line,
                     fault.reason.c_str());
    }
    std::fprintf(stderr, "gac: %zu indicators of %zu lists, %zu lines left out, in %.3f s\n",
                 loading.set->entries(), loading.set->lists().size(), loading.refused,
                 static_cast<double>(loading.took.us) / 1e6);
    return {.set = loading.set, .all_read = loading.failures.empty()};
}

}  // namespace gac::app
