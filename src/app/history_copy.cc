#include "app/history_copy.h"

#include <system_error>

#include "base/file.h"
#include "base/uuid.h"
#include "store/manifest.h"

namespace gac::app {

namespace fs = std::filesystem;

namespace {

constexpr int kTriesMax = 20;

// A file that the writer has removed meanwhile is no fault: what it held stands in a segment by
// then.
bool gone(const std::error_code& fault) { return fault == std::errc::no_such_file_or_directory; }

Result<> fault_at(const fs::path& path, const std::error_code& fault) {
    return fail(Code::Io, "cannot copy the event history: " + fault.message(), path.string());
}

Result<> copy_log(const fs::path& from, const fs::path& to) {
    std::error_code fault;
    for (const auto& entry : fs::directory_iterator(from / "wal", fault)) {
        fs::copy_file(entry.path(), to / "wal" / entry.path().filename(),
                      fs::copy_options::overwrite_existing, fault);
        if (fault && !gone(fault)) {
            return std::unexpected(fault_at(entry.path(), fault).error());
        }
        fault.clear();
    }
    if (fault) {
        return std::unexpected(fault_at(from / "wal", fault).error());
    }
    fs::copy_file(from / "ids", to / "ids", fs::copy_options::overwrite_existing, fault);
    return {};
}

// False: the list changed meanwhile, and one of its files is gone.
Result<bool> link_segments(const fs::path& from, const fs::path& to) {
    GAC_TRY(list, store::read_manifest(from));
    std::error_code fault;
    if (!list) {  // a store of an earlier version, that no server writes
        for (const auto& entry : fs::directory_iterator(from / "segments", fault)) {
            if (entry.path().extension() == ".seg") {
                fs::create_hard_link(entry.path(), to / "segments" / entry.path().filename(),
                                     fault);
            }
        }
        if (fault) {
            return std::unexpected(fault_at(from, fault).error());
        }
        return true;
    }
    list->removed.clear();
    for (const std::string& name : list->segments) {
        const fs::path file = to / "segments" / name;
        if (fs::exists(file)) {
            continue;
        }
        fs::create_hard_link(from / "segments" / name, file, fault);
        if (gone(fault)) {
            return false;
        }
        if (fault) {
            return std::unexpected(fault_at(from / "segments" / name, fault).error());
        }
    }
    GAC_CHECK(base::write_file_atomic(to / store::kManifestName, store::encode_manifest(*list)));
    return true;
}

}  // namespace

Result<> copy_history(const fs::path& from, const fs::path& to) {
    std::error_code fault;
    fs::create_directories(to / "wal", fault);
    if (!fault) {
        fs::create_directories(to / "segments", fault);
    }
    if (fault) {
        return std::unexpected(fault_at(to, fault).error());
    }
    for (int tries = 0; tries < kTriesMax; ++tries) {
        // Log before segments: the writer lists a segment before it removes the log that it was
        // made of, so whatever is missing from the first is in the second; what is in both is known
        // by its record numbers.
        GAC_CHECK(copy_log(from, to));
        GAC_TRY(whole, link_segments(from, to));
        if (whole) {
            return {};
        }
    }
    return fail(Code::Unavailable, "the event history changes too fast to be copied",
                from.string());
}

Result<HistoryCopy> HistoryCopy::make(const DataFolder& data) {
    HistoryCopy copy(data.root()
                     / ("reading-" + base::Uuid::make(base::SystemClock{}.now()).text()));
    GAC_CHECK(copy_history(data.events(), copy.folder_));
    return copy;
}

HistoryCopy::~HistoryCopy() {
    if (!folder_.empty()) {
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }
}

}  // namespace gac::app
