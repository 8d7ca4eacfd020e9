#include "ingest/evtx/values.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "ingest/evtx/utf16.h"

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
                char bytes[4];
                out.append(bytes, put_code_point(c, bytes));
            }
    }
}

char* put_number(std::uint64_t value, char* to) {
    const fmt::format_int text(value);
    std::memcpy(to, text.data(), text.size());
    return to + text.size();
}

// With a fixed number of digits.
char* put_padded(std::uint32_t value, int digits, char* to) {
    for (int i = digits; i-- > 0; value /= 10) {
        to[i] = static_cast<char>('0' + value % 10);
    }
    return to + digits;
}

char* put_hex(std::uint64_t value, char* to) {
    *to++ = '0';
    *to++ = 'x';
    int shift = 60;
    while (shift > 0 && (value >> shift) == 0) {
        shift -= 4;
    }
    for (; shift >= 0; shift -= 4) {
        *to++ = "0123456789abcdef"[value >> shift & 15];
    }
    return to;
}

char* put_guid(std::string_view bytes, char* to) {
    constexpr int kOrder[] = {3, 2, 1, 0, -1, 5, 4, -1, 7, 6, -1, 8, 9, -1, 10, 11, 12, 13, 14, 15};
    for (const int at : kOrder) {
        if (at < 0) {
            *to++ = '-';
            continue;
        }
        const auto byte = static_cast<unsigned char>(bytes[static_cast<std::size_t>(at)]);
        *to++ = "0123456789ABCDEF"[byte >> 4];
        *to++ = "0123456789ABCDEF"[byte & 15];
    }
    return to;
}

char* put_sid(std::string_view bytes, char* to) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    const std::size_t parts = byte(1);
    std::uint64_t authority = 0;
    for (std::size_t i = 2; i < 8; ++i) {
        authority = authority << 8 | byte(i);
    }
    *to++ = 'S';
    *to++ = '-';
    to = put_number(byte(0), to);
    *to++ = '-';
    to = put_number(authority, to);
    for (std::size_t i = 0; i < parts; ++i) {
        std::uint32_t part = 0;
        std::memcpy(&part, bytes.data() + 8 + 4 * i, 4);
        *to++ = '-';
        to = put_number(part, to);
    }
    return to;
}

// As base::format_rfc3339 writes it, without a text of its own.
char* put_time(base::TimePoint time, char* to) {
    const base::CivilTime civil = base::to_civil(time);
    to = put_padded(static_cast<std::uint32_t>(civil.year), 4, to);
    *to++ = '-';
    to = put_padded(static_cast<std::uint32_t>(civil.month), 2, to);
    *to++ = '-';
    to = put_padded(static_cast<std::uint32_t>(civil.day), 2, to);
    *to++ = 'T';
    to = put_padded(static_cast<std::uint32_t>(civil.hour), 2, to);
    *to++ = ':';
    to = put_padded(static_cast<std::uint32_t>(civil.minute), 2, to);
    *to++ = ':';
    to = put_padded(static_cast<std::uint32_t>(civil.second), 2, to);
    *to++ = '.';
    to = put_padded(static_cast<std::uint32_t>(civil.micros), 6, to);
    *to++ = 'Z';
    return to;
}

std::optional<base::TimePoint> systime(std::string_view bytes) {
    const base::CivilTime civil{.year = unit_at(bytes, 0),
                                .month = unit_at(bytes, 1),
                                .day = unit_at(bytes, 3),
                                .hour = unit_at(bytes, 4),
                                .minute = unit_at(bytes, 5),
                                .second = unit_at(bytes, 6),
                                .micros = unit_at(bytes, 7) * 1'000};
    // A year of four digits, as the text has it.
    if (!base::is_valid(civil) || civil.year > 9999) {
        return std::nullopt;
    }
    return base::from_civil(civil);
}

std::uint64_t whole(std::string_view bytes) {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data(), bytes.size());
    return value;
}

}  // namespace

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

void append_utf16(std::string_view utf16, std::string& out) {
    std::size_t units = utf16.size() / 2;
    while (units > 0 && unit_at(utf16, units - 1) == 0) {
        --units;
    }
    const std::size_t before = out.size();
    // Nearly all text is plain ASCII, with a backslash here and there.
    out.resize(before + units);
    char* const to = out.data() + before;
    const std::size_t plain = narrow_ascii(utf16.data(), units, to);
    std::size_t clean = 0;
    while (clean < plain && static_cast<unsigned char>(to[clean]) >= 0x20 && to[clean] != '"'
           && to[clean] != '\\') {
        ++clean;
    }
    if (clean == units) {
        return;
    }
    out.resize(before + clean);
    for (std::size_t i = clean; i < units;) {
        append_escaped(next_code_point(utf16, units, i), out);
    }
}

base::TimePoint filetime(std::uint64_t ticks) {
    // 100 ns since 1601; far futures are cut so that the year keeps four digits.
    constexpr std::uint64_t kMax = 2'650'467'743'999'999'999ull;
    return {static_cast<std::int64_t>(std::min(ticks, kMax) / 10) - 11'644'473'600'000'000};
}

std::string filetime_text(std::uint64_t ticks) {
    char text[kFixedTextMax];
    return {text, put_time(filetime(ticks), text)};
}

std::size_t fixed_text(ValueType type, std::string_view bytes, char* to) {
    const auto length = [&](const char* end) { return static_cast<std::size_t>(end - to); };
    switch (type) {
        case ValueType::Guid:
            return bytes.size() == 16 ? length(put_guid(bytes, to)) : 0;
        case ValueType::Sid:
            return bytes.size() >= 8
                           && bytes.size() >= 8 + 4U * static_cast<unsigned char>(bytes[1])
                       ? length(put_sid(bytes, to))
                       : 0;
        case ValueType::SizeT:
        case ValueType::EvtHandle:
            return bytes.size() == 4 || bytes.size() == 8 ? length(put_hex(whole(bytes), to)) : 0;
        case ValueType::HexInt32:
            return bytes.size() == 4 ? length(put_hex(whole(bytes), to)) : 0;
        case ValueType::HexInt64:
            return bytes.size() == 8 ? length(put_hex(whole(bytes), to)) : 0;
        case ValueType::FileTime:
            return bytes.size() == 8 ? length(put_time(filetime(whole(bytes)), to)) : 0;
        case ValueType::SysTime: {
            const auto time = bytes.size() == 16 ? systime(bytes) : std::nullopt;
            return time ? length(put_time(*time, to)) : 0;
        }
        default:
            return 0;
    }
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
                out += "0123456789ABCDEF"[static_cast<unsigned char>(c) >> 4];
                out += "0123456789ABCDEF"[static_cast<unsigned char>(c) & 15];
            }
            return true;
        case ValueType::Guid:
        case ValueType::SizeT:
        case ValueType::EvtHandle:
        case ValueType::FileTime:
        case ValueType::SysTime:
        case ValueType::Sid:
        case ValueType::HexInt32:
        case ValueType::HexInt64: {
            char text[kFixedTextMax];
            const std::size_t length = fixed_text(type, bytes, text);
            out.append(text, length);
            return length > 0;
        }
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
        bool first = true;
        each_text(type, value.bytes, [&](std::string_view text) {
            out += first ? "\"" : ",\"";
            first = false;
            append_bare(type, text, out);
            out += '"';
        });
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
