#include "store/segment/column.h"

#include <zstd.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include <fmt/format.h>

#include "base/assert.h"
#include "store/bytes.h"
#include "store/segment/shape.h"

namespace gac::store {

using event::ValueRef;

namespace {

std::unexpected<Error> damaged(const char* what) { return fail(Code::Corrupt, what); }

bool unpack(std::string_view stored, std::size_t raw_bytes, std::string& out) {
    out.reserve(raw_bytes + kBitsPadding);
    bool whole = false;
    out.resize_and_overwrite(raw_bytes, [&](char* to, std::size_t size) {
        whole = ZSTD_decompress(to, size, stored.data(), stored.size()) == raw_bytes;
        return size;
    });
    return whole;
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
        case Encoding::NumberText:
        case Encoding::Shaped:
        case Encoding::Span:
            return type == TypeCode::String;
        case Encoding::Packed:
            return is_integer_like(type) || type == TypeCode::Ip;
        case Encoding::Codes:
        case Encoding::ByShape:
            return is_integer_like(type) || type == TypeCode::String || type == TypeCode::Ip;
    }
    return false;
}

constexpr std::uint32_t kMadePage = 1024;  // texts in a page that is made

}  // namespace

Result<std::unique_ptr<Column>> Column::decode(const ColumnEntry& entry, std::uint32_t block_rows,
                                               std::string stored, const BlockShapes* shapes) {
    if (!fits(entry.type, entry.encoding)) {
        return damaged("a column's encoding does not fit its type");
    }
    std::unique_ptr<Column> column(new Column(entry, block_rows));
    column->shapes_ = shapes;
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
        column->body_ = std::move(stored);
    }
    column->body_.append(kBitsPadding, '\0');
    base::Reader in(std::string_view(column->body_).substr(0, entry.raw_bytes));
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
    if (static_cast<Presence>(kind) == Presence::Shapes) {
        if (shapes_ == nullptr) {
            return false;
        }
        shape_bits_ = in.take((shapes_->count() + 7) / 8);
        if (in.failed()) {
            return false;
        }
        std::uint32_t sum = 0;
        for (std::uint32_t place = 0; place < shapes_->count(); ++place) {
            sum += has_shape(place) ? shapes_->rows_with(place) : 0;
        }
        return sum == entry_.present && sum < rows_;
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
    list_present();
    const std::uint32_t sum = present_.count();
    return !in.failed() && sum == entry_.present && sum < rows_;
}

bool Column::has_shape(std::uint32_t place) const {
    return everywhere()
           || (!shape_bits_.empty()
               && (static_cast<unsigned char>(shape_bits_[place / 8]) >> (place % 8) & 1) != 0);
}

bool Column::has(std::uint32_t row) const {
    return everywhere()
           || (shape_bits_.empty() ? present_.has(row) : has_shape(shapes_->code(row)));
}

const RowSet& Column::present() const {
    if (rank_.empty() && !everywhere()) {
        list_present();
    }
    return present_;
}

