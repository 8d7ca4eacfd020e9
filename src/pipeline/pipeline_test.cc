#include "pipeline/pipeline.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <latch>
#include <map>

#include "pipeline/follower.h"
#include "pipeline/replay.h"
#include "pipeline/reporter.h"
#include "pipeline/sample_night.h"
#include "pipeline/syslog_input.h"
#include "response/desk_fixture.h"

namespace gac::pipeline {
namespace {

// Keeps what was appended, in memory; can be made to have no room.
class MemorySink final : public store::EventSink {
public:
    event::EventId reserve(std::uint32_t n) override { return next_.fetch_add(n); }

    Result<store::Position> append(const event::EventBatch& batch) override {
        if (full) {
            return fail(Code::StorageFull, "disk full: 0 MiB free");
        }
        if (behind) {
            return fail(Code::Unavailable, "events come faster than segments can be written");
        }
        rows_.with([&](auto& rows) {
            for (std::uint32_t row = 0; row < batch.size(); ++row) {
                rows[batch[row].id()] = std::string(batch.heads()[row].raw);
            }
        });
        return store::Position{++positions_};
    }

    void when_durable(store::Position, std::move_only_function<void(Result<>)> done) override {
        done({});
    }
    Result<> wait_durable(store::Position) override { return {}; }
    store::Health health() const override {
        return {.writable = !full, .reason = full ? "disk full: 0 MiB free" : ""};
    }

    std::vector<std::string> lines() const {
        return rows_.with([](const auto& rows) {
            std::vector<std::string> out;
            for (const auto& [id, raw] : rows) {
                out.push_back(raw);
            }
            return out;
        });
    }

    std::atomic<bool> full{false};
    std::atomic<bool> behind{false};

private:
    base::Guarded<std::map<event::EventId, std::string>> rows_;
    std::atomic<event::EventId> next_{1};
    std::atomic<std::uint64_t> positions_{0};
};

constexpr std::string_view kRule = R"(
title: Word seen
id: 11111111-2222-4333-8444-555555555555
logsource: {category: test}
detection:
    selection: {word: danger}
    condition: selection
level: high
)";

constexpr std::string_view kProfile = R"(
name: test
format: json
logsources:
    - {category: test}
fields:
    host.name: host
)";

class PipelineTest : public ::testing::Test {
protected:
    void SetUp() override {
        std::filesystem::create_directories(folder_ / "profiles");
        std::ofstream(folder_ / "profiles" / "test.yaml") << kProfile;
        write_rule(kRule);
        profiles_ = *event::ProfileSet::load(folder_ / "profiles", base::Zone::utc());
        rules_.emplace(RuleSources{{folder_ / "rules"}, profiles_, {}}, desk_.rules(),
                       desk_.rule_exceptions(), clock_);
        ASSERT_TRUE(rules_->reload());
        source_ = *sources_.find_or_add("one", "http");
        sources_.set_profile(source_, *profiles_->find("test"), "");
    }

    void write_rule(std::string_view text) {
        std::filesystem::create_directories(folder_ / "rules");
        std::ofstream(folder_ / "rules" / "word.yml") << text;
    }

    Parts parts() {
        return {.profiles = profiles_,
                .sink = sink_,
                .sources = sources_,
                .rules = *rules_,
                .clock = clock_,
                .alerts = desk_.alerts()};
    }

    Pipeline make_pipeline(std::uint32_t shards = 1, std::size_t queue_bytes = 1 << 20) {
        return Pipeline(parts(), {.shards = shards, .queue_bytes_max = queue_bytes},
                        Windows::open({}, rules_->active().get(), 0, shards));
    }

    Chunk chunk(std::string bytes, event::SourceId source) const {
        Chunk made;
        made.source = source;
        made.bytes = std::move(bytes);
        made.received = clock_.now();
        return made;
    }

    Receipt send(Pipeline& pipeline, std::string bytes) {
        std::promise<Receipt> promise;
        Chunk one = chunk(std::move(bytes), source_);
        one.done = [&](Receipt receipt) { promise.set_value(std::move(receipt)); };
        pipeline.push(std::move(one));
        return promise.get_future().get();
    }

    std::int64_t alert_count() { return desk_.number("SELECT count(*) FROM alerts"); }

    base::SystemClock clock_;
    response::DeskFixture desk_{clock_};
    std::filesystem::path folder_ = desk_.folder();
    std::shared_ptr<const event::ProfileSet> profiles_;
    std::optional<RuleService> rules_;
    SourceTable sources_;
    MemorySink sink_;
    event::SourceId source_{};
};

