// Chunks of Windows event log files (EVTX) straight into events: values go from binary XML into
// the batch, and only those that somebody reads. The events are the ones that a Decoder makes of
// the records' JSON (Input's frames), with these differences: head.raw is empty, for there is no
// text, unless a record is of no usual shape and took the way over JSON; a record that cannot be
// read has head.parse_failed; and a value that nobody reads is not looked at, so that damage there
// goes unnoticed. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "event/batch.h"
#include "ingest/decoder.h"

namespace gac::ingest {

class EventLogDecoder {
public:
    explicit EventLogDecoder(const Options& options);
    ~EventLogDecoder();
    EventLogDecoder(const EventLogDecoder&) = delete;
    EventLogDecoder& operator=(const EventLogDecoder&) = delete;

    // A chunk, or what is left of one: Frame::kind EvtxChunk or DirtyEvtxChunk. The bytes must live
    // until the next begin().
    void begin(std::string_view chunk, bool dirty);
    // Appends one event for each record of the chunk.
    void decode(const Origin& origin, event::EventBatch& out);
    // Appends the event of one record, counted from 0; false when there are fewer. For asking again
    // with all fields.
    bool decode_one(std::uint32_t record, const Origin& origin, event::EventBatch& out);

    // Records that took the way over JSON since the beginning.
    std::uint64_t detours() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace gac::ingest