void Column::list_present() const {
    if (!shape_bits_.empty()) {
        present_ = shapes_->rows_of(shape_bits_);
    }
    std::uint32_t sum = 0;
    for (const std::uint64_t word : present_.words()) {
        rank_.push_back(sum);
        sum += static_cast<std::uint32_t>(std::popcount(word));
    }
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

// Codes of version 1: a byte or two a row.
bool Column::read_codes(base::Reader& in) {
    const std::size_t size = values_.size() > 256 ? 2 : 1;
    const std::string_view bytes = in.take(std::size_t{entry_.present} * size);
    if (in.failed()) {
        return false;
    }
    codes_.resize(entry_.present);
    std::uint32_t highest = 0;
    for (std::size_t i = 0; i < codes_.size(); ++i) {
        std::uint16_t wide = static_cast<unsigned char>(bytes[i * size]);
        if (size == 2) {
            std::memcpy(&wide, bytes.data() + i * 2, 2);
        }
        codes_[i] = wide;
        highest = std::max(highest, codes_[i]);
    }
    return highest < values_.size();
}

// varint count, u8 flags (1: values are packed, 2: addresses are IPv4), varint bytes of the values,
// when packed varint stored bytes; values.
bool Column::read_distinct(base::Reader& in) {
    const std::uint64_t count = in.read_varint();
    const auto flags = in.read<std::uint8_t>();
    const std::uint64_t plain = in.read_varint();
    if (in.failed() || count == 0 || count > entry_.present || plain > kColumnBytesMax
        || count > plain || flags > 3) {
        return false;
    }
    std::string_view bytes;
    if ((flags & 1) != 0) {
        bytes = in.take(in.read_varint());
        if (in.failed() || ZSTD_getFrameContentSize(bytes.data(), bytes.size()) != plain
            || !unpack(bytes, plain, distinct_bytes_)) {
            return false;
        }
        bytes = distinct_bytes_;
    } else {
        bytes = in.take(plain);
    }
    base::Reader values(bytes);
    values_.resize(count);
    if ((flags & 2) != 0) {
        if (in.failed() || entry_.type != TypeCode::Ip || bytes.size() != count * 4) {
            return false;
        }
        addresses_.resize(count);
        for (std::size_t i = 0; i < count; ++i) {
            addresses_[i].bytes[10] = addresses_[i].bytes[11] = 0xff;
            std::memcpy(addresses_[i].bytes.data() + 12, bytes.data() + i * 4, 4);
            values_[i] = ValueRef(&addresses_[i]);
        }
        return true;
    }
    for (ValueRef& value : values_) {
        if (!read_value_of_type(values, value)) {
            return false;
        }
    }
    return !in.failed() && values.done();
}

bool Column::read_by_shape(base::Reader& in) {
    if (shapes_ == nullptr) {
        return false;
    }
    shape_codes_.resize(shapes_->count());
    for (std::uint32_t& code : shape_codes_) {
        const std::uint64_t read = in.read_varint();
        if (read >= values_.size()) {
            return false;
        }
        code = static_cast<std::uint32_t>(read);
    }
    return in.done();
}

// u8 form (0 decimal, maybe with a sign, 1 zero-padded to digits, 2 hexadecimal of so many digits,
// 3 IPv4), varint digits, text prefix, text suffix, then packed numbers; hexadecimal ones (digits +
// 1) / 2 bytes each.
bool Column::read_number_text(base::Reader& in) {
    form_ = in.read<std::uint8_t>();
    const std::uint64_t digits = in.read_varint();
    prefix_ = read_text(in);
    suffix_ = read_text(in);
    if (in.failed() || form_ > 3 || digits > 128) {
        return false;
    }
    digits_ = static_cast<std::uint32_t>(digits);
    if (form_ == 2) {
        hex_ = body_.data() + in.position();
        in.skip(std::size_t{entry_.present} * ((digits_ + 1) / 2));
        return in.done() && !in.failed();
    }
    return packed_.open(in, body_, entry_.present) && in.done();
}

void Column::make_page_list() {
    for (std::uint32_t first = 0; first < entry_.present; first += kMadePage) {
        Page page;
        page.first = first;
        page.count = std::min(kMadePage, entry_.present - first);
        pages_.push_back(std::move(page));
    }
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
        case Encoding::Packed:
            return packed_.open(in, body_, entry_.present) && in.done();
        case Encoding::Codes: {
            if (!read_distinct(in)) {
                return false;
            }
            code_width_ = in.read<std::uint8_t>();
            if (in.failed() || code_width_ > 24) {
                return false;
            }
            code_bits_ = body_.data() + in.position();
            in.skip(bytes_of_bits(entry_.present, code_width_));
            return !in.failed() && in.done();
        }
        case Encoding::ByShape:
            return read_distinct(in) && read_by_shape(in);
        case Encoding::NumberText:
            return read_number_text(in);
        case Encoding::Shaped:
            own_shapes_ = std::make_unique<BlockShapes>();
            make_page_list();
            return own_shapes_->read(in, body_, rows_) && in.done();
        case Encoding::Span:
            make_page_list();
            return in.done();
    }
    return false;
}

