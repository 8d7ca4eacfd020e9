// gac search: a question to the history of a data folder.
#include <sys/resource.h>

#include <cstdio>
#include <iterator>
#include <memory>

#include <fmt/format.h>

#include "app/command.h"
#include "app/content.h"
#include "app/history.h"
#include "app/indicator_files.h"
#include "event/render.h"
#include "pipeline/hunt.h"

namespace gac::app {

namespace {

struct SearchOptions {
    std::string query;
    std::string data;
    std::string from;
    std::string to;
    std::uint32_t limit = 100;
    unsigned threads = 0;
    bool json = false;
    bool stats = false;
    bool explain = false;
};

void print_explanation(const store::Answer& answer) {
    const store::Explanation& told = *answer.explanation;
    std::string out = "plan\n";
    const auto line = std::back_inserter(out);
    for (const std::string& step : told.plan) {
        fmt::format_to(line, "  {}\n", step);
    }
    fmt::format_to(line, "{:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>12}  {}\n", "blocks", "read",
                   "by time", "by range", "by word", "by value", "bytes", "segment");
    const auto row = [&](std::uint64_t blocks, std::uint64_t read, const store::SkipCounts& skips,
                         std::uint64_t bytes, std::string_view file) {
        fmt::format_to(line, "{:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>12}  {}\n", blocks, read,
                       skips.by_time, skips.by_range, skips.by_words, skips.by_entity, bytes, file);
    };
    std::uint64_t blocks = answer.skips.by_time;
    std::uint64_t read = 0;
    for (const store::Explanation::Part& part : told.parts) {
        row(part.blocks, part.read, part.skips, part.bytes, part.file);
        blocks += part.blocks;
        read += part.read;
    }
    row(blocks, read, answer.skips, answer.scanned_bytes, "in all");
    fmt::format_to(line,
                   "{} threads; {} bytes of indexes; waited {} us, planned {} us, looked {} us, "
                   "read the answer {} us\n",
                   told.threads, answer.skips.index_bytes, told.wait_us, told.plan_us, told.walk_us,
                   told.read_us);
    std::fwrite(out.data(), 1, out.size(), stdout);
}

void print_table(const store::Answer& answer, bool json) {
    std::string out;
    if (!json) {
        for (std::size_t i = 0; i < answer.columns.size(); ++i) {
            out += (i > 0 ? "\t" : "") + answer.columns[i];
        }
        out += '\n';
    }
    for (const auto& row : answer.rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (json) {
                out += i == 0 ? '{' : ',';
                out += fmt::format("\"{}\":", answer.columns[i]);
                store::append_json(row[i], out);
            } else {
                out += (i > 0 ? "\t" : "") + store::text_of(row[i]);
            }
        }
        out += json ? "}\n" : "\n";
    }
    std::fwrite(out.data(), 1, out.size(), stdout);
}

void print_events(const store::Answer& answer, const event::ProfileSet& profiles, bool json) {
    std::string out;
    for (std::uint32_t row = 0; row < answer.events.size(); ++row) {
        const event::EventRef event = answer.events[row];
        if (json) {
            event::append_event_json(event, profiles[event.head().profile], out, {.with_id = true});
        } else {
            out += base::format_rfc3339(event.head().time);
            out += ' ';
            out += event.head().raw;
        }
        out += '\n';
    }
    std::fwrite(out.data(), 1, out.size(), stdout);
}

int search(const SearchOptions& options) {
    const base::TimePoint now = base::SystemClock{}.now();
    auto query = store::parse(options.query, now);
    if (!query) {
        return cannot_start(fmt::format("{}\n{}", query.error().message(),
                                        store::with_caret(options.query, query.error())));
    }
    auto range = read_range(options.from, options.to, now);
    if (!range) {
        return cannot_start(range.error());
    }
    query->range = *range;
    query->limit = options.limit;
    query->explain = options.explain;
    auto content = Content::load();
    if (!content) {
        return cannot_start(content.error());
    }
    const std::int64_t opened = base::monotonic_us();
    auto history = History::open(options.data, content->profiles, options.threads);
    if (!history) {
        return cannot_start(history.error());
    }
    if (const std::string list = store::hunt_list(*query); !list.empty()) {
        const IndicatorFiles files = read_indicators({list}, {});
        if (!files.all_read) {
            return cannot_start(fmt::format("hunt: {} is no list of indicators", list));
        }
        query->hunter =
            pipeline::make_hunter(std::make_shared<detect::IndicatorPlan>(
                                      *content->profiles, detect::IndicatorOptions{.text = true}),
                                  files.set);
    }
    const std::int64_t started = base::monotonic_us();
    const auto answer =
        history->store().search(*query, {.bytes_max = ~std::uint64_t{0},
                                         .rows_max = std::max(options.limit, 10'000u),
                                         .time_max = base::Duration::hours(24)});
    if (!answer) {
        return cannot_start(answer.error());
    }
    const std::int64_t ended = base::monotonic_us();
    if (options.explain) {
        print_explanation(*answer);
    } else if (answer->is_table || !answer->columns.empty()) {
        print_table(*answer, options.json);
    } else {
        print_events(*answer, *content->profiles, options.json);
    }
    if (!answer->partial.empty()) {
        fmt::print(stderr, "gac: the answer is partial: {}\n", answer->partial);
    }
    for (const std::string& note : answer->notes) {
        fmt::print(stderr, "gac: {}\n", note);
    }
    if (options.stats) {
        rusage usage{};
        getrusage(RUSAGE_SELF, &usage);
        fmt::print(stderr,
                   "{{\"events\":{},\"bytes\":{},\"seconds\":{:.6f},\"load_seconds\":{:.6f},"
                   "\"threads\":{},"
                   "\"matches\":{},\"rss_bytes\":{}}}\n",
                   answer->scanned_events, answer->scanned_bytes,
                   static_cast<double>(ended - started) / 1e6,
                   static_cast<double>(started - opened) / 1e6, history->store().search_threads(),
                   answer->is_table ? answer->rows.size() : answer->events.size(),
                   usage.ru_maxrss * 1024);
    }
    return answer->partial.empty() ? kDone : kSomeFailed;
}

}  // namespace

void add_search(CLI::App& root, Chosen& chosen) {
    const auto options = std::make_shared<SearchOptions>();
    CLI::App* command = root.add_subcommand("search", "Ask the history of a data folder");
    command->add_option("query", options->query, "Filter and pipes (docs/search.md)")->required();
    command->add_option("--data", options->data, "Data folder")->required();
    command->add_option("--from", options->from, "Not before: RFC 3339, or relative (-15m, -7d)");
    command->add_option("--to", options->to, "Before: RFC 3339, or relative");
    command->add_option("--limit", options->limit, "Rows at most")->capture_default_str();
    command->add_option("--threads", options->threads, "That look through it; 0 = one a core");
    command->add_flag("--explain", options->explain,
                      "Instead of the answer: the plan, blocks read and left out, and times");
    command->add_flag("--json", options->json, "One JSON object a line");
    command->add_flag("--stats", options->stats,
                      "Print one JSON object with figures on standard error");
    command->footer(
        "Examples:\n  gac search 'user.name:root and \"failed password\"' --data var/data --from "
        "-1d\n"
        "  gac search 'event.outcome:failure | stats count() by source.ip | sort -count' --data "
        "var/data");
    command->callback([options, &chosen] { chosen = [options] { return search(*options); }; });
}

}  // namespace gac::app
