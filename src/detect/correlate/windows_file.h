// Windows as bytes: docs/formats/windows.md.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "detect/correlate/partition.h"

namespace gac::detect::correlate {

// Groups in the order in which they were fed last.
void save_windows(std::span<const sigma::Correlation> rules, std::uint64_t seed, std::uint64_t mark,
                  std::span<const Group* const> groups, std::string& out);

// Groups of rules that are not among `rules` are left out. An error when the bytes are damaged or
// were made with another seed.
struct LoadedWindows {
    std::uint64_t mark = 0;
    std::vector<std::unique_ptr<Group>> groups;
};
Result<LoadedWindows> load_windows(std::string_view bytes,
                                   std::span<const sigma::Correlation> rules, const Limits& limits);

// Of bytes that may be damaged; nothing when they are too short.
std::optional<std::uint64_t> seed_of_saved(std::string_view bytes);

}  // namespace gac::detect::correlate
