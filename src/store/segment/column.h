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
#include "store/segment/format.h"
#include "store/segment/row_set.h"

namespace gac::store {

class Column {
public:
    // `stored` has been checked against the entry's checksum.
    static Result<std::unique_ptr<Column>> decode(const ColumnEntry& entry,
                                                  std::uint32_t block_rows,
                                                  std::string_view stored);

    const ColumnEntry& entry() const { return entry_; }
    bool everywhere() const { return entry_.present == rows_; }
    const RowSet& present() const { return present_; }
    std::uint32_t present_count() const { return entry_.present; }

    // Constant and Dictionary columns have few distinct values and a code for each row that has the
    // column.
    bool coded() const {
        return entry_.encoding == Encoding::Constant || entry_.encoding == Encoding::Dictionary;
    }
    std::span<const event::ValueRef> distinct() const { return values_; }
    std::uint32_t code(std::uint32_t index) const {
        return wide_             ? codes16_[index]
               : codes8_.empty() ? 0
                                 : static_cast<unsigned char>(codes8_[index]);
    }

    // The value of the index-th row that has the column.
    Result<event::ValueRef> at(std::uint32_t index);
    // How many rows before `row` have the column; `row` must have it.
    std::uint32_t index_of(std::uint32_t row) const;
    // Integer-like columns that are not coded.
    std::span<const std::int64_t> numbers() const { return numbers_; }

    // Text columns: pages of lengths and texts. Unpacks on first use.
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

    ColumnEntry entry_;
    std::uint32_t rows_;
    std::string body_;
    RowSet present_;                       // filled only when not everywhere
    std::vector<std::uint32_t> rank_;      // rows that have it before each word of present_
    std::vector<event::ValueRef> values_;  // distinct ones, or all (Float, Ip, List)
    std::string_view codes8_;
    std::vector<std::uint16_t> codes16_;
    bool wide_ = false;
    std::uint64_t unpacked_bytes_ = 0;
    std::vector<std::int64_t> numbers_;
    std::vector<Page> pages_;
    std::vector<base::IpAddress> addresses_;
    base::Arena arena_;
};

}  // namespace gac::store
