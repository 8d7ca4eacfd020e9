// Events as people and programs read them outside: one flat JSON object. `gac decode`, search
// results and the API all use this one form.
#pragma once

#include <string>

#include "event/batch.h"
#include "event/profile.h"

namespace gac::event {

struct RenderOptions {
    bool with_id = false;       // "event.id"
    bool with_original = true;  // "event.original"
};

// Appends {"@timestamp": ..., ECS names of mapped fields, the source's own names, "event.original",
// "parse.error" when it failed}; no line end. A name stands once: the last value wins.
void append_event_json(const EventRef& event, const Profile& profile, std::string& out,
                       const RenderOptions& options = {});

}  // namespace gac::event
