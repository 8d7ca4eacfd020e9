// gac backup, gac restore: copies of a data folder, made while the server runs.
#include <memory>

#include <fmt/format.h>

#include "app/backup.h"
#include "app/command.h"
#include "app/control_desk.h"

namespace gac::app {

namespace {

struct BackupOptions {
    std::string data, place, name;
    std::uint32_t keep = 0;
};

Result<> audit(const std::string& data, std::string_view action, const BackupReport& report) {
    const base::SystemClock clock;
    GAC_TRY(desk, ControlDesk::open(DataFolder(data), clock));
    return desk->audit.append(
        access::Actor::system("cli"),
        {.action = action,
         .object_kind = "backup",
         .object_id = report.name,
         .detail = access::detail_json(
             {{"files", std::to_string(report.files)}, {"bytes", std::to_string(report.bytes)}})});
}

Result<> backup(const BackupOptions& options) {
    GAC_TRY(report, make_backup(DataFolder(options.data), options.place, base::SystemClock{}.now(),
                                options.keep));
    GAC_CHECK(audit(options.data, "backup.made", report));
    fmt::print("{}: {} files, {} bytes, {} of them copied now\n", report.name, report.files,
               report.bytes, report.copied_bytes);
    return {};
}

Result<> verify(const BackupOptions& options) {
    GAC_TRY(reports, verify_backup(options.place, options.name));
    for (const BackupReport& report : reports) {
        fmt::print("{}: {} files, {} bytes, all as they were written\n", report.name, report.files,
                   report.bytes);
    }
    return {};
}

Result<> restore(const BackupOptions& options) {
    GAC_TRY(report, restore_backup(options.place, options.name, DataFolder(options.data)));
    GAC_CHECK(audit(options.data, "backup.restored", report));
    fmt::print("{}: {} files, {} bytes restored\n", report.name, report.files, report.bytes);
    return {};
}

template <class F>
auto runs(const std::shared_ptr<BackupOptions>& options, Chosen& chosen, F deed) {
    return [options, &chosen, deed] {
        chosen = [options, deed] {
            const auto done = deed(*options);
            return done ? kDone : cannot_start(done.error());
        };
    };
}

}  // namespace

void add_backup(CLI::App& root, Chosen& chosen) {
    const auto options = std::make_shared<BackupOptions>();
    CLI::App* made = root.add_subcommand(
        "backup", "Copy a data folder, with its sums, while the server runs or not");
    made->add_option("--data", options->data, "Data folder");
    made->add_option("--to", options->place,
                     "Folder of backups; what an earlier one there holds is not copied again");
    made->add_option("--keep", options->keep, "Afterwards only the newest so many stay; 0: all");
    made->footer(
        "Examples:\n  gac backup --data var/data --to /srv/backup/gac --keep 14\n"
        "  gac backup verify --from /srv/backup/gac");
    made->require_subcommand(0, 1);
    made->callback([options, made, &chosen] {
        if (!made->get_subcommands().empty()) {
            return;
        }
        if (options->data.empty() || options->place.empty()) {
            throw CLI::RequiredError("--data and --to");
        }
        runs(options, chosen, backup)();
    });
    CLI::App* verified = made->add_subcommand("verify", "Read a backup again and compare its sums");
    verified->add_option("--from", options->place, "Folder of backups")->required();
    verified->add_option("--name", options->name, "One of them; without it all");
    verified->footer("Example:\n  gac backup verify --from /srv/backup/gac");
    verified->callback(runs(options, chosen, verify));
    CLI::App* restored =
        root.add_subcommand("restore", "Make a data folder from a backup, after verifying it");
    restored->add_option("--from", options->place, "Folder of backups")->required();
    restored->add_option("--name", options->name, "One of them; without it the newest");
    restored->add_option("--data", options->data, "Data folder to make; must be empty")->required();
    restored->footer("Example:\n  gac restore --from /srv/backup/gac --data var/data");
    restored->callback(runs(options, chosen, restore));
}

}  // namespace gac::app
