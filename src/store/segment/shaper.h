// Finds the shape of each event that is written. An event is first held against the shapes that
// events with the same fields had lately; what fits none is cut into pieces and becomes a new
// shape. Time and memory are bounded whatever the lines look like: shapes that few rows have are
// given up at the end of the block, and lines that never repeat are soon kept whole. One thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "event/batch.h"
#include "store/segment/shape.h"

namespace gac::store {

class Shaper {
public:
    static constexpr std::uint32_t kFree = 0xffffffff;  // no shape: fields by column, raw as it is

    // The event's fields with the segment's numbers of their names.
    struct Row {
        event::EventRef event;
        std::span<const std::uint32_t> numbers;
    };

    // The shape's number in shapes(), or kFree; appends its variables, parts of event.original.
    std::uint32_t find(const Row& row, std::vector<std::string_view>& variables);
    // Another shape for the row that keeps event.original whole as its one variable, or kFree.
    std::uint32_t whole(const Row& row);

    const Shape& shape(std::uint32_t number) const { return shapes_[number].shape; }
    bool is_whole(std::uint32_t number) const { return shapes_[number].whole; }
    std::uint32_t size() const { return static_cast<std::uint32_t>(shapes_.size()); }
    // The number in the file, given at first use.
    std::uint32_t keep(std::uint32_t number);
    bool kept(std::uint32_t number) const { return shapes_[number].kept != kNotKept; }
    // Forgets the shapes that were not kept: their numbers are given anew.
    void end_block();

    const std::vector<Shape>& kept_shapes() const { return kept_; }

private:
    static constexpr std::uint32_t kNotKept = 0xffffffff;
    struct Known {
        Shape shape;
        std::uint64_t hash = 0;
        std::uint32_t kept = kNotKept;
        bool whole = false;
    };
    struct Member {
        std::uint64_t hash;
        std::uint32_t number;
    };
    // The shapes of events with one list of fields, the latest first.
    struct Group {
        std::vector<Member> shapes;
        std::uint32_t whole = kFree;
        std::uint32_t rows = 0;  // of this block that were cut
        std::uint32_t made = 0;  // shapes, in this block
        bool words = false;      // words are variables too
    };

    bool same_fields(const Known& known, const Row& row) const;
    bool match(const Known& known, const Row& row, std::vector<std::string_view>& variables);
    std::uint32_t add(Group& group, Known known);

    std::vector<Known> shapes_;
    std::unordered_map<std::uint64_t, Group> groups_;
    std::vector<Shape> kept_;
    std::uint32_t made_ = 0;             // in this block
    std::vector<std::uint32_t> starts_;  // of pieces, of the row at hand
};

// Cuts an event into a shape; `words`: tokens without digits are variables too.
Shape cut_shape(const Shaper::Row& row, bool words);
// One variable and all fields stored.
Shape whole_shape(const Shaper::Row& row);

}  // namespace gac::store
