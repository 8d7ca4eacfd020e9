#include "detect/ioc/set.h"

#include <algorithm>
#include <limits>

#include "base/assert.h"
#include "detect/ioc/canonical.h"
#include "detect/ioc/recognise.h"

namespace gac::detect {

using ioc::Index;
using ioc::Key;
using ioc::Tag;

std::string_view name_of(IndicatorType type) {
    static constexpr std::string_view kNames[kIndicatorTypes] = {
        "ip", "domain", "url", "md5", "sha1", "sha256", "email", "ja3", "mutex", "filename"};
    return kNames[static_cast<std::size_t>(type)];
}

const IndicatorList& IndicatorSet::Parts::list_of(std::uint32_t entry) const {
    const auto after = std::ranges::upper_bound(lists, entry, {}, &IndicatorList::first_entry);
    // Lists without entries share their beginning with the next one: the last of those is meant.
    return *std::prev(after);
}

namespace {

// One entry, or all of a group.
template <class Use>
void each_entry(const IndicatorSet::Parts& parts, std::uint32_t value, Use&& use) {
    if (value == ioc::Table::kNone || value == ioc::kOnlyMark) {
        return;
    }
    if ((value & ioc::kGroupBit) == 0) {
        use(value);
        return;
    }
    const std::uint32_t at = value & ~ioc::kGroupBit;
    for (std::uint32_t i = 0; i < parts.groups[at]; ++i) {
        use(parts.groups[at + 1 + i]);
    }
}

std::string prefix_text(const ioc::PrefixEntry& prefix) {
    const bool v4 = prefix.address.is_v4() && prefix.bits >= 96;
    return prefix.address.text() + '/' + std::to_string(v4 ? prefix.bits - 96 : prefix.bits);
}

}  // namespace

template <class Use>
void IndicatorSet::Parts::each(const Index& index, const Observable& observable, Use&& use) const {
    const auto take = [&](const Key& key, std::string_view text) {
        each_entry(*this, index.table.find(key),
                   [&](std::uint32_t entry) { use(entry, std::string(text)); });
    };
    const std::string_view text = observable.text;
    switch (observable.type) {
        case IndicatorType::Ip:
            take(ioc::ip_key(observable.ip), text);
            for (std::uint32_t at = index.prefixes.longest(observable.ip);
                 at != ioc::PrefixIndex::kNone; at = index.prefixes.parent_of(at)) {
                const ioc::PrefixEntry& prefix = index.prefixes.entry(at);
                use(prefix.value, prefix_text(prefix));
            }
            break;
        case IndicatorType::Domain:
            ioc::each_suffix(text, index.labels_max,
                             [&](const Key& key, std::size_t begin, std::size_t) {
                                 each_entry(*this, index.table.find(key), [&](std::uint32_t entry) {
                                     const std::uint32_t line = lines[entry];
                                     const bool whole = begin == 0;
                                     if ((line & ioc::kExactBit) != 0        ? whole
                                         : (line & ioc::kSubdomainsBit) != 0 ? !whole
                                                                             : true) {
                                         use(entry, ((line & ioc::kSubdomainsBit) != 0 ? "*." : "")
                                                        + std::string(text.substr(begin)));
                                     }
                                 });
                             });
            break;
        case IndicatorType::Url: {
            const std::size_t mark = observable.schemeless ? 0 : text.find("://") + 3;
            const std::string_view bare = text.substr(mark);
            const auto whole = [&](std::string_view full) {
                take(ioc::text_key(full, Tag::Url), full);
            };
            take(ioc::text_key(bare, Tag::UrlPath), bare);
            if (observable.schemeless) {
                whole("http://" + std::string(bare));
                whole("https://" + std::string(bare));
            } else {
                whole(text);
            }
            if (!index.url_below) {
                break;
            }
            const std::size_t path_end = std::min(bare.find('?'), bare.size());
            for (std::size_t at = bare.find('/'); at != std::string_view::npos && at < path_end;
                 at = bare.find('/', at + 1)) {
                const std::string below(bare.substr(0, at));
                take(ioc::text_key(below, Tag::UrlPathBelow), below + "/*");
                for (const char* scheme : {"http://", "https://"}) {
                    if (observable.schemeless) {
                        take(ioc::text_key(scheme + below, Tag::UrlBelow), scheme + below + "/*");
                    }
                }
                if (!observable.schemeless) {
                    const std::string_view full = text.substr(0, mark + at);
                    take(ioc::text_key(full, Tag::UrlBelow), std::string(full) + "/*");
                }
            }
            break;
        }
        case IndicatorType::Md5:
        case IndicatorType::Sha1:
        case IndicatorType::Sha256:
        case IndicatorType::Ja3:
            take(ioc::hex_key(text, ioc::hash_tag(observable.type)), text);
            break;
        case IndicatorType::Email:
            take(ioc::email_key(text), text);
            break;
        case IndicatorType::Mutex:
            take(ioc::text_key(text, Tag::Mutex), text);
            break;
        case IndicatorType::FileName: {
            const std::string_view name = ioc::base_name(text);
            take(ioc::text_key(name, Tag::FileName), name);
            if (index.file_paths && name.size() < text.size()) {
                take(ioc::text_key(text, Tag::FilePath), text);
            }
            break;
        }
    }
}

bool IndicatorSet::Parts::holds(const Index& index, const Observable& observable) const {
    bool found = false;
    each(index, observable, [&](std::uint32_t, const std::string&) { found = true; });
    return found;
}

bool IndicatorSet::Parts::allows(const Observable& observable, base::TimePoint at) const {
    bool found = false;
    if (allowed.types != 0) {
        each(allowed, observable,
             [&](std::uint32_t entry, const std::string&) { found = found || valid(entry, at); });
    }
    return found;
}

namespace {
constexpr base::TimePoint kNever{std::numeric_limits<std::int64_t>::min()};
constexpr base::TimePoint kForever{std::numeric_limits<std::int64_t>::max()};
}  // namespace

base::TimePoint IndicatorSet::Parts::allowed_until(const Observable& observable) const {
    base::TimePoint until = kNever;
    if (allowed.types != 0) {
        each(allowed, observable, [&](std::uint32_t entry, const std::string&) {
            until = std::max(until, valid_until(entry).value_or(kForever));
        });
    }
    return until;
}

void IndicatorSet::Parts::spans(const Observable& observable, std::vector<Span>& out) const {
    std::optional<base::TimePoint> kept_back;
    each(hits, observable, [&](std::uint32_t entry, std::string text) {
        if (!kept_back) {
            kept_back = allowed_until(observable);
        }
        Span span{.entry = entry,
                  .text = std::move(text),
                  .from = *kept_back,
                  .to = valid_until(entry).value_or(kForever)};
        if (observable.type == IndicatorType::Domain && span.text.size() < observable.text.size()) {
            Observable listed;
            listed.type = IndicatorType::Domain;
            listed.text = span.text.starts_with("*.") ? span.text.substr(2) : span.text;
            span.from = std::max(span.from, allowed_until(listed));
        }
        if (span.from < span.to) {
            out.push_back(std::move(span));
        }
    });
}

std::string_view IndicatorSet::Parts::note(std::uint32_t entry) const {
    if (notes.empty() || notes[entry] == 0) {
        return {};
    }
    const std::size_t place = notes[entry];
    const auto size = static_cast<std::size_t>(
        static_cast<unsigned char>(note_text[place])
        | static_cast<unsigned>(static_cast<unsigned char>(note_text[place + 1])) << 8);
    return std::string_view(note_text).substr(place + 2, size);
}

IndicatorSet::IndicatorSet(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
IndicatorSet::~IndicatorSet() = default;

std::span<const IndicatorList> IndicatorSet::lists() const { return parts_->lists; }
std::size_t IndicatorSet::entries() const { return parts_->lines.size(); }

std::size_t IndicatorSet::memory_bytes() const {
    return parts_->hits.table.bytes() + parts_->hits.prefixes.bytes()
           + parts_->allowed.table.bytes() + parts_->allowed.prefixes.bytes()
           + (parts_->groups.size() + parts_->lines.size() + parts_->expiry.size()
              + parts_->notes.size())
                 * sizeof(std::uint32_t)
           + parts_->note_text.size() + parts_->lists.size() * sizeof(IndicatorList);
}

std::vector<IndicatorSet::Match> IndicatorSet::find(const Observable& observable,
                                                    base::TimePoint at) const {
    std::vector<Match> found;
    const Parts& parts = *parts_;
    bool allowed_known = false;
    bool allowed = false;
    parts.each(parts.hits, observable, [&](std::uint32_t entry, std::string text) {
        const IndicatorList& list = parts.list_of(entry);
        if (!parts.valid(entry, at)) {
            list.expired->add();
            return;
        }
        if (!allowed_known) {
            allowed_known = true;
            allowed = parts.allows(observable, at);
        }
        bool suppressed = allowed;
        if (!suppressed && observable.type == IndicatorType::Domain
            && text.size() < observable.text.size()) {
            Observable listed;
            listed.type = IndicatorType::Domain;
            listed.text = text.starts_with("*.") ? text.substr(2) : text;
            suppressed = parts.allows(listed, at);
        }
        if (suppressed) {
            list.suppressed->add();
            return;
        }
        Match match;
        match.list = &list;
        match.entry = std::move(text);
        match.line = parts.lines[entry] & ioc::kLineMask;
        match.valid_until = parts.valid_until(entry);
        match.note = parts.note(entry);
        found.push_back(std::move(match));
    });
    return found;
}

}  // namespace gac::detect
