#include "app/data_folder.h"

#include <fcntl.h>
#include <sys/file.h>

namespace gac::app {

Result<DataLock> DataLock::take(const std::filesystem::path& folder) {
    std::error_code fault;
    if (std::filesystem::create_directories(folder, fault)) {
        std::filesystem::permissions(folder, std::filesystem::perms(0750), fault);
    }
    if (fault) {
        return base::fail(Code::Io, "cannot make the data folder: " + fault.message(),
                          folder.string());
    }
    GAC_TRY(fd, base::open_file(folder / "lock", O_RDWR | O_CREAT));
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        return base::fail(Code::Conflict, "another gac is writing this data folder; stop it first",
                          folder.string());
    }
    return DataLock(std::move(fd));
}

}  // namespace gac::app
