#include "pipeline/indicator_service.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <set>

#include <fmt/format.h>

#include "base/file.h"
#include "base/log.h"
#include "base/metrics.h"
#include "ingest/unpack.h"

namespace gac::pipeline {

namespace {

namespace fs = std::filesystem;

constexpr auto kLookEvery = std::chrono::seconds(1);
constexpr std::size_t kFaultsLogged = 5;  // of one loading

bool is_list_file(const fs::path& path) {
    const std::string name = path.filename().string();
    return !name.starts_with('.') && !name.ends_with('~') && path.extension() != ".md"
           && path.extension() != ".tmp" && path.extension() != ".part";
}

struct ListFile {
    fs::path path;
    bool allow = false;
};

std::vector<ListFile> find_files(const IndicatorPaths& paths, std::vector<Error>& failures) {
    std::vector<ListFile> files;
    const auto add = [&](const fs::path& given, bool allow) {
        std::error_code fault;
        if (!fs::is_directory(given, fault)) {
            files.push_back({given, allow});
            return;
        }
        std::vector<fs::path> inside;
        for (auto at = fs::recursive_directory_iterator(
                 given, fs::directory_options::follow_directory_symlink, fault);
             !fault && at != fs::recursive_directory_iterator(); at.increment(fault)) {
            std::error_code ignored;
            if (at->is_regular_file(ignored) && is_list_file(at->path())) {
                inside.push_back(at->path());
            }
        }
        if (fault) {
            failures.push_back({Code::Io, fault.message(), given.string()});
        }
        std::ranges::sort(inside);
        for (fs::path& path : inside) {
            files.push_back({std::move(path), allow});
        }
    };
    for (const fs::path& path : paths.lists) {
        add(path, false);
    }
    for (const fs::path& path : paths.allow) {
        add(path, true);
    }
    return files;
}

Result<> read_list(const ListFile& file, detect::IndicatorBuilder& builder,
                   std::vector<char>& buffer) {
    GAC_TRY(opened, base::open_file(file.path, O_RDONLY | O_CLOEXEC));
    GAC_TRY(bytes, ingest::unpack(std::move(opened)));
    builder.begin(file.path.string(), file.allow);
    for (;;) {
        auto got = bytes->read(buffer);
        if (!got) {
            builder.abandon();
            return std::unexpected(base::at(file.path.string(), std::move(got).error()));
        }
        if (*got == 0) {
            return builder.end();
        }
        builder.feed({buffer.data(), *got});
    }
}

void show_metrics(const IndicatorLoading& loading) {
    static base::Gauge& generation =
        base::gauge("gac_indicator_generation", {}, "How often indicator lists were taken up");
    static base::Gauge& entries =
        base::gauge("gac_indicator_entries", {}, "Indicators in force, allow lists included");
    static base::Gauge& memory =
        base::gauge("gac_indicator_memory_bytes", {}, "Memory of the indicators in force");
    static base::Gauge& took = base::gauge("gac_indicator_load_milliseconds", {},
                                           "Time that the last loading of indicators took");
    static base::Guarded<std::set<std::string>> shown;
    generation.add(1);
    entries.set(static_cast<std::int64_t>(loading.set->entries()));
    memory.set(static_cast<std::int64_t>(loading.set->memory_bytes()));
    took.set(loading.took.us / 1000);
    const auto set = [](const std::string& list, std::int64_t held, std::int64_t refused) {
        const std::string label = fmt::format("list=\"{}\"", base::escape_label(list));
        base::gauge("gac_indicator_list_entries", label, "Indicators of the list in force")
            .set(held);
        base::gauge("gac_indicator_list_refused", label, "Lines of the list that are no indicator")
            .set(refused);
    };
    shown.with([&](std::set<std::string>& names) {
        for (const std::string& name : names) {
            set(name, 0, 0);  // lists that are gone
        }
        for (const detect::IndicatorList& list : loading.set->lists()) {
            names.insert(list.name);
            set(list.name, list.entries, list.refused);
        }
    });
}

}  // namespace

IndicatorLoading load_indicators(const IndicatorPaths& paths, const detect::IndicatorLimits& limits,
                                 detect::IndicatorChoice* choice) {
    const std::int64_t started = base::monotonic_us();
    IndicatorLoading loading;
    detect::IndicatorBuilder builder(limits, choice);
    std::vector<char> buffer(256 << 10);
    for (const ListFile& file : find_files(paths, loading.failures)) {
        if (auto read = read_list(file, builder, buffer); !read) {
            loading.failures.push_back(std::move(read).error());
        }
    }
    loading.faults = builder.faults();
    loading.set = builder.finish();
    for (const detect::IndicatorList& list : loading.set->lists()) {
        loading.refused += list.refused;
    }
    loading.at = base::SystemClock{}.now();
    loading.took = {base::monotonic_us() - started};
    return loading;
}

IndicatorService::IndicatorService(IndicatorPaths paths,
                                   std::shared_ptr<const detect::IndicatorPlan> plan)
    : paths_(std::move(paths)),
      plan_(std::move(plan)),
      active_(detect::IndicatorBuilder{}.finish()),
      loading_(std::make_shared<const IndicatorLoading>()) {}

IndicatorService::~IndicatorService() = default;

void IndicatorService::load() {
    if (paths_.empty()) {
        return;
    }
    taken_.with([&](std::string& seen) { seen = fingerprint(); });
    IndicatorLoading loading = load_indicators(paths_);
    for (const Error& failure : loading.failures) {
        base::log_error("pipeline", "indicator list left out: {}", failure.message());
    }
    take(std::move(loading));
}

bool IndicatorService::reload() {
    taken_.with([&](std::string& seen) { seen = fingerprint(); });
    IndicatorLoading loading = load_indicators(paths_);
    static base::Counter& failed = base::counter("gac_indicator_reload_failures_total", {},
                                                 "Times that a bad file kept the old lists");
    if (!loading.failures.empty()) {
        failed.add();
        for (const Error& failure : loading.failures) {
            base::log_error("pipeline", "indicators not reloaded, the old ones stay: {}",
                            failure.message());
        }
        pending_.with([&](std::vector<Error>& all) { all = std::move(loading.failures); });
        return false;
    }
    take(std::move(loading));
    return true;
}

void IndicatorService::take(IndicatorLoading loading) {
    for (std::size_t i = 0; i < std::min(loading.faults.size(), kFaultsLogged); ++i) {
        const detect::ListFault& fault = loading.faults[i];
        base::log_warn("pipeline", "{}:{}: left out: {}", fault.path, fault.line, fault.reason);
    }
    base::log_info("pipeline", "{} indicators of {} lists in force, {} lines refused, {} ms",
                   loading.set->entries(), loading.set->lists().size(), loading.refused,
                   loading.took.us / 1000);
    show_metrics(loading);
    pending_.with([](std::vector<Error>& all) { all.clear(); });
    active_.set(loading.set);
    loading_.set(std::make_shared<const IndicatorLoading>(std::move(loading)));
}

void IndicatorService::start() {
    if (!paths_.empty()) {
        watcher_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
    }
}

// A change is taken up when the files looked the same twice: a file that is still being written is
// left alone.
void IndicatorService::watch(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::string last = taken_.with([](const std::string& seen) { return seen; });
    while (!stop.stop_requested()) {
        {
            std::unique_lock lock(mutex);
            wake.wait_for(lock, stop, kLookEvery, [] { return false; });
        }
        if (stop.stop_requested()) {
            return;
        }
        std::string now = fingerprint();
        const bool settled = now == last;
        last = std::move(now);
        if (settled && taken_.with([&](const std::string& seen) { return seen != last; })) {
            reload();
        }
    }
}

std::string IndicatorService::fingerprint() const {
    std::vector<Error> ignored_failures;
    std::string all;
    for (const ListFile& file : find_files(paths_, ignored_failures)) {
        std::error_code ignored;
        const auto written = fs::last_write_time(file.path, ignored).time_since_epoch().count();
        all += fmt::format("{} {} {}\n", file.path.string(), written,
                           fs::file_size(file.path, ignored));
    }
    return all;
}

}  // namespace gac::pipeline
