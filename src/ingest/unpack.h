// Bytes of a file as they were before packing: gzip, xz and zstd are told by their first bytes,
// anything else is passed on. Files of several packed parts one behind the other are read whole.
// What an unpacked byte may cost in memory is bounded (xz 256 MiB, zstd window 128 MiB). One
// thread.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "base/file.h"
#include "base/result.h"

namespace gac::ingest {

class ByteSource {
public:
    virtual ~ByteSource() = default;
    virtual Result<std::size_t> read(std::span<char> into) = 0;  // 0 at the end
};

Result<std::unique_ptr<ByteSource>> unpack(base::Fd file);

}  // namespace gac::ingest
