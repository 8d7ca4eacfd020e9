// gac hunt: lists of indicators against the whole history of a data folder.
#include <sys/resource.h>

#include <cstdio>
#include <memory>
#include <thread>

#include <fmt/format.h>

#include "app/command.h"
#include "app/content.h"
#include "app/history.h"
#include "app/indicator_files.h"
#include "base/time.h"
#include "pipeline/hunt.h"

namespace gac::app {

namespace {

struct HuntOptions {
    std::vector<std::string> indicators;
    std::vector<std::string> allow;
    std::string data;
    std::string from;
    std::string to;
    unsigned threads = 0;
    bool text = false;
    bool json = false;
    bool stats = false;
};

constexpr std::size_t kHostsShown = 5;

void append_line(const pipeline::HuntFinding& finding, std::string& out) {
    fmt::format_to(std::back_inserter(out), "{} {}: {} events, {} to {}",  //
                   detect::name_of(finding.indicator.type), finding.indicator.text,
                   finding.seen.count, base::format_rfc3339(finding.seen.first),
                   base::format_rfc3339(finding.seen.last));
    std::size_t shown = 0;
    for (const auto& host : finding.seen.hosts) {
        if (!host.host.empty() && shown < kHostsShown) {
            out += (shown++ == 0 ? "; hosts " : ", ") + host.host;
        }
    }
    if (finding.seen.hosts.size() > kHostsShown || finding.seen.more_hosts) {
        fmt::format_to(std::back_inserter(out), " of {}{}", finding.seen.hosts.size(),
                       finding.seen.more_hosts ? " and more" : "");
    }
    for (std::size_t i = 0; i < finding.seen.sources.size(); ++i) {
        out += (i == 0 ? "; sources " : ", ") + finding.seen.sources[i].source;
    }
    for (std::size_t i = 0; i < finding.indicator.entries.size(); ++i) {
        out += (i == 0 ? "; lists " : ", ") + finding.indicator.entries[i].list;
    }
}

int hunt(const HuntOptions& options) {
    const std::int64_t began = base::monotonic_us();
    const auto range = read_range(options.from, options.to, base::SystemClock{}.now());
    if (!range) {
        return cannot_start(range.error());
    }
    auto content = Content::load();
    if (!content) {
        return cannot_start(content.error());
    }
    auto history = History::open(options.data, content->profiles);
    if (!history) {
        return cannot_start(history.error());
    }
    const IndicatorFiles files = read_indicators(options.indicators, options.allow);
    const std::int64_t started = base::monotonic_us();
    const auto report = pipeline::hunt_history(
        history->store(),
        std::make_shared<detect::IndicatorPlan>(*content->profiles,
                                                detect::IndicatorOptions{.text = options.text}),
        files.set, {}, {.range = *range, .only_sources = {}, .threads = options.threads},
        {.bytes_max = ~std::uint64_t{0}, .time_max = base::Duration::seconds(24 * 3600)});
    if (!report) {
        return cannot_start(report.error());
    }
    const std::int64_t ended = base::monotonic_us();
    std::string out;
    std::uint64_t matches = 0;
    for (const pipeline::HuntFinding& finding : report->findings) {
        matches += finding.seen.count;
        if (options.json) {
            pipeline::append_json(finding, out);
        } else {
            append_line(finding, out);
        }
        out += '\n';
    }
    std::fwrite(out.data(), 1, out.size(), stdout);
    if (!report->partial.empty()) {
        fmt::print(stderr, "gac: the answer is partial: {}\n", report->partial);
    }
    if (options.stats) {
        rusage usage{};
        getrusage(RUSAGE_SELF, &usage);
        fmt::print(stderr,
                   "{{\"events\":{},\"bytes\":{},\"seconds\":{:.6f},\"load_seconds\":{:.6f},"
                   "\"threads\":{},\"matches\":{},\"rss_bytes\":{},\"indicators\":{},"
                   "\"indicators_found\":{}}}\n",
                   report->events, report->bytes, static_cast<double>(ended - started) / 1e6,
                   static_cast<double>(started - began) / 1e6,
                   options.threads != 0 ? options.threads : std::thread::hardware_concurrency(),
                   matches, usage.ru_maxrss * 1024, files.set->entries(), report->findings.size());
    }
    return report->partial.empty() && files.all_read ? kDone : kSomeFailed;
}

}  // namespace

void add_hunt(CLI::App& root, Chosen& chosen) {
    const auto options = std::make_shared<HuntOptions>();
    CLI::App* command =
        root.add_subcommand("hunt", "Hold lists of indicators against the whole history");
    command
        ->add_option("--indicators", options->indicators,
                     "Lists of indicators (see docs/indicators.md), or folders of them")
        ->required();
    command->add_option("--allow", options->allow,
                        "Lists of what is no indicator whatever the others say");
    command->add_option("--data", options->data, "Data folder")->required();
    command->add_option("--from", options->from, "Not before: RFC 3339, or relative (-15m, -7d)");
    command->add_option("--to", options->to, "Before: RFC 3339, or relative");
    command->add_flag("--indicator-text", options->text,
                      "Look in message texts too, for defanged ones as well; reads every text "
                      "(default: off)");
    command->add_option("--threads", options->threads, "Threads; 0 = one for each core")
        ->check(CLI::Range(0, 256))
        ->capture_default_str();
    command->add_flag("--json", options->json, "One JSON object an indicator (default: off)");
    command->add_flag("--stats", options->stats, "Figures of the run on stderr (default: off)");
    command->footer(
        "Examples:\n  gac hunt --indicators feeds/ --data var/data\n"
        "  gac hunt --json --indicators c2.txt --allow warninglists/ --data var/data --from -90d");
    command->callback([options, &chosen] { chosen = [options] { return hunt(*options); }; });
}

}  // namespace gac::app
