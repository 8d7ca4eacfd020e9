// What detection says about events: made by detect, kept with alerts by response. Owns all its
// text.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "event/batch.h"

namespace gac::event {

enum class Level : std::uint8_t { Informational, Low, Medium, High, Critical };
std::string_view name_of(Level level);  // Sigma's words

enum class DetectionKind : std::uint8_t { Sigma, Correlation, Indicator };
std::string_view name_of(DetectionKind kind);  // "sigma", "correlation", "indicator"

// What is said of a rule everywhere; shared by all its detections.
struct RuleInfo {
    std::string id;        // the rule's UUID (or name where it has none)
    std::string title;     // English
    std::string title_vi;  // empty when the rule has none
    std::string description;
    std::string description_vi;
    Level level = Level::Medium;
    std::vector<std::string> tags;
    std::vector<std::string> false_positives;
    std::vector<std::string> false_positives_vi;  // the same notes in the same order, or none
    std::string author;    // licences of rule collections demand that it is shown
    std::string license;   // SPDX name, as written
    std::string maturity;  // Sigma's `status`: stable, test, experimental ...
    std::string date, modified;
    std::vector<std::string> references;
    std::vector<std::pair<std::string, std::string>> related;  // id, type
    std::string product, category, service;
    std::string path;  // file it came from
    DetectionKind kind = DetectionKind::Sigma;
};

// A field that made the rule match, by the event's own name.
struct Matched {
    std::string field;
    std::string value;
};

// An entry of an indicator list that holds what the event holds.
struct IndicatorEntry {
    std::string list;
    std::string entry;  // as the list means it: "198.51.100.0/24" where the event has an address
    std::uint32_t line = 0;  // of the list file
    Level level = Level::Medium;
    std::optional<base::TimePoint> valid_until;
    std::string note;
};

struct Detection {
    std::shared_ptr<const RuleInfo> rule;
    std::uint32_t row = 0;  // in the batch being matched: the event that completed it
    base::TimePoint time;   // of that event
    std::optional<base::TimePoint> first;  // correlation: of the first contributing event
    std::vector<EventId> events;  // contributing events, oldest first; a single match names its own
    std::vector<std::pair<std::string, std::string>>
        group;  // correlation: group-by field and value
    std::vector<Matched> matched;
    std::uint64_t count = 1;  // correlation: how many events (or values) there were
    bool drill = false;
    std::string_view indicator_type;      // indicator: "ip", "domain" ...; else empty
    std::vector<IndicatorEntry> entries;  // indicator: every one that hits
};

}  // namespace gac::event
