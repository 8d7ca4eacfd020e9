// Rule files out of an archive that somebody hands in: zip, tar, tar.gz, tar.xz, tar.zst, or a
// folder. Only *.yml, *.yaml and version.txt are unpacked, in memory; links are never followed; a
// name that leads out of the archive refuses it whole. Bounded by its limits. Any thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gac::pipeline {

struct ArchiveLimits {
    std::size_t packed_bytes_max = 64U << 20U;
    std::size_t entries_max = 50'000;
    std::size_t unpacked_bytes_max = 256U << 20U;  // of what is taken; a tar as a whole
    std::size_t file_bytes_max = 4U << 20U;
    std::size_t name_bytes_max = 400;
};

struct ArchiveFile {
    std::string path;  // with '/', relative
    std::string text;
};

Result<std::vector<ArchiveFile>> unpack_rules(std::string_view bytes,
                                              const ArchiveLimits& limits = {});
// A file with an archive in it, or a folder (hidden folders are left out).
Result<std::vector<ArchiveFile>> read_rule_archive(const std::filesystem::path& path,
                                                   const ArchiveLimits& limits = {});

}  // namespace gac::pipeline
