#include "pipeline/syslog_input.h"

#include <thread>

#include "base/log.h"
#include "base/metrics.h"
#include "ingest/framing.h"

namespace gac::pipeline {

namespace {

constexpr std::string_view kKind = "syslog";
constexpr std::size_t kParkedBytesMax = 16 << 20;
constexpr std::size_t kReadBytes = 64 << 10;  // what a stream may bring at once, about
constexpr auto kRetryPause = std::chrono::milliseconds(10);
constexpr std::string_view kOverflowName = "syslog-other";

Chunk make_chunk(event::SourceId source, const net::Endpoint& peer, base::TimePoint now) {
    Chunk chunk;
    chunk.source = source;
    chunk.peer = peer.address.text();
    chunk.framing = Framing::PreCut;
    chunk.received = now;
    return chunk;
}

void add_frame(Chunk& chunk, const ingest::Frame& frame) {
    chunk.bytes.append(frame.bytes);
    chunk.cuts.push_back({static_cast<std::uint32_t>(chunk.bytes.size()), frame.truncated});
}

void count_lost(std::size_t events) {
    base::log_error("pipeline", "{} messages of ended streams found no room and were lost", events);
    base::counter("gac_pipeline_lost_events_total", {},
                  "Events of streams that could not be stored")
        .add(events);
}

// One connection.
class StreamSink final : public net::ByteSink {
public:
    StreamSink(SyslogInput& input, Pipeline& pipeline, event::SourceId source,
               const net::Endpoint& peer, std::uint32_t message_bytes_max)
        : input_(input),
          pipeline_(pipeline),
          source_(source),
          peer_(peer),
          framer_(message_bytes_max) {}

    bool has_room() override { return hand_in() && pipeline_.has_room(source_, kReadBytes); }

    void receive(std::string_view bytes) override {
        // What is still held is never behind what comes now: has_room() was asked before.
        if (waiting_.cuts.empty()) {
            waiting_ = make_chunk(source_, peer_, pipeline_.clock().now());
            waiting_.bytes.reserve(bytes.size());
        }
        framer_.feed(bytes, [&](const ingest::Frame& frame) { add_frame(waiting_, frame); });
        count();
        hand_in();
    }

    void end() override {
        // What was held back could not be handed in before the peer went; it must not be lost now.
        Chunk last = waiting_.cuts.empty() ? make_chunk(source_, peer_, pipeline_.clock().now())
                                           : std::move(waiting_);
        framer_.finish([&](const ingest::Frame& frame) { add_frame(last, frame); });
        count();
        if (!last.cuts.empty() && !pipeline_.offer(last)) {
            input_.park(std::move(last));
        }
        waiting_ = {};
    }

private:
    // True when nothing is held any more.
    bool hand_in() {
        if (!waiting_.cuts.empty() && !pipeline_.offer(waiting_)) {
            return false;
        }
        waiting_ = {};
        return true;
    }

    void count() {
        static base::Counter& truncated = base::counter(
            "gac_syslog_truncated_total", {}, "Syslog messages over the size limit, kept cut");
        static base::Counter& bad_counts =
            base::counter("gac_syslog_bad_octet_counts_total", {},
                          "Wrong octet counts in syslog streams (RFC 6587)");
        const ingest::FrameCounts& counts = framer_.counts();
        truncated.add(counts.truncated - counted_.truncated);
        bad_counts.add(counts.bad_counts - counted_.bad_counts);
        counted_ = counts;
    }

    SyslogInput& input_;
    Pipeline& pipeline_;
    event::SourceId source_;
    net::Endpoint peer_;
    ingest::SyslogFramer framer_;
    ingest::FrameCounts counted_;
    Chunk waiting_;
};

}  // namespace

event::SourceId SyslogInput::source_of(const net::Endpoint& peer) {
    const auto source = pipeline_.sources().find_or_add(peer.address.text(), kKind);
    return source ? *source : pipeline_.sources().source_id(kOverflowName);
}

std::unique_ptr<net::ByteSink> SyslogInput::make(const net::Endpoint& peer) {
    return std::make_unique<StreamSink>(*this, pipeline_, source_of(peer), peer,
                                        message_bytes_max_);
}

void SyslogInput::receive(std::span<const net::Datagram> datagrams) {
    // Neighbours from one sender travel together. What finds its shard full is lost; other senders
    // may still find room in theirs.
    static base::Counter& dropped = base::counter(
        "gac_udp_dropped_total", {}, "Datagrams that found the input queue full and were dropped");
    for (std::size_t at = 0; at < datagrams.size();) {
        const net::Endpoint& peer = datagrams[at].peer;
        const event::SourceId source = source_of(peer);
        Chunk chunk = make_chunk(source, peer, pipeline_.clock().now());
        std::size_t end = at;
        for (; end < datagrams.size() && datagrams[end].peer.address == peer.address; ++end) {
            add_frame(chunk, {.bytes = ingest::trim_datagram(datagrams[end].bytes)});
        }
        if (!pipeline_.offer(chunk)) {
            pipeline_.sources().count_dropped(source, end - at);
            dropped.add(end - at);
        }
        at = end;
    }
}

void SyslogInput::park(Chunk chunk) {
    parked_.with([&](Parked& parked) {
        const std::size_t bytes = weight_of(chunk);
        if (parked.bytes + bytes > kParkedBytesMax) {
            count_lost(chunk.cuts.size());
            return;
        }
        parked.bytes += bytes;
        parked.chunks.push_back(std::move(chunk));
    });
}

bool SyslogInput::retry_parked() {
    return parked_.with([&](Parked& parked) {
        std::erase_if(parked.chunks, [&](Chunk& chunk) {
            const std::size_t bytes = weight_of(chunk);
            if (!pipeline_.offer(chunk)) {
                return false;
            }
            parked.bytes -= bytes;
            return true;
        });
        return parked.chunks.empty();
    });
}

void SyslogInput::stop(base::Duration patience) {
    const std::int64_t end = base::monotonic_us() + patience.us;
    while (!retry_parked() && base::monotonic_us() < end) {
        std::this_thread::sleep_for(kRetryPause);
    }
    parked_.with([](Parked& parked) {
        for (const Chunk& chunk : parked.chunks) {
            count_lost(chunk.cuts.size());
        }
        parked = {};
    });
}

}  // namespace gac::pipeline
