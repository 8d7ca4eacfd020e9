// For this room's fuzz targets only: what must hold of every decoded frame, whatever the bytes
// were.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/text.h"
#include "event/render.h"
#include "ingest/decoder.h"

namespace gac::ingest::fuzzing {

inline bool is_blank(std::string_view text) {
    return text.find_first_not_of(std::string_view(" \t\r\n\0", 5)) == std::string_view::npos;
}

inline void check_value(const event::ValueRef& value) {
    if (value.is_string()) {
        GAC_ASSERT(base::is_utf8(value.string()));
    } else if (value.type() == event::Type::List) {
        for (const event::ValueRef& element : value.list()) {
            check_value(element);
        }
    }
}

// Each event renders as valid JSON, its texts are UTF-8, a name stands once, and a failure says
// why.
inline void check_batch(const event::EventBatch& batch) {
    static const event::Profile kNone;
    simdjson::dom::parser parser;
    std::string json;
    for (std::uint32_t row = 0; row < batch.size(); ++row) {
        const event::EventRef event = batch[row];
        const auto fields = event.fields();
        for (std::size_t i = 0; i < fields.size(); ++i) {
            check_value(fields[i].value);
            if (fields.size() < 256) {
                for (std::size_t other = i + 1; other < fields.size(); ++other) {
                    GAC_ASSERT(fields[i].id != fields[other].id);
                }
            }
        }
        GAC_ASSERT(event.head().parse_failed == (event.find(event::field::ParseError) != nullptr));
        json.clear();
        event::append_event_json(event, kNone, json);
        simdjson::dom::element document;
        GAC_ASSERT(parser.parse(json).get(document) == simdjson::SUCCESS);
    }
}

// Decodes one frame; the original is kept, and exactly one event comes of it (JSON may give more).
inline void decode(Decoder& decoder, std::string_view frame, event::EventBatch& batch,
                   bool exactly_one) {
    // Its own allocation, of its exact size: reading past the end is seen.
    const std::string copy(frame);
    batch.reset();
    decoder.decode(copy, {.received = {1'795'000'000'000'000}}, batch);
    if (is_blank(frame)) {
        GAC_ASSERT(batch.empty());
        return;
    }
    GAC_ASSERT(!batch.empty());
    if (exactly_one) {
        GAC_ASSERT(batch.size() == 1);
        GAC_ASSERT(batch.heads()[0].raw == frame);
    }
    check_batch(batch);
}

}  // namespace gac::ingest::fuzzing
