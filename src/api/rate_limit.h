// How often one address may ask: a token bucket each, bounded in number. Any thread.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "base/ip.h"
#include "base/snapshot.h"

namespace gac::api {

class RateLimit {
public:
    struct Rule {
        double per_second = 100;
        double burst = 600;
    };
    explicit RateLimit(Rule rule) : rule_(rule) {}

    // False when the address has to wait.
    bool take(const base::IpAddress& address, std::int64_t now_us);

private:
    static constexpr std::size_t kAddressesMax = 10'000;
    struct Bucket {
        double left = 0;
        std::int64_t at_us = 0;
    };
    struct Hash {
        std::size_t operator()(const base::IpAddress& address) const;
    };
    using Buckets = std::unordered_map<base::IpAddress, Bucket, Hash>;

    void forget_full(Buckets& buckets, std::int64_t now_us) const;

    Rule rule_;
    base::Guarded<Buckets> buckets_;
};

}  // namespace gac::api
