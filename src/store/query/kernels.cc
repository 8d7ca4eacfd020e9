#include "store/query/kernels.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>
#include <limits>
#include <optional>
#include <span>

namespace gac::store::query {

namespace {

constexpr std::uint64_t kTableMax = 1U << 16;  // of numbers that lie close together
constexpr std::uint32_t kFewHits = 16;         // whose rows are looked for one by one

// Bit i: codes[i] == code. At most 64 codes.
std::uint64_t equal_bits(std::span<const std::uint32_t> codes, std::uint32_t code) {
    std::uint64_t bits = 0;
    std::size_t i = 0;
#ifdef __SSE2__
    const __m128i wanted = _mm_set1_epi32(static_cast<int>(code));
    const auto compare = [&](std::size_t at) {
        return _mm_cmpeq_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(codes.data() + at)),
                               wanted);
    };
    for (; i + 16 <= codes.size(); i += 16) {
        const __m128i low = _mm_packs_epi32(compare(i), compare(i + 4));
        const __m128i high = _mm_packs_epi32(compare(i + 8), compare(i + 12));
        const auto mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_packs_epi16(low, high)));
        bits |= std::uint64_t{mask} << i;
    }
#endif
    for (; i < codes.size(); ++i) {
        bits |= std::uint64_t{codes[i] == code} << i;
    }
    return bits;
}

// Rows by the bits of 64 values at a time: bits_of(begin, end) of values in the column's order.
template <class BitsOf>
void take_bits(const Column& column, const RowSet& among, RowSet& out, BitsOf&& bits_of) {
    const std::uint32_t count = column.present_count();
    const auto bits_from = [&](std::uint32_t begin) {
        return bits_of(begin, std::min(count, begin + 64));
    };
    if (column.everywhere()) {
        for (std::uint32_t begin = 0; begin < count; begin += 64) {
            const std::uint64_t wanted = among.words()[begin / 64];
            if (wanted != 0) {
                out.words()[begin / 64] |= bits_from(begin) & wanted;
            }
        }
        return;
    }
    std::vector<std::uint64_t> passed((count + 63) / 64);
    std::uint32_t hits = 0;
    for (std::uint32_t begin = 0; begin < count; begin += 64) {
        passed[begin / 64] = bits_from(begin);
        hits += static_cast<std::uint32_t>(std::popcount(passed[begin / 64]));
    }
    if (hits > 0 && hits <= kFewHits) {
        std::vector<std::uint32_t> places;
        for (std::uint32_t begin = 0; begin < count; begin += 64) {
            for (std::uint64_t word = passed[begin / 64]; word != 0; word &= word - 1) {
                places.push_back(begin + static_cast<std::uint32_t>(std::countr_zero(word)));
            }
        }
        column.rows_at(places, [&](std::uint32_t row) {
            if (among.has(row)) {
                out.set(row);
            }
        });
    } else if (hits > 0) {
        for_present(column, among, [&](std::uint32_t row, std::uint32_t index) {
            if ((passed[index / 64] >> (index % 64) & 1) != 0) {
                out.set(row);
            }
        });
    }
}

struct Range {  // both ends count; empty when low > high
    std::int64_t low = 0;
    std::int64_t high = -1;
};

std::optional<Range> range_of(Relation relation, std::int64_t value) {
    constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    switch (relation) {
        case Relation::Is:
            return Range{value, value};
        case Relation::Less:
            return value == kLeast ? Range{} : Range{kLeast, value - 1};
        case Relation::LessOrEqual:
            return Range{kLeast, value};
        case Relation::Greater:
            return value == kMost ? Range{} : Range{value + 1, kMost};
        case Relation::GreaterOrEqual:
            return Range{value, kMost};
        default:
            return std::nullopt;
    }
}

// IPv4 addresses as numbers, of those that pass.
std::optional<Range> range_of_addresses(const Test& test) {
    constexpr int kBefore = 96;  // bits of an address before the IPv4 part
    if (!test.prefix || test.relation != Relation::Is) {
        return std::nullopt;
    }
    if (!test.prefix->address().is_v4() || test.prefix->bits() < kBefore) {
        return std::nullopt;
    }
    const std::int64_t first = test.prefix->address().v4();
    const int free = 128 - test.prefix->bits();
    return Range{first, first + (std::int64_t{1} << free) - 1};
}

