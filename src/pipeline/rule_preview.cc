#include "pipeline/rule_preview.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "pipeline/exception_filter.h"
#include "pipeline/history_judge.h"

namespace gac::pipeline {

namespace {

constexpr std::string_view kDraftPath = "preview";
constexpr std::size_t kInputsMax = 1'000'000;  // that wait for a correlation at once
constexpr base::Duration kVietnam = base::Duration::hours(7);
constexpr std::int64_t kDayUs = base::Duration::days(1).us;

base::TimePoint day_of(base::TimePoint time) {
    const std::int64_t local = time.us + kVietnam.us;
    const std::int64_t into = ((local % kDayUs) + kDayUs) % kDayUs;
    return {time.us - into};
}

// The rules to judge by: those asked for and what they count, nothing else.
struct Chosen {
    std::shared_ptr<const detect::RuleSet> set;
    std::vector<std::shared_ptr<const event::RuleInfo>> wanted;
};

class Choice {
public:
    explicit Choice(const PreviewRules& known) : known_(known) {}

    Result<Chosen> loaded(const std::string& id) const {
        const auto info = known_.compiled ? find(*known_.compiled, id) : nullptr;
        if (!info) {
            return fail(Code::NotFound, "no such rule is loaded", "rule_id");
        }
        std::set<std::string_view> paths{info->path};
        const auto behind = known_.compiled->behind(id);
        for (const auto& rule : behind) {
            paths.insert(rule->path);
        }
        std::vector<detect::RuleText> texts = exceptions();
        for (const detect::RuleText& text : known_.texts) {
            if (paths.contains(text.path)) {
                texts.push_back(text);
            }
        }
        // A building block is asked about as if it spoke for itself.
        detect::CompileOptions options = known_.options;
        options.generate_all = true;
        Chosen out;
        GAC_TRY(set, detect::compile(texts, options, nullptr));
        out.set = std::move(set);
        if (const auto rule = find(*out.set, id)) {
            out.wanted.push_back(rule);
            return out;
        }
        return fail(Code::NotFound, "the rule cannot be loaded any more", "rule_id");
    }

    Result<Chosen> draft(const std::string& yaml) const {
        const detect::RuleText text{
            .path = std::string(kDraftPath), .yaml = yaml, .stamp = {}, .unreadable = {}};
        std::vector<detect::RuleText> texts = exceptions();
        texts.push_back(text);
        std::vector<detect::RuleFault> faults;
        GAC_TRY(alone, detect::compile(texts, known_.options, &faults));
        std::shared_ptr<const detect::RuleSet> set = std::move(alone);
        if (refused(faults) != nullptr) {  // it may count rules in force
            GAC_TRY(others, without_replaced(text));
            std::vector<detect::RuleText> all = texts;
            std::ranges::copy(others, std::back_inserter(all));
            faults.clear();
            GAC_TRY(whole, detect::compile(all, known_.options, &faults));
            if (const detect::RuleFault* fault = refused(faults)) {
                return fail(Code::InvalidArgument, fault->reason,
                            fault->line > 0 ? fmt::format("text line {}", fault->line) : "text");
            }
            std::set<std::string> paths;
            for (const auto& rule : of_draft(*whole)) {
                for (const auto& behind : whole->behind(rule->id)) {
                    paths.insert(behind->path);
                }
            }
            for (const detect::RuleText& other : others) {
                if (paths.contains(other.path)) {
                    texts.push_back(other);
                }
            }
            GAC_TRY(some, detect::compile(texts, known_.options, nullptr));
            set = std::move(some);
        }
        Chosen out{.set = std::move(set), .wanted = {}};
        out.wanted = of_draft(*out.set);
        if (out.wanted.empty()) {
            return fail(Code::InvalidArgument, "there is no rule in it", "text");
        }
        return out;
    }

private:
    static std::shared_ptr<const event::RuleInfo> find(const detect::RuleSet& set,
                                                       std::string_view id) {
        for (const auto& rule : set.rules()) {
            if (rule->id == id) {
                return rule;
            }
        }
        return nullptr;
    }
    static std::vector<std::shared_ptr<const event::RuleInfo>> of_draft(
        const detect::RuleSet& set) {
        std::vector<std::shared_ptr<const event::RuleInfo>> out;
        for (const auto& rule : set.rules()) {
            if (rule->path == kDraftPath) {
                out.push_back(rule);
            }
        }
        return out;
    }
    static const detect::RuleFault* refused(const std::vector<detect::RuleFault>& faults) {
        const auto fault = std::ranges::find_if(
            faults, [](const auto& one) { return !one.warning && one.path == kDraftPath; });
        return fault == faults.end() ? nullptr : &*fault;
    }

    std::vector<detect::RuleText> exceptions() const {
        std::vector<detect::RuleText> out;
        for (const response::RuleException& one : known_.exceptions) {
            out.push_back(exception_filter(one));
        }
        return out;
    }

