// Rows of the memory table into one segment file. Pure but for the file that it writes; one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "store/disk.h"
#include "store/memory/chunk.h"
#include "store/segment/format.h"

namespace gac::store {

struct SegmentOptions {
    std::uint32_t block_rows_max = 16'384;
    std::size_t block_text_bytes_max = 2u << 20;  // of event.original
    std::size_t block_bytes_max = 8u << 20;       // of whole rows
    int compression_level = 1;
};

// Sorts the rows by (time, id) and writes them to a temporary file, which is synced and then takes
// its name in `folder`: there is a whole segment or none. Gives its path.
Result<std::filesystem::path> write_segment(const std::filesystem::path& folder,
                                            std::span<const std::shared_ptr<Chunk>> chunks,
                                            const Names& names, const SegmentOptions& options,
                                            Disk& disk);

inline constexpr std::string_view kTemporarySuffix = ".tmp";

}  // namespace gac::store
