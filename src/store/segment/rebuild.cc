#include "store/segment/rebuild.h"

#include <algorithm>

#include "store/segment/segment.h"

namespace gac::store {

namespace {

std::uint64_t key_of(std::uint32_t key, std::uint32_t occurrence, TypeCode type) {
    return std::uint64_t{key} << 32 | std::uint64_t{occurrence} << 4
           | static_cast<std::uint64_t>(type);
}

std::unexpected<Error> damaged(const char* what) { return fail(Code::Corrupt, what); }

}  // namespace

Result<const BlockShapes*> Rebuilder::shapes() {
    if (shapes_ != nullptr) {
        return shapes_;
    }
    GAC_TRY(raw, block_.head(System::Raw));
    GAC_TRY(table, block_.segment_shapes());
    const BlockShapes* shapes = raw->shapes();
    for (std::uint32_t place = 0; place < shapes->count(); ++place) {
        if (shapes->number(place) != BlockShapes::kFree && shapes->number(place) >= table->size()) {
            return damaged("a row has a shape that is not in the table");
        }
    }
    sources_.resize(shapes->count());
    ready_.resize(shapes->count());
    own_.resize(shapes->count());
    for (const ColumnEntry& entry : block_.entry().variables) {
        if (entry.key != kPoolKey && entry.key - kFirstShapeKey < own_.size()) {
            own_[entry.key - kFirstShapeKey] = true;
        }
    }
    for (std::uint32_t i = kSystemColumns; i < block_.entry().columns.size(); ++i) {
        const ColumnEntry& entry = block_.entry().columns[i];
        if (entry.encoding != Encoding::Span) {
            stored_.emplace_back(key_of(entry.key, entry.occurrence, entry.type), i);
        }
    }
    std::ranges::sort(stored_);
    shapes_ = shapes;
    return shapes_;
}

Result<Column*> Rebuilder::variable(std::uint32_t place, std::uint32_t ordinal) {
    const auto& entries = block_.entry().variables;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (entries[i].key == kFirstShapeKey + place && entries[i].occurrence == ordinal) {
            if (entries[i].present != shapes_->rows_with(place)) {
                break;
            }
            return block_.variable(i);
        }
    }
    return damaged("a variable of a shape is missing");
}

Result<Column*> Rebuilder::stored_field(std::uint32_t place, const ShapeField& field) {
    const std::uint64_t key = key_of(field.key, field.occurrence, field.type);
    const auto found =
        std::ranges::lower_bound(stored_, key, {}, &std::pair<std::uint64_t, std::uint32_t>::first);
    if (found == stored_.end() || found->first != key) {
        return damaged("a field of a shape has no column");
    }
    GAC_TRY(column, block_.column(found->second));
    // Every row of the shape must have it.
    if (!column->has_shape(place)) {
        RowSet without = shapes_->rows_of(place);
        without -= column->present();
        if (!without.empty()) {
            return damaged("a row lacks a field of its shape");
        }
    }
    return column;
}

Result<Column*> Rebuilder::column_of(std::uint32_t place, const Shape& shape, const Piece& piece) {
    GAC_CHECK(shapes());
    if (piece.is_field()) {
        return stored_field(place, shape.fields[piece.index]);
    }
    return own_[place] ? variable(place, piece.index) : nullptr;
}

Result<const Rebuilder::Source*> Rebuilder::source(std::uint32_t place) {
    GAC_TRY(shapes, this->shapes());
    Source& source = sources_[place];
    if (ready_[place]) {
        return &source;
    }
    source = {};
    if (shapes->number(place) == BlockShapes::kFree) {
        GAC_TRY(pool, block_.pool());
        source.steps.push_back({.kind = Piece::Kind::Text, .column = pool, .pool = true});
        ready_[place] = true;
        return &source;
    }
    GAC_TRY(table, block_.segment_shapes());
    const Shape& shape = (*table)[shapes->number(place)];
    source.shape = &shape;
    for (const ShapeField& field : shape.fields) {
        source.names.push_back(block_.segment().field(field.key - kFirstFieldColumn));
        source.fields.push_back(nullptr);
        if (field.stored) {
            GAC_TRY(column, stored_field(place, field));
            source.fields.back() = column;
        }
    }
    for (const Piece& piece : shape.pieces) {
        Source::Step step{.kind = piece.kind, .index = piece.index};
        if (piece.kind == Piece::Kind::Literal) {
            step.literal = shape.literal(piece);
        } else if (piece.is_field()) {
            step.column = source.fields[piece.index];
        } else if (own_[place]) {
            GAC_TRY(column, variable(place, piece.index));
            step.column = column;
        } else {
            GAC_TRY(pool, block_.pool());
            step.column = pool;
            step.pool = true;
        }
        source.steps.push_back(step);
    }
    ready_[place] = true;
    return &source;
}

