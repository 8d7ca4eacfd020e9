#include "detect/ioc/table.h"

namespace gac::detect::ioc {

namespace {
constexpr std::size_t kFilterBitsPerKey = 11;
}

// Three quarters full: 16 bytes a key, and half a dozen steps for a key that is not there.
Table::Table(std::size_t keys)
    : filter_(keys * kFilterBitsPerKey / 64 + 1),
      marks_(keys + keys / 3 + 2),
      values_(marks_.size(), kNone) {}

std::uint32_t& Table::add(const Key& key) {
    filter_[scaled(key.place, filter_.size())] |= bits_of(key);
    const std::uint64_t wanted = stored(key);
    for (std::size_t at = scaled(key.place, marks_.size());;) {
        if (marks_[at] == wanted) {
            return values_[at];
        }
        if (marks_[at] == 0) {
            marks_[at] = wanted;
            return values_[at];
        }
        at = at + 1 == marks_.size() ? 0 : at + 1;
    }
}

}  // namespace gac::detect::ioc
