// Files with errors as values. Fd closes itself; write_file_atomic never leaves half a file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace gac::base {

// Owner of one file descriptor.
class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept;
    ~Fd() { close(); }
    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }
    void close();

private:
    int fd_ = -1;
};

Result<Fd> open_file(const std::filesystem::path& path, int flags, unsigned mode = 0640);
Result<> write_all(const Fd& fd, std::string_view bytes);           // at the file's position
Result<std::size_t> read_some(const Fd& fd, std::span<char> into);  // 0 at the end
Result<> sync_data(const Fd& fd);
Result<> sync_folder(const std::filesystem::path& folder);
Result<std::string> read_file(const std::filesystem::path& path, std::size_t bytes_max);
// Temporary name, fsync, rename, fsync of the folder.
Result<> write_file_atomic(const std::filesystem::path& path, std::string_view bytes,
                           unsigned mode = 0640);

// Where the shipped content (rules/, profiles/, samples/, console) lies: $GAC_CONTENT, or share/gac
// beside the program's folder, or the nearest folder above the program that holds rules/ and
// profiles/.
Result<std::filesystem::path> content_folder();

}  // namespace gac::base
