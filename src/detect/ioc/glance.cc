#include "detect/ioc/glance.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/text.h"
#include "detect/ioc/canonical.h"
#include "detect/ioc/recognise.h"
#include "detect/ioc/text_scan.h"

namespace gac::detect::ioc {

namespace {

constexpr std::size_t kProbesAtOnce = 128;
constexpr std::size_t kFoldBytesMax = 512;

// Bit i for byte i that is a dot.
std::uint64_t dots_of(std::uint64_t word) {
    constexpr std::uint64_t kLow = 0x7f7f7f7f7f7f7f7fU;
    const std::uint64_t other = word ^ 0x2e2e2e2e2e2e2e2eU;
    const std::uint64_t zero = ~(((other & kLow) + kLow) | other | kLow);  // 0x80 where it is zero
    return ((zero >> 7) * 0x0102040810204080U) >> 56;
}

// Lower case into `out`, which holds kFoldBytesMax + 8 bytes; false when the text is longer or not
// ASCII. `dots`: places of the dots among the first 64 bytes.
bool fold_ascii(std::string_view text, char* out, std::uint64_t& dots) {
    dots = 0;
    if (text.size() > kFoldBytesMax) {
        return false;
    }
    constexpr std::uint64_t kOnes = 0x0101010101010101U;
    std::uint64_t high = 0;
    std::size_t at = 0;
    const auto fold = [&](std::uint64_t word) {
        high |= word;
        // Bytes from 'A' to 'Z' get 0x20; bytes are below 0x80 or the whole is thrown away.
        const std::uint64_t above = word + (0x80 - 'A') * kOnes;
        const std::uint64_t beyond = word + (0x7f - 'Z') * kOnes;
        return word | ((above & ~beyond & (0x80 * kOnes)) >> 2);
    };
    for (; at + 8 <= text.size(); at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + at, 8);
        word = fold(word);
        std::memcpy(out + at, &word, 8);
        dots |= at < 64 ? dots_of(word) << at : 0;
    }
    if (at < text.size()) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + at, text.size() - at);
        word = fold(word);
        std::memcpy(out + at, &word, 8);
        dots |= at < 64 ? dots_of(word) << at : 0;
    }
    return (high & (0x80 * kOnes)) == 0;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The usual dotted quad and nothing else; base::IpAddress judges the rest.
std::optional<std::uint32_t> dotted_quad(std::string_view text) {
    if (text.size() < 7 || text.size() > 15) {
        return std::nullopt;
    }
    std::uint32_t value = 0;
    std::uint32_t octet = 0;
    int digits = 0;
    int dots = 0;
    for (const char c : text) {
        if (is_digit(c)) {
            octet = octet * 10 + static_cast<std::uint32_t>(c - '0');
            ++digits;
        } else if (c == '.' && digits > 0 && digits <= 3 && octet <= 255) {
            value = value << 8 | octet;
            octet = 0;
            digits = 0;
            ++dots;
        } else {
            return std::nullopt;
        }
    }
    if (dots != 3 || digits == 0 || digits > 3 || octet > 255) {
        return std::nullopt;
    }
    return value << 8 | octet;
}

// 16 hex digits; false when there is another character among them.
bool hex_word(const char* digits, std::uint64_t& out) {
    static constexpr auto kValues = [] {
        std::array<std::uint8_t, 256> values{};
        values.fill(0xff);
        for (int i = 0; i < 10; ++i) {
            values[static_cast<std::size_t>('0' + i)] = static_cast<std::uint8_t>(i);
        }
        for (int i = 0; i < 6; ++i) {
            values[static_cast<std::size_t>('a' + i)] = static_cast<std::uint8_t>(10 + i);
            values[static_cast<std::size_t>('A' + i)] = static_cast<std::uint8_t>(10 + i);
        }
        return values;
    }();
    std::uint64_t number = 0;
    unsigned bad = 0;
    for (int i = 0; i < 16; ++i) {
        const std::uint8_t value = kValues[static_cast<unsigned char>(digits[i])];
        bad |= value;
        number = number << 4 | (value & 15U);
    }
    out = number;
    return (bad & 0xf0U) == 0;
}

}  // namespace

