// However a stream is chopped, both framers give the same frames and counts; and no byte gets lost:
// what goes in comes out in a frame, is counted as skipped, or belongs to the framing itself.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "ingest/framing.h"

using namespace gac;

namespace {

struct Seen {
    std::vector<std::string> frames;
    std::vector<bool> truncated;
    ingest::FrameCounts counts;
    std::size_t bytes = 0;
};

template <class Framer>
Seen run(std::string_view bytes, std::size_t limit, std::size_t first_step, std::size_t step) {
    Framer framer(limit);
    Seen seen;
    const auto sink = [&](const ingest::Frame& frame) {
        GAC_ASSERT(!frame.bytes.empty());
        GAC_ASSERT(frame.bytes.size() <= limit);
        seen.bytes += frame.bytes.size();
        seen.frames.emplace_back(frame.bytes);
        seen.truncated.push_back(frame.truncated);
    };
    for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t take = at == 0 ? first_step : step;
        framer.feed(bytes.substr(at, take), sink);
        // Held back: at most one frame, with its count and its line end.
        GAC_ASSERT(framer.pending_bytes() <= limit + 12);
        at += take;
    }
    framer.finish(sink);
    GAC_ASSERT(framer.pending_bytes() == 0);
    seen.counts = framer.counts();
    GAC_ASSERT(seen.counts.frames == seen.frames.size());
    return seen;
}

template <class Framer>
Seen check(std::string_view bytes, std::size_t limit, std::size_t step) {
    const Seen whole = run<Framer>(bytes, limit, bytes.size() + 1, bytes.size() + 1);
    for (const std::size_t other : {std::size_t{1}, step}) {
        const Seen parts = run<Framer>(bytes, limit, step % 7 + 1, other);
        GAC_ASSERT(parts.frames == whole.frames);
        GAC_ASSERT(parts.truncated == whole.truncated);
        GAC_ASSERT(parts.counts.skipped_bytes == whole.counts.skipped_bytes);
        GAC_ASSERT(parts.counts.bad_counts == whole.counts.bad_counts);
        GAC_ASSERT(parts.counts.truncated == whole.counts.truncated);
    }
    return whole;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2 || size > 16 * 1024) {
        return 0;
    }
    const std::size_t limit = 1 + data[0] % 64;
    const std::size_t step = 1 + data[1] % 32;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);

    const Seen lines = check<ingest::LineFramer>(bytes, limit, step);
    std::size_t ends = 0;
    std::size_t returns = 0;
    for (const char c : bytes) {
        ends += c == '\n' ? 1u : 0u;
        returns += c == '\r' ? 1u : 0u;
    }
    GAC_ASSERT(lines.bytes + lines.counts.skipped_bytes + ends <= bytes.size());
    GAC_ASSERT(lines.bytes + lines.counts.skipped_bytes + ends + returns >= bytes.size());

    const Seen messages = check<ingest::SyslogFramer>(bytes, limit, step);
    std::size_t framing = 0;  // line ends, NUL, and digits with their blank
    for (const char c : bytes) {
        const bool is_digit = c >= '0' && c <= '9';
        framing += c == '\n' || c == '\r' || c == '\0' || c == ' ' || is_digit ? 1u : 0u;
    }
    GAC_ASSERT(messages.bytes + messages.counts.skipped_bytes <= bytes.size());
    GAC_ASSERT(messages.bytes + messages.counts.skipped_bytes + framing >= bytes.size());
    return 0;
}
