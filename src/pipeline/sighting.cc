#include "pipeline/sighting.h"

#include <unordered_map>

#include <fmt/format.h>

#include "event/render.h"

namespace gac::pipeline {

namespace {

constexpr int kSamplesPerRule = 16;  // in one batch; an alert keeps five

std::string text_of(const event::EventRef& event, const event::Profile& profile,
                    std::string_view asked) {
    std::string scratch;
    for (const event::FieldId id : profile.resolve(asked)) {
        const event::ValueRef* value = event.find(id);
        if (value == nullptr) {
            continue;
        }
        if (value->type() == event::Type::List) {
            if (!value->list().empty()) {
                return std::string(value->list().front().text(scratch));
            }
        } else if (!value->is_null()) {
            return std::string(value->text(scratch));
        }
    }
    return {};
}

}  // namespace

std::vector<response::Sighting> make_sightings(const event::EventBatch& batch,
                                               std::vector<event::Detection>& detections,
                                               const event::ProfileSet& profiles,
                                               const SourceTable& sources,
                                               const std::set<std::string>& disabled) {
    std::vector<response::Sighting> sightings;
    sightings.reserve(detections.size());
    std::unordered_map<const event::RuleInfo*, int> samples;
    for (event::Detection& detection : detections) {
        if (disabled.contains(detection.rule->id)) {
            continue;
        }
        const event::EventRef event = batch[detection.row];
        const event::Profile& profile = profiles[event.head().profile];
        response::Sighting& sighting = sightings.emplace_back();
        sighting.source = sources.name(event.head().source);
        sighting.host = text_of(event, profile, "host.name");
        sighting.host_ip = text_of(event, profile, "host.ip");
        sighting.source_ip = text_of(event, profile, "source.ip");
        sighting.user_name = text_of(event, profile, "user.name");
        if (samples[detection.rule.get()]++ < kSamplesPerRule) {
            event::append_event_json(event, profile, sighting.sample);
        }
        // An alert keeps fields and values: which entries hit is told as such.
        for (const event::IndicatorEntry& entry : detection.entries) {
            detection.matched.push_back(
                {"indicator.entry", fmt::format("{}:{} {}{}{}", entry.list, entry.line, entry.entry,
                                                entry.note.empty() ? "" : " – ", entry.note)});
        }
        sighting.detection = std::move(detection);
    }
    detections.clear();
    return sightings;
}

}  // namespace gac::pipeline