void Glance::probe(const Key& key) {
    index_->table.prefetch(key);
    probes_.push_back({key, row_});
}

void Glance::settle() {
    for (Seen& seen : addresses_) {
        seen.among = index_->prefixes.prefetch_segment(seen.v4);
    }
    // The few that pass the filter wait for the table together, not one by one.
    const auto rest = std::ranges::remove_if(probes_, [&](const Probe& probe) {
        const bool may = index_->table.may_hold(probe.key);
        if (may) {
            index_->table.prefetch_slot(probe.key);
        }
        return !may;
    });
    probes_.erase(rest.begin(), rest.end());
    for (const Probe& probe : probes_) {
        if (index_->table.find(probe.key) != Table::kNone) {
            rows_.push_back(probe.row);
        }
    }
    for (const Seen& seen : addresses_) {
        if (index_->prefixes.longest(seen.v4, seen.among) != PrefixIndex::kNone) {
            rows_.push_back(seen.row);
        }
    }
    probes_.clear();
    addresses_.clear();
}

void Glance::begin(const IndicatorSet::Parts& set) {
    set_ = &set;
    index_ = &set.hits;
    urls_ = index_->has(IndicatorType::Url);
    domains_ = urls_ || index_->has(IndicatorType::Domain);
    rows_.clear();
}

const std::vector<std::uint32_t>& Glance::end() {
    settle();
    std::ranges::sort(rows_);
    const auto rest = std::ranges::unique(rows_);
    rows_.erase(rest.begin(), rest.end());
    return rows_;
}

const std::vector<std::uint32_t>& Glance::run(Role role, std::span<const event::ValueRef> values,
                                              const IndicatorSet::Parts& set) {
    begin(set);
    for (row_ = 0; row_ < values.size(); ++row_) {
        look(role, values[row_]);
        if (probes_.size() >= kProbesAtOnce) {
            settle();
        }
    }
    return end();
}

const std::vector<std::uint32_t>& Glance::run(const event::EventBatch& batch,
                                              const IndicatorSet::Parts& set) {
    begin(set);
    const auto fields = batch.fields();
    for (row_ = 0; row_ < batch.size(); ++row_) {
        const event::EventHead& head = batch.heads()[row_];
        const std::vector<Role>& roles = plan_.roles_of(head.profile);
        bool text = false;
        for (const event::Field& field : fields.subspan(head.first_field, head.field_count)) {
            const Role role = plan_.role_of(roles, field.id);
            if (role != Role::None) {
                text = text || role == Role::Text;
                look(role, field.value);
            }
        }
        if (plan_.options.text && !text) {
            look(Role::Text, head.raw);
        }
        if (probes_.size() >= kProbesAtOnce) {
            settle();
        }
    }
    return end();
}

void Glance::look(Role role, const event::ValueRef& value) {
    if (value.is_string()) {
        look(role, value.is_escaped() ? value.text(unescaped_) : value.string());
    } else if (value.type() == event::Type::Ip) {
        if (role == Role::Address || role == Role::AddressList || role == Role::Host) {
            ip(value.ip(), role == Role::Host);
        }
    } else if (value.type() == event::Type::List) {
        for (const event::ValueRef& part : value.list()) {
            if (part.type() != event::Type::List) {
                look(role, part);
            }
        }
    }
}

void Glance::look(Role role, std::string_view value) {
    if (value.empty()) {
        return;
    }
    switch (role) {
        case Role::None:
        case Role::UrlPath:  // its host is looked at where it stands
            break;
        case Role::Address:
            address(value, false);
            break;
        case Role::Host:
            address(value, true);
            break;
        case Role::AddressList:
            each_part(value, [&](std::string_view part) { address(part, false); });
            break;
        case Role::Url:
            if (domains_ || index_->has(IndicatorType::Ip)) {
                url(value);
            }
            break;
        case Role::Hash:
            hash(value);
            break;
        case Role::Email:
            email(value);
            break;
        case Role::Ja3:
            if (index_->has(IndicatorType::Ja3)) {
                hex(base::trim(value), Tag::Ja3);
            }
            break;
        case Role::File:
            file(value);
            break;
        case Role::Mutex:
            if (index_->has(IndicatorType::Mutex) && canonical_mutex(value, scratch_)) {
                probe(text_key(scratch_, Tag::Mutex));
            }
            break;
        case Role::Text:
            text(value);
            break;
    }
}

