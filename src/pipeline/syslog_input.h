// Syslog from the network into the pipeline: TCP and TLS streams are cut into messages (RFC 6587)
// and wait when the pipeline is full; datagrams that find it full are counted as dropped. Each
// sender's address is a source of its own. Called on network threads; never blocks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/snapshot.h"
#include "net/listener.h"
#include "pipeline/pipeline.h"

namespace gac::pipeline {

class SyslogInput final : public net::ByteSinkMaker, public net::DatagramSink {
public:
    SyslogInput(Pipeline& pipeline, std::uint32_t message_bytes_max)
        : pipeline_(pipeline), message_bytes_max_(message_bytes_max) {}

    std::unique_ptr<net::ByteSink> make(const net::Endpoint& peer) override;
    void receive(std::span<const net::Datagram> datagrams) override;

    // The end of a stream that found the queue full when its peer went; tried again by
    // retry_parked(), which somebody calls every second. Over the bound it is lost, and counted.
    void park(Chunk chunk);
    bool retry_parked();  // true when none is left
    // After the listeners: hands in what is parked, as long as `patience` goes.
    void stop(base::Duration patience);

private:
    // The source of a sender; a table that is full lumps all new senders together.
    event::SourceId source_of(const net::Endpoint& peer);

    Pipeline& pipeline_;
    std::uint32_t message_bytes_max_;
    struct Parked {
        std::vector<Chunk> chunks;
        std::size_t bytes = 0;
    };
    base::Guarded<Parked> parked_;
};

}  // namespace gac::pipeline
