// Rows into one segment file. Rows come from a stream in their final order: memory tables give one,
// merging gives another. Pure but for the file that it writes; one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/disk.h"
#include "store/memory/chunk.h"
#include "store/segment/format.h"

namespace gac::store {

struct BlockLimits {
    std::uint32_t rows_max = 16'384;
    std::size_t text_bytes_max = 4u << 20;  // of event.original
    std::size_t bytes_max = 16u << 20;      // of whole rows
};

// The rows of one segment, block by block.
class RowStream {
public:
    virtual ~RowStream() = default;
    // Adds the rows of the next block to `out` and their ids to `ids` (both come in empty): at
    // least one, at most what the limits allow, and none at the end. What the events point to stays
    // where it is until the next call.
    virtual Result<> next(const BlockLimits& limits, event::EventBatch& out,
                          std::vector<event::EventId>& ids) = 0;
};

// Rows of the memory table in the order of time, then id.
class ChunkStream final : public RowStream {
public:
    explicit ChunkStream(std::span<const std::shared_ptr<Chunk>> chunks);
    Result<> next(const BlockLimits& limits, event::EventBatch& out,
                  std::vector<event::EventId>& ids) override;

private:
    struct Row {
        std::int64_t time;
        event::EventId id;
        std::uint32_t chunk;
        std::uint32_t row;
    };
    std::span<const std::shared_ptr<Chunk>> chunks_;
    std::vector<Row> rows_;
    std::size_t at_ = 0;
};

// Takes the bytes of sections: parts of the file that hold an index and are read when asked for.
class SectionSink {
public:
    virtual ~SectionSink() = default;
    // `tag` from kSectionTagMin on, each once.
    virtual Result<> put(std::uint32_t tag, std::string_view bytes) = 0;
};

// One block as it has been written.
struct WrittenBlock {
    std::uint32_t number = 0;
    const event::EventBatch& events;
    std::span<const event::EventId> ids;
    const BlockEntry& entry;
    // A column: each value of it at least once.
    struct Column {
        event::FieldId field{};
        bool in_raw = false;  // parts of event.original; then only when the index wants the field
        std::span<const event::ValueRef> values;
    };
    std::span<const Column> columns;
    std::string_view words;  // a text that has every word of each event.original
};

// Sees every block of a segment that is being written, and then adds its sections.
class IndexBuilder {
public:
    virtual ~IndexBuilder() = default;
    // Are the values of this field wanted, even where they are parts of event.original?
    virtual bool wants(event::FieldId field) const = 0;
    virtual void add(const WrittenBlock& block) = 0;
    virtual Result<> finish(SectionSink& out) = 0;
};

struct SegmentOptions {
    BlockLimits limits;
    int compression_level = 1;
    IndexBuilder* index = nullptr;  // in place of the usual one (store/index)
    bool indexed = true;            // false: without any, unless `index` is there
    std::string name = {};          // of the file; empty: by its log records
};

// Writes to a temporary file, which is synced and then takes its name in `folder`: there is a whole
// segment or none. Of `summary` the caller gives the log records, the part, and the order of rows;
// the rest is counted here. Gives the path. A stream without rows is an error.
Result<std::filesystem::path> write_segment(const std::filesystem::path& folder,
                                            SegmentSummary summary, RowStream& rows,
                                            const Names& names, const SegmentOptions& options,
                                            Disk& disk);

// The rows of these batches, in the order of time.
Result<std::filesystem::path> write_segment(const std::filesystem::path& folder,
                                            std::span<const std::shared_ptr<Chunk>> chunks,
                                            const Names& names, const SegmentOptions& options,
                                            Disk& disk);

inline constexpr std::string_view kTemporarySuffix = ".tmp";

}  // namespace gac::store
