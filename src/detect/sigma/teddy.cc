#include "detect/sigma/teddy.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "base/text.h"

namespace gac::detect::sigma {

namespace {

// Signs of JSON logs, the most frequent first; what is not named is rare.
constexpr std::string_view kFrequent = "\"e\\ntisaor c0d1l2:m,p3u.5h4-fy6g8w79_bvk/(){}x";

double rarity_of(char c) {
    const std::size_t rank = kFrequent.find(base::ascii_lower(c));
    return std::log(static_cast<double>(std::min(rank, kFrequent.size()) + 1));
}

bool is_letter(char c) { return base::ascii_lower(c) >= 'a' && base::ascii_lower(c) <= 'z'; }

}  // namespace

bool Teddy::takes([[maybe_unused]] std::span<const std::string_view> literals) {
#ifdef __x86_64__
    static const bool able = __builtin_cpu_supports("avx2") != 0;
    return able && literals.size() <= kLiteralsMax;
#else
    return false;
#endif
}

Teddy::Teddy(std::span<const std::string_view> literals) {
    static_assert(kLiteralsMax <= 64, "found literals are bits of one word");
    std::vector<std::uint8_t> order;
    for (const std::string_view text : literals) {
        Literal literal{.text = std::string(text)};
        double best = -1;
        for (std::size_t at = 0; at + kWindow <= text.size(); ++at) {
            double rarity = 0;
            for (std::size_t i = 0; i < kWindow; ++i) {
                rarity += rarity_of(text[at + i]);
                // "::" is rare, common as either sign is.
                rarity += i > 0 && text[at + i] == text[at + i - 1] && text[at + i] != '\\' ? 4 : 0;
            }
            if (rarity > best) {
                best = rarity;
                literal.window = at;
            }
        }
        const std::string_view window = text.substr(literal.window, kWindow);
        std::memcpy(&literal.key, window.data(), window.size());
        std::memset(&literal.mask, 0xff, window.size());
        literal.key = (literal.key | kLower) & literal.mask;
        order.push_back(static_cast<std::uint8_t>(literals_.size()));
        literals_.push_back(std::move(literal));
    }
    // Like windows share a bucket; those too short for a window have two of their own, which let
    // more places pass.
    const auto window_of = [&](std::uint8_t index) {
        const Literal& literal = literals_[index];
        return std::string_view(literal.text).substr(literal.window, kWindow);
    };
    const auto is_long = [&](std::uint8_t index) { return window_of(index).size() == kWindow; };
    std::ranges::sort(order, [&](std::uint8_t a, std::uint8_t b) {
        return is_long(a) != is_long(b) ? is_long(a) : window_of(a) < window_of(b);
    });
    const auto longs = static_cast<std::size_t>(std::ranges::count_if(order, is_long));
    for (std::size_t i = 0; i < order.size(); ++i) {
        const std::size_t bucket = i < longs ? i * (kBuckets - 2) / longs
                                   : window_of(order[i]).size() + 1 == kWindow ? kBuckets - 2
                                                                               : kBuckets - 1;
        const auto bit = static_cast<std::uint8_t>(1U << bucket);
        const std::string_view window = window_of(order[i]);
        buckets_[bucket].push_back(order[i]);
        for (std::size_t position = 0; position < kWindow; ++position) {
            if (position >= window.size()) {
                for (std::uint8_t& mask : masks_[position].low) {
                    mask |= bit;
                }
                for (std::uint8_t& mask : masks_[position].high) {
                    mask |= bit;
                }
                continue;
            }
            const char c = window[position];
            allow(position, static_cast<unsigned char>(c), bit);
            if (is_letter(c)) {
                allow(position, static_cast<unsigned char>(c ^ 0x20), bit);
            }
        }
    }
}

void Teddy::allow(std::size_t position, unsigned char byte, std::uint8_t bucket) {
    masks_[position].low[byte & 15] |= bucket;
    masks_[position].high[byte >> 4] |= bucket;
}

#ifdef __x86_64__
__attribute__((target("avx2"))) std::uint64_t Teddy::sweep(std::string_view text) const {
    const __m256i nibble = _mm256_set1_epi8(15);
    __m256i low[kWindow];
    __m256i high[kWindow];
    for (std::size_t i = 0; i < kWindow; ++i) {
        const auto* const lows = reinterpret_cast<const __m128i*>(masks_[i].low.data());
        const auto* const highs = reinterpret_cast<const __m128i*>(masks_[i].high.data());
        low[i] = _mm256_broadcastsi128_si256(_mm_loadu_si128(lows));
        high[i] = _mm256_broadcastsi128_si256(_mm_loadu_si128(highs));
    }
    std::uint64_t found = 0;
    const auto load = [](const char* from) __attribute__((target("avx2"))) {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    };
    // Buckets that allow these bytes at that place of the window.
    const auto allowed = [&](std::size_t i, __m256i bytes) __attribute__((target("avx2"))) {
        const __m256i lows = _mm256_shuffle_epi8(low[i], _mm256_and_si256(bytes, nibble));
        const __m256i highs =
            _mm256_shuffle_epi8(high[i], _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble));
        return _mm256_and_si256(lows, highs);
    };
    const auto look_at = [&](__m256i all, std::size_t at) __attribute__((target("avx2"))) {
        const auto none = static_cast<std::uint32_t>(
            _mm256_movemask_epi8(_mm256_cmpeq_epi8(all, _mm256_setzero_si256())));
        if (none == 0xffff'ffff) [[likely]] {
            return;
        }
        alignas(kStep) std::array<std::uint8_t, kStep> buckets;
        _mm256_store_si256(reinterpret_cast<__m256i*>(buckets.data()), all);
        for (std::uint32_t some = ~none; some != 0; some &= some - 1) {
            const auto place = static_cast<std::size_t>(std::countr_zero(some));
            verify(text, at + place, buckets[place], found);
        }
    };
    constexpr std::size_t kReach = kStep + kWindow - 1;  // bytes that one step looks at
    std::size_t at = 0;
    for (; at + kReach <= text.size(); at += kStep) {
        const char* const from = text.data() + at;
        __m256i all = allowed(0, load(from));
        for (std::size_t i = 1; i < kWindow; ++i) {
            all = _mm256_and_si256(all, allowed(i, load(from + i)));
        }
        look_at(all, at);
    }
    // A vector with zeros behind it.
    static_assert(kWindow == 4);
    const auto look_at_last = [&](__m256i last, std::size_t place) __attribute__((target("avx2"))) {
        const __m256i behind = _mm256_permute2x128_si256(last, last, 0x81);  // its end, then zeros
        look_at(_mm256_and_si256(_mm256_and_si256(allowed(0, last),
                                                  allowed(1, _mm256_alignr_epi8(behind, last, 1))),
                                 _mm256_and_si256(allowed(2, _mm256_alignr_epi8(behind, last, 2)),
                                                  allowed(3, _mm256_alignr_epi8(behind, last, 3)))),
                place);
    };
    if (text.size() < kStep) {
        alignas(kStep) std::array<char, kStep> bytes{};
        std::memcpy(bytes.data(), text.data(), text.size());
        look_at_last(load(bytes.data()), 0);
        return found;
    }
    // What is left may be more than a vector, though less than a step looks at.
    if (text.size() - at > kStep) {
        look_at_last(load(text.data() + at), at);
    }
    at = text.size() - kStep;
    look_at_last(load(text.data() + at), at);
    return found;
}
#else
std::uint64_t Teddy::sweep(std::string_view) const { return 0; }  // takes() nothing
#endif

