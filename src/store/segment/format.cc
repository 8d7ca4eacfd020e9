#include "store/segment/format.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <limits>

#include <fmt/format.h>

#include "store/bytes.h"

namespace gac::store {

namespace {

// Sections of the footer: tag, length, bytes. A reader skips tags from kMayBeSkipped on that it
// does not know.
enum class Section : std::uint64_t {
    Summary = 1,
    Fields = 2,
    Sources = 3,
    Profiles = 4,
    Blocks = 5,
    Variables = 6,  // of each block's event.original, since version 2
    Places = 128    // of the sections that lie in the file
};
constexpr std::uint64_t kMayBeSkipped = 128;
constexpr std::uint64_t kNamesMax = 1U << 20;
constexpr std::uint64_t kPoolValuesMax = 1U << 26;

void put_section(std::string& out, Section tag, const std::string& body) {
    put_varint(out, static_cast<std::uint64_t>(tag));
    put_text(out, body);
}

std::string names_body(const std::vector<std::string>& names) {
    std::string body;
    put_varint(body, names.size());
    for (const std::string& name : names) {
        put_text(body, name);
    }
    return body;
}

bool read_names(base::Reader& in, std::vector<std::string>& names) {
    const std::uint64_t count = in.read_varint();
    if (count > in.left() || count > kNamesMax) {
        return false;
    }
    for (std::uint64_t i = 0; i < count; ++i) {
        names.emplace_back(read_text(in));
    }
    return !in.failed();
}

void put_summary(std::string& out, const SegmentSummary& s) {
    put(out, s.rows);
    put(out, s.sequence_first);
    put(out, s.sequence_last);
    put(out, s.part);
    put(out, s.parts);
    put(out, s.id_min);
    put(out, s.id_max);
    put(out, s.time_min.us);
    put(out, s.time_max.us);
    put(out, s.created.us);
    put(out, s.order);
}

bool read_summary(base::Reader& in, SegmentSummary& s) {
    s.rows = in.read<std::uint64_t>();
    s.sequence_first = in.read<std::uint64_t>();
    s.sequence_last = in.read<std::uint64_t>();
    s.part = in.read<std::uint32_t>();
    s.parts = in.read<std::uint32_t>();
    s.id_min = in.read<std::uint64_t>();
    s.id_max = in.read<std::uint64_t>();
    s.time_min.us = in.read<std::int64_t>();
    s.time_max.us = in.read<std::int64_t>();
    s.created.us = in.read<std::int64_t>();
    s.order = in.read<std::uint8_t>();
    return !in.failed() && s.sequence_first <= s.sequence_last && s.part < s.parts;
}

void put_column(std::string& out, const ColumnEntry& c) {
    put_varint(out, c.key);
    put_varint(out, c.occurrence);
    put(out, static_cast<std::uint8_t>(c.type));
    put(out, static_cast<std::uint8_t>(c.encoding));
    put(out, static_cast<std::uint8_t>(c.packing));
    put_varint(out, c.present);
    put_varint(out, c.offset);
    put_varint(out, c.stored_bytes);
    put_varint(out, c.raw_bytes);
    put(out, c.checksum);
    put_varint(out, zigzag(c.min));
    put_varint(out, zigzag(c.max));
}

// Everything of a column but whether its key is one.
bool read_entry(base::Reader& in, ColumnEntry& c, std::uint64_t present_max,
                std::uint64_t file_bytes) {
    const std::uint64_t key = in.read_varint();
    const std::uint64_t occurrence = in.read_varint();
    const auto type = in.read<std::uint8_t>();
    const auto encoding = in.read<std::uint8_t>();
    const auto packing = in.read<std::uint8_t>();
    const std::uint64_t present = in.read_varint();
    c.offset = in.read_varint();
    const std::uint64_t stored = in.read_varint();
    const std::uint64_t raw = in.read_varint();
    c.checksum = in.read<std::uint64_t>();
    c.min = unzigzag(in.read_varint());
    c.max = unzigzag(in.read_varint());
    if (in.failed() || key > std::numeric_limits<std::uint32_t>::max()
        || occurrence > 2 * kBlockRowsMax || type >= kTypeCodes || encoding >= kEncodings
        || packing > 1 || present == 0 || present > present_max || stored > file_bytes
        || c.offset > file_bytes - stored || raw > kColumnBytesMax) {
        return false;
    }
    c.key = static_cast<std::uint32_t>(key);
    c.occurrence = static_cast<std::uint32_t>(occurrence);
    c.type = static_cast<TypeCode>(type);
    c.encoding = static_cast<Encoding>(encoding);
    c.packing = static_cast<Packing>(packing);
    c.present = static_cast<std::uint32_t>(present);
    c.stored_bytes = static_cast<std::uint32_t>(stored);
    c.raw_bytes = static_cast<std::uint32_t>(raw);
    return true;
}

bool read_column(base::Reader& in, ColumnEntry& c, std::uint32_t rows, std::size_t fields,
                 std::uint64_t file_bytes) {
    return read_entry(in, c, rows, file_bytes)
           && (c.encoding == Encoding::Shaped) <= (c.key == static_cast<std::uint32_t>(System::Raw))
           && (c.encoding == Encoding::Span) <= (c.key >= kFirstFieldColumn)
           && (c.key < kSystemColumns
               || (c.key >= kFirstFieldColumn && c.key - kFirstFieldColumn < fields));
}

// Every row has every system column, once, of its type, and first.
bool system_columns_stand(const BlockEntry& block) {
    if (block.columns.size() < kSystemColumns) {
        return false;
    }
    for (std::uint32_t i = 0; i < block.columns.size(); ++i) {
        const ColumnEntry& c = block.columns[i];
        if (i < kSystemColumns) {
            const TypeCode type =
                i == static_cast<std::uint32_t>(System::Raw) ? TypeCode::String : TypeCode::Integer;
            if (c.key != i || c.present != block.rows || c.type != type) {
                return false;
            }
        } else if (c.key < kFirstFieldColumn) {
            return false;
        }
    }
    return true;
}

void put_blocks(std::string& out, const std::vector<BlockEntry>& blocks) {
    put_varint(out, blocks.size());
    for (const BlockEntry& block : blocks) {
        put_varint(out, block.rows);
        put(out, block.time_min.us);
        put(out, block.time_max.us);
        put(out, block.id_min);
        put(out, block.id_max);
        put_varint(out, block.columns.size());
        for (const ColumnEntry& column : block.columns) {
            put_column(out, column);
        }
    }
}

bool read_blocks(base::Reader& in, SegmentFooter& footer, std::uint64_t file_bytes) {
    const std::uint64_t count = in.read_varint();
    if (count > in.left()) {
        return false;
    }
    std::uint64_t rows = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        BlockEntry block;
        const std::uint64_t block_rows = in.read_varint();
        block.time_min.us = in.read<std::int64_t>();
        block.time_max.us = in.read<std::int64_t>();
        block.id_min = in.read<std::uint64_t>();
        block.id_max = in.read<std::uint64_t>();
        const std::uint64_t columns = in.read_varint();
        if (in.failed() || block_rows == 0 || block_rows > kBlockRowsMax || columns > in.left()
            || block.time_min > block.time_max || block.id_min > block.id_max) {
            return false;
        }
        block.rows = static_cast<std::uint32_t>(block_rows);
        rows += block_rows;
        block.columns.resize(columns);
        for (ColumnEntry& column : block.columns) {
            if (!read_column(in, column, block.rows, footer.fields.size(), file_bytes)) {
                return false;
            }
        }
        if (!system_columns_stand(block)) {
            return false;
        }
        footer.blocks.push_back(std::move(block));
    }
    return in.done() && rows == footer.summary.rows;
}

void put_variables(std::string& out, const std::vector<BlockEntry>& blocks) {
    for (const BlockEntry& block : blocks) {
        put_varint(out, block.variables.size());
        for (const ColumnEntry& column : block.variables) {
            put_column(out, column);
        }
    }
}

bool read_variables(base::Reader& in, std::vector<BlockEntry>& blocks, std::uint64_t file_bytes) {
    for (BlockEntry& block : blocks) {
        const std::uint64_t columns = in.read_varint();
        if (columns > in.left()) {
            return false;
        }
        block.variables.resize(columns);
        for (ColumnEntry& column : block.variables) {
            const bool good = read_entry(in, column, kPoolValuesMax, file_bytes);
            if (!good || column.type != TypeCode::String || column.encoding >= Encoding::Shaped
                || (column.key != kPoolKey && column.present > block.rows)) {
                return false;
            }
        }
    }
    return in.done();
}

void put_places(std::string& out, const std::vector<SectionEntry>& sections) {
    put_varint(out, sections.size());
    for (const SectionEntry& section : sections) {
        put_varint(out, section.tag);
        put_varint(out, section.offset);
        put_varint(out, section.bytes);
        put(out, section.checksum);
    }
}

bool read_places(base::Reader& in, std::vector<SectionEntry>& sections, std::uint64_t file_bytes) {
    const std::uint64_t count = in.read_varint();
    if (count > in.left()) {
        return false;
    }
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t tag = in.read_varint();
        const std::uint64_t offset = in.read_varint();
        const std::uint64_t bytes = in.read_varint();
        const auto checksum = in.read<std::uint64_t>();
        if (in.failed() || tag < kSectionTagMin || tag > std::numeric_limits<std::uint32_t>::max()
            || bytes > file_bytes || bytes > kSectionBytesMax || offset > file_bytes - bytes
            || std::ranges::find(sections, tag, &SectionEntry::tag) != sections.end()) {
            return false;
        }
        sections.push_back({.tag = static_cast<std::uint32_t>(tag),
                            .offset = offset,
                            .bytes = static_cast<std::uint32_t>(bytes),
                            .checksum = checksum});
    }
    return in.done();
}

}  // namespace

