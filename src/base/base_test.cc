#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "base/arena.h"
#include "base/ip.h"
#include "base/metrics.h"
#include "base/queue.h"
#include "base/reader.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/time.h"
#include "base/uuid.h"

namespace gac::base {
namespace {

TEST(Time, RoundTripsRfc3339) {
    const auto time = parse_rfc3339("2026-11-22T21:59:13.000001Z");
    ASSERT_TRUE(time);
    EXPECT_EQ(format_rfc3339(*time), "2026-11-22T21:59:13.000001Z");
    EXPECT_EQ(parse_rfc3339("2026-11-23T04:59:13.000001+07:00"), time);
    EXPECT_EQ(parse_rfc3339("2026-11-23 04:59:13.000001 +0700"), time);
}

TEST(Time, TakesTheZoneWhereNoOffsetStands) {
    const auto zone = Zone::parse("Asia/Ho_Chi_Minh");
    ASSERT_TRUE(zone) << zone.error().message();
    EXPECT_EQ(parse_rfc3339("2026-11-23T07:00:00", *zone), parse_rfc3339("2026-11-23T00:00:00Z"));
    EXPECT_EQ(Zone::parse("+07:00")->offset_at({0}), Duration::hours(7));
}

TEST(Time, RefusesWhatIsNoTime) {
    for (const char* text :
         {"", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-11-22T24:00:00Z",
          "2026-11-22T00:00:00.Z", "2026-11-22T00:00:00+0", "2026-11-22T00:00:00Zx"}) {
        EXPECT_FALSE(parse_rfc3339(text)) << text;
    }
    EXPECT_TRUE(parse_rfc3339("2024-02-29T00:00:00Z"));
}

TEST(Time, CivilFieldsAgreeOverFourCenturies) {
    for (std::int64_t day = -80'000; day < 80'000; day += 13) {
        const TimePoint time{day * 86'400'000'000 + 12'345'678};
        EXPECT_EQ(from_civil(to_civil(time)), time);
    }
}

TEST(Time, RelativeArgumentsCountFromNow) {
    const TimePoint now{1'000'000'000'000'000};
    EXPECT_EQ(*parse_time_argument("-15m", now), now - Duration::minutes(15));
    EXPECT_EQ(*parse_time_argument("now-7d", now), now - Duration::days(7));
    EXPECT_EQ(*parse_time_argument("now", now), now);
    EXPECT_FALSE(parse_time_argument("-m", now));
    EXPECT_FALSE(parse_time_argument("yesterday", now));
}

TEST(Ip, ReadsAndPrintsBothKinds) {
    EXPECT_EQ(IpAddress::parse("192.0.2.1")->text(), "192.0.2.1");
    EXPECT_EQ(IpAddress::parse("2001:DB8::1")->text(), "2001:db8::1");
    EXPECT_EQ(IpAddress::parse("::ffff:192.0.2.1"), IpAddress::parse("192.0.2.1"));
    for (const char* text :
         {"", "192.0.2", "192.0.2.256", "192.0.2.1:80", "1.2.3.4.5", ":::", "fe80::1%eth0"}) {
        EXPECT_FALSE(IpAddress::parse(text)) << text;
    }
}

TEST(Ip, PrefixesHoldWhatBelongsToThem) {
    const auto ten = IpPrefix::parse("10.1.2.3/8");
    ASSERT_TRUE(ten);
    EXPECT_TRUE(ten->had_host_bits());
    EXPECT_EQ(ten->text(), "10.0.0.0/8");
    EXPECT_TRUE(ten->contains(*IpAddress::parse("10.255.0.1")));
    EXPECT_FALSE(ten->contains(*IpAddress::parse("11.0.0.1")));
    EXPECT_FALSE(IpPrefix::parse("0.0.0.0/0")->contains(*IpAddress::parse("2001:db8::1")));
    EXPECT_FALSE(IpPrefix::parse("::/0")->contains(*IpAddress::parse("192.0.2.1")));
    EXPECT_TRUE(IpPrefix::parse("2001:db8::/33")->contains(*IpAddress::parse("2001:db8:7fff::1")));
    EXPECT_FALSE(IpPrefix::parse("192.0.2.0/33"));
}

TEST(Uuid, IsVersionSevenAndAscends) {
    const TimePoint now{1'700'000'000'000'000};
    Uuid last = Uuid::make(now);
    EXPECT_EQ(last.text()[14], '7');
    for (int i = 0; i < 10'000; ++i) {
        const Uuid next = Uuid::make(now);
        EXPECT_LT(last, next);
        last = next;
    }
    EXPECT_EQ(Uuid::parse(last.text()), last);
    EXPECT_FALSE(Uuid::parse("not-a-uuid"));
}

TEST(Text, FoldsForSearchWithoutMarks) {
    EXPECT_EQ(fold_for_search("Đăng nhập thất bại"), "dang nhap that bai");
    EXPECT_EQ(fold_for_search("ABC xyz"), "abc xyz");
    EXPECT_EQ(fold_case("É Straße Đ"), "é straße đ");
}

TEST(Text, RepairsWhatIsNotUtf8) {
    EXPECT_TRUE(is_utf8("Gác"));
    EXPECT_FALSE(is_utf8("\xff\xfe"));
    EXPECT_EQ(repair_utf8("a\xff z"), "a\xEF\xBF\xBD z");
    std::string out;
    append_json_string("a\"\\\n\x01\xff", out);
    EXPECT_EQ(out, "\"a\\\"\\\\\\n\\u0001\xEF\xBF\xBD\"");
}

TEST(Arena, KeepsEarlierBytesWhenItGrows) {
    Arena arena(128);
    std::vector<std::pair<std::string, std::string_view>> kept;
    for (int round = 0; round < 2; ++round) {
        kept.clear();
        for (int i = 1; i < 300; ++i) {
            const std::string text(static_cast<std::size_t>(i), static_cast<char>('a' + i % 26));
            kept.emplace_back(text, arena.copy(text));
        }
        for (const auto& [text, view] : kept) {
            EXPECT_EQ(text, view);
        }
        arena.reset();
    }
}

TEST(Queue, MakesAFullQueueWaitAndLosesNothing) {
    BoundedQueue<int> queue(10);
    std::jthread producer([&] {
        for (int i = 0; i < 10'000; ++i) {
            ASSERT_TRUE(queue.push(i, 3));
        }
        queue.close();
    });
    int expected = 0;
    while (const auto item = queue.pop(std::chrono::seconds(10))) {
        EXPECT_EQ(*item, expected++);
        EXPECT_LE(queue.weight(), 10u);
    }
    EXPECT_EQ(expected, 10'000);
    int late = 1;
    EXPECT_FALSE(queue.try_push(late, 1));
}

TEST(Reader, StopsAtTheEndOfTheBytes) {
    Reader reader(std::string_view("\x01\x02\x03", 3));
    EXPECT_EQ(reader.read<std::uint16_t>(), 0x0201);
    EXPECT_EQ(reader.read<std::uint32_t>(), 0u);
    EXPECT_TRUE(reader.failed());
}

TEST(Secret, ComparesAndHashes) {
    EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
    EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
    EXPECT_EQ(hex(sha256("abc")),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_NE(random_bytes(32), random_bytes(32));
}

TEST(Metrics, PrintsCountersWithLabels) {
    counter("gac_test_total", "kind=\"a\"", "A test").add(3);
    EXPECT_NE(metrics_text().find("gac_test_total{kind=\"a\"} 3\n"), std::string::npos);
}

}  // namespace
}  // namespace gac::base