    // What is in force, less the files of rules that the draft is a new version of.
    Result<std::vector<detect::RuleText>> without_replaced(const detect::RuleText& draft) const {
        auto read = detect::outline(draft);
        if (!read) {
            return std::unexpected(base::at("text", std::move(read).error()));
        }
        std::set<std::string_view> paths;
        for (const detect::RuleOutline& one : *read) {
            const auto rule =
                known_.compiled && !one.id.empty() ? find(*known_.compiled, one.id) : nullptr;
            if (rule) {
                paths.insert(rule->path);
            }
        }
        std::vector<detect::RuleText> out;
        for (const detect::RuleText& text : known_.texts) {
            if (!paths.contains(text.path)) {
                out.push_back(text);
            }
        }
        return out;
    }

    const PreviewRules& known_;
};

class Counts final : public HistoryUse {
public:
    Counts(const Chosen& chosen, std::span<const response::RuleException> exceptions)
        : exceptions_(exceptions) {
        for (const auto& rule : chosen.wanted) {
            preview_.rules.push_back({.rule = rule});
        }
    }

    bool take(HistoryHit hit) override {
        const auto rule = std::ranges::find(
            preview_.rules, hit.detection.rule->id,
            [](const RulePreview::OfRule& one) { return std::string_view(one.rule->id); });
        if (rule == preview_.rules.end() || is_excepted(hit.detection)) {
            return true;
        }
        ++rule->matched;
        ++preview_.matched;
        const base::TimePoint time = hit.detection.time;
        preview_.first = std::min(preview_.first.value_or(time), time);
        preview_.last = std::max(preview_.last.value_or(time), time);
        count(days_, day_of(time), RulePreview::kDaysMax);
        if (!count(hosts_, std::move(hit.host), RulePreview::kHostsMax)) {
            preview_.more_hosts = true;
        }
        add_sample({.time = time, .event = hit.event, .rule_id = hit.detection.rule->id});
        return true;
    }

    RulePreview finish(const JudgeReport& report) && {
        preview_.hosts_all = hosts_.size();
        for (const auto& [host, matched] : hosts_) {
            preview_.hosts.push_back({host, matched});
        }
        std::ranges::sort(preview_.hosts, [](const auto& a, const auto& b) {
            return a.matched != b.matched ? a.matched > b.matched : a.host < b.host;
        });
        preview_.hosts.resize(std::min(preview_.hosts.size(), RulePreview::kHostsShown));
        for (const auto& [day, matched] : days_) {
            preview_.days.push_back({day, matched});
        }
        preview_.judged_events = report.judged_events;
        preview_.scanned_bytes = report.scanned_bytes;
        preview_.blocks = report.skips.blocks;
        preview_.blocks_skipped = report.skips.skipped();
        preview_.partial = report.partial;
        return std::move(preview_);
    }

private:
    bool is_excepted(const event::Detection& detection) const {
        if (detection.rule->kind != event::DetectionKind::Correlation) {
            return false;
        }
        std::vector<event::Detection> one{detection};
        drop_excepted(exceptions_, one);
        return one.empty();
    }

    template <class Key>
    static bool count(std::map<Key, std::uint64_t>& counts, Key key, std::size_t most) {
        const auto found = counts.find(key);
        if (found != counts.end()) {
            ++found->second;
            return true;
        }
        if (counts.size() >= most) {
            return false;
        }
        counts.emplace(std::move(key), 1);
        return true;
    }

    void add_sample(RulePreview::Sample sample) {
        const auto newer = [](const RulePreview::Sample& a, const RulePreview::Sample& b) {
            return std::tie(a.time, a.event) > std::tie(b.time, b.event);
        };
        std::vector<RulePreview::Sample>& all = preview_.samples;
        if (all.size() == RulePreview::kSamplesMax && !newer(sample, all.back())) {
            return;
        }
        all.insert(std::ranges::upper_bound(all, sample, newer), std::move(sample));
        all.resize(std::min(all.size(), RulePreview::kSamplesMax));
    }

    std::span<const response::RuleException> exceptions_;
    RulePreview preview_;
    std::map<std::string, std::uint64_t> hosts_;
    std::map<base::TimePoint, std::uint64_t> days_;
};

}  // namespace

Result<RulePreview> preview_rule(const store::EventSource& history,
                                 const store::SourceNames& sources, const PreviewRules& known,
                                 const PreviewQuestion& question) {
    const Choice choice(known);
    GAC_TRY(chosen, question.rule_id.empty() ? choice.draft(question.text)
                                             : choice.loaded(question.rule_id));
    Counts counts(chosen, known.exceptions);
    const JudgeQuestion judge{.rules = chosen.set,
                              .range = question.range,
                              .only_sources = question.only_sources,
                              .newest_first = true,
                              .inputs_kept = kInputsMax / 2,
                              .inputs_max = kInputsMax,
                              .budget = question.budget};
    GAC_TRY(report, judge_history(history, *known.options.profiles, sources, judge, counts));
    return std::move(counts).finish(report);
}

}  // namespace gac::pipeline