// The numbers of a column that pass; nothing when the test is of another kind.
std::optional<Range> range_of(const Column& column, const Matcher& matcher) {
    const Test& test = matcher.test();
    switch (column.entry().type) {
        case TypeCode::Integer:
            return test.integer ? range_of(test.relation, *test.integer) : std::nullopt;
        case TypeCode::Time:
            return test.time ? range_of(test.relation, test.time->us) : std::nullopt;
        case TypeCode::Ip:
            return range_of_addresses(test);
        case TypeCode::String:  // addresses in canonical form: equal when the numbers are
            return column.is_number_text() && column.number_form().is_address
                           && !matcher.is_anywhere()
                       ? range_of_addresses(test)
                       : std::nullopt;
        default:
            return std::nullopt;
    }
}

}  // namespace

bool match_packed(Column& column, Matcher& matcher, const RowSet& among, RowSet& out) {
    if (column.coded()) {
        std::vector<std::uint8_t> good;
        std::uint32_t passed = 0;
        std::uint32_t code = 0;
        for (const event::ValueRef& value : column.distinct()) {
            good.push_back(matcher.matches(value) ? 1 : 0);
            if (good.back() != 0) {
                code = static_cast<std::uint32_t>(good.size() - 1);
                ++passed;
            }
        }
        if (passed == 0) {
            return true;
        }
        const std::span<const std::uint32_t> codes = column.codes();
        if (codes.empty() || passed == good.size()) {  // all values are the same, or pass
            RowSet rows = among;
            if (!column.everywhere()) {
                rows &= column.present();
            }
            out |= rows;
        } else if (passed == 1) {
            take_bits(column, among, out, [&](std::uint32_t begin, std::uint32_t end) {
                return equal_bits(codes.subspan(begin, end - begin), code);
            });
        } else {
            take_bits(column, among, out, [&](std::uint32_t begin, std::uint32_t end) {
                std::uint64_t bits = 0;
                for (std::uint32_t i = begin; i < end; ++i) {
                    bits |= std::uint64_t{good[codes[i]]} << (i - begin);
                }
                return bits;
            });
        }
        return true;
    }
    const std::optional<Range> range = range_of(column, matcher);
    const std::span<const std::int64_t> numbers = column.numbers();
    if (!range || numbers.empty()) {
        return false;
    }
    if (range->low > range->high) {
        return true;
    }
    const auto low = static_cast<std::uint64_t>(range->low);
    const std::uint64_t width = static_cast<std::uint64_t>(range->high) - low;
    take_bits(column, among, out, [&](std::uint32_t begin, std::uint32_t end) {
        std::uint64_t bits = 0;
        for (std::uint32_t i = begin; i < end; ++i) {
            bits |= std::uint64_t{static_cast<std::uint64_t>(numbers[i]) - low <= width}
                    << (i - begin);
        }
        return bits;
    });
    return true;
}

bool number_places(Column& column, Places& out) {
    const std::span<const std::int64_t> numbers = column.numbers();
    if (numbers.empty()) {
        return false;
    }
    constexpr std::uint32_t kNone = 0xffff'ffff;
    out.of_index.resize(numbers.size());
    out.first.clear();
    const auto place_in = [&](std::uint32_t& slot, std::uint32_t index) {
        if (slot == kNone) {
            slot = static_cast<std::uint32_t>(out.first.size());
            out.first.push_back(index);
        }
        out.of_index[index] = slot;
    };
    const auto [least, most] = std::ranges::minmax(numbers);
    const std::uint64_t span = static_cast<std::uint64_t>(most) - static_cast<std::uint64_t>(least);
    const auto count = static_cast<std::uint32_t>(numbers.size());
    if (span < kTableMax) {
        std::vector<std::uint32_t> table(span + 1, kNone);
        for (std::uint32_t i = 0; i < count; ++i) {
            place_in(
                table[static_cast<std::uint64_t>(numbers[i]) - static_cast<std::uint64_t>(least)],
                i);
        }
        return true;
    }
    // Open addressing; a slot is found by the number that stands first at its place.
    const unsigned bits = static_cast<unsigned>(std::bit_width(numbers.size())) + 1;
    std::vector<std::uint32_t> table(std::size_t{1} << bits, kNone);
    for (std::uint32_t i = 0; i < count; ++i) {
        std::size_t at =
            (static_cast<std::uint64_t>(numbers[i]) * 0x9e3779b97f4a7c15U) >> (64 - bits);
        while (table[at] != kNone && numbers[out.first[table[at]]] != numbers[i]) {
            at = (at + 1) & (table.size() - 1);
        }
        place_in(table[at], i);
    }
    return true;
}

}  // namespace gac::store::query
