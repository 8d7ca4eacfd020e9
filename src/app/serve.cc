// gac serve: the server in the foreground.
#include <csignal>
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "app/command.h"
#include "app/watch_post.h"
#include "base/log.h"

namespace gac::app {

namespace {

struct ServeOptions {
    std::string config;
    bool no_drill = false;
    std::vector<std::pair<std::string, std::string>> keys;  // set by options, in the file's words
};

Result<Config> gather(const ServeOptions& options) {
    Config config;
    if (!options.config.empty()) {
        GAC_TRY(loaded, load_config(options.config));
        config = std::move(loaded);
    }
    GAC_CHECK(apply_environment(config));
    for (const auto& [key, value] : options.keys) {
        auto set = set_key(config, key, value);
        if (!set) {
            return std::unexpected(base::at("--" + key, std::move(set).error()));
        }
    }
    if (options.no_drill) {
        config.drill = false;
    }
    return config;
}

Result<> set_up_log(const Config& config) {
    const std::pair<std::string_view, base::LogLevel> levels[] = {{"debug", base::LogLevel::Debug},
                                                                  {"info", base::LogLevel::Info},
                                                                  {"warn", base::LogLevel::Warn},
                                                                  {"error", base::LogLevel::Error}};
    for (const auto& [name, level] : levels) {
        if (config.log_level == name) {
            base::set_log_level(level);
            return {};
        }
    }
    return fail(
        Code::InvalidArgument,
        fmt::format("log_level is debug, info, warn or error, not \"{}\"", config.log_level));
}

int serve(const ServeOptions& options) {
    const auto config = gather(options);
    if (!config) {
        return cannot_start(config.error());
    }
    if (const auto log = set_up_log(*config); !log) {
        return cannot_start(log.error());
    }
    // Blocked in every thread that is started from here on; this thread alone takes them.
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
        sigaddset(&signals, signal);
    }
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);

    auto post = WatchPost::start(*config);
    if (!post) {
        return cannot_start(post.error());
    }
    base::log_info("app", "certificate fingerprint (SHA-256) {}", (*post)->fingerprint());
    std::string ready = fmt::format("ready console={}", (*post)->console_address());
    if (!(*post)->syslog_address().empty()) {
        ready += fmt::format(" syslog={}", (*post)->syslog_address());
    }
    fmt::print("{} fingerprint={}\n", ready, (*post)->fingerprint());
    std::fflush(stdout);
    std::clearerr(stdout);  // nobody need be there to read it
    for (;;) {
        int signal = 0;
        sigwait(&signals, &signal);
        if (signal != SIGHUP) {
            base::log_info("app", "stopping");
            return kDone;
        }
        (*post)->reload();
    }
}

}  // namespace

void add_serve(CLI::App& root, Chosen& chosen) {
    const auto options = std::make_shared<ServeOptions>();
    CLI::App* command = root.add_subcommand("serve", "Run the watch-post in the foreground");
    command->add_option("--config", options->config,
                        "Settings file (gac config show prints every key)");
    const auto key = [&](const char* option, const char* name, const char* meaning) {
        command->add_option_function<std::string>(
            option,
            [options, name](const std::string& value) { options->keys.emplace_back(name, value); },
            meaning);
    };
    const Config defaults;
    const std::string data = fmt::format("Data folder (default {})", defaults.data.string());
    const std::string http = fmt::format(
        "Console and HTTP interface, TLS; port 0 picks one (default {})", defaults.http);
    const std::string syslog =
        fmt::format("Syslog over UDP and TCP; port 0 picks one (default {})", defaults.syslog);
    key("--data", "data", data.c_str());
    key("--http", "http", http.c_str());
    key("--syslog", "syslog", syslog.c_str());
    key("--syslog-tls", "syslog_tls", "Syslog over TLS (default off)");
    key("--rules", "rules", "More rules: file or folder (may stand several times)");
    key("--log-level", "log_level", "debug, info, warn or error (default info)");
    key("--shards", "shards", "Worker threads (default 0: one a core)");
    key("--sync-ms", "sync_ms", "Longest wait before events are forced to disk (default 20)");
    key("--disk-reserve-mib", "disk_reserve_mib",
        "Refuse new events below this much free space (default 256)");
    command->add_flag("--no-drill", options->no_drill,
                      "Do not play the sample night on the first start");
    command->footer(
        "Examples:\n  gac serve --data /var/lib/gac --http 0.0.0.0:8443 --syslog 0.0.0.0:514\n"
        "  gac serve --config /etc/gac/gac.yaml --no-drill");
    command->callback([options, &chosen] { chosen = [options] { return serve(*options); }; });
}

}  // namespace gac::app
