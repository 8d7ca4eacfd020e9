#include "app/watch_post.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "api/api.h"
#include "app/content.h"
#include "app/control_desk.h"
#include "app/data_folder.h"
#include "app/keeping.h"
#include "app/version.h"
#include "base/log.h"
#include "base/metrics.h"
#include "ingest/decoder.h"
#include "net/http_server.h"
#include "net/listener.h"
#include "net/tls.h"
#include "pipeline/follower.h"
#include "pipeline/hunt_service.h"
#include "pipeline/indicator_service.h"
#include "pipeline/pipeline.h"
#include "pipeline/replay.h"
#include "pipeline/reporter.h"
#include "pipeline/rule_service.h"
#include "pipeline/sample_night.h"
#include "pipeline/syslog_input.h"
#include "store/store.h"

namespace gac::app {

namespace {

constexpr std::int64_t kMiB = 1 << 20;
constexpr std::int64_t kPruneEverySeconds = 3600;
constexpr std::uint32_t kShardsUnasked = 16;
constexpr base::Duration kStopPatience = base::Duration::seconds(5);

std::vector<std::filesystem::path> rule_paths(const Config& config, const Content& content) {
    std::vector<std::filesystem::path> paths;
    if (config.shipped_rules) {
        paths.push_back(content.folder / "rules");
    }
    paths.insert(paths.end(), config.rules.begin(), config.rules.end());
    return paths;
}

std::uint32_t shards_of(const Config& config) {
    if (config.shards > 0) {
        return static_cast<std::uint32_t>(config.shards);
    }
    return std::clamp(std::thread::hardware_concurrency(), 1U, kShardsUnasked);
}

void tell_history(const store::Stats& stats) {
    const auto tell = [](std::string_view name, std::uint64_t value, std::string_view help) {
        base::gauge(name, {}, help).set(static_cast<std::int64_t>(value));
    };
    tell("gac_history_events", stats.events, "events kept");
    tell("gac_history_memory_events", stats.events_in_memory, "events not in a segment yet");
    tell("gac_history_segments", stats.segments, "segment files");
    tell("gac_history_fresh_segments", stats.fresh_segments, "segment files not merged yet");
    tell("gac_history_segment_bytes", stats.segment_bytes, "size of all segment files");
    tell("gac_history_log_bytes", stats.wal_bytes, "size of the write-ahead log");
    tell("gac_history_merges_total", stats.merges, "merges since the start");
    tell("gac_history_merged_events_total", stats.merged_events, "events merged since the start");
    tell("gac_history_merge_failures_total", stats.merge_failures, "merges that failed");
    tell("gac_history_removed_events_total", stats.removed_events,
         "events removed by retention and deletion since the start");
    tell("gac_history_waiting_files", stats.waiting_files,
         "removed files that a question still reads");
    tell("gac_history_damages", stats.damages.size(), "damaged places found");
}

// Units and hosts of the made-up province, so that the drill's alerts belong to somebody.
Result<> add_sample_units(ControlDesk& desk, const pipeline::SampleNight& night) {
    const access::Actor who = access::Actor::system("drill");
    std::unordered_map<std::string, base::UnitId> units;
    for (const pipeline::SampleUnit& unit : night.units) {
        auto known = desk.units.find_by_code(unit.id);
        if (!known && known.error().code == Code::NotFound) {
            access::NewUnit made;
            made.code = unit.id;
            made.name = unit.name;
            made.name_en = unit.name_en;
            known = desk.units.add(who, made);
        }
        if (!known) {
            return std::unexpected(std::move(known).error());
        }
        units.emplace(unit.id, known->id);
    }
    std::vector<response::HostRow> rows;
    for (const pipeline::SampleHost& host : night.hosts) {
        const auto unit = units.find(host.unit);
        response::HostRow row;
        row.host = host.name;
        row.drill = true;
        if (unit != units.end()) {
            row.unit = unit->second;
        }
        rows.push_back(row);
        if (!host.address.empty()) {
            row.host = host.address;
            rows.push_back(std::move(row));
        }
    }
    return desk.hosts.set(who, rows, "sample night");
}

}  // namespace

struct WatchPost::Rooms {
    Config config;
    base::SystemClock clock;
    Content content;
    DataFolder folder;
    DataLock lock;
    std::unique_ptr<ControlDesk> desk;
    std::shared_ptr<pipeline::SourceTable> sources = std::make_shared<pipeline::SourceTable>();
    std::unique_ptr<store::Store> store;
    std::unique_ptr<pipeline::RuleService> rules;
    std::unique_ptr<pipeline::IndicatorService> indicators;
    std::unique_ptr<pipeline::Pipeline> pipeline;
    std::unique_ptr<pipeline::HuntService> hunts;
    std::unique_ptr<pipeline::SyslogInput> syslog;
    std::unique_ptr<pipeline::Reporter> reporter;
    std::unique_ptr<net::Runtime> runtime;
    std::shared_ptr<net::Tls> tls;
    std::unique_ptr<api::Api> api;
    std::vector<std::unique_ptr<net::Listener>> listeners;
    std::unique_ptr<net::HttpServer> http;
    std::unique_ptr<pipeline::Follower> follower;
    std::unique_ptr<pipeline::SamplePlayer> player;

