// gac config check | show
#include <cstdio>
#include <memory>

#include "app/command.h"
#include "app/config.h"

namespace gac::app {

namespace {

int check(const std::string& path) {
    auto config = load_config(path);
    if (!config) {
        return cannot_start(config.error());
    }
    if (auto environment = apply_environment(*config); !environment) {
        return cannot_start(environment.error());
    }
    std::printf("%s is valid\n", path.c_str());
    return kDone;
}

int show(const std::string& path) {
    Config config;
    if (!path.empty()) {
        auto loaded = load_config(path);
        if (!loaded) {
            return cannot_start(loaded.error());
        }
        config = *std::move(loaded);
    }
    if (auto environment = apply_environment(config); !environment) {
        return cannot_start(environment.error());
    }
    std::fputs(render_config(config).c_str(), stdout);
    return kDone;
}

}  // namespace

void add_config(CLI::App& root, Chosen& chosen) {
    CLI::App* config = root.add_subcommand("config", "Check or show the settings");
    config->require_subcommand(1);
    const auto path = std::make_shared<std::string>("gac.yaml");
    CLI::App* check_command =
        config->add_subcommand("check", "Say whether a settings file is valid");
    check_command->add_option("file", *path, "Settings file")->capture_default_str();
    check_command->footer("Examples:\n  gac config check\n  gac config check /etc/gac/gac.yaml");
    check_command->callback([path, &chosen] { chosen = [path] { return check(*path); }; });

    const auto shown = std::make_shared<std::string>();
    CLI::App* show_command =
        config->add_subcommand("show", "Print every key with its meaning and value");
    show_command->add_option("file", *shown, "Settings file; without one the defaults");
    show_command->footer(
        "Examples:\n  gac config show > gac.yaml\n  gac config show /etc/gac/gac.yaml");
    show_command->callback([shown, &chosen] { chosen = [shown] { return show(*shown); }; });
}

}  // namespace gac::app
