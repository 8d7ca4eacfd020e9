// Detection items: "field|modifier|modifier: value(s)" becomes an expression over tests.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/yaml.h"
#include "detect/rule_text.h"
#include "detect/sigma/rule.h"

namespace gac::detect::sigma {

using base::Yaml;

struct ItemContext {
    const Placeholders* placeholders = nullptr;
    std::size_t expansion_max = 3'125;
    std::size_t values_max = 200'000;
    std::size_t values = 0;             // so far, of this rule
    std::vector<std::string> warnings;  // oddities that do not stop the rule
};

// One selection of a detection section: a map, a list of maps and scalars, or a bare scalar.
Result<Expr> read_selection(const Yaml& node, ItemContext& context, std::vector<Item>& items);

}  // namespace gac::detect::sigma
