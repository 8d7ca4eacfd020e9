#include "store/index/word_filter.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/assert.h"

namespace gac::store::index {

namespace {

constexpr std::size_t kBitsPerWord = 16;
constexpr unsigned kProbes = 6;
constexpr std::size_t kTableMin = 1024;
constexpr std::size_t kFilterBytes = kLineBytes - sizeof(std::uint32_t);

// Six places in a line, out of bits that do not choose the line.
std::array<std::uint16_t, kProbes> places_of(std::uint64_t hash) {
    std::array<std::uint16_t, kProbes> places{};
    std::uint64_t bits = hash * 0x9e3779b97f4a7c15U;
    for (std::uint16_t& place : places) {
        place = static_cast<std::uint16_t>(((bits >> 54) * kLineBits) >> 10);
        bits <<= 10;
    }
    return places;
}

std::uint32_t check_of(std::string_view line, std::uint64_t number) {
    return static_cast<std::uint32_t>(XXH3_64bits_withSeed(line.data(), kFilterBytes, number));
}

}  // namespace

std::uint32_t line_of(std::uint64_t hash, std::uint32_t lines) {
    return static_cast<std::uint32_t>(((hash >> 32) * lines) >> 32);
}

void WordFilterBuilder::grow() {
    std::vector<std::uint64_t> old(std::max(kTableMin, table_.size() * 2), 0);
    old.swap(table_);
    const std::size_t mask = table_.size() - 1;
    for (const std::uint64_t hash : old) {
        if (hash != 0) {
            std::size_t at = hash & mask;
            while (table_[at] != 0) {
                at = (at + 1) & mask;
            }
            table_[at] = hash;
        }
    }
}

void WordFilterBuilder::add(std::span<const std::uint64_t> hashes) {
    for (std::uint64_t hash : hashes) {
        hash += hash == 0 ? 1 : 0;
        if (count_ * 2 >= table_.size()) {
            grow();
        }
        const std::size_t mask = table_.size() - 1;
        std::size_t at = hash & mask;
        while (table_[at] != 0 && table_[at] != hash) {
            at = (at + 1) & mask;
        }
        if (table_[at] == 0) {
            table_[at] = hash;
            ++count_;
        }
    }
}

std::string WordFilterBuilder::take(std::uint64_t first_line) {
    const std::size_t lines =
        std::min<std::size_t>((count_ * kBitsPerWord + kLineBits - 1) / kLineBits, kLinesMax);
    std::string out(lines * kLineBytes, '\0');
    for (std::uint64_t& hash : table_) {
        if (hash != 0) {
            char* line =
                out.data()
                + std::size_t{line_of(hash, static_cast<std::uint32_t>(lines))} * kLineBytes;
            for (const std::uint16_t place : places_of(hash)) {
                line[place / 8] |= static_cast<char>(1U << (place % 8));
            }
            hash = 0;
        }
    }
    count_ = 0;
    for (std::size_t i = 0; i < lines; ++i) {
        char* line = out.data() + i * kLineBytes;
        const std::uint32_t check = check_of({line, kLineBytes}, first_line + i);
        std::memcpy(line + kFilterBytes, &check, sizeof(check));
    }
    return out;
}

LineSays ask_line(std::string_view line, std::uint64_t number, std::uint64_t hash) {
    GAC_ASSERT(line.size() == kLineBytes);
    std::uint32_t check = 0;
    std::memcpy(&check, line.data() + kFilterBytes, sizeof(check));
    if (check != check_of(line, number)) {
        return LineSays::Damaged;
    }
    hash += hash == 0 ? 1 : 0;
    for (const std::uint16_t place : places_of(hash)) {
        if ((static_cast<unsigned char>(line[place / 8]) >> (place % 8) & 1U) == 0) {
            return LineSays::No;
        }
    }
    return LineSays::Maybe;
}

}  // namespace gac::store::index
