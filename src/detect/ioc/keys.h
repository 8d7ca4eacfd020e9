// Keys of indicators: 128 bits, of which the table stores 64 and the place in it uses the others.
// So no text is kept and none is compared. The seed is drawn for each process: nobody can craft
// names that meet.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/ip.h"

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

// The first 16 bytes of a hash: no two files agree in those by chance, nor by intent.
inline Key hash_key(std::uint64_t a, std::uint64_t b, Tag tag) { return mix(a, b, tag); }

Key text_key(std::string_view text, Tag tag);

inline Key url_host_key(const Key& host) { return mix(host.place, host.mark, Tag::UrlHost); }

// A domain's key is made label by label from the right, so that all its parents' come for free.
class DomainKey {
public:
    void add(const char* label, std::size_t size) {
        std::uint64_t a = 0;
        std::uint64_t b = 0;
        for (; size > 16; label += 16, size -= 16) {
            std::memcpy(&a, label, 8);
            std::memcpy(&b, label + 8, 8);
            stir(a, b, 16);
        }
        if (size >= 8) {
            std::memcpy(&a, label, 8);
            std::memcpy(&b, label + size - 8, 8);
        } else if (size >= 4) {
            std::uint32_t head = 0;
            std::uint32_t tail = 0;
            std::memcpy(&head, label, 4);
            std::memcpy(&tail, label + size - 4, 4);
            a = head;
            b = tail;
        } else if (size > 0) {
            a = static_cast<unsigned char>(label[0]);
            b = static_cast<std::uint64_t>(static_cast<unsigned char>(label[size / 2])) << 8
                | static_cast<unsigned char>(label[size - 1]);
        }
        stir(a, b, size | 0x100);  // the end of a label is not the middle of a longer one
    }
    Key key() const { return key_; }

private:
    void stir(std::uint64_t a, std::uint64_t b, std::size_t size) {
        key_ = {fold_product(key_.place ^ a ^ kSeed.b, b ^ kSeed.a ^ size << 48),
                fold_product(key_.mark ^ b ^ kSeed.d, a ^ kSeed.c ^ size << 48)};
    }

    Key key_{static_cast<std::uint64_t>(Tag::Domain), 0};
};

// Calls use(key, offset, labels) for the suffixes of a canonical domain, shortest first; at most
// `labels_max` of them.
template <class Use>
void each_suffix(std::string_view domain, std::size_t labels_max, Use&& use) {
    DomainKey key;
    std::size_t end = domain.size();
    for (std::size_t labels = 1; labels <= labels_max; ++labels) {
        std::size_t begin = end;
        while (begin > 0 && domain[begin - 1] != '.') {
            --begin;
        }
        key.add(domain.data() + begin, end - begin);
        use(key.key(), begin, labels);
        if (begin == 0) {
            return;
        }
        end = begin - 1;
    }
}

// The same where the places of the dots are known: bit i of `dots` is byte i, so at most 64 bytes.
template <class Use>
void each_suffix(std::string_view domain, std::uint64_t dots, std::size_t labels_max, Use&& use) {
    DomainKey key;
    std::size_t end = domain.size();
    for (std::size_t labels = 1; labels <= labels_max; ++labels) {
        const std::size_t begin =
            dots == 0 ? 0 : 64 - static_cast<std::size_t>(std::countl_zero(dots));
        key.add(domain.data() + begin, end - begin);
        use(key.key(), begin, labels);
        if (begin == 0) {
            return;
        }
        end = begin - 1;
        dots &= ~(1ULL << end);
    }
}

Key domain_key(std::string_view domain);

}  // namespace gac::detect::ioc
