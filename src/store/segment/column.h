// One decoded column of one block. Holds its bytes; values point into them. Bytes from the disk are
// not trusted even when their checksum holds: everything that does not fit is an error. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/result.h"
#include "event/value.h"
#include "store/segment/bits.h"
#include "store/segment/block_shapes.h"
#include "store/segment/format.h"
#include "store/segment/row_set.h"

namespace gac::store {

class Column;

// Gives the texts of columns that have no bytes of their own: parts of event.original, or all of
// it.
class TextMaker {
public:
    virtual ~TextMaker() = default;
    // Appends the text of the row to `out`.
    virtual Result<> append_text(const Column& column, std::uint32_t row, std::string& out) = 0;
};

class Column {
public:
    // `stored` has been checked against the entry's checksum; room for kBitsPadding more bytes in
    // it saves a copy. `shapes`: of the column's block, where it has any; they must live on.
    static Result<std::unique_ptr<Column>> decode(const ColumnEntry& entry,
                                                  std::uint32_t block_rows, std::string stored,
                                                  const BlockShapes* shapes = nullptr);
    // Columns of the encodings Shaped and Span need it before their values are asked for.
    void set_maker(TextMaker& maker) { maker_ = &maker; }

    const ColumnEntry& entry() const { return entry_; }
    bool everywhere() const { return entry_.present == rows_; }
    const RowSet& present() const;
    bool has(std::uint32_t row) const;
    // Do all rows of the shape at that place of the block's list have it?
    bool has_shape(std::uint32_t place) const;
    std::uint32_t present_count() const { return entry_.present; }

    // Coded columns have few distinct values and a code for each row that has the column. A code
    // that names no value (a file made by hand) stands for the first.
    bool coded() const {
        return entry_.encoding == Encoding::Constant || entry_.encoding == Encoding::Dictionary
               || entry_.encoding == Encoding::Codes || entry_.encoding == Encoding::ByShape;
    }
    std::span<const event::ValueRef> distinct() const { return values_; }
    std::uint32_t code(std::uint32_t index) {
        return codes_.empty() ? code_alone(index) : codes_[index];
    }
    // Has each shape of the block one value? Its code, by the shape's place in the block's list.
    bool by_shape() const { return !shape_codes_.empty(); }
    std::uint32_t code_of_shape(std::uint32_t place) const { return shape_codes_[place]; }
    // All codes at once; empty for a constant.
    std::span<const std::uint32_t> codes();
    // The shapes of the block's rows: only of a column of encoding Shaped.
    const BlockShapes* shapes() const { return own_shapes_.get(); }
    // The text is a decimal number between prefix and suffix: only of encoding NumberText.
    bool is_number_text() const { return entry_.encoding == Encoding::NumberText; }
    struct NumberForm {
        std::string_view prefix, suffix;
        bool is_hex = false;
        bool is_address = false;
    };
    NumberForm number_form() const { return {prefix_, suffix_, form_ == 2, form_ == 3}; }

    // The value of the index-th row that has the column.
    Result<event::ValueRef> at(std::uint32_t index);
    // Of a row that has it.
    Result<event::ValueRef> at_row(std::uint32_t row);
    // How many rows before `row` have the column; `row` must have it.
    std::uint32_t index_of(std::uint32_t row) const;
    // Calls use(row) for some of the rows that have the column, given by their index, ascending.
    template <class F>
    void rows_at(std::span<const std::uint32_t> indexes, F&& use) const;
    // Integer-like columns that are not coded; addresses of encoding Packed as IPv4 numbers; of
    // NumberText that is not hexadecimal the numbers, which are equal exactly when the texts are.
    std::span<const std::int64_t> numbers();
    // Appends the value's text as it stands in event.original: String as it is, or as the body of a
    // JSON string; Integer, Ip. False where that cannot be.
    bool append_text(std::uint32_t index, bool json, std::string& out);