void Teddy::verify(std::string_view text, std::size_t at, std::uint8_t buckets,
                   std::uint64_t& found) const {
    std::uint32_t window = 0;
    if (at + kWindow <= text.size()) [[likely]] {
        std::memcpy(&window, text.data() + at, kWindow);
    } else if (at < text.size()) {
        std::memcpy(&window, text.data() + at, text.size() - at);
    }
    window |= kLower;
    for (unsigned left = buckets; left != 0; left &= left - 1) {
        for (const std::uint8_t index : buckets_[static_cast<unsigned>(std::countr_zero(left))]) {
            const Literal& literal = literals_[index];
            if (literal.key != (window & literal.mask) || (found >> index & 1) != 0) {
                continue;
            }
            if (at < literal.window || at > text.size()
                || text.size() - (at - literal.window) < literal.text.size()) {
                continue;
            }
            const std::string_view place = text.substr(at - literal.window, literal.text.size());
            if (base::equal_ignoring_ascii_case(place, literal.text)) {
                found |= std::uint64_t{1} << index;
            }
        }
    }
}

void Teddy::scan(std::string_view text, std::vector<std::uint32_t>& out) const {
    for (std::uint64_t found = sweep(text); found != 0; found &= found - 1) {
        out.push_back(static_cast<std::uint32_t>(std::countr_zero(found)));
    }
}

}  // namespace gac::detect::sigma
