// Finds a few literals anywhere in a text, ignoring the case of ASCII letters, thirty-two places at
// a time: the Teddy algorithm of Hyperscan (nibble masks of three neighbouring bytes, eight
// buckets), with the three bytes of each literal chosen where logs rarely have them. Made for
// keyword rules, which scan every event's whole text. Immutable; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gac::detect::sigma {

class Teddy {
public:
    // Beyond, the buckets hold so much that they pass too many places.
    static constexpr std::size_t kLiteralsMax = 48;
    // Whether this processor can, and the list is short enough; a literal is never empty.
    static bool takes(std::span<const std::string_view> literals);

    // Of literals in lower case.
    explicit Teddy(std::span<const std::string_view> literals);

    // Appends the places in the list of those that stand in the text, each once.
    void scan(std::string_view text, std::vector<std::uint32_t>& out) const;

private:
    static constexpr std::size_t kWindow = 4;
    static constexpr std::size_t kBuckets = 8;
    static constexpr std::size_t kStep = 32;  // bytes of a vector of AVX2

    struct Literal {
        std::string text;
        std::size_t window = 0;  // where its four bytes begin
        std::uint32_t key = 0;   // its four bytes with kLower set, under `mask`
        std::uint32_t mask = 0;  // fewer than four when it is shorter
    };
    // Makes letters of either case the same, and some signs as well.
    static constexpr std::uint32_t kLower = 0x20202020;
    struct Masks {
        std::array<std::uint8_t, 16> low{};  // by nibble: buckets that allow it
        std::array<std::uint8_t, 16> high{};
    };

    void allow(std::size_t position, unsigned char byte, std::uint8_t bucket);
    // Bits of the literals that stand in the text.
    std::uint64_t sweep(std::string_view text) const;
    void verify(std::string_view text, std::size_t at, std::uint8_t buckets,
                std::uint64_t& found) const;

    std::vector<Literal> literals_;
    std::array<std::vector<std::uint8_t>, kBuckets> buckets_;  // indexes into literals_
    std::array<Masks, kWindow> masks_;
};

}  // namespace gac::detect::sigma
