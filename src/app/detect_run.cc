#include "app/detect_run.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iterator>
#include <mutex>
#include <optional>
#include <thread>

#include "app/command.h"
#include "app/hit_text.h"
#include "base/text.h"
#include "base/time.h"
#include "detect/correlator.h"
#include "ingest/decoder.h"
#include "ingest/event_log.h"
#include "ingest/input.h"

namespace gac::app {

namespace {

constexpr std::uint32_t kBatchEvents = 512;
constexpr std::size_t kBatchBytes = 128 << 10;
constexpr std::size_t kFrameBytesMax = 1 << 20;
constexpr std::size_t kFlushBytes = 256 << 10;

// Decoder and engine of one thread.
class Worker {
public:
    static Result<std::unique_ptr<Worker>> make(const DetectSettings& settings,
                                                base::TimePoint started) {
        std::vector<event::FieldId> fields = settings.rules->fields();
        if (settings.indicators) {
            const auto more = settings.indicator_plan->fields();
            fields.insert(fields.end(), more.begin(), more.end());
        }
        ingest::Options options;
        options.profiles = settings.profiles;
        options.fields = ingest::FieldChoice::of(fields);
        options.lazy_texts = true;
        GAC_TRY(decoder, ingest::make_decoder(settings.format, options));
        ingest::Options whole;
        whole.profiles = settings.profiles;
        GAC_TRY(full, ingest::make_decoder(settings.format, whole));
        return std::make_unique<Worker>(settings, started, options, whole, std::move(decoder),
                                        std::move(full));
    }

    Worker(const DetectSettings& settings, base::TimePoint started, const ingest::Options& options,
           const ingest::Options& whole, std::unique_ptr<ingest::Decoder> decoder,
           std::unique_ptr<ingest::Decoder> full)
        : decoder_(std::move(decoder)),
          full_(std::move(full)),
          log_(options),
          full_log_(whole),
          engine_(settings.rules) {
        if (settings.indicators) {
            indicators_.emplace(settings.indicator_plan, settings.indicators);
        }
        origin_.profile = settings.profile;
        origin_.received = started;
        engine_.set_full_decoder([this](const event::EventRef& event, event::EventBatch& out) {
            ingest::Origin origin = origin_;
            origin.profile = event.head().profile;
            if (event.head().raw.empty()) {
                return decode_record_again(event.row(), origin, out);
            }
            full_->decode(event.head().raw, origin, out);
            return out.size() == 1;
        });
    }

    // The bytes of a chunk must live until it is judged.
    void take(const ingest::Frame& frame) {
        origin_.truncated = frame.truncated;
        if (frame.kind != ingest::Frame::Kind::Message) {
            chunk_ = frame;
            chunk_is_new_ = true;
            log_.begin(frame.bytes, is_dirty());
            log_.decode(origin_, batch_);
            return;
        }
        decoder_->decode(frame.bytes, origin_, batch_);
    }
    bool is_full() const {
        return batch_.size() >= kBatchEvents || batch_.raw_bytes() >= kBatchBytes
               || !chunk_.bytes.empty();
    }

    // Judges what was taken, event by event; gives the number of events.
    std::uint32_t judge(event::EventId first_id, std::vector<event::Detection>& hits,
                        detect::CorrelationFeed& feed) {
        batch_.set_first_id(first_id);
        engine_.match(batch_, hits, feed);
        if (indicators_) {
            std::vector<event::Detection> by_lists;
            indicators_->match(batch_, by_lists);
            detect::merge_by_row(hits, 0, std::move(by_lists));
        }
        for (const event::EventHead& head : batch_.heads()) {
            parse_failed_ += head.parse_failed ? 1U : 0U;
        }
        const std::uint32_t events = batch_.size();
        batch_.reset();
        chunk_ = {};
        return events;
    }

    void add_to(DetectReport& report) const {
        const detect::EngineStats& stats = engine_.stats();
        report.events += stats.events;
        report.matches += stats.matches;
        report.candidates += stats.candidates;
        report.keyword_checks += stats.keyword_checks;
        report.parse_failed += parse_failed_;
        if (indicators_) {
            report.matches += indicators_->stats().hits;
            report.indicator_hits += indicators_->stats().hits;
        }
    }

private:
    bool is_dirty() const { return chunk_.kind == ingest::Frame::Kind::DirtyEvtxChunk; }
    // A chunk is a batch of its own, one event a record.
    bool decode_record_again(std::uint32_t row, const ingest::Origin& origin,
                             event::EventBatch& out) {
        if (chunk_.bytes.empty()) {
            return false;
        }
        if (chunk_is_new_) {
            chunk_is_new_ = false;
            full_log_.begin(chunk_.bytes, is_dirty());
        }
        return full_log_.decode_one(row, origin, out);
    }

