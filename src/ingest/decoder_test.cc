#include "ingest/decoder.h"

#include <gtest/gtest.h>

#include <string>

#include "ingest/core/names.h"
#include "ingest/core/testing.h"
#include "ingest/core/times.h"

namespace gac::ingest {
namespace {

using testing::Bench;

event::FieldId id(std::string_view name) { return event::intern(name); }

TEST(MakeDecoder, RefusesUnknownFormatAndNamesTheKnownOnes) {
    const auto decoder = make_decoder("xml", {});
    ASSERT_FALSE(decoder);
    EXPECT_NE(decoder.error().text.find("syslog"), std::string::npos);
    for (const std::string_view name : decoder_names()) {
        EXPECT_TRUE(make_decoder(name, {})) << name;
    }
}

TEST(Decoder, WorksWithoutProfiles) {
    const auto decoder = make_decoder("auto", {});
    event::EventBatch batch;
    (*decoder)->decode(R"({"@timestamp":"2026-11-22T01:00:00Z","a":1})", {}, batch);
    (*decoder)->decode("<13>Nov 22 09:15:00 host app: text", {.received = testing::received()},
                       batch);
    ASSERT_EQ(batch.size(), 2u);
    EXPECT_FALSE(batch.heads()[0].parse_failed);
    EXPECT_EQ(base::format_rfc3339(batch.heads()[1].time), "2026-11-22T09:15:00.000000Z");
}

TEST(Decoder, ReadsTheSecondLineOfADayAsTheFirst) {
    // The second one finds the day remembered, which takes a way of its own.
    const auto decoder = make_decoder("auto", {});
    event::EventBatch batch;
    for (int i = 0; i < 2; ++i) {
        (*decoder)->decode("Nov 22 09:15:00 host-1 sshd[42]: Invalid user x from 192.0.2.7",
                           {.received = testing::received()}, batch);
    }
    (*decoder)->decode("Nov 22 09:15:00 sshd[42]: Invalid user x from 192.0.2.7",
                       {.received = testing::received()}, batch);
    ASSERT_EQ(batch.size(), 3u);
    for (std::uint32_t row = 0; row < 3; ++row) {
        EXPECT_EQ(base::format_rfc3339(batch.heads()[row].time), "2026-11-22T09:15:00.000000Z");
        EXPECT_EQ(batch[row].find(event::field::ProcessPid)->integer(), 42);
        EXPECT_EQ(batch[row].find(event::field::ProcessName)->string(), "sshd");
        EXPECT_EQ(batch[row].find(event::field::UserName)->string(), "x");
        const event::ValueRef* host = batch[row].find(event::field::HostName);
        EXPECT_EQ(host == nullptr ? "" : host->string(), row < 2 ? "host-1" : "");
    }
}

TEST(Decoder, AnErrorLineOfNewYearsEveStaysInItsYear) {
    const auto decoder = make_decoder("auto", {});
    event::EventBatch batch;
    (*decoder)->decode("[Sat Dec 31 18:00:01 2005] [error] text", {}, batch);
    ASSERT_EQ(batch.size(), 1u);
    EXPECT_EQ(base::format_rfc3339(batch.heads()[0].time), "2005-12-31T18:00:01.000000Z");
}

TEST(Decoder, KeepsTheOriginalBytesAndWhoSentThem) {
    Bench bench("auto");
    bench.origin().source = event::SourceId{7};
    bench.origin().drill = true;
    std::string frame = "no shape \xff here";
    bench.feed(frame);
    frame.assign(frame.size(), '#');  // the decoder keeps nothing of the caller's
    const event::EventHead& head = bench.batch().heads()[0];
    EXPECT_EQ(head.raw, "no shape \xff here");
    EXPECT_EQ(head.source, event::SourceId{7});
    EXPECT_TRUE(head.drill);
    EXPECT_TRUE(head.parse_failed);
    EXPECT_EQ(head.time, testing::received());
    EXPECT_EQ(bench.at("message"), "no shape \xEF\xBF\xBD here");
    EXPECT_NE(bench.at("parse.error"), "(none)");
}

TEST(Decoder, BlankFramesAreNoEvents) {
    for (const std::string_view name : decoder_names()) {
        Bench bench(name);
        bench.feed("").feed("  \t\r\n").feed(std::string_view("\0\n", 2));
        EXPECT_EQ(bench.batch().size(), 0u) << name;
    }
}

TEST(Decoder, EveryFormatMakesAnEventOfAnything) {
    for (const std::string_view name : decoder_names()) {
        Bench bench(name);
        bench.feed("<").feed("[").feed("{").feed("a=").feed("<999>x").feed("\"").feed("\xff");
        bench.feed("\xEF\xBB\xBF").feed("\xEF\xBB\xBF\r\n").feed("<13>").feed("1 ");
        EXPECT_EQ(bench.batch().size(), 11u) << name;
    }
}

TEST(Decoder, CutsAndMarksFramesBeyondTheLimit) {
    Bench bench("line", "generic", {.event_bytes_max = 5});
    bench.feed("123456789").feed("12345");
    EXPECT_EQ(bench.batch().heads()[0].raw, "12345");
    EXPECT_TRUE(bench.failed(0));
    EXPECT_FALSE(bench.failed(1));
    bench.origin().truncated = true;
    bench.feed("123");
    EXPECT_TRUE(bench.failed(2));
}

TEST(Decoder, TakesTheSenderForTheHostOnlyWhenTheEventNamesNone) {
    Bench bench("syslog");
    bench.origin().peer = "192.0.2.99";
    bench.feed("<13>app: text").feed("<13>Nov 22 09:15:00 may01 app: text");
    EXPECT_EQ(bench.at("host.name", 0), "192.0.2.99");
    EXPECT_EQ(bench.at("host.name", 1), "may01");
}

TEST(Decoder, ProfileOfTheSourceIsNotOverruledByShape) {
    Bench bench("auto", "firewall");
    bench.feed("<86>Nov 22 09:15:01 may01 sshd[1]: Failed password for root from 192.0.2.1 port 1");
    EXPECT_EQ(bench.profile(), "firewall");
    EXPECT_EQ(bench.at("event.action"), "ssh_login");
}

TEST(Decoder, ReadsOnlyTheFieldsThatAreAskedFor) {
    const event::FieldId wanted[] = {id("process.name"), id("winlog.event_data.Image"),
                                     id("Image")};
    Options options;
    options.fields = FieldChoice::of(wanted);
    options.keep_raw = false;
    Bench bench("auto", "generic", options);
    bench.feed(R"({"winlog":{"channel":"x","event_data":{"Image":"a.exe","Other":"b"}},"big":[1]})")
        .feed("<86>Nov 22 09:15:01 may01 sshd[1]: Failed password for root from 192.0.2.1 port 1")
        .feed(R"({"Event":{"System":{"EventID":1},"EventData":{"Image":"c.exe","More":1}}})");
    EXPECT_EQ(bench.at("winlog.event_data.Image", 0), "a.exe");
    EXPECT_EQ(bench.batch()[0].fields().size(), 1u);
    EXPECT_EQ(bench.at("process.name", 1), "sshd");
    EXPECT_EQ(bench.batch()[1].fields().size(), 1u);
    EXPECT_EQ(bench.at("Image", 2), "c.exe");
    EXPECT_TRUE(bench.batch().heads()[0].raw.empty());
}

TEST(FieldChoice, KnowsWhatLiesBelowAName) {
    const event::FieldId wanted[] = {id("a.b.c"), id("d")};
    const FieldChoice choice = FieldChoice::of(wanted);
    EXPECT_TRUE(choice.wants_below("a"));
    EXPECT_TRUE(choice.wants_below("a.b"));
    EXPECT_FALSE(choice.wants_below("a.b.c"));
    EXPECT_FALSE(choice.wants_below("d"));
    EXPECT_EQ(choice.wanted("d"), id("d"));
    EXPECT_FALSE(choice.wanted("a"));
    EXPECT_TRUE(FieldChoice::all().wants(id("anything")));
    const std::uint32_t before = event::field_count();
    EXPECT_FALSE(choice.wanted("never.seen.before"));
    EXPECT_EQ(event::field_count(), before);
}

TEST(WindowsNames, AreFlatAsSigmaAsksForThem) {
    EXPECT_EQ(flat_windows_name("Event.System.Provider.#attributes.Name"), "Provider_Name");
    EXPECT_EQ(flat_windows_name("Event.System.EventID"), "EventID");
    EXPECT_EQ(flat_windows_name("Event.System.EventID.#text"), "EventID");
    EXPECT_EQ(flat_windows_name("Event.System.Execution.#attributes.ProcessID"),
              "Execution_ProcessID");
    EXPECT_EQ(flat_windows_name("Event.EventData.Threat Name"), "ThreatName");
    EXPECT_EQ(flat_windows_name("Event.EventData.Data.#text"), "Data");
    EXPECT_EQ(flat_windows_name("Event.UserData.LogFileCleared.SubjectUserName"),
              "SubjectUserName");
    EXPECT_EQ(flat_windows_name("event.System.EventID"), "event.System.EventID");
    EXPECT_EQ(flat_windows_name("Event"), "Event");
}

TEST(NameTree, GoesOnPastItsLimit) {
    const event::FieldId wanted[] = {id("late.wanted")};
    const FieldChoice choice = FieldChoice::of(wanted);
    NameTree names(choice);
    for (std::size_t i = 0; i < NameTree::kNamesMax + 10; ++i) {
        names.begin_event();
        EXPECT_FALSE(names.child(NameTree::kRoot, "k" + std::to_string(i)).wanted);
    }
    const auto late = names.child(NameTree::kRoot, "late");
    EXPECT_TRUE(late.below);
    const auto leaf = names.child(late.node, "wanted");
    EXPECT_TRUE(leaf.wanted);
    EXPECT_EQ(leaf.field, wanted[0]);
    EXPECT_EQ(names.path(leaf.node), "late.wanted");
}

std::string bsd(std::string_view text, std::string_view received,
                std::string_view zone = "+07:00") {
    Scan scan(text);
    const auto time = scan_bsd_time(scan, *base::Zone::parse(zone), *base::parse_rfc3339(received));
    return time ? base::format_rfc3339(*time).substr(0, 19) + "|" + std::string(scan.rest())
                : "none";
}

TEST(BsdTime, FindsTheYear) {
    EXPECT_EQ(bsd("Nov 22 09:15:00 x", "2026-11-22T03:00:00Z"), "2026-11-22T02:15:00| x");
    EXPECT_EQ(bsd("Dec 31 23:59:59", "2027-01-01T03:00:00Z"), "2026-12-31T16:59:59|");
    // A clock that runs ahead over the turn of the year.
    EXPECT_EQ(bsd("Jan  1 00:00:05", "2026-12-31T16:59:58Z"), "2026-12-31T17:00:05|");
    // Old files are of the past, not of the next months.
    EXPECT_EQ(bsd("Dec 10 06:55:46", "2026-11-22T03:00:00Z"), "2025-12-09T23:55:46|");
    EXPECT_EQ(bsd("Mar 27 13:06:56", "2026-11-22T03:00:00Z"), "2026-03-27T06:06:56|");
    EXPECT_EQ(bsd("Feb 29 12:00:00", "2026-11-22T03:00:00Z"), "2024-02-29T05:00:00|");
    EXPECT_EQ(bsd("Feb 29 12:00:00", "2104-01-01T03:00:00Z"), "2096-02-29T05:00:00|");
}

TEST(BsdTime, ReadsItsShapes) {
    EXPECT_EQ(bsd("nov  2 09:15:00.250 x", "2026-11-22T03:00:00Z"), "2026-11-02T02:15:00| x");
    EXPECT_EQ(bsd("Nov 2 2024 09:15:00", "2026-11-22T03:00:00Z"), "2024-11-02T02:15:00|");
    EXPECT_EQ(bsd("Nov 31 09:15:00", "2026-11-22T03:00:00Z"), "none");
    EXPECT_EQ(bsd("Nov 3", "2026-11-22T03:00:00Z"), "none");
    EXPECT_EQ(bsd("", "2026-11-22T03:00:00Z"), "none");
}

TEST(BsdClock, RemembersDaysWithoutChangingAnyTime) {
    // Lines of several days and zones in turn, received around New Year and around a change of
    // summer time (Europe/Berlin, 25 October 2026).
    const auto berlin = base::Zone::parse("Europe/Berlin");
    ASSERT_TRUE(berlin) << berlin.error().message();
    const base::Zone zones[] = {base::Zone::utc(), *base::Zone::parse("+07:00"), *berlin};
    for (const base::Zone& zone : zones) {
        BsdClock clock;
        for (const std::string_view at :
             {"2026-12-31T23:00:00Z", "2026-10-25T00:30:00Z", "2026-12-29T23:59:58Z",
              "2026-12-30T00:00:01Z", "2027-01-01T12:00:00Z", "2028-02-29T10:00:00Z"}) {
            const base::TimePoint now = *base::parse_rfc3339(at);
            for (const std::string_view text :
                 {"Oct 25 01:30:00", "Oct 25 03:30:00", "Dec 31 23:59:59.5", "Jan  1 00:00:00",
                  "Jan  1 23:59:59", "Feb 29 00:00:00", "Jan  1 00:00:60", "Dec 31 24:00:00",
                  "Dec 31 00:00:00 x", "Dec 31 2020 00:00:00", "Dec 31 2020 00:00:01"}) {
                Scan remembered(text);
                Scan plain(text);
                EXPECT_EQ(clock.scan(remembered, zone, now), scan_bsd_time(plain, zone, now))
                    << text << " at " << at << " in " << zone.name();
                EXPECT_EQ(remembered.rest(), plain.rest());
            }
        }
    }
}

TEST(TimeOf, TellsUnitsOfNumbersApart) {
    const auto text = [](event::ValueRef value) {
        const auto time = time_of(value, base::Zone::utc());
        return time ? base::format_rfc3339(*time) : "none";
    };
    EXPECT_EQ(text(event::ValueRef(std::int64_t{1795313701})), "2026-11-22T02:15:01.000000Z");
    EXPECT_EQ(text(event::ValueRef(std::int64_t{1795313701123})), "2026-11-22T02:15:01.123000Z");
    EXPECT_EQ(text(event::ValueRef(std::int64_t{1795313701123456})), "2026-11-22T02:15:01.123456Z");
    EXPECT_EQ(text(event::ValueRef(std::int64_t{1795313701123456789})),
              "2026-11-22T02:15:01.123456Z");
    EXPECT_EQ(text(event::ValueRef(1795313701.5)), "2026-11-22T02:15:01.500000Z");
    EXPECT_EQ(text(event::ValueRef(std::string_view("1795313701.25"))),
              "2026-11-22T02:15:01.250000Z");
    EXPECT_EQ(text(event::ValueRef(std::string_view("2026-11-22 02:15:01"))),
              "2026-11-22T02:15:01.000000Z");
    EXPECT_EQ(text(event::ValueRef(std::string_view("soon"))), "none");
    EXPECT_EQ(text(event::ValueRef(std::int64_t{-1})), "none");
    EXPECT_EQ(text(event::ValueRef(true)), "none");
}

TEST(ClfTime, ReadsOffsets) {
    const auto text = [](std::string_view stamp) {
        const auto time = parse_clf_time(stamp, *base::Zone::parse("+07:00"));
        return time ? base::format_rfc3339(*time) : "none";
    };
    EXPECT_EQ(text("22/Nov/2026:09:15:01 +0700"), "2026-11-22T02:15:01.000000Z");
    EXPECT_EQ(text("22/Nov/2026:02:15:01 -0000"), "2026-11-22T02:15:01.000000Z");
    EXPECT_EQ(text("22/Nov/2026:09:15:01"), "2026-11-22T02:15:01.000000Z");
    EXPECT_EQ(text("32/Nov/2026:09:15:01 +0700"), "none");
    EXPECT_EQ(text("22/Nov/2026:09:15:01 +07"), "none");
}

TEST(Render, WritesAnEventAsOneFlatObject) {
    Bench bench("kv", "firewall");
    bench.batch().set_first_id(41);
    bench.feed("date=2026-11-22 time=09:15:03 srcip=203.0.113.9 dstip=192.0.2.1 devname=FW");
    EXPECT_EQ(
        bench.json(),
        R"({"@timestamp":"2026-11-22T02:15:03.000000Z","date":"2026-11-22","time":"09:15:03",)"
        R"("source.ip":"203.0.113.9","srcip":"203.0.113.9","destination.ip":"192.0.2.1",)"
        R"("dstip":"192.0.2.1","host.name":"FW","devname":"FW","event.original":)"
        R"("date=2026-11-22 time=09:15:03 srcip=203.0.113.9 dstip=192.0.2.1 devname=FW"})");
    std::string with_id;
    event::append_event_json(bench.batch()[0], (*testing::profiles())[event::ProfileId{}], with_id,
                             {.with_id = true, .with_original = false});
    EXPECT_TRUE(
        with_id.starts_with(R"({"@timestamp":"2026-11-22T02:15:03.000000Z","event.id":"41")"))
        << with_id;
    EXPECT_EQ(with_id.find("event.original"), std::string::npos);
}

}  // namespace
}  // namespace gac::ingest
