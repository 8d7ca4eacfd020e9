// Which words a block may hold: a Bloom filter in lines of one cache line, six bits a word and
// about 16 bits for each different word. Every line carries its own check, so that a question reads
// the one line that a word falls in and nothing else, and a flipped bit is never taken for "not
// there". Bytes: docs/formats/segment.md. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gac::store::index {

inline constexpr std::size_t kLineBytes = 64;
inline constexpr std::size_t kLineBits = 480;  // the other 32 are the check
inline constexpr std::uint32_t kLinesMax = 1U << 16;

// Collects the words of one block after the other. Keeps its memory.
class WordFilterBuilder {
public:
    void add(std::span<const std::uint64_t> hashes);
    std::size_t words() const { return count_; }
    // The filter of the words since the last take: a whole number of lines, none when there were no
    // words. `first_line`: lines of the section before it.
    std::string take(std::uint64_t first_line);

private:
    void grow();

    std::vector<std::uint64_t> table_;  // open addressing; 0 = free
    std::size_t count_ = 0;
};

// Of the lines of a block, the one that the word falls in.
std::uint32_t line_of(std::uint64_t hash, std::uint32_t lines);

enum class LineSays : std::uint8_t { No, Maybe, Damaged };
// `line` has kLineBytes bytes; `number` counts lines from the beginning of the section.
LineSays ask_line(std::string_view line, std::uint64_t number, std::uint64_t hash);

}  // namespace gac::store::index
