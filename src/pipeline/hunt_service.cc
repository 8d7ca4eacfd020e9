#include "pipeline/hunt_service.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "base/log.h"
#include "pipeline/sighting.h"

namespace gac::pipeline {

namespace {

using response::HuntStatus;

constexpr int kLowPriority = 10;
constexpr std::size_t kAlertsAtOnce = 200;
constexpr std::size_t kTimesMax = 200'000;

// A hunt's findings are bounded; beyond, its `partial` says so.
void add_findings(const HuntReport& report, std::uint64_t& kept, response::Hunt& hunt) {
    std::string& array = hunt.findings;
    std::string one;
    for (const HuntFinding& finding : report.findings) {
        one.clear();
        append_json(finding, one);
        if (kept >= HuntService::kFindingsKept
            || array.size() + one.size() > HuntService::kFindingsBytesMax) {
            if (hunt.partial.empty()) {
                hunt.partial = fmt::format("only the first {} findings are kept", kept);
            }
            return;
        }
        array.insert(array.size() - 1, (array.size() > 2 ? "," : "") + one);
        ++kept;
    }
}

std::pair<std::string, std::string> key_of(const response::HuntPlace& place) {
    return {place.rule_id + '\n' + place.indicator, place.host};
}

// What alerts of a hunt say of the list: its own words, marked.
std::shared_ptr<const event::RuleInfo> found_backwards(const event::RuleInfo& list) {
    auto rule = std::make_shared<event::RuleInfo>(list);
    rule->title = "Found backwards: " + list.title;
    rule->title_vi = "Phát hiện ngược: " + list.title_vi;
    rule->tags.emplace_back("gac.hunt");
    return rule;
}

}  // namespace

HuntService::HuntService(HuntParts parts, HuntSettings settings)
    : parts_(std::move(parts)), settings_(std::move(settings)) {
    if (auto done = parts_.book.interrupt(); !done) {
        base::log_error("pipeline", "hunts of before are not marked as interrupted: {}",
                        done.error().message());
    }
    worker_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
    watcher_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
}

HuntService::~HuntService() {
    worker_.request_stop();
    watcher_.request_stop();
    {
        const std::lock_guard lock(mutex_);
        for (auto& [id, job] : jobs_) {
            job->stop.request_stop();
        }
    }
    changed_.notify_all();
}

Result<std::shared_ptr<const detect::IndicatorSet>> HuntService::set_of(
    const Wanted& wanted) const {
    if (!wanted.list.empty()) {
        IndicatorPaths paths = parts_.lists.paths();
        paths.lists.clear();
        for (const detect::IndicatorList& list : parts_.lists.active()->lists()) {
            if (list.name == wanted.list && !list.allow) {
                paths.lists.emplace_back(list.path);
            }
        }
        if (paths.lists.empty()) {
            return fail(Code::NotFound, "no list of that name is in force", "list");
        }
        IndicatorLoading loading = load_indicators(paths);
        if (!loading.failures.empty()) {
            return std::unexpected(base::at("list", loading.failures.front()));
        }
        return loading.set;
    }
    detect::IndicatorBuilder builder;
    builder.begin(wanted.name, false);
    builder.feed(wanted.indicators);
    if (auto done = builder.end(); !done) {
        return std::unexpected(base::at("indicators", std::move(done).error()));
    }
    auto set = builder.finish();
    if (set->empty()) {
        return fail(Code::InvalidArgument, "there is no indicator in it", "indicators");
    }
    return set;
}

Result<response::Hunt> HuntService::ask(const access::Actor& who, Wanted wanted) {
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.size() >= kWaitingMax) {
            return fail(Code::LimitExceeded,
                        fmt::format("{} hunts are waiting already", waiting_.size()));
        }
    }
    auto job = std::make_shared<Job>();
    job->who = who;
    GAC_TRY(set, set_of(wanted));
    job->set = std::move(set);
    response::Hunt hunt;
    hunt.name = wanted.name;
    hunt.from = wanted.from;
    hunt.to = wanted.to;
    hunt.id_end = hunt.done_to = parts_.events_end();
    hunt.indicators = job->set->entries();
    GAC_TRY(added, parts_.book.add(who, std::move(hunt)));
    job->hunt = added;
    job->wanted = std::move(wanted);
    job->wanted.indicators.clear();
    {
        const std::lock_guard lock(mutex_);
        jobs_[added.id.text()] = job;
        waiting_.push_back(std::move(job));
    }
    changed_.notify_all();
    return added;
}

Result<std::shared_ptr<const store::Hunter>> HuntService::hunter(const std::string& list) const {
    GAC_TRY(set, set_of({.list = list, .only_sources = {}}));
    return make_hunter(std::make_shared<const detect::IndicatorPlan>(
                           *parts_.profiles, detect::IndicatorOptions{.text = true}),
                       std::move(set));
}

