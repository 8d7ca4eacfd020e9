#include "pipeline/exception_preview.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "detect/engine.h"
#include "pipeline/exception_filter.h"

namespace gac::pipeline {

namespace {

constexpr event::EventId kEventsAtOnce = 2048;

// Two detections of two engines over the same events are the same when their keys are.
std::string key_of(const event::Detection& detection) {
    std::string key = fmt::format("{}\n{}\n", detection.rule->id, detection.row);
    for (const auto& [field, value] : detection.group) {
        key += value;
        key += '\n';
    }
    return key;
}

class Preview {
public:
    Preview(const store::EventSource& history, const RuleService& rules,
            const EffectQuestion& question)
        : history_(history),
          rules_(rules),
          loading_(rules.loading()),
          question_(question),
          deadline_us_(base::monotonic_us() + question.time_max.us) {}

    Result<ExceptionEffect> run() {
        GAC_CHECK(compile());
        GAC_TRY(first, first_id());
        if (in_order_) {
            for (event::EventId at = first; at < question_.end && go_on();) {
                const event::EventId upto = std::min(at + kEventsAtOnce, question_.end);
                GAC_CHECK(judge(at, upto));
                at = upto;
            }
        } else {
            // The newest first: what a person is asked about, should time run out.
            for (event::EventId upto = question_.end; upto > first && go_on();) {
                const event::EventId at =
                    upto - first > kEventsAtOnce ? upto - kEventsAtOnce : first;
                GAC_CHECK(judge(at, upto));
                upto = at;
            }
        }
        for (auto& [id, counts] : by_rule_) {
            effect_.rules.push_back(std::move(counts));
        }
        std::ranges::sort(effect_.rules, [](const auto& a, const auto& b) {
            return a.silenced != b.silenced ? a.silenced > b.silenced : a.matched > b.matched;
        });
        effect_.rules.resize(std::min(effect_.rules.size(), ExceptionEffect::kRulesMax));
        return std::move(effect_);
    }

private:
    const response::RuleException& exception() const { return question_.exception; }

    Result<> compile() {
        std::vector<detect::RuleText> texts;
        const auto set = rules_.active().get();
        std::string only_file;
        for (const auto& rule : set->rules()) {
            if (rule->id == exception().rule_id) {
                by_group_ = rule->kind == event::DetectionKind::Correlation;
                only_file = by_group_ ? std::string() : rule->path;
            }
        }
        // Correlations count events in their order; one rule alone does not care.
        in_order_ = only_file.empty();
        for (const detect::RuleText& text : loading_->texts) {
            if (only_file.empty() || text.path == only_file) {
                texts.push_back(text);
            }
        }
        for (const response::RuleException& one : loading_->exceptions) {
            if (one.id != exception().id) {
                texts.push_back(exception_filter(one));
            }
        }
        detect::CompileOptions options = rules_.compile_options();
        options.generate_all = !only_file.empty();
        GAC_TRY(as_they_are, detect::compile(texts, options, nullptr));
        before_.emplace(std::move(as_they_are));
        if (!by_group_) {
            texts.push_back(exception_filter(exception()));
            GAC_TRY(with_it, detect::compile(texts, options, nullptr));
            after_.emplace(std::move(with_it));
        }
        return {};
    }

    // The first id received within the span, by halving: ids rise with receipt.
    Result<event::EventId> first_id() {
        event::EventId low = 0;
        event::EventId high = question_.end;
        std::vector<event::EventId> ids;
        event::EventBatch batch;
        while (low < high) {
            const event::EventId middle = low + (high - low) / 2;
            ids.resize(std::min<event::EventId>(64, high - middle));
            std::iota(ids.begin(), ids.end(), middle);
            batch.reset();
            GAC_CHECK(history_.fetch(ids, batch));
            // Ids that are not kept (any more) are older than all that are.
            if (batch.empty() || batch.heads()[0].received < question_.from) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    bool go_on() {
        if (question_.cancel.stop_requested()) {
            effect_.partial = "cancelled";
        } else if (base::monotonic_us() >= deadline_us_) {
            effect_.partial = fmt::format("time was up: {} part of the span was looked at",
                                          in_order_ ? "only the older" : "only the newer");
        }
        return effect_.partial.empty();
    }

    Result<> judge(event::EventId at, event::EventId upto) {
        ids_.resize(upto - at);
        std::iota(ids_.begin(), ids_.end(), at);
        batch_.reset();
        GAC_CHECK(history_.fetch(ids_, batch_));
        if (batch_.empty()) {
            return {};
        }
        effect_.scanned_events += batch_.size();
        const base::TimePoint oldest = batch_.heads()[0].received;
        effect_.scanned_from = std::min(effect_.scanned_from.value_or(oldest), oldest);
        found_.clear();
        before_->match(batch_, found_);
        drop_excepted(loading_->exceptions, found_);
        left_.clear();
        if (after_ && (in_order_ || !found_.empty())) {
            after_->match(batch_, left_);
        }
        std::multiset<std::string> left;
        for (const event::Detection& detection : left_) {
            left.insert(key_of(detection));
        }
        for (const event::Detection& detection : found_) {
            count(detection, left);
        }
        return {};
    }

    void count(const event::Detection& detection, std::multiset<std::string>& left) {
        const event::RuleInfo& rule = *detection.rule;
        if (!exception().rule_id.empty() && rule.id != exception().rule_id) {
            return;
        }
        bool silenced = false;
        if (by_group_) {
            silenced = excepts_group(exception(), detection);
        } else if (const auto kept = left.find(key_of(detection)); kept != left.end()) {
            left.erase(kept);
        } else {
            silenced = true;
        }
        auto& of_rule = by_rule_[rule.id];
        if (of_rule.rule_id.empty()) {
            of_rule = {rule.id, rule.title, rule.title_vi};
        }
        ++effect_.matched;
        ++of_rule.matched;
        if (silenced) {
            ++effect_.silenced;
            ++of_rule.silenced;
            if (effect_.samples.size() < ExceptionEffect::kSamplesMax) {
                effect_.samples.emplace_back(rule.id, batch_[detection.row].id());
            }
        }
    }

    const store::EventSource& history_;
    const RuleService& rules_;
    std::shared_ptr<const RuleLoading> loading_;
    const EffectQuestion& question_;
    std::int64_t deadline_us_;
    bool by_group_ = false;  // from a correlation
    bool in_order_ = false;
    std::optional<detect::Engine> before_;
    std::optional<detect::Engine> after_;
    ExceptionEffect effect_;
    std::map<std::string, ExceptionEffect::OfRule> by_rule_;
    std::vector<event::EventId> ids_;
    event::EventBatch batch_;
    std::vector<event::Detection> found_;
    std::vector<event::Detection> left_;
};

}  // namespace

Result<ExceptionEffect> preview_exception(const store::EventSource& history,
                                          const RuleService& rules,
                                          const EffectQuestion& question) {
    return Preview(history, rules, question).run();
}

}  // namespace gac::pipeline
