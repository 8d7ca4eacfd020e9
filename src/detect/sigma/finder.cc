#include "detect/sigma/finder.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/text.h"

namespace gac::detect::sigma {

namespace {

constexpr std::size_t kLengthsMax = 10;  // beyond, one hash for each length costs more than a scan

// Length and both ends: the tables hold rules, so nobody outside can make keys collide.
std::uint64_t hash_of(std::string_view text) {
    std::uint64_t head = 0;
    std::uint64_t tail = 0;
    if (text.size() >= 8) {
        std::memcpy(&head, text.data(), 8);
        std::memcpy(&tail, text.data() + text.size() - 8, 8);
    } else if (!text.empty()) {
        std::memcpy(&head, text.data(), text.size());
    }
    std::uint64_t middle = 0;
    if (text.size() >= 16) {
        std::memcpy(&middle, text.data() + text.size() / 2 - 4, 8);
    }
    std::uint64_t hash = (head ^ text.size()) * 0x9E3779B97F4A7C15ull;
    hash = (hash ^ hash >> 32 ^ tail) * 0xD6E8FEB86659FD93ull;
    hash = (hash ^ hash >> 32 ^ middle) * 0x9E3779B97F4A7C15ull;
    return hash ^ hash >> 29;
}

}  // namespace

void Finder::Table::add(std::string_view key, std::uint32_t id, bool exact) {
    entries_.push_back({key, id, exact});
}

void Finder::Table::build() {
    if (entries_.empty()) {
        return;
    }
    mask_ = std::bit_ceil(entries_.size() * 2) - 1;
    std::vector<std::pair<std::uint64_t, Entry>> hashed;
    hashed.reserve(entries_.size());
    for (const Entry& entry : entries_) {
        hashed.emplace_back(hash_of(entry.key), entry);
    }
    std::ranges::sort(hashed, [&](const auto& a, const auto& b) {
        const std::uint64_t bucket_a = a.first & mask_;
        const std::uint64_t bucket_b = b.first & mask_;
        return bucket_a != bucket_b ? bucket_a < bucket_b : a.second.key < b.second.key;
    });
    heads_.assign(mask_ + 1, 0);
    hashes_.resize(entries_.size());
    for (std::size_t i = entries_.size(); i-- > 0;) {
        hashes_[i] = hashed[i].first;
        entries_[i] = hashed[i].second;
        heads_[hashes_[i] & mask_] = static_cast<std::uint32_t>(i + 1);
    }
}

template <class Use>
void Finder::Table::look_up(std::string_view key, Use&& use) const {
    const std::uint64_t hash = hash_of(key);
    std::uint32_t at = heads_[hash & mask_];
    if (at == 0) {
        return;
    }
    for (--at; at < entries_.size() && (hashes_[at] & mask_) == (hash & mask_); ++at) {
        if (hashes_[at] == hash && entries_[at].key == key) {
            use(entries_[at]);
        }
    }
}

bool Finder::takes(const LeafTest& test) {
    if (test.test->kind == TestKind::Regex) {
        return !test.test->regex->needles().empty();
    }
    return test.test->kind == TestKind::Text
           && (test.way == LeafTest::Way::Equals || !test.key.empty());
}

std::uint32_t Finder::Side::probe(const char* bytes) {
    std::uint32_t gram = 0;
    std::memcpy(&gram, bytes, kProbe);
    return gram * 0x9E3779B1u >> (32 - kBits);
}

bool Finder::Side::may_hold(const char* bytes) const {
    const std::uint32_t bit = probe(bytes);
    return (filter.data()[bit / 64] >> (bit % 64) & 1) != 0;
}

void Finder::Side::build(bool begins) {
    std::ranges::sort(lengths, {}, &ByLength::length);
    filter.assign((std::size_t{1} << kBits) / 64, 0);
    for (ByLength& side : lengths) {
        side.table.build();
        for (const Entry& entry : side.table.entries()) {
            if (side.length >= kProbe) {
                const std::uint32_t bit =
                    probe(entry.key.data() + (begins ? 0 : side.length - kProbe));
                filter[bit / 64] |= std::uint64_t{1} << (bit % 64);
            }
        }
    }
}

void Finder::add_at_side(Side& side, Where where, std::string_view key, std::uint32_t id,
                         bool exact) {
    const auto known = std::ranges::find(side.lengths, key.size(), &ByLength::length);
    if (known != side.lengths.end()) {
        known->table.add(key, id, exact);
    } else if (side.lengths.size() < kLengthsMax) {
        side.lengths.push_back({.length = key.size(), .table = {}});
        side.lengths.back().table.add(key, id, exact);
    } else {
        const std::uint32_t number = literals_.add(key);
        found_.push_back({number, {key, id, exact}, where});
    }
}

void Finder::add(const LeafTest& test, std::uint32_t id) {
    if (test.test->kind == TestKind::Regex) {
        for (const std::string& needle : test.test->regex->needles()) {
            const std::uint32_t number = literals_.add(needle);
            found_.push_back({number, {{}, id, false}, Where::Anywhere});
        }
        return;
    }
    const std::string_view key = test.key;
    const bool exact = !test.cased;
    switch (test.way) {
        case LeafTest::Way::Equals:
            whole_.add(key, id, exact);
            break;
        case LeafTest::Way::EndsWith:
            if (key.size() > 1 && key[0] == '\\' && key.find('\\', 1) == std::string::npos) {
                after_backslash_.add(key.substr(1), id, exact);
            } else {
                add_at_side(ends_, Where::End, key, id, exact);
            }
            break;
        case LeafTest::Way::StartsWith:
            add_at_side(begins_, Where::Begin, key, id, exact);
            break;
        case LeafTest::Way::Contains:
        case LeafTest::Way::Other: {
            const bool whole = test.way == LeafTest::Way::Contains;
            found_.push_back({literals_.add(key), {key, id, exact && whole}, Where::Anywhere});
            break;
        }
    }
}

void Finder::build() {
    whole_.build();
    after_backslash_.build();
    begins_.build(true);
    ends_.build(false);
    std::ranges::sort(found_, [](const Literal& a, const Literal& b) {
        return a.number != b.number ? a.number < b.number : a.entry.id < b.entry.id;
    });
    for (std::size_t i = 0; i < found_.size(); ++i) {
        if (found_at_.size() <= found_[i].number) {
            found_at_.resize(found_[i].number + 1, static_cast<std::uint32_t>(i));
        }
    }
    literals_.build();
}

void Finder::find(std::string_view folded, std::vector<std::uint32_t>& numbers,
                  std::vector<Hit>& out) const {
    const auto hit = [&](const Entry& entry) { out.push_back({entry.id, entry.exact}); };
    if (!whole_.empty()) {
        whole_.look_up(folded, hit);
    }
    if (!after_backslash_.empty()) {
        const std::size_t slash = folded.rfind('\\');
        if (slash != std::string_view::npos) {
            after_backslash_.look_up(folded.substr(slash + 1), hit);
        }
    }
    const bool probed = folded.size() >= Side::kProbe;
    const bool begins = probed && begins_.may_hold(folded.data());
    const bool ends = probed && ends_.may_hold(folded.data() + folded.size() - Side::kProbe);
    for (const ByLength& side : begins_.lengths) {
        if (side.length > folded.size() || (side.length >= Side::kProbe && !begins)) {
            break;
        }
        side.table.look_up(folded.substr(0, side.length), hit);
    }
    for (const ByLength& side : ends_.lengths) {
        if (side.length > folded.size() || (side.length >= Side::kProbe && !ends)) {
            break;
        }
        side.table.look_up(folded.substr(folded.size() - side.length), hit);
    }
    if (literals_.empty()) {
        return;
    }
    numbers.clear();
    literals_.scan(folded, numbers);
    for (const std::uint32_t number : numbers) {
        for (std::size_t i = found_at_[number]; i < found_.size() && found_[i].number == number;
             ++i) {
            const Literal& literal = found_[i];
            if (literal.where == Where::Anywhere
                || (literal.where == Where::Begin ? folded.starts_with(literal.entry.key)
                                                  : folded.ends_with(literal.entry.key))) {
                out.push_back({literal.entry.id, literal.entry.exact});
            }
        }
    }
}

}  // namespace gac::detect::sigma
