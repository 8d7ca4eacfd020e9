// gac rules explain and coverage: why a rule matches an event or does not, and which ATT&CK
// techniques rules speak of.
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "app/command.h"
#include "app/content.h"
#include "detect/explain.h"
#include "ingest/decoder.h"
#include "ingest/input.h"
#include "pipeline/rule_coverage.h"

namespace gac::app {

namespace {

struct ExplainOptions {
    std::string rule, event, source, lists;
    std::string format = "auto";
    std::vector<std::string> rules;
    std::uint64_t index = 0;
    bool json = false;
};

struct CoverageOptions {
    std::vector<std::string> paths;
    bool navigator = false;
};

Result<std::shared_ptr<const detect::RuleSet>> load_rules(const Content& content,
                                                          std::vector<std::filesystem::path> paths,
                                                          const std::string& lists,
                                                          std::vector<detect::RuleFault>* faults) {
    if (paths.empty()) {
        paths.push_back(content.folder / "rules");
    }
    GAC_TRY(texts, detect::read_rules(paths));
    detect::CompileOptions options;
    options.profiles = content.profiles;
    GAC_TRY(placeholders, content.placeholders(lists));
    options.placeholders = std::move(placeholders);
    return detect::compile(texts, options, faults);
}

// Event number `index` of the input: its row in the batch, which holds those that came with it.
Result<std::uint32_t> read_event(const Content& content, const ExplainOptions& options,
                                 event::EventBatch& batch) {
    ingest::Origin origin;
    origin.received = base::SystemClock{}.now();
    std::string format = options.format;
    if (!options.source.empty()) {
        const auto profile = content.profiles->find(options.source);
        if (!profile) {
            return fail(Code::InvalidArgument, fmt::format("no profile \"{}\"", options.source),
                        "--source");
        }
        origin.profile = *profile;
        format = format == "auto" ? (*content.profiles)[*profile].format : format;
    }
    GAC_TRY(decoder, ingest::make_decoder(format, {.profiles = content.profiles}));
    GAC_TRY(input, ingest::Input::open(options.event));
    ingest::Frame frame;
    for (std::uint64_t seen = 0;;) {
        GAC_TRY(more, input->next(frame));
        if (!more) {
            return fail(Code::InvalidArgument,
                        fmt::format("has {} events, there is no event {}", seen, options.index),
                        options.event);
        }
        batch.reset();
        origin.truncated = frame.truncated;
        decoder->decode(frame.bytes, origin, batch);
        if (seen + batch.size() > options.index) {
            return static_cast<std::uint32_t>(options.index - seen);
        }
        seen += batch.size();
    }
}

Result<int> explain(const ExplainOptions& options) {
    GAC_TRY(content, Content::load());
    std::vector<std::filesystem::path> paths(options.rules.begin(), options.rules.end());
    std::error_code ignored;
    if (paths.empty() && std::filesystem::is_regular_file(options.rule, ignored)) {
        paths.emplace_back(options.rule);
    }
    std::vector<detect::RuleFault> faults;
    GAC_TRY(set, load_rules(content, std::move(paths), options.lists, &faults));
    event::EventBatch batch;
    GAC_TRY(row, read_event(content, options, batch));
    const auto told = detect::explain(*set, options.rule, batch[row]);
    if (!told) {
        for (const detect::RuleFault& fault : faults) {
            if (!fault.warning
                && (fault.id == options.rule || fault.title == options.rule
                    || fault.path == options.rule)) {
                return fail(Code::InvalidArgument, "the rule was not loaded: " + fault.reason,
                            fmt::format("{}:{}", fault.path, fault.line));
            }
        }
        return std::unexpected(told.error());
    }
    if (options.json) {
        std::string out = "{";
        detect::append_explanation_json(*told, out);
        std::printf("%s}\n", out.c_str());
    } else {
        std::printf("%s", detect::explanation_text(*told).c_str());
    }
    return kDone;
}

Result<int> coverage(const CoverageOptions& options) {
    GAC_TRY(content, Content::load());
    GAC_TRY(set, load_rules(content, {options.paths.begin(), options.paths.end()}, {}, nullptr));
    const pipeline::RuleCoverage covered = pipeline::cover(set->rules(), {}, {});
    if (options.navigator) {
        std::printf("%s\n", pipeline::navigator_layer(covered, base::SystemClock{}.now()).c_str());
        return kDone;
    }
    for (const pipeline::CoveredTechnique& technique : covered.techniques) {
        fmt::print("{:<10} {:>5}  {}\n", technique.id, technique.counts.rules,
                   fmt::join(technique.tactics, " "));
    }
    std::fflush(stdout);
    fmt::print(stderr, "{} rules, {} techniques, {} tactics, {} rules without a technique\n",
               covered.rules, covered.techniques.size(), covered.tactics.size(),
               covered.rules_without_technique);
    return kDone;
}

}  // namespace

void add_rule_explain(CLI::App& rules, Chosen& chosen) {
    const auto options = std::make_shared<ExplainOptions>();
    CLI::App* command =
        rules.add_subcommand("explain", "Why a rule matches an event, or why it does not");
    command->add_option("rule", options->rule, "Id, title or file of the rule")->required();
    command->add_option("--event", options->event, "File with the event, - for standard input")
        ->required();
    command->add_option("--index", options->index, "Which event of the file, from 0")
        ->capture_default_str();
    command->add_option("--rules", options->rules,
                        "Rules to load (default: the rule's own file, else the shipped rules)");
    command->add_option("--source", options->source,
                        "Profile of the event (default: by its shape)");
    command->add_option("--format", options->format, "How to read the event")
        ->capture_default_str();
    command->add_option("--lists", options->lists,
                        "YAML file of the lists that rules may expand (default: the shipped one)");
    command->add_flag("--json", options->json, "One JSON object (default: off)");
    command->footer(
        "Examples:\n  gac rules explain new_rule.yml --event event.json --source windows\n"
        "  gac rules explain 'Encoded PowerShell' --event events.ndjson --index 3 --json");
    command->callback([options, &chosen] {
        chosen = [options] {
            const auto code = explain(*options);
            return code ? *code : cannot_start(code.error());
        };
    });

    const auto covered = std::make_shared<CoverageOptions>();
    CLI::App* cover = rules.add_subcommand("coverage", "ATT&CK techniques that rules speak of");
    cover->add_option("paths", covered->paths,
                      "Rule files or folders (default: the shipped rules)");
    cover->add_flag("--navigator", covered->navigator,
                    "A layer for the ATT&CK Navigator on stdout (default: a table)");
    cover->footer(
        "Examples:\n  gac rules coverage rules/\n"
        "  gac rules coverage --navigator rules/ my_rules/ > layer.json");
    cover->callback([covered, &chosen] {
        chosen = [covered] {
            const auto code = coverage(*covered);
            return code ? *code : cannot_start(code.error());
        };
    });
}

}  // namespace gac::app
