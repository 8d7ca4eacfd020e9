// The condition's little language: or, and, not, "x of", parentheses, loosest first.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "detect/sigma/rule.h"

namespace gac::detect::sigma {

// Selections of the rule in their order, by name.
using Selections = std::vector<std::pair<std::string, Expr>>;

// The error's `where` is empty; its text names the column.
Result<Expr> parse_condition(std::string_view text, const Selections& selections,
                             std::size_t nesting_max);

}  // namespace gac::detect::sigma
