// Readings of rule files, kept between runs of the program in one file: reading thousands of YAML
// files is most of what loading costs. An entry is found by the hash of path and text, or of path
// and stamp where the text was not read, so a changed file is simply not found; another program,
// other placeholders or other limits find nothing. Items that rules share are kept once and handed
// out as bytes, to be read when they are needed. The file is checked by its hash and holds nothing
// that cannot be made again: whatever is wrong with it, or with writing it, costs time alone. One
// thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "detect/sigma/item_bytes.h"
#include "detect/sigma/reading.h"

namespace gac::detect::sigma {

class ReadingCache {
public:
    // No file name: nothing is found and nothing kept.
    ReadingCache(std::filesystem::path file, const CompileOptions& options);

    // The items that the file held, by the numbers that readings found in it name. They live as
    // long as memory() does.
    std::vector<std::string_view> items() const { return items_; }
    std::shared_ptr<const void> memory() const { return bytes_; }

    std::optional<Reading> find(const RuleText& text);
    // Of a reading that was not found, its items numbered in a table that started with items().
    void keep(const RuleText& text, Reading& reading);
    // Writes the file when something was kept that it did not hold: what was found and kept since.
    void save(const ItemTable& items) const;

private:
    struct Key {
        std::uint64_t low = 0, high = 0;
        bool operator==(const Key&) const = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const { return key.low; }
    };
    // A reading as bytes, apart from the numbers of its items, which change from file to file.
    struct Entry {
        std::vector<std::uint32_t> own_numbers;  // of one that was kept
        std::string own_bytes;
        std::string_view numbers;  // of one that was found
        std::string_view bytes;
    };
    static Key key_of(const RuleText& text);
    bool load();

    std::filesystem::path file_;
    std::uint64_t made_for_ = 0;  // program, placeholders, limits
    std::shared_ptr<const char> bytes_;
    std::vector<std::string_view> items_;
    std::unordered_map<Key, Entry, KeyHash> entries_;  // of the file as it was
    std::vector<std::pair<Key, Entry>> next_;          // of the file to be
    bool changed_ = false;
};

}  // namespace gac::detect::sigma
