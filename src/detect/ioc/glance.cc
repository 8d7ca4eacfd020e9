#include "detect/ioc/glance.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

#include "base/text.h"
#include "detect/ioc/canonical.h"
#include "detect/ioc/recognise.h"
#include "detect/ioc/sixteen.h"
#include "detect/ioc/text_scan.h"

namespace gac::detect::ioc {

namespace {

constexpr std::size_t kProbesAtOnce = 128;
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The usual dotted quad and nothing else; base::IpAddress judges the rest.
std::optional<std::uint32_t> dotted_quad(std::string_view text) {
    if (text.size() < 7 || text.size() > 15) {
        return std::nullopt;
    }
    const Sixteen bytes = Sixteen::load(text.data(), text.size());
    // A dot behind the end ends the last octet, too.
    const unsigned dots = bytes.equal('.') | 1U << text.size();
    const unsigned digits = bytes.above('0' - 1) & ~bytes.above('9');
    const unsigned all = (1U << text.size()) - 1;
    if (std::popcount(dots) != 4 || ((dots | digits) & all) != all) {
        return std::nullopt;
    }
    char padded[20] = {};  // four bytes before the text, so that an octet is the end of one load
    bytes.store(padded + 4);
    bool good = true;
    unsigned begin = 0;
    unsigned rest = dots;
    const auto next_octet = [&] {
        const auto end = static_cast<unsigned>(std::countr_zero(rest));
        rest &= rest - 1;
        const unsigned size = end - begin;
        begin = end + 1;
        std::uint32_t octet = 0;
        std::memcpy(&octet, padded + end, 4);  // its last digit is the highest byte
        octet &= 0x0f0f0f0fU & (0xffffff00U << (24 - 8 * (size & 3U)));
        const std::uint32_t number =
            (octet >> 24) + 10 * (octet >> 16 & 15U) + 100 * (octet >> 8 & 15U);
        good &= static_cast<bool>(static_cast<unsigned>(size - 1 < 3)
                                  & static_cast<unsigned>(number <= 255));
        return number;
    };
    std::uint32_t value = next_octet() << 24;
    value |= next_octet() << 16;
    value |= next_octet() << 8;
    value |= next_octet();
    return good ? std::optional(value) : std::nullopt;
}

}  // namespace

bool Glance::Name::read(std::string_view text, bool to_end) {
    dots = ats = ends = odd = 0;
    size = text.size();
    if (size > kBytesMax) {
        return false;
    }
    const auto take = [&](const Sixteen& part, std::size_t at, unsigned wanted) {
        part.lower().store(begin() + at);
        const auto mark = [&](std::uint64_t& in, unsigned bits) {
            in |= std::uint64_t{bits & wanted} << at;
        };
        mark(dots, part.equal('.'));
        mark(ats, part.equal('@'));
        mark(ends, part.equal('/') | part.equal('?') | part.equal('#') | part.equal('\\'));
        // As signed bytes those beyond ASCII are below the blank.
        mark(odd, ~part.above(' ') | part.equal(':') | part.equal('<') | part.equal('[')
                      | part.equal('%'));
    };
    std::size_t at = 0;
    for (; at + 16 <= size; at += 16) {
        take(Sixteen::load(text.data() + at), at, 0xffff);
        if (ends != 0 && !to_end) {
            return true;
        }
    }
    if (at == 0) {
        take(Sixteen::load(text.data(), size), 0, (1U << size) - 1);
    } else if (at < size) {
        take(Sixteen::load(text.data() + size - 16), size - 16, 0xffff);
    }
    return true;
}

bool Glance::fold(std::string_view text) {
    if (text.size() > kFoldBytesMax) {
        return false;
    }
    unsigned beyond = 0;
    std::size_t at = 0;
    for (; at + 16 <= text.size(); at += 16) {
        const Sixteen bytes = Sixteen::load(text.data() + at);
        beyond |= bytes.beyond_ascii();
        bytes.lower().store(folded_.data() + at);
    }
    const Sixteen rest = Sixteen::load(text.data() + at, text.size() - at);
    rest.lower().store(folded_.data() + at);
    return (beyond | rest.beyond_ascii()) == 0;
}

inline void Glance::probe(const Key& key) {
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
        const std::span<const Role> roles = plan_.roles_of(head.profile);
        bool text = false;
        for (const event::Field& field : fields.subspan(head.first_field, head.field_count)) {
            const std::uint32_t at = event::index_of(field.id);
            if (const Role role = at < roles.size() ? roles[at] : Role::None; role != Role::None) {
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
    if (address.is_v4()) {
        ip(address.v4(), url_host);
        return;
    }
    ip_of(ip_key(address), url_host);
    if (index_->prefixes.longest(address) != PrefixIndex::kNone) {
        mark();
    }
}

void Glance::ip(std::uint32_t v4, bool url_host) {
    ip_of(ip_key(v4), url_host);
    if (index_->prefixes.has_v4()) {
        index_->prefixes.prefetch_slice(v4);
        addresses_.push_back({v4, row_, {}});
    }
}

void Glance::ip_of(const Key& key, bool url_host) {
    probe(key);
    if (url_host && urls_) {
        probe(url_host_key(key));
    }
}

void Glance::address(std::string_view value, bool url_host) {
    if (is_digit(value.front())) {
        if (const auto quad = dotted_quad(value)) {
            ip(*quad, url_host);
            return;
        }
    }
    if (domains_ && !is_digit(value.front()) && name_.read(value, true) && name_.odd == 0) {
        short_domain(0, value.size(), url_host);
        return;
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
    if (!fold(value)) {
        mark();
        return;
    }
    folded_domain({folded_.data(), value.size()}, url_host);
}

template <class EachSuffix>
void Glance::suffixes(bool url_host, EachSuffix&& each) {
    const std::size_t least = index_->labels_min;
    const bool whole_wanted = url_host && urls_;
    const std::size_t most = whole_wanted ? kDomainBytesMax : index_->labels_max;
    each(most, [&](const Key& key, std::size_t begin, std::size_t labels) {
        if (labels >= least && labels <= index_->labels_max) {
            probe(key);
        }
        if (begin == 0 && whole_wanted) {
            probe(url_host_key(key));
        }
    });
}

void Glance::folded_domain(std::string_view folded, bool url_host) {
    if (folded.ends_with('.')) {
        folded.remove_suffix(1);
    }
    if (!folded.empty()) {
        suffixes(url_host,
                 [&](std::size_t most, const auto& use) { each_suffix(folded, most, use); });
    }
}

void Glance::short_domain(std::size_t begin, std::size_t end, bool url_host) {
    const char* const text = name_.begin();
    end -= end > begin && text[end - 1] == '.' ? 1 : 0;
    if (end == begin) {
        return;
    }
    std::uint64_t dots =
        (name_.dots >> begin) & (end - begin < 64 ? (1ULL << (end - begin)) - 1 : ~0ULL);
    suffixes(url_host, [&](std::size_t most, const auto& use) {
        SuffixKeys keys(name_.bytes, text + end);
        for (std::size_t labels = 1; labels <= most; ++labels) {
            const std::size_t at =
                dots == 0 ? 0 : 64 - static_cast<std::size_t>(std::countl_zero(dots));
            use(keys.of(text + begin + at), at, labels);
            if (at == 0) {
                return;
            }
            dots &= ~(1ULL << (at - 1));
        }
    });
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
    std::size_t at = value.starts_with("https://")  ? 8
                     : value.starts_with("http://") ? 7
                     : value.starts_with("//")      ? 2
                                                    : scheme_bytes(value);
    if (domains_ && at < value.size() && !is_digit(value[at])
        && name_.read(value.substr(at, Name::kBytesMax), false)) {
        const std::uint64_t ends = name_.ends;
        const std::size_t end =
            ends == 0 ? name_.size : static_cast<std::size_t>(std::countr_zero(ends));
        const bool whole = ends != 0 || at + name_.size == value.size();
        const std::uint64_t before = end < 64 ? (1ULL << end) - 1 : ~0ULL;
        if (whole && ((name_.odd | name_.ats) & before) == 0) {
            short_domain(0, end, true);
            return;
        }
    }
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
    if (value.size() < 32 || !Sixteen::load(value.data()).hex(a)
        || !Sixteen::load(value.data() + 16).hex(b)) {
        return false;
    }
    probe(hash_key(a, b, tag));
    return true;
}

void Glance::hash(std::string_view value) {
    const auto one = [&](std::string_view digits) {
        return (digits.size() == 32 && index_->has(IndicatorType::Md5) && hex(digits, Tag::Md5))
               || (digits.size() == 40 && index_->has(IndicatorType::Sha1)
                   && hex(digits, Tag::Sha1))
               || (digits.size() == 64 && index_->has(IndicatorType::Sha256)
                   && hex(digits, Tag::Sha256));
    };
    if (one(value) || one(base::trim(value)) || !value.contains('=')) {
        return;
    }
    each_part(value, [&](std::string_view part) {
        const std::size_t equals = part.find('=');
        if (equals != std::string_view::npos && equals > 0 && base::ascii_lower(part[0]) != 'i') {
            one(base::trim(part.substr(equals + 1)));
        }
    });
}

void Glance::email(std::string_view value) {
    if (!domains_ && !index_->has(IndicatorType::Email)) {
        return;
    }
    if (name_.read(value, true) && name_.odd == 0 && std::has_single_bit(name_.ats)
        && name_.begin()[name_.size - 1] != '.') {
        if (index_->has(IndicatorType::Email)) {
            probe(text_key({name_.begin(), name_.size}, Tag::Email));
        }
        if (domains_) {
            short_domain(static_cast<std::size_t>(std::countr_zero(name_.ats)) + 1, name_.size,
                         false);
        }
        return;
    }
    if (const std::size_t open =
            value.find('<') == std::string_view::npos ? std::string_view::npos : value.rfind('<');
        open != std::string_view::npos) {
        const std::size_t close = value.find('>', open);
        value = value.substr(open + 1, close == std::string_view::npos ? close : close - open - 1);
    }
    value = base::trim(value);
    if (!fold(value)) {
        mark();
        return;
    }
    std::string_view whole(folded_.data(), value.size());
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
    if (!fold(name)) {
        mark();
        return;
    }
    probe(text_key({folded_.data(), name.size()}, Tag::FileName));
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
