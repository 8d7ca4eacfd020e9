// From a detection and its event to what the alert desk wants to know.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "event/detection.h"
#include "event/profile.h"
#include "pipeline/source_table.h"
#include "response/alerts.h"

namespace gac::pipeline {

// Takes the detections of one batch (left empty). Those of disabled rules are dropped.
std::vector<response::Sighting> make_sightings(const event::EventBatch& batch,
                                               std::vector<event::Detection>& detections,
                                               const event::ProfileSet& profiles,
                                               const SourceTable& sources,
                                               const std::set<std::string>& disabled);

}  // namespace gac::pipeline