std::string encode_footer(const SegmentFooter& footer) {
    std::string out;
    std::string body;
    put_summary(body, footer.summary);
    put_section(out, Section::Summary, body);
    put_section(out, Section::Fields, names_body(footer.fields));
    put_section(out, Section::Sources, names_body(footer.sources));
    put_section(out, Section::Profiles, names_body(footer.profiles));
    body.clear();
    put_blocks(body, footer.blocks);
    put_section(out, Section::Blocks, body);
    if (std::ranges::any_of(footer.blocks,
                            [](const BlockEntry& b) { return !b.variables.empty(); })) {
        body.clear();
        put_variables(body, footer.blocks);
        put_section(out, Section::Variables, body);
    }
    if (!footer.sections.empty()) {
        body.clear();
        put_places(body, footer.sections);
        put_section(out, Section::Places, body);
    }
    return out;
}

Result<SegmentFooter> decode_footer(std::string_view bytes, std::uint64_t file_bytes) {
    SegmentFooter footer;
    base::Reader in(bytes);
    std::uint64_t seen = 0;
    while (!in.done() && !in.failed()) {
        const std::uint64_t tag = in.read_varint();
        base::Reader body(read_text(in));
        bool good = !in.failed();
        switch (static_cast<Section>(tag)) {
            case Section::Summary:
                good = good && read_summary(body, footer.summary);
                break;
            case Section::Fields:
                good = good && read_names(body, footer.fields);
                break;
            case Section::Sources:
                good = good && read_names(body, footer.sources);
                break;
            case Section::Profiles:
                good = good && read_names(body, footer.profiles);
                break;
            case Section::Blocks:
                good = good && seen == 0b11110 && read_blocks(body, footer, file_bytes);
                break;
            case Section::Variables:
                good = good && seen == 0b111110 && read_variables(body, footer.blocks, file_bytes);
                break;
            case Section::Places:
                if (!good || !footer.sections.empty()
                    || !read_places(body, footer.sections, file_bytes)) {
                    return fail(Code::Corrupt, "the footer's list of sections is damaged");
                }
                continue;
            default:
                if (tag < kMayBeSkipped) {
                    return fail(Code::Corrupt,
                                fmt::format("footer section {} is unknown to this version", tag));
                }
                continue;
        }
        if (!good || (seen >> tag & 1) != 0) {
            return fail(Code::Corrupt, fmt::format("footer section {} is damaged", tag));
        }
        seen |= std::uint64_t{1} << tag;
    }
    if (in.failed() || (seen & 0b111110) != 0b111110) {
        return fail(Code::Corrupt, "the footer is not whole");
    }
    return footer;
}

