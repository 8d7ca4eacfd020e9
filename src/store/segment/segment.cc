#include "store/segment/segment.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <xxhash.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "store/bytes.h"
#include "store/read_at.h"

namespace gac::store {

using event::ValueRef;

namespace {

constexpr std::size_t kFewRows = 32;

Result<std::string> read_range(const base::Fd& fd, std::uint64_t offset, std::size_t bytes) {
    std::string out;
    out.reserve(bytes + kBitsPadding);
    Result<> read;
    out.resize_and_overwrite(bytes, [&](char* to, std::size_t size) {
        read = read_at(fd, offset, {to, size});
        return read ? size : 0;
    });
    GAC_CHECK(read);
    return out;
}

Result<std::uint64_t> size_of(const base::Fd& fd) {
    struct stat info{};
    if (::fstat(fd.get(), &info) != 0) {
        return base::fail_errno("stat", errno);
    }
    return static_cast<std::uint64_t>(info.st_size);
}

Result<> check_header(const base::Fd& fd) {
    GAC_TRY(bytes, read_range(fd, 0, kSegmentHeader));
    base::Reader in(bytes);
    const std::string_view magic = in.take(kSegmentMagic.size());
    const auto version = in.read<std::uint32_t>();
    in.skip(kSegmentHeader - 8 - in.position());
    const auto checksum = in.read<std::uint64_t>();
    if (magic != kSegmentMagic || checksum != XXH3_64bits(bytes.data(), kSegmentHeader - 8)) {
        return fail(Code::Corrupt, "the file's header is damaged");
    }
    if (version == 0 || version > kSegmentVersion) {
        return fail(Code::Corrupt,
                    fmt::format("the file is of version {}, this program reads versions 1 to {}",
                                version, kSegmentVersion));
    }
    return {};
}

Result<SegmentFooter> read_footer(const base::Fd& fd, std::uint64_t file_bytes) {
    if (file_bytes < kSegmentHeader + kSegmentTrailer) {
        return fail(Code::Corrupt, "the file is cut short");
    }
    GAC_TRY(trailer, read_range(fd, file_bytes - kSegmentTrailer, kSegmentTrailer));
    base::Reader in(trailer);
    const auto offset = in.read<std::uint64_t>();
    const auto packed_bytes = in.read<std::uint32_t>();
    const auto plain_bytes = in.read<std::uint32_t>();
    const auto checksum = in.read<std::uint64_t>();
    const std::size_t checked = in.position();
    const auto own_checksum = in.read<std::uint64_t>();
    const std::string_view magic = in.take(kSegmentEndMagic.size());
    if (magic != kSegmentEndMagic || own_checksum != XXH3_64bits(trailer.data(), checked)
        || packed_bytes > file_bytes || offset > file_bytes - packed_bytes
        || plain_bytes > kFooterBytesMax) {
        return fail(Code::Corrupt, "the file's trailer is damaged");
    }
    GAC_TRY(packed, read_range(fd, offset, packed_bytes));
    if (checksum != XXH3_64bits(packed.data(), packed.size())) {
        return fail(Code::Corrupt, "the file's footer is damaged");
    }
    std::string plain(plain_bytes, '\0');
    const std::size_t n = ZSTD_decompress(plain.data(), plain.size(), packed.data(), packed.size());
    if (ZSTD_isError(n) != 0 || n != plain.size()) {
        return fail(Code::Corrupt, "the file's footer cannot be unpacked");
    }
    return decode_footer(plain, file_bytes);
}

}  // namespace

Result<std::shared_ptr<const Segment>> Segment::open(const std::filesystem::path& path,
                                                     const Names& names) {
    auto segment = std::make_shared<Segment>();
    segment->path_ = path;
    auto done = [&]() -> Result<> {
        GAC_TRY(fd, base::open_file(path, O_RDONLY));
        GAC_TRY(file_bytes, size_of(fd));
        GAC_CHECK(check_header(fd));
        GAC_TRY(footer, read_footer(fd, file_bytes));
        segment->file_bytes_ = file_bytes;
        segment->footer_ = std::move(footer);
        return {};
    }();
    if (!done) {
        return std::unexpected(base::at(path.string(), std::move(done).error()));
    }
    for (const std::string& name : segment->footer_.fields) {
        segment->fields_.push_back(event::intern(name));
    }
    for (const std::string& name : segment->footer_.sources) {
        segment->sources_.push_back(names.sources->source_id(name));
    }
    for (const std::string& name : segment->footer_.profiles) {
        segment->profiles_.push_back(names.profile(name));
    }
    return segment;
}

Result<std::unique_ptr<Column>> Segment::read(const base::Fd& fd, std::uint32_t block,
                                              const ColumnEntry& entry, std::uint32_t rows,
                                              const BlockShapes* shapes) const {
    auto column = [&]() -> Result<std::unique_ptr<Column>> {
        GAC_TRY(stored, read_range(fd, entry.offset, entry.stored_bytes));
        if (XXH3_64bits(stored.data(), stored.size()) != entry.checksum) {
            return fail(Code::Corrupt, "checksum differs");
        }
        return Column::decode(entry, rows, std::move(stored), shapes);
    }();
    if (!column) {
        return std::unexpected(
            base::at(fmt::format("{}: block {}, bytes {} to {}", path_.string(), block,
                                 entry.offset, entry.offset + entry.stored_bytes),
                     std::move(column).error()));
    }
    return column;
}

std::optional<SectionEntry> Segment::find_section(std::uint32_t tag) const {
    const auto found = std::ranges::find(footer_.sections, tag, &SectionEntry::tag);
    return found == footer_.sections.end() ? std::nullopt : std::optional(*found);
}

Result<std::string> Segment::read_section(const base::Fd& fd, const SectionEntry& section) const {
    auto bytes = read_range(fd, section.offset, section.bytes);
    if (bytes && XXH3_64bits(bytes->data(), bytes->size()) != section.checksum) {
        bytes = fail(Code::Corrupt, "checksum differs");
    }
    if (!bytes) {
        return std::unexpected(
            base::at(fmt::format("{}: section {}, bytes {} to {}", path_.string(), section.tag,
                                 section.offset, section.offset + section.bytes),
                     std::move(bytes).error()));
    }
    return bytes;
}

Result<std::shared_ptr<const Segment::Index>> Segment::read_index(const base::Fd& fd) const {
    const auto pages = find_section(index::kPagesSection);
    const auto directory = find_section(index::kDirectorySection);
    if (!pages || !directory) {
        return nullptr;
    }
    GAC_TRY(bytes, read_section(fd, *directory));
    if (!bytes.starts_with(index::kDirectoryVersion)) {
        return nullptr;
    }
    auto decoded =
        index::decode_directory(bytes, pages->bytes, static_cast<std::uint32_t>(blocks().size()));
    if (!decoded) {
        return std::unexpected(base::at(path_.string(), std::move(decoded).error()));
    }
    return std::make_shared<const Index>(
        Index{.directory = *std::move(decoded), .pages = pages->offset});
}

Result<std::shared_ptr<const Segment::Index>> Segment::index(const base::Fd& fd) const {
    std::call_once(index_once_, [&] { index_ = read_index(fd); });
    return index_;
}

Result<const std::vector<Shape>*> Segment::shapes(const base::Fd& fd) const {
    if (const auto* ready = shapes_ready_.load(std::memory_order_acquire)) {
        return ready;
    }
    const std::lock_guard lock(shapes_mutex_);
    if (const auto* ready = shapes_ready_.load(std::memory_order_acquire)) {
        return ready;
    }
    if (const auto section = find_section(kShapeSection)) {
        GAC_TRY(packed, read_section(fd, *section));
        auto shapes = [&]() -> Result<std::vector<Shape>> {
            const auto bytes = ZSTD_getFrameContentSize(packed.data(), packed.size());
            if (bytes > kFooterBytesMax) {
                return fail(Code::Corrupt, "the table of shapes cannot be unpacked");
            }
            std::string plain(bytes, '\0');
            const std::size_t n =
                ZSTD_decompress(plain.data(), plain.size(), packed.data(), packed.size());
            if (ZSTD_isError(n) != 0 || n != plain.size()) {
                return fail(Code::Corrupt, "the table of shapes cannot be unpacked");
            }
            return decode_shapes(plain, footer_.fields.size());
        }();
        if (!shapes) {
            return std::unexpected(base::at(path_.string(), std::move(shapes).error()));
        }
        shapes_ = std::move(*shapes);
    }
    shapes_ready_.store(&shapes_, std::memory_order_release);
    return &shapes_;
}

BlockReader::BlockReader(std::shared_ptr<const Segment> segment, const base::Fd& fd,
                         std::uint32_t block)
    : segment_(std::move(segment)), fd_(fd), block_(block), rebuilder_(*this) {
    columns_.resize(entry().columns.size());
    variables_.resize(entry().variables.size());
    numbers_.resize(kSystemColumns);
}

bool BlockReader::shaped() const {
    return entry().columns[static_cast<std::size_t>(System::Raw)].encoding == Encoding::Shaped;
}

Result<Column*> BlockReader::column(std::size_t number) {
    if (!columns_[number]) {
        const ColumnEntry& wanted = entry().columns[number];
        const BlockShapes* shapes = nullptr;
        if (shaped() && number != static_cast<std::size_t>(System::Raw)) {
            GAC_TRY(raw, head(System::Raw));
            shapes = raw->shapes();
        }
        GAC_TRY(read, segment_->read(fd_, block_, wanted, rows(), shapes));
        read->set_maker(rebuilder_);
        columns_[number] = std::move(read);
        bytes_read_ += wanted.raw_bytes;
    }
    return columns_[number].get();
}

Result<Column*> BlockReader::variable(std::size_t number) {
    if (!variables_[number]) {
        const ColumnEntry& wanted = entry().variables[number];
        GAC_TRY(read, segment_->read(fd_, block_, wanted, wanted.present, nullptr));
        variables_[number] = std::move(read);
        bytes_read_ += wanted.raw_bytes;
    }
    return variables_[number].get();
}

Result<Column*> BlockReader::pool() {
    for (std::size_t i = 0; i < entry().variables.size(); ++i) {
        if (entry().variables[i].key == kPoolKey) {
            return variable(i);
        }
    }
    return fail(Code::Corrupt, "the pool of variables is missing");
}

Result<std::span<const std::int64_t>> BlockReader::numbers(System which) {
    auto& numbers = numbers_[static_cast<std::size_t>(which)];
    GAC_TRY(read, head(which));
    if (!read->coded()) {
        return read->numbers();
    }
    if (numbers.empty()) {
        numbers.resize(rows());
        std::vector<std::int64_t> distinct;
        for (const ValueRef& value : read->distinct()) {
            distinct.push_back(value.integer());
        }
        const std::span<const std::uint32_t> codes = read->codes();
        if (codes.empty()) {
            std::ranges::fill(numbers, distinct.front());
        }
        for (std::size_t row = 0; row < codes.size(); ++row) {
            numbers[row] = distinct[codes[row]];
        }
    }
    return std::span<const std::int64_t>(numbers);
}

std::span<const std::uint32_t> BlockReader::columns_of(event::FieldId field) const {
    const auto [found, fresh] = by_field_.try_emplace(event::index_of(field));
    for (std::uint32_t i = kSystemColumns; fresh && i < columns_.size(); ++i) {
        if (segment_->field(entry().columns[i].key - kFirstFieldColumn) == field) {
            found->second.push_back(i);
        }
    }
    return found->second;
}

std::uint64_t BlockReader::bytes_read() const {
    std::uint64_t sum = bytes_read_;
    for (const auto* columns : {&columns_, &variables_}) {
        for (const auto& column : *columns) {
            sum += column ? column->unpacked_bytes() : 0;
        }
    }
    return sum;
}

Result<> BlockReader::view_row(std::uint32_t row, std::string& raw, event::EventBatch& view) {
    const Shape* shape = nullptr;
    if (shaped()) {
        GAC_TRY(shapes, rebuilder_.shapes());
        GAC_TRY(source, rebuilder_.source(shapes->code(row)));
        GAC_CHECK(rebuilder_.append_raw(row, raw, &starts_));
        shape = source->shape;
        for (std::size_t i = 0; shape != nullptr && i < shape->fields.size(); ++i) {
            const ShapeField& field = shape->fields[i];
            if (field.begin != field.end) {
                view.add(source->names[i],
                         ValueRef(std::string_view(raw).substr(
                             starts_[field.begin], starts_[field.end] - starts_[field.begin])));
            } else {
                Column& column = *source->fields[i];
                GAC_TRY(value, column.at_row(row));
                view.add(source->names[i], value);
            }
        }
    } else {
        GAC_TRY(column, head(System::Raw));
        GAC_TRY(text, column->at(row));
        raw = text.string();
    }
    for (std::uint32_t i = kSystemColumns; shape == nullptr && i < columns_.size(); ++i) {
        GAC_TRY(field, column(i));
        if (field->has(row)) {
            GAC_TRY(value, field->at_row(row));
            view.add(segment_->field(field->entry().key - kFirstFieldColumn), value);
        }
    }
    return {};
}

Result<> BlockReader::materialize(std::span<const std::uint32_t> rows, event::EventBatch& out,
                                  std::vector<event::EventId>& ids) {
    // Of a few rows single numbers are read, of many all at once.
    std::array<std::int64_t, static_cast<std::size_t>(System::Raw)> system{};
    const bool few = rows.size() < kFewRows;
    std::string raw;
    event::EventBatch view;
    for (const std::uint32_t row : rows) {
        for (std::size_t i = 0; i < system.size(); ++i) {
            const auto which = static_cast<System>(i);
            if (few && numbers_[i].empty()) {
                GAC_TRY(column, head(which));
                GAC_TRY(value, column->at_row(row));
                system[i] = value.integer();
            } else {
                GAC_TRY(all, numbers(which));
                system[i] = all[row];
            }
        }
        const auto number = [&](System which) { return system[static_cast<std::size_t>(which)]; };
        const auto source_number = static_cast<std::uint64_t>(number(System::Source));
        const auto profile_number = static_cast<std::uint64_t>(number(System::Profile));
        if (source_number >= segment_->sources().size()
            || profile_number >= segment_->profiles().size()) {
            return fail(Code::Corrupt, "a row names a source that is not in the footer",
                        segment_->path().string());
        }
        raw.clear();
        view.reset();
        view.begin();
        if (auto viewed = view_row(row, raw, view); !viewed) {
            return std::unexpected(
                viewed.error().where.empty()
                    ? base::at(fmt::format("{}: block {}", segment_->path().string(), block_),
                               std::move(viewed).error())
                    : std::move(viewed).error());
        }
        event::EventHead head;
        head.time.us = number(System::Time);
        head.received.us = wrapping_add(number(System::Time), number(System::Received));
        head.raw = raw;
        head.source = segment_->sources()[source_number];
        head.profile = segment_->profiles()[profile_number];
        head.parse_failed = (number(System::Flags) & kFlagParseFailed) != 0;
        head.drill = (number(System::Flags) & kFlagDrill) != 0;
        view.end(head);
        copy_event(view[0], out);
        ids.push_back(static_cast<event::EventId>(number(System::Id)));
    }
    return {};
}

}  // namespace gac::store
