// gac search: a question to the history of a data folder.
#include <sys/resource.h>

#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "app/command.h"
#include "app/content.h"
#include "app/history.h"
#include "event/render.h"

namespace gac::app {

namespace {

struct SearchOptions {
    std::string query;
    std::string data;
    std::string from;
    std::string to;
    std::uint32_t limit = 100;
    bool json = false;
    bool stats = false;
};

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
    auto content = Content::load();
    if (!content) {
        return cannot_start(content.error());
    }
    const std::int64_t opened = base::monotonic_us();
    auto history = History::open(options.data, content->profiles);
    if (!history) {
        return cannot_start(history.error());
    }
    const std::int64_t started = base::monotonic_us();
    const auto answer =
        history->store().search(*query, {.rows_max = std::max(options.limit, 10'000u)});
    if (!answer) {
        return cannot_start(answer.error());
    }
    const std::int64_t ended = base::monotonic_us();
    if (answer->is_table || !answer->columns.empty()) {
        print_table(*answer, options.json);
    } else {
        print_events(*answer, *content->profiles, options.json);
    }
    if (!answer->partial.empty()) {
        fmt::print(stderr, "gac: the answer is partial: {}\n", answer->partial);
    }
    if (options.stats) {
        rusage usage{};
        getrusage(RUSAGE_SELF, &usage);
        fmt::print(
            stderr,
            "{{\"events\":{},\"bytes\":{},\"seconds\":{:.6f},\"load_seconds\":{:.6f},\"threads\":1,"
            "\"matches\":{},\"rss_bytes\":{}}}\n",
            answer->scanned_events, answer->scanned_bytes,
            static_cast<double>(ended - started) / 1e6, static_cast<double>(started - opened) / 1e6,
            answer->is_table ? answer->rows.size() : answer->events.size(), usage.ru_maxrss * 1024);
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
