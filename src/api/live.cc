#include "api/live.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "api/alert_json.h"
#include "api/source_json.h"
#include "base/log.h"

namespace gac::api {

namespace {

using access::Permission;
using response::Change;

constexpr std::size_t kWaitingMax = 5000;
constexpr std::size_t kStreamBytesMax = 4U << 20U;
constexpr auto kTick = std::chrono::milliseconds(200);
constexpr std::int64_t kSecondUs = 1'000'000;
// A stream ends now and then, so that its client proves again that it may listen.
constexpr std::int64_t kLifeUs = 30 * 60 * kSecondUs;
constexpr std::int64_t kCountsUs = 2 * kSecondUs;
constexpr std::int64_t kSourcesUs = 15 * kSecondUs;
constexpr std::int64_t kSampleUs = 5 * kSecondUs;
constexpr int kPage = 500;
constexpr std::size_t kPagesMax = 4;

std::string event_text(std::string_view type, std::string_view data,
                       std::optional<std::int64_t> seq) {
    std::string text;
    if (seq) {
        text += fmt::format("id: {}\n", *seq);
    }
    return text + fmt::format("event: {}\ndata: {}\n\n", type, data);
}

}  // namespace

LiveHub::LiveHub(Api::State& state) : state_(state) {
    listener_ = state_.backend.changes.listen([this](std::span<const Change> changes) {
        const std::lock_guard lock(mutex_);
        if (waiting_.size() + changes.size() > kWaitingMax) {
            overrun_ = true;
            waiting_.clear();
        } else if (!overrun_) {
            waiting_.insert(waiting_.end(), changes.begin(), changes.end());
        }
    });
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

LiveHub::~LiveHub() {
    state_.backend.changes.forget(listener_);
    thread_.request_stop();
    thread_.join();
    for (const auto& client : clients_) {
        client->stream->close();
    }
    for (const auto& client : arriving_) {
        client->stream->close();
    }
}

Result<std::shared_ptr<net::Stream>> LiveHub::connect(const access::Actor& actor,
                                                      const access::Scope& scope,
                                                      std::optional<std::int64_t> last) {
    std::int64_t seq = 0;
    if (last) {
        seq = *last;
    } else {
        GAC_TRY(now, state_.backend.changes.last_seq());
        seq = now;
    }
    auto client = std::make_unique<Client>();
    client->actor = actor;
    client->scope = scope;
    client->stream = std::make_shared<net::Stream>(kStreamBytesMax);
    client->seq = seq;
    client->ends_us = base::monotonic_us() + kLifeUs;
    auto stream = client->stream;
    stream->send("retry: 3000\n: welcome\n\n");
    const std::lock_guard lock(mutex_);
    if (open_ + arriving_.size() >= kClientsMax) {
        return fail(Code::Unavailable, fmt::format("{} live streams are open", kClientsMax));
    }
    arriving_.push_back(std::move(client));
    woken_.notify_all();
    return stream;
}

void LiveHub::drop(const base::Uuid& actor) {
    const std::lock_guard lock(mutex_);
    dropped_.insert(actor);
    woken_.notify_all();
}

void LiveHub::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        std::vector<Change> changes;
        {
            std::unique_lock lock(mutex_);
            woken_.wait_for(lock, stop, kTick, [&] { return !arriving_.empty(); });
            changes.swap(waiting_);
            if (std::exchange(overrun_, false)) {
                for (const auto& client : clients_) {
                    client->fresh = true;
                }
            }
            std::ranges::move(arriving_, std::back_inserter(clients_));
            arriving_.clear();
            for (const auto& client : clients_) {
                if (dropped_.contains(client->actor.id)) {
                    client->stream->close();
                }
            }
            dropped_.clear();
            std::erase_if(clients_, [](const auto& client) { return client->stream->closed(); });
            open_ = clients_.size();
        }
        try {
            tick(std::move(changes));
        } catch (const std::exception& fault) {
            base::log_error("api", "live feed: {}", fault.what());
        }
    }
}

void LiveHub::tick(std::vector<Change> changes) {
    const std::int64_t now = base::monotonic_us();
    // Several commits may have told out of order.
    std::ranges::sort(changes, {}, &Change::seq);
    counts_changed_ |= std::ranges::any_of(changes, [](const Change& change) {
        return change.kind.starts_with("alert.") || change.kind.starts_with("drill.");
    });
    Rendered rendered;
    for (const auto& client : clients_) {
        if (client->fresh) {
            catch_up(*client, rendered);
        }
        for (const Change& change : changes) {
            tell(*client, change, rendered);
        }
        if (now >= client->ends_us) {
            client->stream->close();
        }
    }
    const bool counts_due = counts_changed_ && now >= next_counts_us_;
    for (const auto& client : clients_) {
        if (counts_due || client->counts_due) {
            client->counts_due = false;
            tell_counts(*client);
        }
    }
    if (counts_due) {
        counts_changed_ = false;
        next_counts_us_ = now + kCountsUs;
    }
    if (now >= next_sample_us_) {
        next_sample_us_ = now + kSampleUs;
        sample_sources();
    }
    if (now >= next_sources_us_) {
        next_sources_us_ = now + kSourcesUs;
        watch_sources();
    }
}

void LiveHub::catch_up(Client& client, Rendered& rendered) {
    client.fresh = false;
    for (std::size_t pages = 0; pages < kPagesMax; ++pages) {
        const auto page = state_.backend.changes.since(client.scope, client.seq, kPage);
        if (!page) {
            base::log_error("api", "live feed: {}", page.error().message());
            client.stream->close();
            return;
        }
        if (page->gap) {
            break;
        }
        for (const Change& change : page->changes) {
            tell(client, change, rendered);
        }
        client.seq = std::max(client.seq, page->last_seq);
        if (page->changes.size() < static_cast<std::size_t>(kPage)) {
            return;
        }
    }
    // It was away for too long: cheaper to fetch everything afresh.
    if (const auto last = state_.backend.changes.last_seq()) {
        client.seq = *last;
    }
    client.stream->send(event_text("resync", R"({"reason":"too_old"})", client.seq));
}

