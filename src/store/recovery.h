// What stands in a store's folder when it is opened: segments, log files, and which of their
// records are not in a segment yet. Reads and tidies up (files that were being made or deleted when
// the last run ended); one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "base/result.h"
#include "store/manifest.h"
#include "store/memory/chunk.h"
#include "store/segment/segment.h"
#include "store/store.h"
#include "store/wal/log_writer.h"

namespace gac::store {

struct Recovered {
    std::vector<std::shared_ptr<const Segment>> segments;
    Manifest manifest;        // the list of segments as it shall stand
    bool list_stale = false;  // what stands on the disk differs from it
    std::vector<LogFile> log_files;
    std::uint64_t log_number_next = 1;
    std::uint64_t sealed_through = 0;
    std::uint64_t sequence_last = 0;
    std::uint64_t kept_last = 0;  // the newest record that is kept
    event::EventId id_next = 1;
    std::vector<Damage> damages;
};

// Gives records in their order to `keep`.
Result<Recovered> recover(const std::filesystem::path& folder, Disk& disk, const Names& names,
                          const std::function<void(std::shared_ptr<Chunk>)>& keep);

std::filesystem::path segment_folder(const std::filesystem::path& folder);
std::filesystem::path log_folder(const std::filesystem::path& folder);

}  // namespace gac::store
