#include "store/segment/encode.h"

#define XXH_INLINE_ALL
#include <xxhash.h>
#include <zstd.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>

#include "base/assert.h"
#include "store/bytes.h"
#include "store/same_bytes.h"
#include "store/segment/bits.h"
#include "store/segment/token.h"

namespace gac::store {

using event::ValueRef;

namespace {

// Bytes of text in a page, before packing: so few that one row costs little, unless texts are long,
// which pack well only beside others of their kind.
constexpr std::size_t kTextPage = 32 * 1024;
constexpr std::size_t kLongTextPage = 256 * 1024;
constexpr std::size_t kLongTextValues = 256;
constexpr std::uint32_t kDictionaryMax = 65'536;
constexpr std::size_t kPackFrom = 64;  // smaller bytes are not worth packing
constexpr std::size_t kPackCodesFrom = 512;

constexpr std::size_t kFetchAhead = 12;

void fetch_ahead(std::span<const ValueRef> strings, std::size_t i) {
    if (i + kFetchAhead < strings.size()) {
        __builtin_prefetch(strings[i + kFetchAhead].string().data());
    }
}

// The number that one to eighteen digits are.
bool few_digits(std::string_view text, std::int64_t& number) {
    if (text.empty() || text.size() > 18) {
        return false;
    }
    std::int64_t value = 0;
    for (const char c : text) {
        const auto digit = static_cast<unsigned char>(c - '0');
        if (digit > 9) {
            return false;
        }
        value = value * 10 + digit;
    }
    number = value;
    return true;
}

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
                codes_.push_back(code);
                return code;
            }
            at = (at + 1) & (slots_.size() - 1);
        }
        const auto code = static_cast<std::uint32_t>(first_.size());
        slots_[at] = code;
        hashes_.push_back(hash);
        first_.push_back(index);
        codes_.push_back(code);
        return code;
    }
    void repeat() { codes_.push_back(codes_.back()); }
    std::size_t size() const { return first_.size(); }
    const std::vector<std::uint32_t>& first() const { return first_; }
    const std::vector<std::uint32_t>& codes() const { return codes_; }

private:
    static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
    std::vector<std::uint32_t> slots_;
    std::vector<std::uint64_t> hashes_;
    std::vector<std::uint32_t> first_;  // index of the value that a code stands for
    std::vector<std::uint32_t> codes_;
};

