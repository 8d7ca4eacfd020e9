#include "pipeline/syslog_input.h"

#include "base/metrics.h"
#include "ingest/framing.h"

namespace gac::pipeline {

namespace {

constexpr std::string_view kKind = "syslog";
constexpr std::size_t kParkedMax = 1024;
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

    bool receive(std::string_view bytes) override {
        waiting_ = make_chunk(source_, peer_, pipeline_.clock().now());
        framer_.feed(bytes, [&](const ingest::Frame& frame) { add_frame(waiting_, frame); });
        count();
        return hand_in();
    }

    bool resume() override { return hand_in(); }

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
    bool hand_in() {
        if (waiting_.cuts.empty()) {
            return true;
        }
        if (!pipeline_.offer(waiting_)) {
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

std::size_t SyslogInput::receive(std::span<const net::Datagram> datagrams) {
    // Neighbours from one sender travel together.
    std::size_t taken = 0;
    while (taken < datagrams.size()) {
        const net::Endpoint& peer = datagrams[taken].peer;
        const event::SourceId source = source_of(peer);
        Chunk chunk = make_chunk(source, peer, pipeline_.clock().now());
        std::size_t end = taken;
        for (; end < datagrams.size() && datagrams[end].peer.address == peer.address; ++end) {
            add_frame(chunk, {.bytes = ingest::trim_datagram(datagrams[end].bytes)});
        }
        if (!pipeline_.offer(chunk)) {
            pipeline_.sources().count_dropped(source, datagrams.size() - taken);
            return taken;
        }
        taken = end;
    }
    return taken;
}

void SyslogInput::park(Chunk chunk) {
    parked_.with([&](std::vector<Chunk>& parked) {
        if (parked.size() < kParkedMax) {
            parked.push_back(std::move(chunk));
        } else {
            base::counter("gac_pipeline_lost_events_total", {},
                          "Events of streams that could not be stored")
                .add(chunk.cuts.size());
        }
    });
}

void SyslogInput::retry_parked() {
    parked_.with([&](std::vector<Chunk>& parked) {
        std::erase_if(parked, [&](Chunk& chunk) { return pipeline_.offer(chunk); });
    });
}

}  // namespace gac::pipeline
