#include "app/history_copy.h"

#include <system_error>

#include "base/uuid.h"

namespace gac::app {

namespace fs = std::filesystem;

namespace {

// A file that the writer has removed meanwhile is no fault: what it held stands in a segment by
// then.
bool gone(const std::error_code& fault) { return fault == std::errc::no_such_file_or_directory; }

Result<> fault_at(const fs::path& path, const std::error_code& fault) {
    return fail(Code::Io, "cannot copy the event history: " + fault.message(), path.string());
}

}  // namespace

Result<HistoryCopy> HistoryCopy::make(const DataFolder& data) {
    const fs::path from = data.events();
    HistoryCopy copy(data.root()
                     / ("reading-" + base::Uuid::make(base::SystemClock{}.now()).text()));
    std::error_code fault;
    fs::create_directories(copy.folder_ / "wal", fault);
    fs::create_directories(copy.folder_ / "segments", fault);
    if (fault) {
        return std::unexpected(fault_at(copy.folder_, fault).error());
    }
    // Log before segments: the writer publishes a segment before it removes the log that it was
    // made of, so whatever is missing from the first is in the second; what is in both is known by
    // its record numbers.
    for (const auto& entry : fs::directory_iterator(from / "wal", fault)) {
        fs::copy_file(entry.path(), copy.folder_ / "wal" / entry.path().filename(), fault);
        if (fault && !gone(fault)) {
            return std::unexpected(fault_at(entry.path(), fault).error());
        }
        fault.clear();
    }
    fs::copy_file(from / "ids", copy.folder_ / "ids", fault);
    fault.clear();
    for (const auto& entry : fs::directory_iterator(from / "segments", fault)) {
        if (!entry.is_regular_file() || entry.path().extension() == ".tmp") {
            continue;
        }
        fs::create_hard_link(entry.path(), copy.folder_ / "segments" / entry.path().filename(),
                             fault);
        if (fault && !gone(fault)) {
            return std::unexpected(fault_at(entry.path(), fault).error());
        }
        fault.clear();
    }
    if (fault) {
        return std::unexpected(fault_at(from, fault).error());
    }
    return copy;
}

HistoryCopy::~HistoryCopy() {
    if (!folder_.empty()) {
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }
}

}  // namespace gac::app
