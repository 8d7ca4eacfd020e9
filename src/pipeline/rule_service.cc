#include "pipeline/rule_service.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"

namespace gac::pipeline {

RuleService::RuleService(std::vector<std::filesystem::path> paths,
                         std::shared_ptr<const event::ProfileSet> profiles,
                         response::RulesBook& book, const base::Clock& clock)
    : paths_(std::move(paths)),
      profiles_(std::move(profiles)),
      book_(book),
      clock_(clock),
      disabled_(std::make_shared<const std::set<std::string>>()),
      loading_(std::make_shared<const RuleLoading>()) {}

Result<> RuleService::reload() {
    const std::string seen = fingerprint();
    const std::int64_t started = base::monotonic_us();
    auto loading = std::make_shared<RuleLoading>();
    GAC_TRY(texts, detect::read_rules(paths_));
    loading->texts = std::move(texts);
    detect::CompileOptions options;
    options.profiles = profiles_;
    GAC_TRY(rules, detect::compile(loading->texts, options, &loading->faults));
    GAC_CHECK(refresh_disabled());
    loading->at = clock_.now();
    loading->took = {base::monotonic_us() - started};
    base::log_info("pipeline", "{} rules in force, {} refused, loaded in {} ms", rules->loaded(),
                   rules->refused(), loading->took.us / 1000);
    active_.set(std::move(rules));
    loading_.set(std::move(loading));
    seen_.with([&](std::string& last) { last = seen; });
    return {};
}

Result<> RuleService::refresh_disabled() {
    GAC_TRY(ids, book_.disabled());
    disabled_.set(std::make_shared<const std::set<std::string>>(ids.begin(), ids.end()));
    return {};
}

void RuleService::reload_if_changed() {
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
    for (const fs::path& path : paths_) {
        if (!fs::is_directory(path, ignored)) {
            note(path);
            continue;
        }
        for (const auto& entry : fs::recursive_directory_iterator(path, ignored)) {
            if (entry.is_regular_file(ignored)) {
                note(entry.path());
            }
        }
    }
    std::ranges::sort(lines);
    return fmt::format("{}", fmt::join(lines, "\n"));
}

}  // namespace gac::pipeline
