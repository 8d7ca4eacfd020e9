#include "store/query/value_counts.h"

#include <algorithm>
#include <map>

namespace gac::store::query {

namespace {

// A column that some shapes take the field's value from.
struct Use {
    std::vector<std::uint32_t> shapes;  // places in the block's list
    std::uint64_t rows = 0;
};

// The field of the shape that the name means: of the first own field that it has the last one.
const ShapeField* field_of(const Shape& shape, const BlockReader& reader, const Name& name,
                           event::ProfileId profile) {
    for (const event::FieldId own : name.own(profile)) {
        const ShapeField* found = nullptr;
        for (const ShapeField& field : shape.fields) {
            if (field.type != TypeCode::Null
                && reader.segment().field(field.key - kFirstFieldColumn) == own
                && (found == nullptr || field.occurrence > found->occurrence)) {
                found = &field;
            }
        }
        if (found != nullptr) {
            return found;
        }
    }
    return nullptr;
}

// Its place in the block's columns; nothing for parts of event.original.
std::optional<std::uint32_t> column_of(const ShapeField& field, const BlockReader& reader) {
    for (const std::uint32_t place :
         reader.columns_of(reader.segment().field(field.key - kFirstFieldColumn))) {
        const ColumnEntry& entry = reader.entry().columns[place];
        if (field.stored && entry.occurrence == field.occurrence && entry.type == field.type
            && entry.encoding != Encoding::Span) {
            return place;
        }
    }
    return std::nullopt;
}

// False when the column has no codes, or not for those rows alone.
bool add_counts(Column& column, const Use& use, const BlockShapes& shapes, ValueCounts& out) {
    if (!column.coded()) {
        return false;
    }
    std::vector<std::uint64_t> counts(column.distinct().size());
    if (column.by_shape() || column.entry().encoding == Encoding::Constant) {
        for (const std::uint32_t place : use.shapes) {
            counts[column.by_shape() ? column.code_of_shape(place) : 0] += shapes.rows_with(place);
        }
    } else if (use.rows == column.present_count()) {
        for (const std::uint32_t code : column.codes()) {
            ++counts[code];
        }
    } else {
        return false;
    }
    for (std::size_t code = 0; code < counts.size(); ++code) {
        if (counts[code] > 0) {
            out.values.push_back({column.distinct()[code], counts[code]});
        }
    }
    return true;
}

}  // namespace

Result<std::optional<ValueCounts>> count_values(BlockReader& reader, const Name& name) {
    const std::optional<ValueCounts> unknown;
    if (name.kind != Name::Kind::Own || !reader.shaped()) {
        return unknown;
    }
    GAC_TRY(raw, reader.head(System::Raw));
    GAC_TRY(table, reader.segment_shapes());
    GAC_TRY(profile, reader.head(System::Profile));
    const auto profiles = reader.segment().profiles();
    if (!profile->by_shape() && profile->entry().encoding != Encoding::Constant) {
        return unknown;
    }
    const BlockShapes& shapes = *raw->shapes();
    std::map<std::uint32_t, Use> uses;
    ValueCounts out;
    for (std::uint32_t place = 0; place < shapes.count(); ++place) {
        const std::uint32_t number = shapes.number(place);
        const auto which = static_cast<std::uint64_t>(
            profile->distinct()[profile->by_shape() ? profile->code_of_shape(place) : 0].integer());
        if (number >= table->size() || which >= profiles.size()) {
            return unknown;  // rows without a shape, or damage, which reading rows will tell
        }
        const ShapeField* const field =
            field_of((*table)[number], reader, name, profiles[static_cast<std::size_t>(which)]);
        if (field == nullptr) {
            out.none += shapes.rows_with(place);
            continue;
        }
        const auto column = column_of(*field, reader);
        if (!column) {
            return unknown;
        }
        uses[*column].shapes.push_back(place);
        uses[*column].rows += shapes.rows_with(place);
    }
    for (const auto& [place, use] : uses) {
        GAC_TRY(column, reader.column(place));
        const bool all_have_it = std::ranges::all_of(
            use.shapes, [&](std::uint32_t shape) { return column->has_shape(shape); });
        if (!all_have_it || !add_counts(*column, use, shapes, out)) {
            return unknown;
        }
    }
    return std::optional(std::move(out));
}

}  // namespace gac::store::query
