// Hunting equals judging every event again, one by one, with the engine of the stream.
#include "pipeline/hunt.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "base/file.h"
#include "pipeline/hunt_service.h"
#include "response/desk_fixture.h"
#include "response/fake_desk.h"
#include "store/testing.h"

namespace gac::pipeline {
namespace {

using Random = std::mt19937_64;
constexpr std::int64_t kNow = 1'780'000'000;

std::shared_ptr<const event::ProfileSet> shipped_profiles() {
    static const auto loaded = *event::ProfileSet::load(
        std::filesystem::path(GAC_SOURCE_DIR) / "profiles", base::Zone::utc());
    return loaded;
}

std::string random_ip(Random& random) {
    return random() % 5 == 0
               ? "2001:db8::" + std::to_string(random() % 40)
               : "10." + std::to_string(random() % 3) + '.' + std::to_string(random() % 6) + '.'
                     + std::to_string(random() % 20);
}

std::string random_domain(Random& random) {
    static const std::string_view kLabels[] = {"a", "b", "evil", "WWW", "cdn", "mail"};
    static const std::string_view kTails[] = {"example", "test", "vn", "công-ty.vn"};
    std::string out;
    for (auto n = 1 + random() % 3; n > 0; --n) {
        out += kLabels[random() % 6];
        out += '.';
    }
    return out + std::string(kTails[random() % 4]);
}

std::string random_path(Random& random) {
    static const std::string_view kPaths[] = {"/", "/a", "/a/b", "/a/b/c?d=1", "/a/b?e"};
    return std::string(kPaths[random() % 5]);
}

std::string random_url(Random& random) {
    return (random() % 2 == 0 ? "http://" : "https://")
           + (random() % 4 == 0 ? "10.0.0." + std::to_string(random() % 20) : random_domain(random))
           + random_path(random);
}

std::string random_hash(Random& random) {
    static constexpr std::size_t kDigits[] = {32, 40, 64};
    return std::string(kDigits[random() % 3], "0123456789abcdef"[random() % 16]);
}

std::string random_file(Random& random) {
    static const std::string_view kFiles[] = {"C:\\Temp\\bad.exe", "bad.exe", "C:/temp/x.dll",
                                              "/usr/bin/ssh", "X.DLL"};
    return std::string(kFiles[random() % 5]);
}

std::shared_ptr<const detect::IndicatorSet> random_lists(Random& random) {
    detect::IndicatorBuilder builder;
    for (int i = 0; i < 4; ++i) {
        const bool allow = i == 3;
        std::string text = "type,value,valid_until\n";
        const auto entries = allow ? 3 : 5 + random() % 20;
        for (std::uint64_t n = 0; n < entries; ++n) {
            std::string value;
            std::string type = "";
            switch (random() % 8) {
                case 0:
                    value = random_ip(random);
                    break;
                case 1:
                    value = random_ip(random);
                    value += value.contains(':') ? "/125" : "/28";
                    break;
                case 2:
                    value = random_domain(random);
                    break;
                case 3:
                    value = "*." + random_domain(random);
                    break;
                case 4:
                    value = random_url(random) + (random() % 3 == 0 ? "/*" : "");
                    break;
                case 5:
                    value = random_hash(random);
                    break;
                case 6:
                    value = "a" + std::to_string(random() % 3) + "@" + random_domain(random);
                    break;
                default:
                    type = "filename";
                    value = random_file(random);
                    break;
            }
            text += type + ',' + value + ',';
            if (random() % 4 == 0) {
                text += std::to_string(kNow + static_cast<std::int64_t>(random() % 4000));
            }
            text += '\n';
        }
        builder.begin("list" + std::to_string(i), allow);
        builder.feed(text);
        static_cast<void>(builder.end());
    }
    return builder.finish();
}

void add_random_event(Random& random, event::EventBatch& batch, store::SourceNames& sources) {
    static const event::ProfileId kGeneric = *shipped_profiles()->find("generic");
    static const event::ProfileId kOther = *shipped_profiles()->find("windows");
    batch.begin();
    event::EventHead head;
    head.time.us = (kNow + static_cast<std::int64_t>(random() % 4000)) * 1'000'000;
    head.received = head.time;
    head.source = sources.source_id(random() % 3 == 0 ? "proxy" : "mail");
    head.profile = random() % 4 == 0 ? kOther : kGeneric;
    head.drill = random() % 20 == 0;
    const auto add = [&](std::string_view name, const std::string& value) {
        batch.add_copy(event::intern(name), value);
    };
    if (random() % 8 != 0) {
        add("host.name", "pc-" + std::to_string(random() % 5));
    }
    if (const auto ip = base::IpAddress::parse(random_ip(random))) {
        batch.add_ip(event::field::SourceIp, *ip);
    }
    const auto some = random();
    if (some % 2 == 0) {
        add("destination.ip", random_ip(random) + (some % 16 == 0 ? ":443" : ""));
    }
    if (some % 3 == 0) {
        add("dns.question.name", random_domain(random));
        const event::ValueRef answers[] = {
            event::ValueRef(batch.arena().copy(random_ip(random))),
            event::ValueRef(batch.arena().copy(random_domain(random)))};
        batch.add(event::intern("dns.resolved_ip"),
                  event::ValueRef(std::span<const event::ValueRef>(
                      batch.arena().copy(std::span<const event::ValueRef>(answers)))));
    }
    if (some % 5 == 0) {
        add("url.domain", random_domain(random));
        add("url.path", random_path(random));
    }
    if (some % 7 == 0) {
        add("url.original", some % 2 == 0 ? random_url(random) : random_path(random));
    }
    if (some % 11 == 0) {
        add("file.hash.sha256", random_hash(random));
        add("Hashes", "SHA1=" + std::string(40, 'a') + ",MD5=" + random_hash(random));
    }
    if (some % 13 == 0) {
        add("email.from.address", "A" + std::to_string(random() % 3) + "@" + random_domain(random));
    }
    if (some % 4 == 0) {
        add("process.executable", random_file(random));
    }
    if (some % 4 == 1) {  // own names of one profile alone
        add("DestinationIp", random_ip(random));
        add("Image", random_file(random));
    }
    if (some % 6 == 0) {
        add("message", "seen " + random_domain(random) + " and " + random_ip(random));
    }
    head.raw = batch.arena().copy("line with " + random_ip(random) + " and hxxp://"
                                  + random_domain(random) + "/a");
    batch.end(head);
}

// A line of a web server, of which url.original is a part that has another field inside: a path, a
// whole URL, or what looks like a path until its second byte.
void add_request(Random& random, event::EventBatch& batch, store::SourceNames& sources) {
    static const std::string_view kHosts[] = {"evil.example", "a.test"};
    const auto numbered = [&](const char* word) { return word + std::to_string(random() % 30); };
    const std::string host(kHosts[random() % 2]);
    std::string target;
    switch (random() % 4) {
        case 0:
            target = "http://" + host + '/' + numbered("x");
            break;
        case 1:
            target =
                '/' + (random() % 3 == 0 ? "" : numbered("p")) + '/' + host + '/' + numbered("x");
            break;
        default:
            target = '/' + numbered("p") + '/' + numbered("q");
            break;
    }
    batch.begin();
    event::EventHead head;
    head.time.us = (kNow + static_cast<std::int64_t>(random() % 4000)) * 1'000'000;
    head.received = head.time;
    head.source = sources.source_id("proxy");
    head.profile = *shipped_profiles()->find("generic");
    head.raw = batch.arena().copy("GET " + target + " HTTP/1.1");
    const std::string_view whole = head.raw.substr(4, target.size());
    batch.add(event::intern("url.original"), event::ValueRef(whole));
    batch.add(event::intern("url.extension"), event::ValueRef(whole.substr(whole.size() - 1)));
    batch.end(head);
}

struct Expected {
    std::set<event::EventId> events;
    base::TimePoint first{std::numeric_limits<std::int64_t>::max()};
    base::TimePoint last{std::numeric_limits<std::int64_t>::min()};
    std::map<std::string, std::uint64_t> hosts, sources;
    bool operator==(const Expected& other) const {
        return events.size() == other.events.size() && first == other.first && last == other.last
               && hosts == other.hosts && sources == other.sources;
    }
};
using ByIndicator = std::map<std::pair<std::string, std::string>, Expected>;

TEST(HuntProperty, EqualsJudgingEveryEvent) {
    Random random(20261123);
    std::uint64_t found_in_all = 0;
    for (int round = 0; round < 21; ++round) {
        const store::testing::TemporaryFolder folder;
        auto names = std::make_shared<store::SourceNameTable>();
        auto store = store::Store::open(
            {.folder = folder.path() / "events", .memory_rows_max = 1500, .block_rows_max = 128},
            shipped_profiles(), names);
        ASSERT_TRUE(store) << store.error().message();
        const auto plan = std::make_shared<detect::IndicatorPlan>(
            *shipped_profiles(), detect::IndicatorOptions{.text = round % 3 == 0});
        const auto set = random_lists(random);
        store::HuntQuestion question{.only_sources = {},
                                     .threads = 1 + static_cast<unsigned>(round) % 3};
        if (round % 4 == 1) {
            question.range = {{(kNow + 500) * 1'000'000}, {(kNow + 2500) * 1'000'000}};
        }
        if (round % 5 == 2) {
            question.only_sources = {"mail"};
        }
        if (round % 6 == 3) {
            question.id_end = 1500;
        }
        std::set<std::string> disabled;
        if (round % 7 == 4) {
            disabled.insert("list1");
        }
        detect::IndicatorEngine engine(plan, set);
        engine.set_disabled(std::make_shared<const std::set<std::string>>(disabled));
        ByIndicator expected;
        for (int b = 0; b < 4; ++b) {
            event::EventBatch batch;
            for (int i = 0; i < 500; ++i) {
                (i % 3 == 0 ? add_request : add_random_event)(random, batch, *names);
            }
            ASSERT_TRUE(store::testing::put(**store, batch));
            std::vector<event::Detection> hits;
            engine.match(batch, hits);
            for (const event::Detection& hit : hits) {
                const event::EventRef event = batch[hit.row];
                const std::string source = names->source_name(event.head().source);
                if (event.head().drill || !question.range.contains(event.head().time)
                    || event.id() >= question.id_end
                    || (question.only_sources && source != "mail")) {
                    continue;
                }
                for (const event::IndicatorEntry& entry : hit.entries) {
                    Expected& one = expected[{std::string(hit.indicator_type), entry.entry}];
                    if (!one.events.insert(event.id()).second) {
                        continue;
                    }
                    one.first = std::min(one.first, event.head().time);
                    one.last = std::max(one.last, event.head().time);
                    const event::ValueRef* host = event.find(event::intern("host.name"));
                    ++one.hosts[host == nullptr ? "" : std::string(host->string())];
                    ++one.sources[source];
                }
            }
        }
        if (round % 2 == 0) {
            ASSERT_TRUE((*store)->seal());
        }
        const auto report = hunt_history(**store, plan, set, disabled, question, {});
        ASSERT_TRUE(report) << report.error().message();
        EXPECT_EQ(report->partial, "");
        std::set<std::pair<std::string, std::string>> seen;
        for (const HuntFinding& finding : report->findings) {
            const std::pair key(std::string(detect::name_of(finding.indicator.type)),
                                finding.indicator.text);
            EXPECT_TRUE(seen.insert(key).second) << key.second;
            ASSERT_TRUE(expected.contains(key)) << round << ": " << key.first << ' ' << key.second;
            const Expected& one = expected[key];
            EXPECT_EQ(finding.seen.count, one.events.size()) << key.first << ' ' << key.second;
            EXPECT_EQ(finding.seen.first.us, one.first.us);
            EXPECT_EQ(finding.seen.last.us, one.last.us);
            std::map<std::string, std::uint64_t> hosts;
            for (const auto& host : finding.seen.hosts) {
                hosts[host.host] = host.count;
                EXPECT_EQ(host.samples.size(), std::min<std::size_t>(host.count, 5));
                for (const auto& sample : host.samples) {
                    EXPECT_TRUE(one.events.contains(sample.id));
                }
            }
            EXPECT_EQ(hosts, one.hosts);
            std::map<std::string, std::uint64_t> of_sources;
            for (const auto& source : finding.seen.sources) {
                of_sources[source.source] = source.count;
            }
            EXPECT_EQ(of_sources, one.sources);
            EXPECT_FALSE(finding.indicator.entries.empty());
            ++found_in_all;
        }
        EXPECT_EQ(seen.size(), expected.size()) << "round " << round;
    }
    EXPECT_GT(found_in_all, 300U);
}

TEST(Hunt, TellsWhyItStopped) {
    const store::testing::TemporaryFolder folder;
    auto names = std::make_shared<store::SourceNameTable>();
    auto store =
        store::Store::open({.folder = folder.path() / "events"}, shipped_profiles(), names);
    ASSERT_TRUE(store);
    Random random(1);
    event::EventBatch batch;
    for (int i = 0; i < 500; ++i) {
        add_random_event(random, batch, *names);
    }
    ASSERT_TRUE(store::testing::put(**store, batch));
    detect::IndicatorBuilder builder;
    builder.begin("all", false);
    builder.feed("10.0.0.0/8\n");
    ASSERT_TRUE(builder.end());
    const auto set = builder.finish();
    const auto plan =
        std::make_shared<detect::IndicatorPlan>(*shipped_profiles(), detect::IndicatorOptions{});
    std::stop_source stop;
    stop.request_stop();
    const auto cancelled =
        hunt_history(**store, plan, set, {}, {.only_sources = {}}, {.cancel = stop.get_token()});
    ASSERT_TRUE(cancelled);
    EXPECT_EQ(cancelled->partial, "cancelled");
    EXPECT_TRUE(cancelled->findings.empty());

    const auto few_hosts =
        hunt_history(**store, plan, set, {}, {.only_sources = {}, .hosts_max = 2}, {});
    ASSERT_TRUE(few_hosts);
    ASSERT_EQ(few_hosts->findings.size(), 1U);
    EXPECT_TRUE(few_hosts->findings[0].seen.more_hosts);
    EXPECT_EQ(few_hosts->findings[0].seen.hosts.size(), 2U);
    std::string json;
    append_json(few_hosts->findings[0], json);
    EXPECT_TRUE(json.starts_with("{\"indicator\":\"10.0.0.0/8\",\"type\":\"ip\",\"count\":"))
        << json;
    EXPECT_TRUE(json.contains("\"lists\":[{\"list\":\"all\",\"line\":1,\"level\":\"medium\"}]"))
        << json;
}

// A store whose hunts fail from the n-th on: as if the program had ended there.
struct FailingHunts final : store::EventSource {
    FailingHunts(const store::Store& of, int hunts) : store(of), left(hunts) {}
    Result<store::Answer> search(const store::Query& query,
                                 const store::Budget& budget) const override {
        return store.search(query, budget);
    }
    Result<> fetch(std::span<const event::EventId> ids, event::EventBatch& out) const override {
        return store.fetch(ids, out);
    }
    Result<store::Histogram> histogram(const store::Query& query, const store::HistogramSpec& spec,
                                       const store::Budget& budget) const override {
        return store.histogram(query, spec, budget);
    }
    Result<std::vector<store::TopValues>> top_values(const store::Query& query,
                                                     std::span<const std::string> fields,
                                                     std::uint32_t values_max,
                                                     const store::Budget& budget) const override {
        return store.top_values(query, fields, values_max, budget);
    }
    Result<std::vector<store::TopValues>> field_summary(
        const store::Query& query, std::uint32_t events_max, std::uint32_t values_max,
        const store::Budget& budget) const override {
        return store.field_summary(query, events_max, values_max, budget);
    }
    Result<store::HuntAnswer> hunt(const store::Hunter& hunter, const store::HuntQuestion& question,
                                   const store::Budget& budget) const override {
        if (left-- <= 0) {
            return fail(Code::Unavailable, "this store has had enough");
        }
        return store.hunt(hunter, question, budget);
    }
    Result<store::SweepAnswer> sweep(store::Sweeper& sweeper, const store::SweepQuestion& question,
                                     const store::Budget& budget) const override {
        return store.sweep(sweeper, question, budget);
    }

