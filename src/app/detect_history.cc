#include "app/detect_history.h"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <tuple>
#include <utility>

#include "app/hit_text.h"
#include "pipeline/history_judge.h"

namespace gac::app {

namespace {

constexpr std::size_t kSortedBytesMax = std::size_t{256} << 20;

// Lines on stdout, by the time of their events.
class Lines final : public pipeline::HistoryUse {
public:
    explicit Lines(bool json) : json_(json) {}

    bool take(pipeline::HistoryHit hit) override {
        std::string text;
        (json_ ? append_hit : append_line)(hit.detection, hit.source, hit.event, text);
        bytes_ += text.size();
        lines_.push_back({hit.detection.time, hit.event, std::move(text)});
        return true;
    }

    void passed(base::TimePoint before) override {
        if (bytes_ > kSortedBytesMax) {
            write(before);
        }
    }

    void finish() { write({std::numeric_limits<std::int64_t>::max()}); }

private:
    struct Line {
        base::TimePoint time;
        event::EventId event;
        std::string text;
    };

    void write(base::TimePoint before) {
        std::ranges::sort(lines_, [](const Line& a, const Line& b) {
            return std::tie(a.time, a.event, a.text) < std::tie(b.time, b.event, b.text);
        });
        std::size_t written = 0;
        for (; written < lines_.size() && lines_[written].time < before; ++written) {
            const std::string& text = lines_[written].text;
            std::fwrite(text.data(), 1, text.size(), stdout);
            bytes_ -= text.size();
        }
        std::fflush(stdout);
        lines_.erase(lines_.begin(), lines_.begin() + static_cast<std::ptrdiff_t>(written));
    }

    bool json_;
    std::vector<Line> lines_;
    std::size_t bytes_ = 0;
};

}  // namespace

Result<DetectReport> detect_history(const DetectSettings& settings, const store::Store& history,
                                    const store::TimeRange& range) {
    Lines lines(settings.json);
    const pipeline::JudgeQuestion question{
        .rules = settings.rules,
        .range = range,
        .only_sources = {},
        .budget = {.bytes_max = ~std::uint64_t{0}, .time_max = base::Duration::days(30)}};
    GAC_TRY(judged, pipeline::judge_history(history, *settings.profiles, history.sources(),
                                            question, lines));
    lines.finish();
    DetectReport report;
    report.threads = history.search_threads();
    if (!judged.partial.empty()) {
        report.failures.push_back({Code::Io, judged.partial, "--data"});
    }
    report.events = judged.judged_events;
    report.bytes = judged.scanned_bytes;
    report.matches = judged.matches;
    report.candidates = judged.candidates;
    report.keyword_checks = judged.keyword_checks;
    report.blocks = judged.skips.blocks;
    report.blocks_skipped = judged.skips.skipped();
    return report;
}

}  // namespace gac::app
