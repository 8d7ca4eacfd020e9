// The index of a segment that is open: what it says about words, values and blocks. Reads a page
// when asked and keeps none; every page is checked. The directory must outlive it. One thread each.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "store/index/dictionary.h"
#include "store/index/directory.h"
#include "store/segment/row_set.h"

namespace gac::store::index {

class Reader {
public:
    // The pages' section begins at `offset` of the file.
    Reader(const Directory& directory, const base::Fd& fd, std::uint64_t offset)
        : directory_(directory), fd_(fd), offset_(offset) {}

    const Directory& directory() const { return directory_; }
    std::span<const DictionaryEntry> dictionaries() const { return directory_.dictionaries; }
    const DictionaryEntry* addresses() const { return dictionary_of(std::nullopt); }
    const DictionaryEntry* dictionary_of(std::optional<event::FieldId> field) const;

    // May the block hold a word? False only when it surely does not.
    Result<bool> may_hold(std::uint32_t block, std::uint64_t word);

    // Values of a dictionary: page p holds those from p * kPageEntries on.
    Result<DictionaryPage> page(const DictionaryEntry& dictionary, std::uint32_t number);

    // Numbers of the pages that may hold a value of that key (address_key, text_key): from first
    // to last, none when first > last.
    struct Pages {
        std::uint32_t first = 1;
        std::uint32_t last = 0;
    };
    static Pages pages_with(const DictionaryEntry& dictionary, std::uint64_t key);

    std::uint64_t bytes_read() const { return bytes_read_; }

private:
    Result<std::string> read(const Part& part);

    const Directory& directory_;
    const base::Fd& fd_;
    std::uint64_t offset_;
    std::uint64_t bytes_read_ = 0;
    std::string line_;
};

}  // namespace gac::store::index
