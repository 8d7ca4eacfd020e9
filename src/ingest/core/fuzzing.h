// For this room's fuzz targets only: what must hold of every decoded frame, whatever the bytes
// were.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <memory>
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

// Frames as one format and as `auto`. Reading fewer fields gives the same values for those that are
// read.
class FormatTarget {
public:
    explicit FormatTarget(std::string_view format)
        : auto_(*make_decoder("auto", {})),
          whole_(*make_decoder(format, {})),
          few_(*make_decoder(format, {.fields = few_fields()})) {}

    int run(const std::uint8_t* data, std::size_t size) {
        const std::string_view frame(reinterpret_cast<const char*>(data), size);
        if (size > 64 * 1024) {
            return 0;
        }
        // "auto" takes JSON for what it is, which may be several events.
        decode(*auto_, frame, whole_events_, false);
        decode(*whole_, frame, whole_events_, true);
        decode(*few_, frame, few_events_, true);
        // A fault in JSON inside the message goes unseen when nobody reads that value.
        if (few_events_.empty() || frame.contains('{')) {
            return 0;
        }
        GAC_ASSERT(whole_events_.heads()[0].time == few_events_.heads()[0].time);
        for (const event::Field& field : few_events_[0].fields()) {
            const event::ValueRef* full = whole_events_[0].find(field.id);
            GAC_ASSERT(full != nullptr);
            std::string a;
            std::string b;
            full->append_json(a);
            field.value.append_json(b);
            GAC_ASSERT(a == b);
        }
        return 0;
    }

private:
    static FieldChoice few_fields() {
        const event::FieldId wanted[] = {event::field::UserName, event::field::SourceIp,
                                         event::field::ProcessName, event::field::UrlPath,
                                         event::intern("srcip")};
        return FieldChoice::of(wanted);
    }

    std::unique_ptr<Decoder> auto_, whole_, few_;
    event::EventBatch whole_events_, few_events_;
};

}  // namespace gac::ingest::fuzzing