    const store::Store& store;
    mutable std::atomic<int> left;
};

// A server's hunting by itself, without a server.
struct Watch : response::FakeDesk {
    Watch() {
        lists_folder = folder.path() / "lists";
        std::filesystem::create_directories(lists_folder);
        std::filesystem::create_directories(folder.path() / "rules");
        open_history();
        rule_service = std::make_unique<RuleService>(
            RuleSources{{folder.path() / "rules"}, shipped_profiles(), {}, folder.path() / "packs"},
            rules, rule_exceptions, clock);
        access::must(rule_service->reload());
    }
    void open_history() {
        history = access::must(store::Store::open({.folder = folder.path() / "events"},
                                                  shipped_profiles(), sources_table));
    }
    void add_events(std::string_view ip, int events, std::int64_t seconds_apart = 1,
                    std::int64_t from = 0) {
        event::EventBatch batch;
        for (int i = 0; i < events; ++i) {
            batch.begin();
            event::EventHead head;
            head.time.us = (kNow + from + i * seconds_apart) * 1'000'000;
            head.received = head.time;
            head.source = sources_table->source_id("fw");
            batch.add_ip(event::field::SourceIp, *base::IpAddress::parse(ip));
            batch.add_copy(event::intern("host.name"), i % 2 == 0 ? "pc-a" : "pc-b");
            batch.end(head);
        }
        ASSERT_TRUE(store::testing::put(*history, batch));
    }
    void write_list(std::string_view name, std::string_view text) {
        access::must(base::write_file_atomic(lists_folder / name, text));
    }
    // Everything new in the lists hunted for, or as many parts of it.
    void start(event::EventId part = 20'000'000, int parts = 1'000'000) {
        source = std::make_unique<FailingHunts>(*history, parts);
        lists = std::make_unique<IndicatorService>(
            IndicatorPaths{{lists_folder}, {}},
            std::make_shared<detect::IndicatorPlan>(*shipped_profiles(),
                                                    detect::IndicatorOptions{}));
        lists->load();
        service = std::make_unique<HuntService>(
            HuntParts{.history = *source,
                      .events_end = [this] { return history->stats().next_id; },
                      .lists = *lists,
                      .rules = *rule_service,
                      .profiles = shipped_profiles(),
                      .sources = *sources_table,
                      .alerts = alerts,
                      .book = hunt_book,
                      .clock = clock},
            HuntSettings{.known_file = folder.path() / "hunted",
                         .part = part,
                         .look_every = base::Duration::millis(5)});
        for (int i = 0; i < 4000 && !service->settled(); ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        ASSERT_TRUE(service->settled());
    }
    void stop() {
        service.reset();
        lists.reset();
    }
    std::vector<response::Alert> found() {
        return access::must(alerts.list(everything(), {})).alerts;
    }
    std::vector<response::Hunt> hunts_done() {
        return access::must(hunt_book.list(officer(), everything()));
    }
    access::Actor officer() {
        if (!officer_) {
            officer_ = user("coordinator", access::Role::Coordinator);
        }
        return *officer_;
    }
    response::Scope everything() { return scope_of(officer()); }

    std::filesystem::path lists_folder;
    std::shared_ptr<SourceTable> sources_table = std::make_shared<SourceTable>();
    std::unique_ptr<store::Store> history;
    std::unique_ptr<RuleService> rule_service;
    std::unique_ptr<IndicatorService> lists;
    std::unique_ptr<FailingHunts> source;
    std::unique_ptr<HuntService> service;

private:
    std::optional<access::Actor> officer_;
};

TEST(HuntService, NewEntriesOpenOneAlertAHostAndOnlyOnce) {
    Watch watch;
    watch.add_events("203.0.113.9", 40);
    watch.add_events("203.0.113.10", 4);
    watch.write_list("c2.txt", "# gac.level: high\n203.0.113.9\n198.51.100.1\n");
    watch.start(25);  // the first forty events are in two parts
    auto alerts = watch.found();
    ASSERT_EQ(alerts.size(), 2U);  // one a host
    for (const response::Alert& alert : alerts) {
        EXPECT_EQ(alert.rule_id, "c2");
        EXPECT_EQ(alert.rule_title_vi, "Phát hiện ngược: Chỉ dấu trong danh sách c2");
        EXPECT_EQ(alert.level, event::Level::High);
        EXPECT_EQ(alert.group.front().second, "203.0.113.9");
    }
    auto hunts = watch.hunts_done();
    ASSERT_EQ(hunts.size(), 1U);
    EXPECT_TRUE(hunts[0].automatic);
    EXPECT_EQ(hunts[0].status, response::HuntStatus::Done);
    EXPECT_EQ(hunts[0].indicators, 2U);
    EXPECT_EQ(hunts[0].alerts, 2U);
    EXPECT_EQ(hunts[0].done_to, 0U);

    // Nothing new: nothing is hunted for after a restart.
    watch.stop();
    watch.start();
    EXPECT_EQ(watch.hunts_done().size(), 1U);
    EXPECT_EQ(watch.found().size(), 2U);

    // A new entry is hunted for, alone.
    watch.write_list("c2.txt", "# gac.level: high\n203.0.113.9\n198.51.100.1\n203.0.113.10\n");
    ASSERT_TRUE(watch.lists->reload());
    for (int i = 0; i < 4000 && watch.found().size() < 4; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_EQ(watch.found().size(), 4U);
    hunts = watch.hunts_done();
    ASSERT_EQ(hunts.size(), 2U);
    EXPECT_EQ(hunts[0].indicators, 1U);

    // What was hunted for is forgotten: the same alerts, none twice.
    watch.stop();
    std::filesystem::remove(watch.folder.path() / "hunted");
    watch.start();
    EXPECT_EQ(watch.hunts_done().size(), 3U);
    EXPECT_EQ(watch.found().size(), 4U);
}

TEST(HuntService, GoesOnWhereItWas) {
    Watch watch;
    watch.add_events("203.0.113.9", 50);
    watch.write_list("c2.txt", "203.0.113.9\n");
    watch.start();
    auto hunts = watch.hunts_done();
    ASSERT_EQ(hunts.size(), 1U);
    watch.stop();
    // As if the program had ended after the newest ten events, with alerts not yet raised.
    std::filesystem::remove(watch.folder.path() / "hunted");
    hunts[0].status = response::HuntStatus::Running;
    hunts[0].ended.reset();
    hunts[0].done_to = 40;
    hunts[0].events = 0;
    access::must(watch.hunt_book.keep(access::Actor::system("test"), hunts[0]));
    watch.start();
    hunts = watch.hunts_done();
    ASSERT_EQ(hunts.size(), 1U);
    EXPECT_EQ(hunts[0].status, response::HuntStatus::Done);
    EXPECT_EQ(hunts[0].done_to, 0U);
    EXPECT_EQ(watch.found().size(), 2U);
}

TEST(HuntService, LaterPartsJoinTheAlertsOfEarlierOnesAfterARestartToo) {
    Watch watch;
    watch.add_events("203.0.113.9", 40, 1'800);  // twenty hours, on two hosts
    watch.write_list("c2.txt", "203.0.113.9\n");
    watch.start(10, 1);
    EXPECT_EQ(watch.found().size(), 2U);
    EXPECT_EQ(watch.hunts_done().front().status, response::HuntStatus::Running);
    watch.stop();
    watch.start(10, 1);
    EXPECT_EQ(watch.found().size(), 2U);
    watch.stop();
    watch.start(10);
    const auto hunts = watch.hunts_done();
    ASSERT_EQ(hunts.size(), 1U);
    EXPECT_EQ(hunts[0].status, response::HuntStatus::Done);
    EXPECT_EQ(hunts[0].found, 1U);
    EXPECT_EQ(hunts[0].alerts, 2U);
    const auto alerts = watch.found();
    ASSERT_EQ(alerts.size(), 2U);
    for (const response::Alert& alert : alerts) {
        EXPECT_EQ(alert.first_seen.us, (kNow + (alert.host == "pc-a" ? 0 : 1'800)) * 1'000'000);
    }
    EXPECT_TRUE(access::must(watch.hunt_book.places(hunts[0].id)).empty());
}

TEST(HuntService, ListsThatChangeInBetweenOpenNoSecondAlert) {
    Watch watch;
    watch.add_events("203.0.113.9", 20, 1'800);
    watch.write_list("c2.txt", "203.0.113.9\n");
    watch.start(10, 1);
    EXPECT_EQ(watch.found().size(), 2U);
    watch.stop();
    watch.write_list("c2.txt", "203.0.113.9\n203.0.113.10\n");
    watch.add_events("203.0.113.9", 2, 1, 100'000);  // seen again, a day later
    watch.add_events("203.0.113.10", 1);
    watch.start(10);
    const auto hunts = watch.hunts_done();
    ASSERT_EQ(hunts.size(), 2U);
    EXPECT_EQ(hunts[0].status, response::HuntStatus::Done);
    EXPECT_EQ(hunts[1].status, response::HuntStatus::Interrupted);
    EXPECT_EQ(watch.found().size(), 3U);  // and one of the new entry
}

TEST(HuntService, PeopleAskAndSeeTheirOwn) {
    Watch watch;
    watch.add_events("203.0.113.9", 10);
    watch.start();
    const auto refused =
        watch.service->ask(watch.officer(), {.name = "x", .indicators = "hello there\n"});
    ASSERT_FALSE(refused);
    const auto unknown = watch.service->ask(watch.officer(), {.name = "x", .list = "none"});
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, Code::NotFound);

    auto wanted = HuntService::Wanted{.name = "pasted", .indicators = "203.0.113.0/24\n"};
    const auto asked = access::must(watch.service->ask(watch.officer(), wanted));
    watch.service->wait(asked.id, base::Duration::seconds(20));
    auto hunt = access::must(watch.hunt_book.find(asked.id));
    EXPECT_EQ(hunt.status, response::HuntStatus::Done);
    EXPECT_EQ(hunt.found, 1U);
    EXPECT_TRUE(hunt.findings.starts_with("[{\"indicator\":\"203.0.113.0/24\"")) << hunt.findings;
    EXPECT_TRUE(watch.found().empty());  // a question opens no alerts
    EXPECT_FALSE(watch.service->cancel(asked.id));

    // Only what one may see is looked at, and nobody else sees the hunt.
    const auto unit = access::must(watch.units.add(watch.system, {.code = "u", .name = "U"})).id;
    const auto clerk = watch.user("clerk", access::Role::Analyst, unit);
    wanted.only_sources.emplace();
    const auto empty = access::must(watch.service->ask(clerk, wanted));
    watch.service->wait(empty.id, base::Duration::seconds(20));
    EXPECT_EQ(access::must(watch.hunt_book.find(empty.id)).found, 0U);
    const auto scope = watch.scope_of(clerk);
    if (!scope.everything()) {
        EXPECT_FALSE(watch.hunt_book.find(clerk, scope, asked.id));
        EXPECT_EQ(access::must(watch.hunt_book.list(clerk, scope)).size(), 1U);
    }
    EXPECT_TRUE(watch.hunt_book.find(clerk, scope, empty.id));
    const auto trail = access::must(watch.audit.list(watch.everything(), {.action = "hunt."}));
    EXPECT_GE(trail.size(), 4U);
}

}  // namespace
}  // namespace gac::pipeline