    std::unique_ptr<ingest::Decoder> decoder_;
    std::unique_ptr<ingest::Decoder> full_;
    ingest::EventLogDecoder log_;
    ingest::EventLogDecoder full_log_;
    ingest::Frame chunk_;        // what the batch was made of, if a chunk
    bool chunk_is_new_ = false;  // to full_log_
    detect::Engine engine_;
    std::optional<detect::IndicatorEngine> indicators_;
    ingest::Origin origin_;
    event::EventBatch batch_;
    std::uint64_t parse_failed_ = 0;
};

// Lines on stdout, in the order of the inputs.
class Output {
public:
    explicit Output(bool json) : json_(json) {}
    ~Output() { flush(); }

    void write(const std::string& file, std::uint32_t events,
               const std::vector<event::Detection>& hits) {
        if (&file != file_) {
            file_ = &file;
            event_ = 0;
        }
        for (const event::Detection& hit : hits) {
            (json_ ? append_hit : append_line)(hit, file, event_ + hit.row, out_);
        }
        event_ += events;
        if (out_.size() >= kFlushBytes) {
            flush();
        }
    }

private:
    void flush() {
        std::fwrite(out_.data(), 1, out_.size(), stdout);
        std::fflush(stdout);
        out_.clear();
    }

    bool json_;
    const std::string* file_ = nullptr;
    std::uint64_t event_ = 0;  // index in the file of the next event
    std::string out_;
};

// One file after the other on this thread: frames are read where they lie, nothing is copied.
class Alone {
public:
    Alone(bool chunks, Worker& worker, detect::Correlator& correlator, Output& output,
          DetectReport& report)
        : chunks_(chunks),
          worker_(worker),
          correlator_(correlator),
          output_(output),
          report_(report) {}

    Result<> read(const std::string& path) {
        GAC_TRY(input, ingest::Input::open(path, kFrameBytesMax, chunks_));
        ingest::Frame frame;
        for (;;) {
            auto more = input->next(frame);
            const bool end = !more || !*more;
            if (!end) {
                worker_.take(frame);
            }
            if (end || worker_.is_full()) {
                judge(path);
            }
            if (end) {
                report_.bytes += input->bytes_read();
                return more ? Result<>{} : std::unexpected(more.error());
            }
        }
    }

private:
    void judge(const std::string& path) {
        hits_.clear();
        feed_.clear();
        const std::uint32_t events = worker_.judge(next_id_, hits_, feed_);
        next_id_ += events;
        std::vector<event::Detection> correlated;
        correlator_.take(feed_, correlated);
        detect::merge_by_row(hits_, 0, std::move(correlated));
        output_.write(path, events, hits_);
    }

    bool chunks_;
    Worker& worker_;
    detect::Correlator& correlator_;
    Output& output_;
    DetectReport& report_;
    std::vector<event::Detection> hits_;
    detect::CorrelationFeed feed_;
    event::EventId next_id_ = 1;
};

// Frames cut off for one worker.
struct Chunk {
    std::uint64_t number = 0;
    const std::string* file = nullptr;
    std::string bytes;
    struct Piece {
        std::size_t end;  // in `bytes`
        bool truncated;
        ingest::Frame::Kind kind;
    };
    std::vector<Piece> frames;
};

// Hands out the inputs chunk by chunk, to any thread.
class Reader {
public:
    Reader(const std::vector<std::string>& inputs, bool chunks, DetectReport& report)
        : inputs_(inputs), chunks_(chunks), report_(report) {}

    bool next(Chunk& chunk) {
        const std::lock_guard lock(mutex_);
        chunk.bytes.clear();
        chunk.frames.clear();
        while (chunk.frames.empty()) {
            if (!input_ && !open_next()) {
                return false;
            }
            fill(chunk);
        }
        chunk.number = next_number_++;
        return true;
    }

private:
    bool open_next() {
        while (next_file_ < inputs_.size()) {
            file_ = &inputs_[next_file_++];
            auto opened = ingest::Input::open(*file_, kFrameBytesMax, chunks_);
            if (opened) {
                input_ = *std::move(opened);
                return true;
            }
            report_.failures.push_back(std::move(opened).error());
        }
        return false;
    }