    // Text columns: pages of lengths and texts. Unpacks on first use. Columns without bytes of
    // their own have pages too, which are made then.
    bool paged() const {
        return entry_.encoding == Encoding::Text || entry_.encoding == Encoding::Shaped
               || entry_.encoding == Encoding::Span;
    }
    struct Page {
        std::uint32_t first = 0;  // index of its first value
        std::uint32_t count = 0;
        std::size_t at = 0;  // in the column's bytes
        std::uint32_t raw_bytes = 0;
        std::uint32_t stored_bytes = 0;
        bool ready = false;
        std::string unpacked;
        std::string_view text;            // all texts of the page, one after the other
        std::vector<std::uint32_t> ends;  // of each text in `text`
        std::string_view value(std::uint32_t i) const {
            const std::uint32_t begin = i == 0 ? 0 : ends[i - 1];
            return text.substr(begin, ends[i] - begin);
        }
    };
    std::size_t pages() const { return pages_.size(); }
    std::uint32_t page_count(std::size_t number) const { return pages_[number].count; }
    Result<const Page*> page(std::size_t number);
    std::uint64_t unpacked_bytes() const { return unpacked_bytes_; }  // of pages, so far

private:
    Column(const ColumnEntry& entry, std::uint32_t rows)
        : entry_(entry), rows_(rows), arena_(4096) {}
    bool read_presence(base::Reader& in);
    bool read_values(base::Reader& in);
    bool read_value_of_type(base::Reader& in, event::ValueRef& value);
    bool read_codes(base::Reader& in);
    bool read_pages(base::Reader& in);
    bool read_distinct(base::Reader& in);
    bool read_by_shape(base::Reader& in);
    bool read_number_text(base::Reader& in);
    void make_page_list();
    Result<> make_page(Page& page);
    void list_present() const;
    std::uint32_t row_at(std::uint32_t index) const;  // by present_ and rank_
    std::uint32_t code_alone(std::uint32_t index);
    std::string_view number_text(std::uint32_t index);
    std::uint32_t row_of(std::uint32_t index);

    ColumnEntry entry_;
    std::uint32_t rows_;
    std::string body_;
    std::string_view shape_bits_;              // of presence Shapes: in body_
    mutable RowSet present_;                   // once asked for, when not everywhere
    mutable std::vector<std::uint32_t> rank_;  // rows that have it before each word of present_
    mutable std::uint32_t asked_alone_ = 0;    // rows whose index was asked for without present_
    std::vector<event::ValueRef> values_;      // distinct ones, or all (Float, Ip, List)
    std::vector<std::uint32_t> codes_;
    const char* code_bits_ = nullptr;  // of encoding Codes
    std::uint32_t code_width_ = 0;
    std::vector<std::uint32_t> shape_codes_;  // of encoding ByShape
    const BlockShapes* shapes_ = nullptr;
    std::unique_ptr<BlockShapes> own_shapes_;
    TextMaker* maker_ = nullptr;
    std::uint64_t unpacked_bytes_ = 0;
    std::vector<std::int64_t> numbers_;
    PackedNumbers packed_;
    std::string_view prefix_, suffix_;  // of encoding NumberText
    std::uint32_t digits_ = 0;          // of zero-padded and hexadecimal ones
    std::uint8_t form_ = 0;
    const char* hex_ = nullptr;
    std::string distinct_bytes_;
    std::vector<std::uint32_t> rows_of_;  // that have it, once asked for
    std::vector<Page> pages_;
    std::vector<base::IpAddress> addresses_;
    base::Arena arena_;
};

template <class F>
void Column::rows_at(std::span<const std::uint32_t> indexes, F&& use) const {
    if (everywhere() || !rank_.empty()) {
        for (const std::uint32_t index : indexes) {
            use(everywhere() ? index : row_at(index));
        }
        return;
    }
    std::vector<std::uint8_t> has_it(shapes_->count());
    for (std::uint32_t place = 0; place < has_it.size(); ++place) {
        has_it[place] = has_shape(place) ? 1 : 0;
    }
    std::uint32_t before = 0;
    std::uint32_t row = 0;
    for (const std::uint32_t index : indexes) {
        while (before <= index) {
            before += has_it[shapes_->code(row++)];
        }
        use(row - 1);
    }
}

}  // namespace gac::store
