#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/snapshot.h"
#include "detect/ioc/fixture.h"

namespace gac::detect::ioc {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr std::string_view kMd5 = "44d88612fea8a8f36de82e1278abb02f";

TEST(IndicatorEngine, MergesAllEntriesOfAnObservable) {
    const auto set =
        build({{"low.txt", "# gac.level: low\n192.0.2.0/24\n192.0.0.0/16\n192.0.2.7\n"},
               {"high.txt", "# gac.level: high\n# gac.title: Máy chủ C2\n192.0.2.7\n"},
               {"none.txt", "198.51.100.1\n"}});
    event::EventBatch batch;
    add_event(batch, {{"source.ip", "192.0.2.7"}, {"destination.ip", "192.0.2.7"}});
    add_event(batch, {{"source.ip", "192.0.2.8"}});
    add_event(batch, {{"source.ip", "10.0.0.1"}});
    const auto hits = match(set, batch);
    ASSERT_EQ(hits.size(), 2u);
    EXPECT_EQ(hits[0].rule->id, "high");
    EXPECT_EQ(hits[0].rule->title_vi, "Máy chủ C2");
    EXPECT_EQ(hits[0].rule->level, event::Level::High);
    EXPECT_EQ(hits[0].rule->kind, event::DetectionKind::Indicator);
    EXPECT_THAT(entries(hits[0]), UnorderedElementsAre("low:192.0.2.7", "high:192.0.2.7",
                                                       "low:192.0.2.0/24", "low:192.0.0.0/16"));
    ASSERT_EQ(hits[0].matched.size(), 2u);
    EXPECT_EQ(hits[0].matched[1].field, "destination.ip");
    EXPECT_THAT(hits[0].events, ElementsAre(1u));
    EXPECT_EQ(hits[1].row, 1u);
    EXPECT_THAT(entries(hits[1]), UnorderedElementsAre("low:192.0.2.0/24", "low:192.0.0.0/16"));
}

TEST(IndicatorEngine, ADomainHitsItsSubdomainsUnlessTheListIsExact) {
    const auto set = build({{"a.txt", "evil.example\n*.only.example\n"},
                            {"b.txt", "# gac.match: exact\nexact.example\n"}});
    event::EventBatch batch;
    for (const char* name : {"evil.example", "a.b.EVIL.example.", "notevil.example", "only.example",
                             "x.only.example", "exact.example", "x.exact.example", "example"}) {
        add_event(batch, {{"dns.question.name", name}});
    }
    EXPECT_THAT(observables(match(set, batch)),
                ElementsAre("domain evil.example", "domain a.b.evil.example",
                            "domain x.only.example", "domain exact.example"));
}

TEST(IndicatorEngine, UrlsMatchInCanonicalFormAndByTheirHost) {
    const auto set =
        build({{"u.txt", "http://evil.example/a/b.php\nbare.example/x\nhttps://tree.example/t/*\n"},
               {"d.txt", "host.example\n203.0.113.0/24\n"}});
    event::EventBatch batch;
    for (const char* url :
         {"HTTP://EVIL.EXAMPLE:80/a/./%62.php#x", "https://evil.example/a/b.php",
          "https://bare.example/x", "http://bare.example/x?y", "https://tree.example/t/any/where?q",
          "https://tree.example/tt", "ftp://www.host.example/", "http://203.0.113.9:8080/z"}) {
        add_event(batch, {{"url.full", url}});
    }
    EXPECT_THAT(observables(match(set, batch)),
                ElementsAre("url http://evil.example/a/b.php", "url https://bare.example/x",
                            "url https://tree.example/t/any/where?q", "domain www.host.example",
                            "ip 203.0.113.9"));
}

TEST(IndicatorEngine, HostAndPathInFieldsOfTheirOwnMakeAUrl) {
    const auto set =
        build({{"u.txt", "http://evil.example/a/b.php?q=1\nhttp://evil.example:8080/x\n"}});
    event::EventBatch batch;
    add_event(batch, {{"url", "/a/b.php?q=1"}, {"hostname", "EVIL.example"}}, "firewall");
    add_event(batch, {{"url.domain", "evil.example:8080"}, {"url.path", "/x"}});
    add_event(batch, {{"url.domain", "evil.example"}, {"url.path", "/other"}});
    const auto hits = match(set, batch);
    ASSERT_EQ(hits.size(), 2u);
    EXPECT_EQ(hits[0].matched[0].field, "hostname");
    EXPECT_EQ(hits[0].matched[1].field, "url");
    EXPECT_THAT(entries(hits[1]), ElementsAre("u:http://evil.example:8080/x"));
}

TEST(IndicatorEngine, ReadsSysmonHashesWithoutTheImportHash) {
    const auto set =
        build({{"h.txt", std::string(kMd5) + "\n3395856CE81F2B7382DEE72602F798B642F14140\n"}});
    event::EventBatch batch;
    add_event(batch,
              {{"Hashes",
                "SHA1=3395856CE81F2B7382DEE72602F798B642F14140,MD5="
                "44D88612FEA8A8F36DE82E1278ABB02F"}},
              "windows");
    add_event(batch, {{"winlog.event_data.Hashes", "IMPHASH=" + std::string(kMd5)}}, "winlogbeat");
    add_event(batch, {{"winlog.event_data.Hashes", "MD5=" + std::string(kMd5)}}, "winlogbeat");
    add_event(batch, {{"file.hash.md5", std::string(kMd5)}}, "ecs");
    EXPECT_EQ(match(set, batch).size(), 4u);
}

TEST(IndicatorEngine, KnowsTheOtherKinds) {
    const auto set =
        build({{"m.csv",
                "type,value\nmutex,Global\\Evil\nfilename,bad.exe\nfilename,C:\\Temp\\x.dll\n"
                "ja3,e7d705a3286e19ea42f587b344ee6865\nemail,user@phish.example\n"}});
    event::EventBatch batch;
    add_event(batch, {{"mutex.name", "\\Sessions\\2\\BaseNamedObjects\\Evil"}});
    add_event(batch, {{"Image", "C:\\Users\\Public\\BAD.exe"}}, "windows");
    add_event(batch, {{"file.path", "c:/temp/X.DLL"}});
    add_event(batch, {{"file.path", "/other/x.dll"}});
    add_event(batch, {{"tls.client.ja3", "E7D705A3286E19EA42F587B344EE6865"}});
    add_event(batch, {{"file.hash.md5", "e7d705a3286e19ea42f587b344ee6865"}});
    add_event(batch, {{"email.from.address", "Người gửi <User@Phish.example>"}});
    add_event(batch, {{"QueryResults", "type:  5 cdn.example;::ffff:198.51.100.9;"}}, "windows");
    EXPECT_THAT(
        observables(match(set, batch)),
        ElementsAre("mutex Evil", "filename c:/users/public/bad.exe", "filename c:/temp/x.dll",
                    "ja3 e7d705a3286e19ea42f587b344ee6865", "email user@phish.example"));
    const auto answers = build({{"a.txt", "198.51.100.9\ncdn.example\n"}});
    EXPECT_THAT(observables(match(answers, batch)),
                ElementsAre("domain cdn.example", "ip 198.51.100.9"));
}

TEST(IndicatorEngine, ReadsBinaryAddressesAndLists) {
    const auto set = build({{"a.txt", "2001:db8::7\n198.51.100.0/25\n"}});
    event::EventBatch batch;
    batch.begin();
    batch.add_ip(event::field::SourceIp, *base::IpAddress::parse("2001:db8::7"));
    batch.end({.time = at("2026-01-01T00:00:00Z")});
    batch.begin();
    const event::ValueRef parts[] = {event::ValueRef(std::string_view("10.0.0.1")),
                                     event::ValueRef(std::string_view("198.51.100.127")),
                                     event::ValueRef(std::string_view("198.51.100.128"))};
    batch.add(event::intern("related.ip"), event::ValueRef(std::span(parts)));
    batch.add(event::intern("file.hash.md5"), event::ValueRef::escaped(R"(a\u0062)"));
    batch.end({.time = at("2026-01-01T00:00:00Z")});
    EXPECT_THAT(observables(match(set, batch)), ElementsAre("ip 2001:db8::7", "ip 198.51.100.127"));
}

TEST(IndicatorEngine, AnEntryHitsUntilItExpiresByTheTimeOfTheEvent) {
    const auto set = build({{"e.csv", "indicator,valid_until\n192.0.2.1,2026-06-01T00:00:00Z\n"},
                            {"f.txt", "192.0.2.1\n"}});
    event::EventBatch batch;
    add_event(batch, {{"source.ip", "192.0.2.1"}}, "generic", at("2026-05-31T23:59:59Z"));
    add_event(batch, {{"source.ip", "192.0.2.1"}}, "generic", at("2026-06-01T00:00:00Z"));
    const auto hits = match(set, batch);
    ASSERT_EQ(hits.size(), 2u);
    EXPECT_THAT(entries(hits[0]), UnorderedElementsAre("e:192.0.2.1", "f:192.0.2.1"));
    EXPECT_THAT(entries(hits[1]), UnorderedElementsAre("f:192.0.2.1"));
}

TEST(IndicatorEngine, WhatStandsInAnAllowListDoesNotHit) {
    const auto set =
        build({{"i.txt",
                "192.0.2.1\n198.51.100.0/24\ncdn.example\nx.bank.example\ngoogle.example\n"
                "http://docs.bank.example/evil\n"},
               {"allow.txt", "192.0.2.0/24\n198.51.100.7\nbank.example\n# only a note\n", true},
               {"exact.txt", "# gac.kind: allow\n# gac.match: exact\ngoogle.example\n"}});
    event::EventBatch batch;
    for (const char* name : {"192.0.2.1", "198.51.100.7", "198.51.100.8", "a.x.bank.example",
                             "cdn.example", "www.google.example"}) {
        add_event(batch, {{"destination.address", name}});
    }
    add_event(batch, {{"url.full", "http://docs.bank.example/evil"}});
    EXPECT_THAT(observables(match(set, batch)), ElementsAre("ip 198.51.100.8", "domain cdn.example",
                                                            "url http://docs.bank.example/evil"));
    EXPECT_GE(set->lists()[0].suppressed->value(), 4u);
}

TEST(IndicatorEngine, ListsThatPeopleSwitchedOffDoNotHit) {
    const auto set = build(
        {{"on.txt", "192.0.2.1\n"}, {"off.txt", "# gac.level: critical\n192.0.2.1\n192.0.2.2\n"}});
    event::EventBatch batch;
    add_event(batch, {{"source.ip", "192.0.2.1"}});
    add_event(batch, {{"source.ip", "192.0.2.2"}});
    batch.set_first_id(1);
    IndicatorEngine engine(std::make_shared<IndicatorPlan>(*profiles(), IndicatorOptions{}), set);
    engine.set_disabled(std::make_shared<const std::set<std::string>>(
        std::set<std::string>{"off", "something else"}));
    std::vector<event::Detection> hits;
    engine.match(batch, hits);
    ASSERT_EQ(hits.size(), 1u);
    EXPECT_EQ(hits[0].rule->id, "on");
    EXPECT_EQ(engine.stats().checked, 2u);
}

TEST(IndicatorEngine, CountsHitsByList) {
    const auto set = build({{"counted-here.txt", "192.0.2.0/24\n192.0.2.1\n"}});
    const std::uint64_t before = set->lists()[0].hits->value();
    event::EventBatch batch;
    add_event(batch, {{"source.ip", "192.0.2.1"}});
    add_event(batch, {{"source.ip", "192.0.2.1"}, {"destination.ip", "192.0.2.9"}});
    match(set, batch);
    EXPECT_EQ(set->lists()[0].hits->value() - before, 3u);
}

TEST(IndicatorEngine, LooksIntoTextsOnlyWhenAsked) {
    const auto set = build({{"i.txt", "evil.example\n198.51.100.7\n"}});
    event::EventBatch batch;
    add_event(batch, {{"message", "GET hxxp://www.evil[.]example/x from 198[.]51[.]100[.]7"}});
    add_event(batch, {}, "generic", at("2026-06-01T00:00:00Z"), "raw line, peer=198.51.100.7:22");
    EXPECT_THAT(match(set, batch), IsEmpty());
    const auto hits = match(set, batch, {.text = true});
    EXPECT_THAT(observables(hits),
                ElementsAre("domain www.evil.example", "ip 198.51.100.7", "ip 198.51.100.7"));
    EXPECT_EQ(hits[0].matched[0].field, "message");
    EXPECT_EQ(hits[2].matched[0].field, "event.original");
}

TEST(IndicatorEngine, DuplicateLinesAreOneEntry) {
    const auto set = build({{"d.csv", "ip,description\n192.0.2.1,a\n192.0.2.1,a\n192.0.2.1,b\n"}});
    event::EventBatch batch;
    add_event(batch, {{"source.ip", "192.0.2.1"}});
    const auto hits = match(set, batch);
    ASSERT_EQ(hits.size(), 1u);
    ASSERT_EQ(hits[0].entries.size(), 2u);
    EXPECT_EQ(hits[0].entries[0].note, "a");
    EXPECT_EQ(hits[0].entries[1].note, "b");
    EXPECT_EQ(hits[0].entries[1].line, 4u);
}

// A batch sees one generation from its beginning to its end, while others are put in place.
TEST(IndicatorEngine, SetsAreSwappedUnderLoad) {
    const auto one = build({{"one.txt", "192.0.2.1\n192.0.2.2\n"}});
    const auto two = build({{"two.txt", "192.0.2.1\n192.0.2.2\nevil.example\n"}});
    base::Snapshot<IndicatorSet> active(one);
    const auto plan = std::make_shared<IndicatorPlan>(*profiles(), IndicatorOptions{});
    std::atomic<bool> stop{false};
    std::jthread swapper([&] {
        for (int i = 0; i < 20'000 && !stop; ++i) {
            active.set(i % 2 == 0 ? two : one);
        }
        stop = true;
    });
    std::vector<std::jthread> shards;
    std::atomic<int> mixed{0};
    for (int shard = 0; shard < 3; ++shard) {
        shards.emplace_back([&] {
            IndicatorEngine engine(plan, active.get());
            event::EventBatch batch;
            add_event(batch, {{"source.ip", "192.0.2.1"}});
            add_event(batch, {{"source.ip", "192.0.2.2"}});
            batch.set_first_id(1);
            std::vector<event::Detection> hits;
            do {
                engine.swap(active.get());
                hits.clear();
                engine.match(batch, hits);
                if (hits.size() != 2 || hits[0].rule->id != hits[1].rule->id) {
                    ++mixed;
                }
            } while (!stop);
        });
    }
    shards.clear();
    EXPECT_EQ(mixed, 0);
}

}  // namespace
}  // namespace gac::detect::ioc
