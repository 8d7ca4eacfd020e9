// The stage behind several engines: the same answers for any number of lanes and threads, those of
// a brute-force oracle, and none lost or made by saving and loading.
#include <atomic>
#include <map>
#include <random>
#include <thread>

#include <fmt/format.h>

#include "detect/correlate/hash.h"
#include "detect/correlate/oracle.h"
#include "detect/correlator.h"
#include "detect/fixture.h"
#include "detect/sigma/parts.h"

namespace gac::detect::testing {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

std::string base_rule(const std::string& name) {
    return fmt::format(
        "title: {0}\nname: {0}\nid: id-{0}\nlogsource: {{product: test}}\n"
        "detection: {{sel: {{Kind|contains: {0}}}, condition: sel}}\n---\n",
        name);
}

std::string correlation(const std::string& name, const std::string& body) {
    return fmt::format("title: {0}\nid: id-{0}\nname: {0}\ncorrelation:\n    {1}\n---\n", name,
                       body);
}

std::string plain_rules() {
    const std::string by_user = "group-by: [User]\n    timespan: 20s\n    rules: [a, b, c]\n    ";
    return base_rule("a") + base_rule("b") + base_rule("c")
           + correlation("count", by_user + "type: event_count\n    condition: {gte: 5}")
           + correlation("values",
                         by_user + "type: value_count\n    condition: {field: Value, gte: 4}")
           + correlation("all", by_user + "type: temporal")
           + correlation("ordered", by_user + "type: temporal_ordered")
           + correlation("sum", by_user + "type: value_sum\n    condition: {field: Value, gt: 20}")
           + correlation("average",
                         by_user + "type: value_avg\n    condition: {field: Value, gt: 5}")
           + correlation("percentile",
                         by_user
                             + "type: value_percentile\n    percentile: 75\n    "
                               "condition: {field: Value, gt: 6}")
           + correlation("few", by_user + "type: event_count\n    condition: {lt: 3}");
}

// Chains of three, with other groups on the way, and one rule that hears of another twice.
std::string chained_rules() {
    return plain_rules()
           + correlation("pairs",
                         "type: event_count\n    rules: [a]\n    group-by: [User, Host]\n    "
                         "timespan: 20s\n    condition: {gte: 2}\n    generate: true")
           + correlation("hosts",
                         "type: value_count\n    rules: [pairs]\n    group-by: [User]\n    "
                         "timespan: 1m\n    condition: {field: Host, gte: 2}\n    generate: true")
           + correlation("then",
                         "type: temporal_ordered\n    rules: [hosts, b]\n    group-by: [User]\n    "
                         "timespan: 1m\n    generate: true")
           + correlation("any",
                         "type: event_count\n    rules: [pairs, hosts, then]\n    timespan: 30s\n"
                         "    condition: {gte: 6}\n    generate: true");
}

struct Line {
    std::int64_t seconds = 0;
    std::string kind, user, host;
    std::int64_t value = 0;
};

// Arriving out of order by up to `late` seconds.
std::vector<Line> random_lines(std::mt19937_64& random, std::size_t count, std::int64_t late) {
    static const std::vector<std::string> kKinds = {"a", "b", "c", "ab", "abc", "none"};
    std::vector<Line> out;
    std::int64_t now = 100'000;
    for (std::size_t i = 0; i < count; ++i) {
        now += random() % 3 == 0 ? 1 : 0;
        Line line;
        line.seconds =
            random() % 4 == 0 ? now - static_cast<std::int64_t>(random()) % (late + 1) : now;
        line.kind = kKinds[random() % kKinds.size()];
        line.user = "user" + std::to_string(random() % 7);
        line.host = "host" + std::to_string(random() % 3);
        line.value = static_cast<std::int64_t>(random() % 9);
        out.push_back(std::move(line));
    }
    return out;
}

// Line i has the id i + 1.
void fill(event::EventBatch& batch, const std::vector<Line>& lines, std::size_t from,
          std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
        const Line& line = lines[i];
        Head head;
        head.time.us = line.seconds * kSecond;
        add_event(
            batch,
            {{"Kind", line.kind}, {"User", line.user}, {"Host", line.host}, {"Value", line.value}},
            head);
    }
    batch.set_first_id(from + 1);
}

