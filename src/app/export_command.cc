// gac export: every event that passes a filter, as NDJSON or CSV, however many there are.
#include <zlib.h>
#include <zstd.h>

#include <cstdio>
#include <functional>
#include <memory>

#include <fmt/format.h>

#include "app/command.h"
#include "app/content.h"
#include "app/history.h"
#include "store/export.h"

namespace gac::app {

namespace {

struct ExportOptions {
    std::string query, data, from, to, out;
    std::string format = "ndjson";
};

constexpr std::size_t kWriteAtOnce = 1u << 20;
constexpr int kPackLevel = 3;

// Where the text goes: a file or standard output, packed by the ending of its name.
class Output {
public:
    virtual ~Output() = default;
    virtual Result<> put(std::string_view bytes) = 0;
    virtual Result<> end() = 0;  // everything is written
};

class PlainOutput : public Output {
public:
    PlainOutput(std::FILE* file, std::string name) : file_(file), name_(std::move(name)) {}
    ~PlainOutput() override {
        if (file_ != stdout) {
            std::fclose(file_);  // after end(), which has told what went wrong
        }
    }
    PlainOutput(const PlainOutput&) = delete;
    PlainOutput& operator=(const PlainOutput&) = delete;
    Result<> put(std::string_view bytes) override {
        if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) {
            return fail_errno();
        }
        return {};
    }
    Result<> end() override { return std::fflush(file_) == 0 ? Result<>() : fail_errno(); }

private:
    std::unexpected<Error> fail_errno() const { return base::fail_errno(name_, errno); }
    std::FILE* file_;
    std::string name_;
};

class ZstdOutput final : public PlainOutput {
public:
    using PlainOutput::PlainOutput;
    Result<> put(std::string_view bytes) override { return pack(bytes, ZSTD_e_continue); }
    Result<> end() override {
        GAC_CHECK(pack({}, ZSTD_e_end));
        return PlainOutput::end();
    }

private:
    Result<> pack(std::string_view bytes, ZSTD_EndDirective what) {
        ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
        for (;;) {
            ZSTD_outBuffer out{buffer_.data(), buffer_.size(), 0};
            const std::size_t left = ZSTD_compressStream2(context_.get(), &out, &in, what);
            if (ZSTD_isError(left) != 0) {
                return fail(Code::Internal, ZSTD_getErrorName(left));
            }
            GAC_CHECK(PlainOutput::put(std::string_view(buffer_).substr(0, out.pos)));
            if (in.pos == in.size && (what == ZSTD_e_continue || left == 0)) {
                return {};
            }
        }
    }
    std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context_{
        [] {
            ZSTD_CCtx* made = ZSTD_createCCtx();
            ZSTD_CCtx_setParameter(made, ZSTD_c_compressionLevel, kPackLevel);
            ZSTD_CCtx_setParameter(made, ZSTD_c_checksumFlag, 1);
            return made;
        }(),
        &ZSTD_freeCCtx};
    std::string buffer_ = std::string(ZSTD_CStreamOutSize(), '\0');
};

class GzipOutput final : public PlainOutput {
public:
    GzipOutput(std::FILE* file, std::string name) : PlainOutput(file, std::move(name)) {
        constexpr int kGzip = 15 + 16;
        deflateInit2(&stream_, kPackLevel, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY);
    }
    ~GzipOutput() override { deflateEnd(&stream_); }
    GzipOutput(const GzipOutput&) = delete;
    GzipOutput& operator=(const GzipOutput&) = delete;
    Result<> put(std::string_view bytes) override { return pack(bytes, Z_NO_FLUSH); }
    Result<> end() override {
        GAC_CHECK(pack({}, Z_FINISH));
        return PlainOutput::end();
    }

private:
    Result<> pack(std::string_view bytes, int flush) {
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
        stream_.avail_in = static_cast<uInt>(bytes.size());
        for (;;) {
            stream_.next_out = reinterpret_cast<Bytef*>(buffer_.data());
            stream_.avail_out = static_cast<uInt>(buffer_.size());
            const int state = deflate(&stream_, flush);
            GAC_CHECK(PlainOutput::put(
                std::string_view(buffer_).substr(0, buffer_.size() - stream_.avail_out)));
            if (flush == Z_FINISH ? state == Z_STREAM_END
                                  : stream_.avail_in == 0 && stream_.avail_out != 0) {
                return {};
            }
        }
    }
    z_stream stream_{};
    std::string buffer_ = std::string(256 << 10, '\0');
};

Result<std::unique_ptr<Output>> open_output(const std::string& name) {
    std::FILE* file = stdout;
    if (!name.empty() && name != "-") {
        file = std::fopen(name.c_str(), "wxe");  // never over a file that is there
        if (file == nullptr) {
            return base::fail_errno(name, errno);
        }
    }
    if (name.ends_with(".zst")) {
        return std::make_unique<ZstdOutput>(file, name);
    }
    if (name.ends_with(".gz")) {
        return std::make_unique<GzipOutput>(file, name);
    }
    return std::make_unique<PlainOutput>(file, name.empty() ? "standard output" : name);
}

Result<> export_events(const ExportOptions& options) {
    GAC_TRY(query, read_query(options.query, options.from, options.to));
    const auto format = store::parse_export_format(options.format);
    if (!format) {
        return fail(Code::InvalidArgument,
                    fmt::format("\"{}\" is not ndjson, csv or spreadsheet", options.format),
                    "--format");
    }
    GAC_TRY(content, Content::load());
    GAC_TRY(history, History::open(options.data, content.profiles));
    GAC_TRY(exporter,
            store::Exporter::open(*format, query, content.profiles, history.store().sources()));
    GAC_TRY(output, open_output(options.out));
    std::string text;
    exporter.begin(text);
    GAC_CHECK(history.store().visit(query, [&](const event::EventBatch& batch) -> Result<bool> {
        exporter.add(batch, text);
        if (text.size() >= kWriteAtOnce) {
            GAC_CHECK(output->put(text));
            text.clear();
        }
        return true;
    }));
    GAC_CHECK(output->put(text));
    return output->end();
}

}  // namespace

void add_export(CLI::App& root, Chosen& chosen) {
    const auto options = std::make_shared<ExportOptions>();
    CLI::App* command =
        root.add_subcommand("export", "Write all events of a question, however many there are");
    command
        ->add_option("query", options->query, "Filter, and perhaps | fields a, b (docs/search.md)")
        ->required();
    command->add_option("--data", options->data, "Data folder")->required();
    command->add_option("--from", options->from, "Not before: RFC 3339, or relative (-15m, -7d)");
    command->add_option("--to", options->to, "Before: RFC 3339, or relative");
    command
        ->add_option("--format", options->format,
                     "ndjson, csv, or spreadsheet (CSV that is safe to open in one)")
        ->capture_default_str();
    command->add_option("--out", options->out,
                        "New file; .zst and .gz are packed; without it standard output");
    command->footer(
        "Examples:\n  gac export 'host.name:web-1' --data var/data --from -7d --out "
        "web-1.ndjson.zst"
        "\n  gac export 'event.outcome:failure | fields @timestamp, user.name, source.ip' --data "
        "var/data --format csv --out failures.csv");
    command->callback([options, &chosen] {
        chosen = [options] {
            const auto done = export_events(*options);
            return done ? kDone : cannot_start(done.error());
        };
    });
}

}  // namespace gac::app
