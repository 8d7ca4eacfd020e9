// One YAML document becomes a rule, a correlation or a filter, or is refused with the reason and
// the line.
#pragma once

#include <string>
#include <variant>

#include "base/result.h"
#include "base/yaml.h"
#include "detect/rule_set.h"
#include "detect/sigma/rule.h"

namespace gac::detect::sigma {

using base::Yaml;

using Document = std::variant<Rule, Correlation, Filter>;

// The error's `where` is "line N". `warnings` gets what is odd but does not stop the rule.
Result<Document> read_document(const Yaml& root, const std::string& path,
                               const CompileOptions& options, std::vector<std::string>& warnings);

}  // namespace gac::detect::sigma
