// What one rule file holds, once read: the same for the same text, placeholders and limits, so that
// it can be kept (reading_cache.h).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "detect/rule_set.h"
#include "detect/rule_text.h"
#include "detect/sigma/parse.h"

namespace gac::detect::sigma {

struct Reading {
    struct Part {
        std::optional<Document> document;  // none: it is refused
        // Of a rule or a filter whose items were moved into the set's table: their numbers there.
        std::vector<std::uint32_t> items;
        std::vector<RuleFault> faults;
    };
    std::vector<Part> parts;  // one for each YAML document; one without any when it is not YAML
};

Reading read_rule_file(const RuleText& text, const CompileOptions& options);

}  // namespace gac::detect::sigma
