#include "detect/sigma/reading.h"

#include "base/yaml.h"

namespace gac::detect::sigma {

namespace {

std::string text_of(const Yaml& root, std::string_view key) {
    const Yaml* node = root.is_map() ? root.find(key) : nullptr;
    return node == nullptr ? std::string() : node->text;
}

Reading::Part read_part(const Yaml& root, const RuleText& text, const CompileOptions& options) {
    Reading::Part out;
    std::vector<std::string> warnings;
    auto document = read_document(root, text.path, options, warnings);
    if (!document) {
        const int line = base::line_of(document.error());
        out.faults.push_back({text.path, text_of(root, "id"), text_of(root, "title"),
                              document.error().text, line == 0 ? root.line : line});
        return out;
    }
    for (std::string& warning : warnings) {
        out.faults.push_back({text.path, text_of(root, "id"), text_of(root, "title"),
                              std::move(warning), root.line, true});
    }
    out.document = *std::move(document);
    return out;
}

}  // namespace

Reading read_rule_file(const RuleText& text, const CompileOptions& options) {
    const base::YamlLimits limits{.nodes_max = options.limits.yaml_nodes_max,
                                  .depth_max = options.limits.nesting_max};
    Reading out;
    const auto roots = base::parse_yaml(text.yaml, limits);
    if (!roots) {
        const RuleFault fault{text.path, {}, {}, roots.error().text, base::line_of(roots.error())};
        out.parts.push_back({std::nullopt, {}, {fault}});
        return out;
    }
    for (const Yaml& root : *roots) {
        out.parts.push_back(read_part(root, text, options));
    }
    return out;
}

}  // namespace gac::detect::sigma
