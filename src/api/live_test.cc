#include <gtest/gtest.h>

#include <thread>

#include "api/fake_api.h"
#include "api/rate_limit.h"
#include "api/source_meter.h"

namespace gac::api {
namespace {

using response::sighting_of;
using response::test_rule;

class Live : public ::testing::Test {
protected:
    Live() {
        fake.add_user("lan", Role::Analyst);
        session = fake.session_of("lan");
    }
    std::shared_ptr<net::Stream> connect(const FakeApi::Session& who, std::string last = {}) {
        net::Response response =
            fake.ask_as(who, "GET", "/api/v1/live", "", {{"Last-Event-ID", std::move(last)}});
        EXPECT_EQ(response.status, 200) << response.body;
        EXPECT_TRUE(response.headers["content-type"].starts_with("text/event-stream"));
        return response.stream;
    }
    // What the stream has said, once it holds `text` (or after a while).
    static std::string said(net::Stream& stream, std::string_view text) {
        std::string all;
        for (int i = 0; i < 500 && !all.contains(text); ++i) {
            all += stream.take();
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        return all;
    }
    void raise(std::string_view host, event::EventId event) {
        const auto sighting = sighting_of(test_rule("r"), host, {event});
        must(fake.alerts.raise(std::span(&sighting, 1)));
    }

    FakeApi fake;
    FakeApi::Session session;
};

TEST_F(Live, TellsOfAlertsAndCounts) {
    const auto stream = connect(session);
    raise("web-1", 1);
    const std::string text = said(*stream, "\"open\":1");
    EXPECT_TRUE(text.contains("event: alert\ndata: {\"change\":\"raised\"")) << text;
    EXPECT_TRUE(text.contains("\nevent: counts\n") || text.contains("event: counts\n"));
}

TEST_F(Live, ResumesWhereTheClientWas) {
    raise("web-1", 1);
    raise("web-2", 2);
    const std::string seq = std::to_string(must(fake.feed.last_seq()) - 1);
    const auto stream = connect(session, seq);
    const std::string text = said(*stream, "event: alert");
    EXPECT_TRUE(text.contains("web-2")) << text;
    EXPECT_FALSE(text.contains("web-1"));
    EXPECT_TRUE(text.contains("id: " + std::to_string(must(fake.feed.last_seq()))));
    EXPECT_EQ(fake.ask_as(session, "GET", "/api/v1/live?last_event_id=x").status, 400);
}

TEST_F(Live, SaysSoWhenTooMuchWasMissed) {
    const auto one = test_rule("many");
    std::vector<response::Sighting> sightings;
    for (event::EventId i = 1; i <= 200; ++i) {
        sightings.push_back(sighting_of(one, "h" + std::to_string(i), {i}));
    }
    for (event::EventId round = 0; round < 200; ++round) {
        for (auto& sighting : sightings) {
            sighting.detection.events.front() += 1000;
        }
        must(fake.alerts.raise(sightings));
        if (must(fake.feed.last_seq()) > response::ChangeFeed::kKept + 500) {
            break;
        }
    }
    const auto stream = connect(session, "1");
    EXPECT_TRUE(said(*stream, "event: resync").contains("event: resync"));
}

TEST_F(Live, KeepsUnitsApart) {
    const auto one = fake.unit("xa-mot");
    fake.own("web-1", one);
    fake.add_user("hoa", Role::UnitOfficer, one);
    const FakeApi::Session officer = fake.session_of("hoa");
    const auto mine = connect(officer);
    const auto all = connect(session);
    raise("web-2", 1);
    raise("web-1", 2);
    EXPECT_TRUE(said(*all, "web-1").contains("web-2"));
    const std::string text = said(*mine, "\"open\":1");
    EXPECT_TRUE(text.contains("web-1"));
    EXPECT_FALSE(text.contains("web-2"));
}

TEST_F(Live, EndsWhenItsUserSignsOut) {
    const auto stream = connect(session);
    EXPECT_EQ(fake.ask_as(session, "DELETE", "/api/v1/session").status, 204);
    for (int i = 0; i < 500 && !stream->closed(); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_TRUE(stream->closed());
}

TEST(SourceMeter, CountsByMinuteAndHour) {
    SourceMeter meter;
    base::TimePoint now{base::Duration::hours(500'000).us};
    std::uint64_t events = 0;
    for (int i = 0; i < 20; ++i) {
        meter.sample(now, {{"fw", {events, events / 10}}});
        events += 50;
        now = now + base::Duration::seconds(5);
    }
    const auto reading = meter.reading("fw", now);
    EXPECT_DOUBLE_EQ(reading.per_second, 10.0);
    EXPECT_EQ(reading.hours.back(), 950U);
    EXPECT_DOUBLE_EQ(reading.failed_percent, 10.0);
    const auto later = meter.reading("fw", now + base::Duration::hours(3));
    EXPECT_EQ(later.hours[20], 950U);
    EXPECT_EQ(later.hours.back(), 0U);
    EXPECT_EQ(meter.reading("fw", now + base::Duration::hours(30)).hours[0], 0U);
    EXPECT_EQ(meter.reading("none", now).per_second, 0.0);
}

TEST(RateLimit, GivesBackWithTime) {
    RateLimit limit({.per_second = 2, .burst = 3});
    const auto address = *base::IpAddress::parse("192.0.2.1");
    EXPECT_TRUE(limit.take(address, 0));
    EXPECT_TRUE(limit.take(address, 0));
    EXPECT_TRUE(limit.take(address, 0));
    EXPECT_FALSE(limit.take(address, 0));
    EXPECT_TRUE(limit.take(*base::IpAddress::parse("192.0.2.2"), 0));
    EXPECT_TRUE(limit.take(address, 500'000));
    EXPECT_FALSE(limit.take(address, 500'000));
}

}  // namespace
}  // namespace gac::api
