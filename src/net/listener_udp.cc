#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/socket.h>

#include <array>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <vector>

#include <fmt/format.h>

#include "base/log.h"
#include "base/metrics.h"
#include "net/detail/loops.h"
#include "net/listener.h"

namespace gac::net {

namespace {

using asio::ip::udp;
constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kBatch = 64;  // datagrams of one system call
constexpr std::size_t kDatagramBytes = 64 * 1024;

struct UdpState {
    UdpState(udp::socket open, DatagramSink& to)
        : socket(std::move(open)), sink(to), buffer(kBatch * kDatagramBytes) {}

    udp::socket socket;
    DatagramSink& sink;
    std::vector<char> buffer;
    std::array<mmsghdr, kBatch> messages{};
    std::array<iovec, kBatch> parts{};
    std::array<sockaddr_storage, kBatch> peers{};
    std::array<std::array<char, 64>, kBatch> controls{};
    std::array<Datagram, kBatch> datagrams{};
    std::uint32_t kernel_dropped = 0;
    std::atomic<bool> stopping{false};
    std::mutex mutex;
    std::condition_variable all_ended;
    bool ended = false;
};
using StatePtr = std::shared_ptr<UdpState>;

Endpoint endpoint_of(const sockaddr_storage& peer) {
    Endpoint endpoint;
    if (peer.ss_family == AF_INET) {
        sockaddr_in in{};
        std::memcpy(&in, &peer, sizeof in);
        endpoint = {base::IpAddress::from_v4(ntohl(in.sin_addr.s_addr)), ntohs(in.sin_port)};
    } else if (peer.ss_family == AF_INET6) {
        sockaddr_in6 in{};
        std::memcpy(&in, &peer, sizeof in);
        std::memcpy(endpoint.address.bytes.data(), &in.sin6_addr, 16);
        endpoint.port = ntohs(in.sin6_port);
    }
    return endpoint;
}

// The kernel tells how many it has thrown away since the socket was opened.
void count_kernel_drops(UdpState& state, msghdr& message) {
    static base::Counter& dropped = base::counter(
        "gac_udp_kernel_dropped_total", {}, "datagrams that the kernel's buffer had no room for");
    for (cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr;
         control = CMSG_NXTHDR(&message, control)) {
        if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SO_RXQ_OVFL) {
            std::uint32_t total = 0;
            std::memcpy(&total, CMSG_DATA(control), sizeof total);
            dropped.add(total - state.kernel_dropped);
            state.kernel_dropped = total;
        }
    }
}

// One system call's worth; false when nothing was there.
bool receive_batch(UdpState& state) {
    for (std::size_t i = 0; i < kBatch; ++i) {
        state.parts[i] = {state.buffer.data() + i * kDatagramBytes, kDatagramBytes};
        msghdr& header = state.messages[i].msg_hdr;
        header = {};
        header.msg_name = &state.peers[i];
        header.msg_namelen = sizeof state.peers[i];
        header.msg_iov = &state.parts[i];
        header.msg_iovlen = 1;
        header.msg_control = state.controls[i].data();
        header.msg_controllen = state.controls[i].size();
    }
    const int n = ::recvmmsg(state.socket.native_handle(), state.messages.data(), kBatch,
                             MSG_DONTWAIT, nullptr);
    if (n <= 0) {
        return false;
    }
    const auto count = static_cast<std::size_t>(n);
    for (std::size_t i = 0; i < count; ++i) {
        state.datagrams[i] = {
            endpoint_of(state.peers[i]),
            std::string_view(state.buffer.data() + i * kDatagramBytes, state.messages[i].msg_len)};
        count_kernel_drops(state, state.messages[i].msg_hdr);
    }
    state.sink.receive(std::span(state.datagrams).first(count));
    return count == kBatch;
}

asio::awaitable<void> receive_all(StatePtr state) {
    while (!state->stopping) {
        const auto [fault] = co_await state->socket.async_wait(udp::socket::wait_read, kToken);
        if (fault) {
            break;
        }
        // Bounded, so that a flood does not keep the loop's other connections waiting.
        for (int i = 0; i < 16 && receive_batch(*state); ++i) {
        }
    }
    const std::lock_guard lock(state->mutex);
    state->ended = true;
    state->all_ended.notify_all();
}

Result<udp::socket> try_socket(asio::io_context& context, const Endpoint& where,
                               const ListenLimits& limits) {
    boost::system::error_code fault;
    udp::socket socket(context);
    const udp::endpoint endpoint(detail::to_asio(where.address), where.port);
    socket.open(endpoint.protocol(), fault);
    if (fault) {
        return fail(Code::Io,
                    fmt::format("cannot open a socket for {}: {}", where.text(), fault.message()));
    }
    if (endpoint.protocol() == udp::v6()) {
        socket.set_option(asio::ip::v6_only(false), fault);
    }
    const int fd = socket.native_handle();
    const int bytes = static_cast<int>(limits.receive_buffer_bytes);
    if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0) {
        ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    }
    int got = 0;
    socklen_t size = sizeof got;
    ::getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &got, &size);
    if (got / 2 < bytes) {
        base::log_warn("net",
                       "the kernel gives UDP {} only {} KiB of buffer; raise net.core.rmem_max",
                       where.text(), got / 2048);
    }
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
    socket.bind(endpoint, fault);
    if (fault) {
        return fail(fault == asio::error::address_in_use ? Code::AlreadyExists : Code::Io,
                    fmt::format("cannot listen at udp {}: {}", where.text(), fault.message()));
    }
    return socket;
}

class UdpListener final : public Listener {
public:
    explicit UdpListener(StatePtr state) : state_(std::move(state)) {
        boost::system::error_code fault;
        const auto local = state_->socket.local_endpoint(fault);
        endpoint_ = detail::from_asio(local.address(), local.port());
        auto job = receive_all(state_);
        asio::co_spawn(state_->socket.get_executor(), std::move(job), asio::detached);
    }
    ~UdpListener() override { stop_now(); }

    Endpoint endpoint() const override { return endpoint_; }
    std::size_t connections() const override { return 0; }
    void stop() override { stop_now(); }

private:
    void stop_now() {
        if (state_->stopping.exchange(true)) {
            return;
        }
        asio::post(state_->socket.get_executor(), [state = state_] {
            for (int i = 0; i < 64 && receive_batch(*state); ++i) {
            }
            boost::system::error_code fault;
            state->socket.close(fault);
        });
        std::unique_lock lock(state_->mutex);
        state_->all_ended.wait_for(lock, std::chrono::seconds(10), [&] { return state_->ended; });
    }

    StatePtr state_;
    Endpoint endpoint_;
};

}  // namespace

Result<std::unique_ptr<Listener>> listen_udp(Runtime& runtime, const Endpoint& where,
                                             DatagramSink& sink, const ListenLimits& limits) {
    auto& context = runtime.loops().at(0).context;
    auto socket = try_socket(context, where, limits);
    if (!socket && where.address == base::IpAddress{}
        && socket.error().code != Code::AlreadyExists) {
        socket = try_socket(context, {base::IpAddress::from_v4(0), where.port}, limits);
    }
    if (!socket) {
        return std::unexpected(std::move(socket).error());
    }
    return std::make_unique<UdpListener>(std::make_shared<UdpState>(*std::move(socket), sink));
}

}  // namespace gac::net
