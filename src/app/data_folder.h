// Names of what lies in a data folder, and the lock that keeps two programs from writing it.
#pragma once

#include <filesystem>

#include "base/file.h"
#include "base/result.h"

namespace gac::app {

class DataFolder {
public:
    explicit DataFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

    const std::filesystem::path& root() const { return folder_; }
    std::filesystem::path events() const { return folder_ / "events"; }
    std::filesystem::path rules() const { return folder_ / "rules"; }  // imported packs
    std::filesystem::path rule_cache() const { return folder_ / "rules.cache"; }
    std::filesystem::path control() const { return folder_ / "control.db"; }
    std::filesystem::path sealing_key() const { return folder_ / "sealing.key"; }
    std::filesystem::path certificate() const { return folder_ / "tls.crt"; }
    std::filesystem::path certificate_key() const { return folder_ / "tls.key"; }
    std::filesystem::path follow_positions() const { return folder_ / "follow.positions"; }
    std::filesystem::path windows() const { return folder_ / "correlation.windows"; }
    std::filesystem::path hunted() const { return folder_ / "hunted.entries"; }
    std::filesystem::path drill_played() const { return folder_ / "drill.played"; }

private:
    std::filesystem::path folder_;
};

// Held by the one program that writes event history; gone with the process, however it ends.
class DataLock {
public:
    // Makes the folder (0750) when absent. Conflict when another program holds it.
    static Result<DataLock> take(const std::filesystem::path& folder);

private:
    explicit DataLock(base::Fd fd) : fd_(std::move(fd)) {}
    base::Fd fd_;
};

}  // namespace gac::app
