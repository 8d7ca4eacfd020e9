// How the values of a column begin that are parts of event.original: told without putting them
// together. So a hunt for hosts leaves out nearly all paths that requests name. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/hunt.h"
#include "store/segment/segment.h"

namespace gac::store::query {

class Openings {
public:
    // Of a column of encoding Span; the block's reader and the eye must live on.
    static Result<Openings> of(BlockReader& reader, const Column& column, std::uint32_t role,
                               const HunterEye& eye);

    // May the value of the row hold something? The row must have one.
    bool worth_a_look(std::uint32_t row);

private:
    // Of the rows of one shape: a literal that may be empty, and what stands behind it, where the
    // literal alone does not tell.
    struct OfShape {
        bool worth = true;
        std::string literal;
        Column* behind = nullptr;
        bool field = false;         // `behind` is a field's column, not a variable's
        std::vector<bool> by_code;  // of a coded column
    };
    Result<OfShape> of_shape(Rebuilder& rebuilder, std::uint32_t place, const Shape& shape,
                             const Column& column);
    bool may_begin(const OfShape& shape, const event::ValueRef& behind);

    std::uint32_t role_ = 0;
    const HunterEye* eye_ = nullptr;
    const BlockShapes* shapes_ = nullptr;
    std::vector<OfShape> of_shapes_;  // by place in the block's list
    std::string text_;
};

}  // namespace gac::store::query
