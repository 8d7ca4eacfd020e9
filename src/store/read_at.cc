#include "store/read_at.h"

#include <unistd.h>

#include <cerrno>

namespace gac::store {

Result<> read_at(const base::Fd& fd, std::uint64_t offset, std::span<char> into) {
    for (std::size_t done = 0; done < into.size();) {
        const ssize_t n = ::pread(fd.get(), into.data() + done, into.size() - done,
                                  static_cast<off_t>(offset + done));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return base::fail_errno("read", errno);
        }
        if (n == 0) {
            return fail(Code::Corrupt, "the file is cut short");
        }
        done += static_cast<std::size_t>(n);
    }
    return {};
}

}  // namespace gac::store
