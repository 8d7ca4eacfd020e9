// Where the parts of a segment's index stand: section 129 of the file, in memory from its first use
// on. What it points to are pages of section 128, which are read one by one, each with its own
// check. Bytes: docs/formats/segment.md. Values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "event/field.h"

namespace gac::store::index {

inline constexpr std::uint32_t kPagesSection = 128;
inline constexpr std::uint32_t kDirectorySection = 129;
// The first byte of a directory. Another version is passed over as if there were no index.
inline constexpr char kDirectoryVersion = 2;
inline constexpr std::uint32_t kPageEntries = 256;
inline constexpr std::uint32_t kEntriesMax = 1U << 20;   // of a dictionary
inline constexpr std::size_t kValueBytesMax = 2048;      // longer values are not in dictionaries
inline constexpr std::uint32_t kDictionariesMax = 1024;  // of a segment
inline constexpr std::size_t kPageBytesMax = 16U << 20;

// A checked part of the pages.
struct Part {
    std::uint64_t offset = 0;
    std::uint32_t bytes = 0;
    std::uint32_t check = 0;  // xxh3 of the bytes, its low half
};
std::uint32_t check_of(std::string_view bytes);

struct DictionaryEntry {
    // Whose texts these are; nothing: all values of type address, of whatever field.
    std::optional<event::FieldId> field;
    std::uint32_t entries = 0;
    // Blocks that hold values of the field that are not in the dictionary, ascending.
    std::vector<std::uint32_t> incomplete;
    std::vector<Part> pages;          // kPageEntries each, the last one fewer
    std::vector<std::uint64_t> keys;  // of the first value of each page, ascending
};

struct Directory {
    std::uint32_t blocks = 0;
    // Word filters.
    std::uint64_t words_offset = 0;
    std::vector<std::uint32_t> first_line;  // of each block, and the end: blocks + 1 numbers
    // Fields whose texts the word filters know, beside event.original.
    std::vector<event::FieldId> text_fields;

    std::vector<DictionaryEntry> dictionaries;

    std::uint64_t bytes() const;  // of the parts it points to
};

std::string encode_directory(const Directory& directory);
// `pages_bytes`: of the section that it points to. Every number is checked against it.
Result<Directory> decode_directory(std::string_view bytes, std::uint64_t pages_bytes,
                                   std::uint32_t blocks);

}  // namespace gac::store::index
