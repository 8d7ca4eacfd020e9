// Any bytes as JSON: events, never a crash. A valid object decodes to the very values that another
// parser (Boost.JSON) finds, flattened by a plain recursion that shares no code with ours.
#include <boost/json.hpp>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/core/fuzzing.h"

using namespace gac;
namespace json = boost::json;

namespace {

constexpr std::size_t kDepthMax = 20;

// A flattened value: a scalar, or a list of scalars.
struct Flat {
    bool is_list = false;
    std::vector<json::value> values;
};
using Entries = std::vector<std::pair<std::string, Flat>>;

bool comparable(const json::value& value) {
    if (const auto* object = value.if_object()) {
        for (const auto& member : *object) {
            const std::string_view key(member.key().data(), member.key().size());
            // Joined names could coincide, and records of Windows are renamed.
            if (key.empty() || key.contains('.') || key == "Event" || !comparable(member.value())) {
                return false;
            }
        }
    } else if (const auto* array = value.if_array()) {
        for (const json::value& element : *array) {
            if (!comparable(element)) {
                return false;
            }
        }
    }
    return true;
}

void flatten(const std::string& path, const json::value& value, Entries& out);

void flatten_members(const std::string& path, const json::object& object, Entries& out) {
    for (const auto& member : object) {
        const std::string key(member.key().data(), member.key().size());
        flatten(path.empty() ? key : path + '.' + key, member.value(), out);
    }
}

void elements(const std::string& path, const json::array& array, Flat& list, Entries& below) {
    for (const json::value& element : array) {
        if (const auto* inner = element.if_array()) {
            elements(path, *inner, list, below);
        } else if (const auto* object = element.if_object()) {
            flatten_members(path, *object, below);
        } else {
            list.values.push_back(element);
        }
    }
}

void flatten(const std::string& path, const json::value& value, Entries& out) {
    if (const auto* object = value.if_object()) {
        flatten_members(path, *object, out);
    } else if (const auto* array = value.if_array()) {
        Flat list{.is_list = true, .values = {}};
        Entries below;
        elements(path, *array, list, below);
        if (!list.values.empty() || below.empty()) {
            out.emplace_back(path, list);
        }
        std::map<std::string, std::vector<Flat>> groups;
        for (auto& [name, flat] : below) {
            groups[name].push_back(flat);
        }
        for (auto& [name, group] : groups) {
            if (group.size() == 1) {
                out.emplace_back(name, group[0]);
                continue;
            }
            Flat joined{.is_list = true, .values = {}};
            for (const Flat& flat : group) {
                joined.values.insert(joined.values.end(), flat.values.begin(), flat.values.end());
            }
            out.emplace_back(name, joined);
        }
    } else {
        out.emplace_back(path, Flat{.is_list = false, .values = {value}});
    }
}

bool same(const event::ValueRef& ours, const json::value& theirs) {
    switch (ours.type()) {
        case event::Type::Null:
            return theirs.is_null();
        case event::Type::Bool:
            return theirs.is_bool() && theirs.get_bool() == ours.truth();
        case event::Type::Integer:
            return theirs.is_int64() && theirs.get_int64() == ours.integer();
        case event::Type::Float: {
            // Its doubles may be off by the last place.
            const double number = theirs.is_double()  ? theirs.get_double()
                                  : theirs.is_int64() ? static_cast<double>(theirs.get_int64())
                                                      : std::numeric_limits<double>::quiet_NaN();
            return std::abs(number - ours.number()) <= 1e-12 * std::abs(ours.number())
                   || (std::abs(ours.number()) < 1e-290 && std::abs(number) < 1e-290);
        }
        case event::Type::String:
            if (theirs.is_string()) {
                return ours.string()
                       == std::string_view(theirs.get_string().data(), theirs.get_string().size());
            }
            if (theirs.is_uint64()) {
                return ours.string() == std::to_string(theirs.get_uint64());
            }
            return theirs.is_double();  // digits that a number would lose
        case event::Type::Ip:
        case event::Type::Time:
        case event::Type::List:
            return false;
    }
    return false;
}

void compare(const event::EventRef& event, const json::object& object) {
    Entries entries;
    flatten_members("", object, entries);
    if (entries.size() > 1000) {
        return;
    }
    GAC_ASSERT(event.fields().size() == entries.size());
    for (const auto& [name, flat] : entries) {
        const auto id = event::find_field(name);
        GAC_ASSERT(id.has_value());
        const event::ValueRef* value = event.find(*id);
        GAC_ASSERT(value != nullptr);
        if (!flat.is_list) {
            GAC_ASSERT(same(*value, flat.values[0]));
            continue;
        }
        GAC_ASSERT(value->type() == event::Type::List);
        GAC_ASSERT(value->list().size() == flat.values.size());
        for (std::size_t i = 0; i < flat.values.size(); ++i) {
            GAC_ASSERT(same(value->list()[i], flat.values[i]));
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto kDecoder = ingest::make_decoder("json", {});
    if (size > 16 * 1024) {
        return 0;
    }
    const std::string_view frame(reinterpret_cast<const char*>(data), size);
    static event::EventBatch batch;
    ingest::fuzzing::decode(**kDecoder, frame, batch, false);

    // Names are interned for ever: a long run would fill the table and then all names are one.
    if (event::field_count() > event::kFieldNamesMax / 2) {
        return 0;
    }
    boost::system::error_code fault;
    json::parse_options options;
    options.max_depth = kDepthMax;
    const json::value value = json::parse(frame, fault, {}, options);
    if (fault || !value.is_object() || !comparable(value)) {
        return 0;
    }
    GAC_ASSERT(batch.size() == 1);
    GAC_ASSERT(!batch.heads()[0].parse_failed);
    compare(batch[0], value.get_object());
    return 0;
}
