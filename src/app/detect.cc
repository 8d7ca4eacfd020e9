// gac detect: rules over files, without a server. One line a hit.
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "app/command.h"
#include "app/content.h"
#include "app/detect_history.h"
#include "app/detect_run.h"
#include "app/history.h"
#include "app/indicator_files.h"
#include "app/rule_cache.h"
#include "base/text.h"
#include "ingest/input.h"

namespace gac::app {

namespace {

struct Options {
    std::vector<std::string> rules;
    std::vector<std::string> inputs;
    std::string format = "auto";
    std::string source;
    std::string zone = "Asia/Ho_Chi_Minh";
    std::size_t threads = 0;
    std::string data;
    std::string from;
    std::string to;
    std::string lists;
    std::vector<std::string> indicators;
    std::vector<std::string> allow;
    bool indicator_text = false;
    bool json = false;
    bool stats = false;
    bool all_sources = false;
    bool no_cache = false;
};

std::uint64_t resident_bytes() {
    std::uint64_t total = 0;
    std::uint64_t resident = 0;
    std::ifstream("/proc/self/statm") >> total >> resident;
    return resident * 4096;
}

// Lists of indicators into the settings; files that cannot be used, and lines, are told on stderr.
int load_lists(const Options& options, const Content& content, DetectSettings& settings) {
    const IndicatorFiles files = read_indicators(options.indicators, options.allow);
    settings.indicators = files.set;
    settings.indicator_plan = std::make_shared<detect::IndicatorPlan>(
        *content.profiles, detect::IndicatorOptions{.text = options.indicator_text});
    return files.all_read ? kDone : kSomeFailed;
}

int detect_files(const Options& options) {
    if (options.rules.empty() && options.indicators.empty()) {
        return cannot_start("detect needs --rules or --indicators; see gac detect --help");
    }
    if (options.data.empty() == options.inputs.empty()) {
        return cannot_start("detect needs either inputs or --data; see gac detect --help");
    }
    if (!options.data.empty() && !options.indicators.empty()) {
        return cannot_start("--indicators over history is gac hunt; see gac hunt --help");
    }
    if (options.data.empty() && !(options.from.empty() && options.to.empty())) {
        return cannot_start("--from and --to go with --data");
    }
    const auto range = read_range(options.from, options.to, base::SystemClock{}.now());
    if (!range) {
        return cannot_start(range.error());
    }
    const std::int64_t started = base::monotonic_us();
    auto content = Content::load(options.zone);
    if (!content) {
        return cannot_start(content.error());
    }
    const std::vector<std::filesystem::path> paths(options.rules.begin(), options.rules.end());
    auto texts = detect::list_rules(paths);
    if (!texts) {
        return cannot_start(base::at("--rules", texts.error()));
    }
    detect::CompileOptions compile_options;
    compile_options.profiles = content->profiles;
    auto placeholders = content->placeholders(options.lists);
    if (!placeholders) {
        return cannot_start(base::at("--lists", placeholders.error()));
    }
    compile_options.placeholders = *std::move(placeholders);
    compile_options.match_unknown_sources = options.all_sources;
    if (!options.no_cache) {
        compile_options.cache = rule_cache_file(options.rules);
    }
    std::vector<detect::RuleFault> faults;
    auto rules = detect::compile(*texts, compile_options, &faults);
    if (!rules) {
        return cannot_start(rules.error());
    }
    int code = kDone;
    for (const detect::RuleFault& fault : faults) {
        if (!fault.warning) {
            std::fprintf(stderr, "gac: %s:%d: rule refused: %s\n", fault.path.c_str(), fault.line,
                         fault.reason.c_str());
            code = kSomeFailed;
        }
    }
    DetectSettings settings;
    settings.rules = *rules;
    settings.profiles = content->profiles;
    settings.format = options.format;
    settings.json = options.json;
    settings.threads = std::max<std::size_t>(options.threads, 1);
    if (!options.source.empty()) {
        const auto profile = content->profiles->find(options.source);
        if (!profile) {
            return cannot_start(fmt::format("--source: no profile \"{}\"", options.source));
        }
        settings.profile = *profile;
    }
    if (!options.indicators.empty()) {
        code = std::max(code, load_lists(options, *content, settings));
    }
    std::optional<History> history;
    if (!options.data.empty()) {
        auto opened =
            History::open(options.data, content->profiles, static_cast<unsigned>(options.threads));
        if (!opened) {
            return cannot_start(opened.error());
        }
        history.emplace(*std::move(opened));
    }
    const std::int64_t loaded = base::monotonic_us();
    auto done = history ? detect_history(settings, history->store(), *range)
                        : run_detect(settings, ingest::input_files(options.inputs));
    if (!done) {
        return cannot_start(done.error());
    }
    const std::int64_t finished = base::monotonic_us();
    for (const Error& error : done->failures) {
        std::fprintf(stderr, "gac: %s\n", error.message().c_str());
        code = kSomeFailed;
    }
    if (options.stats) {
        std::fprintf(
            stderr, "%s\n",
            fmt::format("{{\"events\":{},\"bytes\":{},\"seconds\":{:.6f},"
                        "\"load_seconds\":{:.6f},\"threads\":{},\"matches\":{},"
                        "\"rss_bytes\":{},\"candidates\":{},\"keyword_checks\":{},"
                        "\"parse_failed\":{},\"indicators\":{},\"indicator_hits\":{},"
                        "\"blocks\":{},\"blocks_skipped\":{}}}",
                        done->events, done->bytes, static_cast<double>(finished - loaded) / 1e6,
                        static_cast<double>(loaded - started) / 1e6, done->threads, done->matches,
                        resident_bytes(), done->candidates, done->keyword_checks,
                        done->parse_failed,
                        settings.indicators ? settings.indicators->entries() : 0,
                        done->indicator_hits, done->blocks, done->blocks_skipped)
                .c_str());
    }
    return code;
}

}  // namespace

void add_detect(CLI::App& root, Chosen& chosen) {
    const auto options = std::make_shared<Options>();
    CLI::App* command =
        root.add_subcommand("detect", "Run Sigma rules and indicator lists over files");
    command->add_option(
        "--rules", options->rules,
        "Rule files, or folders with *.yml and *.yaml at any depth; end the list by --");
    command->add_option("inputs", options->inputs,
                        "Files (.gz .xz .zst as they are), or folders of them; - for standard "
                        "input");
    command->add_option("--data", options->data,
                        "Data folder whose event history is judged, instead of inputs");
    command->add_option("--from", options->from,
                        "With --data, not before: RFC 3339, or relative (-15m, -7d)");
    command->add_option("--to", options->to, "With --data, before: RFC 3339, or relative");
    command
        ->add_option("--format", options->format, "How to read the inputs; see gac decode --help")
        ->capture_default_str();
    command->add_option("--source", options->source,
                        "Profile of the inputs (profiles/*.yaml); else told by each event's shape");
    command->add_option("--zone", options->zone, "Zone of times that carry none")
        ->capture_default_str();
    command
        ->add_option("--threads", options->threads,
                     "Threads; the hits are the same for any number (default: 1, with --data all "
                     "cores)")
        ->check(CLI::Range(1, 256));
    command->add_option("--indicators", options->indicators,
                        "Lists of indicators (see docs/indicators.md), or folders of them; end the "
                        "list by --");
    command->add_option("--allow", options->allow,
                        "Lists of what is no indicator whatever the others say");
    command->add_flag("--indicator-text", options->indicator_text,
                      "Look for indicators in message texts too, defanged ones as well (default: "
                      "off)");
    command->add_flag("--all-sources", options->all_sources,
                      "Also ask events of unknown log sources (default: off)");
    command->add_option("--lists", options->lists,
                        "YAML file of the lists that rules may expand (default: the shipped one)");
    command->add_flag("--no-cache", options->no_cache,
                      "Read every rule file anew, keep nothing in the user's cache folder "
                      "(default: off)");
    command->add_flag("--json", options->json, "One JSON object a hit (default: off)");
    command->add_flag("--stats", options->stats, "Figures of the run on stderr (default: off)");
    command->footer(
        "Examples:\n  gac detect --rules rules/ -- auth.log security.ndjson.zst\n"
        "  gac detect --json --rules sigma/rules extra.yml -- events.json > hits.ndjson\n"
        "  gac detect --json --rules rules/ --data var/data --from -30d\n"
        "  gac detect --json --indicators feeds/ --allow warninglists/ -- proxy.log");
    command->callback(
        [options, &chosen] { chosen = [options] { return detect_files(*options); }; });
}

}  // namespace gac::app