TEST_F(PipelineTest, MetersRulesAndKeepsTheCountsOfRulesThatAreSwapped) {
    auto pipeline = make_pipeline();
    send(pipeline, "{\"word\":\"danger\"}\n{\"word\":\"good\"}\n");
    ASSERT_TRUE(rules_->reload());
    send(pipeline, "{\"word\":\"good\"}\n");  // takes up the new set, and the counts of the old
    const auto costs = rules_->costs();
    ASSERT_EQ(costs->rules.size(), 1U);
    const detect::RuleCost& cost = costs->rules.begin()->second;
    EXPECT_EQ(cost.candidates, 1U);
    EXPECT_EQ(cost.matches, 1U);
    EXPECT_EQ(cost.sampled, 1U);  // the first event with a candidate is timed
    EXPECT_GT(ns_per_evaluation(cost).value_or(0), 0);
    EXPECT_DOUBLE_EQ(costs->share(cost).value_or(0), 1.0);
}

TEST_F(PipelineTest, KeepsEveryLineAndAnswersAfterwards) {
    Pipeline pipeline = make_pipeline();
    const Receipt receipt = send(pipeline, "{\"word\":\"a\"}\nnot json\n\n{\"word\":\"b\"}");
    EXPECT_TRUE(receipt.outcome);
    EXPECT_EQ(receipt.accepted, 3u);
    EXPECT_EQ(receipt.failed, 1u);
    EXPECT_EQ(sink_.lines(),
              (std::vector<std::string>{"{\"word\":\"a\"}", "not json", "{\"word\":\"b\"}"}));
    EXPECT_EQ(sources_.counts(source_).events, 3u);
    EXPECT_EQ(sources_.counts(source_).failed, 1u);
}