bool HuntService::cancel(response::HuntId id) {
    const std::lock_guard lock(mutex_);
    const auto found = jobs_.find(id.text());
    return found != jobs_.end() && found->second->stop.request_stop();
}

void HuntService::wait(response::HuntId id, base::Duration longest) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::microseconds(longest.us),
                      [&] { return !jobs_.contains(id.text()); });
}

std::optional<HuntService::Running> HuntService::running(response::HuntId id) const {
    const std::lock_guard lock(mutex_);
    const auto found = jobs_.find(id.text());
    if (found == jobs_.end()) {
        return std::nullopt;
    }
    const store::Progress& progress = *found->second->progress;
    return Running{progress.events, progress.units_done, progress.units_all};
}

void HuntService::work(const std::stop_token& stop) {
    for (;;) {
        std::shared_ptr<Job> job;
        {
            std::unique_lock lock(mutex_);
            if (!changed_.wait(lock, stop, [&] { return !waiting_.empty(); })) {
                return;
            }
            job = std::move(waiting_.front());
            waiting_.pop_front();
        }
        run(*job);
        if (stop.stop_requested()) {
            return;  // marked as interrupted at the next start
        }
        if (auto kept = parts_.book.keep(job->who, job->hunt); !kept) {
            base::log_error("pipeline", "the end of a hunt is not noted: {}",
                            kept.error().message());
        }
        {
            const std::lock_guard lock(mutex_);
            jobs_.erase(job->hunt.id.text());
        }
        changed_.notify_all();
    }
}

void HuntService::run(Job& job) {
    response::Hunt& hunt = job.hunt;
    const auto end = [&](HuntStatus status) {
        hunt.status = status;
        hunt.ended = parts_.clock.now();
    };
    if (job.stop.stop_requested()) {
        end(HuntStatus::Cancelled);
        return;
    }
    hunt.status = HuntStatus::Running;
    if (auto kept = parts_.book.keep(job.who, hunt); !kept) {
        base::log_warn("pipeline", "the beginning of a hunt is not noted: {}",
                       kept.error().message());
    }
    store::HuntQuestion question;
    question.range.from = hunt.from.value_or(question.range.from);
    question.range.to = hunt.to.value_or(question.range.to);
    question.only_sources = job.wanted.only_sources;
    question.id_end = hunt.id_end;
    const auto plan =
        job.wanted.text == parts_.lists.plan()->reads_texts()
            ? parts_.lists.plan()
            : std::make_shared<const detect::IndicatorPlan>(
                  *parts_.profiles, detect::IndicatorOptions{.text = job.wanted.text});
    const auto report = hunt_history(parts_.history, plan, job.set, {}, question,
                                     {.bytes_max = ~std::uint64_t{0},
                                      .time_max = base::Duration::seconds(24 * 3600),
                                      .cancel = job.stop.get_token(),
                                      .progress = job.progress});
    if (!report) {
        hunt.partial = report.error().message();
        end(HuntStatus::Failed);
        return;
    }
    hunt.events = report->events;
    hunt.found = report->findings.size();
    hunt.partial = report->partial;
    add_findings(*report, job.kept, hunt);
    end(job.stop.stop_requested() ? HuntStatus::Cancelled : HuntStatus::Done);
}

// ---- by itself ----

void HuntService::watch(const std::stop_token& stop) {
    if (!settings_.automatic || parts_.lists.paths().lists.empty()) {
        settled_ = true;
        return;
    }
    // Of this thread alone; hunting runs on it.
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), kLowPriority);
    std::shared_ptr<const detect::IndicatorSet> seen;
    std::mutex idle;
    std::condition_variable_any wake;
    const auto pause = [&] {
        std::unique_lock lock(idle);
        wake.wait_for(lock, stop, std::chrono::microseconds(settings_.look_every.us),
                      [] { return false; });
    };
    while (!stop.stop_requested()) {
        if (const auto active = parts_.lists.active(); active != seen) {
            // What was matched with the lists of before is in history a moment later.
            settled_ = false;
            seen = active;
            pause();
            if (!stop.stop_requested()) {
                hunt_new(stop);
            }
            settled_ = parts_.lists.active() == seen;
        }
        pause();
    }
}

