// The list of the segments that count: one small text file, `manifest` in the store's folder
// (docs/formats/manifest.md). It is written whole and takes its place by a rename, so that any
// change of the list, however many files come and go by it, happens at once or not at all. The text
// stands twice in the file, each with its checksum: one damaged place costs nothing. Plain values;
// one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "event/batch.h"
#include "store/disk.h"

namespace gac::store {

struct Manifest {
    std::uint64_t sealed_through = 0;   // records of the log up to here stand in segments, or did
    event::EventId id_next = 1;         // ids below may have been given
    std::uint64_t file_next = 1;        // number of the next merged file
    std::vector<std::string> segments;  // file names
    // No longer part of history, but perhaps not deleted yet: readers may hold them.
    std::vector<std::string> removed;
    bool half_damaged = false;  // when read: one of its two copies does not fit
};

std::string encode_manifest(const Manifest& manifest);
Result<Manifest> decode_manifest(std::string_view text);  // Corrupt when anything does not fit

// Nothing when there is none: a new store, or one written before there were manifests.
Result<std::optional<Manifest>> read_manifest(const std::filesystem::path& folder);
Result<> write_manifest(Disk& disk, const std::filesystem::path& folder, const Manifest& manifest);

inline constexpr std::string_view kManifestName = "manifest";

}  // namespace gac::store
