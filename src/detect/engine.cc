#include "detect/engine.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>

#include "base/json_text.h"
#include "base/text.h"
#include "detect/correlate/hash.h"
#include "detect/correlate/input_writer.h"
#include "detect/correlator.h"
#include "detect/engine_memory.h"
#include "detect/sigma/event_text.h"
#include "detect/sigma/parts.h"

namespace gac::detect {

using namespace sigma;

class Engine::State {
public:
    State(std::shared_ptr<const RuleSet> set, const Limits& limits)
        : limits_(limits), set_(std::move(set)) {
        prepare();
    }

    void swap(std::shared_ptr<const RuleSet> set) {
        if (correlator_) {
            correlator_->swap_rules(set);
        }
        set_ = std::move(set);
        prepare();
    }

    void match(const event::EventBatch& batch, std::vector<event::Detection>& out,
               CorrelationFeed& feed) {
        feed_ = &feed;
        bare_texts_.fill({});
        for (std::uint32_t row = 0; row < batch.size(); ++row) {
            match_event(batch[row], out);
        }
    }

    std::vector<MeteredRule> take_costs() {
        std::vector<MeteredRule> out;
        const std::vector<RuleCost>& costs = meter_.costs();
        for (std::size_t i = 0; i < costs.size(); ++i) {
            if (costs[i].candidates > 0) {
                out.push_back({set_->parts().rules[i].rule.info, costs[i]});
            }
        }
        meter_.reset(costs.size());
        return out;
    }

    void match_alone(const event::EventBatch& batch, std::vector<event::Detection>& out) {
        const std::size_t before = out.size();
        own_feed_.clear();
        match(batch, out, own_feed_);
        if (own_feed_.empty()) {
            return;
        }
        if (!correlator_) {
            correlator_ = std::make_unique<Correlator>(set_, limits_);
        }
        std::vector<event::Detection> correlated;
        correlator_->take(own_feed_, correlated);
        stats.matches += correlated.size();
        merge_by_row(out, before, std::move(correlated));
        const CorrelatorStats now = correlator_->stats();
        stats.correlated = now.correlated;
        stats.late = now.late;
        stats.groups_evicted = now.groups_evicted;
        stats.entries_evicted = now.entries_evicted;
    }

    EngineStats stats;
    FullDecoder full_decoder;
    const RuleSet& set() const { return *set_; }
    std::size_t programs() const {
        std::size_t count = 0;
        for (const ProfileState& profile : profiles_) {
            count += profile.plan->program_count();
        }
        return count;
    }

private:
    enum Answer : std::uint8_t { kUnknown, kNo, kYes, kMaybe };

    void prepare() {
        profiles_.clear();
        profiles_.resize(set_->parts().plans.size());
        for (std::size_t i = 0; i < profiles_.size(); ++i) {
            profiles_[i].plan = set_->parts().plans[i].get();
            profiles_[i].slots.resize(profiles_[i].plan->binding.slot_count());
            profiles_[i].routes.resize(profiles_[i].plan->route_slots.size());
        }
        meter_.reset(set_->parts().rules.size());
        seeds_.clear();
        for (const Correlation& rule : set_->parts().correlations) {
            seeds_.push_back(correlate::seed_of(rule, limits_.correlation_seed));
        }
        items_.clear();
        item_stamps_.clear();
        entry_stamps_.clear();
        stamp_ = 0;
        values_stamp_ = 0;
        whole_stamp_ = 0;
    }

    void next_stamp() {
        if (++stamp_ == 0) {  // after four thousand million events: forget all memories
            for (ProfileState& profile : profiles_) {
                for (SlotState& slot : profile.slots) {
                    slot.stamp = slot.text_stamp = slot.folded_stamp = 0;
                }
            }
            std::ranges::fill(item_stamps_, 0);
            std::ranges::fill(entry_stamps_, 0);
            values_stamp_ = 0;
            whole_stamp_ = 0;
            stamp_ = 1;
        }
    }

