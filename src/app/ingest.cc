// gac ingest: files into the history of a data folder while no server runs. The next start of the
// server judges the new events by its rules.
#include <sys/resource.h>

#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "app/command.h"
#include "app/content.h"
#include "app/data_folder.h"
#include "ingest/decoder.h"
#include "ingest/input.h"
#include "store/store.h"

namespace gac::app {

namespace {

struct IngestOptions {
    std::string data;
    std::string format = "auto";
    std::string source = "file";
    std::string profile;
    std::vector<std::string> inputs;
    bool merge = false;
    bool stats = false;
};

struct Tally {
    std::uint64_t events = 0;
    std::uint64_t failed = 0;
    std::uint64_t bytes = 0;
};

constexpr std::uint32_t kBatchEvents = 2048;
constexpr std::size_t kBatchBytes = 1 << 20;

Result<> keep(store::Store& store, event::EventBatch& batch, Tally& tally) {
    if (batch.empty()) {
        return {};
    }
    batch.set_first_id(store.reserve(batch.size()));
    GAC_TRY(position, store.append(batch));
    static_cast<void>(position);
    tally.events += batch.size();
    for (const event::EventHead& head : batch.heads()) {
        tally.failed += head.parse_failed ? 1u : 0u;
    }
    batch.reset();
    return {};
}

Result<> ingest_file(const std::string& path, ingest::Decoder& decoder, ingest::Origin origin,
                     store::Store& store, Tally& tally) {
    GAC_TRY(input, ingest::Input::open(path));
    event::EventBatch batch;
    ingest::Frame frame;
    for (;;) {
        auto more = input->next(frame);
        if (!more || !*more) {
            tally.bytes += input->bytes_read();
            GAC_CHECK(keep(store, batch, tally));
            return more ? Result<>{} : std::unexpected(more.error());
        }
        origin.truncated = frame.truncated;
        decoder.decode(frame.bytes, origin, batch);
        if (batch.size() >= kBatchEvents || batch.raw_bytes() >= kBatchBytes) {
            GAC_CHECK(keep(store, batch, tally));
        }
    }
}

int ingest_all(const IngestOptions& options) {
    const std::int64_t started = base::monotonic_us();
    auto content = Content::load();
    if (!content) {
        return cannot_start(content.error());
    }
    auto lock = DataLock::take(options.data);
    if (!lock) {
        return cannot_start(lock.error());
    }
    auto sources = std::make_shared<store::SourceNameTable>();
    auto store =
        store::Store::open({.folder = DataFolder(options.data).events(),
                            // Nobody waits for an answer, and to give up would leave half a file.
                            .append_wait_max = {},
                            .merging = {.on = false}},
                           content->profiles, sources);
    if (!store) {
        return cannot_start(store.error());
    }
    ingest::Origin origin;
    origin.source = sources->source_id(options.source);
    origin.received = base::SystemClock{}.now();
    std::string format = options.format;
    if (!options.profile.empty()) {
        const auto profile = content->profiles->find(options.profile);
        if (!profile) {
            return cannot_start(fmt::format("--profile: no profile \"{}\"", options.profile));
        }
        origin.profile = *profile;
        if (format == "auto") {
            format = (*content->profiles)[*profile].format;
        }
    }
    auto decoder = ingest::make_decoder(format, {.profiles = content->profiles});
    if (!decoder) {
        return cannot_start(base::at("--format", decoder.error()));
    }
    const std::int64_t loaded = base::monotonic_us();
    Tally tally;
    int code = kDone;
    for (const std::string& path : ingest::input_files(options.inputs)) {
        if (const auto done = ingest_file(path, **decoder, origin, **store, tally); !done) {
            std::fprintf(stderr, "gac: %s\n", done.error().message().c_str());
            code = kSomeFailed;
        }
    }
    if (const auto sealed = (*store)->seal(); !sealed) {
        return cannot_start(sealed.error());
    }
    if (options.merge) {
        if (const auto merged = (*store)->merge(); !merged) {
            std::fprintf(stderr, "gac: %s\n", merged.error().message().c_str());
            code = kSomeFailed;
        }
    }
    if (options.stats) {
        rusage usage{};
        getrusage(RUSAGE_SELF, &usage);
        fmt::print(
            stderr,
            "{{\"events\":{},\"failed\":{},\"bytes\":{},\"seconds\":{:.6f},\"load_seconds\":{:.6f},"
            "\"threads\":1,\"matches\":0,\"rss_bytes\":{}}}\n",
            tally.events, tally.failed, tally.bytes,
            static_cast<double>(base::monotonic_us() - loaded) / 1e6,
            static_cast<double>(loaded - started) / 1e6, usage.ru_maxrss * 1024);
    }
    return code;
}

}  // namespace

void add_ingest(CLI::App& root, Chosen& chosen) {
    const auto options = std::make_shared<IngestOptions>();
    CLI::App* command = root.add_subcommand(
        "ingest", "Put files into the history of a data folder, without a server");
    command->add_option("--data", options->data, "Data folder")->required();
    command->add_option("--format", options->format, "How to read them, as for gac decode")
        ->capture_default_str();
    command->add_option("--source", options->source, "Name of the source of logs")
        ->capture_default_str();
    command->add_option("--profile", options->profile,
                        "Profile of the source; without one by shape");
    command->add_flag("--merge", options->merge,
                      "Merge the segments afterwards; without it a server does so bit by bit");
    command->add_flag("--stats", options->stats,
                      "Print one JSON object with figures on standard error");
    command
        ->add_option("inputs", options->inputs,
                     "Files (.gz .xz .zst as they are), or folders of them; - for standard input")
        ->required();
    command->footer(
        "Examples:\n  gac ingest --data var/data --source web --profile web access.log\n"
        "  gac generate --events 1000000 | gac ingest --data var/data --stats -");
    command->callback([options, &chosen] { chosen = [options] { return ingest_all(*options); }; });
}

}  // namespace gac::app