void HuntService::hunt_new(const std::stop_token& stop) {
    KnownEntries known = KnownEntries::load(settings_.known_file);
    const std::string fingerprint = parts_.lists.fingerprint();
    if (!known.numbers.empty() && known.fingerprint == fingerprint) {
        return;
    }
    NewEntries entries(known);
    IndicatorLoading loading = load_indicators(parts_.lists.paths(), {}, &entries);
    const std::string mark = fmt::format("{:016x}-{}", entries.mark(), entries.taken());
    const std::uint64_t taken = entries.taken();
    KnownEntries all{.fingerprint = fingerprint, .numbers = std::move(entries).all()};
    known = {};
    const auto done = [&]() -> Result<bool> {
        GAC_TRY(unfinished, parts_.book.unfinished());
        auto job = std::make_shared<Job>();
        job->who = self_;
        job->set = std::move(loading.set);
        if (unfinished && unfinished->fingerprint == mark && taken > 0) {
            job->hunt = *std::move(unfinished);
            GAC_CHECK(remember(*job));
            base::log_info("pipeline", "hunting for {} new indicators goes on below event {}",
                           taken, job->hunt.done_to);
        } else {
            std::vector<response::HuntPlace> before;
            if (unfinished) {  // the lists changed once more
                GAC_TRY(places, parts_.book.places(unfinished->id));
                before = std::move(places);
                unfinished->status = HuntStatus::Interrupted;
                unfinished->ended = parts_.clock.now();
                GAC_CHECK(parts_.book.keep(self_, *unfinished));
            }
            if (taken == 0) {
                return true;
            }
            response::Hunt hunt;
            hunt.automatic = true;
            hunt.status = HuntStatus::Running;
            hunt.name = "Chỉ dấu mới";
            hunt.id_end = hunt.done_to = parts_.events_end();
            hunt.indicators = taken;
            hunt.fingerprint = mark;
            if (settings_.back.us > 0) {
                hunt.from = parts_.clock.now() - settings_.back;
            }
            GAC_TRY(added, parts_.book.add(self_, std::move(hunt)));
            job->hunt = std::move(added);
            // What it opened alerts for then is opened no second time.
            GAC_CHECK(parts_.book.note(job->hunt.id, before));
            for (const response::HuntPlace& place : before) {
                job->times.emplace(key_of(place), place.time);
            }
        }
        {
            const std::lock_guard lock(mutex_);
            jobs_[job->hunt.id.text()] = job;
        }
        // A stop of the service and a person's cancelling are told apart by `stop`.
        const std::stop_callback both(stop, [&] { job->stop.request_stop(); });
        bool whole = true;
        response::Hunt& hunt = job->hunt;
        while (whole && hunt.done_to > 0) {
            const event::EventId begin =
                hunt.done_to > settings_.part ? hunt.done_to - settings_.part : 0;
            GAC_TRY(looked, hunt_part(*job, begin, hunt.done_to));
            whole = looked;
        }
        if (stop.stop_requested() && !whole) {
            return false;  // goes on after the next start
        }
        hunt.status = whole ? HuntStatus::Done : HuntStatus::Cancelled;
        hunt.ended = parts_.clock.now();
        GAC_CHECK(parts_.book.keep(self_, hunt));
        base::log_info("pipeline", "hunted {} events for {} new indicators: {} found, {} alerts",
                       hunt.events, hunt.indicators, hunt.found, hunt.alerts);
        const std::lock_guard lock(mutex_);
        jobs_.erase(hunt.id.text());
        changed_.notify_all();
        return true;
    }();
    if (!done) {
        base::log_error("pipeline",
                        "hunting for new indicators stopped, tried again at the next "
                        "change or start: {}",
                        done.error().message());
    } else if (*done && loading.failures.empty()) {
        if (auto saved = all.save(settings_.known_file); !saved) {
            base::log_error("pipeline", "what was hunted for is not noted: {}",
                            saved.error().message());
        }
    }
}

// What the hunt had found when the program ended: its alerts are those that were opened then.
Result<> HuntService::remember(Job& job) {
    GAC_TRY(places, parts_.book.places(job.hunt.id));
    for (const response::HuntPlace& place : places) {
        job.times.emplace(key_of(place), place.time);
        job.found.emplace(place.type, place.indicator);
    }
    // With what stands in a part that did not come to its end: it is looked at once more.
    job.hunt.found = std::max<std::uint64_t>(job.hunt.found, job.found.size());
    constexpr std::string_view kBegin = "{\"indicator\":";
    for (std::size_t at = 0; (at = job.hunt.findings.find(kBegin, at)) != std::string::npos;
         at += kBegin.size()) {
        ++job.kept;
    }
    return {};
}