void put_presence(std::string& out, const ColumnInput& input, std::size_t present,
                  std::uint32_t block_rows) {
    if (present == block_rows) {
        put(out, static_cast<std::uint8_t>(Presence::All));
        return;
    }
    if (input.rows.empty()) {
        put(out, static_cast<std::uint8_t>(Presence::Shapes));
        const std::size_t at = out.size();
        out.resize(at + (input.of_shapes.size() + 7) / 8);
        for (std::size_t i = 0; i < input.of_shapes.size(); ++i) {
            out[at + i / 8] = static_cast<char>(out[at + i / 8] | input.of_shapes[i] << (i % 8));
        }
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
    bool is_packed = false;       // `packed` is `raw`, packed
    bool told_apart = false;      // `distinct` holds all values
    std::string values, numbers;  // of the column at hand
    std::vector<std::int64_t> integers;
    std::vector<std::uint64_t> wide_codes;
    std::vector<std::uint32_t> shape_codes;

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

    // Codes of version 1, which pack better when some values are far more frequent than others.
    void put_byte_codes() {
        const auto& codes = distinct.codes();
        const std::size_t at = raw.size();
        raw.resize(at + codes.size());
        for (std::size_t i = 0; i < codes.size(); ++i) {
            raw[at + i] = static_cast<char>(codes[i]);
        }
    }

    std::uint32_t code_width() const {
        return static_cast<std::uint32_t>(std::bit_width(distinct.size() - 1));
    }
    std::size_t codes_bytes() const { return bytes_of_bits(distinct.codes().size(), code_width()); }

    template <class PutValue>
    Encoding put_dictionary(const ColumnInput& input, std::uint8_t flags, PutValue&& put_value_of);
    bool by_shape(const ColumnInput& input);
    bool find_distinct(const ColumnInput& input, std::size_t distinct_max);
    bool put_number_text(const ColumnInput& input);
    bool put_hex_text(const ColumnInput& input);
    Encoding put_integers(const ColumnInput& input, ColumnBytes& out);
    Encoding put_strings(const ColumnInput& input);
    void put_text_pages(const ColumnInput& input);
    Encoding put_addresses(const ColumnInput& input);
};

// Has each shape one value? Then a code a shape is enough.
bool ColumnEncoder::State::by_shape(const ColumnInput& input) {
    constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
    if (input.of_shapes.size() < 2 || distinct.size() > input.of_shapes.size()) {
        return false;
    }
    shape_codes.assign(input.of_shapes.size(), kNone);
    const auto& codes = distinct.codes();
    if (!input.rows.empty()) {
        return false;  // a row without a shape has it
    }
    std::size_t index = 0;
    for (const std::uint32_t shape : input.shapes) {
        if (input.of_shapes[shape] == 0) {
            continue;
        }
        std::uint32_t& code = shape_codes[shape];
        if (code != kNone && code != codes[index]) {
            return false;
        }
        code = codes[index++];
    }
    std::ranges::replace(shape_codes, kNone, 0U);
    return true;
}

// Writes what `distinct` holds, in the smallest of three ways.
template <class PutValue>
Encoding ColumnEncoder::State::put_dictionary(const ColumnInput& input, std::uint8_t flags,
                                              PutValue&& put_value_of) {
    const std::size_t begin = raw.size();
    values.clear();
    for (const std::uint32_t first : distinct.first()) {
        put_value_of(values, first);
    }
    const auto put_values = [&] {
        put_varint(raw, distinct.size());
        const bool smaller = values.size() >= kPackCodesFrom && pack(values);
        put(raw, static_cast<std::uint8_t>(flags | (smaller ? 1 : 0)));
        put_varint(raw, values.size());
        if (smaller) {
            put_varint(raw, packed.size());
            raw += packed;
        } else {
            raw += values;
        }
    };
    if (by_shape(input)) {
        put_values();
        for (const std::uint32_t code : shape_codes) {
            put_varint(raw, code);
        }
        return Encoding::ByShape;
    }
    const std::size_t bits = codes_bytes();
    if (distinct.size() <= 256 && (flags & 2) == 0 && bits >= kPackCodesFrom) {
        const std::string head = raw;  // the presence
        put_varint(raw, distinct.size());
        raw += values;
        put_byte_codes();
        if (pack(raw) && packed.size() < (begin + values.size() + bits) * 3 / 4) {
            is_packed = true;  // and `packed` is what is stored
            return Encoding::Dictionary;
        }
        raw = head;
    }
    put_values();
    put(raw, static_cast<std::uint8_t>(code_width()));
    wide_codes.assign(distinct.codes().begin(), distinct.codes().end());
    put_bits(raw, wide_codes, code_width());
    return Encoding::Codes;
}

Encoding ColumnEncoder::State::put_integers(const ColumnInput& input, ColumnBytes& out) {
    const auto all = input.values;
    integers.resize(all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        integers[i] = number_of(all[i]);
    }
    const auto [low, high] = std::ranges::minmax(integers);
    out.min = low;
    out.max = high;
    if (low == high) {
        distinct.begin(1);
        distinct.add(0, 0, [](std::uint32_t) { return true; });
        told_apart = true;
        put_varint(raw, zigzag(low));
        return Encoding::Constant;
    }
    numbers.clear();
    PackedNumbers::encode(integers, numbers);
    // A dictionary is tried only where it could win.
    const std::size_t distinct_max = std::min<std::size_t>(all.size() / 16 + 2, 4096);
    bool dictionary = numbers.size() * 8 > all.size();
    distinct.begin(distinct_max);
    for (std::uint32_t i = 0; i < all.size() && dictionary; ++i) {
        const std::int64_t number = integers[i];
        const std::uint64_t hash = static_cast<std::uint64_t>(number) * 0x9E3779B97F4A7C15ULL;
        distinct.add(hash ^ hash >> 32, i,
                     [&](std::uint32_t other) { return integers[other] == number; });
        dictionary = distinct.size() <= distinct_max;
    }
    told_apart = dictionary;
    if (dictionary) {
        const std::string head = raw;
        const Encoding encoding = put_dictionary(input, 0, [&](std::string& to, std::uint32_t i) {
            put_varint(to, zigzag(integers[i]));
        });
        const std::size_t bytes = encoding == Encoding::Dictionary ? packed.size() : raw.size();
        if (bytes < head.size() + numbers.size()) {
            return encoding;
        }
        raw = head;
        is_packed = false;
    }
    raw += numbers;
    return Encoding::Packed;
}

namespace {

bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }

struct NumberForm {
    std::string_view prefix, suffix;
    std::uint32_t digits = 0;  // 0: canonical
};

// The form of a text: its longest run of digits is the number.
bool form_of(std::string_view text, bool (*is_part)(char), NumberForm& form) {
    std::size_t best = 0;
    std::size_t best_size = 0;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = at;
        while (end < text.size() && is_part(text[end])) {
            ++end;
        }
        if (end - at > best_size) {
            best = at;
            best_size = end - at;
        }
        at = end + 1;
    }
    form.prefix = text.substr(0, best);
    form.suffix = text.substr(best + best_size);
    form.digits = static_cast<std::uint32_t>(best_size);
    return best_size > 0 && form.prefix.size() < 256 && form.suffix.size() < 256;
}

