// Interned field names. An event keeps its source's own names (decision 8); nested names are dotted
// paths
// ("winlog.event_data.Image"). Rules and queries resolve names once, when they are compiled,
// through a Profile. Any thread; ids are never reused; they are valid within this process only (the
// store writes names).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gac::event {

enum class FieldId : std::uint32_t {};

constexpr std::uint32_t index_of(FieldId id) { return static_cast<std::uint32_t>(id); }

// A source could invent names without end: past this many, every new name becomes kOverflowField,
// and is counted.
inline constexpr std::uint32_t kFieldNamesMax = 65'536;

FieldId intern(std::string_view name);
std::optional<FieldId> find_field(std::string_view name);  // never adds
std::string_view name_of(FieldId id);                      // lives as long as the process
std::uint32_t field_count();                               // ids in use are [0, field_count())

// Well-known fields, interned first and therefore constants; the list is schema/fields.def.
namespace field {
enum class Known : std::uint32_t {
#define GAC_FIELD(identifier, name, type, meaning) identifier,
#include "../schema/fields.def"
#undef GAC_FIELD
};
#define GAC_FIELD(identifier, name, type, meaning) \
    inline constexpr FieldId identifier{static_cast<std::uint32_t>(Known::identifier)};
#include "../schema/fields.def"
#undef GAC_FIELD
}  // namespace field

}  // namespace gac::event