void Glance::ip(const base::IpAddress& address, bool url_host) {
    const Key key = ip_key(address);
    probe(key);
    if (url_host && urls_) {
        probe(url_host_key(key));
    }
    if (address.is_v4()) {
        if (index_->prefixes.has_v4()) {
            index_->prefixes.prefetch_slice(address.v4());
            addresses_.push_back({address.v4(), row_, {}});
        }
    } else if (index_->prefixes.longest(address) != PrefixIndex::kNone) {
        mark();
    }
}

void Glance::address(std::string_view value, bool url_host) {
    if (is_digit(value.front())) {
        if (const auto quad = dotted_quad(value)) {
            ip(base::IpAddress::from_v4(*quad), url_host);
            return;
        }
    }
    const auto odd = [](char c) { return static_cast<unsigned char>(c) <= 0x20; };
    if (odd(value.front()) || odd(value.back())) {
        value = base::trim(value);
        if (value.empty()) {
            return;
        }
    }
    const auto* colon = static_cast<const char*>(std::memchr(value.data(), ':', value.size()));
    if (colon != nullptr || value.front() == '[' || is_digit(value.front())) {
        if (const auto address = address_of(value)) {
            ip(*address, url_host);
            return;
        }
        if (colon != nullptr) {
            value = value.substr(0, static_cast<std::size_t>(colon - value.data()));
        }
    }
    if (domains_) {
        domain(value, url_host);
    }
}

void Glance::domain(std::string_view value, bool url_host) {
    char folded[kFoldBytesMax + 8];
    std::uint64_t dots = 0;
    if (!fold_ascii(value, folded, dots)) {
        mark();
        return;
    }
    folded_domain({folded, value.size()}, dots, value.size() <= 64, url_host);
}

void Glance::folded_domain(std::string_view folded, std::uint64_t dots, bool dots_known,
                           bool url_host) {
    if (folded.ends_with('.')) {
        folded.remove_suffix(1);
    }
    if (folded.empty()) {
        return;
    }
    const std::size_t least = index_->labels_min;
    const bool whole_wanted = url_host && urls_;
    const std::size_t most = whole_wanted ? kDomainBytesMax : index_->labels_max;
    const auto use = [&](const Key& key, std::size_t begin, std::size_t labels) {
        if (labels >= least && labels <= index_->labels_max) {
            probe(key);
        }
        if (begin == 0 && whole_wanted) {
            probe(url_host_key(key));
        }
    };
    if (dots_known) {
        dots &= folded.size() < 64 ? (1ULL << folded.size()) - 1 : ~0ULL;
        each_suffix(folded, dots, most, use);
    } else {
        each_suffix(folded, most, use);
    }
}

void Glance::url(std::string_view value) {
    while (!value.empty() && static_cast<unsigned char>(value.front()) <= 0x20) {
        value.remove_prefix(1);
    }
    if (value.empty()) {
        return;
    }
    if (value.front() == '/' && !value.starts_with("//")) {
        return;  // a path: the host is looked at where it stands
    }
    std::size_t at = value.starts_with("//") ? 2 : scheme_bytes(value);
    std::size_t begin = at;
    std::size_t colon = std::string_view::npos;
    for (; at < value.size(); ++at) {
        const char c = value[at];
        if (c == '/' || c == '?' || c == '#' || c == '\\') {
            break;
        }
        if (c == '@') {
            begin = at + 1;
            colon = std::string_view::npos;
        } else if (c == ':') {
            colon = at;
        } else if (c == '[' || c == '%' || static_cast<unsigned char>(c) <= 0x20
                   || (c & 0x80) != 0) {
            mark();
            return;
        }
    }
    const std::size_t end = std::min(colon, at);
    if (end > begin) {
        const std::string_view host = value.substr(begin, end - begin);
        if (is_digit(host.front()) || !domains_) {
            address(host, true);
        } else {
            domain(host, true);
        }
    }
}

