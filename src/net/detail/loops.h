// The event loops behind a Runtime. Each is run by one thread, so that what lives on a loop needs
// no lock.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "net/runtime.h"

namespace gac::net {

namespace asio = boost::asio;

class Runtime::Loops {
public:
    struct Loop {
        asio::io_context context{1};
        asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
        std::thread thread;
    };

    explicit Loops(std::size_t threads);
    ~Loops();

    Loop& at(std::size_t index) { return *loops_[index]; }
    std::size_t size() const { return loops_.size(); }
    std::size_t next() { return turn_.fetch_add(1, std::memory_order_relaxed) % loops_.size(); }

private:
    std::vector<std::unique_ptr<Loop>> loops_;
    std::atomic<std::size_t> turn_{0};
};

namespace detail {

// An acceptor that listens at `where`; "all addresses" takes both families where the machine has
// both.
Result<asio::ip::tcp::acceptor> open_acceptor(asio::io_context& context, const Endpoint& where);

Endpoint from_asio(const asio::ip::address& address, std::uint16_t port);
asio::ip::address to_asio(const base::IpAddress& address);

// Errors of accept that pass (descriptors or memory ran out).
bool is_shortage(const boost::system::error_code& fault);

}  // namespace detail
}  // namespace gac::net