    void fill_slots(ProfileState& profile, const event::EventRef& event) {
        filled_.clear();
        for (const event::Field& field : event.fields()) {
            const std::uint32_t index = event::index_of(field.id);
            if (index >= profile.ranges.size()) {
                profile.ranges.resize(std::max<std::size_t>(index + 1, event::field_count()));
            }
            ProfileState::FeedRange& range = profile.ranges[index];
            if (range.first == kNoFeed) {
                const std::vector<Binding::Feed> feeds = profile.plan->binding.feeds(field.id);
                range.first = static_cast<std::uint32_t>(profile.feeds.size());
                range.count = static_cast<std::uint32_t>(feeds.size());
                std::ranges::copy(feeds, std::back_inserter(profile.feeds));
            }
            for (std::uint32_t i = 0; i < range.count; ++i) {
                const Binding::Feed& feed = profile.feeds[range.first + i];
                SlotState& slot = profile.slots[feed.slot];
                if (slot.stamp != stamp_) {
                    filled_.push_back(feed.slot);
                    slot.rank = feed.rank;
                }
                if (feed.rank <= slot.rank) {
                    slot.stamp = stamp_;
                    slot.rank = feed.rank;
                    slot.field = &field;
                }
            }
        }
    }

    const event::ValueRef* value_of(Slot slot) const {
        const SlotState& state = profile_->slots[slot];
        return state.stamp == stamp_ ? &state.field->value : nullptr;
    }

    // Of a scalar value.
    std::string_view text_of(Slot slot) {
        SlotState& state = profile_->slots[slot];
        if (state.text_stamp != stamp_) {
            state.text_stamp = stamp_;
            const event::ValueRef& value = state.field->value;
            state.text = value.is_string() && !value.is_escaped() ? value.string()
                                                                  : value.text(state.text_memory);
        }
        return state.text;
    }
    std::string_view folded_of(Slot slot) {
        SlotState& state = profile_->slots[slot];
        if (state.folded_stamp != stamp_) {
            state.folded_stamp = stamp_;
            const event::ValueRef& value = state.field->value;
            if (value.is_escaped() && state.text_stamp != stamp_) {
                base::unescape_json(value.escaped_body(), state.folded_memory);
                fold(state.folded_memory);
            } else {
                fold_into(text_of(slot), state.folded_memory);
            }
            state.folded = state.folded_memory;
        }
        return state.folded;
    }

    std::array<std::uint32_t, kRouteFieldsMax> route_of(const Plan& plan) {
        std::array<std::uint32_t, kRouteFieldsMax> route{};
        for (std::size_t i = 0; i < plan.route_slots.size(); ++i) {
            const event::ValueRef* value = value_of(plan.route_slots[i]);
            RouteMemory& memory = profile_->routes[i];
            if (value != nullptr && value->type() == event::Type::Integer && value->integer() >= 0
                && value->integer() < kRouteNumbers) {
                std::uint32_t& id = memory.numbers[static_cast<std::size_t>(value->integer())];
                if (id == kNoRoute) {
                    id = plan.route_id(i, value, scratch_text_);
                }
                route[i] = id;
            } else if (value != nullptr && value->is_string() && !value->is_escaped()) {
                // Neighbours in a stream come from few channels.
                auto& [text, id] = memory.texts[value->string().size() % memory.texts.size()];
                if (id == kNoRoute || text != value->string()) {
                    text = value->string();
                    id = plan.route_id(i, value, scratch_text_);
                }
                route[i] = id;
            } else {
                route[i] = plan.route_id(i, value, scratch_text_);
            }
        }
        return route;
    }

    const Program& program_of(ProfileState& profile,
                              const std::array<std::uint32_t, kRouteFieldsMax>& route) {
        const std::uint64_t key = std::uint64_t{route[0]} << 32 | route[1];
        // Neighbours often go the same way.
        if (profile.last_program != nullptr && profile.last_key == key) {
            return *profile.last_program;
        }
        const auto [at, added] = profile.programs.try_emplace(key, nullptr);
        if (added) {
            at->second = &profile.plan->program(set_->parts().rules, route);
            if (items_.size() < at->second->items.size()) {
                items_.resize(at->second->items.size());
                item_stamps_.resize(at->second->items.size());
            }
            if (entry_stamps_.size() < at->second->rules.size()) {
                entry_stamps_.resize(at->second->rules.size());
            }
        }
        profile.last_key = key;
        profile.last_program = at->second;
        return *at->second;
    }