bool has_form(std::string_view text, const NumberForm& form) {
    return text.size() > form.prefix.size() + form.suffix.size() && text.starts_with(form.prefix)
           && text.ends_with(form.suffix);
}

bool parse_v4(std::string_view text, std::int64_t& number) {
    number = 0;
    const char* at = text.data();
    const char* const end = at + text.size();
    for (int part = 0; part < 4; ++part) {
        std::int64_t value = 0;
        const char* const begin = at;
        while (at < end && is_digit(*at) && at - begin < 3) {
            value = value * 10 + (*at++ - '0');
        }
        if (at == begin || value > 255 || (at - begin > 1 && *begin == '0')
            || (part < 3 && (at == end || *at++ != '.'))) {
            return false;
        }
        number = number << 8 | value;
    }
    return at == end;
}

}  // namespace

// Into `numbers`; see Column::read_number_text.
bool ColumnEncoder::State::put_number_text(const ColumnInput& input) {
    const std::string_view first = input.values[0].string();
    integers.resize(input.values.size());
    numbers.clear();
    if (std::int64_t number = 0; parse_v4(first, number)) {
        for (std::size_t i = 0; i < integers.size(); ++i) {
            fetch_ahead(input.values, i);
            if (!parse_v4(input.values[i].string(), integers[i])) {
                return false;
            }
        }
        put(numbers, std::uint8_t{3});
        put_varint(numbers, 0);
        put_text(numbers, {});
        put_text(numbers, {});
        PackedNumbers::encode(integers, numbers);
        return true;
    }
    NumberForm form;
    if (!form_of(first, is_digit, form) || form.digits > 19) {
        return false;
    }
    const bool maybe_signed = form.prefix.ends_with('-');
    if (maybe_signed) {  // some values may be below zero, and others not
        form.prefix.remove_suffix(1);
    }
    const bool bare = form.prefix.empty() && form.suffix.empty();
    bool canonical = true;
    bool padded = true;
    bool any_sign = maybe_signed;
    for (std::size_t i = 0; i < integers.size(); ++i) {
        const std::string_view text = input.values[i].string();
        fetch_ahead(input.values, i);
        std::string_view digits = text;
        bool sign = false;
        if (!bare || !few_digits(text, integers[i])) {
            if (!has_form(text, form)) {
                return false;
            }
            digits = text.substr(form.prefix.size(),
                                 text.size() - form.prefix.size() - form.suffix.size());
            const auto parsed =
                std::from_chars(digits.data(), digits.data() + digits.size(), integers[i]);
            if (parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size()) {
                return false;
            }
            sign = digits.front() == '-';
            digits.remove_prefix(sign ? 1 : 0);
        }
        any_sign = any_sign || sign;
        canonical =
            canonical && (digits.size() == 1 || digits[0] != '0') && !(sign && integers[i] == 0);
        padded = padded && digits.size() == form.digits && !any_sign;
        if (!canonical && !padded) {
            return false;
        }
    }
    put(numbers, static_cast<std::uint8_t>(canonical ? 0 : 1));
    put_varint(numbers, canonical ? 0 : form.digits);
    put_text(numbers, form.prefix);
    put_text(numbers, form.suffix);
    PackedNumbers::encode(integers, numbers);
    return true;
}

