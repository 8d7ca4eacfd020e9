// Puts event.original together again out of the columns of one block, and gives the fields of its
// rows. One thread; lives in a BlockReader.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/segment/column.h"
#include "store/segment/shape.h"

namespace gac::store {

class BlockReader;

class Rebuilder final : public TextMaker {
public:
    // A shape of the block with its columns.
    struct Source {
        const Shape* shape = nullptr;  // nullptr: rows without one
        struct Step {
            Piece::Kind kind{};
            std::string_view literal;
            Column* column = nullptr;
            bool pool = false;
            std::uint32_t index = 0;  // of the variable
        };
        std::vector<Step> steps;
        std::vector<Column*> fields;  // stored ones; else nullptr
        std::vector<event::FieldId> names;
    };

    explicit Rebuilder(BlockReader& block) : block_(block) {}

    // The source of the shape with this place in the block's list.
    Result<const Source*> source(std::uint32_t place);
    // Appends event.original of the row; `starts`, if given, becomes where each piece starts in
    // `out`, and the end.
    Result<> append_raw(std::uint32_t row, std::string& out, std::vector<std::uint32_t>* starts);
    Result<> append_text(const Column& column, std::uint32_t row, std::string& out) override;

    Result<const BlockShapes*> shapes();
    // The column of one piece of that shape that is no literal; nullptr: it lies in the pool.
    Result<Column*> column_of(std::uint32_t place, const Shape& shape, const Piece& piece);
    // The steps [first, second) that make the column's text: event.original or a part of it.
    std::pair<std::size_t, std::size_t> pieces_of(const Source& source, const Column& column) const;
    // Where the row's values begin in the pool, and the row of a value.
    Result<std::uint32_t> pool_place(std::uint32_t row);
    Result<std::uint32_t> pool_row(std::uint32_t index);

private:
    Result<> append_pieces(const Source& source, std::uint32_t row, std::size_t begin,
                           std::size_t end, std::string& out, std::vector<std::uint32_t>* starts);
    Result<Column*> variable(std::uint32_t place, std::uint32_t ordinal);
    Result<Column*> stored_field(std::uint32_t place, const ShapeField& field);

    BlockReader& block_;
    const BlockShapes* shapes_ = nullptr;
    std::vector<Source> sources_;
    std::vector<bool> ready_;
    std::vector<bool> own_;  // shapes whose variables have own columns
    std::vector<std::pair<std::uint64_t, std::uint32_t>> stored_;  // keys of fields, their columns
    std::vector<std::uint32_t> pool_at_;
};

}  // namespace gac::store
