#include "base/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include <fmt/format.h>

namespace gac::base {

Fd& Fd::operator=(Fd&& other) noexcept {
    if (this != &other) {
        close();
        fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
}

void Fd::close() {
    if (fd_ >= 0) {
        ::close(std::exchange(fd_, -1));
    }
}

Result<Fd> open_file(const std::filesystem::path& path, int flags, unsigned mode) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    if (fd < 0) {
        return fail_errno(path.string(), errno);
    }
    return Fd(fd);
}

Result<> write_all(const Fd& fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd.get(), bytes.data(), bytes.size());
        if (n < 0) {
            if (errno == EINTR) {
                continue;
            }
            return fail_errno("write", errno);
        }
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
}

Result<std::size_t> read_some(const Fd& fd, std::span<char> into) {
    for (;;) {
        const ssize_t n = ::read(fd.get(), into.data(), into.size());
        if (n >= 0) {
            return static_cast<std::size_t>(n);
        }
        if (errno != EINTR) {
            return fail_errno("read", errno);
        }
    }
}

Result<> sync_data(const Fd& fd) {
    if (::fdatasync(fd.get()) != 0) {
        return fail_errno("fdatasync", errno);
    }
    return {};
}

Result<> sync_folder(const std::filesystem::path& folder) {
    GAC_TRY(fd, open_file(folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY));
    if (::fsync(fd.get()) != 0) {
        return fail_errno(folder.string(), errno);
    }
    return {};
}

Result<std::string> read_file(const std::filesystem::path& path, std::size_t bytes_max) {
    GAC_TRY(fd, open_file(path, O_RDONLY));
    std::string bytes;
    char buffer[64 * 1024];
    for (;;) {
        auto n = read_some(fd, buffer);
        if (!n) {
            return std::unexpected(at(path.string(), std::move(n).error()));
        }
        if (*n == 0) {
            return bytes;
        }
        if (bytes.size() + *n > bytes_max) {
            return fail(Code::LimitExceeded, fmt::format("file is larger than {} bytes", bytes_max),
                        path.string());
        }
        bytes.append(buffer, *n);
    }
}

Result<> write_file_atomic(const std::filesystem::path& path, std::string_view bytes,
                           unsigned mode) {
    std::filesystem::path temporary = path;
    temporary += ".tmp";
    {
        GAC_TRY(fd, open_file(temporary, O_WRONLY | O_CREAT | O_TRUNC, mode));
        auto written = write_all(fd, bytes);
        if (written) {
            written = sync_data(fd);
        }
        if (!written) {
            ::unlink(temporary.c_str());
            return std::unexpected(at(path.string(), std::move(written).error()));
        }
    }
    if (::rename(temporary.c_str(), path.c_str()) != 0) {
        const int fault = errno;
        ::unlink(temporary.c_str());
        return fail_errno(path.string(), fault);
    }
    return sync_folder(path.parent_path());
}

Result<std::filesystem::path> content_folder() {
    namespace fs = std::filesystem;
    std::error_code ignored;
    const auto holds_content = [&](const fs::path& folder) {
        return fs::is_directory(folder / "rules", ignored)
               && fs::is_directory(folder / "profiles", ignored);
    };
    if (const char* named = std::getenv("GAC_CONTENT"); named != nullptr && *named != '\0') {
        if (!holds_content(named)) {
            return fail(Code::NotFound, "GAC_CONTENT names a folder without rules/ and profiles/",
                        named);
        }
        return fs::path(named);
    }
    const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
    fs::path folder = program.parent_path();
    if (holds_content(folder.parent_path() / "share" / "gac")) {
        return folder.parent_path() / "share" / "gac";
    }
    for (int up = 0; up < 6 && folder.has_relative_path(); ++up, folder = folder.parent_path()) {
        if (holds_content(folder)) {
            return folder;
        }
    }
    return fail(Code::NotFound,
                "the shipped rules/ and profiles/ were not found; set GAC_CONTENT to their folder");
}

}  // namespace gac::base
