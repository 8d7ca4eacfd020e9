#include "store/segment/column.h"

#include <zstd.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include <fmt/format.h>

#include "store/bytes.h"

namespace gac::store {

using event::ValueRef;

namespace {

std::unexpected<Error> damaged(const char* what) { return fail(Code::Corrupt, what); }

bool unpack(std::string_view stored, std::size_t raw_bytes, std::string& out) {
    out.resize(raw_bytes);
    const std::size_t n = ZSTD_decompress(out.data(), out.size(), stored.data(), stored.size());
    return ZSTD_isError(n) == 0 && n == raw_bytes;
}

ValueRef integer_value(TypeCode type, std::int64_t number) {
    switch (type) {
        case TypeCode::Time:
            return ValueRef(base::TimePoint{number});
        case TypeCode::Bool:
            return ValueRef(number != 0);
        default:
            return ValueRef(number);
    }
}

bool is_integer_like(TypeCode type) {
    return type == TypeCode::Integer || type == TypeCode::Time || type == TypeCode::Bool;
}

bool fits(TypeCode type, Encoding encoding) {
    switch (encoding) {
        case Encoding::Constant:
            return type != TypeCode::Float && type != TypeCode::List;
        case Encoding::Dictionary:
            return is_integer_like(type) || type == TypeCode::String || type == TypeCode::Ip;
        case Encoding::Delta:
            return is_integer_like(type);
        case Encoding::Plain:
            return type == TypeCode::Float || type == TypeCode::Ip || type == TypeCode::List;
        case Encoding::Ip4:
            return type == TypeCode::Ip;
        case Encoding::Text:
            return type == TypeCode::String;
    }
    return false;
}

}  // namespace

Result<std::unique_ptr<Column>> Column::decode(const ColumnEntry& entry, std::uint32_t block_rows,
                                               std::string_view stored) {
    if (!fits(entry.type, entry.encoding)) {
        return damaged("a column's encoding does not fit its type");
    }
    std::unique_ptr<Column> column(new Column(entry, block_rows));
    if (entry.packing == Packing::Zstd) {
        // A packed column of a few bytes cannot honestly unpack into hundreds of megabytes.
        const auto honest = ZSTD_getFrameContentSize(stored.data(), stored.size());
        if (honest != entry.raw_bytes || !unpack(stored, entry.raw_bytes, column->body_)) {
            return damaged("a column cannot be unpacked");
        }
    } else {
        if (stored.size() != entry.raw_bytes) {
            return damaged("a column has not its length");
        }
        column->body_ = stored;
    }
    base::Reader in(column->body_);
    if (!column->read_presence(in)) {
        return damaged("a column does not say which rows have it");
    }
    if (!column->read_values(in)) {
        return damaged("a column's values cannot be read");
    }
    return column;
}

bool Column::read_presence(base::Reader& in) {
    const auto kind = in.read<std::uint8_t>();
    if (static_cast<Presence>(kind) == Presence::All) {
        return !in.failed() && entry_.present == rows_;
    }
    present_ = RowSet(rows_);
    if (static_cast<Presence>(kind) == Presence::Bits) {
        const std::string_view bits = in.take((rows_ + 7) / 8);
        if (in.failed()) {
            return false;
        }
        std::memcpy(present_.words().data(), bits.data(), bits.size());
        present_.trim();
    } else if (static_cast<Presence>(kind) == Presence::List) {
        std::uint64_t row = 0;
        for (std::uint32_t i = 0; i < entry_.present; ++i) {
            const std::uint64_t step = in.read_varint();
            if (step > rows_ || (i > 0 && step == 0) || (row += step) >= rows_) {
                return false;
            }
            present_.set(static_cast<std::uint32_t>(row));
        }
    } else {
        return false;
    }
    std::uint32_t sum = 0;
    for (const std::uint64_t word : present_.words()) {
        rank_.push_back(sum);
        sum += static_cast<std::uint32_t>(std::popcount(word));
    }
    return !in.failed() && sum == entry_.present && sum < rows_;
}

bool Column::read_value_of_type(base::Reader& in, ValueRef& value) {
    switch (entry_.type) {
        case TypeCode::Null:
            value = {};
            return true;
        case TypeCode::Integer:
        case TypeCode::Time:
        case TypeCode::Bool:
            value = integer_value(entry_.type, unzigzag(in.read_varint()));
            break;
        case TypeCode::String:
            value = ValueRef(entry_.encoding == Encoding::Constant ? in.take(in.left())
                                                                   : read_text(in));
            break;
        case TypeCode::Ip: {
            const std::string_view bytes = in.take(sizeof(base::IpAddress));
            value = in.failed() ? ValueRef()
                                : ValueRef(reinterpret_cast<const base::IpAddress*>(bytes.data()));
            break;
        }
        case TypeCode::Float:
            value = ValueRef(std::bit_cast<double>(in.read<std::uint64_t>()));
            break;
        case TypeCode::List:
            value = read_value(in, {}, arena_);
            return !in.failed() && value.type() == event::Type::List;
    }
    return !in.failed();
}

bool Column::read_codes(base::Reader& in) {
    wide_ = values_.size() > 256;
    const std::string_view bytes = in.take(std::size_t{entry_.present} * (wide_ ? 2 : 1));
    if (in.failed()) {
        return false;
    }
    std::uint32_t highest = 0;
    if (wide_) {
        codes16_.resize(entry_.present);
        std::memcpy(codes16_.data(), bytes.data(), bytes.size());
        for (const std::uint16_t code : codes16_) {
            highest = std::max<std::uint32_t>(highest, code);
        }
    } else {
        codes8_ = bytes;
        for (const char code : bytes) {
            highest = std::max<std::uint32_t>(highest, static_cast<unsigned char>(code));
        }
    }
    return highest < values_.size();
}

bool Column::read_pages(base::Reader& in) {
    const std::uint64_t count = in.read_varint();
    if (count == 0 || count > entry_.present) {
        return false;
    }
    std::uint64_t values = 0;
    std::uint64_t stored_bytes = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        Page page;
        const std::uint64_t n = in.read_varint();
        const std::uint64_t raw = in.read_varint();
        const std::uint64_t stored = in.read_varint();
        if (in.failed() || n == 0 || n > entry_.present - values || raw > kColumnBytesMax || n > raw
            || stored > raw) {
            return false;
        }
        page.first = static_cast<std::uint32_t>(values);
        page.count = static_cast<std::uint32_t>(n);
        page.raw_bytes = static_cast<std::uint32_t>(raw);
        page.stored_bytes = static_cast<std::uint32_t>(stored);
        page.at = stored_bytes;
        values += n;
        stored_bytes += stored;
        pages_.push_back(std::move(page));
    }
    const std::size_t begin = in.position();
    if (values != entry_.present || stored_bytes != in.left()) {
        return false;
    }
    for (Page& page : pages_) {
        page.at += begin;
    }
    in.skip(in.left());
    return true;
}

