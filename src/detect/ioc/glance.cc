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

// Lower case into `out`, which holds kFoldBytesMax + 8 bytes; false when the text is longer or not
// ASCII.
bool fold_ascii(std::string_view text, char* out) {
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
    }
    if (at < text.size()) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + at, text.size() - at);
        word = fold(word);
        std::memcpy(out + at, &word, 8);
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
    for (const Probe& probe : probes_) {
        if (index_->table.find(probe.key) != Table::kNone) {
            rows_.push_back(probe.row);
        }
    }
    probes_.clear();
}

const std::vector<std::uint32_t>& Glance::run(const event::EventBatch& batch,
                                              const IndicatorSet::Parts& set) {
    set_ = &set;
    index_ = &set.hits;
    urls_ = index_->has(IndicatorType::Url);
    domains_ = urls_ || index_->has(IndicatorType::Domain);
    rows_.clear();
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
    settle();
    std::ranges::sort(rows_);
    const auto rest = std::ranges::unique(rows_);
    rows_.erase(rest.begin(), rest.end());
    return rows_;
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
    if (!index_->prefixes.empty() && index_->prefixes.longest(address) != PrefixIndex::kNone) {
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
    if (!fold_ascii(value, folded)) {
        mark();
        return;
    }
    folded_domain({folded, value.size()}, url_host);
}

void Glance::folded_domain(std::string_view folded, bool url_host) {
    if (folded.ends_with('.')) {
        folded.remove_suffix(1);
    }
    if (folded.empty()) {
        return;
    }
    const std::size_t least = index_->labels_min;
    const bool whole_wanted = url_host && urls_;
    const std::size_t most = whole_wanted ? kDomainBytesMax : index_->labels_max;
    each_suffix(folded, most, [&](const Key& key, std::size_t begin, std::size_t labels) {
        if (labels >= least && labels <= index_->labels_max) {
            probe(key);
        }
        if (begin == 0 && whole_wanted) {
            probe(url_host_key(key));
        }
    });
}

void Glance::url(std::string_view value) {
    while (!value.empty() && static_cast<unsigned char>(value.front()) <= 0x20) {
        value.remove_prefix(1);
    }
    if (value.size() < 3) {
        return;
    }
    if (value.front() == '/' && value[1] != '/') {
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
        address(value.substr(begin, end - begin), true);
    }
}

void Glance::hex(std::string_view value, Tag tag) {
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    if (value.size() >= 32 && hex_word(value.data(), a) && hex_word(value.data() + 16, b)) {
        probe(hash_key(a, b, tag));
    }
}

void Glance::hash(std::string_view value) {
    const auto one = [&](std::string_view digits) {
        digits = base::trim(digits);
        if (digits.size() == 32 && index_->has(IndicatorType::Md5)) {
            hex(digits, Tag::Md5);
        } else if (digits.size() == 40 && index_->has(IndicatorType::Sha1)) {
            hex(digits, Tag::Sha1);
        } else if (digits.size() == 64 && index_->has(IndicatorType::Sha256)) {
            hex(digits, Tag::Sha256);
        }
    };
    if (!value.contains('=')) {
        one(value);
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
    if (const std::size_t open = value.rfind('<'); open != std::string_view::npos) {
        const std::size_t close = value.find('>', open);
        value = value.substr(open + 1, close == std::string_view::npos ? close : close - open - 1);
    }
    value = base::trim(value);
    char folded[kFoldBytesMax + 8];
    if (!fold_ascii(value, folded)) {
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
        folded_domain(whole.substr(at + 1), false);
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
    if (!fold_ascii(name, folded)) {
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
