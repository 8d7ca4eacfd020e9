#include <algorithm>

#include "detect/indicator_engine.h"
#include "detect/ioc/extract.h"
#include "detect/ioc/glance.h"

namespace gac::detect {

class IndicatorEngine::State {
public:
    State(std::shared_ptr<const IndicatorPlan> plan, std::shared_ptr<const IndicatorSet> set)
        : plan_(std::move(plan)), set_(std::move(set)), glance_(plan_->parts()) {}

    void match(const event::EventBatch& batch, std::vector<event::Detection>& out) {
        stats_.events += batch.size();
        if (set_ == nullptr || set_->empty()) {
            return;
        }
        for (const std::uint32_t row : glance_.run(batch, set_->parts())) {
            ++stats_.checked;
            const event::EventRef event = batch[row];
            for (ioc::Sighted& sighted : ioc::sight(event, plan_->parts())) {
                judge(event, sighted, out);
            }
        }
    }

    std::shared_ptr<const IndicatorPlan> plan_;
    std::shared_ptr<const IndicatorSet> set_;
    std::shared_ptr<const std::set<std::string>> disabled_;
    IndicatorStats stats_;

private:
    void judge(const event::EventRef& event, ioc::Sighted& sighted,
               std::vector<event::Detection>& out) {
        auto matches = set_->find(sighted.observable, event.head().time);
        if (disabled_ != nullptr && !disabled_->empty()) {
            std::erase_if(matches, [&](const IndicatorSet::Match& match) {
                return disabled_->contains(match.list->name);
            });
        }
        if (matches.empty()) {
            return;
        }
        // The most telling list gives the alert its name; among equals the first.
        const IndicatorList* first = nullptr;
        std::vector<const IndicatorList*> lists;
        for (const IndicatorSet::Match& match : matches) {
            if (std::ranges::find(lists, match.list) == lists.end()) {
                lists.push_back(match.list);
                match.list->hits->add();
            }
            if (first == nullptr || match.list->rule->level > first->rule->level
                || (match.list->rule->level == first->rule->level && match.list < first)) {
                first = match.list;
            }
        }
        event::Detection& hit = out.emplace_back();
        hit.rule = first->rule;
        hit.row = event.row();
        hit.time = event.head().time;
        hit.events = {event.id()};
        hit.group = {{"indicator", sighted.observable.text}};
        hit.matched = std::move(sighted.fields);
        hit.drill = event.head().drill;
        hit.indicator_type = name_of(sighted.observable.type);
        for (IndicatorSet::Match& match : matches) {
            if (hit.entries.size() == plan_->parts().options.entries_max) {
                break;
            }
            hit.entries.push_back({match.list->name, std::move(match.entry), match.line,
                                   match.list->rule->level, match.valid_until,
                                   std::string(match.note)});
        }
        ++stats_.hits;
    }

    ioc::Glance glance_;
};

IndicatorEngine::IndicatorEngine(std::shared_ptr<const IndicatorPlan> plan,
                                 std::shared_ptr<const IndicatorSet> set)
    : state_(std::make_unique<State>(std::move(plan), std::move(set))) {}
IndicatorEngine::~IndicatorEngine() = default;

void IndicatorEngine::match(const event::EventBatch& batch, std::vector<event::Detection>& out) {
    state_->match(batch, out);
}
void IndicatorEngine::swap(std::shared_ptr<const IndicatorSet> set) {
    state_->set_ = std::move(set);
}
void IndicatorEngine::set_disabled(std::shared_ptr<const std::set<std::string>> names) {
    state_->disabled_ = std::move(names);
}
const IndicatorStats& IndicatorEngine::stats() const { return state_->stats_; }
const std::shared_ptr<const IndicatorSet>& IndicatorEngine::set() const { return state_->set_; }

}  // namespace gac::detect
