// gac drill remove: the drill's alerts, sources, hosts and events, gone with one command.
#include <memory>

#include <fmt/format.h>

#include "app/command.h"
#include "app/content.h"
#include "app/control_desk.h"
#include "app/keeping.h"

namespace gac::app {

namespace {

Result<> remove_drill(const std::string& data) {
    const base::SystemClock clock;
    GAC_TRY(desk, ControlDesk::open(DataFolder(data), clock));
    const access::Actor who = access::Actor::system("cli");
    GAC_TRY(alerts, desk->alerts.remove_drill(who, "gac drill remove"));
    GAC_TRY(sources, desk->sources.remove_drill(who));
    fmt::print("removed {} drill alerts and {} drill sources\n", alerts, sources);
    const DataFolder folder(data);
    if (!std::filesystem::is_directory(folder.events())) {
        return {};
    }
    auto lock = DataLock::take(folder.root());
    if (!lock) {
        return fail(lock.error().code,
                    "the events of drills stay while a server writes this folder: stop it and "
                    "repeat, or delete gac.drill:true over HTTP",
                    data);
    }
    GAC_TRY(content, Content::load());
    GAC_TRY(store,
            store::Store::open({.folder = folder.events(), .merging = {.on = false}},
                               content.profiles, std::make_shared<store::SourceNameTable>()));
    GAC_TRY(held, held_events(desk->legal_holds));
    store->keep({.age_by_source = {}, .held = std::move(held)});
    GAC_TRY(query, store::parse("gac.drill:true", clock.now()));
    GAC_TRY(removal, delete_events(*store, desk->audit, who, query, "gac drill remove"));
    fmt::print("removed {} drill events, {} are under legal hold\n", removal.events,
               removal.held_events);
    return {};
}

}  // namespace

void add_drill(CLI::App& root, Chosen& chosen) {
    const auto data = std::make_shared<std::string>();
    CLI::App* drill = root.add_subcommand("drill", "The sample night and other drills");
    drill->require_subcommand(1);
    CLI::App* remove =
        drill->add_subcommand("remove", "Remove the alerts, sources, hosts and events of drills");
    remove->add_option("--data", *data, "Data folder")->required();
    remove->footer(
        "Examples:\n  gac drill remove --data var/data\n  gac drill remove --data /var/lib/gac");
    remove->callback([data, &chosen] {
        chosen = [data] {
            const auto done = remove_drill(*data);
            return done ? kDone : cannot_start(done.error());
        };
    });
}

}  // namespace gac::app
