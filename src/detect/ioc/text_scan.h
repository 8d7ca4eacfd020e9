// Observables in the texts of people and programs: addresses, names, URLs, hashes and e-mail
// addresses between all the rest, also in forms that were made harmless (hxxp, [.], (at)).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "detect/indicators.h"

namespace gac::detect::ioc {

struct TextLimits {
    std::size_t bytes_max = 64 << 10;
    std::size_t observables_max = 256;
};

// Appends; each observable once. A URL's host is given as well, and an address's domain.
void scan_text(std::string_view text, const TextLimits& limits, std::vector<Observable>& out);

// The observables of one value whose kind is known: a URL gives its host too, an e-mail address its
// domain. Nothing when the value is no such thing.
void observe_address(std::string_view value, std::vector<Observable>& out);
void observe_ip(const base::IpAddress& address, std::vector<Observable>& out);
void observe_url(std::string_view value, std::vector<Observable>& out);
void observe_email(std::string_view value, std::vector<Observable>& out);
void observe_hash(std::string_view value, std::vector<Observable>& out);
void observe(IndicatorType type, std::string_view canonical, std::vector<Observable>& out);

}  // namespace gac::detect::ioc
