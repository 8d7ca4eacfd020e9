#include "detect/indicator_hunter.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>

#include "detect/ioc/extract.h"
#include "detect/ioc/glance.h"
#include "detect/ioc/keys.h"
#include "detect/ioc/set.h"
#include "detect/ioc/text_scan.h"

namespace gac::detect {

class IndicatorHunter::Parts {
public:
    Parts(std::shared_ptr<const IndicatorPlan> plan, std::shared_ptr<const IndicatorSet> set,
          std::set<std::string> disabled)
        : plan_(std::move(plan)), set_(std::move(set)), disabled_(std::move(disabled)) {}

    bool is_disabled(const IndicatorSet::Parts::Span& span) const {
        return !disabled_.empty() && disabled_.contains(set_->parts().list_of(span.entry).name);
    }

    // The number of an indicator; its entries are kept on the way.
    std::uint32_t number_of(IndicatorType type, const IndicatorSet::Parts::Span& span) {
        const std::lock_guard lock(mutex_);
        const auto [place, added] = numbers_.try_emplace(std::pair(type, span.text),
                                                         static_cast<std::uint32_t>(known_.size()));
        if (added) {
            known_.push_back({type, span.text, {}});
        }
        auto& entries = known_[place->second].entries;
        const auto at = std::ranges::lower_bound(entries, span.entry);
        if (at == entries.end() || *at != span.entry) {
            entries.insert(at, span.entry);
        }
        return place->second;
    }

    struct Known {
        IndicatorType type{};
        std::string text;
        std::vector<std::uint32_t> entries;  // ascending
    };
    Known known(std::uint32_t what) const {
        const std::lock_guard lock(mutex_);
        return known_.at(what);
    }

    const std::shared_ptr<const IndicatorPlan> plan_;
    const std::shared_ptr<const IndicatorSet> set_;
    const std::set<std::string> disabled_;

private:
    mutable std::mutex mutex_;
    std::map<std::pair<IndicatorType, std::string>, std::uint32_t> numbers_;
    std::vector<Known> known_;
};

IndicatorHunter::IndicatorHunter(std::shared_ptr<const IndicatorPlan> plan,
                                 std::shared_ptr<const IndicatorSet> set,
                                 std::set<std::string> disabled)
    : parts_(std::make_unique<Parts>(std::move(plan), std::move(set), std::move(disabled))) {}
IndicatorHunter::~IndicatorHunter() = default;

std::uint32_t IndicatorHunter::role(event::ProfileId profile, event::FieldId field) const {
    const IndicatorPlan::Parts& plan = parts_->plan_->parts();
    const ioc::Role role = plan.role_of(plan.roles_of(profile), field);
    // A path is looked at together with its host.
    return static_cast<std::uint32_t>(role == ioc::Role::UrlPath ? ioc::Role::None : role);
}

std::uint32_t IndicatorHunter::text_role() const {
    return static_cast<std::uint32_t>(parts_->plan_->reads_texts() ? ioc::Role::Text
                                                                   : ioc::Role::None);
}

IndicatorHunter::Indicator IndicatorHunter::indicator(std::uint32_t what) const {
    Parts::Known known = parts_->known(what);
    const IndicatorSet::Parts& set = parts_->set_->parts();
    Indicator out{.type = known.type, .text = std::move(known.text), .entries = {}, .rule = {}};
    for (const std::uint32_t entry : known.entries) {
        const IndicatorList& list = set.list_of(entry);
        if (out.rule == nullptr || list.rule->level > out.rule->level) {
            out.rule = list.rule;
        }
        if (out.entries.size() < parts_->plan_->parts().options.entries_max) {
            out.entries.push_back({list.name, out.text, set.lines[entry] & ioc::kLineMask,
                                   list.rule->level, set.valid_until(entry),
                                   std::string(set.note(entry))});
        }
    }
    return out;
}

class IndicatorHunter::Eye::State {
public:
    explicit State(IndicatorHunter::Parts& parts) : parts_(parts), glance_(parts.plan_->parts()) {}

    void observe(ioc::Role role, const event::ValueRef& value) {
        if (value.type() == event::Type::List) {
            for (const event::ValueRef& part : value.list()) {
                if (part.type() != event::Type::List) {
                    observe(role, part);
                }
            }
        } else if (value.type() == event::Type::Ip) {
            if (role == ioc::Role::Address || role == ioc::Role::AddressList
                || role == ioc::Role::Host) {
                ioc::observe_ip(value.ip(), observables_);
            }
        } else if (value.is_string()) {
            ioc::observe_value(role, value.text(unescaped_), parts_.plan_->parts().options,
                               observables_);
        }
    }

    void find(const Observable& observable, std::vector<IndicatorFind>& out) {
        spans_.clear();
        parts_.set_->parts().spans(observable, spans_);
        for (const IndicatorSet::Parts::Span& span : spans_) {
            if (!parts_.is_disabled(span)) {
                out.push_back({parts_.number_of(observable.type, span), span.from, span.to});
            }
        }
    }

    // Is a URL listed that has such a host? Cannot be said of what is no usual name.
    bool is_host_of_url() const {
        const ioc::Index& index = parts_.set_->parts().hits;
        return index.has(IndicatorType::Url)
               && (observables_.empty()
                   || std::ranges::any_of(observables_, [&](const Observable& one) {
                          const ioc::Key key = one.type == IndicatorType::Ip
                                                   ? ioc::ip_key(one.ip)
                                                   : ioc::domain_key(one.text);
                          return index.table.find(ioc::url_host_key(key)) != ioc::Table::kNone;
                      }));
    }

    IndicatorHunter::Parts& parts_;
    ioc::Glance glance_;
    std::vector<Observable> observables_;
    std::vector<IndicatorSet::Parts::Span> spans_;
    std::string unescaped_;
};

bool IndicatorHunter::Eye::may_begin(std::uint32_t role, std::string_view begin) {
    return role != static_cast<std::uint32_t>(ioc::Role::Url) || begin.size() < 2 || begin[0] != '/'
           || begin[1] == '/';
}
IndicatorHunter::Eye::Eye(const IndicatorHunter& hunter)
    : state_(std::make_unique<State>(*hunter.parts_)) {}
IndicatorHunter::Eye::~Eye() = default;

std::span<const std::uint32_t> IndicatorHunter::Eye::glance(
    std::uint32_t role, std::span<const event::ValueRef> values) {
    return state_->glance_.run(static_cast<ioc::Role>(role), values, state_->parts_.set_->parts());
}

bool IndicatorHunter::Eye::look(std::uint32_t role, const event::ValueRef& value,
                                std::vector<IndicatorFind>& out) {
    state_->observables_.clear();
    state_->observe(static_cast<ioc::Role>(role), value);
    for (const Observable& observable : state_->observables_) {
        state_->find(observable, out);
    }
    return static_cast<ioc::Role>(role) == ioc::Role::Host && state_->is_host_of_url();
}

void IndicatorHunter::Eye::look_closely(const event::EventRef& event,
                                        std::vector<IndicatorFind>& out) {
    for (const ioc::Sighted& sighted : ioc::sight(event, state_->parts_.plan_->parts())) {
        state_->find(sighted.observable, out);
    }
}

}  // namespace gac::detect
