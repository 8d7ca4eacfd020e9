// What a hunt has found so far, by one thread or by all: how often, since when, on which hosts and
// from which sources. Bounded as its question says. One thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "store/hunt.h"

namespace gac::store::query {

void widen(base::TimePoint& first, base::TimePoint& last, bool fresh, base::TimePoint a,
           base::TimePoint b);

class HuntTallies {
public:
    explicit HuntTallies(const HuntQuestion& question) : question_(question) {}

    struct One {
        std::uint64_t count = 0;
        base::TimePoint first, last;
        std::map<std::string, HuntAnswer::OnHost, std::less<>> hosts;
        bool more_hosts = false;
        std::map<std::string, std::uint64_t, std::less<>> sources;
    };

    // Null when there are too many things already.
    One* of(std::uint32_t what);
    void add_host(One& to, HuntAnswer::OnHost&& part);
    void add_source(One& to, std::string_view source, std::uint64_t count);
    void keep_newest(std::vector<HuntAnswer::Sample>& samples) const;

    void merge(HuntTallies&& other);
    void give(HuntAnswer& answer);

private:
    const HuntQuestion& question_;
    std::unordered_map<std::uint32_t, One> all_;
    bool full_ = false;
};

}  // namespace gac::store::query
