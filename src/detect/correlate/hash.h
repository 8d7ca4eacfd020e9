// Keyed hashes of group texts and values. Values are told apart by 64 bits alone: two of 10,000
// values in a window share one with a chance of 3 in 10^12, and nobody who does not know the seed
// can make them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "detect/sigma/rule.h"

namespace gac::detect::correlate {

std::uint64_t hash_of(std::string_view bytes, std::uint64_t seed);

// The seed for groups and values of one rule: the same for the same rule in another set.
std::uint64_t seed_of(const sigma::Correlation& rule, std::uint64_t seed);

}  // namespace gac::detect::correlate
