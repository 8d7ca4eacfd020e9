// The meaning of the language, event by event: the same answers from memory and from segments.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include <fmt/format.h>

#include "base/text.h"
#include "store/testing.h"

namespace gac::store {

using event::ValueRef;
using testing::RandomEvents;
using testing::TemporaryFolder;

namespace {

class SearchTest : public ::testing::TestWithParam<bool> {
protected:
    SearchTest() {
        std::filesystem::create_directories(folder.path() / "profiles");
        std::ofstream(folder.path() / "profiles" / "fw.yaml")
            << "fields:\n  source.ip: [srcip, src]\n  User: [usr]\n";
        profiles = event::ProfileSet::load(folder.path() / "profiles", base::Zone::utc()).value();
        store =
            Store::open(
                {.folder = folder.path() / "events", .block_rows_max = 64, .disk_reserve_bytes = 1},
                profiles, sources)
                .value();
    }
    struct Pair {
        std::string_view name;
        ValueRef value;
    };
    void add(std::string_view raw, std::initializer_list<Pair> fields,
             std::string_view profile = "generic", std::string_view source = "s") {
        batch.reset();
        batch.begin();
        for (const Pair& pair : fields) {
            batch.add(event::intern(pair.name), pair.value);
        }
        event::EventHead head;
        head.time.us = ++clock;
        head.received.us = clock + 5;
        head.raw = raw;
        head.source = sources->source_id(source);
        head.profile = *profiles->find(profile);
        batch.end(head);
        ASSERT_TRUE(testing::put(*store, batch).has_value());
    }
    void ready() {
        if (GetParam()) {
            ASSERT_TRUE(store->seal().has_value());
        }
    }
    // Raw texts of the matches, oldest first.
    std::string found(std::string_view text) {
        auto query = parse(text, {2'000});
        if (!query) {
            return query.error().message();
        }
        const auto answer = store->search(*query, {});
        if (!answer) {
            return answer.error().message();
        }
        std::string out;
        for (std::uint32_t row = answer->events.size(); row-- > 0;) {
            out += (out.empty() ? "" : " ") + std::string(answer->events[row].head().raw);
        }
        return out;
    }
    std::string table(std::string_view text) {
        const auto answer = store->search(parse(text, {}).value(), {});
        if (!answer) {
            return answer.error().message();
        }
        std::string out = fmt::format("{}", fmt::join(answer->columns, ","));
        for (const auto& row : answer->rows) {
            out += ';';
            for (const Cell& cell : row) {
                out += text_of(cell) + ",";
            }
        }
        return out;
    }

    TemporaryFolder folder;
    std::shared_ptr<const event::ProfileSet> profiles;
    std::shared_ptr<SourceNames> sources = std::make_shared<SourceNameTable>();
    std::unique_ptr<Store> store;
    event::EventBatch batch;
    std::int64_t clock = 1000;
};

TEST_P(SearchTest, TextsIgnoreCaseAndMarksUnlessQuoted) {
    add("1", {{"user.name", ValueRef(std::string_view("Đặng Thị Hà"))}});
    add("2", {{"user.name", ValueRef(std::string_view("dang thi ha"))}});
    add("3", {{"user.name", ValueRef(std::string_view("ROOT"))}});
    ready();
    EXPECT_EQ(found("user.name:dang*"), "1 2");
    EXPECT_EQ(found("user.name:\"đặng thị hà\""), "1");
    EXPECT_EQ(found("user.name:root"), "3");
    EXPECT_EQ(found("user.name:roo"), "");
    EXPECT_EQ(found("user.name:r??t"), "3");
    EXPECT_EQ(found("user.name:?ặng*"), "1 2");
    EXPECT_EQ(found("user.name:*t*"), "1 2 3");
}

TEST_P(SearchTest, FreeTextLooksIntoTheOriginal) {
    add("Failed-password", {});
    add("Đăng-nhập-thất-bại", {});
    ready();
    EXPECT_EQ(found("failed"), "Failed-password");
    EXPECT_EQ(found("that"), "Đăng-nhập-thất-bại");
    EXPECT_EQ(found("\"thất\""), "Đăng-nhập-thất-bại");
    EXPECT_EQ(found("\"that\""), "");
    EXPECT_EQ(found("fail*word"), "Failed-password");
    EXPECT_EQ(found("not failed"), "Đăng-nhập-thất-bại");
    EXPECT_EQ(found("event.original:password"), "Failed-password");
}

TEST_P(SearchTest, WordsEndWhereTheyEnd) {
    add("failed-password", {{"message", ValueRef(std::string_view("failed password"))}});
    add("FAIL;x=10.0.0.12", {});
    add("Đăng-nhập", {});
    add("nhậpkhẩu10", {});
    ready();
    EXPECT_EQ(found("fail"), "FAIL;x=10.0.0.12");
    EXPECT_EQ(found("fail*"), "failed-password FAIL;x=10.0.0.12");
    EXPECT_EQ(found("*ail"), "FAIL;x=10.0.0.12");
    EXPECT_EQ(found("*ail*"), "failed-password FAIL;x=10.0.0.12");
    EXPECT_EQ(found("\"d-pass\""), "");
    EXPECT_EQ(found("*d-pass*"), "failed-password");
    EXPECT_EQ(found("\"-password\""), "failed-password");
    EXPECT_EQ(found("10.0.0.1"), "");
    EXPECT_EQ(found("10.0.0.1*"), "FAIL;x=10.0.0.12");
    EXPECT_EQ(found("10.0.0.12"), "FAIL;x=10.0.0.12");
    EXPECT_EQ(found("nhap"), "Đăng-nhập");
    EXPECT_EQ(found("nhap*"), "Đăng-nhập nhậpkhẩu10");
    EXPECT_EQ(found("\"nhậpkhẩu\""), "");
    EXPECT_EQ(found("f??led"), "failed-password");
    EXPECT_EQ(found("?ailed"), "failed-password");
    EXPECT_EQ(found("f*d"), "failed-password");
    EXPECT_EQ(found("f*passwor"), "");
    EXPECT_EQ(found("message:pass"), "");
    EXPECT_EQ(found("message:pass*"), "failed-password");
}

TEST_P(SearchTest, AddressesMatchNetworksInAddressesAndTexts) {
    const auto ten = base::IpAddress::parse("10.1.2.3").value();
    const auto six = base::IpAddress::parse("2001:db8::7").value();
    add("1", {{"ip", ValueRef(&ten)}});
    add("2", {{"ip", ValueRef(&six)}});
    add("3", {{"ip", ValueRef(std::string_view("10.9.9.9"))}});
    add("4", {{"ip", ValueRef(std::string_view("tenth"))}});
    ready();
    EXPECT_EQ(found("ip:10.0.0.0/8"), "1 3");
    EXPECT_EQ(found("ip:10.1.2.3"), "1");
    EXPECT_EQ(found("ip:2001:db8::/32"), "2");
    EXPECT_EQ(found("ip:2001:0db8:0::7"), "2");
    EXPECT_EQ(found("ip:10.1.*"), "1");
    EXPECT_EQ(found("ip >= 10.5.0.0 and ip < 11.0.0.0"), "3");
}

TEST_P(SearchTest, NumbersCompareAcrossTypes) {
    add("1", {{"n", ValueRef(std::int64_t{5})}});
    add("2", {{"n", ValueRef(5.5)}});
    add("3", {{"n", ValueRef(std::string_view("7"))}});
    add("4", {{"n", ValueRef(std::string_view("seven"))}});
    add("5", {{"n", ValueRef()}});
    add("6", {{"n", ValueRef(true)}});
    ready();
    EXPECT_EQ(found("n:5"), "1");
    EXPECT_EQ(found("n:5.0"), "1");
    EXPECT_EQ(found("n >= 5"), "1 2 3");
    EXPECT_EQ(found("n > 5 and n < 7"), "2");
    EXPECT_EQ(found("n:5*"), "1 2");
    EXPECT_EQ(found("n:true"), "6");
    EXPECT_EQ(found("n:*"), "1 2 3 4 6");
    EXPECT_EQ(found("not n:*"), "5");
}

TEST_P(SearchTest, ListsMatchByAnyElement) {
    const ValueRef elements[] = {ValueRef(std::string_view("a")), ValueRef(std::int64_t{9})};
    add("1", {{"l", ValueRef(std::span<const ValueRef>(elements))}});
    add("2", {{"l", ValueRef(std::string_view("b"))}});
    ready();
    EXPECT_EQ(found("l:a"), "1");
    EXPECT_EQ(found("l > 8"), "1");
    EXPECT_EQ(found("l:(a or b)"), "1 2");
    EXPECT_EQ(found("l:[*"), "");
}

TEST_P(SearchTest, NamesAreReadByTheProfileOfTheEvent) {
    const auto ten = base::IpAddress::parse("10.1.2.3").value();
    add("1",
        {{"srcip", ValueRef(std::string_view("10.1.2.3"))},
         {"src", ValueRef(std::string_view("10.9.9.9"))}},
        "fw");
    add("2", {{"src", ValueRef(std::string_view("10.1.2.3"))}}, "fw");
    add("3", {{"source.ip", ValueRef(&ten)}}, "fw");
    add("4", {{"srcip", ValueRef(std::string_view("10.1.2.3"))}});
    add("5", {{"source.ip", ValueRef(&ten)}});
    add("6", {{"usr", ValueRef(std::string_view("an"))}}, "fw");
    ready();
    EXPECT_EQ(found("source.ip:10.1.2.3"), "1 2 3 5");
    EXPECT_EQ(found("source.ip:10.9.9.9"), "");  // the preferred field that is there counts
    EXPECT_EQ(found("srcip:10.1.2.3"), "1 4");
    EXPECT_EQ(found("User:an"), "6");
    EXPECT_EQ(table("source.ip:* | stats count() by source.ip"),
              "source.ip,count;10.1.2.3,2,;10.1.2.3,2,");
}

TEST_P(SearchTest, WhatEveryEventHasCanBeAsked) {
    add("1", {}, "fw", "alpha");
    add("2", {}, "generic", "beta");
    ready();
    EXPECT_EQ(found("gac.source:alpha"), "1");
    EXPECT_EQ(found("gac.profile:generic"), "2");
    EXPECT_EQ(found("@timestamp:\"1970-01-01T00:00:00.001001Z\""), "1");
    EXPECT_EQ(found("@timestamp > \"1970-01-01T00:00:00.001001Z\""), "2");
    EXPECT_EQ(found("event.ingested > \"1970-01-01T00:00:00.001006Z\""), "2");
    EXPECT_EQ(found("gac.drill:false"), "1 2");
    EXPECT_EQ(found("event.id >= 2"), "2");
    EXPECT_EQ(table("| stats count() by gac.source | sort gac.source"),
              "gac.source,count;alpha,1,;beta,1,");
}

TEST_P(SearchTest, AccessLimitsTheSources) {
    add("1", {}, "generic", "alpha");
    add("2", {}, "generic", "beta");
    ready();
    auto query = parse("* or not nothing", {}).value();
    query.only_sources = std::vector<std::string>{"beta"};
    const auto answer = store->search(query, {}).value();
    ASSERT_EQ(answer.events.size(), 1u);
    EXPECT_EQ(answer.events[0].head().raw, "2");
    query.only_sources = std::vector<std::string>{};
    EXPECT_TRUE(store->search(query, {}).value().events.empty());
}

TEST_P(SearchTest, StatsMakeTables) {
    for (int i = 0; i < 10; ++i) {
        const auto user = i % 3 == 0 ? std::string_view("an") : std::string_view("binh");
        add("x", {{"user", ValueRef(user)},
                  {"bytes", ValueRef(std::int64_t{i})},
                  {"odd", ValueRef(i % 2 == 1)}});
    }
    add("y", {});
    ready();
    EXPECT_EQ(table("| stats count()"), "count;11,");
    EXPECT_EQ(table("| stats count() by user"), "user,count;binh,6,;an,4,;,1,");
    EXPECT_EQ(table("user:* | stats count() as n, sum(bytes), avg(bytes), min(bytes), max(bytes), "
                    "dcount(odd) by user | sort user"),
              "user,n,sum(bytes),avg(bytes),min(bytes),max(bytes),dcount(odd);an,4,18,4.5,0,9,2,;"
              "binh,6,27,4.5,1,8,2,");
    EXPECT_EQ(table("| stats count() by user, odd | sort -count, user, odd | limit 2"),
              "user,odd,count;binh,false,3,;binh,true,3,");
    EXPECT_EQ(table("user:nobody | stats count()"), "count;0,");
    EXPECT_EQ(table("| stats sum(bytes) by user | limit 1 | fields user"), "user;binh,");
}

TEST_P(SearchTest, FieldsGiveCellsAndSortOrdersEvents) {
    add("a", {{"n", ValueRef(std::int64_t{3})}, {"u", ValueRef(std::string_view("x"))}});
    add("b", {{"n", ValueRef(std::int64_t{1})}});
    add("c", {{"n", ValueRef(std::int64_t{2})}, {"u", ValueRef(std::string_view("y"))}});
    ready();
    EXPECT_EQ(table("| sort n | fields n, u"), "n,u;1,,;2,y,;3,x,");
    EXPECT_EQ(table("| sort -n | limit 1 | fields n"), "n;3,");
    EXPECT_EQ(table("| fields n"), "n;2,;1,;3,");
}

TEST_P(SearchTest, RegularExpressionsLookAnywhereInEitherCase) {
    add("a", {{"url.path", ValueRef(std::string_view("/var/log/auth.log"))}});
    add("user=AN end", {{"n", ValueRef(std::int64_t{404})}});
    const auto ten = base::IpAddress::parse("10.1.2.3").value();
    add("c", {{"ip", ValueRef(&ten)}, {"url.path", ValueRef(std::string_view("/admin/"))}});
    ready();
    EXPECT_EQ(found("url.path:/auth\\.LOG$/"), "a");
    EXPECT_EQ(found("url.path:/(?-i)AUTH/"), "");
    EXPECT_EQ(found("url.path:/var/log/auth.log"), "a");  // a path, no expression
    EXPECT_EQ(found("url.path:/admin/"), "c");
    EXPECT_EQ(found("url.path:/^\\/admin\\/$/"), "c");
    EXPECT_EQ(found("url.path:(/^.admin/ or /LOG/)"), "a c");
    EXPECT_EQ(found("event.original:/user=\\S+ e/"), "user=AN end");
    EXPECT_EQ(found("n:/^4\\d\\d$/"), "user=AN end");
    EXPECT_EQ(found("ip:/^10\\./"), "c");
    EXPECT_EQ(found("not ip:/^10\\./"), "a user=AN end");
}

TEST_P(SearchTest, RangesAsElsewhere) {
    for (std::int64_t i = 1; i <= 5; ++i) {
        add(std::to_string(i), {{"n", ValueRef(i)}});
    }
    add("none", {});
    ready();
    EXPECT_EQ(found("n:[2 to 4]"), "2 3 4");
    EXPECT_EQ(found("n:{2 TO 4}"), "3");
    EXPECT_EQ(found("n:[2 to 4}"), "2 3");
    EXPECT_EQ(found("n:[4 to *]"), "4 5");
    EXPECT_EQ(found("n:[* to *]"), "1 2 3 4 5");
    EXPECT_EQ(found("_exists_:n"), "1 2 3 4 5");
    EXPECT_EQ(found("not n:[* to 3]"), "4 5 none");
    EXPECT_EQ(found("@timestamp:[\"1970-01-01T00:00:00.001001Z\" to "
                    "1970-01-01T00:00:00.001002Z]"),
              "1 2");
}

TEST_P(SearchTest, ExtractMakesFieldsForLaterPipes) {
    add("login user=an from 10.0.0.1 took 15ms", {});
    add("login user=binh from 10.0.0.2 took 5ms", {});
    add("login user=an from 10.0.0.2 took 40ms", {});
    add("logout", {});
    ready();
    const std::string text = "| extract event.original \"user={who} from {ip} took {ms}ms\" ";
    EXPECT_EQ(table(text + "| stats count(), sum(ms), max(ms) by who"),
              "who,count,sum(ms),max(ms);an,2,55,40,;,1,,,;binh,1,5,5,");
    EXPECT_EQ(found(text + "| where who:an and ms > 20"), "login user=an from 10.0.0.2 took 40ms");
    EXPECT_EQ(found(text + "| where ip:10.0.0.2 | dedup who | sort -ms"),
              "login user=binh from 10.0.0.2 took 5ms login user=an from 10.0.0.2 took 40ms");
    EXPECT_EQ(found(text + "| where not who:*"), "logout");
    EXPECT_EQ(table("| extract event.original /user=(?<who>\\S+)/ | where who:b* | fields who"),
              "who;binh,");
    EXPECT_EQ(table("binh | extract event.original /user=(?P<who>\\S+)/"),
              "@timestamp,who,event.original;1970-01-01T00:00:00.001002Z,binh,login user=binh from "
              "10.0.0.2 took 5ms,");
}

TEST_P(SearchTest, DedupKeepsTheNewest) {
    for (int i = 0; i < 200; ++i) {
        add(std::to_string(i),
            {{"u", ValueRef(std::int64_t{i % 3})}, {"v", ValueRef(std::int64_t{i % 2})}});
    }
    ready();
    EXPECT_EQ(found("| dedup u"), "197 198 199");
    EXPECT_EQ(found("| dedup u, v | limit 2"), "198 199");
    EXPECT_EQ(found("u < 2 | dedup u | sort u"), "199 198");  // found() turns the order round
    EXPECT_EQ(table("| dedup u | stats count(), sum(v)"), "count,sum(v);3,2,");
    auto query = parse("| dedup u", {}).value();
    query.limit = 2;
    const auto first = store->search(query, {}).value();
    ASSERT_EQ(first.events.size(), 2u);
    query.cursor = first.cursor;
    const auto second = store->search(query, {}).value();
    ASSERT_EQ(second.events.size(), 1u);
    EXPECT_EQ(second.events[0].head().raw, "197");
}

TEST_P(SearchTest, TopCountsAndShares) {
    for (int i = 0; i < 8; ++i) {
        add("x", {{"u", ValueRef(i < 5   ? std::string_view("an")
                                 : i < 7 ? "binh"
                                         : "chi")},
                  {"h", ValueRef(i % 2 == 0 ? std::string_view("h0") : "h1")}});
    }
    ready();
    EXPECT_EQ(table("| top 2 u"), "u,count,percent;an,5,62.5,;binh,2,25,");
    EXPECT_EQ(table("| top 1 u by h | sort h"), "h,u,count,percent;h0,an,3,75,;h1,an,2,50,");
    EXPECT_EQ(table("| top u | where count < 5 and percent:[10 to 20] | fields u"), "u;chi,");
}

TEST_P(SearchTest, TablesAreFilteredBehindStats) {
    for (std::int64_t i = 1; i <= 10; ++i) {
        add("x", {{"k", ValueRef(i % 4)}, {"b", ValueRef(i)}});
    }
    ready();
    EXPECT_EQ(table("| stats count(), sum(b) by k | where count() > 2 | where sum(b):[12 to 15] | "
                    "sort k"),
              "k,count,sum(b);1,3,15,");
    EXPECT_EQ(table("| stats count() as n by k | where not n >= 3 | sort k | fields k"), "k;0,;3,");
}

TEST_P(SearchTest, TimeBinsFollowVietnam) {
    const auto at = [&](std::string_view time) {
        clock = base::parse_rfc3339(time)->us - 1;
        add("x", {{"b", ValueRef(clock % 7)}});
    };
    at("2026-11-20T16:59:59Z");  // 23:59 in Vietnam
    at("2026-11-20T17:00:00Z");  // the next day there
    at("2026-11-21T16:59:59Z");
    at("2026-11-22T17:00:00Z");  // a Monday there
    ready();
    EXPECT_EQ(table("| stats count() by 1d"),
              "@timestamp,count;2026-11-19T17:00:00.000000Z,1,;2026-11-20T17:00:00.000000Z,2,;"
              "2026-11-22T17:00:00.000000Z,1,");
    EXPECT_EQ(table("| stats count() by bin(@timestamp, 1w)"),
              "@timestamp,count;2026-11-15T17:00:00.000000Z,3,;2026-11-22T17:00:00.000000Z,1,");
    EXPECT_EQ(table("| stats count() by 1h | limit 1"),
              "@timestamp,count;2026-11-20T16:00:00.000000Z,1,");
    add("y", {{"p", ValueRef(std::int64_t{1023})}});
    add("y", {{"p", ValueRef(std::int64_t{-1})}});
    EXPECT_EQ(table("p:* | stats count() by bin(p, 1000)"), "p,count;-1000,1,;1000,1,");
}

TEST_P(SearchTest, PercentilesAreExactForFewAndCloseForMany) {
    for (std::int64_t i = 1; i <= 100; ++i) {
        add("few", {{"b", ValueRef(i)}});
    }
    ready();
    EXPECT_EQ(table("| stats p50(b), p95(b), percentile(b, 99.9), median(b), p1(b)"),
              "p50(b),p95(b),percentile(b,99.9),median(b),p1(b);50,95,100,50,1,");
    batch.reset();
    for (std::int64_t i = 1; i <= 20'000; ++i) {
        batch.begin();
        batch.add(event::intern("b"), ValueRef(i));
        event::EventHead head;
        head.time.us = ++clock;
        head.raw = "many";
        head.source = sources->source_id("s");
        batch.end(head);
    }
    ASSERT_TRUE(testing::put(*store, batch).has_value());
    ready();
    const auto answer =
        store->search(parse("many | stats p50(b), p99(b), dcount(b)", {}).value(), {}).value();
    EXPECT_NEAR(std::get<double>(answer.rows[0][0]), 10'000, 10'000 * 0.006);
    EXPECT_NEAR(std::get<double>(answer.rows[0][1]), 19'800, 19'800 * 0.006);
    EXPECT_NEAR(static_cast<double>(std::get<std::int64_t>(answer.rows[0][2])), 20'000, 600);
    EXPECT_EQ(answer.notes.size(), 3u);
}

TEST_P(SearchTest, ExplainTellsWhereItLooked) {
    for (int i = 0; i < 300; ++i) {
        add("word" + std::to_string(i), {{"k", ValueRef(std::int64_t{i})}});
    }
    ready();
    auto query = parse("k > 290 and word*", {}).value();
    query.explain = true;
    const auto answer = store->search(query, {}).value();
    ASSERT_NE(answer.explanation, nullptr);
    EXPECT_FALSE(answer.explanation->plan.empty());
    std::uint64_t blocks = 0;
    std::uint64_t read = 0;
    for (const auto& part : answer.explanation->parts) {
        blocks += part.blocks;
        read += part.read;
    }
    if (GetParam()) {
        EXPECT_EQ(blocks, 5u);
        EXPECT_EQ(read, 1u);
        EXPECT_EQ(answer.skips.by_range, 4u);
    } else {
        EXPECT_GE(read, 1u);
    }
}

TEST_P(SearchTest, BudgetsMakePartialAnswers) {
    for (int i = 0; i < 300; ++i) {
        add("x", {{"k", ValueRef(std::int64_t{i})}});
    }
    ready();
    const auto query = parse("| stats count() by k", {}).value();
    EXPECT_NE(store->search(query, {.groups_max = 10}).value().partial.find("more than 10 groups"),
              std::string::npos);
    EXPECT_NE(store->search(query, {.time_max = {-1}}).value().partial.find("not finished"),
              std::string::npos);
    EXPECT_NE(store->search(query, {.rows_max = 7}).value().partial.find("300 groups, the first 7"),
              std::string::npos);
    EXPECT_NE(store->search(query, {.memory_max = 1000}).value().partial.find("memory"),
              std::string::npos);
    const auto progress = std::make_shared<Progress>();
    EXPECT_EQ(store->search(query, {.progress = progress}).value().partial, "");
    EXPECT_EQ(progress->events, 300u);
    EXPECT_EQ(progress->units_done, progress->units_all);
    EXPECT_GT(progress->bytes, 0u);
    std::stop_source stop;
    stop.request_stop();
    Budget cancelled;
    cancelled.cancel = stop.get_token();
    EXPECT_EQ(store->search(query, cancelled).value().partial, "cancelled");
    EXPECT_EQ(store->search(query, {}).value().partial, "");
}

TEST_P(SearchTest, HistogramCountsByTimeAndValue) {
    for (int i = 0; i < 100; ++i) {
        clock += 999;  // with the one in add: a millisecond each
        add("x", {{"u", ValueRef(i % 4 == 0 ? std::string_view("an") : std::string_view("binh"))}});
    }
    ready();
    const auto query = parse("", {}).value();
    const auto histogram =
        store->histogram(query, {.interval = base::Duration::millis(10), .split_by = "u"}, {})
            .value();
    EXPECT_EQ(histogram.total, 100u);
    EXPECT_EQ(histogram.split_values, (std::vector<std::string>{"binh", "an"}));
    ASSERT_EQ(histogram.buckets.size(), 11u);
    EXPECT_EQ(histogram.buckets[1].count, 10u);
    EXPECT_EQ(histogram.buckets[1].split[0] + histogram.buckets[1].split[1], 10u);
    auto ranged = query;
    ranged.range = {.from = {0}, .to = {200'000}};
    EXPECT_EQ(store->histogram(ranged, {.interval = base::Duration::millis(10)}, {})
                  .value()
                  .buckets.size(),
              20u);
    EXPECT_FALSE(store->histogram(ranged, {.interval = {1}}, {}).has_value());
    EXPECT_FALSE(store->histogram(ranged, {.interval = {0}}, {}).has_value());
}

TEST_P(SearchTest, TopValuesAndFieldSummary) {
    for (int i = 0; i < 100; ++i) {
        add("x",
            {{"usr", ValueRef(i % 4 == 0 ? std::string_view("an") : std::string_view("binh"))},
             {"srcip", ValueRef(std::string_view("10.0.0.1"))}},
            "fw");
    }
    add("y", {{"other", ValueRef(std::int64_t{1})}});
    ready();
    const std::string fields[] = {"usr", "source.ip"};
    const auto top = store->top_values(parse("", {}).value(), fields, 1, {}).value();
    ASSERT_EQ(top.size(), 2u);
    EXPECT_EQ(text_of(top[0].values.at(0).value), "binh");
    EXPECT_EQ(top[0].values.at(0).count, 75u);
    EXPECT_EQ(top[0].events_with, 100u);
    EXPECT_EQ(top[0].events, 101u);
    EXPECT_EQ(top[0].distinct, 2u);
    EXPECT_EQ(top[1].distinct, 1u);
    const auto summary =
        store->field_summary(parse("x | stats count()", {}).value(), 50, 5, {}).value();
    ASSERT_EQ(summary.size(), 2u);
    EXPECT_EQ(summary[0].field, "source.ip");  // by its ECS name
    EXPECT_EQ(summary[0].events, 50u);
    EXPECT_EQ(summary[0].events_with, 50u);
}

TEST_P(SearchTest, AValueThatNoEventEndsWithIsNoTopValue) {
    // Of a field that stands twice the last one counts; "an" is never that.
    for (int i = 0; i < 3; ++i) {
        add("x", {{"user.name", ValueRef(std::string_view("an"))},
                  {"user.name", ValueRef(std::string_view("binh"))}});
    }
    ready();
    const std::string fields[] = {"user.name"};
    const auto top = store->top_values(parse("", {}).value(), fields, 5, {}).value();
    ASSERT_EQ(top[0].values.size(), 1u);
    EXPECT_EQ(text_of(top[0].values[0].value), "binh");
    EXPECT_EQ(top[0].values[0].count, 3u);
    EXPECT_EQ(top[0].distinct, 1u);
    const HistogramSpec spec{.interval = base::Duration::seconds(1), .split_by = "user.name"};
    const auto histogram = store->histogram(parse("", {}).value(), spec, {}).value();
    EXPECT_EQ(histogram.split_values, std::vector<std::string>{"binh"});
}

INSTANTIATE_TEST_SUITE_P(MemoryAndSegments, SearchTest, ::testing::Bool(),
                         [](const auto& kind) { return kind.param ? "segments" : "memory"; });

}  // namespace

}  // namespace gac::store
