#include "store/query/openings.h"

#include <algorithm>

#include "store/segment/rebuild.h"

namespace gac::store::query {

namespace {
constexpr std::size_t kBehindMax = 8;  // bytes that are looked at
}

Result<Openings> Openings::of(BlockReader& reader, const Column& column, std::uint32_t role,
                              const HunterEye& eye) {
    Openings out;
    out.role_ = role;
    out.eye_ = &eye;
    GAC_TRY(shapes, reader.rebuilder().shapes());
    GAC_TRY(table, reader.segment_shapes());
    out.shapes_ = shapes;
    for (std::uint32_t place = 0; place < shapes->count(); ++place) {
        OfShape& shape = out.of_shapes_.emplace_back();
        if (shapes->number(place) != BlockShapes::kFree && column.has_shape(place)) {
            GAC_TRY(known, out.of_shape(reader.rebuilder(), place, (*table)[shapes->number(place)],
                                        column));
            shape = std::move(known);
        }
    }
    return out;
}

Result<Openings::OfShape> Openings::of_shape(Rebuilder& rebuilder, std::uint32_t place,
                                             const Shape& shape, const Column& column) {
    OfShape out;
    const auto field = std::ranges::find_if(shape.fields, [&](const ShapeField& one) {
        return !one.stored && one.key == column.entry().key
               && one.occurrence == column.entry().occurrence;
    });
    if (field == shape.fields.end() || field->begin == field->end) {
        return out;
    }
    std::size_t at = field->begin;
    if (shape.pieces[at].kind == Piece::Kind::Literal) {
        out.literal = shape.literal(shape.pieces[at++]);
        out.worth = eye_->may_begin(role_, out.literal);
    }
    if (!out.worth || at == field->end) {
        return out;
    }
    const Piece& piece = shape.pieces[at];
    out.field = piece.kind == Piece::Kind::Field;
    if (!piece.is_variable() && !out.field) {
        return out;
    }
    GAC_TRY(behind, rebuilder.column_of(place, shape, piece));
    if (behind != nullptr && behind->coded()) {
        for (const event::ValueRef& value : behind->distinct()) {
            out.by_code.push_back(may_begin(out, value));
        }
        out.worth = std::ranges::find(out.by_code, true) != out.by_code.end();
    }
    out.behind = out.worth ? behind : nullptr;
    return out;
}

bool Openings::may_begin(const OfShape& shape, const event::ValueRef& behind) {
    if (!behind.is_string()) {
        return true;
    }
    text_ = shape.literal;
    text_ += behind.string().substr(0, kBehindMax);
    return eye_->may_begin(role_, text_);
}

bool Openings::worth_a_look(std::uint32_t row) {
    const OfShape& shape = of_shapes_[shapes_->code(row)];
    if (shape.behind == nullptr) {
        return shape.worth;
    }
    const std::uint32_t index = shape.field ? shape.behind->index_of(row) : shapes_->rank(row);
    if (shape.behind->coded()) {
        const std::uint32_t code = shape.behind->code(index);
        return code >= shape.by_code.size() || shape.by_code[code];
    }
    const auto value = shape.behind->at(index);
    return !value || may_begin(shape, *value);
}

}  // namespace gac::store::query
