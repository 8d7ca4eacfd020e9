// What the store asks of a disk: every change of a file or folder goes through here. One real one;
// tests put a full, slow, broken or forgetful one in its place. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "base/file.h"
#include "base/result.h"

namespace gac::store {

class Disk {
public:
    virtual ~Disk() = default;
    // A new file, open for writing; one that stands there already is an error.
    virtual Result<base::Fd> create(const std::filesystem::path& path);
    virtual Result<> write(const base::Fd& fd,
                           std::span<const std::string_view> parts);  // all, in order
    virtual Result<> sync(const base::Fd& fd);
    virtual Result<> truncate(const base::Fd& fd, std::uint64_t size);
    virtual Result<> rename(const std::filesystem::path& from, const std::filesystem::path& to);
    // A second name for the same file; a name that is taken is an error (AlreadyExists).
    virtual Result<> link(const std::filesystem::path& from, const std::filesystem::path& to);
    virtual Result<> remove(const std::filesystem::path& path);  // a file that is gone: no error
    virtual Result<> make_folder(const std::filesystem::path& folder);  // with those above it
    virtual Result<> sync_folder(const std::filesystem::path& folder);
    virtual Result<std::uint64_t> free_bytes(const std::filesystem::path& folder);  // for this user
    virtual Result<std::uint64_t> total_bytes(const std::filesystem::path& folder);
};

// Writes `path` whole: under a temporary name, synced, renamed, folder synced. Afterwards there is
// the old file or the new one, never a part.
Result<> write_file(Disk& disk, const std::filesystem::path& path, std::string_view bytes);

}  // namespace gac::store
