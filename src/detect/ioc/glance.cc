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

// Keeps look() a mere jump: what is inlined there makes every value pay for it.
#define GAC_SELDOM [[gnu::noinline]]

namespace gac::detect::ioc {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The usual dotted quad and nothing else; base::IpAddress judges the rest.
std::optional<std::uint32_t> dotted_quad(std::string_view text) {
    return text.size() < 7 || text.size() > 15
               ? std::nullopt
               : Sixteen::load(text.data(), text.size()).dotted_quad(text.size());
}

}  // namespace

template <Glance::Name::Of kOf>
bool Glance::Name::read(std::string_view text) {
    size = text.size();
    if (size > kBytesMax) {
        return false;
    }
    std::uint64_t marks[4] = {};
    // Two parts in one step: most names are that short, and what is the same for all of them cannot
    // be guessed wrongly.
    for (std::size_t at = 0; at < size && marks[2] == 0; at += 32) {
        const std::string_view rest = text.substr(at);
        const Sixteen first = Sixteen::load(rest.data(), rest.size());
        const Sixteen second = rest.size() > 16 ? Sixteen::load(rest.data() + 16, rest.size() - 16)
                                                : first;  // none of it counts
        first.lower().store(begin() + at);
        second.lower().store(begin() + at + 16);
        const auto mark = [&](std::uint64_t& in, auto&& bits_of) {
            in |= (std::uint64_t{bits_of(first)} | std::uint64_t{bits_of(second)} << 16) << at;
        };
        mark(marks[0], [](const Sixteen& part) { return part.equal('.'); });
        if constexpr (kOf != Of::Host) {
            mark(marks[1], [](const Sixteen& part) { return part.equal('@'); });
        }
        if constexpr (kOf == Of::Url) {
            mark(marks[2], [](const Sixteen& part) { return part.equal('/', '?', '#', '\\'); });
        }
        // As signed bytes those beyond ASCII are below the blank.
        mark(marks[3], [](const Sixteen& part) {
            return (~part.above(' ') & 0xffff) | part.equal(':', '<', '[', '%');
        });
    }
    const std::uint64_t all = size == 64 ? ~0ULL : (1ULL << size) - 1;
    dots = marks[0] & all;
    ats = marks[1] & all;
    ends = marks[2] & all;
    odd = marks[3] & all;
    return true;
}

bool Glance::fold(std::string_view text) {
    if (text.size() > kFoldBytesMax) {
        return false;
    }
    unsigned beyond = 0;
    for (std::size_t at = 0; at < text.size(); at += 16) {
        const Sixteen bytes = Sixteen::load(text.data() + at, text.size() - at);
        beyond |= bytes.beyond_ascii();
        bytes.lower().store(folded_.data() + at);
    }
    return beyond == 0;
}

inline void Glance::probe(const Key& key) {
    index_->table.prefetch(key);
    *next_++ = {key, row_};
    if (next_ == probes_.data() + kProbesMax) {
        settle();
    }
}

void Glance::settle() {
    // The few that pass the filter wait for the table together, not one by one.
    Probe* passed = probes_.data();
    for (const Probe* probe = probes_.data(); probe != next_; ++probe) {
        const bool may = index_->table.may_hold(probe->key);
        *passed = *probe;
        passed += may ? 1 : 0;
    }
    next_ = probes_.data();
    const std::span<const Probe> rest(probes_.data(), passed);
    for (const Probe& probe : rest) {
        index_->table.prefetch_slot(probe.key);
    }
    for (const Probe& probe : rest) {
        if (index_->table.find(probe.key) != Table::kNone) {
            rows_.push_back(probe.row);
        }
    }
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
    }
    return end();
}

inline void Glance::look(Role role, const event::ValueRef& value) {
    if (value.is_string() && !value.is_escaped()) {
        look(role, value.string());
    } else {
        look_closer(role, value);
    }
}

void Glance::look_closer(Role role, const event::ValueRef& value) {
    if (value.is_string()) {
        look(role, value.text(unescaped_));
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
            return;
        case Role::Address:
            return address(value, false);
        case Role::Host:
            return address(value, true);
        case Role::AddressList:
            return addresses(value);
        case Role::Url:
            return url(value);
        case Role::Hash:
            return hash(value);
        case Role::Email:
            return email(value);
        case Role::Ja3:
            return ja3(value);
        case Role::File:
            return file(value);
        case Role::Mutex:
            return mutex(value);
        case Role::Text:
            return text(value);
    }
}

inline void Glance::ip_of(const Key& key, bool url_host) {
    probe(key);
    if (url_host && urls_) {
        probe(url_host_key(key));
    }
}