bool ColumnEncoder::State::put_hex_text(const ColumnInput& input) {
    NumberForm form;
    if (!form_of(input.values[0].string(), is_hex, form) || form.digits < 8 || form.digits > 128) {
        return false;
    }
    numbers.clear();
    put(numbers, std::uint8_t{2});
    put_varint(numbers, form.digits);
    put_text(numbers, form.prefix);
    put_text(numbers, form.suffix);
    for (const ValueRef& value : input.values) {
        const std::string_view text = value.string();
        if (text.size() != form.prefix.size() + form.digits + form.suffix.size()
            || !has_form(text, form)) {
            return false;
        }
        unsigned byte = 0;
        for (std::uint32_t i = 0; i < form.digits; ++i) {
            const char c = text[form.prefix.size() + i];
            if (!is_hex(c)) {
                return false;
            }
            const unsigned nibble = static_cast<unsigned>(is_digit(c) ? c - '0' : c - 'a' + 10);
            byte = i % 2 == 0 ? nibble << 4 : byte | nibble;
            if (i % 2 == 1 || i + 1 == form.digits) {
                numbers += static_cast<char>(byte);
            }
        }
    }
    return true;
}

// Fills `distinct`; false when the values are too many different ones. Values lie far apart in
// memory, so each is asked for before its turn.
bool ColumnEncoder::State::find_distinct(const ColumnInput& input, std::size_t distinct_max) {
    distinct.begin(std::min(distinct_max, input.values.size()) + 1);
    std::size_t distinct_bytes = 0;
    const char* last = nullptr;  // neighbours are often the same bytes
    std::size_t last_size = 0;
    for (std::uint32_t i = 0; i < input.values.size(); ++i) {
        const std::string_view text = input.values[i].string();
        fetch_ahead(input.values, i);
        if (last != nullptr && same_bytes(text, {last, last_size})) {
            distinct.repeat();
            continue;
        }
        last = text.data();
        last_size = text.size();
        const std::size_t before = distinct.size();
        distinct.add(XXH3_64bits(text.data(), text.size()), i, [&](std::uint32_t other) {
            return same_bytes(input.values[other].string(), text);
        });
        distinct_bytes += distinct.size() > before ? text.size() : 0;
        // Give up early on columns that are different in every row.
        if (distinct.size() > distinct_max || (i >= 1024 && distinct.size() > i - i / 8)
            || distinct_bytes > kColumnBytesMax / 2) {
            return false;
        }
    }
    told_apart = true;
    return true;
}

