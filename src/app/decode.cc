// gac decode: what the decoders make of an input, one flat JSON object an event.
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "app/command.h"
#include "app/content.h"
#include "event/render.h"
#include "ingest/decoder.h"
#include "ingest/input.h"

namespace gac::app {

namespace {

struct DecodeOptions {
    std::string format = "auto";
    std::string source;
    std::string zone = "Asia/Ho_Chi_Minh";
    std::vector<std::string> inputs;
};

constexpr std::size_t kFlushBytes = 256 << 10;
constexpr std::uint32_t kBatchEvents = 512;

class Printer {
public:
    explicit Printer(const event::ProfileSet& profiles) : profiles_(profiles) {}

    void print(const event::EventBatch& batch) {
        for (std::uint32_t row = 0; row < batch.size(); ++row) {
            event::append_event_json(batch[row], profiles_[batch.heads()[row].profile], out_);
            out_ += '\n';
        }
        if (out_.size() >= kFlushBytes) {
            flush();
        }
    }

    void flush() {
        std::fwrite(out_.data(), 1, out_.size(), stdout);
        std::fflush(stdout);
        out_.clear();
    }

private:
    const event::ProfileSet& profiles_;
    std::string out_;
};

Result<> decode_input(const std::string& path, ingest::Decoder& decoder,
                      const ingest::Origin& origin, Printer& printer) {
    GAC_TRY(input, ingest::Input::open(path));
    event::EventBatch batch;
    ingest::Frame frame;
    for (;;) {
        auto more = input->next(frame);
        if (!more || !*more) {
            printer.print(batch);
            return more ? Result<>{} : std::unexpected(more.error());
        }
        ingest::Origin of_frame = origin;
        of_frame.truncated = frame.truncated;
        decoder.decode(frame.bytes, of_frame, batch);
        if (batch.size() >= kBatchEvents) {
            printer.print(batch);
            batch.reset();
        }
    }
}

int decode(const DecodeOptions& options) {
    auto content = Content::load(options.zone);
    if (!content) {
        return cannot_start(content.error());
    }
    ingest::Origin origin;
    origin.received = base::SystemClock{}.now();
    std::string format = options.format;
    if (!options.source.empty()) {
        const auto profile = content->profiles->find(options.source);
        if (!profile) {
            return cannot_start(fmt::format("--source: no profile \"{}\"", options.source));
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
    Printer printer(*content->profiles);
    int code = kDone;
    for (const std::string& path : ingest::input_files(options.inputs)) {
        if (const auto done = decode_input(path, **decoder, origin, printer); !done) {
            std::fprintf(stderr, "gac: %s\n", done.error().message().c_str());
            code = kSomeFailed;
        }
    }
    printer.flush();
    return code;
}

}  // namespace

void add_decode(CLI::App& root, Chosen& chosen) {
    const auto options = std::make_shared<DecodeOptions>();
    CLI::App* command = root.add_subcommand("decode", "Show what the decoders make of an input");
    std::string formats = "How to read it:";
    for (const std::string_view name : ingest::decoder_names()) {
        formats += fmt::format(" {}", name);
    }
    command->add_option("--format", options->format, formats)->capture_default_str();
    command->add_option("--source", options->source,
                        "Profile whose names and zone hold (profiles/*.yaml)");
    command->add_option("--zone", options->zone, "Zone of times that carry none")
        ->capture_default_str();
    command
        ->add_option("inputs", options->inputs,
                     "Files (.gz .xz .zst as they are), or folders of them; - for standard input")
        ->required();
    command->footer(
        "Examples:\n  gac decode /var/log/auth.log\n  zcat access.log.gz | gac decode --source web "
        "-");
    command->callback([options, &chosen] { chosen = [options] { return decode(*options); }; });
}

}  // namespace gac::app
