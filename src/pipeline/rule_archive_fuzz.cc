// Whatever is handed in as an archive of rules: no crash, the limits hold, no name leads elsewhere.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>

#include "pipeline/rule_archive.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const gac::pipeline::ArchiveLimits limits{.packed_bytes_max = 1U << 20U,
                                              .entries_max = 100,
                                              .unpacked_bytes_max = 1U << 20U,
                                              .file_bytes_max = 1U << 18U};
    const auto files =
        gac::pipeline::unpack_rules({reinterpret_cast<const char*>(data), size}, limits);
    if (!files) {
        return 0;
    }
    std::size_t bytes = 0;
    for (const auto& file : *files) {
        bytes += file.text.size();
        const auto plain = std::filesystem::path("root") / file.path;
        const std::string normal = plain.lexically_normal().string();
        if (file.text.size() > limits.file_bytes_max || !normal.starts_with("root/")) {
            std::abort();
        }
    }
    if (bytes > limits.unpacked_bytes_max || files->size() > limits.entries_max) {
        std::abort();
    }
    return 0;
}
