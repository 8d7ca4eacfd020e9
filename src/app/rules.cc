// gac rules check and test: which rules load, why the others do not, and whether they find what
// their own samples say.
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "app/command.h"
#include "app/content.h"
#include "app/rule_trial.h"
#include "base/file.h"
#include "base/text.h"
#include "detect/rule_set.h"

namespace gac::app {

namespace {

struct Options {
    std::vector<std::string> paths;
    std::string lists;
    bool json = false;
};

void print_rule(bool json, const detect::RuleFault& rule, std::string_view status) {
    if (!json) {
        if (status != "loaded" || rule.warning) {
            std::printf("%s:%d: %s: %s%s\n", rule.path.c_str(), rule.line,
                        rule.title.empty() ? "(no title)" : rule.title.c_str(),
                        rule.warning ? "warning: " : "refused: ", rule.reason.c_str());
        }
        return;
    }
    std::string line;
    const auto add = [&](std::string_view key, std::string_view value) {
        line += line.empty() ? '{' : ',';
        base::append_json_string(key, line);
        line += ':';
        base::append_json_string(value, line);
    };
    add("path", rule.path);
    add("id", rule.id);
    add("title", rule.title);
    add("status", status);
    add("reason", rule.reason);
    std::printf("%s,\"line\":%d}\n", line.c_str(), rule.line);
}

int check(const Options& options) {
    const std::int64_t started = base::monotonic_us();
    auto content = Content::load();
    if (!content) {
        return cannot_start(content.error());
    }
    const std::vector<std::filesystem::path> paths(options.paths.begin(), options.paths.end());
    auto texts = detect::read_rules(paths);
    if (!texts) {
        return cannot_start(texts.error());
    }
    detect::CompileOptions compile_options;
    compile_options.profiles = content->profiles;
    auto placeholders = content->placeholders(options.lists);
    if (!placeholders) {
        return cannot_start(base::at("--lists", placeholders.error()));
    }
    compile_options.placeholders = *std::move(placeholders);
    std::vector<detect::RuleFault> faults;
    auto rules = detect::compile(*texts, compile_options, &faults);
    if (!rules) {
        return cannot_start(rules.error());
    }
    std::map<std::string, std::string> warnings;  // by path and id
    for (const detect::RuleFault& fault : faults) {
        if (!fault.warning) {
            print_rule(options.json, fault, "refused");
            continue;
        }
        std::string& text = warnings[fault.path + '\n' + fault.id];
        text += (text.empty() ? "" : "; ") + fault.reason;
        if (!options.json) {
            print_rule(false, fault, "loaded");
        }
    }
    if (options.json) {
        for (const auto& info : (*rules)->rules()) {
            detect::RuleFault rule;
            rule.path = info->path;
            rule.id = info->id;
            rule.title = info->title;
            if (const auto found = warnings.find(info->path + '\n' + info->id);
                found != warnings.end()) {
                rule.reason = "warning: " + found->second;
            }
            print_rule(true, rule, "loaded");
        }
    }
    std::fflush(stdout);
    std::fprintf(stderr, "loaded %zu refused %zu in %.3f s\n", (*rules)->loaded(),
                 (*rules)->refused(), static_cast<double>(base::monotonic_us() - started) / 1e6);
    return (*rules)->refused() == 0 ? kDone : kSomeFailed;
}

struct TrialOptions {
    std::vector<std::string> paths;
    std::string lists, junit;
    bool json = false;
};

void append_xml(std::string_view text, std::string& out) {
    for (const char c : text) {
        switch (c) {
            case '<':
                out += "&lt;";
                break;
            case '&':
                out += "&amp;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
        }
    }
}

// One test case a rule, as build servers read it.
std::string junit_of(const TrialReport& report) {
    std::size_t failed = 0;
    std::string cases;
    for (const TriedRule& rule : report.tried) {
        cases += "  <testcase classname=\"";
        append_xml(rule.path, cases);
        cases += "\" name=\"";
        append_xml(rule.title, cases);
        cases += "\">";
        if (!rule.faults.empty()) {
            ++failed;
            cases += "<failure message=\"";
            append_xml(fmt::format("{}", fmt::join(rule.faults, "; ")), cases);
            cases += "\"/>";
        }
        cases += "</testcase>\n";
    }
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"gac rules\" "
        "tests=\"{}\" failures=\"{}\">\n{}</testsuite>\n",
        report.tried.size(), failed, cases);
}

void print_tried(const TriedRule& rule) {
    std::string line = "{";
    for (const auto& [key, value] :
         {std::pair<std::string_view, std::string_view>{"path", rule.path},
          {"id", rule.id},
          {"title", rule.title}}) {
        base::append_json_string(key, line);
        line += ':';
        base::append_json_string(value, line);
        line += ',';
    }
    line += fmt::format("\"samples\":{},\"faults\":[", rule.samples);
    for (std::size_t i = 0; i < rule.faults.size(); ++i) {
        line += i == 0 ? "" : ",";
        base::append_json_string(rule.faults[i], line);
    }
    std::printf("%s]}\n", line.c_str());
}

// Rules against the samples in their own files.
int try_samples(const TrialOptions& options) {
    const auto content = Content::load();
    if (!content) {
        return cannot_start(content.error());
    }
    const std::vector<std::filesystem::path> paths(options.paths.begin(), options.paths.end());
    const auto texts = detect::read_rules(paths);
    if (!texts) {
        return cannot_start(texts.error());
    }
    const auto lists = content->placeholders(options.lists);
    if (!lists) {
        return cannot_start(base::at("--lists", lists.error()));
    }
    const auto report = try_rules(*texts, content->profiles, *lists);
    if (!report) {
        return cannot_start(report.error());
    }
    for (const TrialFault& fault : report->faults) {
        std::fprintf(stderr, "%s: %s: %s\n", fault.path.c_str(), fault.rule.c_str(),
                     fault.what.c_str());
    }
    if (!options.junit.empty()) {
        if (const auto kept = base::write_file_atomic(options.junit, junit_of(*report)); !kept) {
            return cannot_start(base::at("--junit", kept.error()));
        }
    }
    const std::string summary =
        fmt::format("{} rules, {} samples, {} faults, {} rules without samples", report->rules,
                    report->samples, report->faults.size(), report->without_samples);
    if (options.json) {
        for (const TriedRule& rule : report->tried) {
            print_tried(rule);
        }
        std::fflush(stdout);
        std::fprintf(stderr, "%s\n", summary.c_str());
    } else {
        std::printf("%s\n", summary.c_str());
    }
    return report->faults.empty() ? kDone : kSomeFailed;
}

}  // namespace

