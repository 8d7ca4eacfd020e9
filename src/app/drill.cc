// gac drill remove: the drill's alerts, sources and hosts, gone with one command.
#include <memory>

#include <fmt/format.h>

#include "app/command.h"
#include "app/control_desk.h"

namespace gac::app {

namespace {

Result<> remove_drill(const std::string& data) {
    const base::SystemClock clock;
    GAC_TRY(desk, ControlDesk::open(DataFolder(data), clock));
    const access::Actor who = access::Actor::system("cli");
    GAC_TRY(alerts, desk->alerts.remove_drill(who, "gac drill remove"));
    GAC_TRY(sources, desk->sources.remove_drill(who));
    fmt::print("removed {} drill alerts and {} drill sources\n", alerts, sources);
    return {};
}

}  // namespace

void add_drill(CLI::App& root, Chosen& chosen) {
    const auto data = std::make_shared<std::string>();
    CLI::App* drill = root.add_subcommand("drill", "The sample night and other drills");
    drill->require_subcommand(1);
    CLI::App* remove = drill->add_subcommand(
        "remove",
        "Remove the alerts, sources and hosts of drills; their events stay, marked gac.drill:true");
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
