// Cuts a byte stream into frames: one frame is one log message. Plain values without sockets, one
// per connection or body; one thread at a time. How the stream was chopped into reads never changes
// the frames. Nothing is unbounded: a frame longer than the limit is handed out cut and flagged,
// its rest is skipped and counted, and the next frame is whole again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gac::ingest {

// A view into the framer or into the bytes fed; valid only inside the sink's call.
struct Frame {
    std::string_view bytes;
    bool truncated = false;  // longer than the limit: this is its beginning
    // What Input gives of a Windows event log when whole chunks are asked for; EventLogDecoder
    // reads them.
    enum class Kind : std::uint8_t { Message, EvtxChunk, DirtyEvtxChunk };
    Kind kind = Kind::Message;
};

struct FrameCounts {
    std::uint64_t frames = 0;
    std::uint64_t truncated = 0;      // frames handed out cut
    std::uint64_t skipped_bytes = 0;  // of the frames that were cut
    std::uint64_t bad_counts = 0;     // octet counts that were wrong (RFC 6587)
};

namespace detail {

// What both framers share: the bytes of an unfinished frame, and the skipping of an over-long one.
class Framer {
public:
    const FrameCounts& counts() const { return counts_; }
    // Bytes held back because their frame is not whole yet.
    std::size_t pending_bytes() const { return pending_.size(); }

protected:
    explicit Framer(std::size_t frame_bytes_max)
        : frame_bytes_max_(frame_bytes_max == 0 ? 1 : frame_bytes_max) {}

    // Looks at the front of `rest`: says how many bytes are used up, and whether `frame` is one.
    struct Step {
        std::size_t used = 0;  // 0 = more bytes are needed
        bool is_frame = false;
        Frame frame;
    };
    Step cut_line(std::string_view rest, bool at_end);
    Step skip(std::string_view rest);
    Step cut_over_long(std::string_view message, std::size_t skip_bytes);

    template <class Derived, class Sink>
    void run(Derived& self, std::string_view bytes, bool at_end, Sink& sink) {
        std::string_view rest = bytes;
        if (!pending_.empty()) {
            pending_.append(bytes);
            rest = pending_;
        }
        const std::size_t all = rest.size();
        while (!rest.empty()) {
            const Step step = self.step(rest, at_end);
            if (step.used == 0) {
                break;
            }
            scanned_ = 0;
            if (step.is_frame) {
                ++counts_.frames;
                sink(step.frame);
            }
            rest.remove_prefix(step.used);
        }
        if (pending_.empty()) {
            pending_.assign(rest);
        } else {
            pending_.erase(0, all - rest.size());
        }
    }

    std::size_t frame_bytes_max_;
    std::string pending_;
    std::size_t scanned_ = 0;  // of the unfinished frame: no end stands in these bytes
    std::size_t skip_bytes_ =
        0;  // of an over-long frame, still to come; it also ends at a line feed
    FrameCounts counts_;
};

}  // namespace detail

// Syslog over TCP or TLS (RFC 6587): octet counting ("42 <34>...") and line feeds, told apart at
// each message, because relays mix them. Line ends, blanks and NUL between messages are dropped.
class SyslogFramer : public detail::Framer {
public:
    explicit SyslogFramer(std::size_t frame_bytes_max) : Framer(frame_bytes_max) {}

    // sink(const Frame&) is called for each whole frame.
    template <class Sink>
    void feed(std::string_view bytes, Sink&& sink) {
        run(*this, bytes, false, sink);
    }
    // The connection ended: what is left is a frame too.
    template <class Sink>
    void finish(Sink&& sink) {
        run(*this, {}, true, sink);
    }

private:
    friend class detail::Framer;
    Step step(std::string_view rest, bool at_end);
    Step counted(std::string_view rest, std::size_t digits, bool at_end);

    bool after_counted_ = false;  // the message before was counted, and no line end came since
};

// Lines that end in LF or CRLF, for files and HTTP bodies. Empty lines give no frame.
class LineFramer : public detail::Framer {
public:
    explicit LineFramer(std::size_t frame_bytes_max) : Framer(frame_bytes_max) {}

    template <class Sink>
    void feed(std::string_view bytes, Sink&& sink) {
        run(*this, bytes, false, sink);
    }
    template <class Sink>
    void finish(Sink&& sink) {
        run(*this, {}, true, sink);
    }

private:
    friend class detail::Framer;
    Step step(std::string_view rest, bool at_end);
};

// A datagram is one frame: without the line end or NUL that some senders append.
std::string_view trim_datagram(std::string_view datagram);

}  // namespace gac::ingest