std::string LiveHub::render(const Client& client, const Change& change) {
    JsonWriter json;
    if (change.kind.starts_with("alert.")) {
        const auto id = base::AlertId::parse(change.id);
        const auto alert = id ? state_.backend.alerts.find(client.scope, *id)
                              : Result<response::Alert>(fail(Code::NotFound, "no alert"));
        if (!alert) {
            return {};
        }
        json.open_object().field("change", change.kind == "alert.opened"     ? "raised"
                                           : change.kind == "alert.activity" ? "grown"
                                                                             : "changed");
        json.key("alert");
        write_alert(state_, json, *alert);
        return event_text("alert", json.close_object().take(), change.seq);
    }
    if (change.kind == "source.changed") {
        auto source = state_.backend.source_book.find(client.scope, change.id);
        if (!source) {
            return {};
        }
        const base::TimePoint now = state_.now();
        const SourceView view = view_of(state_, *std::move(source), now);
        json.open_object().field("name", change.id).field("state", name_of(view.health));
        json.field("last_event", view.source.last_event);
        return event_text("source", json.close_object().take(), change.seq);
    }
    if (change.kind == "rule.changed") {
        const auto set = state_.backend.rules.active().get();
        json.open_object().field("loaded", set ? set->loaded() : 0);
        json.field("refused", set ? set->refused() : 0).field("id", change.id);
        return event_text("rule", json.close_object().take(), change.seq);
    }
    if (change.kind == "drill.removed") {
        return event_text("resync", R"({"reason":"drill_removed"})", change.seq);
    }
    return {};
}

void LiveHub::tell(Client& client, const Change& change, Rendered& rendered) {
    if (change.seq <= client.seq || client.stream->closed()) {
        return;
    }
    client.seq = change.seq;
    if (!client.scope.allows(change.unit)) {
        return;
    }
    // Everybody who may see it sees the same, so one look at the database does for all.
    const auto [at, fresh] = rendered.try_emplace(fmt::format("{} {}", change.seq, change.kind));
    if (fresh) {
        at->second = render(client, change);
    }
    if (!at->second.empty()) {
        client.stream->send(at->second);
    }
}

void LiveHub::tell_counts(Client& client) {
    const auto counts = count_json(state_, client.scope, client.actor, {});
    if (counts) {
        client.stream->send(event_text("counts", *counts, std::nullopt));
    }
}

void LiveHub::sample_sources() {
    std::map<std::string, SourceMeter::Count> counts;
    const std::uint32_t size = state_.backend.sources.size();
    for (std::uint32_t i = 0; i < size; ++i) {
        const auto id = event::SourceId{i};
        const auto now = state_.backend.sources.counts(id);
        if (now.events > 0) {
            counts[state_.backend.sources.name(id)] = {now.events, now.failed};
        }
    }
    state_.meter.sample(state_.now(), counts);
}

// Silence is the absence of change, so it has to be looked for.
void LiveHub::watch_sources() {
    if (clients_.empty()) {
        silent_known_ = false;
        return;
    }
    const auto scope =
        state_.backend.gate.require(access::Actor::system("live"), Permission::SourcesView);
    const auto sources =
        scope ? state_.backend.source_book.silent(*scope)
              : Result<std::vector<response::Source>>(std::unexpected(scope.error()));
    if (!sources) {
        return;
    }
    std::set<std::string> silent;
    for (const response::Source& source : *sources) {
        silent.insert(source.name);
        if (!silent_known_ || silent_.contains(source.name)) {
            continue;
        }
        JsonWriter json;
        json.open_object().field("name", source.name).field("state", "silent");
        json.field("last_event", source.last_event);
        const std::string text = event_text("source", json.close_object().take(), std::nullopt);
        for (const auto& client : clients_) {
            if (client->scope.allows(source.unit)) {
                client->stream->send(text);
            }
        }
    }
    if (silent_known_ && silent != silent_) {
        for (const auto& client : clients_) {
            client->counts_due = true;
        }
    }
    silent_ = std::move(silent);
    silent_known_ = true;
}

namespace {

Result<net::Response> live(Api::State& state, Call& call) {
    GAC_TRY(scope, state.require(call, Permission::AlertsView));
    GAC_CHECK(call.only({"last_event_id"}));
    std::string_view text = call.request.headers["last-event-id"];
    if (text.empty()) {
        text = call.parameter("last_event_id");
    }
    std::optional<std::int64_t> last;
    if (!text.empty()) {
        std::int64_t value = 0;
        const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (fault != std::errc{} || end != text.data() + text.size() || value < 0) {
            return fail(Code::InvalidArgument, fmt::format("'{}' is no event's id", text),
                        "Last-Event-ID");
        }
        last = value;
    }
    auto stream = state.live.connect(call.actor, scope, last);
    if (!stream) {
        Problem problem = problem_of(stream.error());
        problem.status = problem.status == 503 ? 429 : problem.status;
        return problem_response(problem, call.request.id);
    }
    net::Response response;
    response.headers.add("Content-Type", "text/event-stream; charset=utf-8");
    response.headers.add("X-Accel-Buffering", "no");
    response.stream = *std::move(stream);
    return response;
}

constexpr Route kRoutes[] = {{"GET", "/api/v1/live", Access::Any, live}};

}  // namespace

std::span<const Route> live_routes() { return kRoutes; }

}  // namespace gac::api
