// A file (or standard input) of events as frames, one by one: what the commands `detect`, `decode`
// and `ingest` read. Unpacks .gz, .xz and .zst by their first bytes; tells lines from JSON: one
// object a line, a stream of objects (pretty-printed or not), or an array of them. The frame with
// index n is event n of the file for the decoders that make one event of each frame. Windows event
// logs (EVTX) come as one JSON object a record, or chunk by chunk. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ingest/framing.h"

namespace gac::ingest {

class Input {
public:
    virtual ~Input() = default;

    // `path` "-" is standard input. Fails when it cannot be opened or is a folder.
    // `evtx_chunks`: frames of an event log are its chunks as they stand, for EventLogDecoder.
    static Result<std::unique_ptr<Input>> open(const std::string& path,
                                               std::size_t frame_bytes_max = 1 << 20,
                                               bool evtx_chunks = false);

    // False at the end. The frame is valid until the next call. An error (unreadable, damaged
    // packing) names the file; frames handed out before it stay good.
    virtual Result<bool> next(Frame& frame) = 0;
    virtual std::uint64_t bytes_read() const = 0;  // unpacked
};

// What the commands take as inputs: folders give way to their files, at any depth and in the order
// of their paths; links to folders are not followed. A folder that cannot be listed stays, so that
// opening it says why.
std::vector<std::string> input_files(const std::vector<std::string>& paths);

}  // namespace gac::ingest