std::string segment_name(const SegmentSummary& s) {
    return fmt::format("{:016}-{:016}-{}of{}.seg", s.sequence_first, s.sequence_last, s.part + 1,
                       s.parts);
}

std::optional<SegmentPlace> read_segment_name(std::string_view name) {
    const std::string text(name);
    unsigned long long first = 0;
    unsigned long long last = 0;
    unsigned part = 0;
    unsigned parts = 0;
    int used = 0;
    if (std::sscanf(text.c_str(), "%16llu-%16llu-%9uof%9u.seg%n", &first, &last, &part, &parts,
                    &used)
            != 4
        || static_cast<std::size_t>(used) != text.size() || part == 0 || part > parts
        || first > last) {
        return std::nullopt;
    }
    return SegmentPlace{
        .sequence_first = first, .sequence_last = last, .part = part - 1, .parts = parts};
}

std::string merged_name(std::uint64_t number) { return fmt::format("m{:012}.seg", number); }

std::optional<std::uint64_t> read_merged_name(std::string_view name) {
    constexpr std::string_view kEnd = ".seg";
    if (!name.starts_with('m') || !name.ends_with(kEnd)) {
        return std::nullopt;
    }
    name = name.substr(1, name.size() - 1 - kEnd.size());
    std::uint64_t number = 0;
    const auto [end, fault] = std::from_chars(name.data(), name.data() + name.size(), number);
    return fault == std::errc{} && end == name.data() + name.size() && name.size() >= 12
               ? std::optional(number)
               : std::nullopt;
}

}  // namespace gac::store
