#include "net/runtime.h"

#include <boost/asio/ip/v6_only.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/log.h"
#include "net/detail/loops.h"

namespace gac::net {

namespace {

void run_loop(asio::io_context& context) {
    for (;;) {
        try {
            context.run();
            return;
        } catch (const std::exception& fault) {
            // A handler let something escape; the other connections of this loop must go on.
            base::log_error("net", "network thread: {}", fault.what());
        }
    }
}

}  // namespace

Runtime::Loops::Loops(std::size_t threads) {
    for (std::size_t i = 0; i < std::max<std::size_t>(threads, 1); ++i) {
        loops_.push_back(std::make_unique<Loop>());
        loops_.back()->thread = std::thread(run_loop, std::ref(loops_.back()->context));
    }
}

Runtime::Loops::~Loops() {
    for (const auto& loop : loops_) {
        loop->work.reset();
        loop->context.stop();
    }
    for (const auto& loop : loops_) {
        loop->thread.join();
    }
}

Runtime::Runtime(std::size_t threads) : loops_(std::make_unique<Loops>(threads)) {}
Runtime::~Runtime() = default;

Result<Endpoint> Endpoint::parse(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return fail(Code::InvalidArgument,
                    fmt::format("'{}' has no port, want ADDRESS:PORT", text));
    }
    Endpoint endpoint;
    const std::string_view port = text.substr(colon + 1);
    const auto [end, fault] =
        std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
    if (fault != std::errc{} || end != port.data() + port.size() || port.empty()) {
        return fail(Code::InvalidArgument, fmt::format("port of '{}' is not 0 to 65535", text));
    }
    std::string_view host = text.substr(0, colon);
    if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    }
    if (host.empty() || host == "*") {
        host = "::";
    } else if (host == "localhost") {
        host = "127.0.0.1";
    }
    const auto address = base::IpAddress::parse(host);
    if (!address) {
        return fail(Code::InvalidArgument,
                    fmt::format("'{}' is not an IP address of this machine", host));
    }
    endpoint.address = *address;
    return endpoint;
}

std::string Endpoint::text() const {
    return address.is_v4() ? fmt::format("{}:{}", address.text(), port)
                           : fmt::format("[{}]:{}", address.text(), port);
}

bool Endpoint::is_loopback() const {
    if (address.is_v4()) {
        return address.v4() >> 24U == 127;
    }
    base::IpAddress one;
    one.bytes[15] = 1;
    return address == one;
}

std::size_t raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 1024;
    }
    if (limit.rlim_cur < limit.rlim_max) {
        const rlim_t before = limit.rlim_cur;
        limit.rlim_cur = limit.rlim_max;
        if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
            limit.rlim_cur = before;
        }
    }
    return limit.rlim_cur;
}

namespace detail {

asio::ip::address to_asio(const base::IpAddress& address) {
    if (address.is_v4()) {
        return asio::ip::address_v4(address.v4());
    }
    return asio::ip::address_v6(address.bytes);
}

Endpoint from_asio(const asio::ip::address& address, std::uint16_t port) {
    Endpoint endpoint;
    endpoint.port = port;
    if (address.is_v4()) {
        endpoint.address = base::IpAddress::from_v4(address.to_v4().to_uint());
    } else {
        endpoint.address.bytes = address.to_v6().to_bytes();
    }
    return endpoint;
}

bool is_shortage(const boost::system::error_code& fault) {
    return fault == asio::error::no_descriptors || fault.value() == ENFILE
           || fault == asio::error::no_buffer_space || fault == asio::error::no_memory;
}

namespace {

Result<asio::ip::tcp::acceptor> try_acceptor(asio::io_context& context, const Endpoint& where) {
    boost::system::error_code fault;
    asio::ip::tcp::acceptor acceptor(context);
    const asio::ip::tcp::endpoint endpoint(to_asio(where.address), where.port);
    const auto step = [&](const char* what) -> Result<> {
        return fault ? fail(fault == asio::error::address_in_use ? Code::AlreadyExists : Code::Io,
                            fmt::format("cannot {} {}: {}", what, where.text(), fault.message()))
                     : Result<>{};
    };
    acceptor.open(endpoint.protocol(), fault);
    GAC_CHECK(step("open a socket for"));
    acceptor.set_option(asio::socket_base::reuse_address(true), fault);
    if (endpoint.protocol() == asio::ip::tcp::v6()) {
        acceptor.set_option(asio::ip::v6_only(false), fault);
    }
    acceptor.bind(endpoint, fault);
    GAC_CHECK(step("listen at"));
    acceptor.listen(4096, fault);
    GAC_CHECK(step("listen at"));
    return acceptor;
}

}  // namespace

Result<asio::ip::tcp::acceptor> open_acceptor(asio::io_context& context, const Endpoint& where) {
    auto acceptor = try_acceptor(context, where);
    if (!acceptor && where.address == base::IpAddress{}
        && acceptor.error().code != Code::AlreadyExists) {
        // A machine without IPv6.
        return try_acceptor(context, {base::IpAddress::from_v4(0), where.port});
    }
    return acceptor;
}

}  // namespace detail
}  // namespace gac::net