TEST_F(PipelineTest, AnswersABodyOfManyBatchesOnce) {
    Pipeline pipeline = make_pipeline();
    std::string body;
    for (int i = 0; i < 10'000; ++i) {
        body += "{\"n\":" + std::to_string(i) + "}\n";
    }
    const Receipt receipt = send(pipeline, body);
    EXPECT_EQ(receipt.accepted, 10'000u);
    EXPECT_EQ(sink_.lines().size(), 10'000u);
    EXPECT_EQ(send(pipeline, "").accepted, 0u);
}

TEST_F(PipelineTest, RaisesWhatTheRulesFind) {
    {
        Pipeline pipeline = make_pipeline();
        send(pipeline, "{\"word\":\"danger\",\"host\":\"may1\"}\n{\"word\":\"calm\"}\n");
        pipeline.drain();
        EXPECT_EQ(alert_count(), 1);
    }
    EXPECT_GE(*desk_.alerts().raised_to(Raiser::kStream), 1u);
}

TEST_F(PipelineTest, LeavesDisabledRulesSilent) {
    const auto switched =
        desk_.rules().set_enabled(response::Actor::system("test"),
                                  "11111111-2222-4333-8444-555555555555", 0, false, "too loud");
    ASSERT_TRUE(switched) << switched.error().message();
    ASSERT_TRUE(rules_->refresh_disabled());
    Pipeline pipeline = make_pipeline();
    send(pipeline, "{\"word\":\"danger\"}\n");
    pipeline.drain();
    EXPECT_EQ(alert_count(), 0);
}

TEST_F(PipelineTest, TakesUpNewRulesBetweenBatches) {
    Pipeline pipeline = make_pipeline();
    send(pipeline, "{\"word\":\"other\"}\n");
    std::string other(kRule);
    other.replace(other.find("danger"), 6, "other");
    write_rule(other);
    rules_->reload_if_changed();
    send(pipeline, "{\"word\":\"other\"}\n");
    pipeline.drain();
    EXPECT_EQ(alert_count(), 1);
    write_rule("title: [broken");
    rules_->reload_if_changed();  // a file that is no YAML is refused, and told
    EXPECT_FALSE(rules_->loading()->faults.empty());
}

TEST_F(PipelineTest, KeepsTheFormerVersionOfARuleFileThatIsRefused) {
    std::string other(kRule);
    other.replace(other.find("danger"), 6, "other");
    for (const std::string_view broken : {"title: [broken", "title: Half\nlogsource:\n", ""}) {
        write_rule(broken);
        ASSERT_TRUE(rules_->reload());
        EXPECT_EQ(rules_->active().get()->loaded(), 1u) << broken;
        const auto loading = rules_->loading();
        ASSERT_FALSE(loading->faults.empty());
        EXPECT_NE(loading->faults.front().reason.find("stays in force"), std::string::npos);
        EXPECT_EQ(loading->texts.front().yaml, kRule);
    }
    write_rule(other);  // put right, it is taken up
    ASSERT_TRUE(rules_->reload());
    EXPECT_TRUE(rules_->loading()->faults.empty());
    EXPECT_EQ(rules_->loading()->texts.front().yaml, other);
    std::filesystem::remove(folder_ / "rules" / "word.yml");  // taken away, it is gone
    ASSERT_TRUE(rules_->reload());
    EXPECT_EQ(rules_->active().get()->loaded(), 0u);
    write_rule("title: [broken");  // never was good: nothing to keep
    ASSERT_TRUE(rules_->reload());
    EXPECT_EQ(rules_->active().get()->loaded(), 0u);
    EXPECT_TRUE(rules_->loading()->kept.empty());
}

TEST_F(PipelineTest, ARequestWaitsForASlowStore) {
    Pipeline pipeline = make_pipeline();
    sink_.behind = true;
    std::promise<Receipt> promise;
    Chunk one = chunk("{\"slow\":1}\n", source_);
    one.done = [&](Receipt receipt) { promise.set_value(std::move(receipt)); };
    ASSERT_TRUE(pipeline.submit(one));
    auto answer = promise.get_future();
    EXPECT_EQ(answer.wait_for(std::chrono::milliseconds(100)), std::future_status::timeout);
    sink_.behind = false;
    const Receipt receipt = answer.get();
    EXPECT_TRUE(receipt.outcome);
    EXPECT_EQ(receipt.accepted, 1u);
    EXPECT_EQ(sink_.lines().size(), 1u);
}

TEST_F(PipelineTest, DatagramsWithoutRoomAreCountedWithTheirSender) {
    sink_.full = true;  // the worker stands still with the first stream chunk
    Pipeline pipeline = make_pipeline(1, 4096);
    SyslogInput input(pipeline, 1 << 20);
    ASSERT_TRUE(pipeline.push(chunk("{\"first\":1}\n", source_)));
    const std::string text(3000, 'x');
    const net::Endpoint loud{base::IpAddress::from_v4(0x7f000001), 1};
    const net::Endpoint quiet{base::IpAddress::from_v4(0x7f000002), 1};
    std::vector<net::Datagram> datagrams(8, {loud, text});
    datagrams.push_back({quiet, text});
    datagrams.push_back({loud, text});
    std::uint64_t sent = 0;
    for (int i = 0; i < 10; ++i, sent += datagrams.size()) {
        input.receive(datagrams);
    }
    sink_.full = false;
    pipeline.drain();
    const auto of = [&](const net::Endpoint& peer) {
        return sources_.counts(*sources_.find(peer.address.text()));
    };
    EXPECT_EQ(of(loud).events + of(loud).dropped, sent / 10 * 9);
    EXPECT_EQ(of(quiet).events + of(quiet).dropped, sent / 10);
    EXPECT_GT(of(quiet).dropped, 0u);
    EXPECT_EQ(sink_.lines().size() - 1, of(loud).events + of(quiet).events);
}

TEST_F(PipelineTest, RefusesOnAFullDiskAndLetsStreamsWait) {
    Pipeline pipeline = make_pipeline();
    sink_.full = true;
    Chunk refused = chunk("{}\n", source_);
    EXPECT_EQ(pipeline.submit(refused).error().code, Code::StorageFull);
    EXPECT_EQ(refused.bytes, "{}\n");
    const Receipt receipt = send(pipeline, "{\"late\":1}\n");
    EXPECT_FALSE(receipt.outcome);
    EXPECT_EQ(receipt.accepted, 0u);

    EXPECT_TRUE(pipeline.push(chunk("{\"stream\":1}\n", source_)));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_TRUE(sink_.lines().empty());
    sink_.full = false;
    pipeline.drain();
    EXPECT_EQ(sink_.lines(), (std::vector<std::string>{"{\"stream\":1}"}));
}

TEST_F(PipelineTest, AFullQueueSaysSoAndTakesNothing) {
    sink_.full = true;  // the worker stands still with the first stream chunk
    Pipeline pipeline = make_pipeline(1, 4096);
    EXPECT_TRUE(pipeline.push(chunk("{\"first\":1}\n", source_)));
    std::vector<Chunk> taken;
    int accepted = 1;
    for (int i = 0; i < 1000; ++i) {
        Chunk more = chunk("{\"more\":\"" + std::string(200, 'x') + "\"}\n", source_);
        if (!pipeline.offer(more)) {
            EXPECT_FALSE(more.bytes.empty());
            break;
        }
        ++accepted;
    }
    EXPECT_LT(accepted, 1000);
    sink_.full = false;
    pipeline.drain();
    EXPECT_EQ(sink_.lines().size(), static_cast<std::size_t>(accepted));
}

TEST_F(PipelineTest, KeepsTheOrderOfEachSourceOverManyShards) {
    Pipeline pipeline = make_pipeline(3, 1 << 16);
    std::vector<event::SourceId> senders;
    for (int i = 0; i < 5; ++i) {
        senders.push_back(*sources_.find_or_add("sender" + std::to_string(i), "http"));
    }
    std::vector<std::jthread> threads;
    for (const event::SourceId sender : senders) {
        threads.emplace_back([&pipeline, this, sender] {
            for (int n = 0; n < 300; ++n) {
                const std::string line = std::to_string(static_cast<std::uint32_t>(sender)) + ":"
                                         + std::to_string(n) + "\n";
                Chunk one = chunk(line, sender);
                one.format = "line";
                ASSERT_TRUE(pipeline.push(std::move(one)));
            }
        });
    }
    threads.clear();
    pipeline.drain();
    std::map<std::string, int> next;
    for (const std::string& line : sink_.lines()) {
        const std::size_t colon = line.find(':');
        EXPECT_EQ(std::stoi(line.substr(colon + 1)), next[line.substr(0, colon)]++);
    }
    EXPECT_EQ(next.size(), senders.size());
    EXPECT_EQ(sink_.lines().size(), 1500u);
}

constexpr std::string_view kCountRule = R"(
title: Word seen
name: word
id: 11111111-2222-4333-8444-555555555555
logsource: {category: test}
detection:
    selection: {word: danger}
    condition: selection
---
title: Word seen often
id: 11111111-2222-4333-8444-666666666666
correlation:
    type: event_count
    rules: [word]
    group-by: [who]
    timespan: 10m
    condition: {gte: 50}
)";

TEST_F(PipelineTest, CorrelatesOverAllShards) {
    write_rule(kCountRule);
    rules_->reload_if_changed();
    Pipeline pipeline = make_pipeline(3);
    std::vector<event::SourceId> senders;
    for (int i = 0; i < 5; ++i) {
        senders.push_back(*sources_.find_or_add("sender" + std::to_string(i), "http"));
        sources_.set_profile(senders.back(), *profiles_->find("test"), "");
    }
    {
        std::vector<std::jthread> threads;
        for (const event::SourceId sender : senders) {
            threads.emplace_back([&, sender] {
                for (int n = 0; n < 20; ++n) {
                    ASSERT_TRUE(
                        pipeline.push(chunk("{\"word\":\"danger\",\"who\":\"a\"}\n"
                                            "{\"word\":\"calm\",\"who\":\"a\"}\n",
                                            sender)));
                }
            });
        }
    }
    pipeline.drain();
    EXPECT_EQ(alert_count(), 1);
    EXPECT_EQ(desk_.number("SELECT event_count FROM alerts"), 50);
}

TEST_F(PipelineTest, WindowsGoOnInTheNextRun) {
    write_rule(kCountRule);
    rules_->reload_if_changed();
    const std::string line = "{\"word\":\"danger\",\"who\":\"a\"}\n";
    for (int run = 0; run < 5; ++run) {
        const event::EventId end = sink_.reserve(1);
        auto windows = Windows::open(folder_ / "windows", rules_->active().get(), end, 1);
        EXPECT_EQ(windows.mark.has_value(), run > 0);
        windows.mark = end;
        Pipeline pipeline(parts(), {.shards = 2}, std::move(windows));
        for (int n = 0; n < 10; ++n) {
            EXPECT_EQ(alert_count(), 0);
            send(pipeline, line);
        }
        pipeline.drain();
    }
    EXPECT_EQ(alert_count(), 1);
    // A file from another history, or a damaged one, is not used.
    EXPECT_FALSE(Windows::open(folder_ / "windows", rules_->active().get(), 1, 1).mark);
    std::ofstream(folder_ / "windows", std::ios::app) << "x";
    EXPECT_FALSE(Windows::open(folder_ / "windows", rules_->active().get(), 1'000, 1).mark);
}

TEST_F(PipelineTest, WindowsAreSavedAfterManyEventsHoweverEarly) {
    const auto mark = [&] {
        return Windows::open(folder_ / "windows", rules_->active().get(), 1'000'000, 1).mark;
    };
    auto windows = Windows::open(folder_ / "windows", rules_->active().get(), 1, 1);
    windows.mark = 1;
    Pipeline pipeline(parts(), {.save_windows_every = base::Duration::seconds(3600)},
                      std::move(windows));
    EXPECT_EQ(mark(), 1u);
    std::string lines;
    for (int i = 0; i < 10'000; ++i) {
        lines += "{}\n";
    }
    for (int body = 0; body < 25; ++body) {
        send(pipeline, lines);
    }
    const std::int64_t begun = base::monotonic_us();
    while (mark() == 1u && base::monotonic_us() - begun < 60'000'000) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    EXPECT_GT(mark().value_or(0), 200'000u);
}

class FollowTest : public PipelineTest {
protected:
    std::unique_ptr<Follower> follow(Pipeline& pipeline) {
        auto started = Follower::start(pipeline, {{folder_ / "grow.log", source_, "line"}},
                                       folder_ / "positions", base::Duration::millis(5));
        EXPECT_TRUE(started) << started.error().message();
        return *std::move(started);
    }

    void append(std::string_view text) {
        std::ofstream(folder_ / "grow.log", std::ios::app) << text;
    }

    void expect_lines(const std::vector<std::string>& wanted) {
        for (int i = 0; i < 400 && sink_.lines().size() < wanted.size(); ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        EXPECT_EQ(sink_.lines(), wanted);
    }
};

TEST_F(FollowTest, ReadsOnAcrossGrowthRotationTruncationAndRestart) {
    Pipeline pipeline = make_pipeline();
    auto follower = follow(pipeline);
    append("one\ntw");
    expect_lines({"one"});
    append("o\n");
    expect_lines({"one", "two"});
    std::filesystem::rename(folder_ / "grow.log", folder_ / "grow.log.1");
    append("three\n");
    expect_lines({"one", "two", "three"});
    std::ofstream(folder_ / "grow.log", std::ios::trunc) << "4\n";
    expect_lines({"one", "two", "three", "4"});
    follower.reset();
    append("five\n");
    follower = follow(pipeline);
    expect_lines({"one", "two", "three", "4", "five"});
}

TEST_F(FollowTest, WaitsForRoomWithoutLosingALine) {
    Pipeline pipeline = make_pipeline();
    sink_.full = true;
    append("one\ntwo\n");
    const auto follower = follow(pipeline);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    sink_.full = false;
    expect_lines({"one", "two"});
}

TEST(SampleNight, MovesEveryTimeOfALine) {
    const base::Duration day = base::Duration::days(1) + base::Duration::seconds(2);
    EXPECT_EQ(move_line("<189>Nov 30 23:59:59 FW date=2026-11-30 time=23:59:59 x=1",
                        LineTime::Syslog, 2026, day),
              "<189>Dec  2 00:00:01 FW date=2026-12-02 time=00:00:01 x=1");
    EXPECT_EQ(move_line("192.0.2.1 - - [30/Nov/2026:23:59:59 +0700] \"GET / HTTP/1.1\" 200 1",
                        LineTime::Combined, 2026, day),
              "192.0.2.1 - - [02/Dec/2026:00:00:01 +0700] \"GET / HTTP/1.1\" 200 1");
    EXPECT_EQ(move_line("{\"EventTime\": \"2026-11-30 23:59:59\", \"a\": 1}", LineTime::EventTime,
                        2026, day),
              "{\"EventTime\": \"2026-12-02 00:00:01\", \"a\": 1}");
    EXPECT_EQ(move_line("no time here", LineTime::Combined, 2026, day), "no time here");
}

TEST(SampleNight, LoadsWhatIsShipped) {
    const auto night =
        SampleNight::load(std::filesystem::path(GAC_SOURCE_DIR) / "samples" / "night");
    ASSERT_TRUE(night) << night.error().message();
    EXPECT_GE(night->lines.size(), 20'000u);
    EXPECT_GE(night->units.size(), 2u);
    EXPECT_TRUE(std::ranges::is_sorted(night->lines, {}, &SampleLine::wall));
}

TEST_F(PipelineTest, TellsTheRegisterWhatSourcesSent) {
    Pipeline pipeline = make_pipeline();
    {
        const Reporter reporter(sources_, desk_.sources(), profiles_, [] {});
        send(pipeline, "{\"a\":1}\nbroken\n");
    }
    EXPECT_EQ(desk_.number("SELECT count(*) FROM sources WHERE name = 'one' AND events = 2"), 1);
}

}  // namespace
}  // namespace gac::pipeline
