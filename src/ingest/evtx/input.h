// A Windows event log file as frames, one JSON object a record; what Input::open gives for files
// that begin like one.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "ingest/input.h"
#include "ingest/unpack.h"

namespace gac::ingest {

// `begun` are the bytes that were already read from `source`. Chunks are read one by one until the
// bytes end, whatever the file's head says of their number, so that files of a crashed or running
// Windows are read whole.
std::unique_ptr<Input> make_evtx_input(std::string path, std::unique_ptr<ByteSource> source,
                                       std::string_view begun, bool chunks);

}  // namespace gac::ingest
