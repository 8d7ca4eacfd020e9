// Rule files as text, and what is said of a rule that cannot be used. Reading knows nothing of
// Sigma: it finds the files and hands their text on.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace gac::detect {

// One file; may hold several YAML documents.
struct RuleText {
    std::string path;
    std::string yaml;
    // Of a file that was listed, not read: its size, its times and its place on the disk.
    std::string stamp;
    // Why there is neither: compile() tells it as a fault of the file and goes on.
    std::string unreadable;
};

// Files, or folders whose *.yml and *.yaml files are taken at any depth, in the order of their
// paths. An empty folder is no error; a path that is not there, or a folder that cannot be listed,
// is. A file that cannot be read, or has more than 4 MiB, is told in RuleText::unreadable.
Result<std::vector<RuleText>> read_rules(std::span<const std::filesystem::path> paths);
// The same files with stamps in place of texts: compile() reads those that its cache does not know.
Result<std::vector<RuleText>> list_rules(std::span<const std::filesystem::path> paths);
// The text of a listed file.
Result<std::string> read_rule(const std::string& path);

// Lists for |expand: name without the percent signs -> values.
using Placeholders = std::unordered_map<std::string, std::vector<std::string>>;

// A YAML map of names to lists (profiles/lists/placeholders.yaml).
Result<Placeholders> read_placeholders(const std::filesystem::path& path);

// What a document of a file says of itself, without judging it.
struct RuleOutline {
    std::string id, title, status;
    int line = 0;
    bool is_rule = false;  // has a detection, a correlation or a filter
};
// One for each document; fails when the file is no YAML.
Result<std::vector<RuleOutline>> outline(const RuleText& text);

// A rule that was refused, or a file that is not YAML (then id and title are empty).
struct RuleFault {
    std::string path;
    std::string id;
    std::string title;
    std::string reason;
    int line = 0;          // 1 = first line of the file; 0 = no single place
    bool warning = false;  // the rule was loaded all the same
};

}  // namespace gac::detect
