#include "event/render.h"

#include <algorithm>
#include <string_view>

#include "base/text.h"
#include "base/time.h"

namespace gac::event {

namespace {

void append_name(std::string_view name, std::string& out) {
    if (out.back() != '{') {
        out += ',';
    }
    base::append_json_string(name, out);
    out += ':';
}

}  // namespace

void append_event_json(const EventRef& event, const Profile& profile, std::string& out,
                       const RenderOptions& options) {
    const EventHead& head = event.head();
    out += '{';
    append_name(name_of(field::Timestamp), out);
    ValueRef(head.time).append_json(out);
    if (options.with_id) {
        append_name("event.id", out);
        out += '"';
        out += std::to_string(event.id());  // text: a JavaScript number could not hold it
        out += '"';
    }

    const auto fields = event.fields();
    const auto is_hidden = [&](FieldId id) {
        // The head says these better: one clock, one original.
        return id == field::Timestamp || (id == field::Original && !head.raw.empty());
    };
    const auto stands_later = [&](std::size_t at) {
        return std::any_of(fields.begin() + static_cast<std::ptrdiff_t>(at) + 1, fields.end(),
                           [&](const Field& other) { return other.id == fields[at].id; });
    };
    // Of several own fields that mean the same, the preferred one that is present is shown under
    // the ECS name; a field of that very name in the event needs no stand-in.
    const auto speaks_for = [&](std::string_view ecs, FieldId own) {
        if (ecs == name_of(field::Timestamp)) {
            return false;
        }
        const auto itself = find_field(ecs);
        if (itself && event.find(*itself) != nullptr) {
            return false;
        }
        const auto mapped = profile.names.find(std::string(ecs));
        if (mapped == profile.names.end()) {
            return false;
        }
        const auto first = std::ranges::find_if(
            mapped->second, [&](FieldId id) { return event.find(id) != nullptr; });
        return first != mapped->second.end() && *first == own;
    };
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const Field& field = fields[i];
        if (is_hidden(field.id) || stands_later(i)) {
            continue;
        }
        if (const auto ecs = profile.ecs_name_of(field.id); ecs && speaks_for(*ecs, field.id)) {
            append_name(*ecs, out);
            field.value.append_json(out);
        }
        append_name(name_of(field.id), out);
        field.value.append_json(out);
    }
    if (options.with_original && !head.raw.empty()) {
        append_name(name_of(field::Original), out);
        base::append_json_string(head.raw, out);
    }
    out += '}';
}

}  // namespace gac::event
