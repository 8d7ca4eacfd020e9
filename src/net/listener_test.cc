#include "net/listener.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "base/snapshot.h"
#include "base/uuid.h"
#include "net/test_client.h"

namespace gac::net {
namespace {

struct Seen {
    base::Guarded<std::string> bytes;
    std::atomic<int> ended{0};
    std::atomic<bool> full{false};
    std::atomic<int> asked{0};
};

class Sink final : public ByteSink {
public:
    explicit Sink(Seen& seen) : seen_(seen) {}
    void receive(std::string_view bytes) override {
        seen_.bytes.with([&](std::string& all) { all += bytes; });
    }
    bool has_room() override {
        seen_.asked.fetch_add(1);
        return !seen_.full;
    }
    void end() override { seen_.ended.fetch_add(1); }

private:
    Seen& seen_;
};

class Maker final : public ByteSinkMaker {
public:
    explicit Maker(Seen& seen) : seen_(seen) {}
    std::unique_ptr<ByteSink> make(const Endpoint& peer) override {
        EXPECT_TRUE(peer.is_loopback());
        return std::make_unique<Sink>(seen_);
    }

private:
    Seen& seen_;
};

template <class F>
bool soon(F&& holds) {
    for (int i = 0; i < 500; ++i) {
        if (holds()) {
            return true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
}

std::size_t size_of(const Seen& seen) {
    return seen.bytes.with([](const std::string& all) { return all.size(); });
}

TEST(TcpListener, HandsOverWhatComesAndTheEnd) {
    Seen seen;
    Maker maker(seen);
    Runtime runtime(2);
    auto listener = *listen_tcp(runtime, *Endpoint::parse("127.0.0.1:0"), maker, {});
    {
        const base::Fd fd = testing::connect_to(listener->endpoint());
        ASSERT_TRUE(base::write_all(fd, "hello "));
        ASSERT_TRUE(base::write_all(fd, "world"));
    }
    EXPECT_TRUE(soon([&] { return seen.ended == 1; }));
    EXPECT_EQ(seen.bytes.with([](const auto& all) { return all; }), "hello world");
    EXPECT_TRUE(soon([&] { return listener->connections() == 0; }));
}

TEST(TcpListener, StopsReadingWhileTheSinkIsFull) {
    Seen seen;
    seen.full = true;
    Maker maker(seen);
    Runtime runtime(1);
    auto listener = *listen_tcp(runtime, *Endpoint::parse("127.0.0.1:0"), maker, {});
    constexpr std::size_t kAll = 32U << 20U;
    std::jthread sending([&] {
        const base::Fd fd = testing::connect_to(listener->endpoint());
        EXPECT_TRUE(base::write_all(fd, std::string(kAll, 'x')));
    });
    ASSERT_TRUE(soon([&] { return seen.asked > 20; }));
    EXPECT_EQ(size_of(seen), 0U);  // what waits, waits with the sender
    seen.full = false;
    sending.join();
    EXPECT_TRUE(soon([&] { return size_of(seen) == kAll; }));
}

TEST(TcpListener, ReadsWhatHasArrivedBeforeItStops) {
    Seen seen;
    Maker maker(seen);
    Runtime runtime(1);
    auto listener = *listen_tcp(runtime, *Endpoint::parse("127.0.0.1:0"), maker, {});
    const base::Fd fd = testing::connect_to(listener->endpoint());
    ASSERT_TRUE(base::write_all(fd, std::string(100'000, 'x')));
    ASSERT_TRUE(soon([&] { return listener->connections() == 1; }));
    listener->stop();
    EXPECT_EQ(size_of(seen), 100'000U);
    EXPECT_EQ(seen.ended.load(), 1);
}

TEST(TcpListener, RefusesConnectionsBeyondTheLimitAndClosesIdleOnes) {
    Seen seen;
    Maker maker(seen);
    Runtime runtime(1);
    ListenLimits limits;
    limits.connections_max = 1;
    limits.idle_max = base::Duration::millis(700);
    auto listener = *listen_tcp(runtime, *Endpoint::parse("127.0.0.1:0"), maker, limits);
    const base::Fd first = testing::connect_to(listener->endpoint());
    ASSERT_TRUE(soon([&] { return listener->connections() == 1; }));
    const base::Fd second = testing::connect_to(listener->endpoint());
    char buffer[8];
    EXPECT_EQ(base::read_some(second, buffer).value_or(0), 0U);
    EXPECT_EQ(base::read_some(first, buffer).value_or(0), 0U);
}

TEST(TlsListener, HandsOverWhatWasSecret) {
    const auto folder = std::filesystem::temp_directory_path()
                        / ("gac_listen_" + base::Uuid::make(base::SystemClock{}.now()).text());
    std::filesystem::create_directories(folder);
    const TlsFiles files{folder / "c.pem", folder / "k.pem"};
    ASSERT_TRUE(make_self_signed(files, {}));
    Seen seen;
    Maker maker(seen);
    Runtime runtime(2);
    auto listener =
        *listen_tls(runtime, *Endpoint::parse("127.0.0.1:0"), maker, {}, *Tls::open(files));
    {
        testing::TlsClient client(listener->endpoint());
        ASSERT_TRUE(client.connected());
        ASSERT_TRUE(client.send(std::string(300'000, 'y')));
        EXPECT_TRUE(soon([&] { return size_of(seen) == 300'000; }));
    }
    {
        const base::Fd plain = testing::connect_to(listener->endpoint());
        ASSERT_TRUE(base::write_all(plain, "<13>this is not TLS\n"));
        char buffer[100];
        while (base::read_some(plain, buffer).value_or(0) > 0) {
        }
    }
    EXPECT_TRUE(soon([&] { return listener->connections() == 0; }));
    EXPECT_EQ(size_of(seen), 300'000U);
    listener->stop();
    std::filesystem::remove_all(folder);
}

class Datagrams final : public DatagramSink {
public:
    void receive(std::span<const Datagram> datagrams) override {
        for (const Datagram& one : datagrams) {
            EXPECT_TRUE(one.peer.is_loopback());
            bytes.with([&](std::string& all) { all.append(one.bytes).append("|"); });
        }
    }
    base::Guarded<std::string> bytes;
};

TEST(UdpListener, HandsOverDatagrams) {
    Datagrams sink;
    Runtime runtime(1);
    auto listener = *listen_udp(runtime, *Endpoint::parse("127.0.0.1:0"), sink,
                                {.receive_buffer_bytes = 64 * 1024});
    const base::Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(listener->endpoint().port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (const std::string_view text : {"one", "", "three"}) {
        EXPECT_EQ(::sendto(fd.get(), text.data(), text.size(), 0,
                           reinterpret_cast<const sockaddr*>(&to), sizeof to),
                  static_cast<ssize_t>(text.size()));
    }
    const auto all = [&] { return sink.bytes.with([](const auto& text) { return text; }); };
    EXPECT_TRUE(soon([&] { return all() == "one||three|"; })) << all();
    listener->stop();
}

TEST(Listener, SaysThatAnAddressIsTaken) {
    Seen seen;
    Maker maker(seen);
    Runtime runtime(1);
    auto listener = *listen_tcp(runtime, *Endpoint::parse("127.0.0.1:0"), maker, {});
    const auto again = listen_tcp(runtime, listener->endpoint(), maker, {});
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, Code::AlreadyExists);
    EXPECT_TRUE(again.error().text.contains(listener->endpoint().text()));
}

}  // namespace
}  // namespace gac::net
