// Copies of a data folder that can be trusted: the event history, the control database and the
// small files beside them, taken while the server runs, each with its size and SHA-256.
//
//   DIR/segments/…            every segment once, whichever backups hold it
//   DIR/20261123T010203Z/…    one backup: list, control.db, events/…, and the small files
//
// The list is written last: a folder without one is no backup. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/data_folder.h"
#include "base/result.h"
#include "base/time.h"

namespace gac::app {

struct BackupFile {
    std::string path;  // below the backup's folder; of a segment: segments/NAME, below DIR
    std::uint64_t bytes = 0;
    std::string sha256;
};

struct BackupReport {
    std::string name;  // 20261123T010203Z
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
    std::uint64_t copied_bytes = 0;  // the rest stood in DIR already
};

// `to` may hold earlier backups of the same data folder. `keep` > 0: only that many are left, the
// newest.
Result<BackupReport> make_backup(const DataFolder& data, const std::filesystem::path& to,
                                 base::TimePoint now, std::uint32_t keep);

// Reads every file again. Empty name: every backup in the folder. An error names the first file
// that is not as it was written.
Result<std::vector<BackupReport>> verify_backup(const std::filesystem::path& from,
                                                std::string_view name);

// Into a folder that is empty or does not exist, after verifying. Empty name: the newest.
Result<BackupReport> restore_backup(const std::filesystem::path& from, std::string_view name,
                                    const DataFolder& data);

}  // namespace gac::app
