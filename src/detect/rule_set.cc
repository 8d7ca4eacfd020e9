#include "detect/rule_set.h"

#include "detect/sigma/parts.h"

namespace gac::detect {

std::vector<std::string> RuleSet::group_by(std::string_view rule_id) const {
    for (const sigma::Correlation& correlation : parts_->correlations) {
        if (correlation.info->id == rule_id) {
            return correlation.group_by;
        }
    }
    return {};
}

}  // namespace gac::detect
