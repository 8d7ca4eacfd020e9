// Any frame as `combined`, and as `auto`: one event, its original kept, its texts UTF-8.
#include "ingest/core/fuzzing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static gac::ingest::fuzzing::FormatTarget target("combined");
    return target.run(data, size);
}