    void match_event(const event::EventRef& event, std::vector<event::Detection>& out) {
        ++stats.events;
        next_stamp();
        event_ = &event;
        const auto profile_index = static_cast<std::size_t>(event.head().profile);
        profile_ = &profiles_[profile_index < profiles_.size() ? profile_index : 0];
        if (profile_->plan->uses.empty()) {
            return;
        }
        fill_slots(*profile_, event);
        const auto route = route_of(*profile_->plan);
        program_ = &program_of(*profile_, route);
        candidates_.clear();
        for (const std::uint32_t entry : program_->always) {
            wake_entry(entry);
        }
        for (const Slot slot : filled_) {
            if (slot < program_->work_of.size() && program_->work_of[slot] != Program::kNoWork) {
                run_work(program_->work[program_->work_of[slot]]);
            }
        }
        run_keywords();
        if (candidates_.empty()) {
            return;
        }
        std::ranges::sort(candidates_);
        stats.candidates += candidates_.size();
        const bool timed = meter_.begin_event();
        for (const std::uint32_t entry : candidates_) {
            const Program::Entry& rule = program_->rules[entry];
            if (meter_.evaluate(rule.rule, timed, [&] { return holds(rule.root); })) {
                report(rule, route, out);
            }
        }
    }

    void wake_entry(std::uint32_t entry) {
        if (entry_stamps_[entry] != stamp_) {
            entry_stamps_[entry] = stamp_;
            candidates_.push_back(entry);
        }
    }
    void wake(std::uint32_t item) {
        for (const std::uint32_t entry : program_->items[item].wakes) {
            wake_entry(entry);
        }
    }
    Answer known(std::uint32_t item) const {
        return item_stamps_[item] == stamp_ ? items_[item] : kUnknown;
    }
    void learn(std::uint32_t item, Answer answer) {
        item_stamps_[item] = stamp_;
        items_[item] = answer;
    }

    void run_work(const Program::SlotWork& work) {
        const event::ValueRef* value = value_of(work.slot);
        if (value == nullptr) {
            return;
        }
        if (work.has_finder && !value->is_null()) {
            if (value->type() == event::Type::List) {
                each_scalar(*value, [&](const event::ValueRef& element) {
                    fold_into(element.text(scratch_text_), scratch_folded_);
                    run_finder(work.finder, scratch_folded_);
                });
            } else {
                run_finder(work.finder, folded_of(work.slot));
            }
        }
        for (const std::uint32_t item : work.direct) {
            if (ask_item(item)) {
                wake(item);
            }
        }
    }

    void run_finder(const Finder& finder, std::string_view folded) {
        hits_.clear();
        finder.find(folded, numbers_, hits_);
        for (const Finder::Hit& hit : hits_) {
            const Answer before = known(hit.id);
            if (hit.exact) {
                learn(hit.id, kYes);
            } else if (before == kUnknown) {
                learn(hit.id, kMaybe);
            }
            if (before == kUnknown) {
                wake(hit.id);
            }
        }
    }

    void run_keywords() {
        for (const std::uint32_t item : program_->blind_keyword_items) {
            wake(item);
        }
        if (program_->keywords.empty()) {
            return;
        }
        const std::string_view raw = event_->head().raw;
        numbers_.clear();
        if (!raw.empty()) {
            program_->keywords.scan_caseless(raw, scratch_folded_, numbers_);
        }
        if (raw.empty() || !raw_is_json()) {
            // What was decoded out of text may say more than the text; without any text there are
            // only the values.
            const event::EventRef whole = raw.empty() ? whole_event() : *event_;
            for (const event::Field& field : whole.fields()) {
                each_scalar(field.value,
                            [&](const event::ValueRef& value) { scan_decoded(value, raw); });
            }
        }
        for (const std::uint32_t number : numbers_) {
            if (std::ranges::find(program_->ascii_twins, number) != program_->ascii_twins.end()
                || (number == program_->unicode_escape && has_unicode_escape(raw))) {
                std::ranges::for_each(program_->all_keyword_items,
                                      [&](std::uint32_t item) { may_hold(item); });
                return;
            }
            if (number >= program_->keyword_items.size()) {
                continue;
            }
            for (const std::uint32_t item : program_->keyword_items[number]) {
                may_hold(item);
            }
        }
    }

    void may_hold(std::uint32_t item) {
        if (known(item) == kUnknown) {
            learn(item, kMaybe);
            wake(item);
        }
    }