void add_rules(CLI::App& root, Chosen& chosen) {
    CLI::App* rules = root.add_subcommand("rules", "Check and try rules");
    rules->require_subcommand(1);
    const auto options = std::make_shared<Options>();
    CLI::App* command =
        rules->add_subcommand("check", "Say which rules load, and why others do not");
    command
        ->add_option("paths", options->paths,
                     "Rule files, or folders with *.yml and *.yaml at any depth")
        ->required();
    command->add_option("--lists", options->lists,
                        "YAML file of the lists that rules may expand (default: the shipped one)");
    command->add_flag("--json", options->json, "One JSON object a rule (default: off)");
    command->footer("Examples:\n  gac rules check rules/\n  gac rules check --json new_rule.yml");
    command->callback([options, &chosen] { chosen = [options] { return check(*options); }; });

    const auto tried = std::make_shared<TrialOptions>();
    CLI::App* test = rules->add_subcommand(
        "test", "Run rules against the positive and negative samples they carry");
    test->add_option("paths", tried->paths,
                     "Rule files, or folders with *.yml and *.yaml at any depth")
        ->required();
    test->add_option("--lists", tried->lists,
                     "YAML file of the lists that rules may expand (default: the shipped one)");
    test->add_option("--junit", tried->junit, "Also write a JUnit report here (default: none)");
    test->add_flag("--json", tried->json, "One JSON object a rule with samples (default: off)");
    test->footer(
        "Examples:\n  gac rules test rules/\n  gac rules test rules/linux my_rules/ --junit "
        "report.xml");
    test->callback([tried, &chosen] { chosen = [tried] { return try_samples(*tried); }; });
    add_rule_packs(*rules, chosen);
    add_rule_explain(*rules, chosen);
    add_rule_preview(*rules, chosen);
}

}  // namespace gac::app
