#include "pipeline/reporter.h"

#include <condition_variable>
#include <mutex>

#include "base/log.h"

namespace gac::pipeline {

namespace {
constexpr int kReportEverySeconds = 3;
}

Reporter::Reporter(SourceTable& sources, response::SourceBook& book,
                   std::shared_ptr<const event::ProfileSet> profiles,
                   std::function<void()> every_second)
    : sources_(sources),
      book_(book),
      profiles_(std::move(profiles)),
      every_second_(std::move(every_second)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Reporter::~Reporter() {
    stop();
    report();
}

void Reporter::stop() {
    thread_.request_stop();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void Reporter::run(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    for (int second = 1; !stop.stop_requested(); ++second) {
        std::unique_lock lock(mutex);
        wake.wait_for(lock, stop, std::chrono::seconds(1), [] { return false; });
        every_second_();
        if (second % kReportEverySeconds == 0) {
            report();
        }
    }
}

void Reporter::report() {
    const std::uint32_t count = sources_.size();
    told_.resize(count);
    std::vector<response::SourceReport> reports;
    std::vector<SourceCounts> now(told_);
    for (std::uint32_t i = 0; i < count; ++i) {
        const event::SourceId id{i};
        const SourceInfo info = sources_.info(id);
        if (info.kind.empty()) {
            continue;  // known from history only, or our own
        }
        now[i] = sources_.counts(id);
        if (now[i].events == told_[i].events && now[i].bytes == told_[i].bytes) {
            continue;
        }
        response::SourceReport& one = reports.emplace_back();
        one.name = info.name;
        one.kind = info.kind;
        one.profile = info.profile == event::ProfileId{} ? "" : (*profiles_)[info.profile].name;
        one.format = info.format;
        one.events = now[i].events - told_[i].events;
        one.bytes = now[i].bytes - told_[i].bytes;
        one.parse_failures = now[i].failed - told_[i].failed;
        one.first_received = told_[i].events == 0 ? now[i].first : told_[i].last;
        one.last_received = now[i].last;
        one.drill = info.kind == "sample";
    }
    if (reports.empty()) {
        return;
    }
    if (const auto done = book_.report(reports); !done) {
        base::log_warn("pipeline", "sources not reported, trying again: {}",
                       done.error().message());
        return;
    }
    told_ = std::move(now);
}

}  // namespace gac::pipeline