std::uint32_t Column::code_alone(std::uint32_t index) {
    if (!shape_codes_.empty()) {
        return shape_codes_[shapes_->code(row_of(index))];
    }
    if (code_bits_ == nullptr) {
        return 0;  // a constant
    }
    const auto code = static_cast<std::uint32_t>(read_bits(code_bits_, index, code_width_));
    return code < values_.size() ? code : 0;
}

std::span<const std::uint32_t> Column::codes() {
    if (codes_.empty() && !shape_codes_.empty()) {
        codes_.resize(entry_.present);
        std::uint32_t index = 0;
        const auto take = [&](std::uint32_t row) {
            codes_[index++] = shape_codes_[shapes_->code(row)];
        };
        if (everywhere()) {
            for (std::uint32_t row = 0; row < rows_; ++row) {
                take(row);
            }
        } else {
            present().for_each(take);
        }
    }
    if (codes_.empty() && code_bits_ != nullptr) {
        codes_.resize(entry_.present);
        unpack_bits(code_bits_, code_width_, codes_);
        const auto distinct = static_cast<std::uint32_t>(values_.size());
        for (std::uint32_t& code : codes_) {
            code = code < distinct ? code : 0;
        }
    }
    return codes_;
}

std::span<const std::int64_t> Column::numbers() {
    if (numbers_.empty()
        && (entry_.encoding == Encoding::Packed
            || (entry_.encoding == Encoding::NumberText && form_ != 2))) {
        packed_.unpack(numbers_);
    }
    return numbers_;
}

namespace {

void append_padded(std::string& out, std::uint64_t number, std::uint32_t digits) {
    char text[24];
    char* at = text + sizeof text;
    do {
        *--at = static_cast<char>('0' + number % 10);
        number /= 10;
    } while (number != 0);
    const auto size = static_cast<std::size_t>(text + sizeof text - at);
    if (size < digits) {
        out.append(digits - size, '0');
    }
    out.append(at, size);
}

}  // namespace

std::uint32_t Column::row_of(std::uint32_t index) {
    if (everywhere()) {
        return index;
    }
    if (rows_of_.empty()) {
        rows_of_.reserve(entry_.present);
        present().for_each([&](std::uint32_t row) { rows_of_.push_back(row); });
    }
    return rows_of_[index];
}

bool Column::append_text(std::uint32_t index, bool json, std::string& out) {
    if (entry_.encoding == Encoding::NumberText && !json) {
        out += prefix_;
        if (form_ == 2) {
            const char* bytes = hex_ + std::size_t{index} * ((digits_ + 1) / 2);
            for (std::uint32_t i = 0; i < digits_; ++i) {
                const auto byte = static_cast<unsigned char>(bytes[i / 2]);
                out += "0123456789abcdef"[i % 2 == 0 ? byte >> 4 : byte & 15];
            }
        } else if (form_ == 3) {
            append_address(out,
                           base::IpAddress::from_v4(static_cast<std::uint32_t>(packed_.at(index))));
        } else {
            const std::int64_t number = packed_.at(index);
            if (form_ == 0) {
                append_number(out, number);
            } else {
                append_padded(out, static_cast<std::uint64_t>(number), digits_);
            }
        }
        out += suffix_;
        return true;
    }
    if (entry_.encoding == Encoding::Packed && entry_.type == TypeCode::Integer) {
        append_number(out, packed_.at(index));
        return true;
    }
    if (entry_.encoding == Encoding::Packed && entry_.type == TypeCode::Ip) {
        append_address(out,
                       base::IpAddress::from_v4(static_cast<std::uint32_t>(packed_.at(index))));
        return true;
    }
    const auto value = at(index);
    if (!value) {
        return false;
    }
    switch (value->type()) {
        case event::Type::String:
            if (json) {
                append_json_body(out, value->string());
            } else {
                out += value->string();
            }
            return true;
        case event::Type::Integer:
            append_number(out, value->integer());
            return true;
        case event::Type::Ip:
            append_address(out, value->ip());
            return true;
        default:
            return false;
    }
}

