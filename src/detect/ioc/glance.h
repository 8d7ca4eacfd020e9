// The quick look at every event: which keys could its values have? Nothing is allocated, nothing is
// made canonical in full: what cannot be judged cheaply (other letters, odd URLs) is called worth a
// close look. So a glance may call too many events, never too few.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "detect/ioc/extract.h"
#include "detect/ioc/set.h"

namespace gac::detect::ioc {

class Glance {
public:
    explicit Glance(const IndicatorPlan::Parts& plan) : plan_(plan) {}

    // Rows of the batch worth a close look, ascending.
    const std::vector<std::uint32_t>& run(const event::EventBatch& batch,
                                          const IndicatorSet::Parts& set);
    // The same for values without their events: places in `values`.
    const std::vector<std::uint32_t>& run(Role role, std::span<const event::ValueRef> values,
                                          const IndicatorSet::Parts& set);

private:
    void begin(const IndicatorSet::Parts& set);
    const std::vector<std::uint32_t>& end();
    struct Probe {
        Key key;
        std::uint32_t row;
    };

    void look(Role role, const event::ValueRef& value);
    void look(Role role, std::string_view text);
    void address(std::string_view text, bool url_host);
    void ip(const base::IpAddress& address, bool url_host);
    void domain(std::string_view text, bool url_host);
    // `dots`: places of the dots, when `dots_known`.
    void folded_domain(std::string_view folded, std::uint64_t dots, bool dots_known, bool url_host);
    void url(std::string_view text);
    void hash(std::string_view text);
    bool hex(std::string_view text, Tag tag);  // false: no hex digits
    void email(std::string_view text);
    void file(std::string_view text);
    void text(std::string_view text);
    void probe(const Key& key);
    void settle();
    void mark() { rows_.push_back(row_); }

    const IndicatorPlan::Parts& plan_;
    const IndicatorSet::Parts* set_ = nullptr;
    const Index* index_ = nullptr;
    bool domains_ = false;  // keys of names are wanted: domains or hosts of URLs
    bool urls_ = false;
    std::uint32_t row_ = 0;
    struct Seen {  // an address that may stand in a prefix
        std::uint32_t v4;
        std::uint32_t row;
        PrefixIndex::Glance among;
    };
    std::vector<Probe> probes_;
    std::vector<Seen> addresses_;
    std::vector<std::uint32_t> rows_;
    std::string scratch_;
    std::string unescaped_;
    std::vector<Observable> observables_;
};

}  // namespace gac::detect::ioc
