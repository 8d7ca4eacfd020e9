// The work of gac detect --data: events out of history through one engine to lines on stdout.
#pragma once

#include "app/detect_run.h"
#include "base/result.h"
#include "store/query.h"
#include "store/store.h"

namespace gac::app {

// Lines are sorted by the time of their events as long as they fit into memory; what correlation
// rules find comes in the order of time in any case.
Result<DetectReport> detect_history(const DetectSettings& settings, const store::Store& history,
                                    const store::TimeRange& range);

}  // namespace gac::app
