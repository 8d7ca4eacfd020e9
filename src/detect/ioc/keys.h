// Keys of indicators: 128 bits, of which the table stores 64 and the place in it uses the others.
// So no text is kept and none is compared. The seed is drawn for each process: nobody can craft
// names that meet.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/ip.h"
#include "detect/ioc/sixteen.h"

namespace gac::detect::ioc {

struct Key {
    std::uint64_t place = 0;
    std::uint64_t mark = 0;
};

// What a key is of; goes into it.
enum class Tag : std::uint8_t {
    Ip = 1,
    Prefix,
    Domain,
    Url,
    UrlPath,  // URL without its scheme
    UrlBelow,
    UrlPathBelow,
    UrlHost,  // the host of some listed URL: only then is a URL of an event looked at closely
    Md5,
    Sha1,
    Sha256,
    Email,
    Ja3,
    Mutex,
    FileName,
    FilePath,
};

struct Seed {
    std::uint64_t a, b, c, d;
};
extern const Seed kSeed;

inline std::uint64_t fold_product(std::uint64_t a, std::uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

inline Key mix(std::uint64_t a, std::uint64_t b, Tag tag) {
    const std::uint64_t kind = static_cast<std::uint64_t>(tag) * 0x9e3779b97f4a7c15U;
    return {fold_product(a ^ kSeed.a, b ^ kSeed.b ^ kind),
            fold_product(a ^ kSeed.c ^ kind, b ^ kSeed.d)};
}

inline Key ip_key(const base::IpAddress& address) {
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    std::memcpy(&a, address.bytes.data(), 8);
    std::memcpy(&b, address.bytes.data() + 8, 8);
    return mix(a, b, Tag::Ip);
}

// The same for an IPv4 address by its number.
inline Key ip_key(std::uint32_t v4) {
    return mix(0, 0xffff'0000U | std::uint64_t{__builtin_bswap32(v4)} << 32, Tag::Ip);
}

// The first 16 bytes of a hash: no two files agree in those by chance, nor by intent.
inline Key hash_key(std::uint64_t a, std::uint64_t b, Tag tag) { return mix(a, b, tag); }

Key text_key(std::string_view text, Tag tag);

inline Key url_host_key(const Key& host) { return mix(host.place, host.mark, Tag::UrlHost); }

// Keys of the suffixes of a name, shortest first: sixteen bytes at a time from the end, so that
// what a longer suffix shares with a shorter one is worked out once. `kRoomBefore`: sixteen bytes
// before the name may be read.
template <bool kRoomBefore>
class SuffixKeys {
public:
    explicit SuffixKeys(const char* end) : end_(end), left_(end) {}
    // `begin`: of the suffix, no later than the one before.
    [[gnu::always_inline]] Key of(const char* begin) {
        while (left_ - begin > 16) {
            left_ -= 16;
            state_ = stir(state_, load_8(left_), load_8(left_ + 8), 0);
        }
        const auto size = static_cast<std::size_t>(left_ - begin);
        const auto whole = static_cast<std::size_t>(end_ - begin);
        if constexpr (kRoomBefore) {  // what stands there is masked out
            const char* const mask = kMasks.data() + size;
            return stir(state_, load_8(left_ - 16) & load_8(mask),
                        load_8(left_ - 8) & load_8(mask + 8), whole);
        }
        if (size > 8) {
            return stir(state_, load_upto_8(begin, size - 8) << (16 - size) * 8, load_8(left_ - 8),
                        whole);
        }
        return stir(state_, 0, size == 0 ? 0 : load_upto_8(begin, size) << (8 - size) * 8, whole);
    }

private:
    static constexpr auto kMasks = [] {
        std::array<char, 32> masks{};
        for (std::size_t i = 16; i < 32; ++i) {
            masks[i] = static_cast<char>(0xff);
        }
        return masks;
    }();
    // `size`: of the whole suffix with its last bytes, else 0.
    static Key stir(const Key& key, std::uint64_t a, std::uint64_t b, std::size_t size) {
        return {fold_product(key.place ^ a ^ kSeed.b, b ^ kSeed.a ^ size << 48),
                fold_product(key.mark ^ b ^ kSeed.d, a ^ kSeed.c ^ size << 48)};
    }

    const char* end_;
    const char* left_;  // bytes from here on are in state_
    Key state_{static_cast<std::uint64_t>(Tag::Domain), 0};
};

// Of a canonical domain.
inline Key domain_key(std::string_view domain) {
    return SuffixKeys<false>(domain.data() + domain.size()).of(domain.data());
}

// Of an e-mail address in lower case, from what its last suffix gives: all of it.
inline Key email_key(const Key& whole) { return mix(whole.place, whole.mark, Tag::Email); }
inline Key email_key(std::string_view address) { return email_key(domain_key(address)); }

// Calls use(key, offset, labels) for the suffixes of a canonical domain, shortest first; at most
// `labels_max` of them.
template <class Use>
void each_suffix(std::string_view domain, std::size_t labels_max, Use&& use) {
    SuffixKeys<false> keys(domain.data() + domain.size());
    std::size_t begin = domain.size();
    for (std::size_t labels = 1; labels <= labels_max; ++labels) {
        while (begin > 0 && domain[begin - 1] != '.') {
            --begin;
        }
        use(keys.of(domain.data() + begin), begin, labels);
        if (begin == 0) {
            return;
        }
        --begin;
    }
}

}  // namespace gac::detect::ioc
