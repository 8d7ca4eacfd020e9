#include "detect/correlate/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace gac::detect::correlate {

std::uint64_t hash_of(std::string_view bytes, std::uint64_t seed) {
    return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

std::uint64_t seed_of(const sigma::Correlation& rule, std::uint64_t seed) {
    return hash_of(rule.text_key, seed);
}

}  // namespace gac::detect::correlate
