// The compiled form of an IndicatorSet. Entries are numbered through all lists, so that a list is a
// range of numbers; a key gives an entry, or a group of them when several stand under one key.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "detect/indicators.h"
#include "detect/ioc/keys.h"
#include "detect/ioc/prefixes.h"
#include "detect/ioc/table.h"

namespace gac::detect::ioc {

// What can be looked up; one for the lists that hit, one for those that allow.
struct Index {
    Table table;
    PrefixIndex prefixes;
    std::uint32_t types = 0;       // bit IndicatorType: there is such an entry
    std::size_t labels_min = 127;  // of the domains
    std::size_t labels_max = 0;
    bool url_below = false;
    bool file_paths = false;

    // Domains of so many labels may be there.
    bool lists(std::size_t labels) const { return labels >= labels_min && labels <= labels_max; }
    bool has(IndicatorType type) const { return (types >> static_cast<unsigned>(type) & 1U) != 0; }
};

// Values of the table.
inline constexpr std::uint32_t kGroupBit = 0x8000'0000;  // the rest is a place in `groups`
inline constexpr std::uint32_t kOnlyMark = 0xffff'fffe;  // a key that only says "look closely"

// The two highest bits of an entry's line.
inline constexpr std::uint32_t kExactBit = 0x8000'0000;       // a domain without its subdomains
inline constexpr std::uint32_t kSubdomainsBit = 0x4000'0000;  // only its subdomains
inline constexpr std::uint32_t kLineMask = 0x3fff'ffff;

}  // namespace gac::detect::ioc

namespace gac::detect {

class IndicatorSet::Parts {
public:
    std::vector<IndicatorList> lists;
    ioc::Index hits;
    ioc::Index allowed;
    std::vector<std::uint32_t> groups;  // a count, then that many entries; and so on
    std::vector<std::uint32_t> lines;   // by entry
    std::vector<std::uint32_t> expiry;  // by entry, seconds since 1970, 0 = never; empty: none has
    std::vector<std::uint32_t> notes;   // by entry, a place in note_text; empty: none has
    std::string note_text;              // a 2-byte length, then the text; and so on; 0 is empty

    const IndicatorList& list_of(std::uint32_t entry) const;

    // All entries of `index` that hold the observable: use(entry, text of the entry).
    template <class Use>
    void each(const ioc::Index& index, const Observable& observable, Use&& use) const;
    bool holds(const ioc::Index& index, const Observable& observable) const;
    bool allows(const Observable& observable, base::TimePoint at) const;
    // Until when allow lists keep hits of the observable back: the lowest time = they do not.
    base::TimePoint allowed_until(const Observable& observable) const;
    // All entries that the observable is or falls under, and the times of events for which they
    // hit: [from, to). Says in one answer what IndicatorSet::find says for one time.
    struct Span {
        std::uint32_t entry = 0;
        std::string text;  // of the entry
        base::TimePoint from, to;
    };
    void spans(const Observable& observable, std::vector<Span>& out) const;

    std::optional<base::TimePoint> valid_until(std::uint32_t entry) const {
        return expiry.empty() || expiry[entry] == 0
                   ? std::nullopt
                   : std::optional(base::TimePoint{std::int64_t{expiry[entry]} * 1'000'000});
    }
    std::string_view note(std::uint32_t entry) const;
    bool valid(std::uint32_t entry, base::TimePoint at) const {
        return expiry.empty() || expiry[entry] == 0
               || at.us < std::int64_t{expiry[entry]} * 1'000'000;
    }
};

}  // namespace gac::detect
