// The quick look at every event: which keys could its values have? Nothing is allocated, nothing is
// made canonical in full: what cannot be judged cheaply (other letters, odd URLs) is called worth a
// close look. So a glance may call too many events, never too few.
#pragma once

#include <array>
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
    Glance(const Glance&) = delete;
    Glance& operator=(const Glance&) = delete;

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
    static constexpr std::size_t kProbesMax = 128;  // that wait for memory together
    static constexpr std::size_t kFoldBytesMax = 512;
    // A short text in lower case, and where in it a bit stands for a byte.
    struct Name {
        static constexpr std::size_t kBytesMax = 64;
        enum class Of : std::uint8_t { Host, Email, Url };
        // False when it is longer. Of a URL's rest, what follows the host may be left out.
        template <Of kOf>
        bool read(std::string_view text);
        char* begin() { return bytes + 16; }
        std::uint64_t dots = 0;
        std::uint64_t ats = 0;   // but of a host
        std::uint64_t ends = 0;  // of a URL's host
        std::uint64_t odd = 0;   // what a plain name or e-mail address does not have
        std::size_t size = 0;
        char bytes[16 + kBytesMax + 16] = {};  // room on both sides
    };

    void look(Role role, const event::ValueRef& value);
    void look_closer(Role role, const event::ValueRef& value);  // no plain text
    void look(Role role, std::string_view text);
    void address(std::string_view text, bool url_host);
    void addresses(std::string_view list);
    void ip(const base::IpAddress& address, bool url_host);
    void ip(std::uint32_t v4, bool url_host);
    void ip_of(const Key& key, bool url_host);
    void domain(std::string_view text, bool url_host);
    void folded_domain(std::string_view folded, bool url_host);
    void short_domain(std::size_t end, bool url_host);  // that name_ begins with
    // From byte `begin` of name_ on; the keys of longer suffixes may follow.
    void short_domain(SuffixKeys<true>& keys, std::size_t begin, std::size_t end, bool url_host);
    void url(std::string_view text);
    void hash(std::string_view text);
    bool hex(std::string_view text, Tag tag);  // false: no hex digits
    void ja3(std::string_view text);
    void email(std::string_view text);
    void file(std::string_view text);
    void mutex(std::string_view text);
    void text(std::string_view text);
    void probe(const Key& key);
    void settle();
    bool fold(std::string_view text);  // into folded_; false when it is too long or not ASCII
    void mark() { rows_.push_back(row_); }

    const IndicatorPlan::Parts& plan_;
    const IndicatorSet::Parts* set_ = nullptr;
    const Index* index_ = nullptr;
    bool domains_ = false;  // keys of names are wanted: domains or hosts of URLs
    bool urls_ = false;
    std::uint32_t row_ = 0;
    std::array<Probe, kProbesMax> probes_;
    Probe* next_ = probes_.data();
    std::vector<std::uint32_t> rows_;
    Name name_;
    std::array<char, kFoldBytesMax + 16> folded_{};
    std::string scratch_;
    std::string unescaped_;
    std::vector<Observable> observables_;
};

}  // namespace gac::detect::ioc
