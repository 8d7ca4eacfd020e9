// For this room's tests and fuzz targets only: a chunk read straight into events, and over JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "event/batch.h"
#include "ingest/decoder.h"
#include "ingest/event_log.h"
#include "ingest/evtx/chunk.h"

namespace gac::ingest::evtx {

// Everything that an event is, but for its original.
inline std::string describe(const event::EventRef& event) {
    std::string out = std::to_string(event.head().time.us) + '|'
                      + std::to_string(static_cast<unsigned>(event.head().profile));
    for (const event::Field& field : event.fields()) {
        out += '|';
        out += event::name_of(field.id);
        out += ':' + std::to_string(static_cast<int>(field.value.type())) + ':';
        field.value.append_json(out);
    }
    return out;
}

struct BothWays {
    std::vector<std::string> straight;
    std::vector<std::string> over_json;
    std::vector<bool> good;  // records that could be read, and are short enough to be one frame
    std::uint64_t detours = 0;
};

// All fields, with what `options` says of profiles. Time and profile of a bad record tell nothing.
inline BothWays both_ways(std::string_view chunk, const Options& options) {
    BothWays out;
    Origin origin;
    origin.received = {1'700'000'000'000'000};
    event::EventBatch batch;
    EventLogDecoder log(options);
    log.begin(chunk, false);
    log.decode(origin, batch);
    for (std::uint32_t row = 0; row < batch.size(); ++row) {
        out.straight.push_back(describe(batch[row]));
    }
    out.detours = log.detours();
    ChunkReader reader;
    reader.begin(chunk);
    const auto decoder = make_decoder("json", options);
    Record record;
    std::string json;
    while (reader.find_next(record)) {
        const bool good = reader.render(record, json) == nullptr;
        batch.reset();
        (*decoder)->decode(json, origin, batch);
        out.over_json.push_back(batch.size() == 1 ? describe(batch[0]) : "no event");
        out.good.push_back(good && json.size() <= options.event_bytes_max);
    }
    return out;
}

}  // namespace gac::ingest::evtx
