#include "ingest/framing.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gac::ingest {
namespace {

using Frames = std::vector<std::string>;

template <class Framer>
Frames frames_of(Framer& framer, std::string_view bytes, std::size_t step, bool finish = true) {
    Frames out;
    const auto sink = [&](const Frame& frame) {
        out.push_back((frame.truncated ? "cut:" : "") + std::string(frame.bytes));
    };
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        framer.feed(bytes.substr(at, step), sink);
    }
    if (finish) {
        framer.finish(sink);
    }
    return out;
}

// The same frames however the stream was chopped.
Frames syslog(std::string_view bytes, std::size_t limit = 1000, FrameCounts* counts = nullptr) {
    SyslogFramer whole(limit);
    const Frames expected = frames_of(whole, bytes, bytes.size() + 1);
    for (const std::size_t step : {1u, 2u, 3u, 5u, 7u, 11u, 64u}) {
        SyslogFramer framer(limit);
        EXPECT_EQ(frames_of(framer, bytes, step), expected) << "step " << step;
        EXPECT_EQ(framer.counts().bad_counts, whole.counts().bad_counts) << "step " << step;
        EXPECT_EQ(framer.counts().skipped_bytes, whole.counts().skipped_bytes) << "step " << step;
        EXPECT_EQ(framer.pending_bytes(), 0u);
    }
    if (counts != nullptr) {
        *counts = whole.counts();
    }
    return expected;
}

Frames lines(std::string_view bytes, std::size_t limit = 1000) {
    LineFramer whole(limit);
    const Frames expected = frames_of(whole, bytes, bytes.size() + 1);
    for (const std::size_t step : {1u, 2u, 3u, 5u, 7u, 64u}) {
        LineFramer framer(limit);
        EXPECT_EQ(frames_of(framer, bytes, step), expected) << "step " << step;
    }
    return expected;
}

TEST(SyslogFramer, CutsAtLineFeeds) {
    EXPECT_EQ(syslog("<1>a\n<2>b\r\n<3>c"), (Frames{"<1>a", "<2>b", "<3>c"}));
}

TEST(SyslogFramer, CountsOctets) {
    EXPECT_EQ(syslog("4 <1>a6 <2>b\nc4 <3>d"), (Frames{"<1>a", "<2>b\nc", "<3>d"}));
}

TEST(SyslogFramer, TellsBothKindsApartAtEachMessage) {
    EXPECT_EQ(syslog("4 <1>a<2>b\n4 <3>c\n<4>d\n"), (Frames{"<1>a", "<2>b", "<3>c", "<4>d"}));
}

TEST(SyslogFramer, TakesTimesInFrontForText) {
    EXPECT_EQ(syslog("2026-11-22T09:15:00Z host app: x\n12 words\n"),
              (Frames{"2026-11-22T09:15:00Z host app: x", "12 words"}));
}

TEST(SyslogFramer, DropsLineEndsAndNulBetweenMessages) {
    EXPECT_EQ(syslog(std::string_view("\n\r\n\0<1>a\n\n\0\0<2>b\n", 17)), (Frames{"<1>a", "<2>b"}));
    FrameCounts counts;
    EXPECT_EQ(syslog("5 <1>a\n5 <2>b\n", 1000, &counts), (Frames{"<1>a", "<2>b"}));
    EXPECT_EQ(counts.bad_counts, 0u);
}

TEST(SyslogFramer, CountTooLargeDoesNotSwallowTheNextMessages) {
    FrameCounts counts;
    EXPECT_EQ(syslog("90 <1>short\n4 <2>b<3>c\n", 1000, &counts),
              (Frames{"<1>short", "<2>b", "<3>c"}));
    EXPECT_EQ(counts.bad_counts, 1u);
}

TEST(SyslogFramer, CountTooSmallLosesNothing) {
    FrameCounts counts;
    EXPECT_EQ(syslog("4 <1>abcdef\n4 <2>b", 1000, &counts), (Frames{"<1>a", "bcdef", "<2>b"}));
    EXPECT_EQ(counts.bad_counts, 1u);
}

TEST(SyslogFramer, MessageThatNeverEndsIsHandedOutAtTheEnd) {
    FrameCounts counts;
    EXPECT_EQ(syslog("100 <1>the sender went away", 1000, &counts),
              (Frames{"<1>the sender went away"}));
    EXPECT_EQ(counts.bad_counts, 1u);
}

TEST(SyslogFramer, CutsOverLongFramesAndGoesOn) {
    FrameCounts counts;
    EXPECT_EQ(syslog("<1>0123456789\n<2>b\n", 8, &counts), (Frames{"cut:<1>01234", "<2>b"}));
    EXPECT_EQ(counts.truncated, 1u);
    EXPECT_EQ(counts.skipped_bytes, 5u);
    EXPECT_EQ(syslog("13 <1>01234567894 <2>b", 8, &counts), (Frames{"cut:<1>01234", "<2>b"}));
    EXPECT_EQ(counts.skipped_bytes, 5u);
}

TEST(SyslogFramer, AbsurdCountIsNotBelievedBeyondTheLine) {
    FrameCounts counts;
    EXPECT_EQ(syslog("999999999 <1>abc\n<2>b\n", 8, &counts), (Frames{"<1>abc", "<2>b"}));
    EXPECT_EQ(counts.bad_counts, 1u);
    EXPECT_EQ(syslog("99999999999 <1>abc\n<2>b\n", 40), (Frames{"99999999999 <1>abc", "<2>b"}));
}

TEST(SyslogFramer, KeepsLinesOfOneCountedMessageTogether) {
    EXPECT_EQ(syslog("22 <1>first\n<Event>\nthird4 <2>b"),
              (Frames{"<1>first\n<Event>\nthird", "<2>b"}));
}

TEST(LineFramer, CutsLinesAtTheExactLimit) {
    EXPECT_EQ(lines("12345678\r\n12345678\n123456789\nx", 8),
              (Frames{"12345678", "12345678", "cut:12345678", "x"}));
    EXPECT_EQ(lines("12345678\r", 8), (Frames{"12345678"}));
    EXPECT_EQ(lines("12345678\rx\ny", 8), (Frames{"cut:12345678", "y"}));
    EXPECT_EQ(lines("\n\r\n\n", 8), Frames{});
}

TEST(TrimDatagram, DropsTheEndingsThatSendersAppend) {
    EXPECT_EQ(trim_datagram(std::string_view("<1>a\r\n\0", 7)), "<1>a");
    EXPECT_EQ(trim_datagram("\n"), "");
}

}  // namespace
}  // namespace gac::ingest
