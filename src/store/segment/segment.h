// One segment file, open for reading: its footer in memory, its columns read when asked for.
// Immutable; any thread. BlockReader is the reading of one block by one thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "store/index/directory.h"
#include "store/memory/chunk.h"
#include "store/segment/column.h"
#include "store/segment/format.h"
#include "store/segment/rebuild.h"

namespace gac::store {

inline constexpr int kReadOnly = 0;  // O_RDONLY

class Segment {
public:
    static Result<std::shared_ptr<const Segment>> open(const std::filesystem::path& path,
                                                       const Names& names);

    const std::filesystem::path& path() const { return path_; }
    const SegmentSummary& summary() const { return footer_.summary; }
    std::span<const BlockEntry> blocks() const { return footer_.blocks; }
    std::uint64_t file_bytes() const { return file_bytes_; }

    // This process's numbers for the segment's own.
    event::FieldId field(std::uint32_t number) const { return fields_[number]; }
    std::span<const event::FieldId> fields() const { return fields_; }
    std::span<const event::SourceId> sources() const { return sources_; }
    std::span<const event::ProfileId> profiles() const { return profiles_; }
    const std::vector<std::string>& source_names() const { return footer_.sources; }

    Result<base::Fd> open_data() const { return base::open_file(path_, kReadOnly); }
    // Reads one column's bytes and checks them.
    Result<std::unique_ptr<Column>> read(const base::Fd& fd, std::uint32_t block,
                                         const ColumnEntry& entry, std::uint32_t rows,
                                         const BlockShapes* shapes) const;
    // The table of shapes: read at first use, and kept. Empty in files of version 1.
    Result<const std::vector<Shape>*> shapes(const base::Fd& fd) const;
    // Bytes of a section, checked; nothing when the file has none of that tag.
    std::optional<SectionEntry> find_section(std::uint32_t tag) const;
    Result<std::string> read_section(const base::Fd& fd, const SectionEntry& section) const;

    // The index's directory and where its pages begin. Read on first use and kept; nothing when the
    // file has none. A damaged one is an error, each time.
    struct Index {
        index::Directory directory;
        std::uint64_t pages = 0;
    };
    Result<std::shared_ptr<const Index>> index(const base::Fd& fd) const;

private:
    Result<std::shared_ptr<const Index>> read_index(const base::Fd& fd) const;

    std::filesystem::path path_;
    std::uint64_t file_bytes_ = 0;
    SegmentFooter footer_;
    std::vector<event::FieldId> fields_;
    std::vector<event::SourceId> sources_;
    std::vector<event::ProfileId> profiles_;
    mutable std::once_flag index_once_;
    mutable Result<std::shared_ptr<const Index>> index_;
    mutable std::atomic<const std::vector<Shape>*> shapes_ready_{nullptr};
    mutable std::mutex shapes_mutex_;
    mutable std::vector<Shape> shapes_;
};

// Columns of one block, each read once. Errors name the file.
class BlockReader {
public:
    BlockReader(std::shared_ptr<const Segment> segment, const base::Fd& fd, std::uint32_t block);
    BlockReader(const BlockReader&) = delete;
    BlockReader& operator=(const BlockReader&) = delete;

    const Segment& segment() const { return *segment_; }
    const BlockEntry& entry() const { return segment_->blocks()[block_]; }
    std::uint32_t rows() const { return entry().rows; }

    Result<Column*> column(std::size_t number);  // place in entry().columns
    // Variables of event.original: place in entry().variables, and those that share one column.
    Result<Column*> variable(std::size_t number);
    Result<Column*> pool();
    Result<const std::vector<Shape>*> segment_shapes() const { return segment_->shapes(fd_); }
    // Are rows kept as shapes? Files of version 1 have none.
    bool shaped() const;
    Rebuilder& rebuilder() { return rebuilder_; }
    Result<Column*> head(System which) { return column(static_cast<std::size_t>(which)); }
    // Integers of a system column, one a row.
    Result<std::span<const std::int64_t>> numbers(System which);
    // Places in entry().columns of a field's columns: one for each type and occurrence.
    std::span<const std::uint32_t> columns_of(event::FieldId field) const;

    // Copies events into `out` with ids into `ids`, in the order of `rows`.
    Result<> materialize(std::span<const std::uint32_t> rows, event::EventBatch& out,
                         std::vector<event::EventId>& ids);

    std::uint64_t bytes_read() const;  // unpacked

private:
    // The row's head and fields, which point into `raw` and into columns.
    Result<> view_row(std::uint32_t row, std::string& raw, event::EventBatch& view);
    std::shared_ptr<const Segment> segment_;
    const base::Fd& fd_;
    std::uint32_t block_;
    std::vector<std::unique_ptr<Column>> columns_;
    std::vector<std::unique_ptr<Column>> variables_;
    Rebuilder rebuilder_;
    std::vector<std::uint32_t> starts_;
    std::vector<std::vector<std::int64_t>> numbers_;
    mutable std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> by_field_;
    std::uint64_t bytes_read_ = 0;
};

}  // namespace gac::store