    void scan_decoded(const event::ValueRef& value, std::string_view raw) {
        if (!value.is_string() && !program_->typed_keywords) {
            return;
        }
        const bool plain = value.is_string() && !value.is_escaped();
        const std::string_view text = plain ? value.string() : value.text(scratch_text_);
        const std::less_equal<const char*> not_after;
        if (not_after(raw.data(), text.data())
            && not_after(text.data() + text.size(), raw.data() + raw.size())) {
            return;
        }
        if (whole_stamp_ == stamp_ && has_whole_) {
            // The next event's texts will lie at the same places.
            program_->keywords.scan_caseless(text, scratch_folded_, numbers_);
            return;
        }
        // Decoders give the same few words to many events.
        const auto place = reinterpret_cast<std::uintptr_t>(text.data());
        auto& [of, bare] = bare_texts_[(place * 0x9E37'79B9'7F4A'7C15) >> 58];
        if (of == program_ && bare.data() == text.data() && bare.size() == text.size()) {
            return;
        }
        const std::size_t before = numbers_.size();
        program_->keywords.scan_caseless(text, scratch_folded_, numbers_);
        if (numbers_.size() == before && value.is_string() && !value.is_escaped()) {
            of = program_;
            bare = text;
        }
    }

    bool raw_is_json() const {
        std::string_view raw = event_->head().raw;
        if (raw.empty() || (raw[0] != '{' && static_cast<unsigned char>(raw[0]) > ' ')) {
            return false;
        }
        raw = base::trim(raw);
        return !event_->head().parse_failed && raw.starts_with('{') && raw.ends_with('}');
    }

    // The event with all its fields; as it is when it cannot be had.
    event::EventRef whole_event() {
        if (whole_stamp_ != stamp_) {
            whole_stamp_ = stamp_;
            full_batch_.reset();
            const bool from_raw = raw_is_json() || event_->head().raw.empty();
            has_whole_ = from_raw && full_decoder && full_decoder(*event_, full_batch_)
                         && !full_batch_.empty();
        }
        return has_whole_ ? full_batch_[0] : *event_;
    }

    // Text of every value of the event, as keywords see it; the raw text too when it is not JSON.
    const std::vector<std::string>& all_values() {
        if (values_stamp_ == stamp_) {
            return values_;
        }
        values_stamp_ = stamp_;
        ++stats.keyword_checks;
        values_.clear();
        std::string scratch;
        const event::EventRef whole = whole_event();
        for (const event::Field& field : whole.fields()) {
            each_scalar(field.value, [&](const event::ValueRef& value) {
                values_.emplace_back(value.text(scratch));
            });
        }
        if (!has_whole_ && !raw_is_json()) {
            values_.emplace_back(event_->head().raw);
        }
        return values_;
    }

    bool ask_keyword(const Leaf& leaf) {
        std::string folded;
        for (const std::string& value : all_values()) {
            fold_into(value, folded);
            for (const Test& test : leaf.item.any) {
                const bool yes = test.kind == TestKind::Regex ? test.regex->search(value)
                                 : test.cased                 ? test.pattern.matches(value)
                                                              : test.pattern.matches(folded);
                if (yes) {
                    return true;
                }
            }
        }
        return false;
    }

    bool ask_test(const LeafTest& test, Slot slot) {
        switch (test.way) {
            case LeafTest::Way::Equals:
                return text_for(test, slot) == test.literal;
            case LeafTest::Way::StartsWith:
                return text_for(test, slot).starts_with(test.literal);
            case LeafTest::Way::EndsWith:
                return text_for(test, slot).ends_with(test.literal);
            case LeafTest::Way::Contains:
                return base::contains_literal(text_for(test, slot), test.literal);
            case LeafTest::Way::Other:
                break;
        }
        switch (test.test->kind) {
            case TestKind::Text:
                return test.test->pattern.matches(text_for(test, slot));
            case TestKind::Regex:
                return test.test->regex->search(text_of(slot));
            default:
                return ask_scalar(*test.test, profile_->slots[slot].field->value);
        }
    }
    std::string_view text_for(const LeafTest& test, Slot slot) {
        return test.cased ? text_of(slot) : folded_of(slot);
    }

    bool answer_item(std::uint32_t index) {
        const ProgramItem& item = program_->items[index];
        const Leaf& leaf = *item.leaf;
        if (item.slot == kKeywordSlot) {
            return ask_keyword(leaf);
        }
        const event::ValueRef* value = value_of(item.slot);
        if (value == nullptr) {
            return leaf.null || leaf.missing;
        }
        if (leaf.exists || (leaf.null && value->is_null())) {
            return true;
        }
        if (leaf.relation || !is_scalar(*value)) {
            for (std::size_t i = 0; i < leaf.item.any.size(); ++i) {
                const Test& test = leaf.item.any[i];
                const bool yes = test.kind == TestKind::FieldRef
                                     ? ask_relation(test, value, value_of(item.relations[i]))
                                     : ask(test, value);
                if (yes) {
                    return true;
                }
            }
            return false;
        }
        return std::ranges::any_of(leaf.tests,
                                   [&](const LeafTest& test) { return ask_test(test, item.slot); });
    }

    bool ask_item(std::uint32_t index) {
        switch (known(index)) {
            case kYes:
                return true;
            case kNo:
                return false;
            case kUnknown:
                // The finder has seen the value and found none of the item's tests.
                if (program_->items[index].found_by_finder) {
                    learn(index, kNo);
                    return false;
                }
                break;
            case kMaybe:
                break;
        }
        const bool yes = answer_item(index);
        learn(index, yes ? kYes : kNo);
        return yes;
    }

    bool holds(std::uint32_t index) {
        const Program::Node& node = program_->nodes[index];
        const std::uint32_t* children = program_->children.data() + node.first;
        switch (node.kind) {
            case Expr::Kind::Item:
                return ask_item(node.value);
            case Expr::Kind::And:
                return std::all_of(children, children + node.count,
                                   [&](std::uint32_t child) { return holds(child); });
            case Expr::Kind::Or:
                return std::any_of(children, children + node.count,
                                   [&](std::uint32_t child) { return holds(child); });
            case Expr::Kind::Not:
                return !holds(children[0]);
            case Expr::Kind::AtLeast: {
                std::uint32_t have = 0;
                for (std::uint32_t i = 0; i < node.count && have < node.value; ++i) {
                    have += holds(children[i]) ? 1U : 0U;
                }
                return have >= node.value;
            }
            case Expr::Kind::Constant:
                return node.truth;
        }
        return false;
    }

    // The positive items that hold, with the event's own names.
    void collect(std::uint32_t index, std::vector<event::Matched>& matched) {
        const Program::Node& node = program_->nodes[index];
        if (node.kind == Expr::Kind::Item) {
            const ProgramItem& item = program_->items[node.value];
            if (ask_item(node.value)) {
                add_matched(item, matched);
            }
            return;
        }
        if (node.kind == Expr::Kind::Not) {
            return;
        }
        for (std::uint32_t i = 0; i < node.count; ++i) {
            const std::uint32_t child = program_->children[node.first + i];
            if (node.kind == Expr::Kind::And || holds(child)) {
                collect(child, matched);
            }
        }
    }

    void add_matched(const ProgramItem& item, std::vector<event::Matched>& matched) {
        const auto put = [&](std::string_view field, std::string_view value) {
            if (std::ranges::none_of(matched, [&](const auto& m) { return m.field == field; })) {
                matched.push_back({std::string(field),
                                   std::string(cut_to(value, limits_.matched_value_bytes_max))});
            }
        };
        if (item.slot == kKeywordSlot) {
            add_matched_keyword(*item.leaf, put);
            return;
        }
        const SlotState& slot = profile_->slots[item.slot];
        if (slot.stamp != stamp_) {
            return;  // it holds because the field is missing
        }
        const event::ValueRef& value = slot.field->value;
        std::string scratch;
        if (value.type() == event::Type::List) {
            value.append_json(scratch);
            put(event::name_of(slot.field->id), scratch);
        } else {
            put(event::name_of(slot.field->id), value.text(scratch));
        }
    }

    template <class Put>
    void add_matched_keyword(const Leaf& leaf, Put&& put) {
        const auto take = [&](const event::EventRef& event) {
            std::string scratch;
            std::string folded;
            bool found = false;
            for (const event::Field& field : event.fields()) {
                each_scalar(field.value, [&](const event::ValueRef& value) {
                    const std::string_view text = value.text(scratch);
                    fold_into(text, folded);
                    for (const Test& test : leaf.item.any) {
                        if (test.kind == TestKind::Regex ? test.regex->search(text)
                            : test.cased                 ? test.pattern.matches(text)
                                                         : test.pattern.matches(folded)) {
                            put(event::name_of(field.id), text);
                            found = true;
                        }
                    }
                });
            }
            return found;
        };
        if (!take(whole_event())) {
            put(event::name_of(event::field::Original), event_->head().raw);
        }
    }

    void report(const Program::Entry& entry,
                const std::array<std::uint32_t, kRouteFieldsMax>& route,
                std::vector<event::Detection>& out) {
        const DetectionRule& rule = set_->parts().rules[entry.rule];
        const event::EventHead& head = event_->head();
        if (!rule.silent) {
            ++stats.matches;
            event::Detection detection;
            detection.rule = rule.rule.info;
            detection.row = event_->row();
            detection.time = head.time;
            detection.events.push_back(event_->id());
            detection.drill = head.drill;
            collect(entry.root, detection.matched);
            out.push_back(std::move(detection));
        }
        if (rule.inputs.empty()) {
            return;
        }
        const auto slots = profile_->plan->inputs_of(rule, entry.rule, route);
        for (std::size_t i = 0; i < slots.size(); ++i) {
            correlate(rule.inputs[i], slots[i]);
        }
    }

    void correlate(const CorrelationInput& input, const std::vector<Slot>& slots) {
        const Correlation& rule = set_->parts().correlations[input.correlation];
        correlate::InputWriter writer(*feed_, rule, seeds_[input.correlation], limits_);
        for (const Slot slot : slots) {
            const event::ValueRef* value = value_of(slot);
            while (value != nullptr && value->type() == event::Type::List) {
                value = value->list().empty() ? nullptr : &value->list().front();
            }
            if (value == nullptr || value->is_null()) {
                writer.drop();
                return;  // a missing group or value field: the event is not counted
            }
            writer.add(value->text(scratch_text_));
        }
        const event::EventHead& head = event_->head();
        CorrelationFeed::Input out;
        out.correlation = input.correlation;
        out.reference = input.reference;
        // A clock that runs far ahead must not make all that follows too late.
        out.time = head.time > head.received + limits_.lateness ? head.received : head.time;
        out.received = head.received;
        out.event = event_->id();
        out.row = event_->row();
        out.drill = head.drill;
        if (rule.type == CorrelationType::EventCount) {
            out.count = repeats();
        }
        writer.finish(out);
    }

    // "message repeated 5 times" is one event that stands for five.
    std::uint32_t repeats() const {
        static const event::FieldId kCount = event::intern("event.count");
        const event::ValueRef* value = event_->find(kCount);
        const auto number = value == nullptr ? std::nullopt : number_of(*value);
        return number && *number >= 1 ? static_cast<std::uint32_t>(std::min(*number, 1e6)) : 1;
    }

    Limits limits_;
    std::shared_ptr<const RuleSet> set_;
    std::vector<std::uint64_t> seeds_;  // by correlation
    CorrelationFeed* feed_ = nullptr;
    std::unique_ptr<Correlator> correlator_;  // of an engine used alone
    CorrelationFeed own_feed_;
    std::vector<ProfileState> profiles_;
    RuleMeter meter_;

    // Of the event at hand.
    std::uint32_t stamp_ = 0;
    const event::EventRef* event_ = nullptr;
    ProfileState* profile_ = nullptr;
    const Program* program_ = nullptr;
    std::vector<Answer> items_;
    std::vector<std::uint32_t> item_stamps_;
    std::vector<std::uint32_t> entry_stamps_;
    std::vector<std::uint32_t> candidates_;
    std::vector<Slot> filled_;
    std::vector<Finder::Hit> hits_;
    std::vector<std::uint32_t> numbers_;
    // Texts of this batch in which no keyword of the program stands, by their place, which says
    // what a text is as long as the batch lives.
    std::array<std::pair<const Program*, std::string_view>, 64> bare_texts_;
    std::vector<std::string> values_;
    std::uint32_t values_stamp_ = 0;
    std::uint32_t whole_stamp_ = 0;
    bool has_whole_ = false;  // in full_batch_
    event::EventBatch full_batch_;
    std::string scratch_text_;
    std::string scratch_folded_;
};

Engine::Engine(std::shared_ptr<const RuleSet> rules, Limits limits)
    : state_(std::make_unique<State>(std::move(rules), limits)) {}
Engine::~Engine() = default;

void Engine::match(const event::EventBatch& batch, std::vector<event::Detection>& out,
                   CorrelationFeed& feed) {
    state_->match(batch, out, feed);
}

void Engine::match(const event::EventBatch& batch, std::vector<event::Detection>& out) {
    state_->match_alone(batch, out);
}

void Engine::swap_rules(std::shared_ptr<const RuleSet> rules) { state_->swap(std::move(rules)); }

void Engine::set_full_decoder(FullDecoder decode) { state_->full_decoder = std::move(decode); }

const EngineStats& Engine::stats() const { return state_->stats; }
std::vector<MeteredRule> Engine::take_costs() { return state_->take_costs(); }
std::size_t Engine::programs() const { return state_->programs(); }
const RuleSet& Engine::rules() const { return state_->set(); }

}  // namespace gac::detect
