#include "store/disk.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

namespace gac::store {

namespace {

constexpr std::size_t kPartsAtOnce = 64;

Result<struct statvfs> look_at(const std::filesystem::path& folder) {
    struct statvfs info{};
    if (::statvfs(folder.c_str(), &info) != 0) {
        return base::fail_errno(folder.string(), errno);
    }
    return info;
}

}  // namespace

Result<base::Fd> Disk::create(const std::filesystem::path& path) {
    return base::open_file(path, O_WRONLY | O_CREAT | O_EXCL);
}

Result<> Disk::write(const base::Fd& fd, std::span<const std::string_view> parts) {
    std::size_t done = 0;  // bytes of parts.front() already written
    while (!parts.empty()) {
        std::array<iovec, kPartsAtOnce> vectors{};
        const std::size_t count = std::min(parts.size(), kPartsAtOnce);
        for (std::size_t i = 0; i < count; ++i) {
            const std::string_view part = i == 0 ? parts[0].substr(done) : parts[i];
            vectors[i] = {const_cast<char*>(part.data()), part.size()};
        }
        const ssize_t n = ::writev(fd.get(), vectors.data(), static_cast<int>(count));
        if (n < 0) {
            if (errno == EINTR) {
                continue;
            }
            return base::fail_errno("write", errno);
        }
        std::size_t written = static_cast<std::size_t>(n) + done;
        while (!parts.empty() && written >= parts.front().size()) {
            written -= parts.front().size();
            parts = parts.subspan(1);
        }
        done = written;
    }
    return {};
}

Result<> Disk::sync(const base::Fd& fd) { return base::sync_data(fd); }

Result<> Disk::truncate(const base::Fd& fd, std::uint64_t size) {
    if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0) {
        return base::fail_errno("truncate", errno);
    }
    if (::lseek(fd.get(), static_cast<off_t>(size), SEEK_SET) < 0) {
        return base::fail_errno("seek", errno);
    }
    return {};
}

Result<> Disk::rename(const std::filesystem::path& from, const std::filesystem::path& to) {
    if (std::rename(from.c_str(), to.c_str()) != 0) {
        return base::fail_errno(to.string(), errno);
    }
    return {};
}

Result<> Disk::link(const std::filesystem::path& from, const std::filesystem::path& to) {
    if (::link(from.c_str(), to.c_str()) != 0) {
        return base::fail_errno(to.string(), errno);
    }
    return {};
}

Result<> Disk::remove(const std::filesystem::path& path) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
        return base::fail_errno(path.string(), errno);
    }
    return {};
}

Result<> Disk::make_folder(const std::filesystem::path& folder) {
    std::error_code fault;
    std::filesystem::create_directories(folder, fault);
    if (fault) {
        return fail(Code::Io, fault.message(), folder.string());
    }
    return {};
}

Result<> Disk::sync_folder(const std::filesystem::path& folder) {
    return base::sync_folder(folder);
}

Result<std::uint64_t> Disk::free_bytes(const std::filesystem::path& folder) {
    GAC_TRY(info, look_at(folder));
    return std::uint64_t{info.f_bavail} * info.f_frsize;
}

Result<std::uint64_t> Disk::total_bytes(const std::filesystem::path& folder) {
    GAC_TRY(info, look_at(folder));
    return std::uint64_t{info.f_blocks} * info.f_frsize;
}

Result<> write_file(Disk& disk, const std::filesystem::path& path, std::string_view bytes) {
    std::filesystem::path temporary = path;
    temporary += ".tmp";
    auto written = [&]() -> Result<> {
        GAC_CHECK(disk.remove(temporary));
        GAC_TRY(fd, disk.create(temporary));
        const std::string_view parts[] = {bytes};
        GAC_CHECK(disk.write(fd, parts));
        GAC_CHECK(disk.sync(fd));
        GAC_CHECK(disk.rename(temporary, path));
        return disk.sync_folder(path.parent_path());
    }();
    if (!written) {
        // What failed is told; that the rest could not be tidied up is not.
        static_cast<void>(disk.remove(temporary));
    }
    return written;
}

}  // namespace gac::store