Result<std::uint32_t> Rebuilder::pool_place(std::uint32_t row) {
    if (pool_at_.empty()) {
        GAC_TRY(table, block_.segment_shapes());
        GAC_TRY(pool, block_.pool());
        std::uint64_t at = 0;
        std::vector<std::uint32_t> pool_at;
        pool_at.reserve(shapes_->rows());
        for (const std::uint32_t place : shapes_->codes()) {
            pool_at.push_back(static_cast<std::uint32_t>(at));
            if (!own_[place]) {
                const std::uint32_t number = shapes_->number(place);
                at += number == BlockShapes::kFree ? 1 : (*table)[number].variables;
            }
        }
        if (at != pool->present_count()) {
            return damaged("the pool of variables has not as many as its rows need");
        }
        pool_at_ = std::move(pool_at);
    }
    return pool_at_[row];
}

Result<std::uint32_t> Rebuilder::pool_row(std::uint32_t index) {
    GAC_CHECK(pool_place(0));
    // Rows that have nothing in the pool begin where the next one does.
    const auto after = std::ranges::upper_bound(pool_at_, index);
    return static_cast<std::uint32_t>(after - pool_at_.begin()) - 1;
}

Result<> Rebuilder::append_pieces(const Source& source, std::uint32_t row, std::size_t begin,
                                  std::size_t end, std::string& out,
                                  std::vector<std::uint32_t>* starts) {
    for (std::size_t i = begin; i < end; ++i) {
        const Source::Step& step = source.steps[i];
        if (starts != nullptr) {
            starts->push_back(static_cast<std::uint32_t>(out.size()));
        }
        if (step.kind == Piece::Kind::Literal) {
            out += step.literal;
            continue;
        }
        std::uint32_t index = 0;
        if (step.pool) {
            GAC_TRY(at, pool_place(row));
            index = at + step.index;
        } else if (step.kind >= Piece::Kind::Field) {
            index = step.column->index_of(row);
        } else {
            index = shapes_->rank(row);
        }
        if (!step.column->append_text(index, step.kind == Piece::Kind::Json, out)) {
            return damaged("a part of event.original cannot be read");
        }
    }
    if (starts != nullptr) {
        starts->push_back(static_cast<std::uint32_t>(out.size()));
    }
    if (out.size() > kColumnBytesMax) {
        return damaged("event.original is too long");
    }
    return {};
}

Result<> Rebuilder::append_raw(std::uint32_t row, std::string& out,
                               std::vector<std::uint32_t>* starts) {
    GAC_TRY(shapes, this->shapes());
    GAC_TRY(from, source(shapes->code(row)));
    if (starts != nullptr) {
        starts->clear();
    }
    return append_pieces(*from, row, 0, from->steps.size(), out, starts);
}

Result<> Rebuilder::append_text(const Column& column, std::uint32_t row, std::string& out) {
    GAC_TRY(shapes, this->shapes());
    GAC_TRY(from, source(shapes->code(row)));
    const auto [begin, end] = pieces_of(*from, column);
    return append_pieces(*from, row, begin, end, out, nullptr);
}

std::pair<std::size_t, std::size_t> Rebuilder::pieces_of(const Source& source,
                                                         const Column& column) const {
    if (column.entry().encoding == Encoding::Shaped) {
        return {0, source.steps.size()};
    }
    if (source.shape != nullptr) {
        for (const ShapeField& field : source.shape->fields) {
            if (!field.stored && field.key == column.entry().key
                && field.occurrence == column.entry().occurrence) {
                return {field.begin, field.end};
            }
        }
    }
    return {0, 0};  // no row of the shape has it
}

}  // namespace gac::store
