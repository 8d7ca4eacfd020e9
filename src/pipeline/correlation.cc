#include "pipeline/correlation.h"

#include <algorithm>
#include <cstring>

#include "base/file.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/secret.h"
#include "pipeline/sighting.h"

namespace gac::pipeline {

namespace {

constexpr std::size_t kFileBytesMax = std::size_t{1} << 30;
constexpr std::size_t kSpareMax = 64;
constexpr auto kTick = std::chrono::milliseconds(250);
constexpr std::int64_t kRestShare = 20;  // saving may take a twentieth of the time
// A start after a kill judges what came after the mark again: about a second's work.
constexpr event::EventId kBehindMax = 200'000;

}  // namespace

Windows Windows::open(const std::filesystem::path& file,
                      const std::shared_ptr<const detect::RuleSet>& rules, event::EventId end,
                      std::size_t lanes) {
    Windows out;
    out.file = file;
    const std::string seed = base::random_bytes(sizeof(out.limits.correlation_seed));
    std::memcpy(&out.limits.correlation_seed, seed.data(), sizeof(out.limits.correlation_seed));
    std::error_code ignored;
    if (!file.empty() && std::filesystem::exists(file, ignored)) {
        const auto bytes = base::read_file(file, kFileBytesMax);
        detect::Limits limits = out.limits;
        limits.correlation_seed =
            bytes ? detect::Correlator::seed_of(*bytes).value_or(limits.correlation_seed)
                  : limits.correlation_seed;
        auto loaded = std::make_unique<detect::Correlator>(rules, limits, lanes);
        const auto mark = bytes ? loaded->load(*bytes) : std::unexpected(bytes.error());
        if (mark && *mark <= end) {
            out.limits = limits;
            out.correlator = std::move(loaded);
            out.mark = *mark;
            base::log_info("pipeline", "{} correlation windows are open again",
                           out.correlator->stats().groups);
            return out;
        }
        base::log_error("pipeline", "the correlation windows begin empty: {}",
                        mark ? "the saved ones are ahead of history" : mark.error().message());
    }
    out.correlator = std::make_unique<detect::Correlator>(rules, out.limits, lanes);
    return out;
}

Correlation::Correlation(const CorrelationParts& parts, Windows windows, base::Duration save_every)
    : parts_(parts),
      windows_(std::move(windows)),
      save_every_(save_every),
      end_(windows_.mark.value_or(0)),
      rules_(windows_.correlator->rules()) {
    save();  // so that a replay after a kill begins where these windows begin
    keeper_ = std::jthread([this](const std::stop_token& stop) { keep(stop); });
}

Correlation::~Correlation() {
    keeper_.request_stop();
    keeper_.join();
    save();
    publish();
}

Correlation::Ticket Correlation::open(std::uint32_t events) {
    const std::lock_guard lock(open_mutex_);
    if (auto rules = parts_.rules.active().get(); rules != rules_) {
        windows_.correlator->drain(next_ticket_);
        windows_.correlator->swap_rules(rules);
        rules_ = std::move(rules);
    }
    const event::EventId first = parts_.raiser.open(parts_.sink, events);
    end_ = first + events;
    return {next_ticket_++, first, events, rules_};
}

void Correlation::raise(const Ticket& ticket, const event::EventBatch& batch,
                        std::vector<event::Detection>& detections) {
    parts_.rules.drop_excepted(detections);
    RaisedBatch raised;
    raised.first = ticket.first;
    raised.upto = ticket.first + ticket.events;
    raised.sightings = make_sightings(batch, detections, *parts_.profiles, parts_.sources,
                                      *parts_.rules.disabled());
    parts_.raiser.push(std::move(raised));
}

void Correlation::put(const Ticket& ticket, store::Position position,
                      std::unique_ptr<event::EventBatch>& batch,
                      std::vector<event::Detection>& detections, detect::CorrelationFeed& feed) {
    std::uint64_t known = position_.load();
    while (known < position.sequence
           && !position_.compare_exchange_weak(known, position.sequence)) {
    }
    if (feed.empty()) {
        raise(ticket, *batch, detections);
        windows_.correlator->put(ticket.number, {}, [](std::vector<event::Detection>) {});
        return;
    }
    auto fresh = spare_.with([](auto& spare) {
        std::unique_ptr<event::EventBatch> one;
        if (!spare.empty()) {
            one = std::move(spare.back());
            spare.pop_back();
        }
        return one;
    });
    if (!fresh) {
        fresh = std::make_unique<event::EventBatch>();
    }
    std::swap(batch, fresh);
    windows_.correlator->put(
        ticket.number, std::exchange(feed, {}),
        [this, ticket, judged = std::move(fresh),
         found = std::exchange(detections, {})](std::vector<event::Detection> more) mutable {
            detect::merge_by_row(found, 0, std::move(more));
            raise(ticket, *judged, found);
            judged->reset();
            spare_.with([&](auto& spare) {
                if (spare.size() < kSpareMax) {
                    spare.push_back(std::move(judged));
                }
            });
        });
}

void Correlation::cancel(const Ticket& ticket) {
    parts_.raiser.cancel(ticket.first);
    windows_.correlator->put(ticket.number, {}, [](std::vector<event::Detection>) {});
}

void Correlation::drain() {
    std::uint64_t upto = 0;
    {
        const std::lock_guard lock(open_mutex_);
        upto = next_ticket_;
    }
    windows_.correlator->drain(upto);
}

bool Correlation::save() {
    if (windows_.file.empty()) {
        return true;
    }
    const std::lock_guard saving(save_mutex_);
    std::string bytes;
    event::EventId mark = 0;
    store::Position position;
    std::int64_t begun = base::monotonic_us();
    {
        const std::lock_guard lock(open_mutex_);
        windows_.correlator->drain(next_ticket_);
        mark = end_;
        if (saved_ == mark) {
            return true;
        }
        windows_.correlator->save(mark, bytes);
        position.sequence = position_.load();
    }
    busy_us_ = base::monotonic_us() - begun;
    Result<> done;
    if (position != store::Position{}) {
        done = parts_.sink.wait_durable(position);
    }
    if (done) {
        parts_.raiser.drain();
        begun = base::monotonic_us();
        done = base::write_file_atomic(windows_.file, bytes);
        busy_us_ += base::monotonic_us() - begun;
    }
    if (!done) {
        base::log_error("pipeline", "correlation windows not saved: {}", done.error().message());
        return false;
    }
    saved_ = mark;
    return true;
}

void Correlation::keep(const std::stop_token& stop) {
    std::int64_t due = base::monotonic_us() + save_every_.us;
    std::int64_t rest_until = 0;
    for (;;) {
        {
            std::unique_lock lock(wait_mutex_);
            wait_.wait_for(lock, stop, kTick, [] { return false; });
        }
        if (stop.stop_requested()) {
            return;
        }
        publish();
        const std::int64_t now = base::monotonic_us();
        if (now >= rest_until && (now >= due || events_behind() >= kBehindMax)) {
            save();
            const std::int64_t ended = base::monotonic_us();
            rest_until = ended + kRestShare * busy_us_;
            due = ended + save_every_.us;
        }
    }
}

event::EventId Correlation::events_behind() {
    const std::scoped_lock lock(save_mutex_, open_mutex_);
    return end_ - saved_.value_or(0);
}

void Correlation::publish() {
    static base::Counter& correlated = base::counter("gac_correlation_events_total", {},
                                                     "Matches that entered correlation windows");
    static base::Counter& late =
        base::counter("gac_correlation_late_total", {}, "Matches too late to be correlated");
    static base::Counter& windows =
        base::counter("gac_correlation_evicted_total", "what=\"window\"",
                      "Windows, and events of open windows, dropped for room");
    static base::Counter& entries =
        base::counter("gac_correlation_evicted_total", "what=\"event\"");
    static base::Gauge& open = base::gauge("gac_correlation_windows", {}, "Open windows");
    static base::Gauge& memory =
        base::gauge("gac_correlation_bytes", {}, "Memory of open windows, about");
    const detect::CorrelatorStats now = windows_.correlator->stats();
    correlated.add(now.correlated - published_.correlated);
    late.add(now.late - published_.late);
    windows.add(now.groups_evicted - published_.groups_evicted);
    entries.add(now.entries_evicted - published_.entries_evicted);
    open.set(static_cast<std::int64_t>(now.groups));
    memory.set(static_cast<std::int64_t>(now.bytes));
    published_ = now;
}

}  // namespace gac::pipeline