    void fill(Chunk& chunk) {
        chunk.file = file_;
        ingest::Frame frame;
        while (chunk.bytes.size() < kBatchBytes && chunk.frames.size() < kBatchEvents) {
            auto more = input_->next(frame);
            if (!more || !*more) {
                if (!more) {
                    report_.failures.push_back(std::move(more).error());
                }
                report_.bytes += input_->bytes_read();
                input_.reset();
                return;
            }
            chunk.bytes.append(frame.bytes);
            chunk.frames.push_back({chunk.bytes.size(), frame.truncated, frame.kind});
        }
    }

    std::mutex mutex_;
    const std::vector<std::string>& inputs_;
    bool chunks_;
    DetectReport& report_;
    std::size_t next_file_ = 0;
    std::uint64_t next_number_ = 0;
    const std::string* file_ = nullptr;
    std::unique_ptr<ingest::Input> input_;
};

// The correlator puts the workers' results back into order. A worker far ahead of the slowest
// waits.
void work(Worker& worker, Reader& reader, detect::Correlator& correlator, Output& output) {
    constexpr unsigned kIdBits = 20;  // more than events of one chunk
    Chunk chunk;
    while (reader.next(chunk)) {
        std::vector<event::Detection> hits;
        detect::CorrelationFeed feed;
        std::uint32_t events = 0;
        const auto judge = [&] {
            std::vector<event::Detection> more;
            const std::size_t fed = feed.inputs.size();
            const std::uint32_t judged =
                worker.judge((chunk.number << kIdBits) + events, more, feed);
            for (event::Detection& hit : more) {
                hit.row += events;
                hits.push_back(std::move(hit));
            }
            for (std::size_t i = fed; i < feed.inputs.size(); ++i) {
                feed.inputs[i].row += events;
            }
            events += judged;
        };
        std::size_t begin = 0;
        for (const auto& [end, truncated, kind] : chunk.frames) {
            worker.take(
                {std::string_view(chunk.bytes).substr(begin, end - begin), truncated, kind});
            begin = end;
            if (kind != ingest::Frame::Kind::Message) {
                judge();
            }
        }
        judge();
        correlator.put(chunk.number, std::move(feed),
                       [&output, &file = *chunk.file, events,
                        hits = std::move(hits)](std::vector<event::Detection> correlated) mutable {
                           detect::merge_by_row(hits, 0, std::move(correlated));
                           output.write(file, events, hits);
                       });
    }
}

}  // namespace

Result<DetectReport> run_detect(const DetectSettings& settings,
                                const std::vector<std::string>& inputs) {
    DetectReport report;
    report.threads = std::max<std::size_t>(settings.threads, 1);
    const base::TimePoint started = base::SystemClock{}.now();
    std::vector<std::unique_ptr<Worker>> workers;
    for (std::size_t i = 0; i < report.threads; ++i) {
        GAC_TRY(worker, Worker::make(settings, started));
        workers.push_back(std::move(worker));
    }
    // Event logs as they stand, unless a format is named that reads their records as text.
    const bool chunks = !(settings.indicator_plan && settings.indicator_plan->reads_texts())
                        && (settings.format == "auto" || settings.format == "json");
    detect::Correlator correlator(settings.rules, {}, report.threads);
    Output output(settings.json);
    if (report.threads == 1) {
        Alone alone(chunks, *workers.front(), correlator, output, report);
        for (const std::string& path : inputs) {
            if (auto done = alone.read(path); !done) {
                report.failures.push_back(std::move(done).error());
            }
        }
    } else {
        Reader reader(inputs, chunks, report);
        std::vector<std::jthread> threads;
        for (const auto& worker : workers) {
            threads.emplace_back([&] {
                try {
                    work(*worker, reader, correlator, output);
                } catch (const std::exception& fault) {
                    // The other threads wait for what this one owes: nothing can be brought to its
                    // end.
                    std::fprintf(stderr, "gac: a thread broke off: %s\n", fault.what());
                    std::_Exit(kCannotStart);
                }
            });
        }
    }
    report.matches = correlator.stats().reports;
    for (const auto& worker : workers) {
        worker->add_to(report);
    }
    return report;
}

}  // namespace gac::app
