// Indicators against values out of history, apart from their events: the same meaning as
// IndicatorEngine, asked the other way round. A value says which entries it hits, and for events of
// which time; who reads history counts. One hunter for a hunt, used by any number of threads; each
// thread has an eye of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "detect/indicator_engine.h"
#include "detect/indicators.h"
#include "event/batch.h"
#include "event/detection.h"

namespace gac::detect {

// The value holds the indicator of that number, for events of [from, to).
struct IndicatorFind {
    std::uint32_t what = 0;
    base::TimePoint from, to;
};

class IndicatorHunter {
public:
    // Entries of lists that are called in `disabled` do not hit.
    IndicatorHunter(std::shared_ptr<const IndicatorPlan> plan,
                    std::shared_ptr<const IndicatorSet> set, std::set<std::string> disabled = {});
    ~IndicatorHunter();
    IndicatorHunter(const IndicatorHunter&) = delete;
    IndicatorHunter& operator=(const IndicatorHunter&) = delete;

    // What a field of events of that profile is looked at as; 0 = it is not.
    std::uint32_t role(event::ProfileId profile, event::FieldId field) const;
    std::uint32_t text_role() const;  // 0 when texts are not looked at

    class Eye {
    public:
        explicit Eye(const IndicatorHunter& hunter);
        ~Eye();
        // May a text that begins so hold something? A URL's path alone does not.
        static bool may_begin(std::uint32_t role, std::string_view begin);
        // Places in `values` worth a look, ascending.
        std::span<const std::uint32_t> glance(std::uint32_t role,
                                              std::span<const event::ValueRef> values);
        // True: a URL may stand in the event, of which the value is only the host.
        bool look(std::uint32_t role, const event::ValueRef& value,
                  std::vector<IndicatorFind>& out);
        void look_closely(const event::EventRef& event, std::vector<IndicatorFind>& out);

    private:
        class State;
        std::unique_ptr<State> state_;
    };

    // What a number stands for: an indicator, and every entry of every list that means it.
    struct Indicator {
        IndicatorType type{};
        std::string text;  // canonical, as the lists have it
        std::vector<event::IndicatorEntry> entries;
        std::shared_ptr<const event::RuleInfo> rule;  // of the list with the highest level
    };
    Indicator indicator(std::uint32_t what) const;

    class Parts;
    const Parts& parts() const { return *parts_; }

private:
    std::unique_ptr<Parts> parts_;
};

}  // namespace gac::detect
