// What the store asks of a disk. One real one; tests put a full, slow or broken one in its place.
// Any thread.
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
    virtual Result<> write(const base::Fd& fd,
                           std::span<const std::string_view> parts);  // all, in order
    virtual Result<> sync(const base::Fd& fd);
    virtual Result<> truncate(const base::Fd& fd, std::uint64_t size);
    virtual Result<> rename(const std::filesystem::path& from, const std::filesystem::path& to);
    virtual Result<> sync_folder(const std::filesystem::path& folder);
    virtual Result<std::uint64_t> free_bytes(const std::filesystem::path& folder);  // for this user
    virtual Result<std::uint64_t> total_bytes(const std::filesystem::path& folder);
};

}  // namespace gac::store