// False when it was stopped before its end: then nothing of the part is noted.
Result<bool> HuntService::hunt_part(Job& job, event::EventId begin, event::EventId end) {
    response::Hunt& hunt = job.hunt;
    store::HuntQuestion question;
    question.range.from = hunt.from.value_or(question.range.from);
    question.id_begin = begin;
    question.id_end = end;
    question.threads = 1;
    GAC_TRY(report, hunt_history(parts_.history, parts_.lists.plan(), job.set,
                                 *parts_.rules.disabled(), question,
                                 {.bytes_max = ~std::uint64_t{0},
                                  .time_max = base::Duration::seconds(7 * 24 * 3600),
                                  .cancel = job.stop.get_token(),
                                  .progress = job.progress}));
    if (job.stop.stop_requested()) {
        return false;
    }
    GAC_TRY(opened, raise(job, report));
    add_findings(report, job.kept, hunt);
    hunt.events += report.events;
    for (const HuntFinding& finding : report.findings) {
        const bool fresh = job.found
                               .emplace(std::string(detect::name_of(finding.indicator.type)),
                                        finding.indicator.text)
                               .second;
        hunt.found += fresh ? 1 : 0;
    }
    hunt.alerts += opened;
    hunt.done_to = begin;
    if (hunt.partial.empty()) {
        hunt.partial = report.partial;
    }
    GAC_CHECK(parts_.book.keep(self_, hunt));
    return true;
}

// One alert for each indicator and host, however many events, parts and restarts: at which time it
// stands is noted before it is raised.
Result<std::uint64_t> HuntService::raise(Job& job, const HuntReport& report) {
    struct Line {
        const HuntFinding* finding;
        const store::HuntAnswer::OnHost* host;
    };
    std::vector<Line> lines;
    for (const HuntFinding& finding : report.findings) {
        for (const store::HuntAnswer::OnHost& host : finding.seen.hosts) {
            lines.push_back({&finding, &host});
        }
    }
    std::uint64_t opened = 0;
    std::map<const event::RuleInfo*, std::shared_ptr<const event::RuleInfo>> rules;
    for (std::size_t begin = 0; begin < lines.size(); begin += kAlertsAtOnce) {
        const auto some =
            std::span(lines).subspan(begin, std::min(kAlertsAtOnce, lines.size() - begin));
        std::vector<event::EventId> ids;
        for (const Line& line : some) {
            for (const store::HuntAnswer::Sample& sample : line.host->samples) {
                ids.push_back(sample.id);
            }
        }
        std::ranges::sort(ids);
        const auto rest = std::ranges::unique(ids);
        ids.erase(rest.begin(), rest.end());
        event::EventBatch batch;
        GAC_CHECK(parts_.history.fetch(ids, batch));
        std::map<event::EventId, std::uint32_t> row_of;
        for (std::uint32_t row = 0; row < batch.size(); ++row) {
            row_of.emplace(batch.id_of(row), row);
        }
        std::vector<event::Detection> detections;
        std::vector<response::HuntPlace> fresh;
        for (const Line& line : some) {
            const HuntFinding& finding = *line.finding;
            const store::HuntAnswer::OnHost& host = *line.host;
            event::Detection hit;
            for (auto sample = host.samples.rbegin(); sample != host.samples.rend(); ++sample) {
                if (const auto row = row_of.find(sample->id); row != row_of.end()) {
                    hit.events.push_back(sample->id);
                    hit.row = row->second;  // in the end the newest
                }
            }
            if (hit.events.empty()) {
                continue;  // retention was quicker
            }
            auto& rule = rules[finding.indicator.rule.get()];
            if (!rule) {
                rule = found_backwards(*finding.indicator.rule);
            }
            hit.rule = rule;
            response::HuntPlace place{.rule_id = rule->id,
                                      .type = std::string(detect::name_of(finding.indicator.type)),
                                      .indicator = finding.indicator.text,
                                      .host = host.host,
                                      .time = host.last};
            const auto known = job.times.find(key_of(place));
            hit.time = known == job.times.end() ? host.last : known->second;
            if (known == job.times.end() && job.times.size() < kTimesMax) {
                job.times.emplace(key_of(place), host.last);
                fresh.push_back(std::move(place));
            }
            hit.first = host.first;
            hit.group = {{"indicator", finding.indicator.text}, {"host.name", host.host}};
            hit.matched = {{"hunt.found", fmt::format("Phát hiện ngược: {} sự kiện từ {} đến {}",
                                                      host.count, base::format_rfc3339(host.first),
                                                      base::format_rfc3339(host.last))}};
            hit.count = host.count;
            hit.indicator_type = detect::name_of(finding.indicator.type);
            hit.entries = finding.indicator.entries;
            detections.push_back(std::move(hit));
        }
        GAC_CHECK(parts_.book.note(job.hunt.id, fresh));
        const auto sightings = make_sightings(batch, detections, *parts_.profiles, parts_.sources,
                                              *parts_.rules.disabled());
        GAC_TRY(raised, parts_.alerts.raise(sightings));
        opened += raised.opened;
    }
    return opened;
}

}  // namespace gac::pipeline
