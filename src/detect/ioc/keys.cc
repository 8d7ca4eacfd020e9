#include "detect/ioc/keys.h"

#include <random>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace gac::detect::ioc {

namespace {

Seed draw() {
    std::random_device device;
    const auto number = [&] {
        return (std::uint64_t{device()} << 32) | device() | 1;  // never zero
    };
    return {number(), number(), number(), number()};
}

}  // namespace

const Seed kSeed = draw();

Key text_key(std::string_view text, Tag tag) {
    const XXH128_hash_t hash = XXH3_128bits_withSeed(
        text.data(), text.size(), kSeed.a ^ (static_cast<std::uint64_t>(tag) << 56));
    return {hash.high64, hash.low64};
}

}  // namespace gac::detect::ioc
