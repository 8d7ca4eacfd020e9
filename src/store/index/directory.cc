#include "store/index/directory.h"

#include <xxhash.h>

#include "store/bytes.h"

namespace gac::store::index {

namespace {

// Parts stand one after the other: only the first one's offset is written.
void put_parts(std::string& out, const std::vector<Part>& parts) {
    put_varint(out, parts.empty() ? 0 : parts.front().offset);
    for (const Part& part : parts) {
        put_varint(out, part.bytes);
        put(out, part.check);
    }
}

bool read_parts(base::Reader& in, std::size_t count, std::uint64_t pages_bytes,
                std::vector<Part>& parts) {
    if (count > in.left()) {
        return false;
    }
    std::uint64_t offset = in.read_varint();
    parts.resize(count);
    for (Part& part : parts) {
        const std::uint64_t bytes = in.read_varint();
        if (bytes > kPageBytesMax || offset > pages_bytes || bytes > pages_bytes - offset) {
            return false;
        }
        part = {.offset = offset, .bytes = static_cast<std::uint32_t>(bytes)};
        part.check = in.read<std::uint32_t>();
        offset += bytes;
    }
    return !in.failed();
}

// Ascending numbers below `end`, as differences.
void put_ascending(std::string& out, const std::vector<std::uint32_t>& numbers) {
    put_varint(out, numbers.size());
    std::uint32_t before = 0;
    for (const std::uint32_t number : numbers) {
        put_varint(out, number - before);
        before = number;
    }
}

bool read_ascending(base::Reader& in, std::uint64_t end, std::vector<std::uint32_t>& numbers) {
    const std::uint64_t count = in.read_varint();
    if (count > in.left() || count > end) {
        return false;
    }
    std::uint64_t number = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t step = in.read_varint();
        if ((i > 0 && step == 0) || step >= end || (number += step) >= end) {
            return false;
        }
        numbers.push_back(static_cast<std::uint32_t>(number));
    }
    return !in.failed();
}

// An empty name: addresses.
void put_field(std::string& out, std::optional<event::FieldId> field) {
    put_text(out, field ? event::name_of(*field) : std::string_view());
}

bool read_dictionary(base::Reader& in, std::uint64_t pages_bytes, Directory& directory) {
    DictionaryEntry entry;
    const std::string_view field = read_text(in);
    const std::uint64_t entries = in.read_varint();
    if (in.failed() || entries == 0 || entries > kEntriesMax
        || !read_ascending(in, directory.blocks, entry.incomplete)
        || !read_parts(in, (entries + kPageEntries - 1) / kPageEntries, pages_bytes, entry.pages)) {
        return false;
    }
    if (!field.empty()) {
        entry.field = event::intern(field);
    }
    for (const DictionaryEntry& other : directory.dictionaries) {
        if (other.field == entry.field) {
            return false;
        }
    }
    entry.entries = static_cast<std::uint32_t>(entries);
    for (std::size_t i = 0; i < entry.pages.size(); ++i) {
        entry.keys.push_back(in.read<std::uint64_t>());
        if (i > 0 && entry.keys[i] < entry.keys[i - 1]) {
            return false;
        }
    }
    directory.dictionaries.push_back(std::move(entry));
    return true;
}

bool read_directory(base::Reader& in, std::uint64_t pages_bytes, std::uint32_t blocks,
                    Directory& directory) {
    if (in.read<char>() != kDirectoryVersion || in.read_varint() != blocks) {
        return false;
    }
    directory.blocks = blocks;
    directory.words_offset = in.read_varint();
    directory.first_line.push_back(0);
    std::uint64_t lines = 0;
    for (std::uint32_t block = 0; block < blocks; ++block) {
        const std::uint64_t of_block = in.read_varint();
        lines += of_block;
        if (in.failed() || of_block > pages_bytes || lines > 0xffff'ffffU) {
            return false;
        }
        directory.first_line.push_back(static_cast<std::uint32_t>(lines));
    }
    constexpr std::uint64_t kLine = 64;
    if (directory.words_offset > pages_bytes
        || lines > (pages_bytes - directory.words_offset) / kLine) {
        return false;
    }
    const std::uint64_t text_fields = in.read_varint();
    if (text_fields > kDictionariesMax) {
        return false;
    }
    for (std::uint64_t i = 0; i < text_fields && !in.failed(); ++i) {
        directory.text_fields.push_back(event::intern(read_text(in)));
    }
    const std::uint64_t dictionaries = in.read_varint();
    if (dictionaries > kDictionariesMax) {
        return false;
    }
    for (std::uint64_t i = 0; i < dictionaries; ++i) {
        if (!read_dictionary(in, pages_bytes, directory)) {
            return false;
        }
    }
    return in.done() && !in.failed();
}

}  // namespace

std::uint32_t check_of(std::string_view bytes) {
    return static_cast<std::uint32_t>(XXH3_64bits(bytes.data(), bytes.size()));
}

std::uint64_t Directory::bytes() const {
    std::uint64_t sum = std::uint64_t{first_line.empty() ? 0 : first_line.back()} * 64;
    const auto add = [&](const std::vector<Part>& parts) {
        for (const Part& part : parts) {
            sum += part.bytes;
        }
    };
    for (const DictionaryEntry& dictionary : dictionaries) {
        add(dictionary.pages);
    }
    return sum;
}

std::string encode_directory(const Directory& directory) {
    std::string out;
    put(out, kDirectoryVersion);
    put_varint(out, directory.blocks);
    put_varint(out, directory.words_offset);
    for (std::uint32_t block = 0; block < directory.blocks; ++block) {
        put_varint(out, directory.first_line[block + 1] - directory.first_line[block]);
    }
    put_varint(out, directory.text_fields.size());
    for (const event::FieldId field : directory.text_fields) {
        put_field(out, field);
    }
    put_varint(out, directory.dictionaries.size());
    for (const DictionaryEntry& dictionary : directory.dictionaries) {
        put_field(out, dictionary.field);
        put_varint(out, dictionary.entries);
        put_ascending(out, dictionary.incomplete);
        put_parts(out, dictionary.pages);
        for (const std::uint64_t key : dictionary.keys) {
            put(out, key);
        }
    }
    return out;
}

Result<Directory> decode_directory(std::string_view bytes, std::uint64_t pages_bytes,
                                   std::uint32_t blocks) {
    Directory directory;
    base::Reader in(bytes);
    if (!read_directory(in, pages_bytes, blocks, directory)) {
        return fail(Code::Corrupt, "the directory of the index is damaged");
    }
    return directory;
}

}  // namespace gac::store::index
