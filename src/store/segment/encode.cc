#include "store/segment/encode.h"

#include <xxhash.h>
#include <zstd.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "base/assert.h"
#include "store/bytes.h"

namespace gac::store {

using event::ValueRef;

namespace {

constexpr std::size_t kTextPage = 256 * 1024;  // bytes of text in a page, before packing
constexpr std::uint32_t kDictionaryMax = 65'536;
constexpr std::size_t kPackFrom = 64;  // smaller bytes are not worth packing

std::int64_t number_of(const ValueRef& value) {
    switch (value.type()) {
        case event::Type::Time:
            return value.time().us;
        case event::Type::Bool:
            return value.truth() ? 1 : 0;
        default:
            return value.integer();
    }
}

// Distinct values in order of first appearance, by open addressing.
class Distinct {
public:
    void begin(std::size_t values) {
        std::size_t slots = 256;
        while (slots < std::min<std::size_t>(values, kDictionaryMax) * 2) {
            slots *= 2;
        }
        slots_.assign(slots, kNone);
        hashes_.clear();
        first_.clear();
        codes_.clear();
    }
    template <class Same>
    std::uint32_t add(std::uint64_t hash, std::uint32_t index, Same&& same) {
        std::size_t at = hash & (slots_.size() - 1);
        while (slots_[at] != kNone) {
            const std::uint32_t code = slots_[at];
            if (hashes_[code] == hash && same(first_[code])) {
                codes_.push_back(static_cast<std::uint16_t>(code));
                return code;
            }
            at = (at + 1) & (slots_.size() - 1);
        }
        const auto code = static_cast<std::uint32_t>(first_.size());
        slots_[at] = code;
        hashes_.push_back(hash);
        first_.push_back(index);
        codes_.push_back(static_cast<std::uint16_t>(code));
        return code;
    }
    std::size_t size() const { return first_.size(); }
    const std::vector<std::uint32_t>& first() const { return first_; }
    const std::vector<std::uint16_t>& codes() const { return codes_; }

private:
    static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
    std::vector<std::uint32_t> slots_;
    std::vector<std::uint64_t> hashes_;
    std::vector<std::uint32_t> first_;  // index of the value that a code stands for
    std::vector<std::uint16_t> codes_;
};

void put_presence(std::string& out, const ColumnInput& input, std::uint32_t block_rows) {
    if (input.rows.size() == block_rows) {
        put(out, static_cast<std::uint8_t>(Presence::All));
        return;
    }
    if (input.rows.size() < block_rows / 16) {
        put(out, static_cast<std::uint8_t>(Presence::List));
        std::uint32_t last = 0;
        for (const std::uint32_t row : input.rows) {
            put_varint(out, row - last);
            last = row;
        }
        return;
    }
    put(out, static_cast<std::uint8_t>(Presence::Bits));
    const std::size_t at = out.size();
    out.resize(at + (block_rows + 7) / 8);
    for (const std::uint32_t row : input.rows) {
        out[at + row / 8] = static_cast<char>(out[at + row / 8] | (1 << (row % 8)));
    }
}

}  // namespace

struct ColumnEncoder::State {
    int level;
    ZSTD_CCtx* packer;
    Distinct distinct;
    std::string raw, page, packed;

