#include "detect/sigma/literal_scan.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/text.h"

namespace gac::detect::sigma {

namespace {

constexpr std::size_t kGram = 4;
constexpr std::size_t kSparseBytes = 2 * kGram - 1;  // holds a whole gram at any alignment

std::uint32_t gram_at(const char* text) {
    std::uint32_t gram = 0;
    std::memcpy(&gram, text, kGram);
    return gram;
}

// Makes letters of either case the same, and some signs as well.
constexpr std::uint32_t kLower = 0x20202020;

std::uint32_t folded_gram_at(const char* text) { return gram_at(text) | kLower; }

std::uint32_t mix(std::uint32_t gram) { return gram * 0x9E3779B1u; }

}  // namespace

std::uint32_t LiteralScan::add(std::string_view literal) {
    const auto [at, added] =
        numbers_.try_emplace(literal, static_cast<std::uint32_t>(literals_.size()));
    if (added) {
        literals_.emplace_back(literal);
    }
    return at->second;
}

void LiteralScan::Table::build() {
    if (entries.empty()) {
        return;
    }
    const std::size_t buckets = std::bit_ceil(std::max<std::size_t>(entries.size(), 16));
    bucket_shift = static_cast<unsigned>(32 - std::countr_zero(buckets));
    const std::size_t bits = std::bit_ceil(std::max<std::size_t>(entries.size() * 64, 1'024));
    filter_shift = static_cast<unsigned>(32 - std::min(std::countr_zero(bits), 17));
    filter.assign((std::size_t{1} << (32 - filter_shift)) / 64, 0);
    std::ranges::sort(entries, [](const Entry& a, const Entry& b) {
        return mix(a.gram) != mix(b.gram) ? mix(a.gram) < mix(b.gram) : a.number < b.number;
    });
    starts.assign(buckets + 1, static_cast<std::uint32_t>(entries.size()));
    for (std::size_t i = entries.size(); i-- > 0;) {
        const std::uint32_t hash = mix(entries[i].gram);
        starts[hash >> bucket_shift] = static_cast<std::uint32_t>(i);
        filter[(hash >> filter_shift) / 64] |= std::uint64_t{1} << ((hash >> filter_shift) % 64);
    }
    for (std::size_t bucket = buckets; bucket-- > 0;) {
        starts[bucket] = std::min(starts[bucket], starts[bucket + 1]);
    }
}

template <class Use>
void LiteralScan::Table::look_up(std::uint32_t gram, Use&& use) const {
    const std::uint32_t bucket = mix(gram) >> bucket_shift;
    const Entry* end = entries.data() + starts.data()[bucket + 1];
    for (const Entry* entry = entries.data() + starts.data()[bucket]; entry != end; ++entry) {
        if (entry->gram == gram) {
            use(*entry);
        }
    }
}

// Every `stride` bytes. Four probes at once: most find nothing, and one branch says so.
template <std::size_t stride, class Use>
void LiteralScan::Table::sweep(std::string_view text, Use&& use) const {
    if (entries.empty()) {
        return;
    }
    const std::uint64_t* const bits = filter.data();
    const unsigned shift = filter_shift;
    const auto probe = [&](std::uint32_t gram) {
        const std::uint32_t bit = mix(gram) >> shift;
        return bits[bit / 64] >> (bit % 64);
    };
    const char* at = text.data();
    const char* const last = at + text.size() - kGram;
    for (; last - at >= static_cast<std::ptrdiff_t>(3 * stride); at += 4 * stride) {
        const std::uint32_t a = folded_gram_at(at);
        const std::uint32_t b = folded_gram_at(at + stride);
        const std::uint32_t c = folded_gram_at(at + 2 * stride);
        const std::uint32_t d = folded_gram_at(at + 3 * stride);
        if (((probe(a) | probe(b) | probe(c) | probe(d)) & 1) == 0) [[likely]] {
            continue;
        }
        auto place = static_cast<std::size_t>(at - text.data());
        for (const std::uint32_t gram : {a, b, c, d}) {
            if ((probe(gram) & 1) != 0) {
                look_up(gram, [&](const Entry& entry) { use(place, entry); });
            }
            place += stride;
        }
    }
    for (; at <= last; at += stride) {
        const std::uint32_t gram = folded_gram_at(at);
        if ((probe(gram) & 1) != 0) {
            const auto place = static_cast<std::size_t>(at - text.data());
            look_up(gram, [&](const Entry& entry) { use(place, entry); });
        }
    }
}

void LiteralScan::build() {
    numbers_ = {};
    std::vector<std::uint32_t> by_teddy;
    for (std::uint32_t number = 0; number < literals_.size(); ++number) {
        if (literals_.size() <= Teddy::kLiteralsMax || literals_[number].size() < kSparseBytes) {
            by_teddy.push_back(number);
        }
    }
    std::vector<std::string_view> texts;
    for (const std::uint32_t number : by_teddy) {
        texts.push_back(literals_[number]);
    }
    if (!texts.empty() && Teddy::takes(texts)) {
        few_.emplace(texts);
        few_numbers_ = std::move(by_teddy);
        if (few_numbers_.size() == literals_.size()) {
            return;
        }
    }
    // Grams that many literals share make long look-ups: take the rarest four in a row. Counted by
    // hash, which is exact enough.
    constexpr unsigned kCountBits = 12;
    std::vector<std::uint32_t> counts(std::size_t{1} << kCountBits, 0);
    const auto uses = [&](const char* gram) -> std::uint32_t& {
        return counts[mix(gram_at(gram)) >> (32 - kCountBits)];
    };
    for (const std::string_view literal : literals_) {
        for (std::size_t i = 0; i + kGram <= literal.size(); ++i) {
            ++uses(literal.data() + i);
        }
    }
    for (std::uint32_t number = 0; number < literals_.size(); ++number) {
        const std::string_view literal = literals_[number];
        if (few_ && literal.size() < kSparseBytes) {
            continue;
        }
        if (literal.size() < kGram) {
            tiny_.push_back(number);
            continue;
        }
        const std::size_t wanted = literal.size() >= kSparseBytes ? kGram : 1;
        std::size_t best = 0;
        std::uint32_t best_uses = UINT32_MAX;
        for (std::size_t from = 0; from + wanted + kGram - 1 <= literal.size(); ++from) {
            std::uint32_t sum = 0;
            for (std::size_t k = 0; k < wanted; ++k) {
                sum += uses(literal.data() + from + k);
            }
            if (sum < best_uses) {
                best_uses = sum;
                best = from;
            }
        }
        Table& table = wanted == kGram ? sparse_ : dense_;
        for (std::size_t k = 0; k < wanted; ++k) {
            table.entries.push_back({folded_gram_at(literal.data() + best + k), number,
                                     static_cast<std::uint32_t>(best + k)});
        }
    }
    sparse_.build();
    dense_.build();
}

void LiteralScan::scan_few(std::string_view text, std::vector<std::uint32_t>& out) const {
    const std::size_t before = out.size();
    few_->scan(text, out);
    for (std::size_t i = before; i < out.size(); ++i) {
        out[i] = few_numbers_[out[i]];
    }
}

void LiteralScan::scan_caseless(std::string_view text, std::string& scratch,
                                std::vector<std::uint32_t>& out) const {
    if (tiny_.empty()) {
        scan_by(text, out, [](std::string_view a, std::string_view b) {
            return base::equal_ignoring_ascii_case(a, b);
        });
        return;
    }
    scratch.resize(text.size());
    base::ascii_lower(text, scratch.data());
    scan(scratch, out);
}

void LiteralScan::scan(std::string_view text, std::vector<std::uint32_t>& out) const {
    scan_by(text, out, [](std::string_view a, std::string_view b) {
        return std::memcmp(a.data(), b.data(), a.size()) == 0;
    });
    for (const std::uint32_t number : tiny_) {
        if (base::contains_literal(text, literals_[number])) {
            out.push_back(number);
        }
    }
}

template <class Equal>
void LiteralScan::scan_by(std::string_view text, std::vector<std::uint32_t>& out,
                          Equal&& equal) const {
    if (few_) {
        scan_few(text, out);
    }
    if (text.size() < kGram) {
        return;
    }
    const auto verify = [&](std::size_t at, const Entry& entry) {
        const std::string_view literal = literals_[entry.number];
        if (entry.offset <= at && text.size() - (at - entry.offset) >= literal.size()
            && equal(text.substr(at - entry.offset, literal.size()), literal)) {
            out.push_back(entry.number);
        }
    };
    sparse_.sweep<kGram>(text, verify);
    dense_.sweep<1>(text, verify);
}

}  // namespace gac::detect::sigma
