// Log sources as JSON, and what is said of their state: one place for list, desk and live feed.
#pragma once

#include <string_view>

#include "api/json_writer.h"
#include "api/source_meter.h"
#include "api/state.h"
#include "response/sources.h"

namespace gac::api {

enum class SourceHealth : std::uint8_t { Silent, Failing, Receiving };  // most urgent first
std::string_view name_of(SourceHealth health);

struct SourceView {
    response::Source source;
    SourceMeter::Reading reading;
    SourceHealth health = SourceHealth::Receiving;
    std::uint64_t dropped = 0;
};

SourceView view_of(Api::State& state, response::Source source, base::TimePoint now);
void write_source(Api::State& state, JsonWriter& json, const SourceView& view, base::TimePoint now);

}  // namespace gac::api
