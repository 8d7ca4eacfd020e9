#include "api/rate_limit.h"

#include <algorithm>
#include <string_view>

namespace gac::api {

std::size_t RateLimit::Hash::operator()(const base::IpAddress& address) const {
    return std::hash<std::string_view>{}(
        {reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size()});
}

// Whoever has not asked for long has a full bucket, which is the same as none.
void RateLimit::forget_full(Buckets& buckets, std::int64_t now_us) const {
    const double seconds_to_full = rule_.burst / rule_.per_second;
    std::erase_if(buckets, [&](const auto& entry) {
        return static_cast<double>(now_us - entry.second.at_us) / 1e6 >= seconds_to_full;
    });
}

bool RateLimit::take(const base::IpAddress& address, std::int64_t now_us) {
    return buckets_.with([&](Buckets& buckets) {
        if (buckets.size() >= kAddressesMax && !buckets.contains(address)) {
            forget_full(buckets, now_us);
            if (buckets.size() >= kAddressesMax) {
                return false;
            }
        }
        const auto [at, fresh] = buckets.try_emplace(address, Bucket{rule_.burst, now_us});
        Bucket& bucket = at->second;
        const double passed = static_cast<double>(std::max<std::int64_t>(now_us - bucket.at_us, 0));
        bucket.left = std::min(rule_.burst, bucket.left + passed / 1e6 * rule_.per_second);
        bucket.at_us = now_us;
        if (bucket.left < 1) {
            return false;
        }
        bucket.left -= 1;
        return true;
    });
}

}  // namespace gac::api
