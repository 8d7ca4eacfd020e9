// Bytes out of the middle of a file. Corrupt when the file ends before them. Any thread.
#pragma once

#include <cstdint>
#include <span>

#include "base/file.h"
#include "base/result.h"

namespace gac::store {

Result<> read_at(const base::Fd& fd, std::uint64_t offset, std::span<char> into);

}  // namespace gac::store
