#include "store/index/reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/assert.h"
#include "store/index/word_filter.h"
#include "store/read_at.h"

namespace gac::store::index {

namespace {

std::string bytes_from(std::uint64_t offset, std::uint64_t bytes) {
    return fmt::format("index, bytes {} to {}", offset, offset + bytes);
}

}  // namespace

const DictionaryEntry* Reader::dictionary_of(std::optional<event::FieldId> field) const {
    const auto found = std::ranges::find(directory_.dictionaries, field, &DictionaryEntry::field);
    return found == directory_.dictionaries.end() ? nullptr : &*found;
}

Result<std::string> Reader::read(const Part& part) {
    std::string bytes(part.bytes, '\0');
    GAC_CHECK(read_at(fd_, offset_ + part.offset, bytes));
    bytes_read_ += part.bytes;
    if (check_of(bytes) != part.check) {
        return fail(Code::Corrupt, "checksum differs",
                    bytes_from(offset_ + part.offset, part.bytes));
    }
    return bytes;
}

Result<bool> Reader::may_hold(std::uint32_t block, std::uint64_t word) {
    GAC_ASSERT(block < directory_.blocks);
    const std::uint32_t first = directory_.first_line[block];
    const std::uint32_t lines = directory_.first_line[block + 1] - first;
    if (lines == 0) {
        return false;  // a block without a word
    }
    const std::uint64_t number = std::uint64_t{first} + line_of(word, lines);
    const std::uint64_t offset = offset_ + directory_.words_offset + number * kLineBytes;
    line_.resize(kLineBytes);
    GAC_CHECK(read_at(fd_, offset, line_));
    bytes_read_ += kLineBytes;
    const LineSays says = ask_line(line_, number, word);
    if (says == LineSays::Damaged) {
        return fail(Code::Corrupt, "checksum differs", bytes_from(offset, kLineBytes));
    }
    return says == LineSays::Maybe;
}

Result<DictionaryPage> Reader::page(const DictionaryEntry& dictionary, std::uint32_t number) {
    GAC_ASSERT(number < dictionary.pages.size());
    const Part& part = dictionary.pages[number];
    GAC_TRY(bytes, read(part));
    const ValueKind kind = dictionary.field ? ValueKind::Text : ValueKind::Address;
    auto page = DictionaryPage::decode(
        kind, std::min(kPageEntries, dictionary.entries - number * kPageEntries), directory_.blocks,
        bytes);
    if (!page) {
        return std::unexpected(
            base::at(bytes_from(offset_ + part.offset, part.bytes), std::move(page).error()));
    }
    return page;
}

Reader::Pages Reader::pages_with(const DictionaryEntry& dictionary, std::uint64_t key) {
    const auto& keys = dictionary.keys;
    const auto after = std::ranges::upper_bound(keys, key);
    if (after == keys.begin()) {
        return {};
    }
    // Equal keys can begin in the page before the first one that begins with them.
    const auto from = std::ranges::lower_bound(keys, key);
    const auto number = [&](auto at) { return static_cast<std::uint32_t>(at - keys.begin()); };
    return {.first = from == keys.begin() ? 0 : number(from) - 1, .last = number(after) - 1};
}

}  // namespace gac::store::index
