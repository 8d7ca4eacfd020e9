// Readings of rule files, kept between runs of the program in one file: reading thousands of YAML
// files is most of what loading costs. An entry is found by the hash of path and text, or of path
// and stamp where the text was not read, so a changed file is simply not found; another program,
// other placeholders or other limits find nothing. The file is checked by its hash and holds
// nothing that cannot be made again: whatever is wrong with it, or with writing it, costs time
// alone. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "detect/sigma/reading.h"

namespace gac::detect::sigma {

class ReadingCache {
public:
    // No file name: nothing is found and nothing kept.
    ReadingCache(std::filesystem::path file, const CompileOptions& options);

    std::optional<Reading> find(const RuleText& text);
    void keep(const RuleText& text, const Reading& reading);
    // Writes the file when something was kept that it did not hold: what was found and kept since.
    void save() const;

private:
    struct Key {
        std::uint64_t low = 0, high = 0;
        bool operator==(const Key&) const = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const { return key.low; }
    };
    static Key key_of(const RuleText& text);
    void load();
    void append(const Key& key, std::string_view reading);

    std::filesystem::path file_;
    std::uint64_t made_for_ = 0;  // program, placeholders, limits
    std::string bytes_;           // of the file as it was
    std::unordered_map<Key, std::string_view, KeyHash> entries_;
    std::string next_;  // entries of the file to be
    bool changed_ = false;
};

}  // namespace gac::detect::sigma
