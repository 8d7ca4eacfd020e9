// JSON objects to flat fields: nested names joined by dots, arrays to lists, arrays of objects to
// one list per name. Duplicate keys: the last wins. Whole numbers beyond 64 bits stay text.
//
// Limits: nesting kDepthMax (deeper values stay JSON text) and kElementsMax elements of one list;
// past these, and past the writer's limit of fields, the rest stands in event.original only, and
// the event says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "event/batch.h"
#include "ingest/core/names.h"
#include "ingest/core/writer.h"

namespace gac::ingest {

class JsonReader {
public:
    static constexpr unsigned kDepthMax = 32;
    static constexpr std::size_t kElementsMax = 16'384;

    explicit JsonReader(NameTree& names);
    ~JsonReader();
    JsonReader(const JsonReader&) = delete;
    JsonReader& operator=(const JsonReader&) = delete;

    // Whole frames: an object, an array of objects, or several objects one behind the other.
    void decode(Writer& writer);
    // The object in `text` into the event being written. False, and nothing written, when it is
    // none.
    bool read_into(std::string_view text, Writer& writer);
    // The profile that fits what was read last, for sources without one.
    void choose_profile(Writer& writer) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace gac::ingest
