#include "app/detect_history.h"

#include <algorithm>
#include <cstdio>
#include <tuple>

#include <fmt/format.h>

#include "app/hit_text.h"
#include "detect/correlator.h"
#include "detect/engine.h"

namespace gac::app {

namespace {

constexpr std::size_t kSortedBytesMax = std::size_t{256} << 20;
constexpr std::uint32_t kPageRows = 10'000;
constexpr std::size_t kInputsMax = 20'000'000;  // of correlation rules, kept until the end

class Lines {
public:
    explicit Lines(bool json) : json_(json) {}

    void add(const event::Detection& hit, const std::string& source, event::EventId event) {
        std::string text;
        (json_ ? append_hit : append_line)(hit, source, event, text);
        bytes_ += text.size();
        lines_.push_back({hit.time, event, std::move(text)});
        if (bytes_ > kSortedBytesMax) {
            flush();
        }
    }

    void flush() {
        std::ranges::sort(lines_, [](const Line& a, const Line& b) {
            return std::tie(a.time, a.event, a.text) < std::tie(b.time, b.event, b.text);
        });
        for (const Line& line : lines_) {
            std::fwrite(line.text.data(), 1, line.text.size(), stdout);
        }
        std::fflush(stdout);
        lines_.clear();
        bytes_ = 0;
    }

private:
    struct Line {
        base::TimePoint time;
        event::EventId event;
        std::string text;
    };
    bool json_;
    std::vector<Line> lines_;
    std::size_t bytes_ = 0;
};

// History comes newest first, correlation wants events in the order of time.
class Inputs {
public:
    Result<> add(const detect::CorrelationFeed& feed) {
        const std::size_t shift = all_.texts.size();
        if (all_.inputs.size() + feed.inputs.size() > kInputsMax
            || shift + feed.texts.size() > ~std::uint32_t{0}) {
            return fail(Code::LimitExceeded,
                        fmt::format("more than {} events for correlation rules: ask for a shorter "
                                    "span",
                                    all_.inputs.size()),
                        "--from");
        }
        all_.texts += feed.texts;
        for (detect::CorrelationFeed::Input input : feed.inputs) {
            input.group_at += static_cast<std::uint32_t>(shift);
            all_.inputs.push_back(input);
        }
        return {};
    }

    detect::CorrelationFeed in_order() && {
        std::ranges::sort(all_.inputs, [](const auto& a, const auto& b) {
            return std::tie(a.time, a.event, a.correlation, a.reference)
                   < std::tie(b.time, b.event, b.correlation, b.reference);
        });
        for (std::size_t i = 0; i < all_.inputs.size(); ++i) {
            all_.inputs[i].row = static_cast<std::uint32_t>(i);
        }
        return std::move(all_);
    }

private:
    detect::CorrelationFeed all_;
};

}  // namespace

Result<DetectReport> detect_history(const DetectSettings& settings, const store::Store& history,
                                    const store::TimeRange& range) {
    GAC_TRY(query, store::parse("", {}));
    query.range = range;
    detect::Engine engine(settings.rules);
    Lines lines(settings.json);
    Inputs inputs;
    DetectReport report;
    std::vector<event::Detection> hits;
    detect::CorrelationFeed feed;
    query.limit = kPageRows;
    do {
        GAC_TRY(page, history.search(query, {.bytes_max = ~std::uint64_t{0},
                                             .rows_max = kPageRows,
                                             .memory_max = std::uint64_t{1} << 30,
                                             .time_max = base::Duration::seconds(3600)}));
        if (!page.partial.empty()) {
            report.failures.push_back({Code::Io, page.partial, "--data"});
        }
        hits.clear();
        feed.clear();
        engine.match(page.events, hits, feed);
        for (const event::Detection& hit : hits) {
            lines.add(hit, history.sources().source_name(page.events.heads()[hit.row].source),
                      page.events.id_of(hit.row));
        }
        GAC_CHECK(inputs.add(feed));
        report.bytes += page.events.raw_bytes();
        query.cursor = std::move(page.cursor);
    } while (!query.cursor.empty());
    detect::CorrelationFeed ordered = std::move(inputs).in_order();
    detect::Correlator correlator(settings.rules, {});
    hits.clear();
    correlator.take(ordered, hits);
    event::EventBatch completing;
    for (const event::Detection& hit : hits) {
        const event::EventId id = hit.events.empty() ? 0 : hit.events.back();
        completing.reset();
        GAC_CHECK(history.fetch({&id, 1}, completing));
        lines.add(hit,
                  completing.empty()
                      ? std::string()
                      : history.sources().source_name(completing.heads().front().source),
                  id);
    }
    lines.flush();
    const detect::EngineStats& stats = engine.stats();
    report.events = stats.events;
    report.matches = stats.matches + hits.size();
    report.candidates = stats.candidates;
    report.keyword_checks = stats.keyword_checks;
    return report;
}

}  // namespace gac::app