bool Glance::hex(std::string_view value, Tag tag) {
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    if (value.size() < 32 || !hex_word(value.data(), a) || !hex_word(value.data() + 16, b)) {
        return false;
    }
    probe(hash_key(a, b, tag));
    return true;
}

void Glance::hash(std::string_view value) {
    const auto one = [&](std::string_view digits) {
        digits = base::trim(digits);
        return (digits.size() == 32 && index_->has(IndicatorType::Md5) && hex(digits, Tag::Md5))
               || (digits.size() == 40 && index_->has(IndicatorType::Sha1)
                   && hex(digits, Tag::Sha1))
               || (digits.size() == 64 && index_->has(IndicatorType::Sha256)
                   && hex(digits, Tag::Sha256));
    };
    if (one(value) || !value.contains('=')) {
        return;
    }
    each_part(value, [&](std::string_view part) {
        const std::size_t equals = part.find('=');
        if (equals != std::string_view::npos && equals > 0 && base::ascii_lower(part[0]) != 'i') {
            one(part.substr(equals + 1));
        }
    });
}

void Glance::email(std::string_view value) {
    if (!domains_ && !index_->has(IndicatorType::Email)) {
        return;
    }
    if (const std::size_t open =
            value.find('<') == std::string_view::npos ? std::string_view::npos : value.rfind('<');
        open != std::string_view::npos) {
        const std::size_t close = value.find('>', open);
        value = value.substr(open + 1, close == std::string_view::npos ? close : close - open - 1);
    }
    value = base::trim(value);
    char folded[kFoldBytesMax + 8];
    std::uint64_t dots = 0;
    if (!fold_ascii(value, folded, dots)) {
        mark();
        return;
    }
    std::string_view whole(folded, value.size());
    if (whole.starts_with("mailto:")) {
        whole.remove_prefix(7);
        whole = whole.substr(0, whole.find('?'));
    }
    const std::size_t at = whole.rfind('@');
    if (at == std::string_view::npos) {
        return;
    }
    if (whole.ends_with('.')) {
        whole.remove_suffix(1);
    }
    if (index_->has(IndicatorType::Email)) {
        probe(text_key(whole, Tag::Email));
    }
    if (domains_) {
        const auto begin = static_cast<std::size_t>(whole.data() - folded) + at + 1;
        folded_domain(whole.substr(at + 1), begin < 64 ? dots >> begin : 0, value.size() <= 64,
                      false);
    }
}

void Glance::file(std::string_view value) {
    if (!index_->has(IndicatorType::FileName)) {
        return;
    }
    if (index_->file_paths) {
        if (canonical_file(value, scratch_)) {
            probe(text_key(base_name(scratch_), Tag::FileName));
            probe(text_key(scratch_, Tag::FilePath));
        }
        return;
    }
    std::size_t begin = value.size();
    while (begin > 0 && value[begin - 1] != '/' && value[begin - 1] != '\\') {
        --begin;
    }
    const std::string_view name = value.substr(begin);
    char folded[kFoldBytesMax + 8];
    std::uint64_t dots = 0;
    if (!fold_ascii(name, folded, dots)) {
        mark();
        return;
    }
    probe(text_key({folded, name.size()}, Tag::FileName));
}

void Glance::text(std::string_view value) {
    observables_.clear();
    scan_text(value,
              {.bytes_max = plan_.options.text_bytes_max,
               .observables_max = plan_.options.text_observables_max},
              observables_);
    if (std::ranges::any_of(observables_, [&](const Observable& observable) {
            return set_->holds(*index_, observable);
        })) {
        mark();
    }
}

}  // namespace gac::detect::ioc
