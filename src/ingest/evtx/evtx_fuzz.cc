// Chunks from strangers: reading ends, stays within its limits, and every record is one JSON
// object.
#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "ingest/evtx/chunk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gac::ingest::evtx;
    ChunkReader reader;
    reader.begin({reinterpret_cast<const char*>(data), size});
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
    return 0;
}
