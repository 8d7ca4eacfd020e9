#include "detect/sigma/source.h"

#include <algorithm>

#include "base/text.h"

namespace gac::detect::sigma {

namespace {

constexpr std::uint32_t kPrefixRank = 1'000;  // after any number of mapped names
constexpr std::uint32_t kItselfRank = 1'000'000;

bool states(const std::string& rule, const std::string& source) {
    return rule.empty() || base::equal_ignoring_ascii_case(rule, source);
}

Alternative alternative_of(const event::LogSource& source) {
    Alternative out;
    for (const auto& when : source.when) {
        out.when.push_back({std::string(event::name_of(when.field)), when.values});
    }
    for (const auto& [asked, own] : source.rename) {
        out.rename[asked] = std::string(event::name_of(own));
    }
    return out;
}

// The rest of `name` after `prefix`, whose "*" steps stand for any one step; npos when it is none.
std::size_t match_prefix(std::string_view name, std::string_view prefix) {
    std::size_t at = 0;
    for (std::size_t i = 0; i < prefix.size(); ++i) {
        if (prefix[i] == '*') {
            const std::size_t dot = name.find('.', at);
            if (dot == std::string_view::npos || dot == at) {
                return std::string_view::npos;
            }
            at = dot;
        } else if (at < name.size() && name[at] == prefix[i]) {
            ++at;
        } else {
            return std::string_view::npos;
        }
    }
    return at;
}

std::string without_blanks(std::string_view name) {
    std::string out(name);
    std::erase(out, ' ');
    return out;
}

}  // namespace

std::vector<Alternative> alternatives(const Source& source, const event::Profile& profile,
                                      bool match_unknown) {
    std::vector<Alternative> out;
    if (profile.log_sources.empty()) {
        if (match_unknown) {
            out.emplace_back();
        }
        return out;
    }
    const auto product_fits = [&](const event::LogSource& own) {
        return states(source.product, own.product);
    };
    for (const event::LogSource& own : profile.log_sources) {
        if (!product_fits(own) || !states(source.category, own.category)
            || !states(source.service, own.service)) {
            continue;
        }
        if (own.when.empty() && own.rename.empty()) {  // any event of the profile: no need of more
            out.assign(1, alternative_of(own));
            return out;
        }
        out.push_back(alternative_of(own));
    }
    if (!out.empty() || source.category.empty() || source.service.empty()) {
        return out;
    }
    // Both are stated, but the profile tells them apart: the event must be of both.
    for (const event::LogSource& by_category : profile.log_sources) {
        if (!product_fits(by_category) || !by_category.service.empty()
            || !states(source.category, by_category.category)) {
            continue;
        }
        for (const event::LogSource& by_service : profile.log_sources) {
            if (!product_fits(by_service) || !by_service.category.empty()
                || !states(source.service, by_service.service)) {
                continue;
            }
            Alternative both = alternative_of(by_category);
            Alternative more = alternative_of(by_service);
            std::ranges::move(more.when, std::back_inserter(both.when));
            both.rename.merge(more.rename);
            out.push_back(std::move(both));
        }
    }
    return out;
}

Binding::Binding(const event::Profile& profile) : profile_(&profile), prefixes_(profile.prefixes) {}

Slot Binding::slot_of(const std::string& asked) {
    const auto [at, added] = slots_.try_emplace(asked, slot_count());
    if (added) {
        names_.push_back(asked);
        if (const auto found = profile_->names.find(asked); found != profile_->names.end()) {
            std::uint32_t rank = 0;
            for (const event::FieldId own : found->second) {
                mapped_[event::index_of(own)].push_back({at->second, rank++});
            }
        }
    }
    return at->second;
}

std::optional<Slot> Binding::find_slot(const std::string& asked) const {
    const auto found = slots_.find(asked);
    return found == slots_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<Binding::Feed> Binding::feeds(event::FieldId own) const {
    std::vector<Feed> out;
    const auto add = [&](Slot slot, std::uint32_t rank) {
        const auto known = std::ranges::find(out, slot, &Feed::slot);
        if (known == out.end()) {
            out.push_back({slot, rank});
        } else {
            known->rank = std::min(known->rank, rank);
        }
    };
    if (const auto found = mapped_.find(event::index_of(own)); found != mapped_.end()) {
        for (const Feed& feed : found->second) {
            add(feed.slot, feed.rank);
        }
    }
    const std::string_view name = event::name_of(own);
    // Windows writes "Threat Name", rules ask for ThreatName.
    const auto add_named = [&](std::string_view asked, std::uint32_t rank) {
        auto found = slots_.find(std::string(asked));
        if (found == slots_.end() && asked.contains(' ')) {
            found = slots_.find(without_blanks(asked));
        }
        if (found != slots_.end()) {
            add(found->second, rank);
        }
    };
    for (std::uint32_t i = 0; i < prefixes_.size(); ++i) {
        const std::size_t end = match_prefix(name, prefixes_[i]);
        if (end != std::string_view::npos && end < name.size()) {
            add_named(name.substr(end), kPrefixRank + i);
        }
    }
    add_named(name, kItselfRank);
    return out;
}

std::vector<event::FieldId> Binding::fields() const {
    std::vector<event::FieldId> out;
    for (const std::string& name : names_) {
        std::ranges::copy(profile_->resolve(name), std::back_inserter(out));
    }
    return out;
}

const event::Field* Binding::find(const event::EventRef& event, Slot slot) const {
    const event::Field* best = nullptr;
    std::uint32_t best_rank = 0;
    for (const event::Field& field : event.fields()) {
        for (const Feed& feed : feeds(field.id)) {
            if (feed.slot == slot && (best == nullptr || feed.rank <= best_rank)) {
                best = &field;
                best_rank = feed.rank;
            }
        }
    }
    return best;
}

}  // namespace gac::detect::sigma
