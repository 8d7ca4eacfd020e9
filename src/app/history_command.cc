// gac history: what the event history holds, merging it, legal holds, and deletion by query.
#include <cstdio>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "app/command.h"
#include "app/content.h"
#include "app/control_desk.h"
#include "app/history.h"
#include "app/keeping.h"
#include "base/text.h"

namespace gac::app {

namespace {

struct HistoryOptions {
    std::string data;
    std::string query, from, to, reason, source, name, id;
    bool yes = false;
    bool all = false;
};

// The store of a data folder, to be changed: so no server may run.
struct Writable {
    DataLock lock;
    std::unique_ptr<store::Store> store;
};

Result<Writable> open_writable(const std::string& data) {
    GAC_TRY(content, Content::load());
    auto lock = DataLock::take(data);
    if (!lock) {
        if (lock.error().code == Code::Conflict) {
            return fail(Code::Conflict,
                        "a server is writing this data folder: stop it, or ask it over HTTP", data);
        }
        return std::unexpected(std::move(lock).error());
    }
    GAC_TRY(store,
            store::Store::open({.folder = DataFolder(data).events(), .merging = {.on = false}},
                               content.profiles, std::make_shared<store::SourceNameTable>()));
    return Writable{.lock = std::move(*lock), .store = std::move(store)};
}

Result<store::Query> asked(const HistoryOptions& options) {
    GAC_TRY(query, read_query(options.query, options.from, options.to));
    if (!options.source.empty()) {
        query.only_sources = std::vector<std::string>{options.source};
    }
    return query;
}

Result<> show(const HistoryOptions& options) {
    GAC_TRY(content, Content::load());
    GAC_TRY(history, History::open(options.data, content.profiles));
    const store::Stats stats = history.store().stats();
    fmt::print("{} events", stats.events);
    if (stats.events > 0) {
        fmt::print(" from {} to {}", base::format_rfc3339(stats.oldest),
                   base::format_rfc3339(stats.newest));
    }
    fmt::print(
        "\n{} segments, {} bytes: {} merged, {} fresh\n{} events in memory and log, {} "
        "bytes of log\n",
        stats.segments, stats.segment_bytes, stats.segments - stats.fresh_segments,
        stats.fresh_segments, stats.events_in_memory, stats.wal_bytes);
    for (const store::Damage& damage : stats.damages) {
        fmt::print("damaged: {}: {}\n", damage.file, damage.what);
    }
    return {};
}

Result<> merge(const HistoryOptions& options) {
    GAC_TRY(open, open_writable(options.data));
    const store::Stats before = open.store->stats();
    GAC_CHECK(open.store->seal());
    GAC_CHECK(open.store->merge());
    const store::Stats after = open.store->stats();
    fmt::print("{} events: {} segments of {} bytes became {} of {} bytes\n", after.events,
               before.segments, before.segment_bytes, after.segments, after.segment_bytes);
    return {};
}

Result<> remove(const HistoryOptions& options) {
    GAC_TRY(query, asked(options));
    if (base::trim(options.reason).empty()) {
        return fail(Code::InvalidArgument, "a deletion needs its reason", "--reason");
    }
    GAC_TRY(open, open_writable(options.data));
    const base::SystemClock clock;
    GAC_TRY(desk, ControlDesk::open(DataFolder(options.data), clock));
    GAC_TRY(held, held_events(desk->legal_holds));
    open.store->keep({.age_by_source = {}, .held = std::move(held)});
    if (!options.yes) {
        GAC_TRY(preview, open.store->preview_removal(query));
        fmt::print("{} events would be deleted", preview.events);
        if (preview.events > 0) {
            fmt::print(", from {} to {}", base::format_rfc3339(preview.oldest),
                       base::format_rfc3339(preview.newest));
        }
        fmt::print("; {} more are under legal hold\nnothing was deleted: add --yes to do it\n",
                   preview.held_events);
        return {};
    }
    GAC_TRY(removal, delete_events(*open.store, desk->audit, access::Actor::system("cli"), query,
                                   options.reason));
    fmt::print("{} events deleted, {} kept under legal hold\nfingerprint {}\n", removal.events,
               removal.held_events, removal.fingerprint);
    return {};
}

Result<> hold(const HistoryOptions& options) {
    GAC_TRY(query, asked(options));
    const base::SystemClock clock;
    GAC_TRY(desk, ControlDesk::open(DataFolder(options.data), clock));
    if (!store::is_filter_alone(query)) {
        return fail(Code::InvalidArgument, "what is held is told by a filter, without pipes");
    }
    response::NewLegalHold wanted;
    wanted.name = options.name;
    wanted.reason = options.reason;
    wanted.query = options.query;
    wanted.source = options.source;
    if (!options.from.empty()) {
        wanted.from = query.range.from;
    }
    if (!options.to.empty()) {
        wanted.to = query.range.to;
    }
    GAC_TRY(made, desk->legal_holds.add(access::Actor::system("cli"), wanted));
    fmt::print("{}\n", made.id.text());
    return {};
}

Result<> lift(const HistoryOptions& options) {
    const auto id = response::LegalHoldId::parse(options.id);
    if (!id) {
        return fail(Code::InvalidArgument, fmt::format("\"{}\" is no legal hold's id", options.id));
    }
    const base::SystemClock clock;
    GAC_TRY(desk, ControlDesk::open(DataFolder(options.data), clock));
    GAC_TRY(lifted, desk->legal_holds.lift(access::Actor::system("cli"), *id, options.reason));
    fmt::print("lifted {}\n", lifted.name);
    return {};
}

Result<> holds(const HistoryOptions& options) {
    const base::SystemClock clock;
    GAC_TRY(desk, ControlDesk::open(DataFolder(options.data), clock));
    GAC_TRY(all, desk->legal_holds.list(options.all));
    for (const response::LegalHold& one : all) {
        fmt::print("{} {} by {}: {} ({}){}\n", one.id.text(), base::format_rfc3339(one.created),
                   one.created_by, one.name, one.reason,
                   one.lifted ? " lifted " + base::format_rfc3339(*one.lifted) : std::string());
    }
    return {};
}

using Deed = Result<> (*)(const HistoryOptions&);

CLI::App* add(CLI::App& parent, Chosen& chosen, const char* name, const char* what, Deed deed,
              const std::shared_ptr<HistoryOptions>& options, const char* example) {
    CLI::App* command = parent.add_subcommand(name, what);
    command->add_option("--data", options->data, "Data folder")->required();
    command->footer(example);
    command->callback([options, &chosen, deed] {
        chosen = [options, deed] {
            const auto done = deed(*options);
            return done ? kDone : cannot_start(done.error());
        };
    });
    return command;
}

}  // namespace

void add_history(CLI::App& root, Chosen& chosen) {
    CLI::App* history =
        root.add_subcommand("history", "The event history: figures, merging, holds, deletion");
    history->require_subcommand(1);
    const auto options = std::make_shared<HistoryOptions>();
    add(*history, chosen, "show", "What it holds", show, options,
        "Example:\n  gac history show --data var/data");
    add(*history, chosen, "merge", "Merge all segments now, as the server does bit by bit", merge,
        options, "Example:\n  gac history merge --data var/data");
    CLI::App* removal =
        add(*history, chosen, "delete",
            "Delete events for ever; without --yes only say how many there are", remove, options,
            "Example:\n  gac history delete 'source.ip:10.0.0.7' --data var/data --to -30d "
            "--reason 'ticket 4711' --yes");
    removal->add_option("query", options->query, "Which events (docs/search.md), without pipes")
        ->required();
    removal->add_option("--from", options->from, "Not before: RFC 3339, or relative (-15m, -7d)");
    removal->add_option("--to", options->to, "Before: RFC 3339, or relative");
    removal->add_option("--source", options->source, "Of this source alone");
    removal->add_option("--reason", options->reason, "Why; stands in the audit trail")->required();
    removal->add_flag("--yes", options->yes, "Really delete");
    CLI::App* held = add(*history, chosen, "hold",
                         "Legal hold: keep events from being deleted, by anybody", hold, options,
                         "Example:\n  gac history hold 'host.name:web-1' --name 'Case 12' --reason "
                         "'letter of the court' --data var/data");
    held->add_option("query", options->query, "Which events (docs/search.md), without pipes");
    held->add_option("--name", options->name, "Its name")->required();
    held->add_option("--from", options->from, "Not before: RFC 3339, or relative");
    held->add_option("--to", options->to, "Before: RFC 3339, or relative");
    held->add_option("--source", options->source, "Of this source alone");
    held->add_option("--reason", options->reason, "Why")->required();
    CLI::App* lifted =
        add(*history, chosen, "lift", "End a legal hold", lift, options,
            "Example:\n  gac history lift ID --reason 'case closed' --data var/data");
    lifted->add_option("id", options->id, "Id of the hold")->required();
    lifted->add_option("--reason", options->reason, "Why")->required();
    CLI::App* listed = add(*history, chosen, "holds", "The legal holds in force", holds, options,
                           "Example:\n  gac history holds --data var/data --all");
    listed->add_flag("--all", options->all, "Lifted ones too");
}

}  // namespace gac::app
