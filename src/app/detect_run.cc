#include "app/detect_run.h"

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "base/text.h"
#include "base/time.h"
#include "ingest/decoder.h"
#include "ingest/event_log.h"
#include "ingest/input.h"

namespace gac::app {

namespace {

constexpr std::uint32_t kBatchEvents = 64;
constexpr std::size_t kBatchBytes = 128 << 10;
constexpr std::size_t kFrameBytesMax = 1 << 20;
constexpr std::size_t kFlushBytes = 256 << 10;

void append_pair(std::string_view key, std::string_view value, std::string& out) {
    base::append_json_string(key, out);
    out += ':';
    base::append_json_string(value, out);
}

// Lists have no title in English of their own.
const std::string& title_of(const event::Detection& hit) {
    return hit.rule->kind == event::DetectionKind::Indicator ? hit.rule->title_vi : hit.rule->title;
}

void append_indicator(const event::Detection& hit, std::string& out) {
    out += ",\"indicator\":{";
    append_pair("type", hit.indicator_type, out);
    out += ',';
    append_pair("value", hit.group.front().second, out);
    out += ",\"entries\":[";
    for (std::size_t i = 0; i < hit.entries.size(); ++i) {
        const event::IndicatorEntry& entry = hit.entries[i];
        out += i == 0 ? "{" : ",{";
        append_pair("list", entry.list, out);
        out += ',';
        append_pair("entry", entry.entry, out);
        out += ",\"line\":" + std::to_string(entry.line) + ',';
        append_pair("level", event::name_of(entry.level), out);
        if (entry.valid_until) {
            out += ',';
            append_pair("valid_until", base::format_rfc3339(*entry.valid_until), out);
        }
        if (!entry.note.empty()) {
            out += ',';
            append_pair("note", entry.note, out);
        }
        out += '}';
    }
    out += "]}";
}

void append_hit(const event::Detection& hit, const std::string& file, std::uint64_t event,
                std::string& out) {
    out += '{';
    append_pair("rule", hit.rule->id, out);
    out += ',';
    append_pair("title", title_of(hit), out);
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
    out += '}';
    if (hit.rule->kind == event::DetectionKind::Indicator) {
        append_indicator(hit, out);
    }
    out += "}\n";
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
    out += title_of(hit);
    for (const auto& [field, value] : hit.group) {
        out += ' ' + field + '=' + value;
    }
    out += '\n';
}

// Decoder and engine of one thread.
class Worker {
public:
    static Result<std::unique_ptr<Worker>> make(const DetectSettings& settings) {
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
        return std::make_unique<Worker>(settings, options, whole, std::move(decoder),
                                        std::move(full));
    }

    Worker(const DetectSettings& settings, const ingest::Options& options,
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
        origin_.received = base::SystemClock{}.now();
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

    // Judges what was taken; gives the number of events.
    std::uint32_t judge(std::vector<event::Detection>& hits) {
        batch_.set_first_id(next_id_);
        engine_.match(batch_, hits);
        if (indicators_) {
            std::vector<event::Detection> by_rules = std::move(hits);
            std::vector<event::Detection> by_lists;
            indicators_->match(batch_, by_lists);
            hits.clear();
            std::merge(std::make_move_iterator(by_rules.begin()),
                       std::make_move_iterator(by_rules.end()),
                       std::make_move_iterator(by_lists.begin()),
                       std::make_move_iterator(by_lists.end()), std::back_inserter(hits),
                       [](const auto& a, const auto& b) { return a.row < b.row; });
        }
        for (const event::EventHead& head : batch_.heads()) {
            parse_failed_ += head.parse_failed ? 1U : 0U;
        }
        const std::uint32_t events = batch_.size();
        next_id_ += events;
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
    event::EventId next_id_ = 1;
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
Result<> read_input(const std::string& path, bool chunks, Worker& worker, Output& output,
                    DetectReport& report) {
    GAC_TRY(input, ingest::Input::open(path, kFrameBytesMax, chunks));
    ingest::Frame frame;
    std::vector<event::Detection> hits;
    for (;;) {
        auto more = input->next(frame);
        const bool end = !more || !*more;
        if (!end) {
            worker.take(frame);
        }
        if (end || worker.is_full()) {
            hits.clear();
            const std::uint32_t events = worker.judge(hits);
            output.write(path, events, hits);
        }
        if (end) {
            report.bytes += input->bytes_read();
            return more ? Result<>{} : std::unexpected(more.error());
        }
    }
}

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

// Puts the workers' results back into order. A worker far ahead of the slowest waits.
class InOrder {
public:
    explicit InOrder(Output& output) : output_(output) {}

    void put(const Chunk& chunk, std::uint32_t events, std::vector<event::Detection> hits) {
        std::unique_lock lock(mutex_);
        moved_.wait(lock, [&] { return chunk.number < next_ + kAheadMax; });
        waiting_.emplace(chunk.number, Done{chunk.file, events, std::move(hits)});
        for (auto first = waiting_.begin(); first != waiting_.end() && first->first == next_;
             first = waiting_.begin()) {
            output_.write(*first->second.file, first->second.events, first->second.hits);
            waiting_.erase(first);
            ++next_;
        }
        moved_.notify_all();
    }

private:
    static constexpr std::uint64_t kAheadMax = 64;
    struct Done {
        const std::string* file;
        std::uint32_t events;
        std::vector<event::Detection> hits;
    };
    std::mutex mutex_;
    std::condition_variable moved_;
    Output& output_;
    std::uint64_t next_ = 0;
    std::map<std::uint64_t, Done> waiting_;
};

void work(Worker& worker, Reader& reader, InOrder& results) {
    Chunk chunk;
    while (reader.next(chunk)) {
        std::vector<event::Detection> hits;
        std::uint32_t events = 0;
        const auto judge = [&] {
            std::vector<event::Detection> more;
            const std::uint32_t judged = worker.judge(more);
            for (event::Detection& hit : more) {
                hit.row += events;
                hits.push_back(std::move(hit));
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
        results.put(chunk, events, std::move(hits));
    }
}

}  // namespace

Result<DetectReport> run_detect(const DetectSettings& settings,
                                const std::vector<std::string>& inputs) {
    DetectReport report;
    report.threads = settings.rules->has_correlations() ? 1 : settings.threads;
    std::vector<std::unique_ptr<Worker>> workers;
    for (std::size_t i = 0; i < report.threads; ++i) {
        GAC_TRY(worker, Worker::make(settings));
        workers.push_back(std::move(worker));
    }
    // Event logs as they stand, unless a format is named that reads their records as text.
    const bool chunks = !(settings.indicator_plan && settings.indicator_plan->reads_texts())
                        && (settings.format == "auto" || settings.format == "json");
    Output output(settings.json);
    if (report.threads == 1) {
        for (const std::string& path : inputs) {
            if (auto done = read_input(path, chunks, *workers.front(), output, report); !done) {
                report.failures.push_back(std::move(done).error());
            }
        }
    } else {
        Reader reader(inputs, chunks, report);
        InOrder results(output);
        std::vector<std::jthread> threads;
        for (const auto& worker : workers) {
            threads.emplace_back([&] { work(*worker, reader, results); });
        }
    }
    for (const auto& worker : workers) {
        worker->add_to(report);
    }
    return report;
}

}  // namespace gac::app
