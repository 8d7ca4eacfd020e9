#include "pipeline/history_judge.h"

#include <algorithm>
#include <limits>
#include <map>
#include <mutex>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "detect/correlator.h"
#include "detect/engine.h"
#include "detect/need.h"

namespace gac::pipeline {

namespace {

constexpr base::TimePoint kEnd{std::numeric_limits<std::int64_t>::max()};
constexpr std::size_t kFetchedAtOnce = 500;

// What correlation rules wait for, until it can be brought into the order of time.
class Waiting {
public:
    std::size_t size() const { return all_.inputs.size(); }

    void add(const detect::CorrelationFeed& feed) {
        for (const detect::CorrelationFeed::Input& input : feed.inputs) {
            copy(input, feed.texts, all_);
        }
    }

    // Those before the time, in order.
    detect::CorrelationFeed before(base::TimePoint time) {
        detect::CorrelationFeed due;
        detect::CorrelationFeed rest;
        std::ranges::sort(all_.inputs, [](const auto& a, const auto& b) {
            return std::tie(a.time, a.event, a.correlation, a.reference)
                   < std::tie(b.time, b.event, b.correlation, b.reference);
        });
        for (const detect::CorrelationFeed::Input& input : all_.inputs) {
            copy(input, all_.texts, input.time < time ? due : rest);
        }
        for (std::size_t i = 0; i < due.inputs.size(); ++i) {
            due.inputs[i].row = static_cast<std::uint32_t>(i);
        }
        all_ = std::move(rest);
        return due;
    }

private:
    static void copy(detect::CorrelationFeed::Input input, const std::string& texts,
                     detect::CorrelationFeed& to) {
        const auto at = static_cast<std::uint32_t>(to.texts.size());
        to.texts.append(texts, input.group_at, input.group_size);
        input.group_at = at;
        to.inputs.push_back(input);
    }

    detect::CorrelationFeed all_;
};

class Judge final : public store::Sweeper {
public:
    Judge(const store::EventSource& history, const event::ProfileSet& profiles,
          const store::SourceNames& sources, const JudgeQuestion& question, HistoryUse& use)
        : history_(history),
          sources_(sources),
          question_(question),
          use_(use),
          oldest_first_(!question.newest_first || question.rules->has_correlations()),
          correlator_(question.rules, {}),
          release_at_(question.inputs_kept) {
        for (const event::Profile& profile : profiles.all()) {
            host_fields_.push_back(profile.resolve("host.name"));
        }
    }

    event::Need need() const override { return detect::need_of(*question_.rules); }

    std::unique_ptr<Found> look(const event::EventBatch& events) override {
        std::unique_ptr<detect::Engine> engine = take_engine();
        auto found = std::make_unique<Hits>();
        std::vector<event::Detection> hits;
        engine->match(events, hits, found->feed);
        give_back(std::move(engine));
        if (hits.empty() && found->feed.empty()) {
            return nullptr;
        }
        for (event::Detection& hit : hits) {
            found->hits.push_back(make_hit(std::move(hit), events));
        }
        return found;
    }

    bool take(Found& found, base::TimePoint begun) override {
        auto& hits = static_cast<Hits&>(found);
        if (oldest_first_) {
            use_.passed(begun);
        }
        for (HistoryHit& hit : hits.hits) {
            if (!give(std::move(hit))) {
                return false;
            }
        }
        waiting_.add(hits.feed);
        if (waiting_.size() > release_at_ && oldest_first_) {
            if (!correlate(begun)) {
                return false;
            }
            // What is left is sorted again only once it has grown by half.
            release_at_ = std::max(question_.inputs_kept, waiting_.size() + waiting_.size() / 2);
        }
        if (waiting_.size() > question_.inputs_max) {
            partial_ = fmt::format(
                "more than {} events for correlation rules: ask for a shorter "
                "span",
                question_.inputs_max);
            return false;
        }
        return true;
    }

