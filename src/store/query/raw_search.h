// Looks for a literal in event.original (or a part of it) without putting lines together: first by
// shape, whether the literal can come out of its pieces at all; then in the columns of variables
// and fields, which hold far fewer bytes than the lines. Gives rows that may hold it, to be looked
// at, and rows that hold it for sure. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "store/query/match.h"
#include "store/segment/segment.h"

namespace gac::store::query {

struct RawHits {
    RowSet sure;
    RowSet maybe;
};

class RawSearch {
public:
    // The pattern's literal() must not be empty, and the block be shaped().
    RawSearch(BlockReader& block, const Pattern& pattern);

    // `column` is event.original or a part of it.
    Result<RawHits> find(const Column& column, const RowSet& among);

private:
    using Step = Rebuilder::Source::Step;
    // How many characters of the literal may have been read, one bit each.
    using Reach = std::uint64_t;

    // What a column says of the literal.
    struct Inside {
        bool anywhere = false;              // it cannot be told: every row may hold it
        std::vector<std::uint32_t> places;  // of values that hold it, ascending
    };

    // Whether the literal can stand in these steps across a border of pieces, or inside one whose
    // values are not looked at.
    Result<bool> may_cross(const std::vector<Step>& steps, std::size_t begin, std::size_t end);
    Result<bool> pass(const Step& step, Reach in, Reach& out);
    bool pass_literal(std::string_view text, Reach in, Reach& out) const;
    template <class InClass>
    bool pass_class(InClass&& has, Reach in, Reach& out) const;
    Result<bool> pass_values(Column& column, bool json, Reach in, Reach& out);
    bool in_literal_for_sure(std::string_view text) const;
    Result<const Inside*> inside(Column& column, bool json);
    Result<> add_inside(const Step& step, const RowSet& rows, RowSet& out);

    BlockReader& block_;
    const Pattern& pattern_;
    std::string needle_;  // folded; what stands behind 62 characters is cut off
    bool whole_ = true;   // nothing was cut off, and the pattern asks for nothing more
    std::unordered_map<const Column*, Inside> inside_[2];  // plain, json
    std::unordered_map<const Column*, std::vector<std::string>> values_[2];
};

}  // namespace gac::store::query
