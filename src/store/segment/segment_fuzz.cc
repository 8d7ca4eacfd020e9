// Columns and footers out of any bytes: an error or values, never a crash; and what was read can be
// written and read again with the same values.
#include <cstdint>
#include <cstring>
#include <string>

#include "base/assert.h"
#include "store/segment/column.h"
#include "store/segment/encode.h"
#include "store/segment/shape.h"

namespace {

using namespace gac;
using namespace gac::store;

std::string text_of(const event::ValueRef& value) {
    std::string out = std::to_string(static_cast<int>(value.type()));
    if (value.type() == event::Type::Float) {  // every bit counts
        std::uint64_t bits = 0;
        const double number = value.number();
        std::memcpy(&bits, &number, sizeof bits);
        return out + std::to_string(bits);
    }
    if (value.is_string()) {
        return out + std::string(value.string());
    }
    value.append_json(out);
    return out;
}

class AnyText final : public TextMaker {
public:
    Result<> append_text(const Column&, std::uint32_t row, std::string& out) override {
        out += std::to_string(row);
        return {};
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (size > 0 && data[0] == 0xff) {
        if (const auto footer = decode_footer(bytes.substr(1), 1u << 20)) {
            const auto again = decode_footer(encode_footer(*footer), 1u << 20);
            GAC_ASSERT(again && encode_footer(*again) == encode_footer(*footer));
        }
        return 0;
    }
    if (size > 0 && data[0] == 0xfe) {
        if (const auto shapes = decode_shapes(bytes.substr(1), 30)) {
            const auto again = decode_shapes(encode_shapes(*shapes), 30);
            GAC_ASSERT(again && *again == *shapes);
        }
        return 0;
    }
    if (size < 6) {
        return 0;
    }
    ColumnEntry entry;
    entry.type = static_cast<TypeCode>(data[0] % kTypeCodes);
    entry.encoding = static_cast<Encoding>(data[1] % kEncodings);
    entry.packing = static_cast<Packing>(data[2] % 2);
    const std::uint32_t rows = 1 + (std::uint32_t{data[3]} | std::uint32_t{data[4]} << 8) % 2000;
    entry.present = 1 + data[5] % rows;
    if (data[5] == 0xff) {
        entry.present = rows;
    }
    // Three shapes, in turn.
    std::string shape_bytes("\x03\x00\x01\x02\x02", 5);
    for (std::uint32_t row = 0; row < rows; row += 4) {
        shape_bytes += '\x24';
    }
    shape_bytes.append(kBitsPadding, '\0');
    BlockShapes shapes;
    base::Reader shape_reader(shape_bytes);
    GAC_ASSERT(shapes.read(shape_reader, shape_bytes, rows));
    AnyText maker;
    const std::string_view stored = bytes.substr(6);
    entry.stored_bytes = entry.raw_bytes = static_cast<std::uint32_t>(stored.size());
    const auto column = Column::decode(entry, rows, std::string(stored), &shapes);
    if (!column) {
        return 0;
    }
    (*column)->set_maker(maker);
    static_cast<void>((*column)->codes());
    static_cast<void>((*column)->numbers());
    std::vector<std::uint32_t> present;
    std::vector<event::ValueRef> values;
    for (std::uint32_t row = 0; row < rows; ++row) {
        if ((*column)->everywhere() || (*column)->present().has(row)) {
            const auto value = (*column)->at((*column)->index_of(row));
            if (!value) {
                return 0;
            }
            present.push_back(row);
            values.push_back(*value);
        }
    }
    GAC_ASSERT(values.size() == entry.present);
    if (entry.type == TypeCode::Null) {
        return 0;
    }
    ColumnEncoder encoder(1);
    const ColumnBytes written = encoder.encode({.type = entry.type,
                                                .rows = present,
                                                .values = values,
                                                .shapes = shapes.codes(),
                                                .of_shapes = {}},
                                               rows);
    entry.encoding = written.encoding;
    entry.packing = written.packing;
    entry.raw_bytes = written.raw_bytes;
    const auto again = Column::decode(entry, rows, written.stored, &shapes);
    GAC_ASSERT(again.has_value());
    for (std::uint32_t i = 0; i < values.size(); ++i) {
        GAC_ASSERT((*again)->index_of(present[i]) == i);
        GAC_ASSERT(text_of((*again)->at(i).value()) == text_of(values[i]));
    }
    return 0;
}