    Rooms(const Config& settings, Content loaded, DataFolder data, DataLock held)
        : config(settings),
          content(std::move(loaded)),
          folder(std::move(data)),
          lock(std::move(held)) {}

    std::optional<net::Endpoint> syslog_endpoint;
    std::atomic<bool> accepting{false};
    std::int64_t seconds_up = 0;  // of the reporter's thread

    Result<> open_history();
    Result<> keep_events();  // by the settings, regulations and legal holds of now
    Result<> open_rules();
    void open_indicators();
    Result<> open_pipeline();
    Result<> open_network();
    Result<> follow_files();
    Result<> play_sample_night();
    void stop();

    api::Backend backend();
    Result<api::TriedLine> try_line(std::string_view line, std::string_view format,
                                    std::string_view profile) const;
    std::vector<api::NotReady> not_ready() const;
    api::DiskUse disk_use() const;
};

Result<> WatchPost::Rooms::open_history() {
    store::Settings settings;
    settings.folder = folder.events();
    settings.sync_interval = base::Duration::millis(config.sync_ms);
    settings.memory_bytes_max = static_cast<std::uint64_t>(config.memtable_mib * kMiB);
    settings.disk_reserve_bytes = static_cast<std::uint64_t>(config.disk_reserve_mib * kMiB);
    settings.merging.on = config.merge;
    settings.merging.bytes_per_second =
        static_cast<std::uint64_t>(config.merge_mib_per_second * kMiB);
    settings.merging.compression_level = static_cast<int>(config.merge_level);
    settings.on_removed = [this](const store::Removal& removal) {
        if (const auto written = audit_retention(desk->audit, removal); !written) {
            base::log_error("app", "retention is missing in the audit trail: {}",
                            written.error().message());
        }
    };
    GAC_TRY(opened, store::Store::open(settings, content.profiles, sources));
    store = std::move(opened);
    return keep_events();
}

Result<> WatchPost::Rooms::keep_events() {
    GAC_TRY(keeping, read_keeping(config, *desk->database, desk->regulations, desk->legal_holds,
                                  clock.now()));
    store->keep(std::move(keeping));
    return {};
}

Result<> WatchPost::Rooms::open_rules() {
    GAC_TRY(placeholders, content.placeholders({}));
    rules = std::make_unique<pipeline::RuleService>(
        pipeline::RuleSources{rule_paths(config, content), content.profiles,
                              std::move(placeholders), folder.rules(), folder.rule_cache()},
        desk->rules, desk->rule_exceptions, clock);
    return rules->reload();
}

void WatchPost::Rooms::open_indicators() {
    indicators = std::make_unique<pipeline::IndicatorService>(
        pipeline::IndicatorPaths{{config.indicators.begin(), config.indicators.end()},
                                 {config.allow_lists.begin(), config.allow_lists.end()}},
        std::make_shared<detect::IndicatorPlan>(
            *content.profiles, detect::IndicatorOptions{.text = config.indicators_in_text}));
    indicators->load();
    indicators->start();
}

Result<> WatchPost::Rooms::open_pipeline() {
    pipeline::Settings settings;
    settings.shards = shards_of(config);
    settings.queue_bytes_max = static_cast<std::size_t>(config.queue_mib * kMiB);
    settings.event_bytes_max = static_cast<std::uint32_t>(config.event_bytes_max);
    const event::EventId end = store->stats().next_id;
    auto windows =
        pipeline::Windows::open(folder.windows(), rules->active().get(), end, settings.shards);
    GAC_TRY(judged, pipeline::replay_tail(*store, end, *rules, indicators.get(), *content.profiles,
                                          *sources, desk->alerts, windows));
    static_cast<void>(judged);
    const pipeline::Parts parts{.profiles = content.profiles,
                                .sink = *store,
                                .sources = *sources,
                                .rules = *rules,
                                .clock = clock,
                                .alerts = desk->alerts,
                                .indicators = indicators.get()};
    pipeline = std::make_unique<pipeline::Pipeline>(parts, settings, std::move(windows));
    hunts = std::make_unique<pipeline::HuntService>(
        pipeline::HuntParts{.history = *store,
                            .events_end = [this] { return store->stats().next_id; },
                            .lists = *indicators,
                            .rules = *rules,
                            .profiles = content.profiles,
                            .sources = *sources,
                            .alerts = desk->alerts,
                            .book = desk->hunts,
                            .clock = clock},
        pipeline::HuntSettings{.automatic = config.hunt_new_indicators,
                               .back = base::Duration::days(config.hunt_days),
                               .known_file = folder.hunted()});
    syslog = std::make_unique<pipeline::SyslogInput>(*pipeline, settings.event_bytes_max);
    reporter =
        std::make_unique<pipeline::Reporter>(*sources, desk->sources, content.profiles, [this] {
            syslog->retry_parked();
            rules->reload_if_changed();
            if (++seconds_up % kPruneEverySeconds == 0) {
                if (const auto kept = keep_events(); !kept) {
                    base::log_warn("app", "retention goes on as it was: {}",
                                   kept.error().message());
                }
                if (const auto pruned = desk->sessions.prune(); !pruned) {
                    base::log_warn("app", "ended sessions not removed: {}",
                                   pruned.error().message());
                }
            }
        });
    return {};
}

api::Backend WatchPost::Rooms::backend() {
    return api::Backend{
        .clock = clock,
        .profiles = content.profiles,
        .users = desk->users,
        .sessions = desk->sessions,
        .tokens = desk->tokens,
        .totp = *desk->totp,
        .units = desk->units,
        .gate = desk->gate,
        .audit = desk->audit,
        .alerts = desk->alerts,
        .changes = desk->changes,
        .source_book = desk->sources,
        .rules_book = desk->rules,
        .rule_exceptions = desk->rule_exceptions,
        .legal_holds = desk->legal_holds,
        .saved_searches = desk->saved_searches,
        .hunt_book = desk->hunts,
        .events = *store,
        .rules = *rules,
        .sources = *sources,
        .hunts = *hunts,
        .indicators = *indicators,
        .submit = [this](pipeline::Chunk& chunk) { return pipeline->submit(chunk); },
        .try_line = [this](std::string_view line, std::string_view format,
                           std::string_view profile) { return try_line(line, format, profile); },
        .formats = {ingest::decoder_names().begin(), ingest::decoder_names().end()},
        .not_ready = [this] { return not_ready(); },
        .events_end = [this] { return store->stats().next_id; },
        .disk_use = [this] { return disk_use(); },
        .history_stats = [this] { return store->stats(); },
        .keep_events = [this] { return keep_events(); },
        .preview_deletion =
            [this](const store::Query& query) { return store->preview_removal(query); },
        .delete_events =
            [this](const access::Actor& who, const store::Query& query, std::string_view reason) {
                return app::delete_events(*store, desk->audit, who, query, reason);
            },
        .visit_events =
            [this](const store::Query& query,
                   const std::function<Result<bool>(const event::EventBatch&)>& use) {
                return store->visit(query, use);
            },
        .source_names = sources.get(),
        .tell_load =
            [this] {
                pipeline->tell_load();
                tell_history(store->stats());
            },
    };
}

Result<api::TriedLine> WatchPost::Rooms::try_line(std::string_view line, std::string_view format,
                                                  std::string_view profile) const {
    ingest::Origin origin;
    origin.received = clock.now();
    std::string decoder_name = format.empty() ? "auto" : std::string(format);
    if (!profile.empty()) {
        const auto known = content.profiles->find(profile);
        if (!known) {
            return fail(Code::InvalidArgument, fmt::format("no profile \"{}\"", profile),
                        "profile");
        }
        origin.profile = *known;
        if (decoder_name == "auto") {
            decoder_name = (*content.profiles)[*known].format;
        }
    }
    auto decoder = ingest::make_decoder(decoder_name, {.profiles = content.profiles});
    if (!decoder) {
        return std::unexpected(base::at("format", std::move(decoder).error()));
    }
    api::TriedLine tried;
    (*decoder)->decode(line, origin, tried.events);
    tried.decoded = !tried.events.empty() && !tried.events.heads().front().parse_failed;
    return tried;
}

std::vector<api::NotReady> WatchPost::Rooms::not_ready() const {
    std::vector<api::NotReady> reasons;
    if (const store::Health health = store->health(); !health.writable) {
        reasons.push_back({"disk_full", health.reason});
    }
    if (!accepting) {
        reasons.push_back({"starting", "the server is starting or stopping"});
    }
    return reasons;
}

api::DiskUse WatchPost::Rooms::disk_use() const {
    const store::Stats stats = store->stats();
    std::error_code ignored;
    const auto space = std::filesystem::space(folder.root(), ignored);
    return {.used_bytes = stats.segment_bytes + stats.wal_bytes,
            .free_bytes = space.available,
            .oldest = stats.oldest};
}

Result<> WatchPost::Rooms::open_network() {
    net::raise_descriptor_limit();
    runtime = std::make_unique<net::Runtime>(2);
    net::TlsFiles files{config.tls_certificate, config.tls_key};
    if (config.tls_certificate.empty()) {
        files = {folder.certificate(), folder.certificate_key()};
        GAC_CHECK(net::make_self_signed(files, {}));
    }
    GAC_TRY(opened, net::Tls::open(files));
    tls = std::move(opened);

    api::Options options;
    options.console = content.folder / "web" / "dist";
    options.openapi_file = content.folder / "schema" / "openapi.yaml";
    options.ingest_body_bytes_max = static_cast<std::size_t>(config.ingest_body_mib * kMiB);
    options.ingest_unpacked_bytes_max = options.ingest_body_bytes_max;
    options.version = version_text();
    GAC_TRY(made, api::Api::open(backend(), std::move(options)));
    api = std::move(made);
    GAC_TRY(where, net::Endpoint::parse(config.http));
    GAC_TRY(server, net::HttpServer::start(*runtime, where, tls, *api, api::Api::lanes(), {}));
    http = std::move(server);

    if (!config.syslog.empty()) {
        GAC_TRY(plain, net::Endpoint::parse(config.syslog));
        GAC_TRY(tcp, net::listen_tcp(*runtime, plain, *syslog, {}));
        plain.port = tcp->endpoint().port;  // port 0 picked one: UDP takes the same
        GAC_TRY(udp, net::listen_udp(*runtime, plain, *syslog, {}));
        syslog_endpoint = plain;
        listeners.push_back(std::move(tcp));
        listeners.push_back(std::move(udp));
    }
    if (!config.syslog_tls.empty()) {
        GAC_TRY(sealed, net::Endpoint::parse(config.syslog_tls));
        GAC_TRY(listener, net::listen_tls(*runtime, sealed, *syslog, {}, tls));
        listeners.push_back(std::move(listener));
    }
    return {};
}

Result<> WatchPost::Rooms::follow_files() {
    std::vector<pipeline::Followed> files;
    for (const FollowedFile& file : config.follow) {
        GAC_TRY(source, sources->find_or_add(file.source, "file"));
        if (!file.profile.empty()) {
            const auto profile = content.profiles->find(file.profile);
            if (!profile) {
                return fail(Code::InvalidArgument, fmt::format("no profile \"{}\"", file.profile),
                            "follow.profile");
            }
            sources->set_profile(source, *profile, file.format);
        }
        files.push_back({file.path, source, file.format});
    }
    if (files.empty()) {
        return {};
    }
    GAC_TRY(started,
            pipeline::Follower::start(*pipeline, std::move(files), folder.follow_positions()));
    follower = std::move(started);
    return {};
}

Result<> WatchPost::Rooms::play_sample_night() {
    if (!config.drill || std::filesystem::exists(folder.drill_played())) {
        return {};
    }
    auto night = pipeline::SampleNight::load(content.folder / "samples" / "night");
    if (!night) {
        base::log_warn("app", "the sample night is not played: {}", night.error().message());
        return {};
    }
    GAC_CHECK(add_sample_units(*desk, *night));
    GAC_CHECK(
        base::write_file_atomic(folder.drill_played(), base::format_rfc3339(clock.now()) + "\n"));
    player =
        std::make_unique<pipeline::SamplePlayer>(*pipeline, *content.profiles, *std::move(night));
    return {};
}

void WatchPost::Rooms::stop() {
    accepting = false;
    player.reset();
    follower.reset();
    for (const auto& listener : listeners) {
        listener->stop();
    }
    if (http) {
        http->stop(kStopPatience);
    }
    listeners.clear();
    http.reset();
    api.reset();
    runtime.reset();
    if (syslog) {
        syslog->stop(kStopPatience);
    }
    if (reporter) {
        reporter->stop();
    }
    hunts.reset();
    pipeline.reset();  // works off its queues
    reporter.reset();  // reports the last counts
}

WatchPost::WatchPost(std::unique_ptr<Rooms> rooms) : rooms_(std::move(rooms)) {}

WatchPost::~WatchPost() { rooms_->stop(); }

Result<std::unique_ptr<WatchPost>> WatchPost::start(const Config& config) {
    GAC_TRY(content, Content::load(config.zone));
    GAC_TRY(lock, DataLock::take(config.data));
    auto rooms = std::make_unique<Rooms>(config, std::move(content), DataFolder(config.data),
                                         std::move(lock));
    GAC_TRY(desk, ControlDesk::open(rooms->folder, rooms->clock));
    rooms->desk = std::move(desk);
    std::unique_ptr<WatchPost> post(
        new WatchPost(std::move(rooms)));  // from here on its end is orderly
    GAC_CHECK(post->rooms_->open_history());
    GAC_CHECK(post->rooms_->open_rules());
    post->rooms_->open_indicators();
    GAC_CHECK(post->rooms_->open_pipeline());
    GAC_CHECK(post->rooms_->open_network());
    GAC_CHECK(post->rooms_->follow_files());
    post->rooms_->accepting = true;
    GAC_CHECK(post->rooms_->play_sample_night());
    return post;
}

std::string WatchPost::console_address() const {
    return "https://" + rooms_->http->endpoint().text();
}

std::string WatchPost::syslog_address() const {
    return rooms_->syslog_endpoint ? rooms_->syslog_endpoint->text() : std::string();
}

std::string WatchPost::fingerprint() const { return rooms_->tls->fingerprint(); }

void WatchPost::reload() {
    if (const auto done = rooms_->tls->reload(); !done) {
        base::log_error("app", "certificate not reloaded, the old one stays: {}",
                        done.error().message());
    }
    if (const auto done = rooms_->rules->reload(); !done) {
        base::log_error("app", "rules not reloaded, the old ones stay: {}", done.error().message());
    }
    rooms_->indicators->reload();
}

}  // namespace gac::app
