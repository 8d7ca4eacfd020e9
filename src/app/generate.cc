// gac generate: log lines for load tests.
#include <cstdio>
#include <memory>

#include "app/command.h"
#include "app/generator.h"

namespace gac::app {

namespace {

struct GenerateOptions {
    std::string mix = "province";
    std::uint64_t events = 1000;
    std::uint64_t seed = 1;
    std::string start = "2026-11-22T14:00:00Z";
};

int generate(const GenerateOptions& options) {
    const auto start = base::parse_time_argument(options.start, base::SystemClock{}.now());
    if (!start) {
        return cannot_start(base::at("--start", start.error()));
    }
    auto generator = Generator::make(options.mix, options.seed, *start);
    if (!generator) {
        return cannot_start(generator.error());
    }
    constexpr std::size_t kFlushBytes = 1 << 20;
    std::string out;
    for (std::uint64_t i = 0; i < options.events; ++i) {
        generator->append_line(out);
        if (out.size() >= kFlushBytes || i + 1 == options.events) {
            if (std::fwrite(out.data(), 1, out.size(), stdout) != out.size()) {
                return cannot_start("cannot write to standard output");
            }
            out.clear();
        }
    }
    return kDone;
}

}  // namespace

void add_generate(CLI::App& root, Chosen& chosen) {
    const auto options = std::make_shared<GenerateOptions>();
    CLI::App* command = root.add_subcommand("generate", "Print realistic log lines for load tests");
    command
        ->add_option("--mix", options->mix,
                     std::string("What to print: ") + std::string(Generator::mixes()))
        ->capture_default_str();
    command->add_option("--events", options->events, "How many lines")->capture_default_str();
    command->add_option("--seed", options->seed, "The same seed gives the same lines")
        ->capture_default_str();
    command
        ->add_option("--start", options->start,
                     "Time of the first line, RFC 3339 or relative (-1h)")
        ->capture_default_str();
    command->footer(
        "Examples:\n  gac generate --mix province --events 1000000 > lines.log\n"
        "  gac generate --mix sshd --events 50000 --seed 7 --start -1h | nc -q1 127.0.0.1 5514");
    command->callback([options, &chosen] { chosen = [options] { return generate(*options); }; });
}

}  // namespace gac::app
