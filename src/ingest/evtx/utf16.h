// UTF-16LE of Windows as UTF-8. Nearly all of it is plain ASCII, which is checked and narrowed
// sixteen signs at a time. Lone halves of pairs become U+FFFD.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/arena.h"

namespace gac::ingest::evtx {

inline std::uint16_t unit_at(std::string_view utf16, std::size_t index) {
    std::uint16_t unit = 0;
    std::memcpy(&unit, utf16.data() + 2 * index, 2);
    return unit;
}

// Windows leaves blanks and NULs at the end of many command lines; the public tools drop them, and
// rules are tried on what the tools write.
std::string_view without_blanks_at_end(std::string_view utf16);

// How many units at the front are plain ASCII; these are written to `to`, which has room for all.
std::size_t narrow_ascii(const char* utf16, std::size_t units, char* to);

// The code point at `index`, which moves behind it.
inline std::uint32_t next_code_point(std::string_view utf16, std::size_t units,
                                     std::size_t& index) {
    std::uint32_t c = unit_at(utf16, index++);
    if (c >= 0xd800 && c < 0xe000) {
        const std::uint32_t low = index < units ? unit_at(utf16, index) : 0;
        if (c < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
            ++index;
        } else {
            c = 0xfffd;
        }
    }
    return c;
}

// Writes one to four bytes and gives the place behind them.
inline char* put_code_point(std::uint32_t c, char* to) {
    if (c < 0x80) {
        *to++ = static_cast<char>(c);
    } else if (c < 0x800) {
        *to++ = static_cast<char>(0xc0 | c >> 6);
        *to++ = static_cast<char>(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        *to++ = static_cast<char>(0xe0 | c >> 12);
        *to++ = static_cast<char>(0x80 | (c >> 6 & 0x3f));
        *to++ = static_cast<char>(0x80 | (c & 0x3f));
    } else {
        *to++ = static_cast<char>(0xf0 | c >> 18);
        *to++ = static_cast<char>(0x80 | (c >> 12 & 0x3f));
        *to++ = static_cast<char>(0x80 | (c >> 6 & 0x3f));
        *to++ = static_cast<char>(0x80 | (c & 0x3f));
    }
    return to;
}

// All of it, into the arena.
std::string_view decode_utf16(std::string_view utf16, base::Arena& arena);

}  // namespace gac::ingest::evtx
