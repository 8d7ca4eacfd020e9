#include "app/detect_run.h"

#include <cstdio>

#include "base/text.h"
#include "base/time.h"
#include "ingest/decoder.h"
#include "ingest/input.h"

namespace gac::app {

namespace {

constexpr std::uint32_t kBatchEvents = 512;
constexpr std::size_t kBatchBytes = 1 << 20;
constexpr std::size_t kFlushBytes = 256 << 10;

void append_pair(std::string_view key, std::string_view value, std::string& out) {
    base::append_json_string(key, out);
    out += ':';
    base::append_json_string(value, out);
}

void append_hit(const event::Detection& hit, const std::string& file, std::uint64_t event,
                std::string& out) {
    out += '{';
    append_pair("rule", hit.rule->id, out);
    out += ',';
    append_pair("title", hit.rule->title, out);
    out += ',';
    append_pair("level", event::name_of(hit.rule->level), out);
    out += ',';
    append_pair("file", file, out);
    out += ",\"event\":";
    out += std::to_string(event);
    out += ',';
    append_pair("time", base::format_rfc3339(hit.time), out);
    out += ',';
    append_pair("kind", event::name_of(hit.rule->kind), out);
    out += ",\"group\":{";
    for (std::size_t i = 0; i < hit.group.size(); ++i) {
        out += i == 0 ? "" : ",";
        append_pair(hit.group[i].first, hit.group[i].second, out);
    }
    out += "},\"count\":";
    out += std::to_string(hit.count);
    out += ",\"matched\":{";
    for (std::size_t i = 0; i < hit.matched.size(); ++i) {
        out += i == 0 ? "" : ",";
        append_pair(hit.matched[i].field, hit.matched[i].value, out);
    }
    out += "}}\n";
}

void append_line(const event::Detection& hit, const std::string& file, std::uint64_t event,
                 std::string& out) {
    out += base::format_rfc3339(hit.time);
    out += ' ';
    out += event::name_of(hit.rule->level);
    out += ' ';
    out += file;
    out += ':';
    out += std::to_string(event);
    out += ' ';
    out += hit.rule->title;
    for (const auto& [field, value] : hit.group) {
        out += ' ' + field + '=' + value;
    }
    out += '\n';
}

// Decoder, engine and output of one thread.
class Worker {
public:
    static Result<std::unique_ptr<Worker>> make(const DetectSettings& settings) {
        const std::vector<event::FieldId> fields = settings.rules->fields();
        ingest::Options options;
        options.profiles = settings.profiles;
        options.fields = ingest::FieldChoice::of(fields);
        GAC_TRY(decoder, ingest::make_decoder(settings.format, options));
        ingest::Options whole;
        whole.profiles = settings.profiles;
        GAC_TRY(full, ingest::make_decoder(settings.format, whole));
        return std::make_unique<Worker>(settings, std::move(decoder), std::move(full));
    }

    Worker(const DetectSettings& settings, std::unique_ptr<ingest::Decoder> decoder,
           std::unique_ptr<ingest::Decoder> full)
        : json_(settings.json),
          decoder_(std::move(decoder)),
          full_(std::move(full)),
          engine_(settings.rules) {
        origin_.profile = settings.profile;
        origin_.received = base::SystemClock{}.now();
        engine_.set_full_decoder([this](const event::EventRef& event, event::EventBatch& out) {
            ingest::Origin origin = origin_;
            origin.profile = event.head().profile;
            full_->decode(event.head().raw, origin, out);
            return out.size() == 1;
        });
    }

    void begin_file(const std::string& file) {
        file_ = &file;
        event_ = 0;
    }

    void take(const ingest::Frame& frame) {
        origin_.truncated = frame.truncated;
        decoder_->decode(frame.bytes, origin_, batch_);
        if (batch_.size() >= kBatchEvents || batch_.raw_bytes() >= kBatchBytes) {
            judge();
        }
    }

    void judge() {
        if (batch_.empty()) {
            return;
        }
        batch_.set_first_id(next_id_);
        hits_.clear();
        engine_.match(batch_, hits_);
        for (const event::Detection& hit : hits_) {
            (json_ ? append_hit : append_line)(hit, *file_, event_ + hit.row, out_);
        }
        for (const event::EventHead& head : batch_.heads()) {
            parse_failed_ += head.parse_failed ? 1U : 0U;
        }
        event_ += batch_.size();
        next_id_ += batch_.size();
        batch_.reset();
        if (out_.size() >= kFlushBytes) {
            flush();
        }
    }

    void flush() {
        std::fwrite(out_.data(), 1, out_.size(), stdout);
        out_.clear();
    }

    void add_to(DetectReport& report) const {
        const detect::EngineStats& stats = engine_.stats();
        report.events += stats.events;
        report.matches += stats.matches;
        report.candidates += stats.candidates;
        report.keyword_checks += stats.keyword_checks;
        report.parse_failed += parse_failed_;
    }

private:
    bool json_;
    std::unique_ptr<ingest::Decoder> decoder_;
    std::unique_ptr<ingest::Decoder> full_;
    detect::Engine engine_;
    ingest::Origin origin_;
    event::EventBatch batch_;
    std::vector<event::Detection> hits_;
    const std::string* file_ = nullptr;
    std::uint64_t event_ = 0;  // index in the file of the batch's first event
    event::EventId next_id_ = 1;
    std::uint64_t parse_failed_ = 0;
    std::string out_;
};

Result<> read_input(const std::string& path, Worker& worker, DetectReport& report) {
    GAC_TRY(input, ingest::Input::open(path));
    worker.begin_file(path);
    ingest::Frame frame;
    for (;;) {
        auto more = input->next(frame);
        if (!more || !*more) {
            worker.judge();
            report.bytes += input->bytes_read();
            return more ? Result<>{} : std::unexpected(more.error());
        }
        worker.take(frame);
    }
}

}  // namespace

Result<DetectReport> run_detect(const DetectSettings& settings,
                                const std::vector<std::string>& inputs) {
    GAC_TRY(worker, Worker::make(settings));
    DetectReport report;
    for (const std::string& path : inputs) {
        if (auto done = read_input(path, *worker, report); !done) {
            report.failures.push_back(std::move(done).error());
        }
    }
    worker->flush();
    std::fflush(stdout);
    worker->add_to(report);
    return report;
}

}  // namespace gac::app