    explicit State(int zstd_level) : level(zstd_level), packer(ZSTD_createCCtx()) {
        GAC_ASSERT(packer != nullptr);
    }
    ~State() { ZSTD_freeCCtx(packer); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    // Into `packed`; false when it did not get smaller by an eighth.
    bool pack(std::string_view bytes) {
        if (bytes.size() < kPackFrom) {
            return false;
        }
        packed.resize(ZSTD_compressBound(bytes.size()));
        const std::size_t n = ZSTD_compressCCtx(packer, packed.data(), packed.size(), bytes.data(),
                                                bytes.size(), level);
        if (ZSTD_isError(n) != 0 || n > bytes.size() - bytes.size() / 8) {
            return false;
        }
        packed.resize(n);
        return true;
    }

    void put_codes() {
        const auto& codes = distinct.codes();
        if (distinct.size() <= 256) {
            const std::size_t at = raw.size();
            raw.resize(at + codes.size());
            for (std::size_t i = 0; i < codes.size(); ++i) {
                raw[at + i] = static_cast<char>(codes[i]);
            }
        } else {
            raw.append(reinterpret_cast<const char*>(codes.data()),
                       codes.size() * sizeof(std::uint16_t));
        }
    }

    std::size_t codes_bytes() const {
        return distinct.codes().size() * (distinct.size() <= 256 ? 1 : 2);
    }

    Encoding put_integers(const ColumnInput& input, ColumnBytes& out);
    Encoding put_strings(const ColumnInput& input);
    void put_text_pages(const ColumnInput& input);
    Encoding put_addresses(const ColumnInput& input);
};

Encoding ColumnEncoder::State::put_integers(const ColumnInput& input, ColumnBytes& out) {
    const auto values = input.values;
    out.min = std::numeric_limits<std::int64_t>::max();
    out.max = std::numeric_limits<std::int64_t>::min();
    std::size_t delta_bytes = 0;
    std::int64_t last = 0;
    for (const ValueRef& value : values) {
        const std::int64_t number = number_of(value);
        out.min = std::min(out.min, number);
        out.max = std::max(out.max, number);
        const auto bits = 64 - std::countl_zero(zigzag(wrapping_sub(number, last)) | 1);
        delta_bytes += static_cast<std::size_t>(bits + 6) / 7;
        last = number;
    }
    if (out.min == out.max) {
        put_varint(raw, zigzag(out.min));
        return Encoding::Constant;
    }
    // Ascending times and ids never repeat enough: a dictionary is tried only where it could win.
    distinct.begin(values.size());
    const std::size_t distinct_max = std::min<std::size_t>(values.size() / 4 + 2, kDictionaryMax);
    bool dictionary = true;
    for (std::uint32_t i = 0; i < values.size() && dictionary; ++i) {
        const std::int64_t number = number_of(values[i]);
        const std::uint64_t hash = static_cast<std::uint64_t>(number) * 0x9E3779B97F4A7C15ULL;
        distinct.add(hash ^ hash >> 32, i,
                     [&](std::uint32_t other) { return number_of(values[other]) == number; });
        dictionary = distinct.size() <= distinct_max;
    }
    if (dictionary
        && (distinct.size() <= 256 || codes_bytes() + distinct.size() * 5 < delta_bytes)) {
        put_varint(raw, distinct.size());
        for (const std::uint32_t first : distinct.first()) {
            put_varint(raw, zigzag(number_of(values[first])));
        }
        put_codes();
        return Encoding::Dictionary;
    }
    last = 0;
    for (const ValueRef& value : values) {
        const std::int64_t number = number_of(value);
        put_varint(raw, zigzag(wrapping_sub(number, last)));
        last = number;
    }
    return Encoding::Delta;
}

Encoding ColumnEncoder::State::put_strings(const ColumnInput& input) {
    const auto values = input.values;
    distinct.begin(values.size());
    const std::size_t distinct_max = std::min<std::size_t>(values.size() / 2 + 1, kDictionaryMax);
    std::size_t distinct_bytes = 0;
    bool dictionary = true;
    for (std::uint32_t i = 0; i < values.size() && dictionary; ++i) {
        const std::string_view text = values[i].string();
        const std::size_t before = distinct.size();
        distinct.add(XXH3_64bits(text.data(), text.size()), i,
                     [&](std::uint32_t other) { return values[other].string() == text; });
        distinct_bytes += distinct.size() > before ? text.size() : 0;
        // Give up early on columns that are different in every row.
        dictionary = distinct.size() <= distinct_max && (i < 1024 || distinct.size() <= i - i / 8)
                     && distinct_bytes <= kColumnBytesMax / 2;
    }
    if (!dictionary) {
        put_text_pages(input);
        return Encoding::Text;
    }
    if (distinct.size() == 1) {
        raw.append(values[0].string());
        return Encoding::Constant;
    }
    put_varint(raw, distinct.size());
    for (const std::uint32_t first : distinct.first()) {
        put_text(raw, values[first].string());
    }
    put_codes();
    return Encoding::Dictionary;
}

// pages: count; then for each: values, raw bytes, stored bytes (equal when not packed); then the
// pages' bytes. A page, unpacked: a varint length a value, then the texts.
void ColumnEncoder::State::put_text_pages(const ColumnInput& input) {
    std::string directory;
    std::string bytes;
    std::uint64_t pages = 0;
    std::size_t at = 0;
    while (at < input.values.size()) {
        page.clear();
        std::size_t end = at;
        std::size_t text_bytes = 0;
        while (end < input.values.size() && (end == at || text_bytes < kTextPage)) {
            const std::size_t size = input.values[end].string().size();
            put_varint(page, size);
            text_bytes += size;
            ++end;
        }
        for (std::size_t i = at; i < end; ++i) {
            page.append(input.values[i].string());
        }
        const std::string_view stored =
            pack(page) ? std::string_view(packed) : std::string_view(page);
        put_varint(directory, end - at);
        put_varint(directory, page.size());
        put_varint(directory, stored.size());
        bytes.append(stored);
        ++pages;
        at = end;
    }
    put_varint(raw, pages);
    raw += directory;
    raw += bytes;
}

Encoding ColumnEncoder::State::put_addresses(const ColumnInput& input) {
    const auto values = input.values;
    distinct.begin(values.size());
    const std::size_t distinct_max = std::min<std::size_t>(values.size() / 2 + 1, kDictionaryMax);
    bool dictionary = true;
    bool all_v4 = true;
    for (std::uint32_t i = 0; i < values.size(); ++i) {
        const base::IpAddress& ip = values[i].ip();
        all_v4 = all_v4 && ip.is_v4();
        if (dictionary) {
            distinct.add(XXH3_64bits(ip.bytes.data(), ip.bytes.size()), i,
                         [&](std::uint32_t other) { return values[other].ip() == ip; });
            dictionary = distinct.size() <= distinct_max;
        }
    }
    const auto put_ip = [&](const base::IpAddress& ip, std::size_t from) {
        raw.append(reinterpret_cast<const char*>(ip.bytes.data()) + from, ip.bytes.size() - from);
    };
    if (dictionary && distinct.size() == 1) {
        put_ip(values[0].ip(), 0);
        return Encoding::Constant;
    }
    if (dictionary) {
        put_varint(raw, distinct.size());
        for (const std::uint32_t first : distinct.first()) {
            put_ip(values[first].ip(), 0);
        }
        put_codes();
        return Encoding::Dictionary;
    }
    for (const ValueRef& value : values) {
        put_ip(value.ip(), all_v4 ? 12 : 0);
    }
    return all_v4 ? Encoding::Ip4 : Encoding::Plain;
}

ColumnEncoder::ColumnEncoder(int level) : state_(std::make_unique<State>(level)) {}
ColumnEncoder::~ColumnEncoder() = default;

ColumnBytes ColumnEncoder::encode(const ColumnInput& input, std::uint32_t block_rows) {
    State& s = *state_;
    ColumnBytes out;
    s.raw.clear();
    put_presence(s.raw, input, block_rows);
    switch (input.type) {
        case TypeCode::Null:
            out.encoding = Encoding::Constant;
            break;
        case TypeCode::Integer:
        case TypeCode::Time:
        case TypeCode::Bool:
            out.encoding = s.put_integers(input, out);
            break;
        case TypeCode::String:
            out.encoding = s.put_strings(input);
            break;
        case TypeCode::Ip:
            out.encoding = s.put_addresses(input);
            break;
        case TypeCode::Float:
            out.encoding = Encoding::Plain;
            for (const ValueRef& value : input.values) {
                put(s.raw, std::bit_cast<std::uint64_t>(value.number()));
            }
            break;
        case TypeCode::List:
            out.encoding = Encoding::Plain;
            for (const ValueRef& value : input.values) {
                put_value(s.raw, value, {});
            }
            break;
    }
    GAC_ASSERT(s.raw.size() <= kColumnBytesMax);
    out.raw_bytes = static_cast<std::uint32_t>(s.raw.size());
    if (out.encoding != Encoding::Text && s.pack(s.raw)) {
        out.packing = Packing::Zstd;
        out.stored = s.packed;
    } else {
        out.stored = s.raw;
    }
    return out;
}

}  // namespace gac::store
