#include <cstdio>
#include <exception>

#include "app/command.h"
#include "app/version.h"

namespace {

// What was printed must have arrived: a full disk is no success.
int finished(int code) {
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) {
        return code;
    }
    std::fputs("gac: standard output could not be written to the end\n", stderr);
    return code == gac::app::kDone ? gac::app::kSomeFailed : code;
}

}  // namespace

int main(int argc, char** argv) {
    using namespace gac::app;
    CLI::App root{
        "Gác, the watch-post: from the log line to the case, the person on duty and the report."};
    root.name("gac");
    root.set_version_flag("--version", version_text());
    root.require_subcommand(1);
    root.failure_message([](const CLI::App*, const CLI::Error& fault) {
        return std::string("gac: ") + fault.what() + " (see gac --help)\n";
    });
    Chosen chosen;
    for (const auto add :
         {add_serve, add_config, add_user, add_audit, add_drill, add_rules, add_detect, add_decode,
          add_ingest, add_search, add_hunt, add_history, add_backup, add_export, add_generate}) {
        add(root, chosen);
    }
    try {
        root.parse(argc, argv);
    } catch (const CLI::ParseError& fault) {
        return root.exit(fault) == 0 ? kDone : kCannotStart;
    }
    try {
        return finished(chosen());
    } catch (const std::exception& fault) {
        return cannot_start(fault.what());
    }
}
