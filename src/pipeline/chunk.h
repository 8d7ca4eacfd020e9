// Bytes that arrived together from one source, on their way to a shard.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "event/batch.h"

namespace gac::pipeline {

// How the bytes of a chunk are cut into frames.
enum class Framing : std::uint8_t {
    Lines,   // LF or CRLF
    PreCut,  // `cuts` holds the end of each frame
};

struct Cut {
    std::uint32_t end = 0;   // offset after the frame; it begins where the one before ended
    bool truncated = false;  // the framer cut it at its limit
};

// What became of a chunk, said after its events are durable (or could not be made so).
struct Receipt {
    std::uint64_t accepted = 0;  // events kept, those kept raw included
    std::uint64_t failed = 0;    // of them kept raw, with parse.error
    Result<> outcome;            // an error: nothing beyond `accepted` was kept
};

struct Chunk {
    event::SourceId source{};
    std::string format;  // decoder; empty: the source's
    std::string peer;
    std::string bytes;
    Framing framing = Framing::Lines;
    std::vector<Cut> cuts;
    base::TimePoint received;
    bool drill = false;
    // Set for senders that wait for an answer; called once, from a store or shard thread. Without
    // it the sender is a stream: when the disk is full its events wait instead of being refused.
    std::move_only_function<void(Receipt)> done;
};

// What a chunk holds of memory while it waits, in bytes.
inline std::size_t weight_of(const Chunk& chunk) {
    return sizeof(Chunk) + chunk.bytes.capacity() + chunk.cuts.capacity() * sizeof(Cut);
}

}  // namespace gac::pipeline
