// Where the parts of a segment's index stand: kept in the footer (section 128), so it is in memory
// while the segment is open. What it points to is read page by page, each page with its own check.
// Bytes: docs/formats/segment.md. Values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gac::store::index {

inline constexpr std::uint64_t kFooterSection = 128;
inline constexpr std::uint32_t kPageEntries = 256;
inline constexpr std::uint32_t kEntriesMax = 1U << 20;   // of a dictionary
inline constexpr std::size_t kValueBytesMax = 2048;      // longer values are not in dictionaries
inline constexpr std::uint32_t kDictionariesMax = 1024;  // of a segment
inline constexpr std::size_t kPageBytesMax = 16U << 20;
inline constexpr unsigned kBucketBitsMax = 20;

// A checked part of the file.
struct Part {
    std::uint64_t offset = 0;
    std::uint32_t bytes = 0;
    std::uint32_t check = 0;  // xxh3 of the bytes, its low half
};
std::uint32_t check_of(std::string_view bytes);

// The place of a value: dictionaries one after the other, in the directory's order.
struct HashedEntry {
    std::uint64_t hash = 0;
    std::uint32_t entry = 0;
};
inline std::uint64_t bucket_of(std::uint64_t hash, unsigned bits) {
    return bits == 0 ? 0 : hash >> (64 - bits);
}

struct DictionaryEntry {
    static constexpr std::uint32_t kAddresses = 0xffff'ffff;
    // kAddresses: all values of type address. Else a place in the footer's field names: the field's
    // texts.
    std::uint32_t field = kAddresses;
    std::uint32_t entries = 0;
    std::uint32_t base = 0;  // entries of the dictionaries before it
    // Blocks that hold values of the field that are not in the dictionary, ascending.
    std::vector<std::uint32_t> incomplete;
    std::vector<Part> pages;  // kPageEntries each, the last one fewer
};

struct Directory {
    std::uint32_t blocks = 0;
    // Word filters.
    std::uint64_t words_offset = 0;
    std::vector<std::uint32_t> first_line;  // of each block, and the end: blocks + 1 numbers
    // Fields (places in the footer's names) whose texts the word filters know, beside
    // event.original.
    std::vector<std::uint32_t> text_fields;

    std::vector<DictionaryEntry> dictionaries;
    std::uint32_t entries = 0;  // of all of them
    unsigned bucket_bits = 0;
    std::vector<Part> buckets;                // 1 << bucket_bits, or none
    std::vector<std::uint32_t> bucket_pairs;  // of each

    std::uint64_t bytes() const;  // of the parts it points to
};

std::string encode_directory(const Directory& directory);
// Every number is checked against the file and the footer.
Result<Directory> decode_directory(std::string_view bytes, std::uint64_t file_bytes,
                                   std::uint32_t blocks, std::size_t fields);

}  // namespace gac::store::index
