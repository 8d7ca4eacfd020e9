#include "detect/sigma/finder.h"

#include <hs/hs.h>
#include <xxhash.h>

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/text.h"

namespace gac::detect::sigma {

namespace {

constexpr std::size_t kLengthsMax = 10;  // beyond, one hash for each length costs more than a scan

std::uint64_t hash_of(std::string_view text) { return XXH3_64bits(text.data(), text.size()); }

std::string key_of(const Test& test) {
    return test.cased ? base::fold_case(test.pattern.key()) : std::string(test.pattern.key());
}

}  // namespace

Scratch::~Scratch() {
    if (scratch_ != nullptr) {
        hs_free_scratch(scratch_);
    }
}

void Scratch::grow_for(const hs_database* database) {
    GAC_ASSERT(hs_alloc_scratch(database, &scratch_) == HS_SUCCESS);
}

LiteralScan::LiteralScan() = default;
LiteralScan::~LiteralScan() {
    if (database_ != nullptr) {
        hs_free_database(database_);
    }
}
LiteralScan::LiteralScan(LiteralScan&& other) noexcept
    : literals_(std::move(other.literals_)),
      numbers_(std::move(other.numbers_)),
      database_(std::exchange(other.database_, nullptr)) {}
LiteralScan& LiteralScan::operator=(LiteralScan&& other) noexcept {
    std::swap(literals_, other.literals_);
    std::swap(numbers_, other.numbers_);
    std::swap(database_, other.database_);
    return *this;
}

std::uint32_t LiteralScan::add(std::string_view literal) {
    const auto [at, added] =
        numbers_.try_emplace(std::string(literal), static_cast<std::uint32_t>(literals_.size()));
    if (added) {
        literals_.emplace_back(literal);
    }
    return at->second;
}

Result<> LiteralScan::build(bool caseless) {
    numbers_.clear();
    if (literals_.empty()) {
        return {};
    }
    std::vector<const char*> texts;
    std::vector<std::size_t> sizes;
    std::vector<unsigned> flags(literals_.size(),
                                HS_FLAG_SINGLEMATCH | (caseless ? HS_FLAG_CASELESS : 0U));
    std::vector<unsigned> ids;
    for (const std::string& literal : literals_) {
        ids.push_back(static_cast<unsigned>(ids.size()));
        texts.push_back(literal.data());
        sizes.push_back(literal.size());
    }
    hs_compile_error_t* fault = nullptr;
    if (hs_compile_lit_multi(texts.data(), flags.data(), ids.data(), sizes.data(),
                             static_cast<unsigned>(ids.size()), HS_MODE_BLOCK, nullptr, &database_,
                             &fault)
        != HS_SUCCESS) {
        std::string text = fault != nullptr ? fault->message : "unknown fault";
        hs_free_compile_error(fault);
        return fail(Code::Internal, fmt::format("cannot compile literals: {}", text));
    }
    literals_.resize(1);  // only "is there any" is asked from now on
    literals_.shrink_to_fit();
    return {};
}

void LiteralScan::grow(Scratch& scratch) const {
    if (database_ != nullptr) {
        scratch.grow_for(database_);
    }
}

void LiteralScan::scan(std::string_view text, const Scratch& scratch,
                       std::vector<std::uint32_t>& out) const {
    if (database_ == nullptr || text.empty()) {
        return;
    }
    const auto on_match = [](unsigned id, unsigned long long, unsigned long long, unsigned,
                             void* context) {
        static_cast<std::vector<std::uint32_t>*>(context)->push_back(id);
        return 0;
    };
    // Any other answer would mean matches lost in silence.
    GAC_ASSERT(hs_scan(database_, text.data(), static_cast<unsigned>(text.size()), 0, scratch.get(),
                       on_match, &out)
               == HS_SUCCESS);
}

void Finder::Table::add(std::string key, std::uint32_t id, bool exact) {
    entries_.push_back({std::move(key), id, exact});
}

void Finder::Table::build() {
    if (entries_.empty()) {
        return;
    }
    mask_ = std::bit_ceil(entries_.size() * 2) - 1;
    std::ranges::sort(entries_, [&](const Entry& a, const Entry& b) {
        const std::uint64_t ha = hash_of(a.key) & mask_;
        const std::uint64_t hb = hash_of(b.key) & mask_;
        return ha != hb ? ha < hb : a.key < b.key;
    });
    heads_.assign(mask_ + 1, 0);
    hashes_.resize(entries_.size());
    for (std::size_t i = entries_.size(); i-- > 0;) {
        hashes_[i] = hash_of(entries_[i].key);
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

bool Finder::takes(const Test& test) {
    if (test.kind == TestKind::Regex) {
        return !test.regex->needles().empty();
    }
    return test.kind == TestKind::Text
           && (test.pattern.kind() == Pattern::Kind::Equals || !test.pattern.key().empty());
}

void Finder::add_at_side(std::vector<ByLength>& side, Where where, std::string key,
                         std::uint32_t id, bool exact) {
    const auto known = std::ranges::find(side, key.size(), &ByLength::length);
    if (known != side.end()) {
        known->table.add(std::move(key), id, exact);
    } else if (side.size() < kLengthsMax) {
        side.push_back({.length = key.size(), .table = {}});
        side.back().table.add(std::move(key), id, exact);
    } else {
        const std::uint32_t number = literals_.add(key);
        found_.push_back({number, {std::move(key), id, exact}, where});
    }
}

void Finder::add(const Test& test, std::uint32_t id) {
    if (test.kind == TestKind::Regex) {
        for (const std::string& needle : test.regex->needles()) {
            const std::uint32_t number = literals_.add(needle);
            found_.push_back({number, {{}, id, false}, Where::Anywhere});
        }
        return;
    }
    std::string key = key_of(test);
    const bool exact = !test.cased;
    switch (test.pattern.kind()) {
        case Pattern::Kind::Equals:
            whole_.add(std::move(key), id, exact);
            break;
        case Pattern::Kind::EndsWith:
            if (key.size() > 1 && key[0] == '\\' && key.find('\\', 1) == std::string::npos) {
                after_backslash_.add(key.substr(1), id, exact);
            } else {
                add_at_side(ends_, Where::End, std::move(key), id, exact);
            }
            break;
        case Pattern::Kind::StartsWith:
            add_at_side(begins_, Where::Begin, std::move(key), id, exact);
            break;
        default: {
            const std::uint32_t number = literals_.add(key);
            const bool whole = test.pattern.kind() == Pattern::Kind::Contains;
            found_.push_back({number, {std::move(key), id, exact && whole}, Where::Anywhere});
            break;
        }
    }
}

Result<> Finder::build() {
    whole_.build();
    after_backslash_.build();
    for (ByLength& side : begins_) {
        side.table.build();
    }
    for (ByLength& side : ends_) {
        side.table.build();
    }
    std::ranges::sort(found_, [](const Literal& a, const Literal& b) {
        return a.number != b.number ? a.number < b.number : a.entry.id < b.entry.id;
    });
    for (std::size_t i = 0; i < found_.size(); ++i) {
        if (found_at_.size() <= found_[i].number) {
            found_at_.resize(found_[i].number + 1, static_cast<std::uint32_t>(i));
        }
    }
    return literals_.build(false);
}

void Finder::find(std::string_view folded, const Scratch& scratch,
                  std::vector<std::uint32_t>& numbers, std::vector<Hit>& out) const {
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
    for (const ByLength& side : begins_) {
        if (side.length <= folded.size()) {
            side.table.look_up(folded.substr(0, side.length), hit);
        }
    }
    for (const ByLength& side : ends_) {
        if (side.length <= folded.size()) {
            side.table.look_up(folded.substr(folded.size() - side.length), hit);
        }
    }
    if (literals_.empty()) {
        return;
    }
    numbers.clear();
    literals_.scan(folded, scratch, numbers);
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