std::string_view Column::number_text(std::uint32_t index) {
    thread_local std::string text;
    text.clear();
    append_text(index, false, text);
    return arena_.copy(text);
}

Result<> Column::make_page(Page& page) {
    GAC_ASSERT(maker_ != nullptr);
    page.unpacked.clear();
    page.ends.clear();
    for (std::uint32_t i = page.first; i < page.first + page.count; ++i) {
        GAC_CHECK(maker_->append_text(*this, row_of(i), page.unpacked));
        if (page.unpacked.size() > kColumnBytesMax) {
            return damaged("texts that are put together are too long");
        }
        page.ends.push_back(static_cast<std::uint32_t>(page.unpacked.size()));
    }
    page.text = page.unpacked;
    page.raw_bytes = static_cast<std::uint32_t>(page.unpacked.size());
    unpacked_bytes_ += page.raw_bytes;
    page.ready = true;
    return {};
}

std::uint32_t Column::index_of(std::uint32_t row) const {
    constexpr std::uint32_t kAloneMax = 16;  // from then on the whole set pays
    if (everywhere()) {
        return row;
    }
    if (rank_.empty() && asked_alone_ < kAloneMax) {
        ++asked_alone_;
        const std::span<const std::uint32_t> before = shapes_->rows_before(row);
        std::uint32_t sum = 0;
        for (std::uint32_t place = 0; place < before.size(); ++place) {
            sum += has_shape(place) ? before[place] : 0;
        }
        return sum;
    }
    const std::uint64_t before =
        present().words()[row / 64] & ((std::uint64_t{1} << (row % 64)) - 1);
    return rank_[row / 64] + static_cast<std::uint32_t>(std::popcount(before));
}

std::uint32_t Column::row_at(std::uint32_t index) const {
    const auto after = std::ranges::upper_bound(rank_, index);
    const auto word = static_cast<std::size_t>(after - rank_.begin()) - 1;
    std::uint64_t bits = present_.words()[word];
    for (std::uint32_t skip = index - rank_[word]; skip > 0; --skip) {
        bits &= bits - 1;
    }
    return static_cast<std::uint32_t>(word * 64 + static_cast<std::size_t>(std::countr_zero(bits)));
}

Result<ValueRef> Column::at_row(std::uint32_t row) {
    if (!shape_codes_.empty()) {
        return values_[shape_codes_[shapes_->code(row)]];
    }
    return at(entry_.encoding == Encoding::Constant ? 0 : index_of(row));
}

Result<ValueRef> Column::at(std::uint32_t index) {
    switch (entry_.encoding) {
        case Encoding::Constant:
        case Encoding::Dictionary:
        case Encoding::Codes:
        case Encoding::ByShape:
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
        case Encoding::Packed: {
            const std::int64_t number = packed_.at(index);
            if (entry_.type != TypeCode::Ip) {
                return integer_value(entry_.type, number);
            }
            const auto ip = base::IpAddress::from_v4(static_cast<std::uint32_t>(number));
            return ValueRef(arena_.copy(std::span(&ip, 1)).data());
        }
        case Encoding::NumberText:
            return ValueRef(number_text(index));
        case Encoding::Shaped:
        case Encoding::Span: {
            GAC_ASSERT(maker_ != nullptr);
            std::string text;
            GAC_CHECK(maker_->append_text(*this, row_of(index), text));
            return ValueRef(arena_.copy(text));
        }
    }
    return ValueRef();
}

Result<const Column::Page*> Column::page(std::size_t number) {
    Page& page = pages_[number];
    if (page.ready) {
        return &page;
    }
    if (entry_.encoding != Encoding::Text) {
        GAC_CHECK(make_page(page));
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