bool Column::read_values(base::Reader& in) {
    const bool list_of_values = entry_.encoding == Encoding::Plain;
    switch (entry_.encoding) {
        case Encoding::Constant:
            values_.resize(1);
            return read_value_of_type(in, values_[0]) && in.done();
        case Encoding::Dictionary:
        case Encoding::Plain: {
            const std::uint64_t count = list_of_values ? entry_.present : in.read_varint();
            if (count == 0 || count > in.left() || count > kBlockRowsMax) {
                return false;
            }
            values_.resize(count);
            for (ValueRef& value : values_) {
                if (!read_value_of_type(in, value)) {
                    return false;
                }
            }
            return (list_of_values || read_codes(in)) && in.done();
        }
        case Encoding::Delta: {
            numbers_.resize(entry_.present);
            std::int64_t last = 0;
            for (std::int64_t& number : numbers_) {
                number = last = wrapping_add(last, unzigzag(in.read_varint()));
            }
            return !in.failed() && in.done();
        }
        case Encoding::Ip4: {
            const std::string_view bytes = in.take(std::size_t{entry_.present} * 4);
            if (in.failed()) {
                return false;
            }
            addresses_.resize(entry_.present);
            for (std::size_t i = 0; i < addresses_.size(); ++i) {
                addresses_[i].bytes[10] = addresses_[i].bytes[11] = 0xff;
                std::memcpy(addresses_[i].bytes.data() + 12, bytes.data() + i * 4, 4);
                values_.emplace_back(&addresses_[i]);
            }
            return in.done();
        }
        case Encoding::Text:
            return read_pages(in);
    }
    return false;
}

std::uint32_t Column::index_of(std::uint32_t row) const {
    if (everywhere()) {
        return row;
    }
    const std::uint64_t before =
        present_.words()[row / 64] & ((std::uint64_t{1} << (row % 64)) - 1);
    return rank_[row / 64] + static_cast<std::uint32_t>(std::popcount(before));
}

Result<ValueRef> Column::at(std::uint32_t index) {
    switch (entry_.encoding) {
        case Encoding::Constant:
        case Encoding::Dictionary:
            return values_[code(index)];
        case Encoding::Plain:
        case Encoding::Ip4:
            return values_[index];
        case Encoding::Delta:
            return integer_value(entry_.type, numbers_[index]);
        case Encoding::Text: {
            const auto after = std::ranges::upper_bound(pages_, index, {}, &Page::first);
            const auto number = static_cast<std::size_t>(after - pages_.begin()) - 1;
            GAC_TRY(found, page(number));
            return ValueRef(found->value(index - found->first));
        }
    }
    return ValueRef();
}

Result<const Column::Page*> Column::page(std::size_t number) {
    Page& page = pages_[number];
    if (page.ready) {
        return &page;
    }
    const std::string_view stored = std::string_view(body_).substr(page.at, page.stored_bytes);
    std::string_view whole = stored;
    if (page.stored_bytes != page.raw_bytes) {
        if (ZSTD_getFrameContentSize(stored.data(), stored.size()) != page.raw_bytes
            || !unpack(stored, page.raw_bytes, page.unpacked)) {
            return damaged("a page of text cannot be unpacked");
        }
        whole = page.unpacked;
    }
    base::Reader in(whole);
    page.ends.clear();
    page.ends.reserve(page.count);
    std::uint64_t end = 0;
    for (std::uint32_t i = 0; i < page.count; ++i) {
        const std::uint64_t size = in.read_varint();
        if (size > whole.size() || (end += size) > whole.size()) {
            return damaged("a page of text has wrong lengths");
        }
        page.ends.push_back(static_cast<std::uint32_t>(end));
    }
    if (in.failed() || in.left() != end) {
        return damaged("a page of text has wrong lengths");
    }
    page.text = whole.substr(in.position());
    page.ready = true;
    unpacked_bytes_ += page.raw_bytes;
    return &page;
}

}  // namespace gac::store
