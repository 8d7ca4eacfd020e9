// Indicator lists that a command is given as files.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "detect/indicators.h"

namespace gac::app {

// What cannot be used is told on stderr; then `all_read` is false.
struct IndicatorFiles {
    std::shared_ptr<const detect::IndicatorSet> set;
    bool all_read = true;
};
IndicatorFiles read_indicators(const std::vector<std::string>& lists,
                               const std::vector<std::string>& allow);

}  // namespace gac::app
