#include "detect/rule_set.h"

#include <algorithm>

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

std::vector<std::shared_ptr<const event::RuleInfo>> RuleSet::behind(
    std::string_view rule_id) const {
    // Inputs stand before those that they feed.
    std::vector<bool> wanted(parts_->correlations.size(), false);
    const auto feeds_wanted = [&](const std::vector<sigma::CorrelationInput>& inputs) {
        return std::ranges::any_of(inputs,
                                   [&](const auto& input) { return wanted[input.correlation]; });
    };
    std::vector<std::shared_ptr<const event::RuleInfo>> out;
    for (std::size_t i = parts_->correlations.size(); i-- > 0;) {
        const auto& info = parts_->correlations[i].info;
        if (feeds_wanted(parts_->correlation_inputs[i])) {
            out.push_back(info);
            wanted[i] = true;
        }
        wanted[i] = wanted[i] || info->id == rule_id;
    }
    for (const sigma::DetectionRule& rule : parts_->rules) {
        if (feeds_wanted(rule.inputs)) {
            out.push_back(rule.rule.info);
        }
    }
    return out;
}

}  // namespace gac::detect
