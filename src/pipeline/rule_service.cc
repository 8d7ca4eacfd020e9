#include "pipeline/rule_service.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "base/log.h"
#include "base/text.h"
#include "pipeline/exception_filter.h"

namespace gac::pipeline {

namespace {

// Puts the texts of `before` in place of changed files that are refused now and were not before.
// Gives out why they were refused.
std::vector<detect::RuleFault> take_back_refused(const RuleLoading& before, RuleLoading& now) {
    std::map<std::string_view, const detect::RuleText*> former;
    for (const detect::RuleText& text : before.texts) {
        former.emplace(text.path, &text);
    }
    for (const detect::RuleFault& fault : before.faults) {
        if (!fault.warning && !before.kept.contains(fault.path)) {
            former.erase(fault.path);
        }
    }
    std::vector<detect::RuleFault> refused;
    for (detect::RuleText& text : now.texts) {
        const auto known = former.find(text.path);
        if (text.unreadable.empty() && base::trim(text.yaml).empty() && known != former.end()
            && !base::trim(known->second->yaml).empty()) {
            text.yaml = known->second->yaml;
            now.kept.insert(text.path);
            refused.push_back({.path = text.path,
                               .id = {},
                               .title = {},
                               .reason = "the file is empty; the version before stays in force "
                                         "until the file is deleted"});
            base::log_error("pipeline", "{}: {}", text.path, refused.back().reason);
        }
    }
    for (const detect::RuleFault& fault : now.faults) {
        const auto known = former.find(fault.path);
        if (fault.warning || known == former.end()) {
            continue;
        }
        const auto text = std::ranges::find(now.texts, fault.path, &detect::RuleText::path);
        if (text == now.texts.end()
            || (text->yaml == known->second->yaml && !now.kept.contains(fault.path))) {
            continue;  // the file is as it was: something that it refers to has changed
        }
        text->yaml = known->second->yaml;
        text->unreadable.clear();
        now.kept.insert(fault.path);
        refused.push_back(fault);
        refused.back().reason += "; the version before stays in force";
        base::log_error("pipeline", "{}:{}: {}", fault.path, fault.line, refused.back().reason);
    }
    return refused;
}

}  // namespace

std::optional<double> ns_per_evaluation(const detect::RuleCost& cost) {
    if (cost.sampled == 0) {
        return std::nullopt;
    }
    return static_cast<double>(cost.sampled_ns) / static_cast<double>(cost.sampled);
}

std::optional<double> RuleCosts::share(const detect::RuleCost& cost) const {
    const auto each = ns_per_evaluation(cost);
    if (!each || total_ns <= 0) {
        return std::nullopt;
    }
    return *each * static_cast<double>(cost.candidates) / total_ns;
}

RuleService::RuleService(RuleSources sources, response::RulesBook& book,
                         response::RuleExceptions& exceptions, const base::Clock& clock)
    : sources_(std::move(sources)),
      packs_(sources_.packs),
      book_(book),
      exceptions_(exceptions),
      clock_(clock),
      disabled_(std::make_shared<const std::set<std::string>>()),
      loading_(std::make_shared<const RuleLoading>()) {
    packs_.remove_leftovers();
}

detect::CompileOptions RuleService::compile_options() const {
    detect::CompileOptions options;
    options.profiles = sources_.profiles;
    options.placeholders = sources_.placeholders;
    return options;
}

Result<> RuleService::reload() {
    return turn_.with([&](Turn&) -> Result<> {
        const std::string seen = fingerprint();
        const std::int64_t started = base::monotonic_us();
        auto loading = std::make_shared<RuleLoading>();
        GAC_TRY(texts, detect::read_rules(paths()));
        loading->texts = std::move(texts);
        GAC_TRY(exceptions, exceptions_.in_force());
        loading->exceptions = std::move(exceptions);
        GAC_TRY(rules, compile_all(*loading));
        if (auto refused = take_back_refused(*loading_.get(), *loading); !refused.empty()) {
            GAC_TRY(again, compile_all(*loading));
            rules = std::move(again);
            std::ranges::move(refused, std::back_inserter(loading->faults));
        }
        GAC_CHECK(refresh_disabled());
        loading->at = clock_.now();
        loading->took = {base::monotonic_us() - started};
        base::log_info("pipeline", "{} rules in force, {} refused, {} exceptions, loaded in {} ms",
                       rules->loaded(), rules->refused(), loading->exceptions.size(),
                       loading->took.us / 1000);
        active_.set(std::move(rules));
        loading_.set(std::move(loading));
        seen_.with([&](std::string& last) { last = seen; });
        return {};
    });
}

std::vector<std::filesystem::path> RuleService::paths() const {
    std::vector<std::filesystem::path> out = sources_.paths;
    std::ranges::move(packs_.in_force(), std::back_inserter(out));
    return out;
}

Result<std::shared_ptr<const detect::RuleSet>> RuleService::compile_all(
    RuleLoading& loading) const {
    std::vector<detect::RuleText> all = loading.texts;
    for (const response::RuleException& exception : loading.exceptions) {
        all.push_back(exception_filter(exception));
    }
    std::vector<detect::RuleFault> faults;
    detect::CompileOptions options = compile_options();
    options.cache = sources_.cache;
    GAC_TRY(rules, detect::compile(all, options, &faults));
    loading.faults.clear();
    loading.exception_faults.clear();
    for (detect::RuleFault& fault : faults) {
        if (const auto id = exception_of_path(fault.path); !id.empty()) {
            loading.exception_faults.emplace(id, std::move(fault.reason));
        } else {
            loading.faults.push_back(std::move(fault));
        }
    }
    return rules;
}

Result<> RuleService::refresh_disabled() {
    GAC_TRY(ids, book_.disabled());
    disabled_.set(std::make_shared<const std::set<std::string>>(ids.begin(), ids.end()));
    return {};
}

void RuleService::reload_if_changed() {
    if (const auto noted = exceptions_.note_expired(); !noted) {
        base::log_error("pipeline", "expired exceptions not noted: {}", noted.error().message());
    }
    const std::string now = fingerprint();
    const bool changed = seen_.with([&](std::string& last) {
        const bool differs = last != now;
        last = now;  // a broken file is tried once, not every second
        return differs;
    });
    if (!changed) {
        return;
    }
    if (const auto done = reload(); !done) {
        base::log_error("pipeline", "rules not reloaded, the old ones stay: {}",
                        done.error().message());
    }
}

std::string RuleService::fingerprint() const {
    namespace fs = std::filesystem;
    std::vector<std::string> lines;
    std::error_code ignored;
    const auto note = [&](const fs::path& path) {
        const auto written = fs::last_write_time(path, ignored).time_since_epoch().count();
        lines.push_back(
            fmt::format("{} {} {}", path.string(), written, fs::file_size(path, ignored)));
    };
    for (const fs::path& path : sources_.paths) {
        if (!fs::is_directory(path, ignored)) {
            note(path);
            continue;
        }
        // By hand, because ++ throws when a folder goes while it is read.
        std::error_code fault;
        for (auto entry = fs::recursive_directory_iterator(path, fault);
             !fault && entry != fs::recursive_directory_iterator(); entry.increment(fault)) {
            if (entry->is_regular_file(ignored)) {
                note(entry->path());
            }
        }
    }
    // What is in a version of a pack never changes: its name is enough.
    for (const fs::path& pack : packs_.in_force()) {
        lines.push_back(pack.string());
    }
    std::ranges::sort(lines);
    // Unreadable for a moment counts as a change: the reload that it brings does no harm.
    lines.push_back(exceptions_.stamp().value_or(std::string()));
    return fmt::format("{}", fmt::join(lines, "\n"));
}

Result<> RuleService::check_exception(const response::NewException& wanted) const {
    const auto set = active_.get();
    if (wanted.rule_id.empty()) {
        return {};
    }
    const auto rules = set->rules();
    const auto rule = std::ranges::find(rules, wanted.rule_id, [](const auto& r) { return r->id; });
    if (rule == rules.end()) {
        return fail(Code::NotFound, "no such rule is loaded", "rule_id");
    }
    if ((*rule)->kind != event::DetectionKind::Correlation) {
        return {};
    }
    const std::vector<std::string> group = set->group_by(wanted.rule_id);
    for (const response::ExceptionCondition& condition : wanted.conditions) {
        if (std::ranges::find(group, condition.field) == group.end()) {
            return fail(
                Code::InvalidArgument,
                fmt::format("a correlation is excepted by what it groups by: {}; for other "
                            "fields make an exception from the rules that it counts",
                            group.empty() ? "nothing" : fmt::format("{}", fmt::join(group, ", "))),
                "conditions.field");
        }
    }
    if (wanted.unit) {
        return fail(Code::InvalidArgument, "an exception from a correlation is for all units",
                    "unit_id");
    }
    return {};
}

std::string RuleService::exception_fault(response::ExceptionId id) const {
    const auto loading = loading_.get();
    const auto fault = loading->exception_faults.find(id.text());
    if (fault != loading->exception_faults.end()) {
        return fault->second;
    }
    const auto exception = std::ranges::find(loading->exceptions, id, &response::RuleException::id);
    if (exception == loading->exceptions.end()) {
        return {};
    }
    const auto works = check_exception(*exception);
    return works ? std::string() : works.error().text;
}

void RuleService::drop_excepted(std::vector<event::Detection>& detections) const {
    if (!detections.empty()) {
        pipeline::drop_excepted(loading_.get()->exceptions, detections);
    }
}

void RuleService::add_costs(std::span<const detect::MeteredRule> costs) {
    costs_.with([&](auto& all) {
        for (const auto& [rule, cost] : costs) {
            detect::RuleCost& sum = all[rule->id];
            sum.candidates += cost.candidates;
            sum.matches += cost.matches;
            sum.sampled += cost.sampled;
            sum.sampled_ns += cost.sampled_ns;
        }
    });
}

std::shared_ptr<const RuleCosts> RuleService::costs() const {
    auto out = std::make_shared<RuleCosts>();
    out->rules = costs_.with([](const auto& all) { return all; });
    for (const auto& [id, cost] : out->rules) {
        out->total_ns += ns_per_evaluation(cost).value_or(0) * static_cast<double>(cost.candidates);
    }
    return out;
}

}  // namespace gac::pipeline