    Result<JudgeReport> run() {
        const store::SweepQuestion sweep{.range = question_.range,
                                         .only_sources = question_.only_sources,
                                         .oldest_first = oldest_first_};
        GAC_TRY(swept, history_.sweep(*this, sweep, question_.budget));
        if (oldest_first_) {
            use_.passed(kEnd);
        }
        if (!ended_) {  // of a part of history correlations say what they would say of it
            correlate(kEnd);
        }
        if (fault_) {
            return std::unexpected(*std::move(fault_));
        }
        JudgeReport report{.judged_events = swept.judged_events,
                           .scanned_events = swept.scanned_events,
                           .scanned_bytes = swept.scanned_bytes,
                           .skips = swept.skips};
        report.partial = partial_.empty() ? std::move(swept.partial) : std::move(partial_);
        for (const auto& engine : engines_) {
            report.matches += engine->stats().matches;
            report.candidates += engine->stats().candidates;
            report.keyword_checks += engine->stats().keyword_checks;
        }
        report.matches += correlator_.stats().reports;
        report.late = correlator_.stats().late;
        return report;
    }

private:
    struct Hits final : Found {
        std::vector<HistoryHit> hits;
        detect::CorrelationFeed feed;
    };

    std::unique_ptr<detect::Engine> take_engine() {
        {
            const std::lock_guard lock(mutex_);
            if (!engines_.empty()) {
                auto engine = std::move(engines_.back());
                engines_.pop_back();
                return engine;
            }
        }
        return std::make_unique<detect::Engine>(question_.rules);
    }
    void give_back(std::unique_ptr<detect::Engine> engine) {
        const std::lock_guard lock(mutex_);
        engines_.push_back(std::move(engine));
    }

    HistoryHit make_hit(event::Detection hit, const event::EventBatch& events) const {
        const event::EventRef event = events[hit.row];
        return {.detection = std::move(hit),
                .source = sources_.source_name(event.head().source),
                .host = host_of(event),
                .event = event.id()};
    }

    std::string host_of(const event::EventRef& event) const {
        std::string scratch;
        for (const event::FieldId field :
             host_fields_[static_cast<std::size_t>(event.head().profile)]) {
            const event::ValueRef* value = event.find(field);
            if (value != nullptr && !value->is_null() && value->type() != event::Type::List) {
                return std::string(value->text(scratch));
            }
        }
        return {};
    }

    // False when it shall end.
    bool correlate(base::TimePoint before) {
        detect::CorrelationFeed due = waiting_.before(before);
        std::vector<event::Detection> hits;
        correlator_.take(due, hits);
        for (std::size_t from = 0; from < hits.size(); from += kFetchedAtOnce) {
            const auto some =
                std::span(hits).subspan(from, std::min(kFetchedAtOnce, hits.size() - from));
            if (!give_all(some)) {
                return false;
            }
        }
        return true;
    }

    bool give_all(std::span<event::Detection> hits) {
        std::vector<event::EventId> ids;
        for (const event::Detection& hit : hits) {
            if (!hit.events.empty()) {
                ids.push_back(hit.events.back());
            }
        }
        std::ranges::sort(ids);
        const auto rest = std::ranges::unique(ids);
        ids.erase(rest.begin(), rest.end());
        event::EventBatch completing;
        if (auto done = history_.fetch(ids, completing); !done) {
            fault_ = std::move(done).error();
            return false;
        }
        std::map<event::EventId, std::uint32_t> row_of;
        for (std::uint32_t row = 0; row < completing.size(); ++row) {
            row_of.emplace(completing.id_of(row), row);
        }
        for (event::Detection& hit : hits) {
            const event::EventId id = hit.events.empty() ? 0 : hit.events.back();
            HistoryHit out;
            if (const auto row = row_of.find(id); row != row_of.end()) {
                hit.row = row->second;
                out = make_hit(std::move(hit), completing);
            } else {  // retention was quicker
                out.detection = std::move(hit);
                out.event = id;
            }
            if (!give(std::move(out))) {
                return false;
            }
        }
        return true;
    }

    bool give(HistoryHit hit) {
        ended_ = ended_ || !use_.take(std::move(hit));
        return !ended_;
    }

    const store::EventSource& history_;
    const store::SourceNames& sources_;
    const JudgeQuestion& question_;
    HistoryUse& use_;
    const bool oldest_first_;
    detect::Correlator correlator_;
    std::vector<std::vector<event::FieldId>> host_fields_;  // by profile
    Waiting waiting_;
    std::size_t release_at_;
    bool ended_ = false;  // the user has had enough
    std::string partial_;
    std::optional<Error> fault_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<detect::Engine>> engines_;  // none is in use when it is over
};

}  // namespace

Result<JudgeReport> judge_history(const store::EventSource& history,
                                  const event::ProfileSet& profiles,
                                  const store::SourceNames& sources, const JudgeQuestion& question,
                                  HistoryUse& use) {
    return Judge(history, profiles, sources, question, use).run();
}

}  // namespace gac::pipeline
