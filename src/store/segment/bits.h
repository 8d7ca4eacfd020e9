// Numbers in few bits, any one of which can be read by itself. docs/formats/segment.md, "packed
// numbers". Bytes from the disk are not trusted: open() checks that everything asked for later lies
// inside. Pure; any thread.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/reader.h"

namespace gac::store {

// Bytes that must stand (whatever they are) behind packed bits that are read.
inline constexpr std::size_t kBitsPadding = 8;
inline constexpr std::uint32_t kFrame = 128;  // numbers that share a width

// Widths from 58 to 63 are written as 64, so that a number lies in one load.
inline std::uint32_t usable_width(std::uint32_t bits) { return bits > 57 ? 64 : bits; }
inline std::size_t bytes_of_bits(std::uint64_t count, std::uint32_t width) {
    return static_cast<std::size_t>((count * width + 7) / 8);
}

inline std::uint64_t read_bits(const char* at, std::uint64_t index, std::uint32_t width) {
    const std::uint64_t bit = index * width;
    std::uint64_t word = 0;
    std::memcpy(&word, at + bit / 8, sizeof word);
    return width == 64 ? word : (word >> (bit % 8)) & ((std::uint64_t{1} << width) - 1);
}

// Appends count * width bits, lowest bit first.
void put_bits(std::string& out, std::span<const std::uint64_t> values, std::uint32_t width);
// out[i] = number i; `from` must be padded.
void unpack_bits(const char* from, std::uint32_t width, std::span<std::uint32_t> out);
void unpack_bits(const char* from, std::uint32_t width, std::span<std::uint64_t> out);

// A sequence of numbers as base + divisor * (stride * index + reference of its frame + few bits).
class PackedNumbers {
public:
    static void encode(std::span<const std::int64_t> values, std::string& out);

    // Reads from `in`; the bytes must live on, padded. False when they do not hold together.
    bool open(base::Reader& in, std::string_view whole, std::uint32_t count);
    std::int64_t at(std::uint32_t index) const {
        const std::uint32_t frame = index / kFrame;
        const std::uint64_t bits =
            read_bits(data_ + starts_[frame], index % kFrame, widths_[frame]);
        return static_cast<std::int64_t>(
            base_ + divisor_ * (stride_ * index + references_[frame] + bits));
    }
    void unpack(std::vector<std::int64_t>& out) const;

private:
    std::uint64_t base_ = 0, divisor_ = 1, stride_ = 0;
    std::uint32_t count_ = 0;
    const char* data_ = nullptr;
    std::vector<std::uint32_t> starts_;  // of each frame in data_
    std::vector<std::uint8_t> widths_;
    std::vector<std::uint64_t> references_;
};

}  // namespace gac::store