inline void Glance::ip(std::uint32_t v4, bool url_host) {
    ip_of(ip_key(v4), url_host);
    if (index_->prefixes.longest(v4) != PrefixIndex::kNone) {
        mark();
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

void Glance::address(std::string_view value, bool url_host) {
    if (is_digit(value.front())) {
        if (const auto quad = dotted_quad(value)) {
            ip(*quad, url_host);
            return;
        }
    }
    if (domains_ && !is_digit(value.front()) && name_.read<Name::Of::Host>(value)
        && name_.odd == 0) {
        short_domain(value.size(), url_host);
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

GAC_SELDOM void Glance::addresses(std::string_view value) {
    each_part(value, [&](std::string_view part) { address(part, false); });
}

void Glance::domain(std::string_view value, bool url_host) {
    if (!fold(value)) {
        mark();
        return;
    }
    folded_domain({folded_.data(), value.size()}, url_host);
}

void Glance::folded_domain(std::string_view folded, bool url_host) {
    if (folded.ends_with('.')) {
        folded.remove_suffix(1);
    }
    const bool whole_wanted = url_host && urls_;
    each_suffix(folded, whole_wanted ? kDomainBytesMax : index_->labels_max,
                [&](const Key& key, std::size_t begin, std::size_t labels) {
                    if (index_->lists(labels)) {
                        probe(key);
                    }
                    if (begin == 0 && whole_wanted) {
                        probe(url_host_key(key));
                    }
                });
}

void Glance::short_domain(std::size_t end, bool url_host) {
    end -= name_.begin()[end - 1] == '.' ? 1 : 0;
    SuffixKeys<true> keys(name_.begin() + end);
    short_domain(keys, 0, end, url_host);
}

inline void Glance::short_domain(SuffixKeys<true>& keys, std::size_t begin, std::size_t end,
                                 bool url_host) {
    if (end == begin) {
        return;
    }
    const bool whole_wanted = url_host && urls_;
    std::uint64_t dots = name_.dots & (~0ULL >> (64 - end)) & (~0ULL << begin);
    const auto next_label = [&] { dots ^= (1ULL << 63) >> std::countl_zero(dots); };
    std::size_t labels = 1;
    for (; labels < index_->labels_min && dots != 0; ++labels) {
        next_label();
    }
    for (;; ++labels) {
        const bool whole = dots == 0;
        const std::size_t at =
            whole ? begin : 64 - static_cast<std::size_t>(std::countl_zero(dots));
        const bool listed = index_->lists(labels);
        if (listed || (whole && whole_wanted)) {
            const Key key = keys.of(name_.begin() + at);
            if (listed) {
                probe(key);
            }
            if (whole && whole_wanted) {
                probe(url_host_key(key));
            }
        }
        if (whole || (labels >= index_->labels_max && !whole_wanted)) {
            return;
        }
        next_label();
    }
}

void Glance::url(std::string_view value) {
    if (!domains_ && !index_->has(IndicatorType::Ip)) {
        return;
    }
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
        && name_.read<Name::Of::Url>(value.substr(at, Name::kBytesMax))) {
        const std::uint64_t ends = name_.ends;
        const std::size_t end =
            ends == 0 ? name_.size : static_cast<std::size_t>(std::countr_zero(ends));
        const bool whole = ends != 0 || at + name_.size == value.size();
        const std::uint64_t before = end < 64 ? (1ULL << end) - 1 : ~0ULL;
        if (whole && ((name_.odd | name_.ats) & before) == 0) {
            short_domain(end, true);
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

GAC_SELDOM void Glance::ja3(std::string_view value) {
    if (index_->has(IndicatorType::Ja3)) {
        hex(base::trim(value), Tag::Ja3);
    }
}

void Glance::email(std::string_view value) {
    if (!domains_ && !index_->has(IndicatorType::Email)) {
        return;
    }
    if (name_.read<Name::Of::Email>(value) && name_.odd == 0 && std::has_single_bit(name_.ats)
        && name_.begin()[name_.size - 1] != '.') {
        SuffixKeys<true> keys(name_.begin() + name_.size);
        if (domains_) {
            short_domain(keys, static_cast<std::size_t>(std::countr_zero(name_.ats)) + 1,
                         name_.size, false);
        }
        if (index_->has(IndicatorType::Email)) {
            probe(email_key(keys.of(name_.begin())));
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
        probe(email_key(whole));
    }
    if (domains_) {
        folded_domain(whole.substr(at + 1), false);
    }
}

GAC_SELDOM void Glance::file(std::string_view value) {
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

GAC_SELDOM void Glance::mutex(std::string_view value) {
    if (index_->has(IndicatorType::Mutex) && canonical_mutex(value, scratch_)) {
        probe(text_key(scratch_, Tag::Mutex));
    }
}

GAC_SELDOM void Glance::text(std::string_view value) {
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
