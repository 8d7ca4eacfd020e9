// The work of gac detect --data: events out of history through engines to lines on stdout.
#pragma once

#include "app/detect_run.h"
#include "base/result.h"
#include "store/query.h"
#include "store/store.h"

namespace gac::app {

// Lines are sorted by the time of their events; what correlation rules find may come later, when
// there are more lines than fit into memory.
Result<DetectReport> detect_history(const DetectSettings& settings, const store::Store& history,
                                    const store::TimeRange& range);

}  // namespace gac::app