std::string dump(const event::Detection& detection, event::EventId first_id) {
    std::string out = fmt::format("{} at {} time {} first {} count {} events {}",
                                  detection.rule->id, first_id + detection.row, detection.time.us,
                                  detection.first ? detection.first->us : -1, detection.count,
                                  fmt::join(detection.events, ","));
    for (const auto& [name, value] : detection.group) {
        out += " " + name + "=" + value;
    }
    return out;
}

std::vector<std::size_t> random_cuts(std::mt19937_64& random, std::size_t count) {
    std::vector<std::size_t> cuts = {0};
    while (cuts.back() < count) {
        cuts.push_back(std::min(count, cuts.back() + 1 + random() % 60));
    }
    return cuts;
}

std::vector<std::string> run_alone(const std::shared_ptr<const RuleSet>& set,
                                   const std::vector<Line>& lines, const Limits& limits) {
    Engine engine(set, limits);
    event::EventBatch batch;
    fill(batch, lines, 0, lines.size());
    std::vector<event::Detection> found;
    engine.match(batch, found);
    std::vector<std::string> out;
    for (const event::Detection& detection : found) {
        out.push_back(dump(detection, 1));
    }
    return out;
}

std::vector<std::string> run_staged(const std::shared_ptr<const RuleSet>& set,
                                    const std::vector<Line>& lines,
                                    const std::vector<std::size_t>& cuts, std::size_t lanes,
                                    std::size_t threads, const Limits& limits) {
    Correlator correlator(set, limits, lanes);
    std::vector<std::string> out;
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        Engine engine(set, limits);
        for (std::size_t i = next++; i + 1 < cuts.size(); i = next++) {
            event::EventBatch batch;
            fill(batch, lines, cuts[i], cuts[i + 1]);
            std::vector<event::Detection> found;
            CorrelationFeed feed;
            engine.match(batch, found, feed);
            correlator.put(i, std::move(feed),
                           [&out, found = std::move(found),
                            first = batch.first_id()](std::vector<event::Detection> more) mutable {
                               merge_by_row(found, 0, std::move(more));
                               for (const event::Detection& detection : found) {
                                   out.push_back(dump(detection, first));
                               }
                           });
        }
    };
    std::vector<std::jthread> team;
    for (std::size_t i = 0; i < threads; ++i) {
        team.emplace_back(work);
    }
    team.clear();
    correlator.drain(cuts.size() - 1);
    return out;
}

