#include "pipeline/replay.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <vector>

#include "base/log.h"
#include "detect/engine.h"
#include "detect/indicator_engine.h"
#include "pipeline/raiser.h"
#include "pipeline/sighting.h"

namespace gac::pipeline {

namespace {
constexpr event::EventId kEventsAtOnce = 2048;
}

Result<std::uint64_t> replay_tail(const store::EventSource& history, event::EventId end,
                                  RuleService& rules, const IndicatorService* indicators,
                                  const event::ProfileSet& profiles, const SourceTable& sources,
                                  response::Alerts& alerts, Windows& windows) {
    GAC_TRY(raised, alerts.raised_to(Raiser::kStream));
    const event::EventId fed = windows.mark.value_or(raised);
    event::EventId next = std::min(raised, fed);
    windows.mark = end;
    if (next >= end) {
        return 0;
    }
    base::log_info("pipeline", "judging events {} to {} again, raised to {}, correlated to {}",
                   next, end, raised, fed);
    detect::Engine engine(rules.active().get(), windows.limits);
    std::optional<detect::IndicatorEngine> lists;
    if (indicators != nullptr) {
        lists.emplace(indicators->plan(), indicators->active());
        lists->set_disabled(rules.disabled());
    }
    event::EventBatch batch;
    std::vector<event::EventId> ids;
    std::vector<event::Detection> detections;
    detect::CorrelationFeed feed;
    std::uint64_t judged = 0;
    while (next < end) {
        ids.resize(std::min(kEventsAtOnce, end - next));
        std::iota(ids.begin(), ids.end(), next);
        batch.reset();
        GAC_CHECK(history.fetch(ids, batch));
        feed.clear();
        engine.match(batch, detections, feed);
        if (lists) {
            lists->match(batch, detections);
        }
        std::erase_if(feed.inputs, [&](const auto& input) { return input.event < fed; });
        std::vector<event::Detection> correlated;
        windows.correlator->take(feed, correlated);
        detect::merge_by_row(detections, 0, std::move(correlated));
        std::erase_if(detections, [&](const auto& one) { return batch.id_of(one.row) < raised; });
        rules.drop_excepted(detections);
        const auto sightings =
            make_sightings(batch, detections, profiles, sources, *rules.disabled());
        next += ids.size();
        if (next >= raised) {
            GAC_TRY(report, alerts.raise(sightings, {.stream = std::string(Raiser::kStream),
                                                     .raised_to = next}));
            static_cast<void>(report);
        }
        judged += batch.size();
    }
    return judged;
}

}  // namespace gac::pipeline
