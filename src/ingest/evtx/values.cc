#include "ingest/evtx/values.h"

#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "base/time.h"

namespace gac::ingest::evtx {

namespace {

template <class T>
bool read(std::string_view bytes, T& out) {
    if (bytes.size() != sizeof(T)) {
        return false;
    }
    std::memcpy(&out, bytes.data(), sizeof(T));
    return true;
}

template <class T>
bool append_number(std::string_view bytes, std::string& out) {
    T value{};
    if (!read(bytes, value)) {
        return false;
    }
    fmt::format_to(std::back_inserter(out), "{}", value);
    return true;
}

template <class T>
bool append_hex(std::string_view bytes, std::string& out) {
    T value{};
    if (!read(bytes, value)) {
        return false;
    }
    fmt::format_to(std::back_inserter(out), "{:#x}", value);
    return true;
}

template <class T>
bool append_real(std::string_view bytes, std::string& out) {
    T value{};
    if (!read(bytes, value)) {
        return false;
    }
    // JSON knows neither infinities nor "not a number".
    if (std::isfinite(value)) {
        fmt::format_to(std::back_inserter(out), "{}", value);
    } else {
        out += "null";
    }
    return true;
}

void append_code_point(std::uint32_t c, std::string& out) {
    if (c < 0x80) {
        out.push_back(static_cast<char>(c));
    } else if (c < 0x800) {
        out.push_back(static_cast<char>(0xc0 | c >> 6));
        out.push_back(static_cast<char>(0x80 | (c & 0x3f)));
    } else if (c < 0x10000) {
        out.push_back(static_cast<char>(0xe0 | c >> 12));
        out.push_back(static_cast<char>(0x80 | (c >> 6 & 0x3f)));
        out.push_back(static_cast<char>(0x80 | (c & 0x3f)));
    } else {
        out.push_back(static_cast<char>(0xf0 | c >> 18));
        out.push_back(static_cast<char>(0x80 | (c >> 12 & 0x3f)));
        out.push_back(static_cast<char>(0x80 | (c >> 6 & 0x3f)));
        out.push_back(static_cast<char>(0x80 | (c & 0x3f)));
    }
}

void append_escaped(std::uint32_t c, std::string& out) {
    switch (c) {
        case '"':
            out += "\\\"";
            break;
        case '\\':
            out += "\\\\";
            break;
        case '\n':
            out += "\\n";
            break;
        case '\r':
            out += "\\r";
            break;
        case '\t':
            out += "\\t";
            break;
        default:
            if (c < 0x20) {
                fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
            } else {
                append_code_point(c, out);
            }
    }
}

std::uint16_t unit_at(std::string_view utf16, std::size_t index) {
    std::uint16_t unit = 0;
    std::memcpy(&unit, utf16.data() + 2 * index, 2);
    return unit;
}

// Windows leaves blanks at the end of many command lines; the public tools drop them, and rules are
// tried on what the tools write.
std::string_view without_blanks_at_end(std::string_view utf16) {
    std::size_t units = utf16.size() / 2;
    while (units > 0) {
        const std::uint16_t unit = unit_at(utf16, units - 1);
        if (unit != 0 && unit != ' ' && (unit < '\t' || unit > '\r')) {
            break;
        }
        --units;
    }
    return utf16.substr(0, units * 2);
}

bool append_guid(std::string_view bytes, std::string& out) {
    if (bytes.size() != 16) {
        return false;
    }
    std::uint32_t a = 0;
    std::uint16_t b = 0;
    std::uint16_t c = 0;
    std::memcpy(&a, bytes.data(), 4);
    std::memcpy(&b, bytes.data() + 4, 2);
    std::memcpy(&c, bytes.data() + 6, 2);
    const auto d = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    fmt::format_to(std::back_inserter(out),
                   "{:08X}-{:04X}-{:04X}-{:02X}{:02X}-{:02X}{:02X}{:02X}{:02X}{:02X}{:02X}", a, b,
                   c, d(8), d(9), d(10), d(11), d(12), d(13), d(14), d(15));
    return true;
}

bool append_sid(std::string_view bytes, std::string& out) {
    if (bytes.size() < 8) {
        return false;
    }
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    const std::size_t parts = byte(1);
    if (bytes.size() < 8 + 4 * parts) {
        return false;
    }
    std::uint64_t authority = 0;
    for (std::size_t i = 2; i < 8; ++i) {
        authority = authority << 8 | byte(i);
    }
    fmt::format_to(std::back_inserter(out), "S-{}-{}", byte(0), authority);
    for (std::size_t i = 0; i < parts; ++i) {
        std::uint32_t part = 0;
        std::memcpy(&part, bytes.data() + 8 + 4 * i, 4);
        fmt::format_to(std::back_inserter(out), "-{}", part);
    }
    return true;
}

bool append_systime(std::string_view bytes, std::string& out) {
    if (bytes.size() != 16) {
        return false;
    }
    const base::CivilTime civil{.year = unit_at(bytes, 0),
                                .month = unit_at(bytes, 1),
                                .day = unit_at(bytes, 3),
                                .hour = unit_at(bytes, 4),
                                .minute = unit_at(bytes, 5),
                                .second = unit_at(bytes, 6),
                                .micros = unit_at(bytes, 7) * 1'000};
    if (!base::is_valid(civil)) {
        return false;
    }
    out += base::format_rfc3339(base::from_civil(civil));
    return true;
}

std::size_t size_of(ValueType type) {
    switch (type) {
        case ValueType::Int8:
        case ValueType::UInt8:
            return 1;
        case ValueType::Int16:
        case ValueType::UInt16:
            return 2;
        case ValueType::Int32:
        case ValueType::UInt32:
        case ValueType::Real32:
        case ValueType::Bool:
        case ValueType::HexInt32:
            return 4;
        case ValueType::Int64:
        case ValueType::UInt64:
        case ValueType::Real64:
        case ValueType::FileTime:
        case ValueType::HexInt64:
            return 8;
        case ValueType::Guid:
        case ValueType::SysTime:
            return 16;
        default:
            return 0;
    }
}

// Texts one behind the other, each ended by a NUL.
void append_texts(ValueType type, std::string_view bytes, std::string& out) {
    const std::size_t width = type == ValueType::String ? 2 : 1;
    std::size_t from = 0;
    bool first = true;
    for (std::size_t at = 0; at + width <= bytes.size(); at += width) {
        const bool nul = width == 2 ? unit_at(bytes, at / 2) == 0 : bytes[at] == '\0';
        const bool last = at + 2 * width > bytes.size();
        if (!nul && !last) {
            continue;
        }
        out += first ? "\"" : ",\"";
        first = false;
        append_bare(type, bytes.substr(from, at + (nul ? 0 : width) - from), out);
        out += '"';
        from = at + width;
    }
}

}  // namespace

void append_utf16(std::string_view utf16, std::string& out) {
    std::size_t units = utf16.size() / 2;
    while (units > 0 && unit_at(utf16, units - 1) == 0) {
        --units;
    }
    const std::size_t before = out.size();
    // Nearly all text is plain ASCII: one byte a unit, checked and copied in one go.
    out.resize(before + units);
    char* to = out.data() + before;
    std::size_t i = 0;
    for (; i < units; ++i) {
        const std::uint16_t unit = unit_at(utf16, i);
        if (unit < 0x20 || unit >= 0x80 || unit == '"' || unit == '\\') {
            break;
        }
        to[i] = static_cast<char>(unit);
    }
    out.resize(before + i);
    for (; i < units; ++i) {
        std::uint32_t c = unit_at(utf16, i);
        if (c >= 0xd800 && c < 0xe000) {
            const std::uint32_t low = i + 1 < units ? unit_at(utf16, i + 1) : 0;
            if (c < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
                c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
                ++i;
            } else {
                c = 0xfffd;
            }
        }
        append_escaped(c, out);
    }
}

std::string filetime_text(std::uint64_t filetime) {
    // 100 ns since 1601; far futures are cut so that the year keeps four digits.
    constexpr std::uint64_t kMax = 2'650'467'743'999'999'999ull;
    const auto us = static_cast<std::int64_t>(std::min(filetime, kMax) / 10);
    return base::format_rfc3339({us - 11'644'473'600'000'000});
}

bool is_quoted(ValueType type) {
    switch (type) {
        case ValueType::Int8:
        case ValueType::UInt8:
        case ValueType::Int16:
        case ValueType::UInt16:
        case ValueType::Int32:
        case ValueType::UInt32:
        case ValueType::Int64:
        case ValueType::UInt64:
        case ValueType::Real32:
        case ValueType::Real64:
        case ValueType::Bool:
            return false;
        default:
            return true;
    }
}

bool append_bare(ValueType type, std::string_view bytes, std::string& out) {
    switch (type) {
        case ValueType::Null:
            return true;
        case ValueType::String:
        case ValueType::EvtXml:
            append_utf16(without_blanks_at_end(bytes), out);
            return true;
        case ValueType::AnsiString:
            while (bytes.ends_with('\0')) {
                bytes.remove_suffix(1);
            }
            for (const char c : bytes) {
                append_escaped(static_cast<unsigned char>(c), out);
            }
            return true;
        case ValueType::Int8: {
            if (bytes.size() != 1) {
                return false;
            }
            fmt::format_to(std::back_inserter(out), "{}",
                           static_cast<int>(static_cast<signed char>(bytes[0])));
            return true;
        }
        case ValueType::UInt8:
            if (bytes.size() != 1) {
                return false;
            }
            fmt::format_to(std::back_inserter(out), "{}",
                           static_cast<unsigned>(static_cast<unsigned char>(bytes[0])));
            return true;
        case ValueType::Int16:
            return append_number<std::int16_t>(bytes, out);
        case ValueType::UInt16:
            return append_number<std::uint16_t>(bytes, out);
        case ValueType::Int32:
            return append_number<std::int32_t>(bytes, out);
        case ValueType::UInt32:
            return append_number<std::uint32_t>(bytes, out);
        case ValueType::Int64:
            return append_number<std::int64_t>(bytes, out);
        case ValueType::UInt64:
            return append_number<std::uint64_t>(bytes, out);
        case ValueType::Real32:
            return append_real<float>(bytes, out);
        case ValueType::Real64:
            return append_real<double>(bytes, out);
        case ValueType::Bool: {
            std::uint32_t truth = 0;
            if (!read(bytes, truth)) {
                return false;
            }
            out += truth != 0 ? "true" : "false";
            return true;
        }
        case ValueType::Binary:
        case ValueType::BinXml:
            for (const char c : bytes) {
                fmt::format_to(std::back_inserter(out), "{:02X}", static_cast<unsigned char>(c));
            }
            return true;
        case ValueType::Guid:
            return append_guid(bytes, out);
        case ValueType::SizeT:
        case ValueType::EvtHandle:
            return bytes.size() == 4 ? append_hex<std::uint32_t>(bytes, out)
                                     : append_hex<std::uint64_t>(bytes, out);
        case ValueType::FileTime: {
            std::uint64_t time = 0;
            if (!read(bytes, time)) {
                return false;
            }
            out += filetime_text(time);
            return true;
        }
        case ValueType::SysTime:
            return append_systime(bytes, out);
        case ValueType::Sid:
            return append_sid(bytes, out);
        case ValueType::HexInt32:
            return append_hex<std::uint32_t>(bytes, out);
        case ValueType::HexInt64:
            return append_hex<std::uint64_t>(bytes, out);
    }
    return false;
}

bool append_value(const Value& value, std::string& out) {
    const auto type = static_cast<ValueType>(value.type & ~kArrayFlag);
    if (!value.is_array()) {
        const bool quoted = is_quoted(type);
        if (quoted) {
            out += '"';
        }
        if (!append_bare(type, value.bytes, out)) {
            return false;
        }
        if (quoted) {
            out += '"';
        }
        return true;
    }
    out += '[';
    if (type == ValueType::String || type == ValueType::AnsiString) {
        append_texts(type, value.bytes, out);
    } else {
        const std::size_t size = size_of(type);
        if (size == 0 || value.bytes.size() % size != 0) {
            return false;
        }
        for (std::size_t at = 0; at < value.bytes.size(); at += size) {
            out += at == 0 ? "" : ",";
            if (!append_value({static_cast<std::uint8_t>(type), value.bytes.substr(at, size)},
                              out)) {
                return false;
            }
        }
    }
    out += ']';
    return true;
}

}  // namespace gac::ingest::evtx