TEST(Stage, LanesAndThreadsChangeNothing) {
    const auto set = compile_text(chained_rules());
    ASSERT_EQ(set->loaded(), 15U);
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        std::mt19937_64 random(seed);
        const auto lines = random_lines(random, 1'500, 40);
        const auto expected = run_alone(set, lines, {});
        ASSERT_GT(expected.size(), 100U);
        for (const std::size_t lanes : {1U, 2U, 4U}) {
            for (const std::size_t threads : {1U, 3U}) {
                ASSERT_EQ(
                    run_staged(set, lines, random_cuts(random, lines.size()), lanes, threads, {}),
                    expected)
                    << "seed " << seed << " lanes " << lanes << " threads " << threads;
            }
        }
    }
    const std::string all =
        fmt::format("{}", fmt::join(run_alone(set,
                                              [] {
                                                  std::mt19937_64 random(1);
                                                  return random_lines(random, 1'500, 40);
                                              }(),
                                              {}),
                                    "\n"));
    for (const char* id :
         {"id-count", "id-values", "id-all", "id-ordered", "id-sum", "id-average", "id-percentile",
          "id-few", "id-pairs", "id-hosts", "id-then", "id-any"}) {
        EXPECT_TRUE(all.contains(id)) << id;  // so that the above holds something
    }
}

TEST(Stage, EvictionsDoNotDependOnLanesEither) {
    const auto set = compile_text(chained_rules());
    std::mt19937_64 random(3);
    auto lines = random_lines(random, 3'000, 10);
    for (Line& line : lines) {
        line.user = "user" + std::to_string(random() % 2'000);
        line.kind = "abc";
        line.seconds = 100'000 + static_cast<std::int64_t>(random() % 10);
    }
    for (Limits limits :
         {Limits{.correlation_groups_max = 1'024}, Limits{.correlation_bytes_max = 512 << 10}}) {
        limits.correlation_seed = 7;
        const auto expected = run_alone(set, lines, limits);
        EXPECT_NE(expected, run_alone(set, lines, {.correlation_seed = 7}));
        const auto cuts = random_cuts(random, lines.size());
        for (const std::size_t lanes : {1U, 2U, 4U}) {
            EXPECT_EQ(run_staged(set, lines, cuts, lanes, 2, limits), expected);
        }
    }
}

// What each correlation must report for these lines, by brute force.
std::vector<std::string> by_oracle(const RuleSet& set, const std::vector<Line>& lines) {
    struct Group {
        explicit Group(const sigma::Correlation& rule) : oracle(rule) {}
        correlate::Oracle oracle;
        bool armed = true;
        std::int64_t reported = INT64_MIN / 2;
        std::int64_t newest = INT64_MIN;
    };
    const auto& rules = set.parts().correlations;
    std::map<std::pair<std::size_t, std::string>, Group> groups;
    std::vector<std::string> out;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const Line& line = lines[i];
        for (std::uint32_t reference = 0; reference < 3; ++reference) {
            if (!line.kind.contains("abc"[reference]) || line.kind == "none") {
                continue;
            }
            for (std::size_t r = 0; r < rules.size(); ++r) {
                Group& group = groups.try_emplace({r, line.user}, rules[r]).first->second;
                correlate::Sighting sighting;
                sighting.time.us = line.seconds * kSecond;
                sighting.reference = reference & 3;
                const auto number = static_cast<double>(line.value);
                sighting.payload = rules[r].type == sigma::CorrelationType::ValueCount
                                       ? static_cast<std::uint64_t>(line.value)
                                       : std::bit_cast<std::uint64_t>(number);
                const bool in_order = sighting.time.us >= group.newest;
                group.newest = std::max(group.newest, sighting.time.us);
                const auto found = group.oracle.find(sighting);
                if (!found) {
                    group.armed = group.armed || in_order;
                    continue;
                }
                if (group.armed || found->anchor.us >= group.reported + rules[r].timespan.us) {
                    group.armed = false;
                    group.reported = found->anchor.us;
                    out.push_back(fmt::format("{} at {} time {} {}", rules[r].info->id, i + 1,
                                              found->anchor.us, line.user));
                }
            }
        }
    }
    std::ranges::sort(out);
    return out;
}

TEST(Stage, AgreesWithBruteForce) {
    const auto set = compile_text(plain_rules());
    ASSERT_EQ(set->loaded(), 11U);
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        std::mt19937_64 random(seed * 131);
        const auto lines = random_lines(random, 500, 60);
        const auto expected = by_oracle(*set, lines);
        ASSERT_GT(expected.size(), 40U);
        for (const std::size_t lanes : {1U, 2U, 4U}) {
            std::vector<std::string> found;
            Correlator correlator(set, {}, lanes);
            Engine engine(set);
            const auto cuts = random_cuts(random, lines.size());
            for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
                event::EventBatch batch;
                fill(batch, lines, cuts[i], cuts[i + 1]);
                std::vector<event::Detection> plain;
                CorrelationFeed feed;
                engine.match(batch, plain, feed);
                correlator.put(i, std::move(feed), [&](std::vector<event::Detection> more) {
                    for (const event::Detection& one : more) {
                        found.push_back(fmt::format("{} at {} time {} {}", one.rule->id,
                                                    batch.first_id() + one.row, one.time.us,
                                                    one.group.front().second));
                    }
                });
            }
            std::ranges::sort(found);
            ASSERT_EQ(found, expected) << "seed " << seed << " lanes " << lanes;
        }
    }
}

TEST(Stage, SavedWindowsGoOnWhereTheyWere) {
    const auto set = compile_text(chained_rules());
    std::mt19937_64 random(11);
    const auto lines = random_lines(random, 2'000, 40);
    const auto expected = run_alone(set, lines, {});
    const auto cuts = random_cuts(random, lines.size());
    auto correlator = std::make_unique<Correlator>(set, Limits{}, 1);
    Engine engine(set);
    std::vector<std::string> out;
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
        event::EventBatch batch;
        fill(batch, lines, cuts[i], cuts[i + 1]);
        std::vector<event::Detection> found;
        CorrelationFeed feed;
        engine.match(batch, found, feed);
        std::vector<event::Detection> more;
        correlator->take(feed, more);
        merge_by_row(found, 0, std::move(more));
        for (const event::Detection& detection : found) {
            out.push_back(dump(detection, batch.first_id()));
        }
        if (i % 5 == 0) {
            std::string bytes;
            correlator->save(i, bytes);
            correlator = std::make_unique<Correlator>(set, Limits{}, 1 + i % 3);
            const auto loaded = correlator->load(bytes);
            ASSERT_TRUE(loaded) << loaded.error().message();
            EXPECT_EQ(*loaded, i);
        }
    }
    EXPECT_EQ(out, expected);
}

TEST(Stage, RefusesDamagedWindows) {
    const auto set = compile_text(chained_rules());
    std::mt19937_64 random(12);
    const auto lines = random_lines(random, 400, 5);
    Correlator correlator(set, {}, 1);
    Engine engine(set);
    event::EventBatch batch;
    fill(batch, lines, 0, lines.size());
    std::vector<event::Detection> found;
    CorrelationFeed feed;
    engine.match(batch, found, feed);
    correlator.take(feed, found);
    std::string bytes;
    correlator.save(77, bytes);
    const std::uint64_t groups = correlator.stats().groups;
    EXPECT_GT(groups, 20U);
    ASSERT_TRUE(Correlator(set, {}, 1).load(bytes));
    EXPECT_FALSE(Correlator(set, {.correlation_seed = 5}, 1).load(bytes));
    EXPECT_FALSE(Correlator(set, {}, 1).load({}));
    EXPECT_FALSE(Correlator(set, {}, 1).load(std::string_view(bytes).substr(0, bytes.size() / 2)));
    for (std::size_t i = 0; i < 200; ++i) {
        std::string damaged = bytes;
        damaged[random() % damaged.size()] ^= static_cast<char>(1 + random() % 255);
        Correlator fresh(set, {}, 1);
        EXPECT_FALSE(fresh.load(damaged));
        EXPECT_EQ(fresh.stats().groups, 0U);
    }
    // Damage that somebody made on purpose: the sum is right.
    for (std::size_t i = 0; i < 300; ++i) {
        std::string body = bytes.substr(0, bytes.size() - 8);
        body[8 + random() % (body.size() - 8)] ^= static_cast<char>(1 + random() % 255);
        const std::uint64_t sum = correlate::hash_of(body, 0x6761632d77696e64);
        body.append(reinterpret_cast<const char*>(&sum), 8);
        Correlator fresh(set, {}, 1);
        static_cast<void>(fresh.load(body));
        fresh.take(feed, found);
    }
}

TEST(Stage, KeepsWindowsOfUnchangedRulesOverAReload) {
    const auto before = compile_text(chained_rules());
    std::string text = chained_rules();
    text.insert(0, base_rule("d"));  // numbers of rules move
    text.replace(text.find("{gte: 5}"), 8, "{gte: 6}");
    const auto after = compile_text(text);
    std::mt19937_64 random(13);
    const auto lines = random_lines(random, 1'000, 10);
    const auto expected = run_alone(before, lines, {});
    Correlator correlator(before, {}, 2);
    std::vector<std::string> out;
    std::unique_ptr<Engine> engine = std::make_unique<Engine>(before);
    for (std::size_t i = 0; i < 10; ++i) {
        if (i == 5) {
            engine->swap_rules(after);
            correlator.drain(i);
            correlator.swap_rules(after);
        }
        event::EventBatch batch;
        fill(batch, lines, i * 100, (i + 1) * 100);
        std::vector<event::Detection> found;
        CorrelationFeed feed;
        engine->match(batch, found, feed);
        correlator.put(i, std::move(feed), [&](std::vector<event::Detection> more) {
            merge_by_row(found, 0, std::move(more));
        });
        for (const event::Detection& detection : found) {
            out.push_back(dump(detection, batch.first_id()));
        }
    }
    const auto others = [](std::vector<std::string> lines_of) {
        std::erase_if(lines_of, [](const std::string& line) { return line.contains("id-count "); });
        return lines_of;
    };
    EXPECT_EQ(others(out), others(expected));
    EXPECT_NE(out, expected);
}

}  // namespace
}  // namespace gac::detect::testing
