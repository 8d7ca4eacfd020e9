// What the tests of indicators share: sets from texts, events from names and values.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "detect/indicator_engine.h"

namespace gac::detect::ioc::testing {

inline base::TimePoint at(std::string_view text) { return *base::parse_rfc3339(text); }

struct TestList {
    std::string path;
    std::string text;
    bool allow = false;
};

inline std::shared_ptr<const IndicatorSet> build(const std::vector<TestList>& lists,
                                                 std::vector<ListFault>* faults = nullptr) {
    IndicatorBuilder builder;
    for (const TestList& list : lists) {
        builder.begin(list.path, list.allow);
        builder.feed(list.text);
        static_cast<void>(builder.end());
    }
    if (faults != nullptr) {
        *faults = builder.faults();
    }
    return builder.finish();
}

inline std::shared_ptr<const event::ProfileSet> profiles() {
    static const auto loaded = *event::ProfileSet::load(
        std::filesystem::path(GAC_SOURCE_DIR) / "profiles", base::Zone::utc());
    return loaded;
}

using Values = std::vector<std::pair<std::string, std::string>>;

inline void add_event(event::EventBatch& batch, const Values& values,
                      std::string_view profile = "generic",
                      base::TimePoint time = at("2026-06-01T00:00:00Z"),
                      std::string_view raw = {}) {
    batch.begin();
    for (const auto& [name, value] : values) {
        batch.add_copy(event::intern(name), value);
    }
    event::EventHead head;
    head.time = time;
    head.profile = *profiles()->find(profile);
    head.raw = batch.arena().copy(raw);
    batch.end(head);
}

inline std::vector<event::Detection> match(const std::shared_ptr<const IndicatorSet>& set,
                                           event::EventBatch& batch,
                                           const IndicatorOptions& options = {}) {
    IndicatorEngine engine(std::make_shared<IndicatorPlan>(*profiles(), options), set);
    batch.set_first_id(1);
    std::vector<event::Detection> hits;
    engine.match(batch, hits);
    return hits;
}

// "list:entry" of all entries of one observable.
inline std::vector<std::string> entries(const event::Detection& hit) {
    std::vector<std::string> out;
    for (const event::IndicatorEntry& entry : hit.entries) {
        out.push_back(entry.list + ':' + entry.entry);
    }
    return out;
}

inline std::vector<std::string> observables(const std::vector<event::Detection>& hits) {
    std::vector<std::string> out;
    for (const event::Detection& hit : hits) {
        out.push_back(std::string(hit.indicator_type) + ' ' + hit.group.front().second);
    }
    return out;
}

}  // namespace gac::detect::ioc::testing
