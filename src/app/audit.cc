// gac audit verify: is the chain of the audit trail unbroken?
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "app/command.h"
#include "app/control_desk.h"

namespace gac::app {

namespace {

int verify(const std::string& data) {
    const base::SystemClock clock;
    const DataFolder folder(data);
    if (!std::filesystem::exists(folder.control())) {
        return cannot_start(
            fmt::format("{}: there is no control database", folder.control().string()));
    }
    auto desk = ControlDesk::open(folder, clock);
    if (!desk) {
        return cannot_start(desk.error());
    }
    const auto check = (*desk)->audit.verify();
    if (!check) {
        return cannot_start(check.error());
    }
    if (check->broken_seq) {
        fmt::print(stderr, "gac: the audit trail is broken at row {}: {}\n", *check->broken_seq,
                   check->reason);
        return kSomeFailed;
    }
    fmt::print("{} rows in order, head {} {}\n", check->rows, check->head_seq, check->head_hash);
    return kDone;
}

}  // namespace

void add_audit(CLI::App& root, Chosen& chosen) {
    const auto data = std::make_shared<std::string>();
    CLI::App* audit = root.add_subcommand("audit", "The audit trail");
    audit->require_subcommand(1);
    CLI::App* command =
        audit->add_subcommand("verify", "Check that no row was changed, removed or put in between");
    command->add_option("--data", *data, "Data folder")->required();
    command->footer(
        "Examples:\n  gac audit verify --data var/data\n  gac audit verify --data /var/lib/gac");
    command->callback([data, &chosen] { chosen = [data] { return verify(*data); }; });
}

}  // namespace gac::app
