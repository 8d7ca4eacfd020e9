// Chunks from strangers: reading ends, stays within its limits, every record is one JSON object,
// and what is read straight into events is what its JSON says.
#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "ingest/core/fuzzing.h"
#include "ingest/evtx/both_ways.h"
#include "ingest/evtx/chunk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gac::ingest::evtx;
    const std::string_view chunk(reinterpret_cast<const char*>(data), size);
    ChunkReader reader;
    reader.begin(chunk);
    std::string json;
    std::size_t records = 0;
    simdjson::dom::parser parser;
    while (reader.next(json)) {
        simdjson::dom::element element;
        GAC_ASSERT(parser.parse(json).get(element) == simdjson::SUCCESS);
        GAC_ASSERT(element.is_object());
        GAC_ASSERT(++records <= size / 4);
    }
    GAC_ASSERT(reader.counts().records == records && reader.counts().bad <= records);

    const BothWays both = both_ways(chunk, {});
    GAC_ASSERT(both.straight.size() == records && both.over_json.size() == records);
    for (std::size_t i = 0; i < records; ++i) {
        GAC_ASSERT(!both.good[i] || both.straight[i] == both.over_json[i]);
    }
    // Again with few fields read, and after another chunk: plans are kept.
    gac::ingest::Options few;
    const gac::event::FieldId wanted[] = {gac::event::intern("EventID"),
                                          gac::event::intern("Image")};
    few.fields = gac::ingest::FieldChoice::of(wanted);
    gac::ingest::EventLogDecoder log(few);
    gac::event::EventBatch batch;
    const gac::ingest::Origin origin;
    for (int i = 0; i < 2; ++i) {
        batch.reset();
        log.begin(chunk, i == 1);
        log.decode(origin, batch);
        GAC_ASSERT(batch.size() >= records);
        gac::ingest::fuzzing::check_batch(batch);
    }
    return 0;
}