Encoding ColumnEncoder::State::put_strings(const ColumnInput& input) {
    const auto all = input.values;
    const std::size_t number_bytes = put_number_text(input) || put_hex_text(input)
                                         ? numbers.size()
                                         : std::numeric_limits<std::size_t>::max();
    const bool numeric = number_bytes != std::numeric_limits<std::size_t>::max();
    std::size_t distinct_max = std::min<std::size_t>(all.size() / 2 + 1, kDictionaryMax);
    if (numeric) {
        distinct_max = std::min<std::size_t>(distinct_max, all.size() / 16 + 2);
    }
    const bool few_bits = numeric && number_bytes * 8 < all.size();
    if ((few_bits && all.size() > 16) || !find_distinct(input, distinct_max)) {
        if (numeric) {
            raw += numbers;
            return Encoding::NumberText;
        }
        put_text_pages(input);
        return Encoding::Text;
    }
    if (distinct.size() == 1) {
        raw.append(all[0].string());
        return Encoding::Constant;
    }
    const std::string head = raw;
    const Encoding encoding = put_dictionary(
        input, 0, [&](std::string& to, std::uint32_t i) { put_text(to, all[i].string()); });
    const std::size_t bytes = encoding == Encoding::Dictionary ? packed.size() : raw.size();
    if (bytes > head.size() + number_bytes && numeric) {
        raw = head;
        is_packed = false;
        raw += numbers;
        return Encoding::NumberText;
    }
    return encoding;
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
        while (end < input.values.size()
               && (end == at || text_bytes < kTextPage
                   || (end - at < kLongTextValues && text_bytes < kLongTextPage))) {
            const std::size_t size = input.values[end].string().size();
            put_varint(page, size);
            text_bytes += size;
            ++end;
        }
        for (std::size_t i = at; i < end; ++i) {
            fetch_ahead(input.values, i);
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
    const auto all = input.values;
    const std::size_t distinct_max = std::min<std::size_t>(all.size() / 2 + 1, kDictionaryMax);
    distinct.begin(distinct_max + 1);
    bool dictionary = true;
    bool all_v4 = true;
    integers.clear();
    for (std::uint32_t i = 0; i < all.size(); ++i) {
        if (i + kFetchAhead < all.size()) {
            __builtin_prefetch(&all[i + kFetchAhead].ip());
        }
        const base::IpAddress& ip = all[i].ip();
        all_v4 = all_v4 && ip.is_v4();
        if (all_v4) {
            integers.push_back(ip.v4());
        }
        if (dictionary) {
            distinct.add(XXH3_64bits(ip.bytes.data(), ip.bytes.size()), i,
                         [&](std::uint32_t other) { return all[other].ip() == ip; });
            dictionary = distinct.size() <= distinct_max;
        }
    }
    told_apart = dictionary;
    const auto put_ip = [&](std::string& to, const base::IpAddress& ip) {
        const std::size_t from = all_v4 ? 12 : 0;
        to.append(reinterpret_cast<const char*>(ip.bytes.data()) + from, ip.bytes.size() - from);
    };
    if (dictionary && distinct.size() == 1) {
        raw.append(reinterpret_cast<const char*>(all[0].ip().bytes.data()),
                   all[0].ip().bytes.size());
        return Encoding::Constant;
    }
    numbers.clear();
    if (all_v4) {
        PackedNumbers::encode(integers, numbers);
    }
    const std::size_t each = all_v4 ? 4 : 16;
    if (dictionary
        && (!all_v4 || distinct.size() * each + codes_bytes() < numbers.size()
            || by_shape(input))) {
        return put_dictionary(input, all_v4 ? 2 : 0,
                              [&](std::string& to, std::uint32_t i) { put_ip(to, all[i].ip()); });
    }
    if (all_v4) {
        raw += numbers;
        return Encoding::Packed;
    }
    for (const ValueRef& value : all) {
        put_ip(raw, value.ip());
    }
    return Encoding::Plain;
}

ColumnEncoder::ColumnEncoder(int level) : state_(std::make_unique<State>(level)) {}
ColumnEncoder::~ColumnEncoder() = default;

ColumnBytes ColumnEncoder::encode(const ColumnInput& input, std::uint32_t block_rows) {
    State& s = *state_;
    ColumnBytes out;
    s.raw.clear();
    put_presence(s.raw, input, input.values.size(), block_rows);
    s.is_packed = false;
    s.told_apart = false;
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
    const bool may_pack = out.encoding == Encoding::Constant || out.encoding == Encoding::Plain
                          || out.encoding == Encoding::Delta
                          || out.encoding == Encoding::Dictionary;
    if (may_pack && (s.is_packed || s.pack(s.raw))) {
        out.packing = Packing::Zstd;
        out.stored = s.packed;
    } else {
        out.stored = s.raw;
    }
    return out;
}

std::span<const std::uint32_t> ColumnEncoder::distinct() const {
    return state_->told_apart ? std::span<const std::uint32_t>(state_->distinct.first())
                              : std::span<const std::uint32_t>();
}

ColumnBytes ColumnEncoder::encode_shaped(std::span<const std::uint32_t> shapes,
                                         std::span<const std::uint32_t> codes) {
    State& s = *state_;
    s.raw.clear();
    put(s.raw, static_cast<std::uint8_t>(Presence::All));
    put_varint(s.raw, shapes.size());
    for (const std::uint32_t shape : shapes) {
        put_varint(s.raw, shape);
    }
    const auto width = static_cast<std::uint32_t>(std::bit_width(shapes.size() - 1));
    put(s.raw, static_cast<std::uint8_t>(width));
    s.wide_codes.assign(codes.begin(), codes.end());
    put_bits(s.raw, s.wide_codes, width);
    ColumnBytes out;
    out.encoding = Encoding::Shaped;
    out.raw_bytes = static_cast<std::uint32_t>(s.raw.size());
    if (s.pack(s.raw) && s.packed.size() < s.raw.size() * 3 / 4) {
        out.packing = Packing::Zstd;
        out.stored = s.packed;
    } else {
        out.stored = s.raw;
    }
    return out;
}

ColumnBytes ColumnEncoder::encode_span(std::uint32_t present,
                                       std::span<const std::uint8_t> of_shapes,
                                       std::uint32_t block_rows) {
    State& s = *state_;
    s.raw.clear();
    put_presence(
        s.raw,
        {.type = TypeCode::String, .rows = {}, .values = {}, .shapes = {}, .of_shapes = of_shapes},
        present, block_rows);
    ColumnBytes out;
    out.encoding = Encoding::Span;
    out.stored = s.raw;
    out.raw_bytes = static_cast<std::uint32_t>(s.raw.size());
    return out;
}

}  // namespace gac::store
