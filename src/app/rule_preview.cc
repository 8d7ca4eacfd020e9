// gac rules preview: what a rule would have found in the event history of a data folder.
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "app/command.h"
#include "app/content.h"
#include "app/history.h"
#include "base/file.h"
#include "base/text.h"
#include "pipeline/rule_preview.h"

namespace gac::app {

namespace {

constexpr std::size_t kRuleBytesMax = std::size_t{4} << 20;

struct Options {
    std::string rule, data, from, to, lists;
    std::vector<std::string> rules;
    std::size_t threads = 0;
    bool json = false;
};

void append_text(std::string_view key, std::string_view value, std::string& out) {
    base::append_json_string(key, out);
    out += ':';
    base::append_json_string(value, out);
}

std::string as_json(const pipeline::RulePreview& preview) {
    std::string out = fmt::format("{{\"matched\":{},\"rules\":[", preview.matched);
    const char* comma = "";
    const auto begin = [&] {
        out += comma;
        out += '{';
        comma = ",";
    };
    for (const auto& [rule, matched] : preview.rules) {
        begin();
        append_text("rule", rule->id, out);
        out += ',';
        append_text("title", rule->title, out);
        out += fmt::format(",\"matched\":{}}}", matched);
    }
    out += "],\"days\":[";
    comma = "";
    for (const auto& [day, matched] : preview.days) {
        begin();
        append_text("day", base::format_rfc3339(day), out);
        out += fmt::format(",\"matched\":{}}}", matched);
    }
    out += fmt::format("],\"hosts_all\":{},\"hosts\":[", preview.hosts_all);
    comma = "";
    for (const auto& [host, matched] : preview.hosts) {
        begin();
        append_text("host", host, out);
        out += fmt::format(",\"matched\":{}}}", matched);
    }
    out += "],\"events\":[";
    comma = "";
    for (const pipeline::RulePreview::Sample& sample : preview.samples) {
        out += fmt::format("{}\"{}\"", comma, sample.event);
        comma = ",";
    }
    out += fmt::format("],\"judged_events\":{},\"blocks\":{},\"blocks_skipped\":{},",
                       preview.judged_events, preview.blocks, preview.blocks_skipped);
    append_text("partial", preview.partial, out);
    return out + "}\n";
}

// Days begin at Vietnam's midnight.
std::string day_text(base::TimePoint day) {
    return base::format_rfc3339(day + base::Duration::hours(7)).substr(0, 10);
}

void print(const pipeline::RulePreview& preview) {
    for (const auto& [rule, matched] : preview.rules) {
        fmt::print("{:>10}  {} ({})\n", matched, rule->title, rule->id);
    }
    for (const auto& [day, matched] : preview.days) {
        fmt::print("{:>10}  on {}\n", matched, day_text(day));
    }
    for (const auto& [host, matched] : preview.hosts) {
        fmt::print("{:>10}  on {}\n", matched, host.empty() ? "events without a host" : host);
    }
    if (preview.hosts_all > preview.hosts.size()) {
        fmt::print("{:>10}  hosts in all{}\n", preview.hosts_all,
                   preview.more_hosts ? " and more" : "");
    }
    std::fflush(stdout);
    fmt::print(stderr, "{} events judged, {} of {} blocks skipped\n", preview.judged_events,
               preview.blocks_skipped, preview.blocks);
}

Result<int> preview(const Options& options) {
    GAC_TRY(range, read_range(options.from, options.to, base::SystemClock{}.now()));
    GAC_TRY(content, Content::load());
    pipeline::PreviewQuestion question;
    std::error_code ignored;
    if (std::filesystem::is_regular_file(options.rule, ignored)) {
        GAC_TRY(text, base::read_file(options.rule, kRuleBytesMax));
        question.text = std::move(text);
    } else {
        question.rule_id = options.rule;
    }
    std::vector<std::filesystem::path> paths(options.rules.begin(), options.rules.end());
    if (paths.empty()) {
        paths.push_back(content.folder / "rules");
    }
    GAC_TRY(texts, detect::read_rules(paths));
    pipeline::PreviewRules known{.texts = texts, .compiled = {}, .exceptions = {}, .options = {}};
    known.options.profiles = content.profiles;
    GAC_TRY(placeholders, content.placeholders(options.lists));
    known.options.placeholders = std::move(placeholders);
    GAC_TRY(compiled, detect::compile(texts, known.options, nullptr));
    known.compiled = std::move(compiled);
    GAC_TRY(history,
            History::open(options.data, content.profiles, static_cast<unsigned>(options.threads)));
    question.range = range;
    question.budget = {.bytes_max = ~std::uint64_t{0}, .time_max = base::Duration::days(30)};
    auto found =
        pipeline::preview_rule(history.store(), history.store().sources(), known, question);
    if (!found) {
        return std::unexpected(base::at(options.rule, std::move(found).error()));
    }
    if (options.json) {
        std::fputs(as_json(*found).c_str(), stdout);
        std::fflush(stdout);
    } else {
        print(*found);
    }
    if (!found->partial.empty()) {
        std::fprintf(stderr, "gac: not everything was looked at: %s\n", found->partial.c_str());
        return kSomeFailed;
    }
    return kDone;
}

}  // namespace

void add_rule_preview(CLI::App& rules, Chosen& chosen) {
    const auto options = std::make_shared<Options>();
    CLI::App* command =
        rules.add_subcommand("preview", "What a rule would have found in event history");
    command->add_option("rule", options->rule, "File of the rule, or the id of one of --rules")
        ->required();
    command->add_option("--data", options->data, "Data folder")->required();
    command->add_option("--from", options->from,
                        "Not before: RFC 3339, or relative (-15m, -7d; default: everything kept)");
    command->add_option("--to", options->to, "Before: RFC 3339, or relative (default: now)");
    command->add_option("--rules", options->rules,
                        "Rules that it may refer to (default: the shipped rules)");
    command->add_option("--lists", options->lists,
                        "YAML file of the lists that rules may expand (default: the shipped one)");
    command->add_option("--threads", options->threads, "Threads; 0 = one for each core")
        ->check(CLI::Range(0, 256))
        ->capture_default_str();
    command->add_flag("--json", options->json, "One JSON object (default: off)");
    command->footer(
        "Examples:\n  gac rules preview new_rule.yml --data var/data --from -30d\n"
        "  gac rules preview 3f2a... --rules my_rules/ --data var/data --json");
    command->callback([options, &chosen] {
        chosen = [options] {
            const auto code = preview(*options);
            return code ? *code : cannot_start(code.error());
        };
    });
}

}  // namespace gac::app
