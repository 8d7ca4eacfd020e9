// A moment of the event history of a data folder that a server is writing: its log files copied,
// its segments linked, so that a command can read it without disturbing the writer. Gone when
// destroyed.
#pragma once

#include <filesystem>

#include "app/data_folder.h"
#include "base/result.h"

namespace gac::app {

// A whole and consistent moment of the store in `from` into the folder `to`: log files copied,
// segments linked (both must lie on one file system).
Result<> copy_history(const std::filesystem::path& from, const std::filesystem::path& to);

class HistoryCopy {
public:
    static Result<HistoryCopy> make(const DataFolder& data);
    ~HistoryCopy();
    HistoryCopy(HistoryCopy&& other) noexcept : folder_(std::exchange(other.folder_, {})) {}
    HistoryCopy& operator=(HistoryCopy&&) = delete;

    const std::filesystem::path& folder() const { return folder_; }

private:
    explicit HistoryCopy(std::filesystem::path folder) : folder_(std::move(folder)) {}
    std::filesystem::path folder_;
};

}  // namespace gac::app
