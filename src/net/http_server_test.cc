#include "net/http_server.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "base/uuid.h"
#include "net/test_client.h"

namespace gac::net {
namespace {

using testing::TlsClient;

class TempFolder {
public:
    TempFolder()
        : path_(std::filesystem::temp_directory_path()
                / ("gac_net_" + base::Uuid::make(base::SystemClock{}.now()).text())) {
        std::filesystem::create_directories(path_);
    }
    ~TempFolder() { std::filesystem::remove_all(path_); }
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

std::size_t resident_bytes() {
    const std::string status = *base::read_file("/proc/self/statm", 1000);
    const auto blank = status.find(' ');
    return std::stoul(status.substr(blank)) * 4096;
}

// Says back what it got; /slow waits, /wait waits until its client is gone, /stream streams, /never
// drops its responder.
class Echo final : public Handler {
public:
    Admission admit(const Request& head) override {
        Admission admission;
        admission.body_bytes_max = head.path == "/big" ? 8U << 20U : 1000;
        admission.lane = head.path == "/slow" || head.path == "/wait" ? 1 : 0;
        admission.party = head.headers["x-party"];
        admission.vouch_above_bytes = 1U << 20U;
        if (head.path == "/refused") {
            admission.refusal = Response{.status = 401};
        }
        return admission;
    }
    std::optional<Response> vouch(const Request& head) override {
        return head.headers["x-test"] == "stranger" ? std::optional(Response{.status = 401})
                                                    : std::nullopt;
    }
    void handle(Request request, Responder respond) override {
        if (request.path == "/never") {
            return;
        }
        if (request.path == "/wait") {
            ++waiting;
            for (int i = 0; i < 1000 && !request.gone.stop_requested(); ++i) {
                std::this_thread::sleep_for(std::chrono::milliseconds(10));
            }
            gone += request.gone.stop_requested() ? 1 : 0;
        }
        if (request.path == "/slow") {
            std::this_thread::sleep_for(std::chrono::milliseconds(300));
        }
        Response response;
        if (request.path == "/stream") {
            response.stream = stream;
            response.headers.add("Content-Type", "text/event-stream");
        } else if (request.path == "/empty") {
            response.status = 204;
        } else if (request.path == "/large") {
            response.shared_body = std::make_shared<const std::string>(5 << 20, 'x');
        } else {
            response.headers.add("X-Evil", "a\r\nInjected: yes");
            response.body = request.method + " " + request.path + "?" + request.query + " "
                            + std::to_string(request.body.size()) + " "
                            + std::string(request.headers["x-test"]);
        }
        handled.fetch_add(1);
        respond(std::move(response));
    }
    std::shared_ptr<Stream> stream = std::make_shared<Stream>(1 << 16);
    std::atomic<int> handled{0};
    std::atomic<int> waiting{0};  // at /wait, for their clients to go away
    std::atomic<int> gone{0};
};

template <class Check>
bool soon(Check check) {
    for (int i = 0; i < 1000 && !check(); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return check();
}

class HttpServerTest : public ::testing::Test {
protected:
    void start(HttpLimits limits = {}, std::vector<Lane> lanes = {{2, 100}, {1, 1}}) {
        const TlsFiles files{folder_.path() / "c.pem", folder_.path() / "k.pem"};
        ASSERT_TRUE(make_self_signed(files, {}));
        tls_ = *Tls::open(files);
        server_ = *HttpServer::start(runtime_, *Endpoint::parse("127.0.0.1:0"), tls_, echo_,
                                     std::move(lanes), limits);
    }
    Endpoint where() const { return server_->endpoint(); }

    TempFolder folder_;
    Echo echo_;
    Runtime runtime_{2};
    std::shared_ptr<Tls> tls_;
    std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersSeveralRequestsOnOneConnection) {
    start();
    TlsClient client(where());
    ASSERT_TRUE(client.connected());
    auto answer = client.ask("GET", "/a%20b?x=1", "X-Test: hi\r\n");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "GET /a%20b?x=1 0 hi");
    EXPECT_FALSE(answer.headers["x-request-id"].empty());
    answer = client.ask("POST", "/b", "", "hello");
    EXPECT_EQ(answer.body, "POST /b? 5 ");
    answer = client.ask("HEAD", "/b");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "");
    answer = client.ask("GET", "/empty");
    EXPECT_EQ(answer.status, 204);
    answer = client.ask("GET", "/large");
    EXPECT_EQ(answer.body.size(), 5U << 20U);
}

TEST_F(HttpServerTest, TakesPipelinedRequestsOneAfterTheOther) {
    start();
    TlsClient client(where());
    client.send(
        "GET /1 HTTP/1.1\r\nHost: t\r\n\r\nPOST /2 HTTP/1.1\r\nHost: t\r\nContent-Length: "
        "3\r\n\r\nabc"
        "GET /3 HTTP/1.1\r\nHost: t\r\n\r\n");
    EXPECT_EQ(client.answer().body, "GET /1? 0 ");
    EXPECT_EQ(client.answer().body, "POST /2? 3 ");
    EXPECT_EQ(client.answer().body, "GET /3? 0 ");
}

TEST_F(HttpServerTest, TakesChunkedBodies) {
    start();
    TlsClient client(where());
    client.send("POST /c HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    client.send("6\r\n world\r\n0\r\n\r\n");
    EXPECT_EQ(client.answer().body, "POST /c? 11 ");
    std::string big = "POST /c HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n";
    big += std::string(2000, 'x') + "\r\n0\r\n\r\n";
    client.send(big);
    EXPECT_EQ(client.answer().status, 413);
}

TEST_F(HttpServerTest, RefusesALargeBodyBeforeItComes) {
    start();
    TlsClient client(where());
    client.send("POST /c HTTP/1.1\r\nHost: t\r\nContent-Length: 1000001\r\n\r\n");
    const auto answer = client.answer();
    EXPECT_EQ(answer.status, 413);
    EXPECT_EQ(answer.headers.at("connection"), "close");
    EXPECT_EQ(echo_.handled.load(), 0);
}

TEST_F(HttpServerTest, ReadsALargeBodyOnlyOfWhomItKnows) {
    start();
    const std::string large(2U << 20U, 'x');
    {
        TlsClient stranger(where());
        stranger.send(
            "POST /big HTTP/1.1\r\nHost: t\r\nX-Test: stranger\r\n"
            "Content-Length: 2097152\r\n\r\n");
        EXPECT_EQ(stranger.answer().status, 401);
    }
    {
        TlsClient stranger(where());
        stranger.send(
            "POST /big HTTP/1.1\r\nHost: t\r\nX-Test: stranger\r\n"
            "Transfer-Encoding: chunked\r\n\r\n");
        EXPECT_EQ(stranger.answer().status, 401);
    }
    EXPECT_EQ(echo_.handled.load(), 0);
    TlsClient friendly(where());
    EXPECT_EQ(friendly.ask("POST", "/big", "", large).body, "POST /big? 2097152 ");
    EXPECT_EQ(friendly.ask("POST", "/big", "X-Test: stranger\r\n", "small").status, 200);
}

TEST_F(HttpServerTest, SendsContinueOnlyWhenItWillReadTheBody) {
    start();
    {
        TlsClient client(where());
        client.send(
            "POST /c HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
        ASSERT_TRUE(client.read_until("HTTP/1.1 100 Continue\r\n\r\n"));
        client.take();
        client.send("abc");
        EXPECT_EQ(client.answer().body, "POST /c? 3 ");
    }
    TlsClient client(where());
    client.send(
        "POST /refused HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.answer().status, 401);
}

TEST_F(HttpServerTest, RefusesHeadsThatAreTooLargeOrBroken) {
    start();
    const auto ask = [&](const std::string& bytes) {
        TlsClient client(where());
        client.send(bytes);
        return client.answer().status;
    };
    EXPECT_EQ(ask("GET / HTTP/1.1\r\nX: " + std::string(20'000, 'a') + "\r\n\r\n"), 431);
    EXPECT_EQ(ask("GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\n\r\n"), 431);
    EXPECT_EQ(ask("hello\r\n\r\n"), 400);
    EXPECT_EQ(ask("GET / HTTP/2.5\r\n\r\n"), 505);
    EXPECT_EQ(ask("GET / HTTP/1.1\r\nBad Header\r\n\r\n"), 400);
    EXPECT_EQ(ask("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"), 400);
    EXPECT_EQ(ask("POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"), 400);
    EXPECT_EQ(ask("POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc"),
              400);
    EXPECT_EQ(ask("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), 400);
    EXPECT_EQ(echo_.handled.load(), 0);
}

TEST_F(HttpServerTest, KeepsLineBreaksOutOfHeaders) {
    start();
    TlsClient client(where());
    const auto answer = client.ask("GET", "/");
    EXPECT_EQ(answer.headers.at("x-evil"), "a  Injected: yes");
    EXPECT_FALSE(answer.headers.contains("injected"));
}

TEST_F(HttpServerTest, AnswersForAHandlerThatForgets) {
    start();
    TlsClient client(where());
    EXPECT_EQ(client.ask("GET", "/never").status, 500);
}

TEST_F(HttpServerTest, ClosesAfterHttp10AndOnDemand) {
    start();
    TlsClient client(where());
    client.send("GET /x HTTP/1.0\r\n\r\n");
    EXPECT_EQ(client.answer().status, 200);
    EXPECT_FALSE(client.read_more());
    TlsClient polite(where());
    EXPECT_EQ(polite.ask("GET", "/x", "Connection: close\r\n").status, 200);
    EXPECT_FALSE(polite.read_more());
}

TEST_F(HttpServerTest, AllowsNothingBelowTls12) {
    start();
    EXPECT_FALSE(TlsClient(where(), TLS1_1_VERSION).connected());
    EXPECT_TRUE(TlsClient(where(), TLS1_2_VERSION).connected());
    TlsClient client(where());
    EXPECT_STREQ(SSL_get_version(client.ssl()), "TLSv1.3");
}

TEST_F(HttpServerTest, DoesNotSpeakPlainHttp) {
    start();
    const base::Fd fd = testing::connect_to(where());
    ASSERT_TRUE(base::write_all(fd, "GET / HTTP/1.1\r\nHost: t\r\n\r\n"));
    char buffer[100];
    std::string got;
    for (;;) {
        const auto n = base::read_some(fd, buffer);
        if (!n || *n == 0) {
            break;
        }
        got.append(buffer, *n);
    }
    EXPECT_FALSE(got.contains("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, CutsSlowSendersAndServesTheOthers) {
    HttpLimits limits;
    limits.header_max = base::Duration::millis(600);
    limits.body_stall_max = base::Duration::millis(600);
    limits.handshake_max = base::Duration::millis(600);
    start(limits);
    const base::Fd silent = testing::connect_to(where());
    TlsClient slow_head(where());
    TlsClient slow_body(where());
    slow_body.send("POST /x HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\nabc");
    int good_answers = 0;
    for (int i = 0; i < 50; ++i) {
        if (!slow_head.send("G")) {
            break;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        TlsClient good(where());
        EXPECT_EQ(good.ask("GET", "/good", "Connection: close\r\n").status, 200);
        ++good_answers;
    }
    EXPECT_GE(good_answers, 3);
    EXPECT_LT(good_answers, 50);
    EXPECT_EQ(slow_head.answer().status, 0);
    EXPECT_EQ(slow_body.answer().status, 0);
    char buffer[8];
    EXPECT_EQ(base::read_some(silent, buffer).value_or(0), 0U);
}

TEST_F(HttpServerTest, RefusesConnectionsBeyondTheLimit) {
    HttpLimits limits;
    limits.connections_max = 2;
    start(limits);
    TlsClient one(where());
    TlsClient two(where());
    EXPECT_EQ(one.ask("GET", "/").status, 200);
    EXPECT_EQ(two.ask("GET", "/").status, 200);
    EXPECT_FALSE(TlsClient(where()).connected());
}

TEST_F(HttpServerTest, SaysSoWhenTooManyRequestsWait) {
    start({}, {{1, 10}, {1, 1}});
    std::atomic<int> served{0};
    std::atomic<int> busy{0};
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            TlsClient client(where());
            const auto answer = client.ask("GET", "/slow");
            if (answer.status == 200) {
                served.fetch_add(1);
            } else if (answer.status == 503 && answer.headers.contains("retry-after")) {
                busy.fetch_add(1);
            }
        });
    }
    threads.clear();
    EXPECT_EQ(served + busy, 8);
    EXPECT_GE(served.load(), 1);
    EXPECT_GE(busy.load(), 1);
}

TEST_F(HttpServerTest, TellsTheWorkThatItsClientIsGone) {
    start();
    {
        TlsClient client(where());
        client.send("GET /wait HTTP/1.1\r\nHost: t\r\n\r\n");
        ASSERT_TRUE(soon([&] { return echo_.waiting == 1; }));
        EXPECT_EQ(echo_.gone, 0);
    }
    EXPECT_TRUE(soon([&] { return echo_.gone == 1; }));
}

TEST_F(HttpServerTest, AskingAheadIsNotGoingAway) {
    start();
    TlsClient client(where());
    client.send("GET /slow HTTP/1.1\r\nHost: t\r\n\r\n");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    client.send("GET /next HTTP/1.1\r\nHost: t\r\n\r\n");
    EXPECT_EQ(client.answer().body, "GET /slow? 0 ");
    EXPECT_EQ(client.answer().body, "GET /next? 0 ");
    EXPECT_EQ(client.ask("POST", "/later", "", "hello").body, "POST /later? 5 ");
}

TEST_F(HttpServerTest, WhoGoesAwayWhileHeWaitsLeavesHisPlace) {
    start();  // a lane of one thread, one waits
    TlsClient first(where());
    first.send("GET /wait HTTP/1.1\r\nHost: t\r\n\r\n");
    ASSERT_TRUE(soon([&] { return echo_.waiting == 1; }));
    // Nothing but answers comes over TLS 1.2.
    const auto answered = [](TlsClient& client, int ms) {
        pollfd ready{.fd = client.fd(), .events = POLLIN, .revents = 0};
        return ::poll(&ready, 1, ms) == 1;
    };
    std::optional<TlsClient> one(std::in_place, where(), TLS1_2_VERSION);
    std::optional<TlsClient> other(std::in_place, where(), TLS1_2_VERSION);
    one->send("GET /slow HTTP/1.1\r\nHost: t\r\n\r\n");
    other->send("GET /slow HTTP/1.1\r\nHost: t\r\n\r\n");
    ASSERT_TRUE(soon([&] { return answered(*one, 1) || answered(*other, 1); }));
    auto& refused = answered(*one, 0) ? one : other;
    auto& waits = answered(*one, 0) ? other : one;
    EXPECT_EQ(refused->answer().status, 503);
    EXPECT_EQ(refused->ask("GET", "/").status, 200);  // on the same connection
    waits.reset();
    ASSERT_TRUE(soon([&] {
        refused->send("GET /slow HTTP/1.1\r\nHost: t\r\n\r\n");
        return !answered(*refused, 200) || refused->answer().status != 503;
    }));
    EXPECT_EQ(echo_.handled, 1);  // "/" alone
}

TEST_F(HttpServerTest, ManyRequestsOfOneMakeRoomForAnother) {
    start({}, {{1, 10}, {1, 2}});
    TlsClient holder(where());
    holder.send("GET /wait HTTP/1.1\r\nHost: t\r\nX-Party: a\r\n\r\n");
    ASSERT_TRUE(soon([&] { return echo_.waiting == 1; }));
    TlsClient older(where());
    older.send("GET /slow HTTP/1.1\r\nHost: t\r\nX-Party: a\r\n\r\n");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    TlsClient newer(where());
    newer.send("GET /slow HTTP/1.1\r\nHost: t\r\nX-Party: a\r\n\r\n");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    TlsClient other(where());
    other.send("GET /slow HTTP/1.1\r\nHost: t\r\nX-Party: b\r\n\r\n");
    const auto answer = newer.answer();
    EXPECT_EQ(answer.status, 503);
    EXPECT_TRUE(answer.headers.contains("retry-after"));
    EXPECT_EQ(newer.ask("GET", "/").status, 200);
}

TEST_F(HttpServerTest, StreamsEventsAndHeartbeats) {
    HttpLimits limits;
    limits.heartbeat = base::Duration::millis(100);
    start(limits);
    TlsClient client(where());
    client.send("GET /stream HTTP/1.1\r\nHost: t\r\n\r\n");
    ASSERT_TRUE(client.read_until("\r\n\r\n"));
    EXPECT_TRUE(echo_.stream->send("data: 1\n\n"));
    ASSERT_TRUE(client.read_until("data: 1\n\n"));
    ASSERT_TRUE(client.read_until(": still here\n\n"));
    echo_.stream->close();
    EXPECT_TRUE(client.read_until("0\r\n\r\n"));
}

TEST_F(HttpServerTest, NoticesThatAStreamsClientIsGone) {
    start();
    {
        TlsClient client(where());
        client.send("GET /stream HTTP/1.1\r\nHost: t\r\n\r\n");
        ASSERT_TRUE(client.read_until("\r\n\r\n"));
    }
    for (int i = 0; i < 100 && !echo_.stream->closed(); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    EXPECT_TRUE(echo_.stream->closed());
}

// A process of its own that holds connections open until told to go, so that both ends do not share
// one limit of file descriptors.
class IdleCrowd {
public:
    IdleCrowd(const Endpoint& where, std::size_t count) {
        int up[2];
        int down[2];
        EXPECT_EQ(::pipe(up), 0);
        EXPECT_EQ(::pipe(down), 0);
        child_ = ::fork();
        if (child_ == 0) {
            ::close(down[1]);
            bool all = true;
            for (std::size_t i = 0; i < count && all; ++i) {
                base::Fd fd = testing::connect_to(where);
                all = static_cast<bool>(fd);
                new base::Fd(std::move(fd));  // open until the process ends
            }
            char told = all ? 'y' : 'n';
            [[maybe_unused]] const auto written = ::write(up[1], &told, 1);
            [[maybe_unused]] const auto read = ::read(down[0], &told, 1);
            ::_exit(0);
        }
        ::close(up[1]);
        ::close(down[0]);
        leave_ = base::Fd(down[1]);
        const base::Fd said(up[0]);
        char told = 'n';
        EXPECT_EQ(::read(said.get(), &told, 1), 1);
        connected = told == 'y';
    }
    ~IdleCrowd() {
        leave_.close();
        int status = 0;
        ::waitpid(child_, &status, 0);
    }
    bool connected = false;

private:
    pid_t child_ = -1;
    base::Fd leave_;
};

// Ten thousand connections that never speak cost little and hinder nobody.
TEST_F(HttpServerTest, Survives10000IdleConnections) {
    constexpr std::size_t kIdle = 10'000;
    if (raise_descriptor_limit() < kIdle + 200) {
        GTEST_SKIP() << "needs " << kIdle + 200 << " file descriptors";
    }
    HttpLimits limits;
    limits.header_max = base::Duration::minutes(5);
    start(limits);
    const std::size_t before = resident_bytes();
    const IdleCrowd crowd(where(), kIdle);
    ASSERT_TRUE(crowd.connected);
    for (int i = 0; i < 500 && server_->connections() < kIdle; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_EQ(server_->connections(), kIdle);
    EXPECT_LT(resident_bytes() - before, 100U << 20U);
    TlsClient client(where());
    EXPECT_EQ(client.ask("GET", "/").status, 200);
    server_->stop(base::Duration::seconds(10));
    EXPECT_EQ(server_->connections(), 0U);
}

TEST_F(HttpServerTest, LetsARunningRequestEndWhenItStops) {
    start();
    TlsClient idle(where());
    EXPECT_EQ(idle.ask("GET", "/").status, 200);
    int status = 0;
    std::jthread asking([&] {
        TlsClient client(where());
        status = client.ask("GET", "/slow").status;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    server_->stop(base::Duration::seconds(5));
    asking.join();
    EXPECT_EQ(status, 200);
    EXPECT_EQ(server_->connections(), 0U);
    EXPECT_FALSE(idle.read_more());
}

TEST_F(HttpServerTest, TakesANewCertificateWithoutARestart) {
    start();
    const std::string before = tls_->fingerprint();
    EXPECT_EQ(before.size(), 95U);
    std::filesystem::remove(folder_.path() / "c.pem");
    EXPECT_FALSE(tls_->reload());
    EXPECT_EQ(tls_->fingerprint(), before);
    ASSERT_TRUE(make_self_signed({folder_.path() / "c.pem", folder_.path() / "k.pem"}, {}));
    ASSERT_TRUE(tls_->reload());
    EXPECT_NE(tls_->fingerprint(), before);
    TlsClient client(where());
    EXPECT_EQ(client.ask("GET", "/").status, 200);
}

TEST(SelfSigned, NamesThisMachineAndStaysAsItIs) {
    const TempFolder folder;
    const TlsFiles files{folder.path() / "c.pem", folder.path() / "k.pem"};
    ASSERT_TRUE(make_self_signed(files, {"gac.tinh.test", "192.0.2.7", "bad name,IP:1"}));
    const auto first = base::read_file(files.certificate, 1 << 20);
    ASSERT_TRUE(make_self_signed(files, {}));
    EXPECT_EQ(*base::read_file(files.certificate, 1 << 20), *first);
    const auto mode = std::filesystem::status(files.key).permissions();
    EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    EXPECT_EQ((*Tls::open(files))->fingerprint().size(), 95U);
}

TEST(Endpoint, ReadsWhatPeopleWrite) {
    EXPECT_EQ(Endpoint::parse("127.0.0.1:80")->text(), "127.0.0.1:80");
    EXPECT_EQ(Endpoint::parse("[::1]:80")->text(), "[::1]:80");
    EXPECT_EQ(Endpoint::parse("localhost:0")->text(), "127.0.0.1:0");
    EXPECT_EQ(Endpoint::parse(":8443")->text(), "[::]:8443");
    EXPECT_TRUE(Endpoint::parse("127.8.8.8:1")->is_loopback());
    EXPECT_TRUE(Endpoint::parse("[::1]:1")->is_loopback());
    EXPECT_FALSE(Endpoint::parse("192.0.2.1:1")->is_loopback());
    for (const char* bad : {"", "1.2.3.4", "1.2.3.4:", "1.2.3.4:x", "1.2.3.4:65536", "host:1"}) {
        EXPECT_FALSE(Endpoint::parse(bad)) << bad;
    }
}

}  // namespace
}  // namespace gac::net
